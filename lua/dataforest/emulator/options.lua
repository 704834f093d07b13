--- The options of `emulator.new`, checked.
-- @module dataforest.emulator.options

local core = require "dataforest.core"
local fields = require "dataforest.emulator.fields"
local tables = require "dataforest.util.tables"
local time = require "dataforest.emulator.time"

local at_least, integer, one_of = fields.at_least, fields.integer, fields.one_of

local options = {
  access_key = "DATAFORESTEMULATOR01",
  secret_key = "dataforest-emulator-secret-key-not-a-secret",
}

local function is_latency(value)
  if type(value) == "table" then
    for name, seconds in pairs(value) do
      if
        type(name) ~= "string"
        or type(seconds) ~= "number"
        or not (seconds >= 0 and seconds < math.huge)
      then
        return false, 'must be such as { ["accounts/create"] = 2, ["*"] = 0.1 }'
      end
    end
    return true
  end
  return type(value) == "function" or value >= 0, "must be at least 0"
end

local function is_zone(value)
  return time.zone_seconds(value) ~= nil, 'must be such as "+09:00" or "Z"'
end

local function are_ids(value)
  for _, id in ipairs(value) do
    if not fields.id(id) then
      return false, "must be a list of ids: 1 to 22 letters and digits"
    end
  end
  return true
end

--- The options by name: the types that a value may have, its check and its default.
options.rules = {
  access_key = { "string", check = fields.header_text, default = options.access_key },
  secret_key = { "string", check = fields.filled, default = options.secret_key },
  keys = { "table", default = {} },
  clock = { "function", default = core.now },
  seed = { "number", check = integer(-2 ^ 53) },
  ids = { "table", check = are_ids, default = {} },
  zone = { "string", check = is_zone, default = "+09:00" },
  creation_delay = { "number", check = at_least(0), default = 150 },
  change_delay = { "number", check = at_least(0), default = 0 },
  deletion_delay = { "number", check = at_least(0), default = 0 },
  app_delay = { "number", check = at_least(0), default = 60 },
  container_delay = { "number", check = at_least(0), default = 10 },
  max_apps = { "number", check = integer(0), default = 50 },
  max_containers = { "number", check = integer(1), default = 100 },
  max_request_bytes = { "number", check = integer(1), default = 1048576 },
  latency = { "number", "function", check = is_latency, default = 0 },
  strict = { "boolean", default = false },
  strict_clock = { "boolean", default = false },
  unknown_id = { "number", check = one_of(403, 404), default = 403 },
  second_account = { "number", check = one_of(200, 400), default = 200 },
  fixtures = { "table" },
  on_call = { "function" },
}

-- Each key is a user of its own, unless `user` says otherwise.
local function all_keys(checked)
  local keys = { [checked.access_key] = { secret = checked.secret_key, user = checked.access_key } }
  for access_key, key in pairs(checked.keys) do
    local entry = type(key) == "table" and key or { secret = key }
    local user = entry.user or access_key
    if
      type(access_key) ~= "string"
      or not fields.header_text(access_key)
      or type(entry.secret) ~= "string"
      or entry.secret == ""
      or type(user) ~= "string"
      or user == ""
    then
      return nil, 'keys must be such as { ["access key"] = "secret key" }'
    end
    keys[access_key] = { secret = entry.secret, user = user }
  end
  return keys
end

--- Checks options and fills in the defaults.
-- @tparam table given
-- @treturn table|nil all options; `keys` holds `{ secret =, user = }` by access key
-- @treturn ?string what is wrong
function options.check(given)
  if type(given) == "table" and type(given.latency) == "table" then
    local fits, why = is_latency(given.latency)
    if not fits then
      return nil, "latency " .. why
    end
    local seconds, copy = given.latency, tables.copy(given)
    copy.latency = function(operation)
      return seconds[operation or ""] or seconds["*"] or 0
    end
    given = copy
  end
  local checked, message = fields.check(options.rules, given, "emulator.new", {
    unknown = "there is no option %s",
    kind = "the options must be a table, not %s",
  })
  if not checked then
    return nil, message
  end
  checked.keys, message = all_keys(checked)
  if not checked.keys then
    return nil, message
  end
  return checked
end

return options
