--- What `dataforest emulator` needs to run: certificates, and the configuration of an nginx.
--
-- Plain Lua can catch no signals, so that the running itself (starting nginx, waiting, clearing
-- up) is done by the shell script `bin/dataforest`; here the files in its folder are written:
--
--     ca.pem            for clients: the CA that signed the certificate, unless it is kept elsewhere
--     server.pem, server.key
--     init.lua          makes the emulator, inside nginx
--     port              the port that was asked for; 0 for one that is free
--     nginx.conf.in     the configuration, with @PORT@ in the place of the port
--     environment       the lines for clients, with @PORT@
--     notice            what is open to whom, with @PORT@
--     command           the command line that runs nginx, for sh
--     ready             made by nginx once it listens
--
-- @module dataforest.emulator.server

local access = require "dataforest.emulator.access"
local read_file = require "dataforest.util.read_file"
local shell = require "dataforest.util.shell"
local url = require "dataforest.transport.url"

local quoted = shell.quoted

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
  return read_file(path, 0) ~= nil
end

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
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = %s
]]

local function alternative_names(hosts)
  local names, seen = {}, {}
  for _, host in ipairs(hosts) do
    local name = (url.address_bytes(host) and "IP:" or "DNS:") .. host
    if not seen[name] then
      names[#names + 1], seen[name] = name, true
    end
  end
  return table.concat(names, ",")
end

local NEW_KEY = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 "

-- A CA that is kept: its key and certificate in FILE.key, made in one step, so that of two emulators that
-- start at once one makes it and both use it. FILE is the certificate alone.
local KEEP_CA = [[
set -e
fail() { echo "$@"; exit 1; }
[ ! -e @FILE@ ] || [ -e @FILE@.key ] || fail @FILE@ exists, but not its key @FILE@.key: name another file
if [ ! -e @FILE@.key ]; then
  cat ca.key ca.pem >@FILE@.key.$$
  chmod 600 @FILE@.key.$$
  ln @FILE@.key.$$ @FILE@.key 2>/dev/null || [ -e @FILE@.key ]
  rm -f @FILE@.key.$$
fi
openssl x509 -in @FILE@.key -noout -checkend 86400 >/dev/null || fail @FILE@.key has expired: remove it
openssl x509 -in @FILE@.key -out @FILE@.$$
chmod 644 @FILE@.$$
mv @FILE@.$$ @FILE@
cp @FILE@.key ca.key
cp @FILE@ ca.pem
]]

--- Makes a CA and a certificate that it signed. Without `ca_file` both are good for 30 days, and the CA's key
-- is thrown away, so that nothing else can be signed with it.
-- @tparam string folder where `ca.pem`, `server.pem` and `server.key` go
-- @tparam {string,...} hosts names and addresses for the certificate
-- @tparam[opt] string ca_file where the CA is kept and found again; its key is kept as `ca_file .. ".key"`
-- @treturn boolean|nil
-- @treturn ?string what went wrong
function server.make_certificates(folder, hosts, ca_file)
  write(folder .. "/ca.cnf", CA_CONFIG)
  write(folder .. "/server.cnf", SERVER_CONFIG:format(alternative_names(hosts)))
  if ca_file then
    write(folder .. "/keep-ca", (KEEP_CA:gsub("@FILE@", (quoted(ca_file):gsub("%%", "%%%%")))))
  end
  local ok, message = run(table.concat({
    "umask 077 && cd " .. quoted(folder),
    NEW_KEY .. ("-x509 -days %d -config ca.cnf -keyout ca.key -out ca.pem"):format(ca_file and 3650 or 30),
    ca_file and "sh ./keep-ca" or "true",
    NEW_KEY .. "-config server.cnf -keyout server.key -out server.csr",
    "openssl x509 -req -sha256 -days 30 -in server.csr -CA ca.pem -CAkey ca.key "
      .. '-set_serial "0x$(openssl rand -hex 8)" -extfile server.cnf -extensions server -out server.pem',
    "rm -f ca.key ca.cnf server.cnf server.csr keep-ca",
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
error_log stderr error;
events { worker_connections 1000; }
http {
  access_log off;
  server_tokens off;
  default_type application/json;
  @TEMP_PATHS@
  client_max_body_size 16m;
  client_body_buffer_size 128k;
  lua_package_path "@LUA_PATH@;;";
  lua_package_cpath "@LUA_CPATH@;;";
  lua_socket_log_errors off;
  init_by_lua_file init.lua;
  init_worker_by_lua_block { emulator_process.started() }
  server {
    listen @LISTEN@;
    @TLS@
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    lingering_close always;
    lua_check_client_abort on;
    error_page 400 404 405 408 411 413 414 417 431 495 496 500 501 /.refused;
    error_page 494 /.refused?494;
    error_page 497 /.refused?497;
    location / {
      content_by_lua_block { emulator_process.serve() }
    }
    location /_emulator/ {
      client_max_body_size 64m;
      content_by_lua_block { emulator_process.serve() }
    }
    location = /.refused {
      internal;
      content_by_lua_block { require("dataforest.emulator.nginx").refuse(emulator) }
    }
  }
}
]]

local TLS = [[
    ssl_certificate "@CERTIFICATE@";
    ssl_certificate_key "@CERTIFICATE_KEY@";
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:sessions:1m;]]

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

-- nginx's own quoting: text between quotation marks; a $ would begin a variable, which these directives lack.
local function nginx_text(path)
  return (path:gsub('[\\"]', "\\%0"))
end

local function configuration(nginx, settings)
  local modules = {}
  for i, path in ipairs(nginx.modules) do
    modules[i] = ('load_module "%s";'):format(path)
  end
  local listen = bracketed(settings.host) .. ":@PORT@" .. (settings.http and "" or " ssl")
  local tls = TLS:gsub("@([%u_]+)@", {
    CERTIFICATE = nginx_text(settings.cert or "server.pem"),
    CERTIFICATE_KEY = nginx_text(settings.cert_key or "server.key"),
  })
  local values = {
    MODULES = table.concat(modules, "\n"),
    TEMP_PATHS = temp_paths(nginx.about),
    LUA_PATH = nginx_text(settings.lua_path),
    LUA_CPATH = nginx_text(settings.lua_cpath),
    LISTEN = listen .. (settings.host == "::" and " ipv6only=off" or ""),
    TLS = settings.http and "" or tls,
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

-- nginx was started in its own folder, so that a relative entry of a module path leads there at most; from
-- here on there is none.
local INIT = [[
for _, name in ipairs { "path", "cpath" } do
  local absolute = {}
  for entry in package[name]:gmatch "[^;]+" do
    absolute[#absolute + 1] = entry:sub(1, 1) == "/" and entry or nil
  end
  package[name] = table.concat(absolute, ";")
end
emulator_process = require("dataforest.emulator.nginx_process").new(%s)
emulator = emulator_process.emulator
]]

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
  return ("umask 077\ncd %s || exit 1\n%s\n"):format(quoted(folder), table.concat(parts, " "))
end

local function environment(settings, address)
  local lines = {
    { "DATAFOREST_BASE_URL", address },
    { "DATAFOREST_CA_FILE", settings.ca },
    { "DATAFOREST_EMULATOR_TOKEN", settings.token },
    { "NCLOUD_ACCESS_KEY", settings.options.access_key },
    { "NCLOUD_SECRET_KEY", settings.options.secret_key },
  }
  local out = {}
  for i = 1, 5 do
    local name, value = lines[i][1], lines[i][2]
    if value then
      out[#out + 1] = ("export %s=%s\n"):format(name, quoted(value))
    end
  end
  return table.concat(out)
end

local function is_wildcard(host)
  return host == "0.0.0.0" or host == "*" or host == "::"
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

-- Whether only this machine reaches the address, as far as can be told before listening there.
local function reaches(host)
  if is_wildcard(host) then
    return "everyone who reaches this machine"
  end
  local addresses = url.address_bytes(host) and host or output_of("getent ahosts " .. quoted(host))
  local found
  for address in addresses:gmatch "[^%s]+" do
    if url.address_bytes(address) then
      found = true
      if not access.is_loopback(address) then
        return "everyone who reaches " .. host
      end
    end
  end
  return found and "programs on this machine" or "everyone who reaches " .. host
end

local function notice(settings, address)
  local open = reaches(settings.host)
  local control
  if settings.token then
    control = "control and the page at /_emulator/ want the token of --control-token"
  elseif open == "programs on this machine" then
    control = "so are control and the page at /_emulator/"
  else
    control = "there is no control over it (--control-token TOKEN gives one)"
  end
  return ("listening on %s, until Ctrl-C\nopen to %s; %s\n"):format(address, open, control)
end

--- Writes all files into a folder.
-- @tparam table settings
-- @tparam string settings.folder an empty folder that only the user can read
-- @tparam string settings.host where to listen
-- @tparam integer settings.port 0 for one that is free
-- @tparam {string,...} settings.names more names and addresses for the certificate
-- @tparam string settings.lua_path where nginx finds the Lua modules of dataforest
-- @tparam string settings.lua_cpath where it finds the C modules, built for LuaJIT
-- @tparam table settings.options of `emulator.new`
-- @tparam[opt] string settings.fixtures path of a file
-- @tparam[opt] string settings.state path of a file
-- @tparam[opt] string settings.token for control
-- @tparam[opt] boolean settings.http no TLS
-- @tparam[opt] string settings.cert path of a certificate to use, and `cert_key` of its key
-- @tparam[opt] string settings.ca_file where the CA is kept
-- @tparam[opt] boolean settings.verbose a line a request
-- @tparam[opt] string settings.nginx the program
-- @tparam {integer,...} settings.watch processes to end with
-- @treturn boolean|nil
-- @treturn ?string what is wrong, for people
function server.write_files(settings)
  local nginx, message = server.find_nginx(settings.nginx)
  if not nginx then
    return nil, message
  end
  local names = { "127.0.0.1", "::1", "localhost" }
  if not is_wildcard(settings.host) then
    names[#names + 1] = settings.host
  end
  for _, name in ipairs(settings.names) do
    names[#names + 1] = name
  end
  local made
  if settings.cert then
    settings.ca = settings.ca_file or settings.cert
  elseif not settings.http then
    made, message = server.make_certificates(settings.folder, names, settings.ca_file)
    if not made then
      return nil, message
    end
    settings.ca = settings.ca_file or settings.folder .. "/ca.pem"
  end
  local process = {
    folder = settings.folder,
    options = settings.options,
    fixtures = settings.fixtures,
    state = settings.state,
    clock = settings.clock,
    verbose = settings.verbose,
    watch = settings.watch,
    serve = {
      control = true,
      token = settings.token,
      names = names,
      everywhere = is_wildcard(settings.host),
    },
  }
  local address = ("%s://%s:@PORT@"):format(settings.http and "http" or "https", client_host(settings.host))
  local files = {
    ["nginx.conf.in"] = configuration(nginx, settings),
    ["init.lua"] = INIT:format(literal(process)),
    command = command_line(nginx, settings.folder),
    environment = environment(settings, address),
    notice = notice(settings, address),
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
