--- What an operation's page shows: a call in Lua, on the command line and on the wire, made against the
-- emulator, whose seed and clock are fixed.
-- @module tools.docs.samples

local api = require "dataforest.cli.api"
local cli_support = require "spec.support.cli"
local dataforest = require "dataforest"
local emulators = require "dataforest.emulator"
local json = require "dataforest.codec.json"
local operations = require "dataforest.operations"
local ordered = require "dataforest.emulator.json"
local schema = require "dataforest.api.schema"

local samples = {}

local CLOCK = 1740011575 -- 2025-02-20T09:32:55+09:00
local ACCOUNT_ID, APP_ID = "axE7wU9ERm8fTc7e17vNvu", "6fKc2XnQ0bV9sTzR4mLw8H"
local PASSWORD, UNKNOWN_ID = "Forest-7", ("0"):rep(22)

-- Values of parameters: for one operation, for a group, or for all.
local VALUES = {
  id = ACCOUNT_ID,
  accountId = ACCOUNT_ID,
  name = "cloud1",
  password = PASSWORD,
  namespace = "koya",
  fileCountMillion = 2,
  spaceTb = 300,
  appTypeId = "DEV-1.0.0",
  queueName = "longlived",
  lifetime = 86400,
  componentName = "shell",
  containerName = "shell-0",
  containerCount = 3,
  components = { { name = "shell", memoryMb = 2048, cpuCount = 1, containerCount = 1 } },
  apps = { id = APP_ID, name = "dev1" },
  ["accounts/checkAvailableName"] = { name = "cloud2" },
  ["apps/checkAvailableName"] = { name = "dev2" },
  configuration = { queueName = "longlived" }, -- of the older groups, as below
  userConfigurations = { { componentName = "jupyter", name = "password", value = PASSWORD } },
  vpcNo = 1234,
  subnetNo = 5678,
}
-- Optional parameters that are shown all the same.
local SHOWN = { ["apps/setLifetime"] = { lifetime = true }, ["apps/create"] = { lifetime = true } }

local function placeholder(param)
  local kind = param.type
  if param.values then
    return param.values[1]
  elseif schema.scalars[kind] then
    return schema.scalars[kind].sample(param)
  elseif kind.array then
    return { placeholder { name = param.name, type = kind.array } }
  end
  local object = {}
  for _, field in ipairs(kind.fields or {}) do
    object[field.name] = placeholder(field)
  end
  return object
end

--- The parameters of the sample call.
-- @tparam table operation
-- @treturn table
function samples.params(operation)
  local params = {}
  for _, param in ipairs(operation.params) do
    local name = param.name
    local shown = SHOWN[operation.id] and SHOWN[operation.id][name]
    if shown or (param.required and param.default == nil) then
      local value = (VALUES[operation.id] or {})[name] or (VALUES[operation.group] or {})[name]
      if value == nil and (operation.status == "current" or param.type ~= "string" or name:find "[iI]d$") then
        value = VALUES[name]
      end
      params[name] = value == nil and placeholder(param) or value
    end
  end
  return params
end

-- What a call finds -----------------------------------------------------------------------------------------

local function client_of(emulator, options)
  options = options or {}
  options.transport = options.transport or emulator:transport()
  options.access_key, options.secret_key = emulator.access_key, emulator.secret_key
  return dataforest.new(options)
end

local function prepare(emulator, operation)
  if operation.id == "accounts/create" then
    return emulator
  end
  emulator:add_account { name = "cloud1", id = ACCOUNT_ID, created_at = CLOCK - 86400 }
  if operation.group == "apps" and operation.name ~= "create" then
    local df = client_of(emulator)
    assert(df.apps:create(samples.params(operations.by_name["apps/create"])))
    emulator:advance(120)
    if operation.name == "start" then
      assert(df.apps:stop(APP_ID))
      emulator:advance(120)
    end
  end
  return emulator
end

local function emulator_options(operation, more)
  local options = { seed = 1, ids = { operation.group == "apps" and APP_ID or ACCOUNT_ID } }
  function options.clock()
    return CLOCK
  end
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

local function world(operation, more)
  return prepare(emulators.new(emulator_options(operation, more)), operation)
end

--- Whether the emulator has a handler: not for the older operations, nor for one that was just added.
local function is_emulated(operation)
  if operation.status == "older" then
    return false
  end
  local _, err = client_of(world(operation)):call(operation.id, samples.params(operation))
  return not (err and err.status == 404 and err.code == "300")
end

-- Lua -------------------------------------------------------------------------------------------------------

local function inner_type(kind, name)
  for index, field in ipairs(type(kind) == "table" and kind.fields or {}) do
    if field.name == name then
      return field.type, index
    end
  end
  return nil, math.huge
end

--- A value as Lua, its fields in the order in which they are documented.
local function literal(value, kind, indent)
  if type(value) == "string" then
    return (
      ("%q"):format(value):gsub("[\128-\255%c]", function(byte)
        return ("\\%03d"):format(byte:byte())
      end)
    )
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  local parts, names = {}, {}
  for index, member in ipairs(value) do
    parts[index] = literal(member, type(kind) == "table" and kind.array or nil, indent .. "  ")
  end
  for name in pairs(parts[1] and {} or value) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b)
    local _, first = inner_type(kind, a)
    local _, second = inner_type(kind, b)
    return first < second or first == second and tostring(a) < tostring(b)
  end)
  for _, name in ipairs(names) do
    local key = name:find "^[%a_][%w_]*$" and name or ("[%q]"):format(name)
    parts[#parts + 1] = key .. " = " .. literal(value[name], (inner_type(kind, name)), indent .. "  ")
  end
  local line = #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
  if #line + #indent <= 72 and not line:find "\n" then
    return line
  end
  local inner = indent .. "  "
  return "{\n" .. inner .. table.concat(parts, ",\n" .. inner) .. ",\n" .. indent .. "}"
end

local function lua_sample(operation, emulated)
  local params = samples.params(operation)
  local argument = next(params) and " " .. literal(params, { fields = operation.params }, "") or "()"
  if #operation.params == 1 and operation.params[1].type == "string" then
    argument = (" %q"):format(params[operation.params[1].name])
  end
  local call = ("df.%s:%s%s"):format(operation.group, operation.method, argument)
  local sample = { source = ("local value, err = %s\n"):format(call) }
  if emulated then
    local value, err = assert(load("local df = ...\nreturn " .. call))(client_of(world(operation)))
    assert(value ~= nil, tostring(err))
    sample.result = literal(value, operation.result, "")
  end
  return sample
end

-- The command line ------------------------------------------------------------------------------------------

--- The body with its fields in the order of the pages.
local function in_order(operation, body)
  if not body:find "^{" then
    return body
  end
  local fields, within = {}, {}
  for _, param in ipairs(operation.params) do
    local container = fields
    if param.within then
      if not within[param.within] then
        within[param.within] = {}
        fields[#fields + 1] = { name = param.within, type = { object = "x", fields = within[param.within] } }
      end
      container = within[param.within]
    end
    container[#container + 1] = param
  end
  return ordered.encode(ordered.decode(body), { object = operation.name, fields = fields })
end

local function component_word(component)
  local parts = {}
  for _, name in ipairs { "memoryMb", "cpuCount", "containerCount" } do
    parts[#parts + 1] = ("%s=%d"):format(name, component[name])
  end
  return component.name .. ":" .. table.concat(parts, ",")
end

local function command_sample(operation, emulated)
  local params, given, stdin = samples.params(operation), {}, nil
  if operation.status == "older" then
    local body = next(params)
        and " '" .. in_order(operation, json.encode(params, schema.request(operation))) .. "'"
      or ""
    local secret = body:find(PASSWORD, 1, true)
    return {
      source = ("dataforest call %s%s\n"):format(operation.id, secret and " - <parameters.json" or body),
    }
  end
  for _, param in ipairs(operation.params) do
    local value = params[param.name]
    if param.secret then
      stdin = value
    elseif param.name == "components" and value then
      given.components = {}
      for index, component in ipairs(value) do
        given.components[index] = component_word(component)
      end
    elseif value ~= nil then
      given[param.name] = param.name == "accountId" and "cloud1" or tostring(value)
    end
  end
  local line = api.line(operation, given):gsub(" %-%-output %S+", "") .. (stdin and " --password-stdin" or "")
  local machine = cli_support.machine(emulator_options(operation))
  prepare(machine.emulator, operation)
  local words = {}
  for word in line:gmatch "%S+" do
    words[#words + 1] = (word:gsub("^'(.*)'$", "%1"))
  end
  table.remove(words, 1)
  local run = machine:run(words, { stdin = stdin and stdin .. "\n" })
  assert(run.code == 0 or not emulated, line .. ": " .. run.err)
  return {
    source = line
      .. (operation.binary and " --output cloud1.keytab" or "")
      .. (stdin and " <password.txt" or "")
      .. "\n",
    result = emulated and not operation.binary and run.out or nil,
  }
end

-- The wire --------------------------------------------------------------------------------------------------

local REQUEST_HEADERS = {
  "x-ncp-apigw-timestamp",
  "x-ncp-iam-access-key",
  "x-ncp-apigw-signature-v2",
  "Content-Type",
  "Accept",
  "User-Agent",
}
local RESPONSE_HEADERS = { "content-type", "date", "x-ncp-trace-id" }

local function message(first, names, headers, body)
  local lines = { first }
  for _, name in ipairs(names) do
    lines[#lines + 1] = ("%s: %s"):format(name, headers[name])
  end
  lines[#lines + 1] = ("Content-Length: %d"):format(#body)
  return table.concat(lines, "\n")
    .. "\n\n"
    .. body:gsub("[^\32-\126\n]", function(byte)
      return ("\\x%02x"):format(byte:byte())
    end)
    .. "\n"
end

local function wire_sample(operation, format, emulated)
  if format == "xml" and not (operation.xml and operation.xml.request) then
    return nil
  end
  local emulator = world(operation)
  local inner, seen = emulator:transport(), {}
  local transport = setmetatable({}, { __index = inner })
  function transport.send(_, request)
    local body = in_order(operation, request.body)
    seen.request =
      message(("POST %s HTTP/1.1"):format(request.target), REQUEST_HEADERS, request.headers, body)
    local response, failure = inner:send(request)
    if response and emulated then
      local first = ("HTTP/1.1 %d"):format(response.status)
      seen.response = message(first, RESPONSE_HEADERS, response.headers, response.body)
    end
    return response, failure
  end
  local df = client_of(emulator, { format = format, retry = false, transport = transport })
  local value, err = df:call(operation.id, samples.params(operation))
  assert(seen.request and (value ~= nil or not emulated), tostring(err))
  return seen
end

-- Errors ----------------------------------------------------------------------------------------------------

local function with(params, name, value)
  local changed = {}
  for key, member in pairs(params) do
    changed[key] = member
  end
  changed[name] = value
  return changed
end

--- Errors that calls really end with: `kind`, `when` (words) and `line`.
local function error_samples(operation, emulated)
  local list, params = {}, samples.params(operation)
  local function add(when, given, more, change)
    local emulator = world(operation, more)
    if change then
      change(emulator)
    end
    local value, err = client_of(emulator, { retry = false }):call(operation.id, given)
    assert(value == nil, operation.id .. ": an error was expected")
    list[#list + 1] = { kind = err.kind, when = when, line = tostring(err) }
  end
  for _, param in ipairs(operation.params) do
    if param.required and param.default == nil then
      add(
        ("`%s` is missing, or breaks another limit; nothing is sent"):format(param.name),
        with(params, param.name)
      )
      break
    end
  end
  if not emulated then
    return list
  end
  for _, name in ipairs { "id", "accountId" } do
    if params[name] then
      local unknown = with(params, name, UNKNOWN_ID)
      add(("`%s` is unknown, or belongs to somebody else"):format(name), unknown)
      add(
        ("`%s` is unknown, according to the tables of the API's pages"):format(name),
        unknown,
        { unknown_id = 404 }
      )
    end
  end
  if operation.id == "accounts/create" then
    local function one_before(emulator)
      emulator:add_account { name = "cloud0", id = "0123456789abcdefghijkl" }
    end
    add("there is an account already", params, nil, one_before)
    add("the same, according to the tables", params, { second_account = 400 }, one_before)
  end
  return list
end

--- Everything that an operation's page shows.
-- @tparam table operation an entry of `dataforest.operations`
-- @treturn table `lua`, `command`: `source` and `result`; `json`, `xml`: `request` and `response`; `errors`;
--   `emulated`: whether there are results and responses
function samples.of(operation)
  local emulated = is_emulated(operation)
  return {
    emulated = emulated,
    lua = lua_sample(operation, emulated),
    command = command_sample(operation, emulated),
    json = wire_sample(operation, "json", emulated),
    xml = wire_sample(operation, "xml", emulated),
    errors = error_samples(operation, emulated),
  }
end

return samples
