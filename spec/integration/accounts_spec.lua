-- The accounts, end to end, against the emulator in process. The same cases run inside nginx over
-- cosockets (spec/nginx).
--
-- labels: collector

local emulated = require "spec.support.emulated"

describe("the accounts, in process:", function()
  emulated.declare(it, require "spec.support.account_suite")
end)
