-- What can go wrong between a client and the service, over libcurl: see spec/support/fault_cases.lua.
--
-- labels: wire

local calls = require "spec.support.fault_calls"
local cases = require "spec.support.fault_cases"
local suite = require "spec.support.fault_suite"

describe("the table of faults", function()
  it("holds each of them once, and says why transports differ", function()
    local seen = {}
    for _, case in ipairs(cases) do
      assert.is_nil(seen[case.name], case.name)
      seen[case.name] = true
      for _, transport in ipairs { "curl", "cosocket" } do
        local own = case[transport] or {}
        if own.kind or own.attempts then
          assert.is_string(own.because, case.name)
        end
      end
    end
    assert.is_true(#cases >= 60)
  end)
end)

describe("over libcurl, a client #full", function()
  local server

  setup(function()
    server = suite.start_server()
  end)

  teardown(function()
    server:stop()
  end)

  suite.declare(it, "curl", function(case, _, effect, step)
    return calls.step(case, effect, step, {
      transport = "curl",
      ca_file = server.ca_file,
      address = server:address(suite.name_of(case, effect)),
    })
  end, function()
    return server
  end)
end)
