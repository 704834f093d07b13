--- nginx for tests: started in a folder of its own on free ports, asked over HTTP, stopped without
-- a trace. For plain Lua, outside nginx.

local core = require "dataforest.core"
local curl = require "dataforest.curl"
local files = require "spec.support.files"
local read_file = require "dataforest.util.read_file"
local own_pid = require("spec.support.server").own_pid
local server = require "dataforest.emulator.server"
local shell = require "dataforest.util.shell"

local nginx = {}

local Nginx = {}
Nginx.__index = Nginx

-- Below the ports that the system hands out to clients.
local FIRST_PORT, LAST_PORT = 11000, 31999
local STARTS = 20
local STOP_SECONDS = 10

local MAIN = [[
@MODULES@
daemon on;
@USER@
worker_processes @WORKERS@;
worker_shutdown_timeout 20s;
pid nginx.pid;
error_log error.log @LOG_LEVEL@;
@ENV@
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  client_max_body_size 16m;
  @PATHS@
  @HTTP@
}
]]

local PATHS = [[
  lua_package_path "@ROOT@/?.lua;@ROOT@/lua/?.lua;@ROOT@/lua/?/init.lua;;";
  lua_package_cpath "@ROOT@/build/luajit/?.so;;";
]]

local function output_of(command)
  local pipe = assert(io.popen(command, "r"))
  local text = pipe:read "*a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

nginx.output_of = output_of

local root, is_root, binary

--- The root of the tree.
function nginx.root()
  root = root or output_of "pwd"
  return root
end

local seed = math.floor(core.now() * 1e6) % 2147483646 + 1

--- A port that may well be free.
function nginx.random_port()
  seed = seed * 16807 % 2147483647
  return FIRST_PORT + seed % (LAST_PORT - FIRST_PORT + 1)
end

--- What is in a file, or nothing.
function nginx.read_file(path)
  return read_file(path) or ""
end

-- Ends a process and removes its folder where the specs ended without doing so.
local GUARD = [[
while kill -0 %d && kill -0 %d; do sleep 0.5; done
kill %d && sleep 0.5
rm -rf %s
]]

--- Sees to it that a process does not outlive this one.
function nginx.guard(pid, folder)
  local script = GUARD:format(own_pid(), pid, pid, shell.quoted(folder))
  -- In a session of its own: what is sent to all processes of a terminal or of a test run passes it by.
  os.execute(("setsid sh -c %s >/dev/null 2>&1 </dev/null &"):format(shell.quoted(script)))
end

--- Starts an nginx, and returns once it listens.
-- @tparam table options
-- @tparam string options.http what stands inside `http { }`; `@name@` is the port of that name
-- @tparam string options.conf in place of `http`, a whole nginx.conf
-- @tparam {string,...} options.ports names of the ports to find
-- @tparam[opt=true] boolean options.paths false leaves the Lua paths to `http`
-- @tparam[opt] string options.copy a folder whose files are copied
-- @tparam[opt] table options.files more files of the folder: name to text
-- @tparam[opt=1] number options.workers
-- @tparam[opt="warn"] string options.log_level
-- @tparam[opt] {string,...} options.env lines for `env`
-- @tparam[opt] string options.preload assignments in front of the command, such as `LD_PRELOAD=...`
-- @treturn Nginx with `folder` and `ports`
function nginx.start(options)
  if not binary then
    binary = assert(server.find_nginx())
    is_root = output_of "id -u" == "0"
  end
  local self = setmetatable({ folder = files.new_folder(), ports = {} }, Nginx)
  output_of("chmod 755 " .. shell.quoted(self.folder))
  if options.copy then
    output_of(("cp -r %s/. %s"):format(shell.quoted(options.copy), shell.quoted(self.folder)))
  end
  for name, text in pairs(options.files or {}) do
    files.write(self.folder .. "/" .. name, text)
  end
  local modules, env = {}, {}
  for i, path in ipairs(binary.modules) do
    modules[i] = ('load_module "%s";'):format(path)
  end
  for i, line in ipairs(options.env or {}) do
    env[i] = ("env %s;"):format(line)
  end
  for _ = 1, STARTS do
    for _, name in ipairs(options.ports) do
      self.ports[name] = ("%d"):format(nginx.random_port())
    end
    local values = {
      MODULES = table.concat(modules, "\n"),
      USER = is_root and "user root root;" or "",
      WORKERS = tostring(options.workers or 1),
      LOG_LEVEL = options.log_level or "warn",
      ENV = table.concat(env, "\n"),
      ROOT = nginx.root(),
      HTTP = options.http and (options.http:gsub("@([%w_]+)@", self.ports)),
    }
    local conf = options.conf and options.conf:gsub("@(%l[%w_]*)@", self.ports) or MAIN
    conf = conf:gsub("@(HTTP)@", values):gsub("@PATHS@", options.paths == false and "" or PATHS)
    files.write(self.folder .. "/nginx.conf", (conf:gsub("@(%u[%u_]*)@", values)))
    local command = ("%s %s -p %s/ -c nginx.conf -e error.log 2>&1; echo =$?"):format(
      options.preload or "",
      shell.quoted(binary.path),
      shell.quoted(self.folder)
    )
    local said = output_of("cd " .. shell.quoted(self.folder) .. " && " .. command)
    if said:find "=0$" then
      self.pid =
        assert(tonumber(nginx.read_file(self.folder .. "/nginx.pid"):match "%d+"), "nginx wrote no pid")
      nginx.guard(self.pid, self.folder)
      self.engine = curl.engine {}
      return self
    elseif not said:find("Address already in use", 1, true) then
      files.remove(self.folder)
      error("nginx did not start:\n" .. said, 2)
    end
    files.write(self.folder .. "/error.log", "")
  end
  files.remove(self.folder)
  error("nginx found no free ports", 2)
end

--- Sends a GET to a plain port, and waits for the response.
-- @treturn number|nil status
-- @treturn string|table body, or the failure
-- @treturn ?table headers
function Nginx:get(port, target, options)
  options = options or {}
  local response, failure = (options.engine or self.engine):perform {
    method = "GET",
    url = ("http://127.0.0.1:%s%s"):format(self.ports[port], target),
    headers = options.headers or {},
    once = options.once, -- never sent again, however long the response takes
    timeout = options.timeout or 30,
    connect_timeout = 5,
    max_response_bytes = 16 * 1024 * 1024,
  }
  if not response then
    return nil, failure
  end
  return response.status, response.body, response.headers
end

--- What was logged above the level warn, line by line, without lines that match any of the patterns.
function Nginx:complaints(allowed)
  local lines = {}
  for line in nginx.read_file(self.folder .. "/error.log"):gmatch "[^\n]+" do
    local level = line:match "^%d+/%d+/%d+ [%d:]+ %[(%l+)%]"
    local is_allowed = level and (level == "warn" or level == "notice" or level == "info" or level == "debug")
    for _, pattern in ipairs(allowed or {}) do
      is_allowed = is_allowed or line:find(pattern) ~= nil
    end
    if not is_allowed then
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines, "\n")
end

function Nginx:log()
  return nginx.read_file(self.folder .. "/error.log")
end

function Nginx:signal(name)
  output_of(("kill -%s %d 2>&1"):format(name, self.pid))
end

--- The processes of the workers.
function Nginx:workers()
  local pids = {}
  for pid in nginx.read_file(("/proc/%d/task/%d/children"):format(self.pid, self.pid)):gmatch "%d+" do
    pids[#pids + 1] = tonumber(pid)
  end
  return pids
end

--- A process that has ended and was not yet waited for counts as gone.
function Nginx:is_running()
  local state = nginx.read_file(("/proc/%d/stat"):format(self.pid)):match "%) (%a)"
  return state ~= nil and state ~= "Z"
end

--- Stops it and removes its folder.
function Nginx:stop()
  self.engine:close()
  self:signal "TERM"
  local deadline = core.monotonic() + STOP_SECONDS
  while self:is_running() do
    if core.monotonic() > deadline then
      self:signal "KILL"
      deadline = deadline + STOP_SECONDS
    end
    core.sleep(0.02)
  end
  files.remove(self.folder)
end

return nginx
