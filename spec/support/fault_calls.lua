--- The calls of fault_cases.lua: made by a client in plain Lua or inside nginx, and told as plain data.

local core = require "dataforest.core"
local dataforest = require "dataforest"
local tables = require "dataforest.util.tables"

local calls = {}

local ID = "axE7wU9ERm8fTc7e17vNvu"

-- Keys and a password that a search finds again.
calls.ACCESS_KEY = "MarkedAccessKey"
calls.SECRET_KEY = "Marked+Secret/Key=="
calls.PASSWORD = 'Mk+7%&<"\\ä~?Pw'

-- What stands for each effect.
calls.OPERATIONS = {
  read = { "accounts/getList" },
  idempotent = { "accounts/resetPassword", { id = ID, password = calls.PASSWORD } },
  once = { "accounts/create", { name = "df001", password = calls.PASSWORD } },
}

local OPTIONS = {
  access_key = calls.ACCESS_KEY,
  secret_key = calls.SECRET_KEY,
  validate = false, -- the marked password has characters that the service would refuse
  timeout = 5,
  connect_timeout = 2,
  max_response_bytes = 65536,
  retry = { base_delay = 0.001, max_delay = 0.005 },
}

--- A client of a case.
-- @tparam table case
-- @tparam table place `address` of the case ("127.0.0.1:port"), `ca_file`, `transport`
-- @tparam[opt] table more options
-- @treturn table client
-- @treturn table its events, in their order
function calls.client(case, place, more)
  local events = {}
  local options = { transport = place.transport, ca_file = place.ca_file }
  if case.tls == false then
    options.base_url = "http://" .. place.address
  elseif case.proxied then
    options.base_url, options.proxy = "https://df.test", "http://" .. place.address
  else
    options.base_url, options.connect_to = "https://df.test", place.address
  end
  for _, given in ipairs { OPTIONS, case.options or {}, more or {} } do
    for name, value in pairs(given) do
      options[name] = value
    end
  end
  options.connect_to = options.connect_to or nil -- false: whatever the name's address is
  options.on_event = function(event)
    events[#events + 1] = event
  end
  return dataforest.new(options), events
end

--- An error as plain data, with its text.
local function told(err)
  local out = tables.copy({ text = tostring(err) }, err)
  return out
end

--- Makes a call.
-- @treturn table `value` or `error`, `seconds` that it took, `events`
function calls.call(client, events, operation, params, options)
  for index = #events, 1, -1 do
    events[index] = nil
  end
  local started = core.monotonic()
  local value, err = client:call(operation, params, options)
  local result =
    { value = value, error = err and told(err), seconds = core.monotonic() - started, events = {} }
  for index, event in ipairs(events) do
    result.events[index] = event.error and told(event.error) or {}
    for name, field in pairs(event) do
      result.events[index][name] = name == "error" and told(field) or field
    end
  end
  return result
end

--- The operation and the parameters of a case for an effect.
function calls.of(case, effect)
  if case.operation then
    return case.operation, case.params or { id = ID }
  end
  return calls.OPERATIONS[effect][1], calls.OPERATIONS[effect][2]
end

local made = {}

--- One step of a case: "fault", the call that counts; or "next", another one after it, with the same client.
-- @tparam table case
-- @tparam string effect
-- @tparam string step
-- @tparam table place see `calls.client`
-- @treturn table as of `calls.call`; for a good call beforehand: `warm`, the same of that one
function calls.step(case, effect, step, place)
  local key = case.name .. " " .. effect
  if step == "next" then
    local entry = made[key]
    made[key] = nil
    local result = calls.call(entry.client, entry.events, "accounts/getList")
    entry.client:close()
    return result
  end
  local client, events = calls.client(case, place)
  made[key] = { client = client, events = events }
  local warm
  if case.warm then
    warm = calls.call(client, events, "accounts/getList")
    client.transport:sleep(case.warm)
  end
  local result = calls.call(client, events, calls.of(case, effect))
  result.warm = warm
  return result
end

return calls
