-- Calls through a proxy, from inside nginx.

local cjson = require "cjson"
local fault_server = require "spec.support.fault_server"
local nginx = require "spec.support.nginx"

local LIST = '{"total":0,"contents":[]}'
local TUNNEL = "HTTP/1.1 200 Connection established\r\n\r\n"

local function through(...)
  local script = { { "read" } }
  for _, step in ipairs { ... } do
    script[#script + 1] = step
  end
  return script
end

local CASES = {
  {
    name = "tunnel",
    tls = "good",
    raw = true,
    connections = {
      through(
        { "send", TUNNEL },
        { "tls" },
        { "read" },
        { "send", fault_server.whole_response(LIST) },
        { "hold" }
      ),
    },
  },
  {
    name = "refusal",
    connections = { through { "send", fault_server.whole_response("", { status = "403 Forbidden" }) } },
  },
  { name = "wants a password", connections = { through { "send", "HTTP/1.1 407 Who?\r\n\r\n" } } },
  { name = "hangs up", connections = { through() } },
  { name = "silent", connections = { through { "sleep", 5 } } },
  { name = "talks", connections = { through { "send", TUNNEL .. "hello" } } },
  { name = "no HTTP", connections = { through { "send", "220 mail\r\n\r\n" } } },
  { name = "not there", refuse = true },
}

describe("through a proxy, from inside nginx:", function()
  local proxy, its_app

  setup(function()
    proxy = fault_server.start(CASES)
    its_app = nginx.start {
      http = ([[
        lua_ssl_trusted_certificate %s;
        lua_ssl_protocols TLSv1.2 TLSv1.3;
        lua_socket_log_errors off;
        init_by_lua_block { service_ports = { api = 1 } }
        server {
          listen 127.0.0.1:@http@;
          location /do/ { content_by_lua_block { require("spec.nginx.app_handlers").run() } }
        }]]):format(proxy.ca_file),
      ports = { "http" },
    }
  end)

  teardown(function()
    its_app:stop()
    proxy:stop()
  end)

  local function dial(name, user)
    local address = ("http://%s%s"):format(user and user .. "@" or "", proxy:address(name))
    local _, body = its_app:get("http", "/do/dial?timeout=0.5&base_url=https://df.test&proxy=" .. address)
    return cjson.decode(body)
  end

  it("a call goes as it goes without one", function()
    assert.are.equal(0, dial("tunnel", "user:pass").value.total)
    local requests = proxy:events("tunnel", "request")
    assert.matches("^CONNECT df%.test:443 HTTP/1%.1\r\nHost: df%.test:443\r\n", requests[1].head)
    assert.matches("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n", requests[1].head, 1, true)
    assert.matches("^POST /api/v2/accounts/getList HTTP/1%.1\r\n", requests[2].head)
    assert.not_matches("Proxy-Authorization", requests[2].head, 1, true)
    assert.are.equal("df.test", proxy:events("tunnel", "handshake")[1].sni)
  end)

  it("a kept connection is a tunnel that is there", function()
    dial "tunnel"
    assert.are.equal("timeout", dial("tunnel").kind) -- the script answers once a connection
    local handshakes = #proxy:events("tunnel", "handshake")
    assert.is_true(handshakes < #proxy:events("tunnel", "request"))
  end)

  for name, expected in pairs {
    refusal = { "network", "refused a tunnel to df.test:443: HTTP 403" },
    ["wants a password"] = { "argument", "HTTP 407: check the user and password" },
    ["hangs up"] = { "network", "closed the connection" },
    silent = { "timeout", "opened no tunnel in time" },
    talks = { "protocol", "sent data before any was asked for" },
    ["no HTTP"] = { "protocol", "sent no HTTP response" },
    ["not there"] = { "network", "connection refused" },
  } do
    it("one that fails: " .. name, function()
      local outcome = dial(name)
      assert.are.equal(expected[1], outcome.kind, outcome.message)
      assert.matches(expected[2], outcome.message, 1, true)
      assert.is_false(outcome.sent)
      assert.is_true(outcome.seconds < 1)
    end)
  end

  it("one of another kind is refused", function()
    local _, body = its_app:get("http", "/do/dial?base_url=https://df.test&proxy=socks5://127.0.0.1:1080")
    local outcome = cjson.decode(body)
    assert.are.equal("argument", outcome.kind)
    assert.matches("http://host:port", outcome.message, 1, true)
  end)
end)
