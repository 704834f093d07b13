--- The emulator as a real server for specs: `dataforest emulator`, over TLS, on a free port.
--
--     local server = require("spec.support.server").start { creation_delay = 0 }
--     local df = dataforest.new(server.options)      -- base_url, ca_file, access_key, secret_key
--     server:advance(180)
--     server:fail_next { operation = "accounts/create", status = 503 }
--     server:reset()
--     server:stop()
--
-- It ends with the process that started it, too.

local cjson = require "cjson"
local core = require "dataforest.core"
local read = require "dataforest.util.read_file"
local shell = require "dataforest.util.shell"

local START_SECONDS, STOP_SECONDS = 20, 10

local Server = {}
Server.__index = Server

local server = {}

local quoted = shell.quoted

--- Runs a command and returns what it printed on stdout.
function server.output_of(command)
  local pipe = io.popen(command, "r")
  local text = pipe:read "*a"
  pipe:close()
  return text
end

--- The command of the Lua that runs the specs.
server.LUA = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"

--- Whether a program is there.
function server.has(program)
  return server.output_of("command -v " .. program) ~= ""
end

--- Runs a shell command without a terminal.
-- @tparam string line
-- @tparam table environment all variables that it sees, besides the locale
-- @treturn number status
-- @treturn string standard output
-- @treturn string standard error
function server.run(line, environment)
  local words = { "env -i TERM=xterm LC_ALL=C.UTF-8" }
  for name, value in pairs(environment) do
    words[#words + 1] = name .. "=" .. quoted(value)
  end
  local errors = os.tmpname()
  words[#words + 1] = ("timeout 60 setsid -w sh -c %s 2>%s </dev/null; printf '=%%d' $?"):format(
    quoted(line),
    errors
  )
  local out, status = server.output_of(table.concat(words, " ")):match "^(.*)=(%d+)$"
  local complaint = read(errors)
  os.remove(errors)
  return tonumber(status), out, complaint
end

local own_pid

--- The number of this process.
function server.own_pid()
  own_pid = own_pid or server.output_of("echo $PPID"):match "%d+"
  return own_pid
end

--- What this process has open, a line each. Pipes are left out: the shell that looks has some, and the end
-- that it writes to may still be open here.
function server.open_files()
  collectgarbage()
  collectgarbage()
  local command = "ls -l /proc/%s/fd 2>&1 | sed -n 's/.* -> //p' | grep -v '^pipe:' | sort"
  return server.output_of(command:format(server.own_pid()))
end

local has_proc = read "/proc/self/stat" ~= nil

--- Whether a process runs; one that has ended and waits for its parent does not.
function server.is_running(pid)
  local state
  if has_proc then
    state = (read(("/proc/%d/stat"):format(pid)) or ""):match "^%d+ %(.*%) (%a)"
  else
    state = server.output_of(("ps -o stat= -p %d 2>/dev/null"):format(pid)):match "%a"
  end
  return state ~= nil and state ~= "Z"
end

--- Waits until `condition()` holds.
-- @treturn boolean whether it came to hold in time
function server.wait_until(condition, seconds)
  local deadline = core.monotonic() + seconds
  while not condition() do
    if core.monotonic() > deadline then
      return false
    end
    core.sleep(0.02)
  end
  return true
end

local NOT_OPTIONS = { port = true, listen = true, access_key = true, secret_key = true }

local function arguments_of(options)
  local arguments = { "--listen", options.listen or ("127.0.0.1:%d"):format(options.port or 0) }
  local parent = server.own_pid()
  if parent then
    arguments[#arguments + 1] = "--parent=" .. parent
  end
  for name, value in pairs(options) do
    if value == true then
      arguments[#arguments + 1] = "--" .. name:gsub("_", "-")
    elseif not NOT_OPTIONS[name] then
      for _, one in ipairs(type(value) == "table" and value or { value }) do
        arguments[#arguments + 1] = ("--%s=%s"):format(name:gsub("_", "-"), one)
      end
    end
  end
  for i, argument in ipairs(arguments) do
    arguments[i] = quoted(argument)
  end
  return table.concat(arguments, " ")
end

local function environment_of(options)
  local lines = {}
  for name, value in pairs { ACCESS_KEY = options.access_key, SECRET_KEY = options.secret_key } do
    lines[#lines + 1] = ("DATAFOREST_EMULATOR_%s=%s"):format(name, quoted(value))
  end
  return table.concat(lines, " ")
end

--- Starts a server.
-- @tparam[opt] table options those of the command line, with _ for - (`creation_delay`, `strict`, `latency`,
-- ...; a list for one that is repeated), and `port` or `listen`, `access_key`, `secret_key`
-- @treturn table `base_url`, `ca_file`, `access_key`, `secret_key`, `host`, `port`, `pid`, `folder`;
-- `options` for `dataforest.new`
function server.start(options)
  options = options or {}
  local said = os.tmpname()
  -- A shell ignores SIGINT in what it runs in the background, and nohup SIGHUP: not here, if env can help.
  local pid = server.output_of(
    (
      "defaults=; ! env --default-signal=INT true 2>/dev/null || defaults=--default-signal=INT,TERM,HUP;"
      .. " %s env $defaults bin/dataforest emulator %s >%s 2>%s.err </dev/null & echo $!"
    ):format(environment_of(options), arguments_of(options), quoted(said), quoted(said))
  )
  local self = setmetatable({ pid = tonumber(pid), host = "127.0.0.1" }, Server)
  local text
  local started = server.wait_until(function()
    text = read(said)
    return text:find "NCLOUD_SECRET_KEY='[^\n]*\n" or not server.is_running(self.pid)
  end, START_SECONDS)
  local complaint = read(said .. ".err") or ""
  os.remove(said)
  self.error_file = said .. ".err" -- what it prints later, too; removed when it stops
  if not started or not text:find "NCLOUD_SECRET_KEY" then
    os.remove(self.error_file)
  end
  if not (started and text:find "NCLOUD_SECRET_KEY") then
    error("the emulator did not start: " .. complaint, 2)
  end
  local function exported(name)
    local value = text:match(name .. "='([^\n]*)'\n")
    return value and (value:gsub("'\\''", "'"))
  end
  self.said = text
  self.base_url = exported "DATAFOREST_BASE_URL"
  self.ca_file = exported "DATAFOREST_CA_FILE"
  self.access_key = exported "NCLOUD_ACCESS_KEY"
  self.secret_key = exported "NCLOUD_SECRET_KEY"
  self.port = tonumber(self.base_url:match ":(%d+)$")
  self.folder = self.ca_file and self.ca_file:match "^(.*)/" -- none with `http`
  self.options = {
    base_url = self.base_url,
    ca_file = self.ca_file,
    access_key = self.access_key,
    secret_key = self.secret_key,
  }
  return self
end

--- The environment in which the command reaches it.
-- @tparam string home a folder
-- @tparam[opt] table more variables; false for one that is not set
-- @treturn table
function Server:environment(home, more)
  local values = {
    HOME = home,
    DATAFOREST_LUA = server.LUA,
    DATAFOREST_BASE_URL = self.base_url,
    DATAFOREST_CA_FILE = self.ca_file,
    NCLOUD_ACCESS_KEY = self.access_key,
    NCLOUD_SECRET_KEY = self.secret_key,
    PATH = server.output_of("pwd"):match "[^\n]+" .. "/bin:" .. os.getenv "PATH",
  }
  for name, value in pairs(more or {}) do
    values[name] = value or nil
  end
  return values
end

--- Stops it and waits until it is gone.
-- @tparam[opt="TERM"] string signal
function Server:stop(signal)
  os.execute(("kill -%s %d 2>/dev/null"):format(signal or "TERM", self.pid))
  local gone = server.wait_until(function()
    return not server.is_running(self.pid)
  end, STOP_SECONDS)
  os.remove(self.error_file)
  if not gone then
    os.execute(("kill -KILL %d"):format(self.pid))
    error("the emulator did not stop", 2)
  end
end

--- What it has printed on standard error.
function Server:printed()
  return read(self.error_file) or ""
end

--- Runs the curl tool against it.
-- @tparam string path
-- @tparam[opt] string arguments more of them, quoted for the shell
-- @treturn string what curl printed, its errors too
function Server:curl(path, arguments)
  return server.output_of(
    ("curl -sS -g --max-time 20 %s %s %s 2>&1"):format(
      self.ca_file and "--cacert " .. quoted(self.ca_file) or "",
      arguments or "",
      quoted(self.base_url .. path)
    )
  )
end

--- Steers the emulator: see `dataforest.emulator.control`.
function Server:control(what, given)
  local body = given and next(given) and cjson.encode(given) or "{}"
  local text = self:curl("/_emulator/" .. what, "-d " .. quoted(body))
  local response = cjson.decode(text)
  if response.error then
    error(response.error, 2)
  end
  return response.result
end

function Server:advance(seconds)
  return self:control("advance", { seconds = seconds })
end

function Server:fail_next(fault)
  return self:control("fail_next", fault)
end

function Server:add_account(account)
  return self:control("add_account", account)
end

function Server:reset()
  return self:control "reset"
end

function Server:calls()
  return self:control "calls"
end

return server
