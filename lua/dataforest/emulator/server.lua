--- What `dataforest emulator` needs to run: certificates, and the configuration of an nginx.
--
-- Plain Lua can catch no signals, so that the running itself (starting nginx, waiting, clearing
-- up) is done by the shell script `bin/dataforest`; here the files in its folder are written:
--
--     ca.pem            for clients: the CA that signed the certificate
--     server.pem, server.key
--     init.lua          makes the emulator, inside nginx
--     port              the port that was asked for; 0 for one that is free
--     nginx.conf.in     the configuration, with @PORT@ in the place of the port
--     environment       the lines for clients, with @PORT@
--     address           where clients reach it, with @PORT@
--     command           the command line that runs nginx, for sh
--     ready             made by nginx once it listens
--
-- @module dataforest.emulator.server

local server = {}

-- Files and commands -----------------------------------------------------------------------------------

local function write(path, text)
  local file, message = io.open(path, "wb")
  if not file then
    return nil, message
  end
  file:write(text)
  return file:close()
end

local function exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close()
end

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

server.quoted = quoted

local function output_of(command)
  local pipe = io.popen(command .. " 2>&1", "r")
  local text = pipe:read "*a"
  pipe:close()
  return text
end

-- True, or nil and what the command said. The status is printed, since Lua 5.1 does not return it.
local function run(command)
  local text = output_of("{ " .. command .. '; } </dev/null 2>&1; echo "=$?"')
  local said, status = text:match "^(.-)\n?=(%d+)\n$"
  if status == "0" then
    return true
  end
  return nil, said or text
end

-- Certificates -----------------------------------------------------------------------------------------

local CA_CONFIG = [[
[req]
distinguished_name = name
prompt = no
x509_extensions = ca
[name]
CN = Data Forest emulator, test CA
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
]]

local SERVER_CONFIG = [[
[req]
distinguished_name = name
prompt = no
[name]
CN = Data Forest emulator
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = %s
]]

local function alternative_names(host)
  local names = { "IP:127.0.0.1", "IP:::1", "DNS:localhost" }
  if host:find ":" or host:find "^%d+%.%d+%.%d+%.%d+$" then
    names[#names + 1] = "IP:" .. host
  else
    names[#names + 1] = "DNS:" .. host
  end
  return table.concat(names, ",")
end

--- Makes a CA and a certificate that it signed, good for 30 days. The CA's key is thrown away, so
-- that nothing else can be signed with it.
-- @tparam string folder where `ca.pem`, `server.pem` and `server.key` go
-- @tparam string host a name or address besides localhost, 127.0.0.1 and ::1
-- @treturn boolean|nil
-- @treturn ?string what went wrong
function server.make_certificates(folder, host)
  write(folder .. "/ca.cnf", CA_CONFIG)
  write(folder .. "/server.cnf", SERVER_CONFIG:format(alternative_names(host)))
  local new_key = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
  local ok, message = run(table.concat({
    "cd " .. quoted(folder),
    new_key .. "-x509 -sha256 -days 30 -config ca.cnf -keyout ca.key -out ca.pem",
    new_key .. "-config server.cnf -keyout server.key -out server.csr",
    "openssl x509 -req -sha256 -days 30 -in server.csr -CA ca.pem -CAkey ca.key -set_serial 2 "
      .. "-extfile server.cnf -extensions server -out server.pem",
    "rm -f ca.key ca.cnf server.cnf server.csr",
  }, " && "))
  if not ok then
    return nil, "openssl could not make a certificate (on Debian: apt-get install openssl):\n" .. message
  end
  return true
end

-- nginx ------------------------------------------------------------------------------------------------

local NGINX_PLACES = {
  "openresty",
  "nginx",
  "/usr/sbin/nginx",
  "/usr/local/sbin/nginx",
  "/usr/local/openresty/nginx/sbin/nginx",
  "/usr/local/nginx/sbin/nginx",
}

local MODULE_FOLDERS = {
  "/usr/lib/nginx/modules",
  "/usr/lib64/nginx/modules",
  "/usr/share/nginx/modules",
  "/usr/local/nginx/modules",
  "/etc/nginx/modules",
}

local NO_LUA = "%s is no nginx with the Lua module (on Debian: apt-get install nginx-light "
  .. "libnginx-mod-http-lua; OpenResty's nginx will do as well)"

-- The modules to load for Lua: none where it is built in, nil where it is not to be had.
local function lua_modules(about)
  for _, name in ipairs { "ngx_lua", "lua%-nginx%-module" } do
    if about:find("%-%-add%-module=%S*" .. name) then
      return {}
    end
  end
  local folders = { about:match "%-%-modules%-path=(%S+)" }
  for _, folder in ipairs(MODULE_FOLDERS) do
    folders[#folders + 1] = folder
  end
  for _, folder in ipairs(folders) do
    local lua = folder .. "/ngx_http_lua_module.so"
    if exists(lua) then
      local ndk = folder .. "/ndk_http_module.so"
      return exists(ndk) and { ndk, lua } or { lua }
    end
  end
end

--- Finds an nginx with Lua.
-- @tparam[opt] string wanted the program; by default those of the usual places are tried
-- @treturn table|nil `{ path =, modules = {...}, about = (what nginx -V says) }`
-- @treturn ?string what is wrong
function server.find_nginx(wanted)
  local problem
  for _, path in ipairs(wanted and { wanted } or NGINX_PLACES) do
    local about = output_of(quoted(path) .. " -V </dev/null")
    if about:find("nginx version:", 1, true) then
      local modules = lua_modules(about)
      if modules then
        return { path = path, modules = modules, about = about }
      end
      problem = NO_LUA:format(path)
    end
  end
  return nil,
    problem or (wanted and NO_LUA:format(wanted)) or "there is no nginx; " .. NO_LUA:format "this machine's"
end

local function bracketed(host)
  return host:find ":" and "[" .. host .. "]" or host
end

local CONFIGURATION = [[
@MODULES@
daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1000; }
http {
  access_log off;
  server_tokens off;
  default_type application/json;
  @TEMP_PATHS@
  client_max_body_size 16m;
  lua_package_path "@LUA_PATH@;;";
  lua_package_cpath "@LUA_CPATH@;;";
  lua_socket_log_errors off;
  init_by_lua_file init.lua;
  init_worker_by_lua_block { require("dataforest.emulator.nginx_process").started(emulator_process) }
  server {
    listen @LISTEN@ ssl;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:sessions:1m;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    lua_check_client_abort on;
    location / {
      content_by_lua_block {
        require("dataforest.emulator.nginx").serve(emulator, { control = emulator_process.control })
      }
    }
  }
}
]]

-- nginx makes these folders when it starts, in places that need root unless told otherwise.
local function temp_paths(about)
  local lines = { "client_body_temp_path body;" }
  for _, name in ipairs { "proxy", "fastcgi", "uwsgi", "scgi" } do
    if not about:find("--without-http_" .. name .. "_module", 1, true) then
      lines[#lines + 1] = name .. "_temp_path " .. name .. ";"
    end
  end
  return table.concat(lines, "\n  ")
end

local function configuration(nginx, settings)
  local modules = {}
  for i, path in ipairs(nginx.modules) do
    modules[i] = ('load_module "%s";'):format(path)
  end
  local values = {
    MODULES = table.concat(modules, "\n"),
    TEMP_PATHS = temp_paths(nginx.about),
    LUA_PATH = settings.lua_path,
    LUA_CPATH = settings.lua_cpath,
    LISTEN = bracketed(settings.host) .. ":@PORT@",
  }
  return (CONFIGURATION:gsub("@([%u_]+)@", values))
end

local function literal(value)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value):gsub("\n", "n") or tostring(value)
  end
  local parts = {}
  for name, member in pairs(value) do
    local key = type(name) == "number" and "" or ("[%s] = "):format((literal(name)))
    parts[#parts + 1] = key .. literal(member)
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local INIT = [[
emulator_process = %s
emulator = require("dataforest.emulator").new(%s)
]]

local function is_loopback(host)
  return host == "localhost" or host == "::1" or host:find "^127%." ~= nil
end

-- nginx before 1.19.5 knows no -e, and complains about the log that it was built with.
local function knows_error_log_option(about)
  local major, minor, patch = about:match "nginx version: [^/]+/(%d+)%.(%d+)%.(%d+)"
  return major and tonumber(major) * 1e6 + tonumber(minor) * 1e3 + tonumber(patch) >= 1019005
end

local function command_line(nginx, folder)
  local parts =
    { "exec", quoted(nginx.path), "-p", quoted(folder .. "/"), "-c", quoted(folder .. "/nginx.conf") }
  if knows_error_log_option(nginx.about) then
    parts[#parts + 1] = "-e stderr"
  end
  return table.concat(parts, " ") .. "\n"
end

local function environment(settings, address)
  local lines = {
    { "DATAFOREST_BASE_URL", address },
    { "DATAFOREST_CA_FILE", settings.folder .. "/ca.pem" },
    { "NCLOUD_ACCESS_KEY", settings.access_key },
    { "NCLOUD_SECRET_KEY", settings.secret_key },
  }
  for i, line in ipairs(lines) do
    lines[i] = ("export %s=%s\n"):format(line[1], quoted(line[2]))
  end
  return table.concat(lines)
end

-- What clients dial: an address that stands for all is reached by this machine's own name.
local function client_host(host)
  if host == "0.0.0.0" or host == "*" then
    return "127.0.0.1"
  elseif host == "::" then
    return "[::1]"
  end
  return bracketed(host)
end

--- Writes all files into a folder.
-- @tparam table settings
-- @tparam string settings.folder an empty folder that only the user can read
-- @tparam string settings.host where to listen
-- @tparam integer settings.port 0 for one that is free
-- @tparam string settings.lua_path where nginx finds the Lua modules of dataforest
-- @tparam string settings.lua_cpath where it finds the C modules, built for LuaJIT
-- @tparam string settings.access_key
-- @tparam string settings.secret_key
-- @tparam table settings.options of `emulator.new`
-- @tparam[opt] string settings.nginx the program
-- @tparam {integer,...} settings.watch processes to end with
-- @treturn boolean|nil
-- @treturn ?string what is wrong, for people
function server.write_files(settings)
  local nginx, message = server.find_nginx(settings.nginx)
  if not nginx then
    return nil, message
  end
  local made
  made, message = server.make_certificates(settings.folder, settings.host)
  if not made then
    return nil, message
  end
  local process = {
    folder = settings.folder,
    host = settings.host,
    control = is_loopback(settings.host),
    watch = settings.watch,
  }
  local address = ("https://%s:@PORT@"):format(client_host(settings.host))
  local files = {
    ["nginx.conf.in"] = configuration(nginx, settings),
    ["init.lua"] = INIT:format(literal(process), literal(settings.options)),
    command = command_line(nginx, settings.folder),
    environment = environment(settings, address),
    address = address .. "\n",
    port = settings.port .. "\n",
  }
  for name, text in pairs(files) do
    made, message = write(settings.folder .. "/" .. name, text)
    if not made then
      return nil, message
    end
  end
  return true
end

return server
