--- The client of a run: made of the command line's options, and its errors told to people.
-- @module dataforest.cli.session

local credentials = require "dataforest.credentials"
local debug = require "dataforest.cli.debug"
local exit = require "dataforest.cli.exit"
local hints = require "dataforest.cli.hints"
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
    return line .. ("%s after %.3f s"):format(event.kind or "no response", event.seconds)
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

--- Where the keys of this run come from. Those that it gave last are in `context.keys`.
-- @tparam table context
-- @treturn function a provider of `dataforest.credentials`
function session.provider(context)
  local profile = context:profile()
  local inner = context.system.provider
  if not inner and profile then
    inner = credentials.file { profile = profile }
  elseif not inner then
    inner = credentials.chain { credentials.environment(), credentials.file() }
  end
  return function(...)
    local keys, message, is_final = inner(...)
    context.keys = keys or context.keys
    return keys, message, is_final
  end
end

--- The proxy of the command line: `@FILE` stands for the address in a file, where a password may be.
local function proxy_of(context)
  local given = context.args.proxy
  local path = given and given:match "^@(.+)$"
  if path then
    return (context:read_file(path):match "^%s*(%S+)")
      or context:usage("--proxy " .. given .. ": the file is empty")
  elseif given and given:find "//[^/]*:[^/]*@" then
    context:usage(
      "a proxy's password is not taken as an argument, where others can see it",
      "set DATAFOREST_PROXY, or write the address into a file: --proxy @FILE"
    )
  end
  return given
end

--- The options of `dataforest.new` that the command line gave.
-- @tparam table context
-- @treturn table
local function options_of(context)
  local args = context.args
  return {
    base_url = args.base_url,
    timeout = args.timeout,
    ca_file = args.ca_file,
    connect_to = args.connect_to,
    proxy = proxy_of(context),
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
  local options = options_of(context)
  local made_up = context.system.transport and context.system.transport()
  options.transport = made_up or "curl"
  local ok, client = pcall(require("dataforest").new, options)
  if not ok then
    context:usage(option_words((tostring(client):gsub("^.-dataforest%.new: ", ""))))
  end
  -- The client knows what the environment adds.
  local transport = made_up
    or transport_of.new { ca_file = client.settings.ca_file, proxy = client.settings.proxy }
  if not made_up then
    client.transport = transport
  end
  if context.args.debug then
    debug.watch(context, transport)
  end
  context.client, context.transport = client, transport
  return client, transport
end

-- Errors ----------------------------------------------------------------------------------

-- The library's names for what the command line gives as options, and other words of Lua's.
local OPTION_NAMES = { ca_file = "--ca-file", base_url = "--base-url", connect_to = "--connect-to" }
local LUA_WORDS = {
  ["give the option force = true"] = "give --force",
  ["the option replace = true"] = "--replace",
  ["; the option timeout makes the wait longer"] = "", -- the hint names the option
  ["; the option timeout gives more"] = "",
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

--- Ends the run with an error of the library.
-- @tparam table context
-- @tparam table err
-- @tparam[opt] table operation that failed, and
-- @tparam[opt] table params of its call
function session.fail(context, err, operation, params)
  local hint = hints.of(context, err, operation, params)
  context:fail(exit.of(err.kind), session.spoken(tostring(err)), hint, err)
end

return session
