-- The responses of spec/vectors/http over libcurl's connections. DATAFOREST_TEST_SEQUENCES=10000 makes the
-- random run as long as that.
--
-- labels: wire

local curl = require "dataforest.transport.curl"
local wire = require "spec.support.wire"

local SEQUENCES = tonumber(os.getenv "DATAFOREST_TEST_SEQUENCES") or 500

describe("over libcurl's connections, a response #full", function()
  local server, transport

  setup(function()
    server = wire.start()
  end)

  before_each(function()
    transport = curl.new {}
  end)

  after_each(function()
    transport:close()
  end)

  teardown(function()
    server:stop()
  end)

  it("has the verdict that it has everywhere", function()
    local count, problems = wire.each(transport, server.port)
    assert.are.same({}, problems)
    assert.is_true(count > 600)
  end)

  it("never becomes another call's", function()
    assert.are.same({}, wire.sequences(transport, server.port, SEQUENCES, 20261126))
  end)
end)
