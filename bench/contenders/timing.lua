--- Times a contender. Its script is run with the number of calls as its last argument, and prints two
-- numbers: the seconds that they took, and the CPU seconds of the process.

local core = require "dataforest.core"

local timing = {}

--- What the service is and how it is called, as the bench said it.
function timing.setting(name)
  return assert(os.getenv(name), name .. " is not set: run the bench, not its parts")
end

--- @tparam function calls does as many calls as it is told
function timing.run(calls)
  local count = assert(tonumber(arg[#arg]), "the last argument is the number of calls")
  calls(math.max(64, math.ceil(count / 10))) -- connects, and lets LuaJIT compile
  collectgarbage()
  local started, cpu_started = core.monotonic(), os.clock()
  calls(count)
  print(("%.6f %.6f"):format(core.monotonic() - started, os.clock() - cpu_started))
end

return timing
