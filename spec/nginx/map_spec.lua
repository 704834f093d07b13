-- df:map inside nginx, where light threads run the calls.

local app = require "spec.nginx.app"
local service = require "spec.nginx.service"

describe("df:map inside nginx", function()
  local its_service, its_app

  setup(function()
    its_service = service.start()
    its_app = app.start(its_service)
  end)

  teardown(function()
    its_app:stop()
    its_service:stop()
  end)

  it("makes its calls at once, maps within it too, and keeps what a function raises to its item", function()
    local outcome = its_app:call("map", {})
    -- Each call takes half a second: six of them one after another would take three.
    assert.is_true(outcome.seconds >= 0.45 and outcome.seconds < 2, outcome.seconds)
    for item = 1, 4 do
      assert.are.equal(item, outcome.values[item] or outcome.values[tostring(item)])
    end
    assert.are.equal(2, outcome.values["6"] or outcome.values[6])
    assert.matches("app_handlers.lua:%d+: broken", outcome.broken)
    assert.matches("stack traceback:", outcome.broken, 1, true)
  end)
end)
