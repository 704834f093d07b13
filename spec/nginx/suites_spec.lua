-- The whole suites of accounts, apps and clocks inside nginx: LuaJIT, cosockets, TLS, and the emulator in
-- another nginx.

local app = require "spec.nginx.app"

describe("inside nginx:", function()
  local its = app.with_service(setup, teardown)

  for _, name in ipairs { "account_suite", "app_suite", "clock_suite", "forest_suite" } do
    for number, case in ipairs(require("spec.support." .. name)) do
      it(("%s: %s"):format(name:gsub("_suite", "s"), case.name), function()
        assert.are.equal("passed", its.app:call("case", { suite = name, number = number }))
      end)
    end
  end

  it("went over the network", function()
    assert.is_true(its.counts("api").requests > 300)
  end)

  it("left both logs without a word above warn", function()
    assert.are.equal("", its.app:complaints())
    assert.are.equal("", its.service:complaints())
  end)
end)
