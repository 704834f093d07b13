-- Forests, end to end, against the emulator in process.

local emulated = require "spec.support.emulated"

describe("a forest, in process:", function()
  emulated.declare(it, require "spec.support.forest_suite")
end)
