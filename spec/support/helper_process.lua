--- A helper of specs in a process of its own: a LuaJIT script, a server for the most part, that works in a
-- folder and ends with this process.

local files = require "spec.support.files"
local process = require "spec.support.server"
local read = require "dataforest.util.read_file"
local shell = require "dataforest.util.shell"

local START_SECONDS, STOP_SECONDS = 20, 5

local Helper = {}
Helper.__index = Helper

local helper_process = {}

--- Starts one, and waits until it has written a file.
-- @tparam string script in spec/support, which gets the folder, this process's number, and the arguments
-- @tparam string folder
-- @tparam string ready the file's name
-- @tparam[opt] string arguments for the shell
-- @treturn table with `ready`, what the file holds
function helper_process.start(script, folder, ready, arguments)
  local self = setmetatable({ script = script, folder = folder }, Helper)
  local command = table.concat({
    -- What is preloaded here (a sanitizer's library, say) is not for that process.
    "env -u LUA_PATH -u LUA_CPATH -u LD_PRELOAD luajit spec/support/" .. script,
    shell.quoted(folder),
    process.own_pid(),
    arguments or "",
    (">%s 2>&1 </dev/null & echo $!"):format(shell.quoted(self:output_file())),
  }, " ")
  self.pid = tonumber(process.output_of(command))
  process.wait_until(function()
    self.ready = read(folder .. "/" .. ready)
    return self.ready or not process.is_running(self.pid)
  end, START_SECONDS)
  if not self.ready then
    error(("%s did not start: %s"):format(script, read(self:output_file()) or ""), 2)
  end
  return self
end

function Helper:output_file()
  return ("%s/%s.said"):format(self.folder, self.script)
end

--- Stops it. What it complained of is an error.
-- @tparam[opt] boolean with_folder remove its folder, too
function Helper:stop(with_folder)
  os.execute(("kill %d 2>/dev/null"):format(self.pid))
  process.wait_until(function()
    return not process.is_running(self.pid)
  end, STOP_SECONDS)
  local said = files.read(self:output_file())
  if with_folder then
    files.remove(self.folder)
  end
  if said ~= "" then
    error(("%s complained: %s"):format(self.script, said), 2)
  end
end

return helper_process
