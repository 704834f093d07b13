local collector = require "spec.support.collector"
local core = require "dataforest.core"

local new_proxy = rawget(_G, "newproxy") -- Lua 5.1 knows finalisers of these only

local OK = "HTTP/1.1 200 OK\r\n"

--- Reads a response in pieces of `size` bytes (all at once without it).
local function read(text, size, method, max_body)
  local reader = core.http_reader()
  reader:start(method or "GET", max_body or 1000)
  local done = false
  for first = 1, #text, size or math.max(1, #text) do
    done = reader:feed(text:sub(first, first + (size or #text) - 1))
    if done ~= false then
      break
    end
  end
  return done, reader
end

local function response_of(text, size, method)
  local done, reader = read(text, size, method)
  assert.is_true(done)
  return reader:response()
end

describe("the reader of responses", function()
  it("gives status, headers and body, however the bytes come", function()
    for _, size in ipairs { 1, 2, 7, 1000 } do
      local response, reusable = response_of(
        OK .. "Content-Length: 5\r\nX-A: one\r\nx-a:  two \r\nEmpty:\r\nFolded: a\r\n\t b \r\n\r\nhello",
        size
      )
      assert.are.same({
        status = 200,
        headers = { ["content-length"] = "5", ["x-a"] = "one, two", empty = "", folded = "a b" },
        body = "hello",
      }, response)
      assert.is_true(reusable)
    end
  end)

  it("reads chunks", function()
    local response = response_of(
      OK .. "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n there\r\n0\r\nTrailer: x\r\n\r\n",
      3
    )
    assert.are.equal("hello there", response.body)
    assert.is_nil(response.headers.trailer)
  end)

  it("tells when it has enough, and what came behind", function()
    local done, reader = read(OK .. "Content-Length: 2\r\n\r\nhi")
    assert.is_true(done)
    assert.is_false(reader:surplus())
    done, reader = read(OK .. "Content-Length: 2\r\n\r\nhi!")
    assert.is_true(done)
    assert.is_true(reader:surplus())
    local _, reusable = reader:response()
    assert.is_false(reusable)
  end)

  it("knows what has no body", function()
    assert.are.equal("", response_of(OK .. "Content-Length: 9\r\n\r\n", nil, "HEAD").body)
    assert.are.equal("", response_of("HTTP/1.1 204 No Content\r\n\r\n").body)
    local done, reader = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n", nil, "CONNECT")
    assert.is_true(done)
    assert.are.equal(200, reader:status())
  end)

  it("tells what is wrong, as a transport does", function()
    local done, reader = read "SSH-2.0-OpenSSH"
    assert.is_nil(done)
    assert.are.same({
      kind = "protocol",
      message = 'malformed response from peer:443: it does not begin with "HTTP/1."',
      sent = true,
    }, reader:failure "peer:443")
    done, reader = read(OK .. "Content-Length: 5\r\n\r\nhello", nil, "GET", 4)
    assert.is_nil(done)
    assert.are.same({
      kind = "limit",
      message = "the response from peer:443 is too large: "
        .. "its body is larger than 4 bytes (max_response_bytes)",
      sent = true,
    }, reader:failure "peer:443")
  end)

  it("tells an end that is right from one that comes too early", function()
    local _, reader = read ""
    assert.is_false(reader:begun())
    assert.is_nil(reader:finish "clean")
    assert.matches("ended without a response", reader:failure("peer").message, 1, true)
    _, reader = read(OK)
    assert.is_true(reader:begun())
    assert.is_nil(reader:finish "clean")
    local failure = reader:failure "peer"
    assert.are.equal("network", failure.kind)
    assert.matches("ended in the middle of the response", failure.message, 1, true)
    for how, uncertain in pairs { clean = false, unknown = true } do
      _, reader = read(OK .. "\r\nto the end")
      assert.is_true(reader:finish(how))
      local response, reusable = reader:response()
      assert.are.equal("to the end", response.body)
      assert.are.equal(uncertain, response.end_uncertain or false)
      assert.is_false(reusable)
    end
    for how, kind in pairs { cut = "protocol", reset = "network" } do
      _, reader = read(OK .. "\r\nto the end")
      assert.is_nil(reader:finish(how))
      assert.are.equal(kind, reader:failure("peer").kind)
    end
  end)

  it("can be used again, whatever came before", function()
    local _, reader = read "nonsense"
    for _ = 1, 3 do
      reader:start("GET", 1000)
      assert.is_true(reader:feed(OK .. "Content-Length: 2\r\n\r\nhi"))
      assert.are.equal("hi", reader:response().body)
      assert.has_error(function()
        reader:response()
      end, "the response is not whole")
    end
  end)

  it("says that it is closed, and refuses what is no reader", function()
    local reader = core.http_reader()
    assert.are.equal("dataforest.http_reader (open)", tostring(reader))
    reader:close()
    reader:close()
    assert.are.equal("dataforest.http_reader (closed)", tostring(reader))
    local methods = { "start", "feed", "finish", "response", "failure", "begun", "surplus", "status" }
    for _, name in ipairs(methods) do
      assert.has_error(function()
        reader[name](reader, "GET", 1)
      end, "the reader is closed")
      assert.error_matches(function()
        reader[name](io.stdout)
      end, "a reader expected")
    end
    for _, bad in ipairs { -1, 2 ^ 60, 0 / 0 } do
      assert.error_matches(function()
        core.http_reader():start("GET", bad)
      end, "number of bytes expected")
    end
    assert.error_matches(function()
      core.http_reader():feed(5)
    end, "string expected")
  end)

  it("is not changed by a finaliser that runs while its response is made", function()
    local reader = core.http_reader()
    local tried = 0
    collectgarbage "stop"
    for _ = 1, 200 do
      local proxy = new_proxy and new_proxy(true) or setmetatable({}, { __gc = true })
      getmetatable(proxy).__gc = function()
        tried = tried + 1
        pcall(reader.start, reader, "GET", 10)
        pcall(reader.feed, reader, ("x"):rep(100))
        pcall(reader.close, reader)
      end
      if not new_proxy then
        setmetatable(proxy, getmetatable(proxy))
      end
    end
    local headers = {}
    for index = 1, 100 do
      headers[index] = ("X-%d: %s\r\n"):format(index, ("v"):rep(500))
    end
    reader:start("GET", 100000)
    assert.is_true(
      reader:feed(OK .. table.concat(headers) .. "Content-Length: 50000\r\n\r\n" .. ("b"):rep(50000))
    )
    collectgarbage "restart"
    collector.set("pause", 0)
    local response = reader:response()
    collector.set("pause", 200)
    collectgarbage()
    assert.are.equal(("b"):rep(50000), response.body)
    assert.are.equal(("v"):rep(500), response.headers["x-100"])
    assert.is_true(tried > 0)
  end)
end)

describe("the writer of requests", function()
  local function request(headers, body, close, method, target, authority)
    return core.http_request(
      method or "POST",
      target or "/a?b=c",
      authority or "df.test:8443",
      headers or {},
      body,
      close
    )
  end

  it("writes the headers, with what only it may write", function()
    assert.are.equal(
      "POST /a?b=c HTTP/1.1\r\nHost: df.test:8443\r\nAccept-Encoding: identity\r\n"
        .. "X-Name: value\r\nContent-Length: 4\r\nConnection: close\r\n\r\n",
      request({ ["X-Name"] = "value" }, "body", true)
    )
    assert.are.equal(
      "GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: identity\r\n\r\n",
      request({}, nil, false, "GET", "/", "h")
    )
    for method, length in pairs { POST = "0", PUT = "0", PATCH = "0" } do
      assert.matches("\r\nContent%-Length: " .. length .. "\r\n", request({}, nil, false, method))
    end
    for _, method in ipairs { "GET", "HEAD", "DELETE" } do
      assert.not_matches("Content%-Length", (request({}, nil, false, method)))
    end
  end)

  it("refuses what would end a line, or make another request of it", function()
    local function refused(pattern, ...)
      local text, message = request(...)
      assert.is_nil(text)
      assert.matches(pattern, message)
    end
    for _, name in ipairs { "", "a b", "a:", "a\r\nb", "\228", "a\0" } do
      refused("^headers: a name", { [name] = "x" })
    end
    for _, value in ipairs { "a\rb", "a\nb", "a\0b", "a\27b", "a\127b" } do
      refused("^headers: the value of x%-y holds a control character", { ["x-y"] = value })
    end
    assert.is_string((request { ["x-y"] = "tab\tand \228" }))
    refused("^headers: names and values must be strings", { x = 1 })
    refused("^headers: names and values must be strings", { "x" })
    for _, method in ipairs { "", "GE T", "GET\r\n" } do
      refused("^method ", {}, nil, false, method)
    end
    for _, target in ipairs { "", "/a b", "/\r\n", "/\0" } do
      refused("path is empty, or", {}, nil, false, "GET", target)
    end
    for _, authority in ipairs { "", "a b", "a\r\n" } do
      refused("host is empty, or", {}, nil, false, "GET", "/", authority)
    end
  end)

  it("refuses the headers that it writes itself, in any case", function()
    local count = 0
    for name in pairs(core.reserved_headers) do
      count = count + 1
      for _, form in ipairs { name, name:upper(), name:sub(1, 1):upper() .. name:sub(2) } do
        local text, message = request { [form] = "x" }
        assert.is_nil(text)
        assert.are.equal(("headers: %s is set by dataforest alone: leave it out"):format(form), message)
      end
      assert.is_string((request { [name .. "x"] = "x" }))
    end
    assert.is_true(count >= 15)
  end)

  it("has limits", function()
    local many = {}
    for index = 1, 64 do
      many["x" .. index] = "y"
    end
    assert.is_string((request(many)))
    many.x65 = "y"
    assert.matches("too many: at most 64", select(2, request(many)), 1, true)
    assert.is_string((request { x = ("v"):rep(65000) }))
    for _, headers in ipairs { { x = ("v"):rep(65537) }, { x = ("v"):rep(40000), y = ("v"):rep(40000) } } do
      assert.matches("headers are larger than 65536 bytes", select(2, request(headers)), 1, true)
    end
  end)

  it("writes what was there when it was called, whatever finalisers do meanwhile", function()
    local headers = { x = "short" }
    collectgarbage "stop"
    for _ = 1, 50 do
      local proxy = new_proxy and new_proxy(true) or setmetatable({}, { __gc = true })
      getmetatable(proxy).__gc = function()
        headers.x = ("long"):rep(100000)
      end
      if not new_proxy then
        setmetatable(proxy, getmetatable(proxy))
      end
    end
    local target = "/" .. ("t"):rep(30000)
    collectgarbage "restart"
    collector.set("pause", 0)
    local text = request(headers, nil, false, "GET", target)
    collector.set("pause", 200)
    assert.is_true(#text < 31000)
    assert.matches("\r\nx: short\r\n", text, 1, true)
  end)
end)
