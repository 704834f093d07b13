-- Forests, end to end, against the emulator in process.

local emulated = require "spec.support.emulated"
local suite = require "spec.support.forest_suite"

describe("a forest, in process:", function()
  for _, case in ipairs(suite) do
    it(case.name, function()
      local emulator = emulated.emulator()
      case.run {
        client = function(options)
          return (emulated.client(emulator, options))
        end,
        emulator = emulator,
      }
    end)
  end
end)
