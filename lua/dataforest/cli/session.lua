--- The client of a run: made of the command line's options, and its errors told to people.
-- @module dataforest.cli.session

local credentials = require "dataforest.credentials"
local exit = require "dataforest.cli.exit"
local transport_of = require "dataforest.cli.transport"

local session = {}

local function option_words(message)
  return (
    message
      :gsub("option ([%l_]+)", function(name)
        return "--" .. name:gsub("_", "-")
      end)
      :gsub("options? %-%-", "--")
  )
end

local function attempt_line(event)
  local line = ("%s: attempt %d: "):format(event.operation, event.attempt)
  if not event.status then
    return line .. ("%s after %.3f s"):format(event.kind or "no answer", event.seconds)
  end
  local how = event.reused and "kept" or "new"
  return line
    .. ("HTTP %d in %.3f s, %d bytes, %s connection"):format(event.status, event.seconds, event.bytes, how)
end

local function event_line(event)
  if event.name == "attempt" then
    return attempt_line(event)
  elseif event.name == "retry" then
    return ("%s: trying again in %.1f s (%s)"):format(event.operation, event.pause, event.reason)
  elseif event.name == "clock" then
    return ("%s: %s: signing with the service's"):format(event.operation, event.message)
  end
end

--- What the client tells, with --verbose; and whoever else listens.
local function listener(context)
  return function(event)
    local line = context.args.verbose and event_line(event)
    if line then
      context:note(line, "dim")
    end
    if context.on_event then
      context.on_event(event)
    end
  end
end

--- Where the keys of this run come from.
-- @tparam table context
-- @treturn function a provider of `dataforest.credentials`
function session.provider(context)
  local profile = context.args.profile
  if context.system.provider then
    return context.system.provider
  elseif profile then
    return credentials.file { profile = profile }
  end
  return credentials.chain { credentials.environment(), credentials.file() }
end

--- The options of `dataforest.new` that the command line gave.
-- @tparam table context
-- @treturn table
function session.options(context)
  local args = context.args
  return {
    base_url = args.base_url,
    timeout = args.timeout,
    ca_file = args.ca_file,
    connect_to = args.connect_to,
    proxy = args.proxy,
    format = args.xml and "xml" or nil,
    password_rule = args.password_rule,
    credentials = session.provider(context),
    on_event = listener(context),
  }
end

--- The client of this run.
-- @tparam table context
-- @treturn table client of `dataforest.new`
-- @treturn table its transport
function session.client(context)
  if context.client then
    return context.client, context.transport
  end
  local transport = (context.system.transport or transport_of.new)()
  local options = session.options(context)
  options.transport = transport
  local ok, client = pcall(require("dataforest").new, options)
  if not ok then
    context:usage(option_words((tostring(client):gsub("^.-dataforest%.new: ", ""))))
  end
  -- The client knows what the environment adds.
  transport.options = { ca_file = client.settings.ca_file, proxy = client.settings.proxy }
  context.client, context.transport = client, transport
  return client, transport
end

-- Errors ----------------------------------------------------------------------------------

--- The command that lists what the run's command is about.
local function list_of(context)
  local apps = context.args.command.path:find " apps "
  return apps and "dataforest apps list --account NAME" or "dataforest accounts list"
end

-- What to do about each kind of error. A function gets the context.
local HINTS = {
  argument = function(context)
    return ("%s --help shows what it takes"):format(context.args.command.path)
  end,
  invalid = function(context)
    return ("%s --help tells the limits that are documented"):format(context.args.command.path)
  end,
  credentials = "set NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_ACCESS_KEY, or write ~/.ncloud/configure",
  auth = "check the keys, and this machine's clock",
  forbidden = "check the id, and what these keys are allowed to do: "
    .. "an id that does not exist is answered like this, too",
  not_found = function(context)
    return list_of(context) .. " shows the ids"
  end,
  refused = function(context)
    return list_of(context) .. " shows what there is"
  end,
  quota = "the limits of the account are reached: remove something, or ask NAVER Cloud for more",
  throttled = "too many calls: wait a little, and try again",
  server = "the service failed: try again later",
  timeout = function(context)
    return ("--timeout SECONDS gives it longer than %g"):format(context.args.timeout or 30)
  end,
  network = "check the network, and the address in --base-url or DATAFOREST_BASE_URL",
  tls = "--ca-file FILE or DATAFOREST_CA_FILE names certificates to trust",
  protocol = "check that --base-url or DATAFOREST_BASE_URL is the address of the service",
  limit = "check that --base-url or DATAFOREST_BASE_URL is the address of the service",
}

local DOCTOR_HELPS =
  { credentials = true, auth = true, timeout = true, network = true, tls = true, protocol = true }

-- The library's names for what the command line gives as options, and other words of Lua's.
local OPTION_NAMES = { ca_file = "--ca-file", base_url = "--base-url", connect_to = "--connect-to" }
local LUA_WORDS = {
  ["give the option force = true"] = "give --force",
  ["start it first, with df%.apps:start"] = "start it first, with dataforest apps start",
}

--- A message of the library in the command line's words.
-- @tparam string message
-- @treturn string
function session.spoken(message)
  for words, ours in pairs(LUA_WORDS) do
    message = message:gsub(words, ours)
  end
  return (message:gsub("%f[%w_][%l_]+%f[^%w_]", OPTION_NAMES))
end

--- The hint for an error.
-- @tparam table context
-- @tparam table err of the library
-- @treturn ?string
function session.hint(context, err)
  local hint = HINTS[err.kind]
  if type(hint) == "function" then
    hint = hint(context)
  end
  if DOCTOR_HELPS[err.kind] and context.args.command.name ~= "doctor" then
    hint = hint .. "; dataforest doctor tells more"
  end
  return hint
end

--- Ends the run with an error of the library.
-- @tparam table context
-- @tparam table err
function session.fail(context, err)
  context:fail(exit.of(err.kind), session.spoken(tostring(err)), session.hint(context, err))
end

return session
