-- The accounts, end to end, against the emulator in process. The same cases run inside nginx over
-- cosockets (spec/nginx).
--
-- labels: collector

local dataforest = require "dataforest"
local new_emulator = require("dataforest.emulator").new
local suite = require "spec.support.account_suite"

describe("the accounts, in process:", function()
  local emulator = new_emulator()
  local context = {
    emulator = setmetatable({
      calls = function()
        return emulator.calls
      end,
    }, {
      __index = function(_, name)
        return function(_, ...)
          return emulator[name](emulator, ...)
        end
      end,
    }),
  }

  local clock_offset = 0

  -- In process a client's clock is the emulator's, unless told otherwise.
  function context.advance_service_clock(seconds)
    clock_offset = -seconds
  end

  function context.client(options)
    local all = {
      transport = emulator:transport { clock_offset = clock_offset },
      access_key = emulator.access_key,
      secret_key = emulator.secret_key,
    }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    return dataforest.new(all)
  end

  for _, case in ipairs(suite) do
    it(case.name, function()
      emulator:reset()
      clock_offset = 0
      case.run(context)
    end)
  end
end)
