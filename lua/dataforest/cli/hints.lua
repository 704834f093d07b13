--- What to do about an error, judged by what was actually wrong: the keys that were used, the clock, the
-- proxy, the certificate, the words that were given. Every hint can be pasted into a shell.
-- @module dataforest.cli.hints

local api = require "dataforest.cli.api"
local credentials = require "dataforest.credentials"
local nearest = require "dataforest.util.nearest"
local read_file = require "dataforest.util.read_file"
local operations = require "dataforest.operations"
local shell = require "dataforest.util.shell"
local tables = require "dataforest.util.tables"
local time = require "dataforest.util.time"
local words_of = require "dataforest.util.words"

local hints = {}

--- From so many seconds on a clock is told to be wrong; the service refuses what is five minutes off.
hints.CLOCK_OFF = 240

hints.FIX_CLOCK = "set the clock: timedatectl set-ntp true, or start chronyd or ntpd"

local function in_words(seconds)
  seconds = math.floor(math.abs(seconds) + 0.5)
  if seconds < 120 then
    return ("%d seconds"):format(seconds)
  elseif seconds < 7200 then
    return ("%d minutes"):format(math.floor(seconds / 60 + 0.5))
  end
  return ("%d hours"):format(math.floor(seconds / 3600 + 0.5))
end

--- How far a clock is off, in words.
-- @tparam number offset seconds by which this machine's is ahead
-- @treturn string such as `60 minutes ahead of the service's`
function hints.clock_words(offset)
  return ("%s %s the service's"):format(in_words(offset), offset > 0 and "ahead of" or "behind")
end

--- By how many seconds this machine's clock is ahead, as the last response tells.
local function clock_offset(context)
  local transport = context.transport
  local headers = transport and transport.last and transport.last.headers
  local date = headers and time.http_date(headers.date or headers.Date)
  return date and transport.received and transport.received - date
end

-- Keys --------------------------------------------------------------------------------------

--- The names among these that the environment sets.
-- @tparam table context
-- @tparam {string,...} names
-- @treturn {string,...}
function hints.set_names(context, names)
  local set = {}
  for _, name in ipairs(names) do
    set[#set + 1] = context:variable(name) and name or nil
  end
  return set
end

--- What to do where the environment has two pairs of keys: the one that wins may not be the one meant.
-- @tparam table context
-- @treturn ?string
function hints.two_pairs(context)
  local access = hints.set_names(context, credentials.ACCESS_KEY_NAMES)
  local secret = hints.set_names(context, credentials.SECRET_KEY_NAMES)
  if not (access[2] and secret[2]) or context.args.profile then
    return nil
  end
  local differ = context:variable(access[1]) ~= context:variable(access[2])
    or context:variable(secret[1]) ~= context:variable(secret[2])
  return differ
      and ("%s and %s win over %s and %s; to use the latter: unset %s %s"):format(
        access[1],
        secret[1],
        access[2],
        secret[2],
        access[1],
        secret[1]
      )
    or nil
end

--- The headings of the key file.
-- @treturn {string,...}
function hints.profiles()
  local path = credentials.default_path()
  local names = {}
  for line in (path and read_file(path, 65536) or ""):gmatch "[^\r\n]+" do
    names[#names + 1] = line:match "^%s*%[%s*(.-)%s*%]%s*$"
  end
  return names
end

local CONFIGURE = "dataforest configure asks for keys and writes them to ~/.ncloud/configure; "
  .. "or set NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_ACCESS_KEY"

local function about_profile(context)
  local wanted = context:profile()
  local known = hints.profiles()
  for _, name in ipairs(known) do
    if name == wanted then
      return ("the profile %s lacks a key: dataforest configure --profile %s writes both"):format(
        wanted,
        shell.word(wanted)
      )
    end
  end
  local near = nearest(wanted, known)
  local there = near and ("did you mean --profile %s?"):format(shell.word(near))
    or known[1] and "the profiles are " .. words_of.listed(known, "and")
    or "the file has no profiles"
  return ("%s; dataforest configure --profile %s makes one"):format(there, shell.word(wanted))
end

--- What to do where there are no keys.
-- @tparam table context
-- @treturn string
function hints.no_keys(context)
  return context:profile() and about_profile(context) or CONFIGURE
end

--- Where the keys of this run came from.
-- @tparam table context
-- @treturn string
function hints.key_source(context)
  local profile = context:profile()
  return (context.keys and context.keys.source or "?") .. (profile and (" under [%s]"):format(profile) or "")
end

local function about_keys(context)
  local offset = clock_offset(context)
  if offset and math.abs(offset) >= hints.CLOCK_OFF then
    return ("this machine's clock is %s; %s"):format(hints.clock_words(offset), hints.FIX_CLOCK)
  end
  return hints.two_pairs(context)
    or ("the secret key must belong to the access key, and both must be active; these are from %s"):format(
      hints.key_source(context)
    )
end

-- What was asked for --------------------------------------------------------------------------

local function list_line(group)
  return group == "apps" and "dataforest apps list" or "dataforest accounts list"
end

--- The command that lists what a group has.
-- @tparam string group
-- @treturn string
local function list_hint(group)
  return list_line(group) .. " shows what there is"
end

--- The command that shows what became of a change.
-- @tparam table operation
-- @tparam table params of the call
-- @treturn string
function hints.look(operation, params)
  local line
  if params.id and operation.id ~= "accounts/delete" and operation.id ~= "apps/delete" then
    line = api.line(operations.by_name[operation.group .. "/getDetail"], { id = params.id })
  else
    line = list_line(operation.group)
    if operation.group == "apps" and params.accountId then
      line = line .. " --account " .. shell.word(params.accountId)
    end
  end
  return ("look with %s before you repeat it"):format(line)
end

local function is_short_id(params)
  return type(params) == "table" and type(params.id) == "string" and #params.id < 22
end

local TYPE_WITHOUT_VERSION = "an app type has its version in its name, such as KAFKA-2.4.0: "
  .. "dataforest apps get-app-type-id-list shows them"

local function lacks_version(params)
  local given = type(params) == "table" and params.appTypeId
  return type(given) == "string" and not given:find "%-%d"
end

-- About fields of specs, and options that apply wants.
local ABOUT_FIELD = {
  replace = "with --replace, apply deletes these and creates them anew",
  ["account.password"] = "apply needs it to create the account, and for --rotate",
}

local function about_unknown_operation(name)
  local names = tables.sorted_keys(operations.by_name)
  return words_of.hint(name, names, "dataforest call --help tells how operations are named")
end

local function about_what_was_asked(context, err, operation, params)
  if ABOUT_FIELD[err.field] then
    return ABOUT_FIELD[err.field]
  elseif err.kind == "not_found" and err.operation and not operations.by_name[err.operation] then
    return about_unknown_operation(err.operation)
  elseif lacks_version(params) then
    return TYPE_WITHOUT_VERSION
  elseif
    is_short_id(params) and (err.kind == "forbidden" or err.kind == "not_found" or err.kind == "invalid")
  then
    return ("%s is a name, or part of an identifier: call takes identifiers, %s takes names"):format(
      shell.word(params.id),
      "dataforest " .. (operation and operation.group or "accounts")
    )
  elseif err.kind == "forbidden" then
    return "an identifier that does not exist is refused like this, too: "
      .. ("%s shows those that do; else these keys are not allowed to do it"):format(
        list_line(operation and operation.group or context.args.command.group)
      )
  elseif err.kind == "argument" and err.message:find("did you mean", 1, true) then
    return nil -- it says what to do
  elseif err.kind == "invalid" or err.kind == "argument" then
    return ("%s --help shows the documented limits"):format(context.args.command.path)
  end
  return list_hint(operation and operation.group or context.args.command.group)
end

-- The way to the service ------------------------------------------------------------------------

--- A proxy by its address, without user and password.
-- @param proxy of the client's settings
-- @treturn string
function hints.proxy_words(proxy)
  local address = tostring(proxy):gsub("//.*@", "//")
  return address == "env" and "the environment's proxy" or "the proxy " .. address
end

local function settings_of(context)
  return context.client and context.client.settings or {}
end

local function about_proxy(context, message)
  local proxy = settings_of(context).proxy
  if not proxy then
    return nil
  end
  local name = hints.proxy_words(proxy)
  if message:find "407" then
    return ("%s wants another user or password: DATAFOREST_PROXY=http://USER:PASSWORD@HOST:PORT"):format(name)
  end
  return ("check %s, or go without one: unset DATAFOREST_PROXY, and leave --proxy out"):format(name)
end

local CHECK_ADDRESS = "check the address in --base-url or DATAFOREST_BASE_URL"

local function about_network(context, err)
  local origin = settings_of(context).origin or ""
  local message = err.message:lower()
  if origin:find "^http:" and not message:find "refused" then
    local address = origin:gsub("^http:", "https:")
    return "the service may speak TLS there: --base-url " .. shell.word(address)
  end
  return about_proxy(context, message)
end

local function about_tls(context, err)
  local message = err.message:lower()
  if message:find "not yet valid" or message:find "expired" then
    return "the certificate's dates and this machine's clock disagree: look at the clock with date; "
      .. hints.FIX_CLOCK
  elseif
    message:find "wrong version number"
    or message:find "packet length too long"
    or message:find "record layer"
  then
    return "the service does not speak TLS there: " .. CHECK_ADDRESS
  elseif message:find "subject name" or message:find "hostname mismatch" or message:find "does not match" then
    return "the certificate is for another name: " .. CHECK_ADDRESS
  end
  return about_proxy(context, message:find "proxy" and message or "")
    or "--ca-file FILE or DATAFOREST_CA_FILE names certificates to trust"
end

local function about_time(context)
  if context.waits then
    return ("--wait-timeout SECONDS waits longer than %g"):format(
      context.args.wait_timeout or api.WAIT_TIMEOUT
    )
  end
  return ("--timeout SECONDS gives it longer than %g"):format(settings_of(context).timeout or 0)
end

local ABOUT = {
  argument = about_what_was_asked,
  invalid = about_what_was_asked,
  forbidden = about_what_was_asked,
  not_found = about_what_was_asked,
  refused = about_what_was_asked,
  credentials = hints.no_keys,
  auth = about_keys,
  quota = function()
    return "the limits of the account are reached: remove something, or ask NAVER Cloud for more"
  end,
  throttled = function(_, err)
    return ("too many calls: wait %s and try again"):format(
      err.retry_after and ("%g seconds"):format(err.retry_after) or "a little"
    )
  end,
  server = function()
    return "the service failed: try again later"
  end,
  timeout = about_time,
  network = function(context, err)
    return about_network(context, err)
      or "check the network, and the address in --base-url or DATAFOREST_BASE_URL"
  end,
  tls = about_tls,
  protocol = function(context, err)
    return about_network(context, err) or CHECK_ADDRESS
  end,
  limit = function()
    return CHECK_ADDRESS
  end,
}

local DOCTOR_HELPS =
  { credentials = true, auth = true, timeout = true, network = true, tls = true, protocol = true }

--- The hint for an error of the library.
-- @tparam table context
-- @tparam table err
-- @tparam[opt] table operation that failed, and
-- @tparam[opt] table params of its call
-- @treturn ?string
function hints.of(context, err, operation, params)
  operation = operation or operations.by_name[err.operation or ""]
  local about = ABOUT[err.kind]
  if tostring(err):lower():find "plain http.*https port" then -- as nginx puts it
    about = about_network
  end
  local hint = about and about(context, err, operation, params)
  if err.in_doubt and operation then
    return ("it may have been carried out: %s"):format(hints.look(operation, params or {}))
  elseif hint and DOCTOR_HELPS[err.kind] and not context.waits and context.args.command.name ~= "doctor" then
    hint = hint .. "; run dataforest doctor"
  end
  return hint
end

return hints
