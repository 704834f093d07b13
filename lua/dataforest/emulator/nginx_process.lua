--- The nginx of `dataforest emulator` as a process: its emulator, that it is ready, what it prints, the state
-- that it keeps, and when it has to end.
--
-- Runs in LuaJIT only, inside nginx.
-- @module dataforest.emulator.nginx_process

local ffi = require "ffi"
local files = require "dataforest.emulator.files"
local nginx = require "dataforest.emulator.nginx"
local shell = require "dataforest.util.shell"
local time = require "dataforest.util.time"

ffi.cdef [[
int getpid(void);
int kill(int pid, int signal);
int dup2(int from, int to);
int close(int descriptor);
int fileno(void *file);
int fsync(int descriptor);
]]

local SIGTERM = 15
local ESRCH = 3
local LOOK_EVERY = 0.5 -- seconds
local TERMINAL = 9 -- the descriptor that bin/dataforest leaves for what it prints itself

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
  os.execute("rm -rf -- " .. shell.quoted(folder))
  ffi.C.kill(ffi.C.getpid(), SIGTERM)
end

-- From now on nginx's log, which holds the emulator's own mistakes, goes where bin/dataforest prints.
local function print_to_terminal()
  if ffi.C.dup2(TERMINAL, 2) >= 0 then
    ffi.C.close(TERMINAL)
  end
end

local function printable(text)
  return (
    text:gsub("%c", function(char)
      return char == "\n" and "\\n" or ("\\x%02x"):format(char:byte())
    end)
  )
end

--- The line of a call for `--verbose`.
-- @tparam table call an entry of `emulator.calls`
-- @treturn string without a line feed
local function line_of(call)
  local at = time.utc(call.time)
  local parts = {
    ("%02d:%02d:%02d"):format(at.hour, at.min, at.sec),
    call.status and tostring(call.status) or "dropped: " .. tostring(call.dropped),
    call.method,
    call.target,
    call.user or (call.access_key and ("(unknown key %s)"):format(call.access_key)) or "(no key)",
  }
  if call.reason then
    parts[#parts + 1] = "- " .. call.reason
  end
  if call.string_to_sign then
    parts[#parts + 1] = ('- string to sign: "%s"'):format(call.string_to_sign)
  end
  for i, part in ipairs(parts) do
    parts[i] = printable(part)
  end
  return table.concat(parts, " ")
end

local function sync(file)
  ffi.C.fsync(ffi.C.fileno(file))
end

--- For `init_by_lua`: makes the emulator.
-- @tparam table settings see `server.write_files`
-- @treturn table `emulator`; `started()` for `init_worker_by_lua`: says that nginx listens, by making the
-- file `ready`, and watches the processes that it is to end with (the first is the script that started
-- nginx); `serve()` for `content_by_lua`
function process.new(settings)
  local emulator = assert(files.emulator(settings.options, settings))
  local saved

  local function save()
    if emulator.changes ~= saved then
      local ok, message = files.save(emulator, settings.state, sync)
      if not ok then
        io.stderr:write("dataforest emulator: the state was not saved: ", tostring(message), "\n")
        return
      end
      saved = emulator.changes
    end
  end

  if settings.state then
    save()
    settings.serve.before_response = save
  end
  if settings.verbose then
    emulator.options.on_call = function(call)
      io.stderr:write(line_of(call), "\n")
    end
  end
  return {
    emulator = emulator,
    serve = function()
      return nginx.serve(emulator, settings.serve)
    end,
    started = function()
      print_to_terminal()
      assert(io.open(settings.folder .. "/ready", "wb")):close()
      ngx.timer.every(LOOK_EVERY, function()
        for _, pid in ipairs(settings.watch) do
          if is_gone(pid) then
            return end_all(settings.watch[1], settings.folder)
          end
        end
      end)
    end,
  }
end

return process
