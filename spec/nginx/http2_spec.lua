-- The client of plain Lua, with an nginx that speaks HTTP/2.

local certificates = require "spec.support.certificates"
local core = require "dataforest.core"
local curl = require "dataforest.curl"
local nginx = require "spec.support.nginx"

local CALLS = 20

describe("over HTTP/2, from a server of others, the engine", function()
  local folder, its_server, engine

  setup(function()
    folder = nginx.new_folder()
    local made = certificates.make(folder)
    its_server = nginx.start {
      http = ([[
        server {
          listen 127.0.0.1:@https@ ssl http2;
          ssl_certificate %s;
          ssl_certificate_key %s;
          keepalive_timeout 1s;
          location / { return 200 "$server_protocol $connection $connection_requests"; }
        }]]):format(made.good.certificate, made.good.key),
      ports = { "https" },
    }
    engine = curl.engine { ca_file = made.ca, http2 = true }
  end)

  teardown(function()
    engine:close()
    its_server:stop()
    nginx.remove(folder)
  end)

  local function request()
    local url = ("https://127.0.0.1:%s/"):format(its_server.ports.https)
    return { method = "GET", url = url, timeout = 10, connect_timeout = 10, max_response_bytes = 1000 }
  end

  local function answered(response, err)
    assert.is_truthy(response, err and err.message)
    assert.equal(200, response.status)
    local version, connection, number = response.body:match "^HTTP/([%d.]+) (%d+) (%d+)$"
    assert.equal("2.0", version)
    return response.reused, connection, tonumber(number)
  end

  it("keeps its connection between calls", function()
    local _, connection = answered(engine:perform(request()))
    for turn = 2, CALLS do
      if turn % 5 == 0 then
        core.sleep(0.05) -- for what the server may have to say meanwhile
      end
      local reused, same, number = answered(engine:perform(request()))
      assert.is_true(reused)
      assert.equal(connection, same)
      assert.equal(turn, number)
    end
  end)

  it("shares one connection between calls that run at once", function()
    local transfers, connections, count = {}, {}, 0
    for index = 1, CALLS do
      transfers[index] = assert(engine:start(request()))
    end
    while engine:step(1) > 0 do
    end
    for _, transfer in ipairs(transfers) do
      local _, connection = answered(transfer:result())
      count = count + (connections[connection] and 0 or 1)
      connections[connection] = true
    end
    assert.equal(1, count)
  end)

  it("takes a new connection once the server has closed the old one", function()
    local _, connection = answered(engine:perform(request()))
    core.sleep(1.3)
    local reused, other = answered(engine:perform(request()))
    assert.is_false(reused)
    assert.are_not.equal(connection, other)
  end)
end)
