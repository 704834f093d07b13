--- The servers of the bench: nginx over TLS with one fixed answer, and another nginx that calls it.
-- They run on free ports, with one worker each.

local answers = require "bench.answers"
local curl = require "dataforest.curl"
local folders = require "spec.support.files"
local nginx = require "spec.support.nginx"
local server = require "dataforest.emulator.server"

local service = {}

local TARGET = "/api/v2/accounts/getDetail"

-- A sample is looked at: of each connection's requests one in fifty; all of them where there are few.
local SERVICE = [[
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  map $connection_requests $is_checked { "~SAMPLE" 1; default 0; }
  init_by_lua_block { bench_check = require "bench.nginx_check" }
  ssl_certificate server.pem;
  ssl_certificate_key server.key;
  server {
    listen 127.0.0.1:@api@ ssl;
    location = TARGET {
      if ($is_checked) { rewrite ^ /checked last; }
      return 200 'ACCOUNT';
    }
    location = /checked { internal; content_by_lua_block { bench_check.answer() } }
  }
  server {
    listen 127.0.0.1:@report@;
    location / { content_by_lua_block { bench_check.report() } }
  }
]]

local CALLER = [[
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  lua_ssl_trusted_certificate ca.pem;
  lua_ssl_verify_depth 3;
  init_by_lua_block { bench_handlers = require "bench.nginx_handlers" }
  server {
    listen 127.0.0.1:@caller@;
    location = /library { content_by_lua_block { bench_handlers.library() } }
    location = /by-hand { content_by_lua_block { bench_handlers.by_hand() } }
    location = /resty-http { content_by_lua_block { bench_handlers.resty_http() } }
  }
  server {
    listen 127.0.0.1:@untrusting@;
    lua_ssl_trusted_certificate other.pem;
    location = /library { content_by_lua_block { bench_handlers.library() } }
    location = /by-hand { content_by_lua_block { bench_handlers.by_hand() } }
    location = /resty-http { content_by_lua_block { bench_handlers.resty_http() } }
  }
]]

--- A certificate for localhost and the authority that signed it, as files.
local function new_certificates()
  local folder, files = folders.new_folder(), {}
  assert(server.make_certificates(folder, { "localhost" }))
  for _, name in ipairs { "ca.pem", "server.pem", "server.key" } do
    files[name] = nginx.read_file(folder .. "/" .. name)
  end
  folders.remove(folder)
  return files
end

local function env_lines(settings)
  local lines = {}
  for name, value in pairs(settings) do
    lines[#lines + 1] = ("'%s=%s'"):format(name, value)
  end
  return lines
end

local function pin(instance, cpu)
  for _, pid in ipairs(cpu and instance:workers() or {}) do
    nginx.output_of(("taskset -cp %d %d 2>&1"):format(cpu, pid))
  end
end

--- Starts both servers.
-- @tparam table options `check_all` (boolean), and the CPUs of the workers: `cpu`, `caller_cpu`
-- @treturn table `settings` (environment of contenders), `ports`, `other_ca` (a file's path)
function service.start(options)
  local files = new_certificates()
  files["other.pem"] = new_certificates()["ca.pem"]
  local settings = {
    BENCH_TARGET = TARGET,
    BENCH_BODY = ('{"id":"%s"}'):format(answers.id),
    BENCH_ACCESS_KEY = "AKBENCHBENCHBENCH",
    BENCH_SECRET_KEY = "SKBENCHBENCHBENCHBENCHBENCHBENCH",
  }
  local values =
    { TARGET = TARGET, ACCOUNT = answers.account, SAMPLE = options.check_all and "." or "(25|75)$" }
  local self = { settings = settings }
  self.api = nginx.start {
    http = SERVICE:gsub("%u%u%u%u%u%u%u?", values),
    ports = { "api", "report" },
    files = files,
    env = env_lines(settings),
  }
  pin(self.api, options.cpu)
  settings.BENCH_CA = self.api.folder .. "/ca.pem"
  settings.BENCH_URL = ("https://localhost:%s%s"):format(self.api.ports.api, TARGET)
  self.other_ca = self.api.folder .. "/other.pem"
  self.caller = nginx.start {
    http = CALLER,
    ports = { "caller", "untrusting" },
    files = files,
    env = env_lines(settings),
  }
  pin(self.caller, options.caller_cpu)
  self.caller_url = ("http://127.0.0.1:%s/"):format(self.caller.ports.caller)
  self.engine = curl.engine {}
  return self
end

--- How many of the requests that the service looked at were right, and how many were wrong.
-- @treturn number right
-- @treturn number wrong
function service.report(self)
  local status, text = self.api:get("report", "/")
  assert(status == 200, "the service does not report")
  local right, wrong = text:match "^(%d+) (%d+)$"
  return tonumber(right), tonumber(wrong)
end

--- What the servers complained about.
function service.complaints(self)
  return self.api:complaints() .. self.caller:complaints()
end

--- Stops both.
function service.stop(self)
  self.caller:stop()
  self.api:stop()
end

return service
