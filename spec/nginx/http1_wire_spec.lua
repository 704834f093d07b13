-- The responses of spec/vectors/http over cosockets. DATAFOREST_TEST_SEQUENCES=10000 makes the random run as
-- long as that.

local app = require "spec.nginx.app"
local certificates = require "spec.support.certificates"
local wire = require "spec.support.wire"

local BATCH = 500
local SEQUENCES = tonumber(os.getenv "DATAFOREST_TEST_SEQUENCES") or 500

describe("over cosockets, a response", function()
  local server, its_app

  setup(function()
    server = wire.start()
    certificates.make(server.folder)
    its_app = app.start { folder = server.folder, ports = {} }
  end)

  teardown(function()
    its_app:stop()
    server:stop()
  end)

  it("has the verdict that it has everywhere", function()
    local outcome = its_app:call("wire_each", { port = server.port }, { timeout = 60 })
    assert.are.same({}, outcome.problems)
    assert.is_true(outcome.count > 600)
  end)

  it("never becomes another call's", function()
    for batch = 1, math.ceil(SEQUENCES / BATCH) do
      local given = { port = server.port, count = math.min(BATCH, SEQUENCES), seed = 20261126 + batch }
      assert.are.same({}, its_app:call("wire_sequences", given, { timeout = 60 }).problems)
    end
  end)

  it("left the log without a word above warn but nginx's own", function()
    assert.are.equal("", its_app:complaints { "recv%(%) failed %(104: Connection reset by peer%)" })
  end)
end)
