--- The command line as a script: `bin/dataforest` runs it.
-- @module dataforest.cli.main

-- Loaded as a module, as a check that all of them load does, it does nothing.
if (...) == "dataforest.cli.main" then
  return {}
end

local cli = require "dataforest.cli"

local code = cli.main(arg)
if code == cli.INTERRUPTED then
  -- Ends by the signal itself, so that the shell's loop or script that runs it ends, too.
  require("dataforest.core").terminal.interrupt()
end
os.exit(code, true)
