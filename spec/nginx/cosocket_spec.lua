-- What the cosocket transport does with names, locations and kept connections.

local cjson = require "cjson"
local fault_server = require "spec.support.fault_server"
local helper_process = require "spec.support.helper_process"
local nginx = require "spec.support.nginx"
local tables = require "dataforest.util.tables"

local LIST = '{"total":0,"contents":[]}'
local ANSWER = fault_server.whole_response(LIST)

local CASES = {
  { name = "good", tls = "good", connections = { fault_server.responding(LIST) } },
  { name = "pooled", tls = "good", connections = { fault_server.responding(LIST) } },
  { name = "shared", tls = "good", connections = { fault_server.responding(LIST) } },
  { name = "store", tls = "good", connections = { fault_server.responding(LIST) } },
  {
    name = "handshakes",
    tls = "good",
    raw = true,
    connections = {
      { { "hold" } },
      { { "hold" } },
      { { "hold" } },
      { { "hold" } },
      { { "hold" } },
      { { "hold" } },
      { { "hold" } },
      { { "hold" } },
      { { "tls" }, { "read" }, { "send", ANSWER }, { "hold" } },
    },
  },
  {
    name = "silent",
    connections = {
      { { "read" }, { "send", ANSWER }, { "read" }, { "hold" } },
      { { "read" }, { "send", ANSWER }, { "hold" } },
    },
  },
  {
    name = "silent twice",
    connections = { { { "read" }, { "send", ANSWER }, { "read" }, { "hold" } }, { { "read" }, { "hold" } } },
  },
  {
    name = "tired",
    connections = {
      {
        { "read" },
        { "send", ANSWER },
        { "read" },
        { "send", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" },
        { "close" },
      },
      fault_server.responding(LIST),
    },
  },
}

describe("the cosocket transport", function()
  local server, its_app, name_server

  setup(function()
    server = fault_server.start(CASES)
    local addresses = "127.0.0.2 127.0.0.1 127.0.0.3"
    name_server = helper_process.start("dns_process.lua", server.folder, "dns", addresses)
    its_app = nginx.start {
      http = ([[
        lua_ssl_protocols TLSv1.2 TLSv1.3;
        lua_socket_log_errors off;
        lua_ssl_trusted_certificate %s;
        resolver 127.0.0.1:%s ipv6=off;
        init_by_lua_block { service_ports = { api = 1 } }
        server {
          listen 127.0.0.1:@http@;
          location /do/ { content_by_lua_block { require("spec.nginx.app_handlers").run() } }
          location /elsewhere/ {
            lua_ssl_trusted_certificate %s;
            content_by_lua_block { require("spec.nginx.app_handlers").run() }
          }
        }]]):format(server.ca_file, name_server.ready, server.certificates.self_signed.certificate),
      ports = { "http" },
    }
  end)

  teardown(function()
    its_app:stop()
    name_server:stop()
    server:stop()
  end)

  local function call(target, arguments)
    local query = {}
    for name, value in pairs(arguments) do
      query[#query + 1] = name .. "=" .. tostring(value)
    end
    local status, body =
      its_app:get("http", target .. "?" .. table.concat(query, "&"), { timeout = 30, once = true })
    assert.are.equal(200, status, body)
    return cjson.decode(body)
  end

  local function dial(name, more)
    local arguments = tables.copy({ base_url = "https://df.test", connect_to = server:address(name) }, more)
    return call("/do/dial", arguments)
  end

  it("tries the addresses of a name until one works", function()
    for _ = 1, 20 do
      local outcome = dial("good", { connect_to = "df.test:" .. server.ports.good })
      assert.are.equal(0, outcome.value and outcome.value.total, outcome.message)
      assert.is_true(outcome.seconds < 1)
    end
  end)

  it("gives up on a name of which no address works", function()
    local outcome = dial("good", { connect_to = "df.test:1" })
    assert.are.equal("network", outcome.kind)
    assert.matches("cannot connect to df.test:1: connection refused", outcome.message, 1, true)
    assert.is_false(outcome.sent)
    assert.is_true(outcome.seconds < 1)
  end)

  it("keeps the connections of a location from those that trust others", function()
    local given = { base_url = "https://df.test", connect_to = server:address "pooled" }
    assert.is_table(call("/do/dial", given).value)
    for _ = 1, 2 do
      assert.are.equal("tls", call("/elsewhere/dial", given).kind)
      assert.is_table(call("/do/dial", given).value)
    end
    assert.are.equal(3, #server:events("pooled", "request"))
  end)

  it("shares them if the client's pool_name says so", function()
    local given = { base_url = "https://df.test", connect_to = server:address "shared", pool_name = "all" }
    assert.is_table(call("/do/dial", given).value)
    assert.is_table(call("/elsewhere/dial", given).value)
    assert.are.equal(1, #server:events("shared", "handshake"))
  end)

  it("verifies with ca_file if nginx's sockets have settrustedstore", function()
    local outcome = call("/do/trusted_store", { address = server:address "store", ca_file = server.ca_file })
    assert.are.equal(1, outcome.stores)
    assert.is_table(outcome.during.value, outcome.during.message)
    assert.is_nil(outcome.again.message)
    outcome = call("/do/trusted_store", { address = server:address "store", ca_file = "/nowhere.pem" })
    assert.are.equal("tls", outcome.during.kind)
    assert.matches("ca_file /nowhere.pem cannot be read", outcome.during.message, 1, true)
    assert.is_false(outcome.during.sent)
  end)

  it("is not held up by threads that were killed in their handshakes", function()
    local outcome = call("/do/killed_handshakes", { address = server:address "handshakes", count = 8 })
    assert.is_nil(outcome.last.message)
    assert.is_true(outcome.seconds < 1, outcome.seconds)
  end)

  it("sends a read again over a new connection if a kept one stays silent", function()
    local address = server:address "silent"
    local outcome = call("/do/warm_list", { address = address, timeout = 12 })
    assert.is_table(outcome.during.value, outcome.during.message)
    assert.is_true(outcome.seconds >= 4.5 and outcome.seconds < 8, outcome.seconds)
    assert.are.equal(3, #server:events("silent", "request"))
  end)

  it("does so once, and not if too little time is left", function()
    local address = server:address "silent twice"
    local outcome = call("/do/warm_list", { address = address, timeout = 1 })
    assert.are.equal("timeout", outcome.during.kind)
    assert.is_true(outcome.seconds < 2, outcome.seconds)
    assert.are.equal(2, #server:events("silent twice", "request"))
  end)

  it("sends a read again if a kept connection gives 408 and closes", function()
    local outcome = call("/do/warm_list", { address = server:address "tired", timeout = 5 })
    assert.is_table(outcome.during.value, outcome.during.message)
    assert.are.equal(3, #server:events("tired", "request"))
  end)
end)
