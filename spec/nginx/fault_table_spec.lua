-- What can go wrong between a client inside nginx and the service: spec/support/fault_cases.lua over
-- cosockets.

local app = require "spec.nginx.app"
local suite = require "spec.support.fault_suite"

describe("over cosockets, a client", function()
  local server, its_app

  setup(function()
    server = suite.start_server()
    its_app = app.start { folder = server.folder, ports = {} }
  end)

  teardown(function()
    its_app:stop()
    server:stop()
  end)

  suite.declare(it, "cosocket", function(case, number, effect, step)
    return its_app:call("fault_step", {
      number = number,
      effect = effect,
      step = step,
      address = server:address(suite.name_of(case, effect)),
    })
  end, function()
    return server
  end)
end)
