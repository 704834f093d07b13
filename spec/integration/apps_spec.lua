-- The apps, end to end, against the emulator in process.
--
-- labels: collector

local emulated = require "spec.support.emulated"
local suite = require "spec.support.app_suite"

describe("the apps, in process:", function()
  for _, case in ipairs(suite) do
    it(case.name, function()
      local emulator = emulated.emulator()
      case.run {
        client = function(options)
          return (emulated.client(emulator, options))
        end,
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
    end)
  end
end)
