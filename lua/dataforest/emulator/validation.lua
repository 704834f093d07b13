--- The documented limits of parameters, as the service enforces them, in the service's words.
--
-- What a limit is, is for `dataforest.api.limits`; which of them the service applies, how it reads numbers
-- and what is empty, and how it responds, is written here.
-- @module dataforest.emulator.validation

local errors = require "dataforest.emulator.error_responses"
local limits = require "dataforest.api.limits"
local operations = require "dataforest.operations"
local password = require "dataforest.api.password"
local schema = require "dataforest.api.schema"
local tables = require "dataforest.util.tables"

local floor = math.floor

local validation = {}

-- Shown as a working request in the pages, though it breaks every rule that they state.
local DOCUMENTED_PASSWORDS = { ["8ghmuu8x"] = true }

local PASSWORD_MESSAGE = ". Please enter a valid password, which must be at least 8 characters in length "
  .. "and contain a combination of at least three types of the following: "
  .. "lowercase letters, uppercase letters, special characters and numbers."

-- Three rules are documented. By default a password passes that any of them allows; the strict rule
-- wants all four kinds of character.
local function password_fits(node, text, strict)
  local _, length = limits.broken(node, text)
  if password.has_forbidden(text) or length < node.min_length or length > node.max_length then
    return false
  elseif strict then
    return password.kinds(text) == 4
  end
  return DOCUMENTED_PASSWORDS[text] or password.kinds(text) >= 3
end

-- What is wrong is a function that makes the response, once it is known where.

local function malformed()
  return errors.invalid()
end

local function violation(kind, why)
  return function(path)
    return errors.invalid(("constraint violation %s, %s"):format(kind, path), ": " .. (why or ""))
  end
end

local function refused(format, value, more)
  return function(path)
    return errors.invalid(format:format(path, value), more)
  end
end

local function limit_fault(node, limit, text)
  if limit.name == "values" then
    return refused("%s, '%s'", text)
  elseif limit.name ~= "length" then
    return violation("Pattern", "only " .. node.charset_doc .. " in the documented places")
  end
  local shortest = node.min_length or 0
  local bounds = node.max_length and ("between %d and %d"):format(shortest, node.max_length)
    or ("at least %d"):format(shortest)
  return violation("Size", "size must be " .. bounds)
end

local function check_string(node, text, how)
  if type(text) ~= "string" then
    return nil, malformed
  elseif node.rule == "password" then
    if not password_fits(node, text, how.strict) then
      return nil, refused("%s, '%s'", text, PASSWORD_MESSAGE)
    end
    return text
  end
  local broken = limits.broken(node, text)
  if broken[1] then
    return nil, limit_fault(node, broken[1], text)
  end
  return text
end

local function check_integer(node, value, how)
  if type(value) == "string" and value:find("^-?[0-9]+$") then
    value = tonumber(value)
  end
  if type(value) ~= "number" or value ~= floor(value) or value > 2 ^ 53 or value < -2 ^ 53 then
    return nil, malformed
  end
  value = floor(value)
  if node.is_also and node.is_also[value] then
    return value
  elseif node.minimum and value < node.minimum then
    return nil, violation("Min", ("must be greater than or equal to %d"):format(node.minimum))
  elseif node.maximum and value > node.maximum then
    return nil, violation("Max", ("must be less than or equal to %d"):format(node.maximum))
  elseif how.strict and node.multiple_of and value % node.multiple_of ~= 0 then
    return nil, refused("%s, '%.0f'", value, (". Steps of %d."):format(node.multiple_of))
  end
  return value
end

local CHECKS = { string = check_string, integer = check_integer }

local How = {}
How.__index = How

function How.scalar(node, value, how)
  local check = CHECKS[node.kind]
  if check then
    return check(node, value, how)
  end
  return value
end

function How.mismatch()
  return nil, malformed
end

function How.is_absent(value)
  return value == "" or type(value) == "table" and next(value) == nil
end

-- The value to go on with where none was given.
function How.absent(node, _, how)
  if node.service_default ~= nil then
    return node.service_default
  elseif node.required and (how.strict or node.default == nil) then
    return nil, violation(node.kind == "integer" and "NotNull" or "NotEmpty")
  end
  return node.default
end

function How.unknown(node, name, _, how)
  if how.strict and node == how.top then
    return nil, function()
      return errors.invalid(("unknown member %s"):format(tostring(name)))
    end
  end
  return nil
end

local function walk(node, value, strict, path)
  local checked, fault, where = schema.walk(node, value, setmetatable({ strict = strict, top = node }, How))
  if fault then
    where = schema.joined(path, where):gsub("%[(%d+)%]", function(index)
      return ("[%d]"):format(index - 1)
    end)
    return nil, fault(where)
  end
  return checked
end

-- Where the service asks something else than the client checks.
local function service_param(operation, param, strict)
  if operation.name == "checkAvailableName" and param.name == "name" then
    -- A bad name is a result there, not an error.
    return { name = "name", type = "string", required = true }
  end
  if operation.id == "apps/setLifetime" and param.name == "lifetime" and not strict then
    -- "No end" is documented for apps/create, and not listed here.
    return tables.copy(param, { also = { -1 } })
  end
  return param
end

--- Parameters as the object in which they travel: those that travel inside another object are in it.
-- @tparam {table,...} params of an operation
-- @treturn table an object type
function validation.body_type(params)
  local fields, nested = {}, {}
  for _, param in ipairs(params) do
    local owner = fields
    if param.within then
      owner = nested[param.within]
      if not owner then
        owner = {}
        nested[param.within] = owner
        fields[#fields + 1] = { name = param.within, type = { fields = owner }, required = true }
      end
      param = tables.copy(param)
      param.within = nil -- which the type says by itself
    end
    owner[#owner + 1] = param
  end
  return { fields = fields }
end

--- The body of an operation's requests as one type.
-- @tparam table operation an entry of `dataforest.operations`
-- @tparam boolean strict whether the strict-only rules apply
-- @treturn table an object type
function validation.request_type(operation, strict)
  local params = {}
  for i, param in ipairs(operation.params) do
    params[i] = service_param(operation, param, strict)
  end
  return validation.body_type(params)
end

--- Checks the body of a request.
-- @tparam table request_type from `validation.request_type`
-- @tparam table body what was sent
-- @tparam boolean strict whether the strict-only rules apply: required means required, and no other members
-- @treturn table|nil the parameters
-- @treturn ?table the response that refuses them
function validation.request(request_type, body, strict)
  return walk(schema.of(request_type), body, strict, "")
end

--- A parameter of an operation.
-- @tparam string operation such as `"accounts/create"`
-- @tparam string name
-- @treturn table
function validation.param(operation, name)
  return tables.named(operations.by_name[operation].params, name)
end

--- Checks one value alone, for the operations that only ask whether it would do.
-- @tparam table field the parameter
-- @param value the value
-- @treturn ?table the response that would refuse it; nil where it fits
function validation.problem(field, value)
  local _, response = walk(schema.field(field), value, false, field.name)
  return response
end

return validation
