--- The nginx of `dataforest emulator` as a process: that it is ready, and when it has to end.
--
-- Runs in LuaJIT only, inside nginx.
-- @module dataforest.emulator.nginx_process

local ffi = require "ffi"

ffi.cdef [[
int getpid(void);
int kill(int pid, int signal);
]]

local SIGTERM = 15
local ESRCH = 3
local LOOK_EVERY = 0.5 -- seconds

local process = {}

local function is_gone(pid)
  return ffi.C.kill(pid, 0) ~= 0 and ffi.errno() == ESRCH
end

-- The script that started nginx clears up when it is told to. Where it is gone, killed without a
-- chance to do so, nginx does it itself.
local function end_all(supervisor, folder)
  if not is_gone(supervisor) then
    ffi.C.kill(supervisor, SIGTERM)
    return
  end
  os.execute("rm -rf -- '" .. folder:gsub("'", "'\\''") .. "'")
  ffi.C.kill(ffi.C.getpid(), SIGTERM)
end

--- For `init_worker_by_lua`: says that nginx listens, by making the file `ready`, and watches the processes
-- that it is to end with.
-- @tparam table settings `folder`, and `watch`: the process id of the script that started nginx, and others
function process.started(settings)
  assert(io.open(settings.folder .. "/ready", "wb")):close()
  ngx.timer.every(LOOK_EVERY, function()
    for _, pid in ipairs(settings.watch) do
      if is_gone(pid) then
        return end_all(settings.watch[1], settings.folder)
      end
    end
  end)
end

return process
