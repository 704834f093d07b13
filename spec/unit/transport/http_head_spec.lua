-- labels: collector valgrind
local http_head = require "dataforest.transport.cosocket.http_head"

local function parse(text)
  return http_head.parse(text:gsub("\n", "\r\n") .. "\r\n\r\n")
end

describe("the head of an answer", function()
  it("ends with an empty line", function()
    assert.is_nil(http_head.find_end "HTTP/1.1 200 OK\r\nA: b\r\n")
    assert.are.equal(19, http_head.find_end "HTTP/1.1 200 OK\r\n\r\nbody")
    assert.are.equal(17, http_head.find_end "HTTP/1.1 200 OK\n\nbody") -- to be refused at once
    assert.is_nil(http_head.find_end("HTTP/1.1 200 OK\r\n\r\nbody", 19))
  end)

  it("has a status, and fields with names in lower case", function()
    local head = assert(parse "HTTP/1.1 200 OK\nContent-Type: application/json\nX-Empty:\nx-trace:\t a b \t")
    assert.are.same({
      status = 200,
      minor = 1,
      headers = { ["content-type"] = "application/json", ["x-empty"] = "", ["x-trace"] = "a b" },
    }, head)
    assert.are.same({ status = 404, minor = 0, headers = {} }, parse "HTTP/1.0 404")
    assert.are.same({ status = 500, minor = 1, headers = {} }, parse "HTTP/1.1 500 ")
    assert.are.equal("가", parse("HTTP/1.1 200 OK\nA: 가").headers.a)
  end)

  it("joins fields of one name", function()
    assert.are.equal("a, b, c", parse("HTTP/1.1 200 OK\nVia: a\nvia: b\nVIA: c").headers.via)
  end)

  for what, text in pairs {
    ["HTTP/2"] = "HTTP/2 200 OK",
    ["a version that is unknown"] = "HTTP/1.2 200 OK",
    ["a status of two digits"] = "HTTP/1.1 20 OK",
    ["a status of four digits"] = "HTTP/1.1 2000 OK",
    ["a status below 100"] = "HTTP/1.1 099 OK",
    ["no status line"] = "Content-Length: 5",
    ["something else altogether"] = "SSH-2.0-OpenSSH_9.2",
    ["a space before the colon"] = "HTTP/1.1 200 OK\nContent-Length : 5",
    ["a name with a space"] = "HTTP/1.1 200 OK\nContent Length: 5",
    ["an empty name"] = "HTTP/1.1 200 OK\n: 5",
    ["a line without a colon"] = "HTTP/1.1 200 OK\nhello",
    ["a name that is not ASCII"] = "HTTP/1.1 200 OK\n가: 5",
    ["a folded field"] = "HTTP/1.1 200 OK\nA: b\n c",
    ["a folded first field"] = "HTTP/1.1 200 OK\n c: d",
    ["NUL"] = "HTTP/1.1 200 OK\nA: b\0c",
    ["a bare CR"] = "HTTP/1.1 200 OK\nA: b\rContent-Length: 5",
    ["a bare CR in the status line"] = "HTTP/1.1 200 \rOK",
    ["DEL"] = "HTTP/1.1 200 OK\nA: b\127",
  } do
    it("is refused with " .. what, function()
      local head, message, kind = parse(text)
      assert.is_nil(head)
      assert.is_string(message)
      assert.are.equal("protocol", kind)
    end)
  end

  it("is refused with a bare LF", function()
    for _, text in ipairs {
      "HTTP/1.1 200 OK\nA: b\r\n\r\n",
      "HTTP/1.1 200 OK\n\n",
      "HTTP/1.1 200 OK\r\nA: b\n\r\n",
    } do
      local head, _, kind = http_head.parse(text)
      assert.is_nil(head)
      assert.are.equal("protocol", kind)
    end
  end)

  it("has a ceiling", function()
    local fields = {}
    for number = 1, http_head.MAX_FIELDS do
      fields[number] = ("x-%d: a"):format(number)
    end
    local text = "HTTP/1.1 200 OK\n" .. table.concat(fields, "\n")
    assert.is_table(parse(text))
    local head, message, kind = parse(text .. "\nx-one-more: a")
    assert.is_nil(head)
    assert.are.equal("the answer's head has more than 128 fields", message)
    assert.are.equal("limit", kind)
    head, message, kind = parse("HTTP/1.1 200 OK\na: " .. ("x"):rep(65536))
    assert.is_nil(head)
    assert.are.equal("the answer's head is larger than 65536 bytes", message)
    assert.are.equal("limit", kind)
  end)

  it("takes no time with the square of its blanks", function()
    local blanks = (" "):rep(60000)
    local started = os.clock()
    assert.are.equal("", parse("HTTP/1.1 200 OK\na:" .. blanks).headers.a)
    assert.are.equal("x" .. blanks .. "x", parse("HTTP/1.1 200 OK\na:x" .. blanks .. "x").headers.a)
    assert.is_true(os.clock() - started < 0.5)
  end)
end)

describe("the framing of an answer", function()
  local function framing(text, method)
    return http_head.framing(assert(parse(text)), method or "POST")
  end

  it("is a length, chunks, or the end of the connection", function()
    assert.are.same({ "length", 12 }, { framing "HTTP/1.1 200 OK\nContent-Length: 12" })
    assert.are.same({ "length", 0 }, { framing "HTTP/1.1 200 OK\nContent-Length: 0" })
    assert.are.same({ "chunked" }, { framing "HTTP/1.1 200 OK\nTransfer-Encoding: Chunked" })
    assert.are.same({ "close" }, { framing "HTTP/1.1 200 OK" })
    assert.are.same({ "length", 12 }, { framing "HTTP/1.1 200 OK\nContent-Length: 12\nContent-Length: 12" })
  end)

  it("is nothing where there can be no body", function()
    assert.are.equal("none", framing "HTTP/1.1 204 No Content")
    assert.are.equal("none", framing "HTTP/1.1 304 Not Modified\nContent-Length: 12")
    assert.are.equal("none", framing "HTTP/1.1 100 Continue")
    assert.are.equal("none", framing("HTTP/1.1 200 OK\nContent-Length: 12", "HEAD"))
  end)

  for what, fields in pairs {
    ["both kinds"] = "Content-Length: 5\nTransfer-Encoding: chunked",
    ["two lengths"] = "Content-Length: 5\nContent-Length: 6",
    ["two lengths in one field"] = "Content-Length: 5, 6",
    ["an empty length"] = "Content-Length:",
    ["a length with a sign"] = "Content-Length: +5",
    ["a negative length"] = "Content-Length: -5",
    ["a hexadecimal length"] = "Content-Length: 0x5",
    ["a length in words"] = "Content-Length: five",
    ["a length that no number holds"] = "Content-Length: 9007199254740993000",
    ["another encoding"] = "Transfer-Encoding: gzip",
    ["two encodings"] = "Transfer-Encoding: gzip, chunked",
    ["chunked twice"] = "Transfer-Encoding: chunked\nTransfer-Encoding: chunked",
    ["an empty encoding"] = "Transfer-Encoding:",
  } do
    it("is refused with " .. what, function()
      local kind, message = framing("HTTP/1.1 200 OK\n" .. fields)
      assert.is_nil(kind)
      assert.is_string(message)
    end)
  end

  it("knows no chunks in HTTP/1.0", function()
    assert.is_nil((framing "HTTP/1.0 200 OK\nTransfer-Encoding: chunked"))
  end)
end)

describe("a connection", function()
  local function keeps_alive(text)
    return http_head.keeps_alive(assert(parse(text)))
  end

  it("is kept unless the answer says otherwise", function()
    assert.is_true(keeps_alive "HTTP/1.1 200 OK")
    assert.is_true(keeps_alive "HTTP/1.1 200 OK\nConnection: keep-alive")
    assert.is_false(keeps_alive "HTTP/1.1 200 OK\nConnection: close")
    assert.is_false(keeps_alive "HTTP/1.1 200 OK\nConnection: foo , Close")
    assert.is_false(keeps_alive "HTTP/1.0 200 OK\nConnection: keep-alive")
  end)
end)
