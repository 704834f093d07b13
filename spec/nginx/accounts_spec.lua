-- The whole account suite inside nginx: LuaJIT, cosockets, TLS, and the emulator in another nginx.

local app = require "spec.nginx.app"
local service = require "spec.nginx.service"
local suite = require "spec.support.account_suite"

describe("the accounts, inside nginx:", function()
  local its_service, its_app

  setup(function()
    its_service = service.start()
    its_app = app.start(its_service)
  end)

  teardown(function()
    its_app:stop()
    its_service:stop()
  end)

  for number, case in ipairs(suite) do
    it(case.name, function()
      assert.are.equal("passed", its_app:call("case", { number = number }))
    end)
  end

  it("left both logs without a word above warn", function()
    assert.are.equal("", its_app:complaints())
    assert.are.equal("", its_service:complaints())
  end)
end)
