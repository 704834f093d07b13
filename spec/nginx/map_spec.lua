-- df:map inside nginx, where light threads run the calls.

local app = require "spec.nginx.app"

describe("df:map inside nginx", function()
  local its = app.with_service(setup, teardown)

  it("makes its calls at once, maps within it too, and keeps what a function raises to its item", function()
    local outcome = its.app:call("map", {})
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
