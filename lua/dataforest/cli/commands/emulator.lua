--- `dataforest emulator`: reads its arguments and writes the files that its server needs.
--
-- A module, and a script: `bin/dataforest` runs it with what `command.prepare` takes. As a script it
-- ends with status 0 (go on) or what `bin/dataforest` is to end with.
--
-- @module dataforest.cli.commands.emulator

local emulator_options = require "dataforest.emulator.options"
local files = require "dataforest.emulator.files"
local read_file = require "dataforest.util.read_file"
local server = require "dataforest.emulator.server"
local tables = require "dataforest.util.tables"
local url = require "dataforest.transport.url"

local command = {}

local USAGE = 2 -- exit status for wrong arguments

-- An option of `dataforest.emulator.new` that takes a number.
local function number_option(option, label, doc, choices)
  return {
    names = { "--" .. option:gsub("_", "-") },
    label = label,
    option = option,
    doc = doc:format(emulator_options.rules[option].default),
    choices = choices,
  }
end

--- The options, as `dataforest.cli.commands` has them. Those with an `option` set one of
-- `dataforest.emulator`, a number.
command.options = {
  {
    names = { "--listen" },
    label = "ADDRESS:PORT",
    doc = "Where to listen; port 0 takes one that is free (default 127.0.0.1:8443).",
  },
  {
    names = { "--host" },
    label = "NAME",
    doc = "Another name or address of the emulator, for its certificate and for control; repeatable.",
  },
  {
    names = { "--ca-file" },
    label = "FILE",
    file = true,
    doc = "Keep the authority that signs the certificate in this file, and its key in FILE.key.",
  },
  { names = { "--cert" }, label = "FILE", file = true, doc = "The certificate to use, with --key FILE." },
  {
    names = { "--key" },
    label = "ACCESS:SECRET[:USER]",
    doc = "Another key pair, of a user of its own or of USER; repeatable. Or the file of the key of --cert.",
  },
  { names = { "--http" }, doc = "Plain HTTP, without TLS." },
  {
    names = { "--control-token" },
    label = "TOKEN",
    doc = "Wanted by /_emulator/ in the header x-emulator-token (or set DATAFOREST_EMULATOR_TOKEN).",
  },
  { names = { "--state" }, label = "FILE", file = true, doc = "Keep accounts and apps in this file." },
  {
    names = { "--fixtures" },
    label = "FILE",
    file = true,
    doc = "Start with the accounts and apps of this file, as /_emulator/dump prints them.",
  },
  { names = { "--verbose" }, doc = "Print a line a request, with the reason of a refusal." },
  { names = { "--strict" }, doc = "Refuse what any page of the documentation refuses." },
  {
    names = { "--strict-clock" },
    doc = "Judge the age of signatures by the emulator's clock, moved or not.",
  },
  {
    names = { "--clock" },
    label = "SECONDS",
    doc = "Set the emulator's clock at the start, in seconds since the epoch.",
  },
  {
    names = { "--zone" },
    label = "ZONE",
    doc = "The time zone of the times in responses (default +09:00).",
  },
  number_option("creation_delay", "SECONDS", "From ACCEPTED to RUNNING of an account (default %d)."),
  number_option("app_delay", "SECONDS", "The same of an app (default %d)."),
  number_option("container_delay", "SECONDS", "Until a new container is ready (default %d)."),
  number_option("change_delay", "SECONDS", "How long an account shows CHANGING (default %d)."),
  number_option("deletion_delay", "SECONDS", "How long what was deleted is still there (default %d)."),
  {
    names = { "--latency" },
    label = "[OPERATION=]SECONDS",
    doc = "How long each response takes (default 0), or those of one operation; repeatable.",
  },
  number_option("max_apps", "NUMBER", "How many apps an account can have (default %d)."),
  number_option("max_containers", "NUMBER", "How many containers an app can have (default %d)."),
  number_option("max_request_bytes", "NUMBER", "Larger bodies are refused (default %d)."),
  number_option(
    "unknown_id",
    "STATUS",
    "The status for an id that does not exist (default %d).",
    { "403", "404" }
  ),
  number_option(
    "second_account",
    "STATUS",
    "The status for a user's second account (default %d).",
    { "200", "400" }
  ),
  number_option("seed", "NUMBER", "The same seed gives the same ids."),
  { names = { "--id" }, label = "ID", doc = "An id to hand out before all made-up ones; repeatable." },
  {
    names = { "--nginx" },
    label = "PROGRAM",
    file = true,
    doc = "The nginx or OpenResty to use (or set DATAFOREST_NGINX).",
  },
  { names = { "--parent" }, label = "PID", doc = "End when this process ends." },
}

local function number(text)
  return tonumber(text), "a number"
end

-- An address, or a name: other numbers would be addresses that only look like something else.
local function is_host(host)
  return url.address_bytes(host) ~= nil
    or host:find "^[%w_][%w_.-]*$" ~= nil and host:find "%a" ~= nil and not host:find "^0[xX]"
end

local function address(text)
  local host, port = text:match "^%[(.*:.*)%]:(%d+)$"
  if not host then
    host, port = text:match "^([^:]+):(%d+)$"
  end
  if not host or not (host == "*" or is_host(host)) or #port > 5 or tonumber(port) > 65535 then
    return nil, "an address such as 127.0.0.1:8443, [::1]:8443 or localhost:0"
  end
  return { host = host, port = tonumber(port) }
end

-- Paths are those of the folder that the user is in; nginx runs in another.
local function absolute(path)
  if path:find "^/" then
    return path
  end
  return (os.getenv "PWD" or ".") .. "/" .. path
end

local function path_option(name)
  return function(settings, text)
    settings[name] = text ~= "" and absolute(text) or nil
    return text ~= "", "a file"
  end
end

local VALUES = {
  ["--listen"] = function(settings, text)
    local found, wanted = address(text)
    settings.host, settings.port = found and found.host, found and found.port
    return found, wanted
  end,
  ["--host"] = function(settings, text)
    local host = text:match "^%[(.*)%]$" or text
    settings.names[#settings.names + 1] = host
    return is_host(host), "a host name or an address"
  end,
  ["--key"] = function(settings, text)
    local contents = not settings.cert_key and read_file(text, 65536)
    if contents and contents:find("PRIVATE KEY", 1, true) then
      settings.cert_key = absolute(text)
      return true
    end
    local access_key, secret_key, user = text:match "^([^:]+):([^:]+):([^:]+)$"
    if not access_key then
      access_key, secret_key = text:match "^([^:]+):([^:]+)$"
    end
    if access_key then
      settings.options.keys = settings.options.keys or {}
      settings.options.keys[access_key] = { secret = secret_key, user = user }
    end
    return access_key, "ACCESS:SECRET or ACCESS:SECRET:USER, or with --cert the file of a private key"
  end,
  ["--cert"] = path_option "cert",
  ["--ca-file"] = path_option "ca_file",
  ["--state"] = path_option "state",
  ["--fixtures"] = path_option "fixtures",
  ["--control-token"] = function(settings, text)
    settings.token = text
    return #text >= 1 and not text:find "[^\33-\126]", "printable characters without blanks"
  end,
  ["--clock"] = function(settings, text)
    local value, wanted = number(text)
    settings.clock = value
    return value, wanted
  end,
  ["--zone"] = function(settings, text)
    settings.options.zone = text
    return text ~= "", "a time zone such as +09:00"
  end,
  ["--latency"] = function(settings, text)
    local operation, seconds = text:match "^([%a]+/[%a]+)=(.*)$"
    local value = number(seconds or text)
    local latency = settings.options.latency or {}
    settings.options.latency = latency
    latency[operation or "*"] = value
    return value and value >= 0 and value < math.huge, "a number of at least 0, or OPERATION=NUMBER"
  end,
  ["--id"] = function(settings, text)
    settings.options.ids = settings.options.ids or {}
    table.insert(settings.options.ids, text)
    return text ~= "", "an id"
  end,
  ["--nginx"] = function(settings, text)
    settings.nginx = text:find("/", 1, true) and absolute(text) or text
    return text ~= "", "a program"
  end,
  ["--parent"] = function(settings, text)
    settings.parent = text:find "^%d+$" and tonumber(text)
    return settings.parent, "a process id"
  end,
}

for _, known in ipairs(command.options) do
  if known.option then
    VALUES[known.names[1]] = function(settings, text)
      local value, wanted = number(text)
      settings.options[known.option] = value
      return value, wanted
    end
  end
end

local FLAGS = {
  ["--strict"] = function(settings)
    settings.options.strict = true
  end,
  ["--strict-clock"] = function(settings)
    settings.options.strict_clock = true
  end,
  ["--http"] = function(settings)
    settings.http = true
  end,
  ["--verbose"] = function(settings)
    settings.verbose = true
  end,
}

local function contradiction(settings)
  if settings.cert and not settings.cert_key then
    return "--cert needs --key with the file of its private key"
  elseif settings.cert_key and not settings.cert then
    return "--key names the file of a private key, which needs --cert"
  elseif settings.http and (settings.cert or settings.ca_file) then
    return "--http has no place for " .. (settings.cert and "--cert" or "--ca-file")
  elseif settings.cert and not read_file(settings.cert, 0) then
    return ("--cert: cannot read %s"):format(settings.cert)
  end
end

--- Reads the arguments of `dataforest emulator`, up to `--`.
-- @tparam {string,...} arguments
-- @treturn table|nil settings of `dataforest.emulator.server`, in parts
-- @treturn ?string what is wrong
function command.parse(arguments)
  local settings = { host = "127.0.0.1", port = 8443, names = {}, options = {} }
  local i = 1
  while arguments[i] and arguments[i] ~= "--" do
    local name, value = arguments[i]:match "^(%-%-[%w-]+)=(.*)$"
    name = name or arguments[i]
    if FLAGS[name] and not value then
      FLAGS[name](settings)
    elseif VALUES[name] then
      if not value then
        i = i + 1
        value = arguments[i]
      end
      local fits, wanted = VALUES[name](settings, value or "")
      if not fits then
        return nil, ("%s takes %s"):format(name, wanted)
      end
    elseif FLAGS[name] then
      return nil, ("%s takes no value"):format(name)
    else
      return nil, ("there is no option %s"):format(arguments[i])
    end
    i = i + 1
  end
  if arguments[i] == "--" and not arguments[i + 1] then
    return nil, "-- is followed by the command to run"
  end
  local message = contradiction(settings)
  if message then
    return nil, message
  end
  return settings
end

-- Makes the emulator once, so that what is wrong is said before nginx starts.
local function try(settings)
  local options = settings.options
  options.access_key = os.getenv "DATAFOREST_EMULATOR_ACCESS_KEY" or emulator_options.access_key
  options.secret_key = os.getenv "DATAFOREST_EMULATOR_SECRET_KEY" or emulator_options.secret_key
  settings.nginx = settings.nginx or os.getenv "DATAFOREST_NGINX"
  if not settings.token then
    settings.token = os.getenv "DATAFOREST_EMULATOR_TOKEN"
    settings.token = settings.token ~= "" and settings.token or nil
  end
  local fine, message = emulator_options.check(tables.copy(options))
  if not fine then
    return nil, (message:gsub("_", "-")), USAGE
  end
  local emulator
  emulator, message = files.emulator(tables.copy(options), settings)
  if not emulator then
    return nil, message, 1
  end
  return true
end

local function fail(status, message)
  io.stderr:write("dataforest emulator: ", message, "\n")
  return status
end

--- Does the work.
-- @tparam string folder an empty folder
-- @tparam string lua_path where nginx finds the Lua modules
-- @tparam string lua_cpath where it finds the C modules for LuaJIT
-- @tparam string pid of the script
-- @param ... the user's arguments
-- @treturn integer exit status
function command.prepare(folder, lua_path, lua_cpath, pid, ...)
  local settings, message = command.parse { ... }
  if not settings then
    return fail(USAGE, message .. " (dataforest emulator --help says more)")
  end
  settings.folder, settings.lua_path, settings.lua_cpath = folder, lua_path, lua_cpath
  settings.watch = { tonumber(pid), settings.parent }
  local fine, status
  fine, message, status = try(settings)
  if not fine then
    return fail(status, message)
  end
  fine, message = server.write_files(settings)
  if not fine then
    return fail(1, message)
  end
  return 0
end

if (...) == "dataforest.cli.commands.emulator" then
  return command
end
os.exit(command.prepare(...))
