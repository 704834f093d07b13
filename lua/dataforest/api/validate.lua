--- Checks the parameters of a call and gives them the form that they travel in.
--
-- Every limit comes from `dataforest.operations`. An operation's rules are compiled once,
-- on its first call; a call then runs through them with plain loops.
--
-- @module dataforest.api.validate

local cjson = require "cjson"
local common = require "dataforest.codec.common"
local core = require "dataforest.core"
local errors = require "dataforest.errors"
local lazy = require "dataforest.util.lazy"

local faults = lazy "dataforest.api.messages"

local find, format, gsub = string.find, string.format, string.gsub
local concat, pairs, type = table.concat, pairs, type
local to_integer = rawget(math, "tointeger") or function(number)
  return number + 0 -- turns -0 into 0
end
local utf8_length, joined = core.utf8_length, common.joined

local LARGEST_INTEGER = 2 ^ 53
local MAX_DEPTH = 32

-- Ranges are spelled out: %c and %u follow the host program's locale.
local PLAIN = "^[ -~]*$"
local CONTROLS = "[%z\1-\31\127]"
local CONTROLS_IN_TEXT = "[%z\1-\8\11\12\14-\31\127]"

local arguments = {}

--------------------------------------------------------------------------------
-- Values. A check returns the value to send, or nil, what is wrong and where in it.
--------------------------------------------------------------------------------

local function check_string(rule, value, password_rule)
  if type(value) ~= "string" then
    return nil, faults.wrong_type(rule, value)
  end
  local length = #value
  local inside = rule.inside and find(value, rule.inside)
  if not inside and not find(value, PLAIN) then
    length = utf8_length(value)
    if not length then
      return nil, "must be valid UTF-8" .. faults.got(rule, value) .. ": convert it first"
    end
    if find(value, rule.controls) then
      return nil, faults.control(value, rule.controls)
    end
  end
  if length < rule.min_length or length > rule.max_length_or_huge then
    return nil, faults.length(rule, value, length)
  end
  if rule.inside and not inside then
    return nil, faults.charset(rule, value)
  end
  if rule.values and not rule.values[value] then
    return nil, faults.values(rule, value)
  end
  if rule.first and (find(value, rule.first) or find(value, rule.last)) then
    return nil, "must begin and end with " .. rule.edges_doc .. faults.got(rule, value)
  end
  if rule.doubled and find(value, rule.doubled, 1, true) then
    return nil,
      format("must not have %s twice in a row%s", faults.shown(rule.no_double), faults.got(rule, value))
  end
  if rule.password then
    local fault = faults.password(value, password_rule)
    if fault then
      return nil, fault
    end
  end
  return value
end

local function check_number(rule, value)
  if type(value) ~= "number" then
    return nil, faults.wrong_type(rule, value)
  end
  -- Written so that nan fails too.
  if not (value >= -LARGEST_INTEGER and value <= LARGEST_INTEGER) then
    return nil, "must be a number up to 2^53" .. faults.got(rule, value)
  end
  if rule.kind == "integer" then
    if value % 1 ~= 0 then
      return nil, "must be a whole number" .. faults.got(rule, value) .. ": round it"
    end
    value = to_integer(value)
  end
  if
    rule.minimum and value < rule.minimum
    or rule.maximum and value > rule.maximum
    or rule.multiple_of and value % rule.multiple_of ~= 0
  then
    if not (rule.also and rule.also[value]) then
      return nil, faults.range(rule, value)
    end
  end
  return value
end

local function check_boolean(rule, value)
  if type(value) ~= "boolean" then
    return nil, faults.wrong_type(rule, value)
  end
  return value
end

--- Length of a table that is a list and nothing but a list; else nil.
local function list_length(list)
  local count = 0
  for key in pairs(list) do
    if type(key) ~= "number" then
      return nil
    end
    count = count + 1
  end
  return count == #list and count or nil
end

local function check_array(rule, value, password_rule)
  local length = type(value) == "table" and list_length(value)
  if not length then
    if type(value) ~= "table" then
      return nil, faults.wrong_type(rule, value)
    end
    return nil, "must be a list of values 1 to n without gaps or names: put its members in { }"
  end
  local out, element = {}, rule.element
  for i = 1, length do
    local member, fault, path = element.check(element, value[i], password_rule)
    if member == nil then
      return nil, fault, joined("[" .. i .. "]", path)
    end
    out[i] = member
  end
  return out
end

local function check_map(rule, value, password_rule)
  if type(value) ~= "table" then
    return nil, faults.wrong_type(rule, value)
  end
  local out, element = {}, rule.element
  for key, member in pairs(value) do
    if type(key) ~= "string" or find(key, CONTROLS) or not utf8_length(key) then
      return nil, "must have names of valid UTF-8 as its keys, got " .. faults.shown(key)
    end
    local checked, fault, path = element.check(element, member, password_rule)
    if checked == nil then
      return nil, fault, joined(key, path)
    end
    out[key] = checked
  end
  return out
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
      return nil, "must be a finite number, got " .. faults.shown(value)
    end
    local whole = value % 1 == 0 and value >= -LARGEST_INTEGER and value <= LARGEST_INTEGER
    return whole and to_integer(value) or value
  elseif kind == "boolean" or value == cjson.null then
    return value
  elseif kind ~= "table" then
    return nil, "cannot be sent: it is a " .. kind
  elseif depth > MAX_DEPTH then
    return nil, format("is nested more than %d deep, or holds itself", MAX_DEPTH)
  end
  local out = {}
  local length = #value > 0 and list_length(value)
  for key, member in pairs(value) do
    if type(key) == "string" and not utf8_length(key) then
      return nil, "must have names of valid UTF-8, got " .. faults.shown(key)
    elseif not length and type(key) ~= "string" then
      return nil, "must be a list without gaps or a table of names, got the key " .. faults.shown(key)
    end
    local copy, fault, path = copied(member, depth + 1)
    if copy == nil then
      return nil, fault, joined(length and "[" .. key .. "]" or faults.shown(key):sub(2, -2), path)
    end
    out[key] = copy
  end
  return out
end

local function check_any(_, value)
  return copied(value, 1)
end

--- The value of a parameter that callers may write flat or inside its container.
local function within_value(rule, params)
  local flat, container = params[rule.name], params[rule.within]
  if container == nil or container == cjson.null then
    return flat
  elseif type(container) ~= "table" then
    local fault = format("must be a table, got %s: write { %s = ... }", faults.shown(container), rule.name)
    return nil, fault, rule.within
  end
  for name in pairs(container) do
    if not rule.siblings.known[name] then
      local fault, path = faults.unknown_name(rule.siblings, name)
      return nil, fault, joined(rule.within, path)
    end
  end
  local nested = container[rule.name]
  if flat ~= nil and nested ~= nil and flat ~= nested then
    return nil, format("is given twice: leave out %s or %s.%s", rule.name, rule.within, rule.name), rule.path
  end
  return nested == nil and flat or nested
end

--- Checks the members of one table: the parameters themselves, or an object among them.
local function check_fields(plan, params, password_rule)
  local known = plan.known
  for name in pairs(params) do
    if not known[name] then
      return nil, faults.unknown_name(plan, name)
    end
  end
  local out = {}
  local fields = plan.fields
  for i = 1, #fields do
    local rule = fields[i]
    local value, fault, path
    if rule.within then
      value, fault, path = within_value(rule, params)
      if fault then
        return nil, fault, path
      end
    else
      value = params[rule.name]
    end
    if value == nil or value == cjson.null then
      value = rule.default
      if value == nil and rule.required then
        return nil, "is missing: " .. rule.doc, rule.path
      end
    else
      value, fault, path = rule.check(rule, value, password_rule)
      if fault then
        return nil, fault, joined(rule.path, path)
      end
    end
    if value ~= nil then
      if rule.within then
        out[rule.within] = out[rule.within] or {}
        out[rule.within][rule.name] = value
      else
        out[rule.name] = value
      end
    end
  end
  return out
end

--- The same where a bare string stands for the only parameter that there is.
local function check_only(rule, value, password_rule)
  local checked, fault, path = rule.check(rule, value, password_rule)
  if fault then
    return nil, fault, joined(rule.path, path)
  end
  return { [rule.name] = checked }
end

local function check_object(rule, value, password_rule)
  if type(value) ~= "table" then
    return nil, faults.wrong_type(rule, value)
  end
  return check_fields(rule.plan, value, password_rule)
end

--- The same form without any limit: for `validate = false`.
local function copy_fields(plan, params)
  local out, fault, path = copied(params, 0)
  if not out then
    return nil, fault, path
  end
  for _, rule in ipairs(plan.fields) do
    local name, container = rule.name, rule.within
    if not container then
      if out[name] == nil then
        out[name] = rule.default
      end
    elseif out[name] ~= nil then
      local holder = out[container] or {}
      if type(holder) == "table" and holder[1] == nil then
        if holder[name] == nil then
          holder[name] = out[name]
        end
        out[container], out[name] = holder, nil
      end
    end
  end
  return out
end

--------------------------------------------------------------------------------
-- Compiling
--------------------------------------------------------------------------------

local CHECKS = {
  string = check_string,
  integer = check_number,
  number = check_number,
  boolean = check_boolean,
  any = check_any,
  array = check_array,
  map = check_map,
  object = check_object,
}

local compile_fields

local function set_of(list)
  local set = {}
  for _, member in ipairs(list) do
    set[member] = true
  end
  return set
end

local function compile_string(rule, field)
  rule.controls = field.multiline and CONTROLS_IN_TEXT or CONTROLS
  rule.min_length = field.min_length or 0
  rule.max_length = field.max_length
  rule.max_length_or_huge = field.max_length or math.huge
  rule.password = field.rule == "password"
  if field.charset then
    -- A character set is of printable ASCII, so what lies inside needs no other look.
    assert(find(field.charset, PLAIN), "a charset must be of printable ASCII")
    rule.inside = "^[" .. field.charset .. "]*$"
    rule.outside = "[^" .. field.charset .. "]"
    rule.charset_doc = field.charset_doc or field.charset
  end
  if field.edges then
    rule.first = "^[^" .. field.edges .. "]"
    rule.last = "[^" .. field.edges .. "]$"
    rule.edges_doc = field.edges_doc or field.edges
  end
  if field.no_double then
    rule.no_double = field.no_double
    rule.doubled = field.no_double:rep(2)
  end
  if field.values then
    rule.values, rule.listed_values = set_of(field.values), field.values
  end
end

local function compile_number(rule, field)
  rule.minimum, rule.maximum, rule.multiple_of = field.minimum, field.maximum, field.multiple_of
  if field.also then
    rule.also, rule.also_doc = set_of(field.also), concat(field.also, ", ")
  end
end

local function compile_field(field)
  local kind = field.type
  local rule = {
    name = field.name,
    required = field.required,
    default = field.default,
    secret = field.secret,
    within = field.within,
    path = field.within and field.within .. "." .. field.name or field.name,
    doc = gsub(field.doc or "it is required", "%.$", ""),
  }
  if type(kind) == "table" then
    local members = kind.array or kind.map
    rule.kind = kind.array and "array" or kind.map and "map" or "object"
    if members then
      rule.element = compile_field { type = members, secret = field.secret }
    else
      rule.plan = compile_fields(kind.fields)
    end
  else
    rule.kind = kind
    if kind == "string" then
      compile_string(rule, field)
    elseif kind == "integer" or kind == "number" then
      compile_number(rule, field)
    end
  end
  rule.check = assert(CHECKS[rule.kind], "unknown type")
  return rule
end

local function add_name(plan, name)
  if not plan.known[name] then
    plan.known[name] = true
    plan.names[#plan.names + 1] = name
  end
end

function compile_fields(fields)
  local plan = { fields = {}, known = {}, names = {} }
  local containers = {}
  for i, field in ipairs(fields) do
    local rule = compile_field(field)
    plan.fields[i] = rule
    add_name(plan, field.name)
    if field.within then
      local siblings = containers[field.within] or { known = {}, names = {} }
      containers[field.within] = siblings
      add_name(siblings, field.name)
      rule.siblings = siblings
      plan.known[field.within] = true
    end
  end
  return plan
end

--- The one parameter that a bare string stands for.
local function single_parameter(params)
  local single
  for _, field in ipairs(params) do
    if field.required and field.default == nil then
      if single or field.type ~= "string" then
        return nil
      end
      single = field.name
    end
  end
  return single
end

local plans = setmetatable({}, { __mode = "k" })

local function plan_of(operation)
  local plan = compile_fields(operation.params or {})
  plan.single = single_parameter(operation.params or {})
  plan.only = plan.single and not plan.fields[2] and not plan.fields[1].within and plan.fields[1]
  plan.open = operation.params == nil
  plans[operation] = plan
  return plan
end

local function failure(operation, path, fault)
  local message = path and path .. " " .. fault or fault
  return nil, errors.new { kind = "argument", message = message, field = path, operation = operation.id }
end

local function not_a_table(operation, plan, params)
  local wanted = "a table of " .. (plan.names[1] and faults.listed(plan.names, "and") or "parameters")
  if plan.names[1] == nil and not plan.open then
    wanted = "no parameters"
  end
  return failure(operation, nil, format("%s takes %s, got a %s", operation.id, wanted, type(params)))
end

--- Checks the parameters of a call and returns the ones to send.
--
-- The caller's table stays as it is. Parameters that are left out take their defaults,
-- those that travel inside an object (`search.accountId`) are put there, and whole floats
-- become integers.
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
  local plan = plans[operation] or plan_of(operation)
  local is_checked = not (plan.open or options and options.validate == false)
  local password_rule = options and options.password_rule
  local out, fault, path
  if is_checked and plan.only and type(params) == "string" then
    out, fault, path = check_only(plan.only, params, password_rule)
  else
    if type(params) == "string" and plan.single then
      params = { [plan.single] = params }
    elseif params ~= nil and type(params) ~= "table" then
      return not_a_table(operation, plan, params)
    end
    local check = is_checked and check_fields or copy_fields
    out, fault, path = check(plan, params or {}, password_rule)
  end
  if not out then
    return failure(operation, path, fault)
  end
  return out
end

return arguments
