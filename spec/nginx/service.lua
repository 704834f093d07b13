--- The other side of the tests inside nginx: an emulator over TLS, and servers that misbehave.
-- This half runs in plain Lua and starts it; what it serves is in `service_handlers.lua`.

local cjson = require "cjson"
local curl = require "dataforest.curl"
local folders = require "spec.support.files"
local nginx = require "spec.support.nginx"
local server = require "dataforest.emulator.server"

local service = {}

local HTTP = [[
  lua_shared_dict counts 1m;
  ssl_certificate server.pem;
  ssl_certificate_key server.key;
  ssl_protocols TLSv1.2 TLSv1.3;
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  lua_check_client_abort on;
  init_by_lua_block { handlers = require "spec.nginx.service_handlers" }
  server {
    listen 127.0.0.1:@api@ ssl;
    location / { content_by_lua_block { handlers.api() } }
  }
  server {
    listen 127.0.0.1:@plain_api@;
    location / { content_by_lua_block { handlers.api() } }
  }
  server {
    listen 127.0.0.1:@slow@ ssl;
    location / { content_by_lua_block { handlers.slow() } }
  }
  server {
    listen 127.0.0.1:@faults@ ssl;
    location / { content_by_lua_block { handlers.fault() } }
  }
  server {
    listen 127.0.0.1:@plain@;
    location / { content_by_lua_block { handlers.fault() } }
  }
  server {
    listen 127.0.0.1:@short@ ssl;
    keepalive_timeout 100ms;
    location / { content_by_lua_block { handlers.fault() } }
  }
  server {
    listen 127.0.0.1:@counts@;
    location / { content_by_lua_block { handlers.counts() } }
  }
]]

local function control(self, what, given)
  self.control_engine = self.control_engine or curl.engine { ca_file = self.folder .. "/ca.pem" }
  local response = assert(self.control_engine:perform {
    method = "POST",
    url = ("https://localhost:%s/_emulator/%s"):format(self.ports.api, what),
    headers = {},
    body = given and cjson.encode(given) or "{}",
    timeout = 10,
    connect_timeout = 5,
    max_response_bytes = 1000000,
  })
  assert(response.status == 200, response.body)
  return cjson.decode(response.body).result
end

--- Starts it. Its method `control(what, given)` steers the emulator, see `dataforest.emulator.control`.
-- @treturn Nginx with a port each for `api` (the emulator), `plain_api` (the same without TLS), `slow`
--   (500 ms for each response), `faults`, `plain` (the same without TLS), `short` (closes idle connections
--   after 100 ms) and `counts`
function service.start()
  local folder = folders.new_folder()
  assert(server.make_certificates(folder, { "df.test", "localhost", "127.0.0.1", "::1" }))
  local files = {}
  for _, name in ipairs { "ca.pem", "server.pem", "server.key" } do
    files[name] = nginx.read_file(folder .. "/" .. name)
  end
  folders.remove(folder)
  local ports = { "api", "plain_api", "slow", "faults", "plain", "short", "counts" }
  local self = nginx.start { http = HTTP, ports = ports, files = files }
  self.control = control
  return self
end

return service
