--- Checks the parameters of a call and gives them the form in which they travel.
--
-- Every limit comes from `dataforest.operations`, by way of `dataforest.api.schema`.
--
-- @module dataforest.api.validate

local ascii = require "dataforest.util.ascii"
local core = require "dataforest.core"
local errors = require "dataforest.errors"
local lists = require "dataforest.util.lists"
local messages = require "dataforest.api.messages"
local schema = require "dataforest.api.schema"
local tables = require "dataforest.util.tables"
local words = require "dataforest.util.words"

local find, format = string.find, string.format
local getmetatable, next, pairs, type = getmetatable, next, pairs, type
local to_integer = rawget(math, "tointeger") or function(number)
  return number + 0 -- turns -0 into 0
end
local utf8_length, within = core.utf8_length, core.within
local PRINTABLE = ascii.set "^[ -~]$"
local joined, walk, null = schema.joined, schema.walk, lists.null

local LARGEST_INTEGER = 2 ^ 53
local MAX_DEPTH = 32

-- Ranges are spelled out: %c and %u follow the host program's locale.
local CONTROLS = "[%z\1-\31\127]"
local CONTROLS_IN_TEXT = "[%z\1-\8\11\12\14-\31\127]"

local arguments = {}

-- Values: a check returns the value to send, or nil, what is wrong and where in it -------------------------

local function keeps_limits(node, value, length, password_rule)
  local limits = node.limits
  for index = 1, #limits do
    if not limits[index].fits(node, value, length, password_rule) then
      return false
    end
  end
  return true
end

local function check_string(node, value, how)
  local keeps = node.keeps
  if keeps and keeps(value) then
    return value
  elseif type(value) ~= "string" then
    return nil, messages.wrong_type(node, value)
  end
  local length = #value
  if not within(value, PRINTABLE) then
    length = utf8_length(value)
    if not length then
      return nil, "must be valid UTF-8" .. messages.got(node, value) .. ": convert it first"
    end
    local controls = node.multiline and CONTROLS_IN_TEXT or CONTROLS
    if find(value, controls) then
      return nil, messages.control(value, controls)
    end
  end
  if not keeps_limits(node, value, length, how.password_rule) then
    return nil, messages.broken(node, value, how.password_rule)
  end
  return value
end

local function check_number(node, value)
  if type(value) ~= "number" then
    return nil, messages.wrong_type(node, value)
  end
  -- Written so that nan fails too.
  if not (value >= -LARGEST_INTEGER and value <= LARGEST_INTEGER) then
    return nil, "must be a number up to 2^53" .. messages.got(node, value)
  end
  if node.kind == "integer" then
    if value % 1 ~= 0 then
      return nil, "must be a whole number" .. messages.got(node, value) .. ": round it"
    end
    value = to_integer(value)
  end
  if not keeps_limits(node, value) then
    return nil, messages.broken(node, value)
  end
  return value
end

local function check_boolean(node, value)
  if type(value) ~= "boolean" then
    return nil, messages.wrong_type(node, value)
  end
  return value
end

--- A copy of any value that can be encoded: what `validate = false` and unknown operations send.
local function copied(value, depth)
  local kind = type(value)
  if kind == "string" then
    if not utf8_length(value) then
      return nil, "must be valid UTF-8: convert it first"
    end
    return value
  elseif kind == "number" then
    if value ~= value or value == math.huge or value == -math.huge then
      return nil, "must be a finite number, got " .. words.shown(value)
    end
    local whole = value % 1 == 0 and value >= -LARGEST_INTEGER and value <= LARGEST_INTEGER
    return whole and to_integer(value) or value
  elseif kind == "boolean" or value == null then
    return value
  elseif lists.is_empty_list(value) then
    return lists.list {}
  elseif kind ~= "table" then
    local fix = kind == "cdata" and ": pass it through tonumber() or tostring()" or ""
    return nil, format("cannot be sent: it is a %s%s", kind, fix)
  elseif depth > MAX_DEPTH then
    return nil, format("is nested more than %d deep, or holds itself", MAX_DEPTH)
  end
  local out = {}
  local is_list = lists.is_list(value)
  local length = (is_list or #value > 0) and lists.length(value)
  if is_list and not length then
    return nil, "is marked as a list: give it values 1 to n, without gaps and names"
  end
  for key, member in pairs(value) do
    if type(key) == "string" and not utf8_length(key) then
      return nil, "must have names of valid UTF-8, got " .. words.shown(key)
    elseif not length and type(key) ~= "string" then
      return nil, "must be a list without gaps or a table of names, got the key " .. words.shown(key)
    end
    local copy, fault, path = copied(member, depth + 1)
    if copy == nil then
      return nil, fault, joined(length and "[" .. key .. "]" or words.shown(key):sub(2, -2), path)
    end
    out[key] = copy
  end
  return is_list and lists.list(out) or out
end

local function check_any(_, value)
  return copied(value, 1)
end

local CHECKS = {
  string = check_string,
  integer = check_number,
  number = check_number,
  boolean = check_boolean,
  any = check_any,
}

local function check_scalar(node, value, how)
  local checked, fault, path = CHECKS[node.kind](node, value, how)
  local fits = node.scalar.fits
  if fits and not fault and not fits(checked) then
    return nil, format("must be %s%s", node.noun, messages.got(node, value))
  end
  return checked, fault, path
end

local function check_name(name)
  if type(name) ~= "string" or find(name, CONTROLS) or not utf8_length(name) then
    return "must have names of valid UTF-8 as its keys, got " .. words.shown(name)
  end
end

local function is_null(value)
  return value == null
end

local function absent(node, _, how)
  if node.is_container then
    if node.required or node.has_defaults then
      return walk(node, {}, how)
    end
    return nil
  elseif node.default ~= nil then
    return node.default
  elseif node.required then
    return nil, "is missing: " .. node.why
  end
  return nil
end

local function unknown(node, name)
  return nil, messages.unknown_name(node, name)
end

--- How the walk checks, for each rule of passwords.
local HOW = {}
for _, password_rule in ipairs { "strict", "current" } do
  HOW[password_rule] = {
    password_rule = password_rule,
    scalar = check_scalar,
    mismatch = function(node, value)
      return nil, messages.wrong_type(node, value)
    end,
    name = check_name,
    is_absent = is_null,
    absent = absent,
    unknown = unknown,
  }
end

-- The form in which parameters travel -----------------------------------------------------------------------

--- Puts the parameters that callers may write flat into the object that they travel in.
-- @treturn[1] table a copy, where there are any
-- @treturn[2] nil
-- @treturn[2] string what is wrong, and where
local function nested(node, params)
  local out, copies = tables.copy(params), {}
  for name, container in pairs(node.flat) do
    local value = out[name]
    if value ~= nil then
      local holder = copies[container]
      if not holder then
        local given = out[container.name]
        if given ~= nil and given ~= null and type(given) ~= "table" then
          return nil, messages.wrong_type(container, given), container.name
        end
        holder = tables.copy(type(given) == "table" and given or {})
        copies[container], out[container.name] = holder, holder
      end
      if holder[name] ~= nil and holder[name] ~= value then
        local fault = format("is given twice: leave out %s or %s.%s", name, container.name, name)
        return nil, fault, container.name .. "." .. name
      end
      holder[name], out[name] = value, nil
    end
  end
  return out
end

--- A copy without any limit: for `validate = false`, and where no node is known.
local function copy_fields(node, params)
  local out, fault, path = copied(params, 0)
  for _, field in ipairs(out and node and node.fields or {}) do
    if out[field.name] == nil then
      out[field.name] = field.default
    end
  end
  return out, fault, path
end

local function failure(operation, path, fault)
  local message = path and path .. " " .. fault or fault
  return nil, errors.new { kind = "argument", message = message, field = path, operation = operation.id }
end

local function not_a_table(operation, node, params)
  local wanted = "a table of parameters"
  if node and node.names[1] then
    wanted = "a table of " .. words.listed(node.names, "and")
  elseif node then
    wanted = "no parameters"
  end
  return failure(operation, nil, format("%s takes %s, got a %s", operation.id, wanted, type(params)))
end

-- For each operation, the node that `arguments.text` is about; false where there is none.
local only_texts = setmetatable({}, { __mode = "k" })

local function only_text(operation)
  local node = schema.request(operation)
  local single = node and schema.single(node)
  local only = single and #node.fields == 1 and not node.flat and single.keeps and single or false
  only_texts[operation] = only
  return only
end

--- The usual call: one text, such as an id, which is all that the operation takes.
-- @tparam table operation
-- @param params of the call
-- @treturn ?table the text's node, where `params` are such a text, alone or by name, that keeps its limits;
--   nil says nothing: see `arguments.check`
-- @treturn ?string the text
function arguments.text(operation, params)
  local node = only_texts[operation]
  if node == nil then
    node = only_text(operation)
  end
  if not node then
    return nil
  elseif node.keeps(params) then
    return node, params
  elseif type(params) == "table" and not getmetatable(params) then
    local name = next(params)
    local text = params[node.name]
    if name == node.name and next(params, name) == nil and node.keeps(text) then
      return node, text
    end
  end
end

--- Checks the parameters of a call and returns the ones to send.
--
-- The caller's table stays as it is. Parameters that are left out take their defaults, those that travel
-- inside an object (`search.accountId`) are put there, and whole floats become integers.
--
-- @tparam table operation entry of `dataforest.operations`; one without `params` takes any table
-- @tparam ?table|string params parameters by name; a string where one parameter is enough
-- @tparam[opt] table options
-- @tparam[opt="strict"] string options.password_rule `"strict"` (upper case, lower case, digit and
--   special character) or `"current"` (letter, digit and special character)
-- @tparam[opt=true] boolean options.validate false leaves all limits to the service; what no
--   encoding can carry is refused all the same
-- @treturn[1] table parameters in the form in which they are sent
-- @treturn[2] nil
-- @treturn[2] table error of kind `argument`; its `field` names the parameter
function arguments.check(operation, params, options)
  local node = schema.request(operation)
  if type(params) == "string" then
    local single = node and schema.single(node)
    if not single then
      return not_a_table(operation, node, params)
    end
    params = { [single.name] = params }
  elseif params == nil then
    params = {}
  elseif type(params) ~= "table" then
    return not_a_table(operation, node, params)
  end
  local out, fault, path
  if node and node.flat then
    params, fault, path = nested(node, params)
  end
  if params and node and not (options and options.validate == false) then
    out, fault, path = walk(node, params, HOW[options and options.password_rule] or HOW.strict)
  elseif params then
    out, fault, path = copy_fields(node, params)
  end
  if not out then
    return failure(operation, path, fault)
  end
  return out
end

return arguments
