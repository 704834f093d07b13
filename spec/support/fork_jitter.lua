-- Run by LuaJIT: prints, for the parent and for each of its children, the pauses before their next attempts.

local ffi = require "ffi"
local retry = require "dataforest.request.retry"

ffi.cdef [[
int fork(void);
int waitpid(int pid, int *status, int options);
void _exit(int status);
]]

local POLICY = { base_delay = 1, max_delay = 8 }

local function tell()
  local pauses = {}
  for attempt = 1, 3 do
    pauses[attempt] = ("%.9f"):format(retry.pause(POLICY, attempt))
  end
  print(table.concat(pauses, " "))
  io.stdout:flush()
end

retry.pause(POLICY, 1)
for _ = 1, 3 do
  local pid = ffi.C.fork()
  if pid == 0 then
    tell()
    ffi.C._exit(0)
  end
  ffi.C.waitpid(pid, nil, 0)
end
tell()
