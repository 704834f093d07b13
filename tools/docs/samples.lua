--- What each operation's page shows: a call in Lua, on the command line and on the wire, really made
-- against the emulator, whose seed and clock are fixed.
--
-- @module tools.docs.samples

local api = require "dataforest.cli.api"
local cli_support = require "spec.support.cli"
local dataforest = require "dataforest"
local emulators = require "dataforest.emulator"
local json = require "dataforest.codec.json"
local operations = require "dataforest.operations"
local wire = require "dataforest.emulator.wire"

local samples = {}

local CLOCK = 1740011575 -- 2025-02-20T09:32:55+09:00
local ACCOUNT_ID = "axE7wU9ERm8fTc7e17vNvu"
local APP_ID = "6fKc2XnQ0bV9sTzR4mLw8H"
local PASSWORD = "Forest-7"

-- Values of parameters, for an operation or for all that have them.
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
  -- Of the older groups.
  configuration = { queueName = "longlived" },
  userConfigurations = { { componentName = "jupyter", name = "password", value = PASSWORD } },
  vpcNo = 1234,
  subnetNo = 5678,
}

local IDS = { id = true, accountId = true }

-- Parameters that need not be given, and are shown.
local SHOWN = { ["apps/setLifetime"] = { lifetime = true }, ["apps/create"] = { lifetime = true } }

local function placeholder(param)
  local kind = param.type
  if param.values then
    return param.values[1]
  elseif kind == "integer" or kind == "number" then
    return param.minimum or 1
  elseif kind == "boolean" then
    return true
  elseif kind == "string" then
    return param.name:lower():gsub("[^a-z0-9]", ""):sub(1, param.max_length or 10)
  elseif kind.array then
    return { placeholder { name = param.name, type = kind.array } }
  elseif kind.fields then
    local object = {}
    for _, field in ipairs(kind.fields) do
      object[field.name] = placeholder(field)
    end
    return object
  end
  return {}
end

--- The parameters of the sample call.
-- @tparam table operation
-- @treturn table
function samples.params(operation)
  local own, of_group = VALUES[operation.id] or {}, VALUES[operation.group] or {}
  local params = {}
  for _, param in ipairs(operation.params) do
    local shown = SHOWN[operation.id] and SHOWN[operation.id][param.name]
    if shown or (param.required and param.default == nil) then
      local value = own[param.name]
      if value == nil then
        value = of_group[param.name]
      end
      if value == nil and (operation.status == "current" or param.type ~= "string" or IDS[param.name]) then
        value = VALUES[param.name]
      end
      if value == nil then
        value = placeholder(param)
      end
      params[param.name] = value
    end
  end
  return params
end

-- The world that a call finds ----------------------------------------------------------------------------

local function client_of(emulator, options)
  local given = {
    transport = emulator:transport(),
    access_key = emulator.access_key,
    secret_key = emulator.secret_key,
  }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  return dataforest.new(given)
end

local function prepare(emulator, operation)
  if operation.id == "accounts/create" then
    return
  end
  emulator:add_account { name = "cloud1", id = ACCOUNT_ID, created_at = CLOCK - 86400 }
  if operation.group ~= "apps" or operation.name == "create" then
    return
  end
  local df = client_of(emulator)
  local create = operations.by_name["apps/create"]
  assert(df.apps:create(samples.params(create)))
  emulator:advance(120)
  if operation.name == "start" then
    assert(df.apps:stop(APP_ID))
    emulator:advance(120)
  end
  emulator.calls = {}
end

local function emulator_options(operation, more)
  local options = {
    seed = 1,
    clock = function()
      return CLOCK
    end,
    ids = { operation.group == "apps" and APP_ID or ACCOUNT_ID },
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

local function world(operation, more)
  local emulator = emulators.new(emulator_options(operation, more))
  prepare(emulator, operation)
  return emulator
end

-- Lua ------------------------------------------------------------------------------------------------------

local function field_order(kind)
  local order = {}
  for index, field in ipairs(type(kind) == "table" and kind.fields or {}) do
    order[field.name] = index
    order[index] = field
  end
  return order
end

local literal

local function type_of_field(order, name)
  local index = order[name]
  return index and order[index].type
end

local function sorted_names(value, order)
  local names = {}
  for name in pairs(value) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b)
    local first, second = order[a] or math.huge, order[b] or math.huge
    if first ~= second then
      return first < second
    end
    return tostring(a) < tostring(b)
  end)
  return names
end

local function literal_parts(value, kind, indent)
  local parts = {}
  if value[1] ~= nil then
    for index, member in ipairs(value) do
      parts[index] = literal(member, type(kind) == "table" and kind.array or nil, indent .. "  ")
    end
    return parts
  end
  local order = field_order(kind)
  for _, name in ipairs(sorted_names(value, order)) do
    local key = name:find "^[%a_][%w_]*$" and name or ("[%q]"):format(name)
    parts[#parts + 1] = ("%s = %s"):format(
      key,
      literal(value[name], type_of_field(order, name), indent .. "  ")
    )
  end
  return parts
end

local WIDTH = 72

--- A value as Lua, its fields in the order in which they are documented.
literal = function(value, kind, indent)
  if type(value) == "string" then
    return (
      ("%q"):format(value):gsub("\\\n", "\\n"):gsub("[\128-\255%c]", function(byte)
        return ("\\%03d"):format(byte:byte())
      end)
    )
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  local parts = literal_parts(value, kind, indent)
  if #parts == 0 then
    return "{}"
  end
  local line = "{ " .. table.concat(parts, ", ") .. " }"
  if #line + #indent <= WIDTH and not line:find "\n" then
    return line
  end
  local inner = indent .. "  "
  return "{\n" .. inner .. table.concat(parts, ",\n" .. inner) .. ",\n" .. indent .. "}"
end

local function params_type(operation)
  return { object = operation.name, fields = operation.params }
end

--- Whether the emulator answers for an operation: not for the older ones, nor for one that was just added.
local function is_emulated(operation)
  if operation.status == "older" then
    return false
  end
  local _, err = client_of(world(operation)):call(operation.id, samples.params(operation))
  return not (err and err.status == 404 and err.code == "300")
end

--- The source of the call, and what it gives, as Lua.
local function lua_sample(operation, emulator)
  local params = samples.params(operation)
  local argument
  if next(params) == nil then
    argument = "()"
  elseif #operation.params == 1 and operation.params[1].type == "string" then
    argument = (" %q"):format(params[operation.params[1].name])
  else
    argument = " " .. literal(params, params_type(operation), "")
  end
  local call = ("df.%s:%s%s"):format(operation.group, operation.method, argument)
  local sample = { source = ("local answer, err = %s\n"):format(call) }
  if emulator then
    local chunk = assert(load("local df = ...\nreturn " .. call))
    local value, err = chunk(client_of(emulator))
    assert(value ~= nil, tostring(err))
    if type(value) == "string" then
      sample.result = ("answer is a string of %d bytes:\n%s"):format(#value, literal(value, nil, ""))
    else
      sample.result = "answer is " .. literal(value, operation.result, "")
    end
  end
  return sample
end

--- The body with its fields in the order of the pages. (Lua's tables have none of their own, so that a
-- JSON body comes in another order each time.)
local function in_order(operation, body)
  if not body:find "^{" then
    return body
  end
  local fields, within = {}, {}
  for _, param in ipairs(operation.params) do
    local place = fields
    if param.within then
      if not within[param.within] then
        within[param.within] = {}
        fields[#fields + 1] =
          { name = param.within, type = { object = param.within, fields = within[param.within] } }
      end
      place = within[param.within]
    end
    place[#place + 1] = param
  end
  local ordered = wire.json(json.decode(body), { object = operation.name, fields = fields })
  assert(#ordered == #body, operation.id .. ": the request changed its length")
  return ordered
end

-- The command line -----------------------------------------------------------------------------------------

local function component_word(component)
  return ("%s:memoryMb=%d,cpuCount=%d,containerCount=%d"):format(
    component.name,
    component.memoryMb,
    component.cpuCount,
    component.containerCount
  )
end

local function command_values(operation)
  local given, stdin = {}, nil
  local params = samples.params(operation)
  for _, param in ipairs(operation.params) do
    local value = params[param.name]
    if param.secret then
      stdin = value
    elseif param.name == "accountId" then
      given.accountId = "cloud1"
    elseif param.name == "components" then
      given.components = {}
      for index, component in ipairs(value) do
        given.components[index] = component_word(component)
      end
    elseif value ~= nil then
      given[param.name] = tostring(value)
    end
  end
  return given, stdin
end

local function words_of(line)
  local words = {}
  for word in line:gmatch "%S+" do
    words[#words + 1] = (word:gsub("^'(.*)'$", "%1"))
  end
  table.remove(words, 1)
  return words
end

local function command_sample(operation, emulated)
  if operation.status == "older" then
    local params = samples.params(operation)
    local body = next(params) and " '" .. in_order(operation, json.encode(params, operation)) .. "'" or ""
    local secret = body:find(PASSWORD, 1, true)
    return {
      source = secret and ("dataforest call %s - <parameters.json\n"):format(operation.id)
        or ("dataforest call %s%s\n"):format(operation.id, body),
    }
  end
  local given, stdin = command_values(operation)
  local line = api.line(operation, given):gsub(" %-%-output %S+", "")
  if stdin then
    line = line .. " --password-stdin"
  end
  local machine = cli_support.machine(emulator_options(operation))
  prepare(machine.emulator, operation)
  local run = machine:run(words_of(line), { stdin = stdin and stdin .. "\n" })
  assert(run.code == 0 or not emulated, line .. ": " .. run.err)
  local result = emulated and run.out or nil
  if operation.binary then
    line = line .. " --output cloud1.keytab"
    result = nil
  end
  if stdin then
    line = line .. " <password.txt"
  end
  return { source = line .. "\n", result = result }
end

-- The wire -------------------------------------------------------------------------------------------------

local REQUEST_HEADERS = {
  "x-ncp-apigw-timestamp",
  "x-ncp-iam-access-key",
  "x-ncp-apigw-signature-v2",
  "Content-Type",
  "Accept",
  "User-Agent",
}

local ANSWER_HEADERS = { "content-type", "date", "x-ncp-trace-id" }

local function request_text(operation, request)
  local lines = { ("%s %s HTTP/1.1"):format(request.method, request.target), "Host: df.apigw.ntruss.com" }
  for _, name in ipairs(REQUEST_HEADERS) do
    lines[#lines + 1] = ("%s: %s"):format(name, assert(request.headers[name], name))
  end
  lines[#lines + 1] = ("Content-Length: %d"):format(#request.body)
  return table.concat(lines, "\n") .. "\n\n" .. in_order(operation, request.body) .. "\n"
end

local REASONS = { [200] = "OK", [400] = "Bad Request", [403] = "Forbidden", [404] = "Not Found" }

local function printable(body)
  return (body:gsub("[^\32-\126\n]", function(byte)
    return ("\\x%02x"):format(byte:byte())
  end))
end

local function answer_text(answer)
  local lines = { ("HTTP/1.1 %d %s"):format(answer.status, REASONS[answer.status] or "") }
  for _, name in ipairs(ANSWER_HEADERS) do
    lines[#lines + 1] = ("%s: %s"):format(name, answer.headers[name])
  end
  lines[#lines + 1] = ("content-length: %d"):format(#answer.body)
  local body = answer.headers["content-type"]:find "octet" and printable(answer.body) or answer.body
  return table.concat(lines, "\n") .. "\n\n" .. body .. "\n"
end

local function wire_sample(operation, format, emulated)
  if format == "xml" and not (operation.xml and operation.xml.request) then
    return nil
  end
  local emulator = world(operation)
  local inner = emulator:transport()
  local seen = {}
  local df = client_of(emulator, {
    format = format,
    retry = false,
    transport = {
      send = function(_, request)
        seen.request = request_text(operation, request)
        local answer, failure = inner:send(request)
        seen.answer = answer and emulated and answer_text(answer) or nil
        return answer, failure
      end,
      sleep = function(_, seconds)
        inner:sleep(seconds)
      end,
      now = function()
        return inner:now()
      end,
    },
  })
  local value, err = df:call(operation.id, samples.params(operation))
  assert(value ~= nil or not emulated, tostring(err))
  assert(seen.request, tostring(err))
  return seen
end

-- Errors ---------------------------------------------------------------------------------------------------

local function error_line(operation, params, more, change)
  local emulator = world(operation, more)
  if change then
    change(emulator)
  end
  local value, err = client_of(emulator, { retry = false }):call(operation.id, params)
  assert(value == nil, operation.id .. ": an error was expected")
  return err
end

local UNKNOWN_ID = "0000000000000000000000"

local function first_required(operation)
  for _, param in ipairs(operation.params) do
    if param.required and param.default == nil then
      return param
    end
  end
end

local function copy(params, name, value)
  local changed = {}
  for key, member in pairs(params) do
    changed[key] = member
  end
  changed[name] = value
  return changed
end

--- Errors that calls really end with: `kind`, `when` (words) and `line`.
local function error_samples(operation, emulated)
  local list = {}
  local params = samples.params(operation)
  local function add(when, err)
    list[#list + 1] = { kind = err.kind, when = when, line = tostring(err) }
  end
  local missing = first_required(operation)
  if missing then
    add(
      ("%s is left out, or breaks another of the limits above; nothing is sent"):format(
        "`" .. missing.name .. "`"
      ),
      error_line(operation, copy(params, missing.name, nil))
    )
  end
  if not emulated then
    return list
  end
  for _, name in ipairs { "id", "accountId" } do
    if params[name] then
      local unknown = copy(params, name, UNKNOWN_ID)
      add(
        ("`%s` is unknown, or not yours: the service tells no difference"):format(name),
        error_line(operation, unknown)
      )
      add(
        ("`%s` is unknown, as the pages' tables have it"):format(name),
        error_line(operation, unknown, { unknown_id = 404 })
      )
    end
  end
  if operation.id == "accounts/create" then
    local function one_before(emulator)
      emulator:add_account { name = "cloud0", id = "0123456789abcdefghijkl" }
    end
    add("there is an account already", error_line(operation, params, nil, one_before))
    add(
      "the same, as the pages' tables have it",
      error_line(operation, params, { second_account = 400 }, one_before)
    )
  end
  return list
end

--- Everything that an operation's page shows.
-- @tparam table operation an entry of `dataforest.operations`
-- @treturn table `lua`, `command`: `source` and `result`; `json`, `xml`: `request` and `answer`; `errors`;
--   `emulated`: whether there are results and answers
function samples.of(operation)
  local emulated = is_emulated(operation)
  return {
    emulated = emulated,
    lua = lua_sample(operation, emulated and world(operation) or nil),
    command = command_sample(operation, emulated),
    json = wire_sample(operation, "json", emulated),
    xml = wire_sample(operation, "xml", emulated),
    errors = error_samples(operation, emulated),
  }
end

return samples
