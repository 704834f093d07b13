-- What can go wrong between a client inside nginx and the service: spec/support/fault_cases.lua over
-- cosockets.

local app = require "spec.nginx.app"
local suite = require "spec.support.fault_suite"

-- What nginx says by itself of connections that break; a client cannot keep it from doing so.
local NGINX_OWN_WORDS = {
  "recv%(%) failed %(104: Connection reset by peer%)",
  "send%(%) failed %(104: Connection reset by peer%)",
  "SSL_read%(%) failed",
  "peer closed connection in SSL handshake",
  "SSL_do_handshake%(%) failed",
  "connect%(%) failed %(111: Connection refused%)",
}

describe("over cosockets, a client", function()
  local server, its_app

  setup(function()
    server = suite.start_server()
    its_app = app.start({ folder = server.folder, ports = {} }, { log_level = "info" })
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
  end, function()
    return its_app:log()
  end)

  it("wrote nothing above warn but nginx's own words", function()
    assert.are.equal("", its_app:complaints(NGINX_OWN_WORDS))
  end)
end)
