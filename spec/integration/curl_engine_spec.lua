-- The HTTP engine against a server that misbehaves to order.
--
-- labels: collector valgrind wire

local collector = require "spec.support.collector"
local curl = require "dataforest.curl"
local core = require "dataforest.core"
local fault_server = require "spec.support.fault_server"
local process = require "spec.support.server"
local socket = require "socket"
local tables = require "dataforest.util.tables"

local whole_response, responding, saying =
  fault_server.whole_response, fault_server.responding, fault_server.saying

local TARGET = "/api/v2/accounts/getDetail"

-- Scripts ---------------------------------------------------------------------------------------------

--- So many connections that die under their second request, and those that come after them.
local function dying(count, others)
  local scripts = {}
  for index = 1, count do
    scripts[index] =
      { { "read" }, { "sleep", 0.1 }, { "send", whole_response '"one"' }, { "read" }, { "close" } }
  end
  scripts[count + 1] = others
  return scripts
end

local MANY = 8
local MIDDLE = "ended in the middle of the response"
local CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

local CASES = {
  { name = "ok", connections = { responding '{"a":1}' } },
  { name = "tls", tls = "good", connections = { responding '{"a":1}' } },
  {
    name = "headers",
    connections = saying(
      "HTTP/1.1 200 Fine\r\nX-Twice: a\r\nContent-Length: 2\r\nx-TWICE:  b \r\n",
      "Empty:\r\nLong: c\r\n d\r\nColon: e:f\r\n\r\nhi"
    ),
  },
  {
    name = "redirect",
    connections = { responding("", { status = "302 Found", headers = "Location: http://127.0.0.1:1/\r\n" }) },
  },
  {
    name = "no content",
    connections = { { { "read" }, { "send", "HTTP/1.1 204 No Content\r\n\r\n" }, { "again" } } },
  },
  {
    name = "early hints",
    connections = saying("HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n", whole_response '{"a":1}'),
  },
  { name = "trailers", connections = saying(CHUNKED .. "2\r\nhi\r\n0\r\nX-Trailer: yes\r\n\r\n") },
  { name = "bytes", connections = { responding "\0\1\255\r\n" } },
  {
    name = "slow",
    connections = { { { "read" }, { "sleep", 0.1 }, { "send", whole_response() }, { "again" } } },
  },
  -- The second request on a connection finds it dead.
  {
    name = "dies on reuse",
    tls = "good",
    connections = {
      { { "read" }, { "send", whole_response '"one"' }, { "read" }, { "close" } },
      responding '"two"',
    },
  },
  { name = "many die on reuse", connections = dying(MANY, responding '"new"') },
  { name = "many die on reuse, with TLS", tls = "good", connections = dying(MANY, responding '"new"') },
  { name = "all die", connections = dying(MANY, saying()[1]) },
  { name = "all die, with TLS", tls = "good", connections = dying(MANY, saying()[1]) },
  { name = "never answers once", tls = "good", connections = saying() },
  {
    name = "closes when idle",
    tls = "good",
    connections = { { { "read" }, { "send", whole_response '"one"' }, { "close" } }, responding '"two"' },
  },
  {
    name = "adds a response",
    tls = "good",
    connections = {
      { { "read" }, { "send", whole_response '"one"' }, { "send", whole_response '"forged"' }, { "hold" } },
      responding '"two"',
    },
  },
  { name = "ten bytes", connections = { responding "0123456789" } },
  {
    name = "ten bytes in chunks",
    connections = {
      { { "read" }, { "send", CHUNKED .. "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n" }, { "again" } },
    },
  },
  { name = "ten bytes till the end", connections = saying "HTTP/1.1 200 OK\r\n\r\n0123456789" },
  { name = "unframed", tls = "good", connections = saying "HTTP/1.1 200 OK\r\n\r\n0123456789" },
  {
    name = "unframed, cut",
    tls = "good",
    connections = saying("HTTP/1.1 200 OK\r\n\r\n0123456789", { "cut" }),
  },
  { name = "unframed error", tls = "good", connections = saying "HTTP/1.1 502 Bad Gateway\r\n\r\n<html>" },
  { name = "hold", tls = "good", connections = { { { "hold" } } } },
  { name = "hold plain", connections = { { { "hold" } } } },
  { name = "refuse", refuse = true },
}

-- What the engine makes of each fault: kind, sent, and a pattern of the message.
local FAULTS = {
  {
    "nobody listens",
    "network",
    false,
    "cannot connect to df.test:443 %(connect_to 127.0.0.1:%d+%): Connection refused",
    tls = "good",
    refuse = true,
  },
  {
    "nobody is let in",
    "timeout",
    false,
    "no connection to .* within 0.3 s %(connect_timeout%)",
    tls = "good",
    full = true,
  },
  {
    "no TLS is spoken",
    "timeout",
    false,
    "no connection to",
    tls = "good",
    raw = true,
    connections = { { { "hold" } } },
  },
  {
    "reset before the handshake",
    "tls",
    false,
    "no TLS with",
    tls = "good",
    raw = true,
    connections = { { { "read_bytes", 1 }, { "reset" } } },
  },
  {
    "closed before the handshake",
    "tls",
    false,
    "no TLS with",
    tls = "good",
    raw = true,
    connections = { { { "read_bytes", 1 }, { "close" } } },
  },
  {
    "plain text in place of TLS",
    "tls",
    false,
    "no TLS with",
    tls = "good",
    raw = true,
    connections = { { { "read_bytes", 1 }, { "send", "HTTP/1.1 400 Bad\r\n\r\n" }, { "close" } } },
  },
  {
    "half a body, without TLS",
    "network",
    true,
    MIDDLE,
    connections = saying "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234",
  },
  {
    "silence",
    "timeout",
    true,
    "no response from .* within 0.6 s",
    tls = "good",
    connections = { { { "hold" } } },
  },
  {
    "an untrusted certificate",
    "tls",
    false,
    "ca_file or DATAFOREST_CA_FILE",
    tls = "untrusted",
    connections = { responding() },
  },
  {
    "a self-signed certificate",
    "tls",
    false,
    "ca_file or DATAFOREST_CA_FILE",
    tls = "self_signed",
    connections = { responding() },
  },
  {
    "an expired certificate",
    "tls",
    false,
    "expired.*dates",
    tls = "expired",
    connections = { responding() },
  },
  {
    "another host's certificate",
    "tls",
    false,
    "base_url %(connect_to",
    tls = "wrong_host",
    connections = { responding() },
  },
  {
    "TLS 1.1",
    "tls",
    false,
    "TLS 1.2 is the least",
    tls = { certificate = "good", protocol = "tlsv1_1" },
    connections = { responding() },
  },
}

--- A response over TLS that no client should take.
local function broken(name, kind, message, ...)
  FAULTS[#FAULTS + 1] = { name, kind, true, message, tls = "good", connections = saying(...) }
end

broken("cut before the headers", "network", "ended without a response", { "cut" })
broken("half a status line", "network", MIDDLE, "HTTP/1.1 2")
broken("half of the headers", "network", MIDDLE, "HTTP/1.1 200 OK\r\nContent-Le")
broken(
  "reset in the headers",
  "network",
  MIDDLE,
  "HTTP/1.1 200 OK\r\nA: b\r\n",
  { "sleep", 0.05 },
  { "reset" }
)
broken(
  "reset after the headers",
  "network",
  MIDDLE,
  "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
  { "sleep", 0.05 },
  { "reset" }
)
broken("half a body", "network", MIDDLE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234")
broken("half a body, cut", "network", MIDDLE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234", { "cut" })
broken(
  "reset in the body",
  "network",
  MIDDLE,
  "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234",
  { "sleep", 0.05 },
  { "reset" }
)
broken("a chunk of no size", "protocol", "chunk", CHUNKED .. "zz\r\nab\r\n0\r\n\r\n")
broken("a chunk without its end", "protocol", "", CHUNKED .. "2\r\nabcd\r\n0\r\n\r\n")
broken("half a chunk", "network", MIDDLE, CHUNKED .. "5\r\nab")
broken("no last chunk", "network", MIDDLE, CHUNKED .. "2\r\nab\r\n")
broken("not HTTP", "protocol", "malformed response", "SSH-2.0-OpenSSH_9.2\r\n")
broken("HTTP/0.9", "protocol", "malformed response", "<html>hello</html>")
broken("a version from elsewhere", "protocol", "", "HTTP/7.3 200 OK\r\nContent-Length: 0\r\n\r\n")
broken("a status of no number", "protocol", "", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n")
broken("a line without a colon", "protocol", "", "HTTP/1.1 200 OK\r\nhello\r\nContent-Length: 0\r\n\r\n")
broken("a blank in a name", "protocol", "malformed", "HTTP/1.1 200 OK\r\nA b: c\r\nContent-Length: 0\r\n\r\n")
broken("a NUL in a header", "protocol", "", "HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 0\r\n\r\n")
broken("a length of no number", "protocol", "", "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nab")
broken("a negative length", "protocol", "", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab")
broken(
  "many long headers",
  "limit",
  "its headers and trailers are larger than",
  "HTTP/1.1 200 OK\r\n",
  { "send", "A: " .. ("x"):rep(1000) .. "\r\n", 100 }
)
broken(
  "many short headers",
  "limit",
  "more than 128 headers",
  "HTTP/1.1 200 OK\r\n",
  { "send", "A: b\r\n", 1000 }
)
broken("one long header", "limit", "too large", "HTTP/1.1 200 OK\r\nA: ", { "send", ("x"):rep(10000), 40 })
broken(
  "informational responses without end",
  "limit",
  "more than 16 informational",
  { "send", "HTTP/1.1 103 Early\r\nA: b\r\n\r\n", 20000 }
)
broken("headers without end", "timeout", "no whole response", "HTTP/1.1 200 OK\r\nA: b\r\n", { "hold" })
broken(
  "a body without end",
  "limit",
  "max_response_bytes",
  "HTTP/1.1 200 OK\r\n\r\n",
  { "send", ("x"):rep(10000), 100 }
)
broken(
  "a declared body that is too large",
  "limit",
  "max_response_bytes",
  "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
)
broken(
  "a slow drip",
  "timeout",
  "no whole response from .* within 0.6 s",
  "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
  { "send", "x", 90, 0.02 }
)
broken("no response", "network", "ended without a response")
broken("reset before the headers", "network", "reset", { "reset" })

for _, fault in ipairs(FAULTS) do
  fault.name = fault[1]
  CASES[#CASES + 1] = fault
end

describe("the HTTP engine", function()
  local server, engine

  setup(function()
    server = fault_server.start(CASES)
  end)

  teardown(function()
    server:stop()
  end)

  before_each(function()
    engine = curl.engine { ca_file = server.ca_file }
  end)

  after_each(function()
    engine:close()
  end)

  local function request_of(case, more)
    local request = tables.copy({
      method = "POST",
      url = server:url(case),
      headers = { ["Content-Type"] = "application/json" },
      body = "{}",
      connect_to = server.cases[case].tls and server:address(case) or nil,
      timeout = 30, -- far more than a slow machine needs; cases about time set their own
      connect_timeout = 10,
      max_response_bytes = 100000,
    }, more)
    return request
  end

  local function perform(case, more)
    return engine:perform(request_of(case, more))
  end

  local function fails(kind, case, more)
    local response, err = perform(case, more)
    assert.is_nil(response)
    assert.equal(kind, err.kind)
    assert.is_nil(getmetatable(err))
    assert.is_nil(err.message:find "%c")
    return err
  end

  --- The heads of the requests that a case has seen, in order.
  local function heads(case)
    local found = {}
    for index, event in ipairs(server:events(case, "request")) do
      found[index] = event.head
    end
    return found
  end

  local function last_head(case)
    local found = heads(case)
    return found[#found]
  end

  describe("gives a response", function()
    it("with status, headers and body", function()
      local response = assert(perform "ok")
      assert.same({
        status = 200,
        headers = { ["content-type"] = "application/json", ["content-length"] = "7" },
        body = '{"a":1}',
        reused = false,
      }, response)
      if math.type then
        assert.equal("integer", math.type(response.status))
      end
    end)

    it("with header names in lower case, repeated ones joined, folded lines as one", function()
      assert.same(
        { ["x-twice"] = "a, b", ["content-length"] = "2", empty = "", long = "c d", colon = "e:f" },
        assert(perform "headers").headers
      )
    end)

    it("as it is if it is a redirect", function()
      local response = assert(perform "redirect")
      assert.equal(302, response.status)
      assert.equal("http://127.0.0.1:1/", response.headers.location)
    end)

    it("without a body", function()
      local response = assert(perform "no content")
      assert.equal(204, response.status)
      assert.equal("", response.body)
    end)

    it("after informational ones", function()
      local response = assert(perform "early hints")
      assert.equal(200, response.status)
      assert.is_nil(response.headers["x-early"])
      assert.equal('{"a":1}', response.body)
    end)

    it("in chunks, whose trailers are no headers", function()
      local response = assert(perform "trailers")
      assert.equal("hi", response.body)
      assert.is_nil(response.headers["x-trailer"])
    end)

    it("byte for byte", function()
      assert.equal("\0\1\255\r\n", assert(perform("bytes", { body = "\0\r\n" })).body)
      local events = server:events("bytes", "request")
      assert.equal("\0\r\n", events[#events].body)
    end)
  end)

  describe("sends", function()
    it("what it was given, and nothing else", function()
      assert(perform("tls", {
        url = "https://df.test/api/../v2/./x%2F?b=&a=1&&",
        headers = { ["X-One"] = "1", ["x-empty"] = "", ["X-Blank"] = " ", ["X-Semicolon"] = "a;b" },
        body = "abc",
      }))
      local lines = {}
      for line in last_head("tls"):gmatch "([^\r\n]+)\r\n" do
        lines[#lines + 1] = line
      end
      local first = table.remove(lines, 1)
      table.sort(lines)
      assert.equal("POST /api/../v2/./x%2F?b=&a=1&& HTTP/1.1", first)
      for index, line in ipairs(lines) do
        lines[index] = line:gsub(" +$", "")
      end
      assert.same({
        "Accept-Encoding: identity",
        "Content-Length: 3",
        "Host: df.test",
        "X-Blank:",
        "X-One: 1",
        "X-Semicolon: a;b",
        "x-empty:",
      }, lines)
    end)

    it("the URL's host as Host and as server name, wherever connect_to leads", function()
      assert(perform("tls", { url = "https://df.test/x" }))
      assert(perform("tls", { url = "https://localhost/x" }))
      local handshakes = server:events("tls", "handshake")
      assert.equal("df.test", handshakes[#handshakes - 1].sni)
      assert.equal("localhost", handshakes[#handshakes].sni)
      assert.is_truthy(last_head("tls"):find("\r\nHost: localhost\r\n", 1, true))
    end)

    it("a port that is not the scheme's in Host", function()
      assert(perform("tls", { url = "https://df.test:8443/x" }))
      assert.is_truthy(last_head("tls"):find("\r\nHost: df.test:8443\r\n", 1, true))
    end)

    it("a POST without a body with its length", function()
      local request = request_of "ok"
      request.body = nil
      assert(engine:perform(request))
      assert.is_truthy(last_head("ok"):find("\r\nContent-Length: 0\r\n", 1, true))
    end)

    it("each method", function()
      for _, method in ipairs { "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "POST" } do
        local request = request_of("ok", { method = method })
        assert(engine:perform(request))
        assert.equal(method .. " " .. TARGET .. " HTTP/1.1", last_head("ok"):match "^[^\r]+")
        request.body = nil
        assert(engine:perform(request))
        assert.equal(method .. " " .. TARGET .. " HTTP/1.1", last_head("ok"):match "^[^\r]+")
      end
    end)

    it("a HEAD, whose response has no body", function()
      local request = request_of("no content", { method = "HEAD" })
      request.body = nil
      assert.equal(204, assert(engine:perform(request)).status)
      assert.equal("HEAD " .. TARGET .. " HTTP/1.1", last_head("no content"):match "^[^\r]+")
    end)

    it("a large body without asking first", function()
      local body = ("x"):rep(3 * 1024 * 1024)
      local started = core.monotonic()
      assert(perform("ok", { body = body }))
      assert.is_true(core.monotonic() - started < 0.9) -- libcurl waits a second for 100 Continue
      assert.is_nil(last_head("ok"):lower():find "expect")
      local events = server:events("ok", "request")
      assert.equal(#body, events[#events].size)
    end)

    it("neither Accept nor Content-Type of its own", function()
      assert(perform("ok", { headers = {} }))
      assert.is_nil(last_head("ok"):lower():find "accept:")
      assert.is_nil(last_head("ok"):lower():find "content%-type")
    end)

    it("what was given this time, after calls with other things", function()
      assert(perform("ok", { method = "PUT", body = "one", headers = { ["X-One"] = "1" } }))
      local request = request_of("ok", { method = "GET", url = server:url("ok", "/other") })
      request.body, request.headers = nil, nil
      assert(engine:perform(request))
      assert.equal(
        ("GET /other HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: identity\r\n\r\n"):format(server:address "ok"),
        last_head "ok"
      )
    end)
  end)

  describe("connections", function()
    it("are used again", function()
      local before = #server:events("tls", "accept")
      for turn = 1, 30 do
        assert.equal(turn > 1, assert(perform "tls").reused)
      end
      assert.equal(before + 1, #server:events("tls", "accept"))
    end)

    it("are used again by calls that run at once", function()
      local before = #server:events("slow", "accept")
      for _ = 1, 3 do
        local transfers = {}
        for index = 1, 64 do
          transfers[index] = assert(engine:start(request_of "slow"))
        end
        while engine:step(1) > 0 do
        end
        for _, transfer in ipairs(transfers) do
          assert.equal(200, assert(transfer:result()).status)
        end
      end
      assert.equal(before + 64, #server:events("slow", "accept"))
    end)

    it("that died are replaced, and the request is sent again", function()
      assert.equal('"one"', assert(perform "dies on reuse").body)
      assert.equal('"two"', assert(perform "dies on reuse").body)
    end)

    --- Lets an engine keep so many connections as die when they are used again.
    local function keep_many(name)
      local transfers = {}
      for index = 1, MANY do
        transfers[index] = assert(engine:start(request_of(name)))
      end
      while engine:step(1) > 0 do
      end
      for _, transfer in ipairs(transfers) do
        assert.equal('"one"', assert(transfer:result()).body)
      end
      assert.equal(MANY, #server:events(name, "accept"))
    end

    for _, how in ipairs { "", ", with TLS" } do
      it("that died in number let a request go out twice" .. how, function()
        local name = "many die on reuse" .. how
        keep_many(name)
        for turn = 1, 3 do
          local response = assert(perform(name))
          assert.equal('"new"', response.body)
          assert.equal(turn > 1, response.reused)
          assert.equal(MANY + 1 + turn, #server:events(name, "request"))
        end
      end)

      it("that died, a new one included, let a request go out twice" .. how, function()
        local name = "all die" .. how
        keep_many(name)
        for turn = 1, 3 do
          local err = fails("network", name)
          assert.is_true(err.sent)
          assert.equal(MANY + 2 * turn, #server:events(name, "request"))
        end
        assert.is_true(fails("network", name, { once = true }).sent)
        assert.equal(MANY + 2 * 3 + 1, #server:events(name, "request"))
      end)
    end

    it("that the server closed while idle are not tried", function()
      assert.equal('"one"', assert(perform "closes when idle").body)
      server:await("closes when idle", "end")
      local response = assert(perform "closes when idle")
      assert.equal('"two"', response.body)
      assert.is_false(response.reused)
      assert.equal(2, #heads "closes when idle")
    end)

    it("that hold a response nobody asked for are not used again", function()
      assert.equal('"one"', assert(perform "adds a response").body)
      core.sleep(0.05)
      local response = assert(perform "adds a response")
      assert.equal('"two"', response.body)
      assert.is_false(response.reused)
    end)

    it("are new for what must arrive once at most", function()
      local before = #server:events("tls", "accept")
      for _ = 1, 3 do
        assert.is_false(assert(perform("tls", { once = true })).reused)
      end
      assert.equal(before + 3, #server:events("tls", "accept"))
    end)

    it("carry on after a call that must arrive once", function()
      assert(perform("tls", { once = true }))
      assert.is_true(assert(perform "tls").reused)
    end)
  end)

  it("sends once what must arrive once, whatever becomes of the connection", function()
    for turn = 1, 5 do
      local err = fails("network", "never answers once", { once = true, body = ("once %d"):format(turn) })
      assert.is_true(err.sent)
    end
    local seen = {}
    for index, event in ipairs(server:events("never answers once", "request")) do
      seen[index] = event.body
    end
    assert.same({ "once 1", "once 2", "once 3", "once 4", "once 5" }, seen)
  end)

  describe("names the fault:", function()
    for _, fault in ipairs(FAULTS) do
      it(fault.name, function()
        local started = core.monotonic()
        local is_late = fault[2] == "timeout"
        local err = fails(fault[2], fault.name, {
          timeout = is_late and 0.6 or 20,
          connect_timeout = is_late and 0.3 or 20,
        })
        assert.is_true(core.monotonic() - started < (is_late and 3 or 15))
        assert.equal(fault[3], err.sent)
        assert.is_truthy(err.message:find(fault[4]), err.message)
        -- And the same engine goes on.
        assert.equal(200, assert(perform "tls").status)
      end)
    end

    it("a name that nobody knows", function()
      local err = fails("network", "ok", { url = "https://nobody.invalid/x" })
      assert.is_false(err.sent)
      assert.is_truthy(err.message:find("cannot find the address of nobody.invalid:443", 1, true))
    end)

    it("a file of certificates that is not there", function()
      local other = curl.engine { ca_file = server.folder .. "/absent.pem" }
      local response, err = other:perform(request_of "tls")
      other:close()
      assert.is_nil(response)
      assert.equal("tls", err.kind)
      assert.is_false(err.sent)
      assert.is_truthy(err.message:find("check ca_file or DATAFOREST_CA_FILE", 1, true))
    end)

    it("an authority that is not among the system's", function()
      local other = curl.engine()
      local response, err = other:perform(request_of "tls")
      other:close()
      assert.is_nil(response)
      assert.equal("tls", err.kind)
    end)

    it("which success over TLS may have been cut short", function()
      -- Where libcurl uses OpenSSL, it is known whether the server said that this was the end.
      local response = assert(perform "unframed")
      assert.equal("0123456789", response.body)
      assert.is_nil(response.end_uncertain)
      assert.is_true(fails("protocol", "unframed, cut").sent)
      assert.is_nil(assert(perform "unframed error").end_uncertain)
      assert.is_nil(assert(perform "ok").end_uncertain)
    end)
  end)

  describe("keeps to the ceiling", function()
    for _, case in ipairs { "ten bytes", "ten bytes in chunks", "ten bytes till the end" } do
      it("of " .. case, function()
        assert.equal("0123456789", assert(perform(case, { max_response_bytes = 10 })).body)
        local err = fails("limit", case, { max_response_bytes = 9 })
        assert.is_true(err.sent)
        assert.is_truthy(err.message:find "max_response_bytes")
        fails("limit", case, { max_response_bytes = 0 })
        assert.equal("0123456789", assert(perform(case, { max_response_bytes = 10 })).body)
      end)
    end

    it("of nothing", function()
      assert.equal("", assert(perform("no content", { max_response_bytes = 0 })).body)
    end)
  end)

  describe("keeps to its time:", function()
    it("none is left", function()
      for _, timeout in ipairs { 0, -1, 0 / 0 } do
        local err = fails("timeout", "ok", { timeout = timeout })
        assert.is_false(err.sent)
      end
    end)

    it("very little is left", function()
      local started = core.monotonic()
      fails("timeout", "hold", { timeout = 0.0001 })
      assert.is_true(core.monotonic() - started < 0.2)
    end)

    it("more than fits", function()
      assert(perform("ok", { timeout = 1e300, connect_timeout = math.huge }))
    end)
  end)

  describe("refuses what could end a line or leave the machine in the clear:", function()
    local function refused(more, pattern, case)
      local before = #server:events(case or "ok", "accept")
      local err = fails("argument", case or "ok", more)
      assert.is_false(err.sent)
      assert.is_truthy(err.message:find(pattern), err.message)
      assert.equal(before, #server:events(case or "ok", "accept"))
    end

    for name, bytes in pairs { CR = "\r", LF = "\n", NUL = "\0" } do
      it(name .. " in every string", function()
        for _, place in ipairs { "%sA", "A%sB", "A%s" } do
          local text = place:gsub("%%s", bytes == "\0" and "%%z" or bytes):gsub("%%z", "\0")
          refused({ method = text }, "^method ")
          refused({ url = "https://df.test/" .. text }, "^url ")
          refused({ url = "https://df" .. text .. "/" }, "^url ")
          refused({ url = text .. "https://df.test/" }, "^url ")
          refused({ headers = { [text] = "a" } }, "^headers: a name")
          refused({ headers = { a = text } }, "^headers: the value of a holds")
          refused({ connect_to = text .. ":1" }, "^connect_to ")
          refused({ connect_to = "127.0.0.1:" .. text }, "^connect_to ")
          assert.has_error(function()
            curl.engine { ca_file = text }
          end, "engine: option 'ca_file' holds CR, LF or NUL")
          assert.has_error(function()
            curl.engine { proxy = text }
          end, "engine: option 'proxy' holds a blank or a control character")
        end
      end)
    end

    it("addresses of other kinds", function()
      for _, url in ipairs {
        "",
        "df.test/",
        "//df.test/",
        "ftp://df.test/",
        "file:///etc/passwd",
        "https:///x",
        "https://df.test/#x",
        "https://df.test/a b",
        "https://user@df.test/",
        "https://user:password@df.test/",
        "https://df.test:0/",
        "https://df.test:65536/",
        "https://df.test:99999999999/",
        "https://df.test:/",
        "https://df.test:a/",
        "https://[::1/",
        "https://[::g]/",
        "https://df.test\\@127.0.0.1/",
        "https://d\195\164.test/",
        "https://%64f.test/",
        "http://df.test/",
        "http://128.0.0.1/",
        "http://127.0.0.1.df.test/",
        "http://localhost.df.test/",
        "http://0.0.0.0/",
        "http://[::2]/",
        "http://127.1/",
      } do
        refused({ url = url }, "^url ")
      end
    end)

    it("addresses to dial that are none", function()
      for _, address in ipairs {
        "127.0.0.1",
        ":1",
        "a:",
        "a:b",
        "a:0",
        "a:65536",
        "[::1]",
        "::1:1",
        "a/b:1",
        "a:1:2",
        "a@b:1",
      } do
        refused({ connect_to = address }, "^connect_to ")
      end
    end)

    it("plain HTTP that is dialled elsewhere", function()
      refused({ connect_to = "192.0.2.1:80" }, "^connect_to must be a loopback host")
    end)

    it("headers that the transport writes", function()
      for _, name in ipairs {
        "Host",
        "content-length",
        "Transfer-Encoding",
        "CONNECTION",
        "Expect",
        "Upgrade",
        "TE",
        "Trailer",
      } do
        refused({ headers = { [name] = "x" } }, "is set by dataforest alone")
      end
    end)

    it("header names that are none", function()
      for _, name in ipairs { "", "a b", "a:", "a;", "\195\164", "(a)" } do
        refused({ headers = { [name] = "x" } }, "^headers: a name")
      end
    end)

    it("values of other types", function()
      refused({ method = 1 }, "^method: expected a string, got a number")
      refused({ url = true }, "^url: expected a string, got a boolean")
      refused({ body = 5 }, "^body: expected a string, got a number")
      refused({ connect_to = false }, "^connect_to: expected a string, got a boolean")
      refused({ timeout = "5" }, "^timeout: expected a number, got a string")
      refused({ connect_timeout = {} }, "^connect_timeout: expected a number, got a table")
      refused({ once = 1 }, "^once: expected a boolean, got a number")
      refused({ headers = "a" }, "^headers: expected a table, got a string")
      refused({ headers = { a = 1 } }, "^headers: names and values must be strings")
      refused({ headers = { "a" } }, "^headers: names and values must be strings")
      refused({ max_response_bytes = -1 }, "^max_response_bytes: ")
      refused({ max_response_bytes = 0 / 0 }, "^max_response_bytes: ")
      refused({ connect_timeout = 0 }, "^connect_timeout ")
      refused({ connect_timeout = 0 / 0 }, "^connect_timeout ")
    end)

    it("requests beyond all measure", function()
      local headers = {}
      for index = 1, 65 do
        headers["X-" .. index] = "a"
      end
      refused({ headers = headers }, "^headers: there are too many")
      refused({ headers = { a = ("x"):rep(70000) } }, "larger than 65536 bytes")
      refused({ url = server:url("ok", "/" .. ("x"):rep(70000)) }, "larger than 65536 bytes")
    end)

    it("a request that is no table", function()
      assert.has_error(function()
        engine:perform "GET"
      end)
      assert.has_error(function()
        engine.perform({}, {})
      end)
    end)
  end)

  it("checks its own options by name", function()
    assert.has_error(function()
      curl.engine { cafile = "x" }
    end, "engine: unknown option 'cafile'")
    assert.has_error(function()
      curl.engine { ca_file = 1 }
    end, "engine: option 'ca_file': expected a string, got a number")
    assert.has_error(function()
      curl.engine { pool_size = 0 }
    end, "engine: option 'pool_size': expected 1 to 1000000")
    assert.has_error(function()
      curl.engine { pool_idle_timeout = 0 }
    end, "engine: option 'pool_idle_timeout': expected seconds above 0")
  end)

  describe("many at once", function()
    it("end in any order, and each is named once", function()
      local transfers, waiting = {}, 0
      for index = 1, 200 do
        local transfer = assert(engine:start(request_of(index % 2 == 0 and "slow" or "ok")))
        assert.is_false(transfer:result())
        assert.is_nil(transfers[transfer:number()])
        transfers[transfer:number()] = transfer
        waiting = waiting + 1
      end
      while waiting > 0 do
        engine:step(1)
        for number in
          function()
            return engine:ended()
          end
        do
          assert.equal(200, assert(transfers[number]:result()).status)
          transfers[number] = nil
          waiting = waiting - 1
        end
      end
      assert.is_nil(next(transfers))
      assert.equal(0, engine:step(0))
    end)

    it("go on while one blocks", function()
      local transfer = assert(engine:start(request_of "slow"))
      assert(perform("slow"))
      engine:step(1)
      assert.equal(200, assert(transfer:result()).status)
    end)

    it("can be waited for by another loop", function()
      assert.same({}, engine:fds())
      assert.is_nil(engine:timeout())
      local transfer = assert(engine:start(request_of("slow", { timeout = 2 })))
      local turns = 0
      local result
      repeat
        turns = turns + 1
        assert.is_true(turns < 100)
        local readers, writers = {}, {}
        for _, wanted in ipairs(engine:fds()) do
          local handle = {
            getfd = function()
              return wanted.fd
            end,
          }
          readers[#readers + 1] = wanted.read and handle or nil
          writers[#writers + 1] = wanted.write and handle or nil
        end
        assert.is_true(#readers + #writers > 0 or engine:timeout() ~= nil)
        socket.select(readers, writers, math.min(engine:timeout() or 1, 1))
        engine:step(0)
        result = transfer:result()
      until result
      assert.equal(200, result.status)
    end)

    it("can be cancelled", function()
      local transfer = assert(engine:start(request_of "hold"))
      engine:step(0.1)
      transfer:cancel()
      transfer:cancel()
      assert.equal(0, engine:step(0))
      local response, err = transfer:result()
      assert.is_nil(response)
      assert.equal("closed", err.kind)
      response, err = transfer:result()
      assert.is_nil(response)
      assert.equal("closed", err.kind)
      assert.equal(200, assert(perform "ok").status)
    end)

    it("end when their engine is closed, and outlive it", function()
      local transfers = {}
      for index = 1, 20 do
        transfers[index] = assert(engine:start(request_of(index % 2 == 0 and "hold" or "ok")))
      end
      engine:step(0.05)
      engine:close()
      for index, transfer in ipairs(transfers) do
        local response, err = transfer:result()
        if index % 2 == 0 then
          assert.is_nil(response)
          assert.equal("closed", err.kind)
        end
      end
      assert.equal(0, engine:step(0))
    end)

    it("may be collected in flight, in any order with their engine", function()
      local files = process.open_files()
      local function drop(turn)
        local own = curl.engine { ca_file = server.ca_file }
        local transfers = {}
        for index = 1, 5 do
          transfers[index] = assert(own:start(request_of(index % 2 == 0 and "hold plain" or "ok")))
        end
        own:step(0.01)
        if turn % 3 == 0 then
          own = nil
        elseif turn % 3 == 1 then
          transfers = nil
        end
        collectgarbage()
        return own, transfers
      end
      for turn = 1, 20 do
        drop(turn)
      end
      assert.equal(files, process.open_files())
    end)
  end)

  it("is closed once and for all", function()
    assert(perform "ok")
    assert.equal("dataforest.curl.engine (open)", tostring(engine))
    engine:close()
    engine:close()
    assert.equal("dataforest.curl.engine (closed)", tostring(engine))
    local err = fails("closed", "ok")
    assert.is_false(err.sent)
    local transfer
    transfer, err = engine:start(request_of "ok")
    assert.is_nil(transfer)
    assert.equal("closed", err.kind)
    assert.equal(0, engine:step(1))
    assert.same({}, engine:fds())
    assert.is_nil(engine:timeout())
    assert.is_nil(engine:ended())
  end)

  if _VERSION == "Lua 5.4" then
    it("is closed at the end of a block", function()
      local run = load [[
        local curl, request = ...
        local kept
        do
          local engine <close> = curl.engine()
          kept = engine
          local transfer <close> = engine:start(request)
        end
        return tostring(kept)
      ]]
      assert.equal("dataforest.curl.engine (closed)", run(curl, request_of "hold plain"))
    end)
  end

  it("leaves no descriptor behind after a thousand engines", function()
    local files = process.open_files()
    for turn = 1, 1000 do
      local own = curl.engine { ca_file = server.ca_file }
      if turn % 10 == 0 then
        assert(own:perform(request_of(turn % 50 == 0 and "tls" or "ok")))
      end
      own:close()
    end
    assert.equal(files, process.open_files())
  end)

  it("stands a collector that never rests", function()
    local pause, steps = collector.set("pause", 0), collector.set("stepmul", 1000000)
    -- A few rounds: each collects all that the suite has gathered, many times over.
    for _ = 1, 5 do
      assert.equal('{"a":1}', assert(perform "ok").body)
      fails("argument", "ok", { method = "" })
      local transfer = assert(engine:start(request_of "ok"))
      while engine:step(1) > 0 do
        collectgarbage()
      end
      assert.equal(200, assert(transfer:result()).status)
    end
    collector.set("pause", pause)
    collector.set("stepmul", steps)
  end)
end)
