-- The apps, end to end, against the emulator in process.
--
-- labels: collector

local emulated = require "spec.support.emulated"

describe("the apps, in process:", function()
  emulated.declare(it, require "spec.support.app_suite")
end)
