--- `dataforest sign`: the headers of a signed request.
-- @module dataforest.cli.commands.sign

local core = require "dataforest.core"
local exit = require "dataforest.cli.exit"
local names = require "dataforest.api.headers"
local printer = require "dataforest.cli.output.printer"
local session = require "dataforest.cli.session"
local url = require "dataforest.transport.url"

local sign = {}

local SHOW_KEYS = "dataforest doctor shows where keys are looked for"

local function keys_of(context)
  local keys, message = session.provider(context) {}
  if not keys then
    context:fail(exit.AUTH, message, SHOW_KEYS)
  end
  return keys
end

local function check_words(context, method, target)
  if not method:find "^%u+$" then
    context:usage "METHOD must be an HTTP method in capitals, such as POST"
  end
  local parts = url.parse(target)
  if parts then
    context:usage(
      "TARGET is path and query alone, without scheme and host",
      "this one would be " .. parts.target
    )
  elseif not target:find "^/[!-~]*$" then
    context:usage "TARGET must begin with / and hold no spaces; other characters are percent-encoded"
  end
end

local function timestamp_of(context)
  local given = context.args.timestamp
  if not given then
    return ("%.0f"):format(math.floor(core.now() * 1000))
  elseif not given:find "^%d+$" or #given > 15 then
    context:usage "--timestamp must be a whole number of milliseconds since the epoch"
  end
  return given
end

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function sign.run(context)
  local args = context.args
  check_words(context, args.method, args.target)
  local timestamp = timestamp_of(context)
  local keys = keys_of(context)
  local signer, message = core.signer(keys.access_key, keys.secret_key)
  if not signer then
    context:fail(exit.AUTH, ("%s: %s"):format(keys.source, message), SHOW_KEYS)
  end
  local headers = {
    [names.TIMESTAMP] = timestamp,
    [names.ACCESS_KEY] = keys.access_key,
    [names.SIGNATURE] = signer:sign(args.method, args.target, timestamp),
  }
  signer:close()
  if args.format then
    printer.response(context, {}, headers)
    return exit.OK
  end
  for _, name in ipairs { names.TIMESTAMP, names.ACCESS_KEY, names.SIGNATURE } do
    context:print(("%s: %s\n"):format(name, headers[name]))
  end
  return exit.OK
end

return sign
