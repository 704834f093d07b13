-- The whole suites of accounts, apps and clocks inside nginx: LuaJIT, cosockets, TLS, and the emulator in
-- another nginx.

local app = require "spec.nginx.app"
local cjson = require "cjson"
local service = require "spec.nginx.service"

describe("inside nginx:", function()
  local its_service, its_app

  setup(function()
    its_service = service.start()
    its_app = app.start(its_service)
  end)

  teardown(function()
    its_app:stop()
    its_service:stop()
  end)

  for _, name in ipairs { "account_suite", "app_suite", "clock_suite", "forest_suite" } do
    for number, case in ipairs(require("spec.support." .. name)) do
      it(("%s: %s"):format(name:gsub("_suite", "s"), case.name), function()
        assert.are.equal("passed", its_app:call("case", { suite = name, number = number }))
      end)
    end
  end

  it("went over the network", function()
    local _, body = its_service:get("counts", "/?port=" .. its_service.ports.api)
    assert.is_true(cjson.decode(body).requests > 300)
  end)

  it("left both logs without a word above warn", function()
    assert.are.equal("", its_app:complaints())
    assert.are.equal("", its_service:complaints())
  end)
end)
