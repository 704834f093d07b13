--- The options of `emulator.new`, checked.
-- @module dataforest.emulator.options

local core = require "dataforest.core"
local time = require "dataforest.emulator.time"

local options = {
  access_key = "DATAFORESTEMULATOR01",
  secret_key = "dataforest-emulator-secret-key-not-a-secret",
}

local function at_least(smallest)
  return function(value)
    return value >= smallest, ("must be at least %g"):format(smallest)
  end
end

local function is_latency(value)
  return type(value) == "function" or value >= 0, "must be at least 0"
end

local function one_of(...)
  local allowed = { ... }
  return function(value)
    for _, candidate in ipairs(allowed) do
      if value == candidate then
        return true
      end
    end
    return false, "must be " .. table.concat(allowed, " or ")
  end
end

local function is_zone(value)
  return time.zone_seconds(value) ~= nil, 'must be such as "+09:00" or "Z"'
end

local function is_filled(value)
  return value ~= "", "is empty"
end

-- The types that a value may have, its check and its default.
local OPTIONS = {
  access_key = { "string", check = is_filled, default = options.access_key },
  secret_key = { "string", check = is_filled, default = options.secret_key },
  keys = { "table", default = {} },
  clock = { "function", default = core.now },
  seed = { "number" },
  ids = { "table", default = {} },
  zone = { "string", check = is_zone, default = "+09:00" },
  creation_delay = { "number", check = at_least(0), default = 150 },
  change_delay = { "number", check = at_least(0), default = 0 },
  deletion_delay = { "number", check = at_least(0), default = 0 },
  app_delay = { "number", check = at_least(0), default = 60 },
  container_delay = { "number", check = at_least(0), default = 10 },
  max_apps = { "number", check = at_least(0), default = 50 },
  max_containers = { "number", check = at_least(1), default = 100 },
  max_request_bytes = { "number", check = at_least(1), default = 1048576 },
  latency = { "number", "function", check = is_latency, default = 0 },
  strict = { "boolean", default = false },
  unknown_id = { "number", check = one_of(403, 404), default = 403 },
  second_account = { "number", check = one_of(200, 400), default = 200 },
}

local function problem(name, value)
  local option = OPTIONS[name]
  if not option then
    return ("there is no option %s"):format(tostring(name))
  elseif type(value) ~= option[1] and type(value) ~= option[2] then
    local wanted = option[2] and option[1] .. " or a " .. option[2] or option[1]
    return ("%s must be a %s, not a %s"):format(name, wanted, type(value))
  elseif option.check then
    local fits, why = option.check(value)
    return not fits and name .. " " .. why or nil
  end
end

-- Each key is a user of its own, unless `user` says otherwise.
local function all_keys(checked)
  local keys = { [checked.access_key] = { secret = checked.secret_key, user = checked.access_key } }
  for access_key, key in pairs(checked.keys) do
    local entry = type(key) == "table" and key or { secret = key }
    if type(access_key) ~= "string" or type(entry.secret) ~= "string" or entry.secret == "" then
      return nil, 'keys must be such as { ["access key"] = "secret key" }'
    end
    keys[access_key] = { secret = entry.secret, user = entry.user or access_key }
  end
  return keys
end

--- Checks options and fills in the defaults.
-- @tparam table given
-- @treturn table|nil all options; `keys` holds `{ secret =, user = }` by access key
-- @treturn ?string what is wrong
function options.check(given)
  if type(given) ~= "table" then
    return nil, ("the options must be a table, not a %s"):format(type(given))
  end
  local checked = {}
  for name, value in pairs(given) do
    local message = problem(name, value)
    if message then
      return nil, message
    end
    checked[name] = value
  end
  for name, option in pairs(OPTIONS) do
    if checked[name] == nil then
      checked[name] = option.default
    end
  end
  local message
  checked.keys, message = all_keys(checked)
  if not checked.keys then
    return nil, message
  end
  return checked
end

return options
