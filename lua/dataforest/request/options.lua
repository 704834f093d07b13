--- The options of a client: their types, defaults and checks.
-- @module dataforest.request.options

local ascii = require "dataforest.util.ascii"
local core = require "dataforest.core"
local defaults = require "dataforest.request.defaults"
local guarded = require "dataforest.util.guarded"
local route = require "dataforest.transport.route"
local tables = require "dataforest.util.tables"
local words = require "dataforest.util.words"

local options = {}

local function check_text(value)
  if value == "" then
    return "must not be empty"
  elseif value:find "[%c]" then
    return "must not hold control characters (CR, LF, NUL)"
  end
end

local function check_seconds(value)
  if not (value > 0 and value < math.huge) then
    return "must be a number of seconds above 0"
  end
end

local function check_delay(value)
  if not (value >= 0 and value < math.huge) then
    return "must be a number of seconds, 0 or more"
  end
end

local function check_attempts(value)
  if not (value >= 1 and value <= 100 and value % 1 == 0) then
    return "must be a whole number from 1 to 100"
  end
end

local function check_whole(value)
  if not (value >= 1 and value < math.huge and value % 1 == 0) then
    return "must be a whole number, 1 or more"
  end
end

local function one_of(first, second)
  return function(value)
    if value ~= first and value ~= second then
      return ('must be "%s" or "%s"'):format(first, second)
    end
  end
end

--- Takes a base address apart; `/api/v2` at its end is understood and left out.
-- @treturn[1] string scheme and host, with a port where one is given
-- @treturn[1] string path in front of the operations' own, mostly empty
-- @treturn[2] nil
-- @treturn[2] string what is wrong
local function split_base_url(text)
  local parts, message = route.parse_url(text)
  if not parts then
    return nil, message
  elseif parts.target:find "[^A-Za-z0-9%-._~/%%]" then
    return nil, "must end with its path: no query, no fragment, no spaces"
  end
  local path = parts.target:gsub("/+$", ""):gsub("/api/v2$", "")
  return parts.scheme .. "://" .. parts.authority, path
end

local function check_base_url(value)
  local origin, message = split_base_url(value)
  return not origin and message or nil
end

local function check_connect_to(value)
  local host, message = route.parse_connect_to(value)
  return not host and message or nil
end

local function check_proxy(value)
  local proxy, message = route.proxy(value)
  return not proxy and message or nil
end

local function check_provider(value)
  if type(value) == "table" and type(value.get) ~= "function" then
    return "must be a function, or a table with a method get"
  end
end

local RETRY = {
  attempts = { "number", check = check_attempts },
  base_delay = { "number", check = check_delay },
  max_delay = { "number", check = check_delay },
}

local function check_retry(value)
  if value == true then
    return "must be a table or false"
  end
  local message = options.check(value or {}, RETRY, "setting")
  return message and "is wrong: " .. message
end

-- What every request has; the writer of HTTP (src/http1/writer.c) adds a list of its own.
local OWN_HEADERS = { accept = true, ["content-type"] = true }

--- Checks headers of the caller's.
-- @tparam table value text by name
-- @treturn ?string what is wrong, to go behind the option's name
function options.check_headers(value)
  for name, text in pairs(value) do
    if type(name) ~= "string" or not name:find "^[A-Za-z0-9!#$%%&'*+%-.^_`|~]+$" then
      return ("holds a name that is no header name: %q"):format(guarded.text(name):sub(1, 40))
    elseif type(text) ~= "string" or text:find "[%z\1-\8\10-\31\127]" then
      return ("field %s must be text without control characters (CR, LF, NUL)"):format(name)
    end
    local lower = ascii.lower(name)
    if core.reserved_headers[lower] or OWN_HEADERS[lower] or lower:find "^x%-ncp%-" then
      return ("field %s is set by the library: leave it out"):format(name)
    end
  end
end

local function check_client_headers(value)
  return type(value) == "table" and options.check_headers(value) or nil
end

-- For each option: the Lua types it may have, and its check (returns what is wrong, or nil).
local CLIENT = {
  access_key = { "string", check = check_text },
  secret_key = { "string", check = check_text },
  credentials = { "function", "table", check = check_provider },
  base_url = { "string", check = check_base_url },
  format = { "string", check = one_of("json", "xml") },
  timeout = { "number", check = check_seconds },
  connect_timeout = { "number", check = check_seconds },
  attempt_timeout = { "number", check = check_seconds },
  max_response_bytes = { "number", check = check_whole },
  retry = { "table", "boolean", check = check_retry },
  validate = { "boolean" },
  password_rule = { "string", check = one_of("strict", "current") },
  ca_file = { "string", check = check_text },
  connect_to = { "string", check = check_connect_to },
  proxy = { "string", check = check_proxy },
  transport = { "string", "table", "function" },
  headers = { "table", "function", check = check_client_headers },
  on_event = { "function" },
  on_error = { "function" },
  user_agent = { "string", check = check_text },
  pool_size = { "number", check = check_whole },
  pool_idle_timeout = { "number", check = check_seconds },
  pool_name = { "string", check = check_text },
}

local CALL = {
  timeout = CLIENT.timeout,
  retry = CLIENT.retry,
  format = CLIENT.format,
  headers = { "table", check = options.check_headers },
}

-- Variables that stand in for options.
local ENVIRONMENT = {
  base_url = "DATAFOREST_BASE_URL",
  ca_file = "DATAFOREST_CA_FILE",
  connect_to = "DATAFOREST_CONNECT_TO",
  proxy = "DATAFOREST_PROXY",
}

local function has_type(value, rule)
  for _, name in ipairs(rule) do
    if type(value) == name then
      return true
    end
  end
  return false
end

--- A number of seconds above 0, as a rule for `options.check`.
options.SECONDS = CLIENT.timeout

--- A whole number, 1 or more, as a rule for `options.check`.
options.WHOLE = CLIENT.pool_size

--- The options of one call, as rules for `options.check`.
options.CALL = CALL

--- Checks a table of options against rules.
-- @tparam table given
-- @tparam table rules for each option: the Lua types that it may have, and `check`, which is given
--   the value and returns what is wrong with it
-- @tparam[opt="option"] string noun what messages call them
-- @treturn ?string what is wrong, naming the option
-- @treturn ?string name of the option
function options.check(given, rules, noun)
  noun = noun or "option"
  for name, value in pairs(given) do
    local rule = rules[name]
    if not rule then
      local text = guarded.text(name)
      return ("unknown %s %s; %s"):format(noun, text, words.hint(text, tables.sorted_keys(rules))), text
    elseif not has_type(value, rule) then
      return ("%s %s must be a %s, got a %s"):format(noun, name, table.concat(rule, " or a "), type(value)),
        name
    end
    local message = rule.check and rule.check(value)
    if message then
      return ("%s %s %s"):format(noun, name, message), name
    end
  end
end

--- The pauses and attempts of an option `retry`.
-- @tparam ?table|boolean given what the caller gave; false means one attempt
-- @tparam[opt] table base what holds where the caller gave nothing
-- @treturn table `attempts`, `base_delay`, `max_delay`
function options.retry_policy(given, base)
  base = base or defaults.retry
  if given == nil then
    return base
  elseif given == false then
    return { attempts = 1, base_delay = 0, max_delay = 0 }
  end
  return {
    attempts = given.attempts or base.attempts,
    base_delay = given.base_delay or base.base_delay,
    max_delay = given.max_delay or base.max_delay,
  }
end

--- Checks the options of a client and fills in what was not given.
-- @tparam table given
-- @tparam[opt=os.getenv] function getenv gives the value of an environment variable
-- @treturn[1] table settings
-- @treturn[2] nil
-- @treturn[2] string what is wrong, naming the option
function options.client(given, getenv)
  local message = options.check(given, CLIENT)
  if message then
    return nil, message
  elseif (given.access_key == nil) ~= (given.secret_key == nil) then
    return nil,
      "options access_key and secret_key go together: "
        .. (given.access_key and "secret_key" or "access_key")
        .. " is missing"
  end
  local settings = {}
  for name in pairs(CLIENT) do
    settings[name] = defaults[name]
  end
  for name, variable in pairs(ENVIRONMENT) do
    local value = given[name] == nil and (getenv or os.getenv)(variable) or ""
    if value ~= "" then
      local wrong = CLIENT[name].check(value)
      if wrong then
        return nil, ("environment variable %s %s"):format(variable, wrong)
      end
      settings[name] = value
    end
  end
  for name, value in pairs(given) do
    settings[name] = value
  end
  settings.retry = options.retry_policy(given.retry)
  settings.origin, settings.path_prefix = split_base_url(settings.base_url)
  -- Printed, it shows no password.
  settings.proxy = settings.proxy and route.proxy(settings.proxy)
  if settings.connect_to then
    local host, wrong = route.parse_connect_to(settings.connect_to, (route.parse_url(settings.base_url)))
    if not host then
      return nil, "option connect_to " .. wrong
    end
  end
  return settings
end

--- Checks the options of one call.
-- @param given
-- @treturn ?string what is wrong, or nil
-- @treturn ?string name of the option
function options.call(given)
  if type(given) ~= "table" then
    return "options must be a table, got a " .. type(given), "options"
  end
  return options.check(given, CALL)
end

return options
