--- The command line, run by `bin/dataforest`.
-- @module dataforest.cli.main

local USAGE = "Usage: dataforest emulator [options]   (dataforest emulator --help says more)\n"

-- Loaded as a module, as a check that all of them load does, it does nothing.
if (...) == "dataforest.cli.main" then
  return {}
end

local asked = arg[1] == "-h" or arg[1] == "--help"
local stream = asked and io.stdout or io.stderr
stream:write(USAGE)
os.exit(asked and 0 or 2)
