--- `dataforest emulator`: reads its arguments and writes the files that its server needs.
--
-- A module, and a script: `bin/dataforest` runs it with what `command.prepare` takes. As a script it
-- ends with status 0 (go on) or what `bin/dataforest` is to end with.
--
-- @module dataforest.cli.commands.emulator

local emulator_options = require "dataforest.emulator.options"
local server = require "dataforest.emulator.server"

local command = {}

local USAGE = 2 -- exit status for wrong arguments

--- The options, as `dataforest.cli.commands` has them. Those with an `option` set one of
-- `dataforest.emulator`, a number.
command.options = {
  {
    names = { "--listen" },
    label = "ADDRESS:PORT",
    doc = "Where to listen; port 0 takes one that is free (default 127.0.0.1:8443).",
  },
  { names = { "--strict" }, doc = "Refuse what any page of the documentation refuses." },
  {
    names = { "--creation-delay" },
    label = "SECONDS",
    option = "creation_delay",
    doc = "From ACCEPTED to RUNNING of an account (default 150).",
  },
  {
    names = { "--app-delay" },
    label = "SECONDS",
    option = "app_delay",
    doc = "The same of an app (default 60).",
  },
  {
    names = { "--container-delay" },
    label = "SECONDS",
    option = "container_delay",
    doc = "Until a new container is ready (default 10).",
  },
  {
    names = { "--change-delay" },
    label = "SECONDS",
    option = "change_delay",
    doc = "How long an account shows CHANGING (default 0).",
  },
  {
    names = { "--deletion-delay" },
    label = "SECONDS",
    option = "deletion_delay",
    doc = "How long what was deleted is still there (default 0).",
  },
  {
    names = { "--latency" },
    label = "SECONDS",
    option = "latency",
    doc = "How long each answer takes (default 0).",
  },
  {
    names = { "--unknown-id" },
    label = "STATUS",
    choices = { "403", "404" },
    option = "unknown_id",
    doc = "The status for an id that does not exist (default 403).",
  },
  {
    names = { "--second-account" },
    label = "STATUS",
    choices = { "200", "400" },
    option = "second_account",
    doc = "The status for a user's second account (default 200).",
  },
  { names = { "--seed" }, label = "NUMBER", option = "seed", doc = "The same seed gives the same ids." },
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

local function address(text)
  local host, port = text:match "^%[([%x:.]+)%]:(%d+)$"
  if not host then
    host, port = text:match "^([%w.*-]+):(%d+)$"
  end
  if not host or tonumber(port) > 65535 then
    return nil, "an address such as 127.0.0.1:8443, [::1]:8443 or localhost:0"
  end
  return { host = host, port = tonumber(port) }
end

local VALUES = {
  ["--listen"] = function(settings, text)
    local found, wanted = address(text)
    settings.host, settings.port = found and found.host, found and found.port
    return found, wanted
  end,
  ["--nginx"] = function(settings, text)
    settings.nginx = text
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

--- Reads the arguments of `dataforest emulator`.
-- @tparam {string,...} arguments
-- @treturn table|nil settings of `dataforest.emulator.server`, in parts
-- @treturn ?string what is wrong
function command.parse(arguments)
  local settings = { host = "127.0.0.1", port = 8443, options = {} }
  local i = 1
  while arguments[i] do
    local name, value = arguments[i]:match "^(%-%-[%w-]+)=(.*)$"
    name = name or arguments[i]
    if name == "--strict" and not value then
      settings.options.strict = true
    elseif VALUES[name] then
      if not value then
        i = i + 1
        value = arguments[i]
      end
      local fits, wanted = VALUES[name](settings, value or "")
      if not fits then
        return nil, ("%s takes %s"):format(name, wanted)
      end
    else
      return nil, ("there is no option %s"):format(arguments[i])
    end
    i = i + 1
  end
  return settings
end

local function with_keys(settings)
  local options = settings.options
  options.access_key = os.getenv "DATAFOREST_EMULATOR_ACCESS_KEY" or emulator_options.access_key
  options.secret_key = os.getenv "DATAFOREST_EMULATOR_SECRET_KEY" or emulator_options.secret_key
  settings.access_key, settings.secret_key = options.access_key, options.secret_key
  settings.nginx = settings.nginx or os.getenv "DATAFOREST_NGINX"
  return emulator_options.check(options)
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
  local fine
  fine, message = with_keys(settings)
  if not fine then
    return fail(USAGE, (message:gsub("_", "-")))
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
