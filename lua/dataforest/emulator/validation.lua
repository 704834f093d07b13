--- The documented limits of parameters, as the service enforces them, in the service's words.
--
-- The limits come from `dataforest.operations`; how they are applied is written here on its own,
-- so that a mistake in the client's checks shows.
-- @module dataforest.emulator.validation

local answers = require "dataforest.emulator.error_responses"

local floor = math.floor

local limits = {}

-- Shown as a working request in the pages, though it breaks every rule that they state.
local DOCUMENTED_PASSWORDS = { ["8ghmuu8x"] = true }

local PASSWORD_FORBIDDEN = { "'", '"', "\226\130\169", "/", "&", "`", " " } -- the third is the won sign

local PASSWORD_MESSAGE = ". Please enter a valid password, which must be at least 8 characters in length "
  .. "and contain a combination of at least three types of the following: "
  .. "lowercase letters, uppercase letters, special characters and numbers."

local function characters(text)
  local _, continuation = text:gsub("[\128-\191]", "")
  return #text - continuation
end

local function kinds_of_character(text)
  local kinds = 0
  for _, class in ipairs { "%l", "%u", "%d", "[^%l%u%d]" } do
    if text:find(class) then
      kinds = kinds + 1
    end
  end
  return kinds
end

-- Three rules are documented. By default a password passes that any of them allows; the strict rule
-- wants all four kinds of character.
local function password_fits(text, strict)
  for _, forbidden in ipairs(PASSWORD_FORBIDDEN) do
    if text:find(forbidden, 1, true) then
      return false
    end
  end
  local length = characters(text)
  if length < 8 or length > 20 then
    return false
  end
  if strict then
    return kinds_of_character(text) == 4
  end
  return DOCUMENTED_PASSWORDS[text] or kinds_of_character(text) >= 3
end

local function violation(kind, path, why)
  return answers.invalid(("constraint violation %s, %s"):format(kind, path), ": " .. (why or ""))
end

local function pattern_fits(field, text)
  if field.charset and text:find("[^" .. field.charset .. "]") then
    return false
  end
  if
    field.edges and not (text:find("^[" .. field.edges .. "]") and text:find("[" .. field.edges .. "]$"))
  then
    return false
  end
  return not (field.no_double and text:find(field.no_double:rep(2), 1, true))
end

local function check_string(field, text, path, strict)
  if type(text) ~= "string" then
    return nil, answers.invalid()
  end
  if field.rule == "password" then
    if not password_fits(text, strict) then
      return nil, answers.invalid(("%s, '%s'"):format(path, text), PASSWORD_MESSAGE)
    end
    return text
  end
  local length = characters(text)
  local shortest, longest = field.min_length or 0, field.max_length or math.huge
  if length < shortest or length > longest then
    local bounds = longest == math.huge and ("at least %d"):format(shortest)
      or ("between %d and %d"):format(shortest, longest)
    return nil, violation("Size", path, "size must be " .. bounds)
  end
  if not pattern_fits(field, text) then
    return nil, violation("Pattern", path, "only " .. field.charset_doc .. " in the documented places")
  end
  return text
end

local function listed(values, value)
  for _, allowed in ipairs(values or {}) do
    if allowed == value then
      return true
    end
  end
  return false
end

local function check_integer(field, value, path, strict)
  if type(value) == "string" and value:find("^-?%d+$") then
    value = tonumber(value)
  end
  if type(value) ~= "number" or value ~= floor(value) or value > 2 ^ 53 or value < -2 ^ 53 then
    return nil, answers.invalid()
  end
  value = floor(value)
  if listed(field.also, value) then
    return value
  end
  if field.minimum and value < field.minimum then
    return nil, violation("Min", path, ("must be greater than or equal to %d"):format(field.minimum))
  end
  if field.maximum and value > field.maximum then
    return nil, violation("Max", path, ("must be less than or equal to %d"):format(field.maximum))
  end
  if strict and field.multiple_of and value % field.multiple_of ~= 0 then
    return nil,
      answers.invalid(("%s, '%d'"):format(path, value), (". Steps of %d."):format(field.multiple_of))
  end
  return value
end

local check_value

local function check_array(field, list, path, strict)
  if type(list) ~= "table" or (next(list) ~= nil and #list == 0) then
    return nil, answers.invalid()
  end
  local out = {}
  for i, item in ipairs(list) do
    local value, answer =
      check_value({ type = field.type.array }, item, ("%s[%d]"):format(path, i - 1), strict)
    if answer then
      return nil, answer
    end
    out[i] = value
  end
  return out
end

function check_value(field, value, path, strict)
  local kind = field.type
  if kind == "string" then
    local text, answer = check_string(field, value, path, strict)
    if text and field.values and not listed(field.values, text) then
      return nil, answers.invalid(("%s, '%s'"):format(path, text))
    end
    return text, answer
  elseif kind == "integer" then
    return check_integer(field, value, path, strict)
  elseif type(kind) == "table" and kind.array then
    return check_array(field, value, path, strict)
  elseif type(kind) == "table" and kind.fields then
    if type(value) ~= "table" then
      return nil, answers.invalid()
    end
    return limits.fields(kind.fields, value, strict, path .. ".")
  end
  return value
end

local function empty(value)
  return value == nil or value == "" or (type(value) == "table" and next(value) == nil)
end

-- The value to go on with where none was given, or the answer that refuses it.
local function absent(field, path, strict)
  if field.service_default ~= nil then
    return field.service_default
  end
  if field.required and (strict or field.default == nil) then
    return nil, violation(field.type == "integer" and "NotNull" or "NotEmpty", path)
  end
  return field.default
end

--- Checks an object's members against a list of fields.
-- @tparam {field,...} fields as `dataforest.operations` has them
-- @tparam table object what was sent
-- @tparam boolean strict whether the strict-only rules apply
-- @tparam[opt=""] string prefix of the names in messages
-- @treturn table|nil the members, as the types say
-- @treturn ?table the answer that refuses them
function limits.fields(fields, object, strict, prefix)
  local out = {}
  for _, field in ipairs(fields) do
    local path = (prefix or "") .. field.name
    local value, answer = object[field.name]
    if empty(value) then
      value, answer = absent(field, path, strict)
    else
      value, answer = check_value(field, value, path, strict)
    end
    if answer then
      return nil, answer
    end
    out[field.name] = value
  end
  return out
end

local function unknown_member(fields, object)
  local known = {}
  for _, field in ipairs(fields) do
    known[field.name] = true
  end
  for name in pairs(object) do
    if not known[name] then
      return tostring(name)
    end
  end
end

-- Where the service asks something else than the client checks.
local function service_param(operation, param, strict)
  if operation.name == "checkAvailableName" and param.name == "name" then
    -- A bad name is an answer there, not an error.
    return { name = "name", type = "string", required = true }
  elseif operation.id == "apps/setLifetime" and param.name == "lifetime" and not strict then
    -- "No end" is documented for apps/create, and not listed here.
    local copy = {}
    for key, value in pairs(param) do
      copy[key] = value
    end
    copy.also = { -1 }
    return copy
  end
  return param
end

--- The body of an operation's requests as one type; parameters that travel inside an object are in it.
-- @tparam table operation an entry of `dataforest.operations`
-- @tparam boolean strict whether the strict-only rules apply
-- @treturn table an object type
function limits.request_type(operation, strict)
  local fields, nested = {}, {}
  for _, documented in ipairs(operation.params) do
    local param = service_param(operation, documented, strict)
    if not param.within then
      fields[#fields + 1] = param
    else
      if not nested[param.within] then
        local inner = { object = param.within, fields = {} }
        nested[param.within] = inner
        fields[#fields + 1] = { name = param.within, type = inner, required = true }
      end
      local inner = nested[param.within].fields
      inner[#inner + 1] = param
    end
  end
  return { object = operation.xml and operation.xml.request or operation.name, fields = fields }
end

--- Checks the body of a request.
-- @tparam table request_type from `limits.request_type`
-- @tparam table body what was sent
-- @tparam boolean strict whether the strict-only rules apply: required means required, and no other members
-- @treturn table|nil the parameters
-- @treturn ?table the answer that refuses them
function limits.request(request_type, body, strict)
  if strict then
    local name = unknown_member(request_type.fields, body)
    if name then
      return nil, answers.invalid(("unknown member %s"):format(name))
    end
  end
  return limits.fields(request_type.fields, body, strict)
end

--- Checks one value alone, for the operations that only ask whether it would do.
-- @tparam table field the parameter
-- @param value the value
-- @treturn ?table the answer that would refuse it; nil where it fits
function limits.problem(field, value)
  local _, answer = check_value(field, value, field.name, false)
  return answer
end

return limits
