--- The nginx under test: handlers that call the client. This half runs in plain Lua and starts it; the
-- handlers are in `app_handlers.lua`.

local cjson = require "cjson"
local nginx = require "spec.support.nginx"
local service = require "spec.nginx.service"

local app = {}

local HTTP = [[
  lua_ssl_trusted_certificate ca.pem;
  lua_ssl_verify_depth 3;
  lua_ssl_protocols TLSv1.2 TLSv1.3;
  lua_socket_log_errors off;
  keepalive_requests 100000000;
  @EXTRA@
  @INIT@
  server {
    listen 127.0.0.1:@http@;
    location = /idle { content_by_lua_block { ngx.say "idle" } }
    location /do/ { content_by_lua_block { require("spec.nginx.app_handlers").run() } }
    @LOCATIONS@
  }
]]

local function ports_literal(ports)
  local parts = {}
  for name, port in pairs(ports) do
    parts[#parts + 1] = ("%s = %d"):format(name, tonumber(port))
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

--- Starts it.
-- @tparam Nginx its_service whose ports the handlers dial, and whose CA they trust
-- @tparam[opt] table options `init` (in place of the `init_by_lua_block`), `extra` (for `http { }`),
--   `locations` (for `server { }`), and `files`, `paths`, `workers`, `log_level`, `env` of `nginx.start`
-- @treturn Nginx with the port `http`, and with `call(handler, arguments)`
function app.start(its_service, options)
  options = options or {}
  local values = {
    INIT = options.init or "init_by_lua_block { service_ports = @SERVICE@ }",
    EXTRA = options.extra or "",
    LOCATIONS = options.locations or "",
  }
  local inner = { SERVICE = ports_literal(its_service.ports), CA = its_service.folder .. "/ca.pem" }
  local files = options.files or {}
  files["ca.pem"] = nginx.read_file(its_service.folder .. "/ca.pem")
  local self = nginx.start {
    http = HTTP:gsub("@(%u+)@", values):gsub("@(%u+)@", inner),
    ports = { "http" },
    files = files,
    paths = options.paths,
    workers = options.workers,
    log_level = options.log_level,
    env = options.env,
  }

  --- What a handler returns; raises where it raised.
  function self.call(_, handler, arguments, call_options)
    local query = {}
    for name, value in pairs(arguments or {}) do
      query[#query + 1] = name .. "=" .. tostring(value)
    end
    local target = ("/do/%s?%s"):format(handler, table.concat(query, "&"))
    local status, body = self:get("http", target, call_options)
    if status ~= 200 then
      error(("%s: %s %s"):format(target, tostring(status), type(body) == "table" and body.message or body), 2)
    end
    return cjson.decode(body)
  end

  return self
end

--- Starts the service of spec/nginx/service.lua and an nginx that dials it, for the tests of a `describe`.
-- @tparam function setup of busted
-- @tparam function teardown of busted
-- @tparam[opt] table options of `app.start`
-- @treturn table `app` and `service`, and `counts(port)`: what came to a port of the service
function app.with_service(setup, teardown, options)
  local its = {}
  setup(function()
    its.service = service.start()
    its.app = app.start(its.service, options)
  end)
  teardown(function()
    its.app:stop()
    its.service:stop()
  end)
  function its.counts(port)
    local _, body = its.service:get("counts", "/?port=" .. its.service.ports[port])
    return cjson.decode(body)
  end
  return its
end

return app
