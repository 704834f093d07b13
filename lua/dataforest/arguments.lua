--- Checks the parameters of a call and gives them the form that they travel in.
--
-- Every limit comes from `dataforest.operations`. An operation's rules are compiled once,
-- on its first call; a call then runs through them with plain loops.
--
-- @module dataforest.arguments

local cjson = require "cjson"
local common = require "dataforest.codec.common"
local core = require "dataforest.core"
local errors = require "dataforest.errors"

local find, format, gsub = string.find, string.format, string.gsub
local concat, floor, pairs, type = table.concat, math.floor, pairs, type
local to_integer = rawget(math, "tointeger") or function(number)
  return number + 0 -- turns -0 into 0
end
local utf8_length, joined = core.utf8_length, common.joined

local LARGEST_INTEGER = 2 ^ 53
local MAX_DEPTH = 32
local SHOWN = 32

-- Ranges are spelled out: %c and %u follow the host program's locale.
local PLAIN = "^[ -~]*$"
local NOT_PLAIN = "[%z\1-\31\127-\255]"
local CONTROLS = "[%z\1-\31\127]"
local CONTROLS_IN_TEXT = "[%z\1-\8\11\12\14-\31\127]"
local CONTROL_NAMES = { [0] = "NUL", [9] = "TAB", [10] = "LF", [13] = "CR", [127] = "DEL" }
local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

local UPPER = { "[A-Z]", "an upper-case letter" }
local LOWER = { "[a-z]", "a lower-case letter" }
local LETTER = { "[A-Za-z]", "a letter" }
local DIGIT = { "[0-9]", "a digit" }
local SPECIAL = { "[!#$%%()*+,%-.:;<=>?@%[\\%]^_{|}~]", "a special character" }
local PASSWORD_RULES = {
  strict = { UPPER, LOWER, DIGIT, SPECIAL },
  current = { LETTER, DIGIT, SPECIAL },
}
local WON = "\226\130\169"

local arguments = {}

--------------------------------------------------------------------------------
-- Words for messages
--------------------------------------------------------------------------------

local function escaped(character)
  return format("\\%d", character:byte())
end

--- What was given, in one line and cut: messages are for logs too.
local function shown(value)
  local kind = type(value)
  if kind == "string" then
    local text, count = {}, 0
    local bytes = utf8_length(value) and CHARACTER or "."
    for character in value:gmatch(bytes) do
      if count == SHOWN then
        text[count + 1] = "..."
        break
      end
      count = count + 1
      text[count] = gsub(character, bytes == "." and NOT_PLAIN or CONTROLS, escaped)
    end
    return '"' .. concat(text) .. '"'
  elseif kind == "number" then
    return format("%.14g", value)
  elseif kind == "boolean" then
    return tostring(value)
  end
  return "a " .. kind
end

local function got(rule, value)
  if rule.secret then
    return ""
  end
  return ", got " .. shown(value)
end

local function listed(words, last)
  if #words < 2 then
    return words[1] or ""
  end
  return concat(words, ", ", 1, #words - 1) .. " " .. last .. " " .. words[#words]
end

local function span(low, high, unit)
  if low and high then
    return format("%s to %s%s", low, high, unit)
  elseif high then
    return format("at most %s%s", high, unit)
  end
  return format("at least %s%s", low, unit)
end

--- Edits (insert, drop, change, swap neighbours) that turn one word into the other.
local function distance(a, b)
  local before, row = {}, {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    local next_row = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(row[j] + 1, next_row[j - 1] + 1, row[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, before[j - 2] + 1)
      end
      next_row[j] = best
    end
    before, row = row, next_row
  end
  return row[#b]
end

local function folded(name)
  return (name:lower():gsub("[_-]", ""))
end

--- The known name that was probably meant.
-- @tparam string name what was written
-- @tparam {string,...} names the names that are known
-- @treturn ?string the nearest of them, or nil where none is near
function arguments.nearest(name, names)
  if #name > 64 then
    return nil
  end
  local wanted = folded(name)
  local best, best_distance
  for _, candidate in ipairs(names) do
    local edits = distance(wanted, folded(candidate))
    if edits <= math.max(1, floor(#candidate / 3)) and (not best or edits < best_distance) then
      best, best_distance = candidate, edits
    end
  end
  return best
end

--------------------------------------------------------------------------------
-- Values. A check returns the value to send, or nil, what is wrong and where in it.
--------------------------------------------------------------------------------

local NOUNS = {
  string = "a string",
  integer = "an integer",
  number = "a number",
  boolean = "true or false",
  array = "a list",
  map = "a table",
  object = "a table",
}

local function wrong_type(rule, value)
  local kind, cure = type(value), ""
  if rule.kind == "string" and kind == "number" then
    cure = ": put it in quotes"
  elseif (rule.kind == "integer" or rule.kind == "number") and kind == "string" and tonumber(value) then
    cure = ": pass it through tonumber()"
  elseif rule.kind == "boolean" and (value == "true" or value == "false") then
    cure = ": write it without quotes"
  elseif rule.kind == "array" then
    cure = ": put it in { }"
  end
  local what = "a " .. kind
  if not rule.secret and (kind == "string" or kind == "number") then
    what = "the " .. kind .. " " .. shown(value)
  elseif kind == "boolean" then
    what = tostring(value)
  end
  return format("must be %s, got %s%s", NOUNS[rule.kind], what, cure)
end

local function control_fault(value, controls)
  local at = find(value, controls)
  local byte = value:byte(at)
  local name = CONTROL_NAMES[byte] or "\\" .. byte
  return format("must not hold control characters, got %s at byte %d: remove it", name, at)
end

local function length_fault(rule, value, length)
  local limit = span(rule.min_length, rule.max_length, " characters")
  if rule.secret then
    return format("must be %s; it is too %s", limit, length < rule.min_length and "short" or "long")
  elseif length == 0 then
    return format("must be %s, got an empty string: %s", limit, rule.doc)
  end
  local cure = length < rule.min_length and "lengthen" or "shorten"
  return format("must be %s, got %d (%s): %s it", limit, length, shown(value), cure)
end

local function charset_fault(rule, value)
  local fault = format("must be of %s%s", rule.charset_doc, got(rule, value))
  if not rule.secret then
    if not find(value:lower(), rule.outside) then
      return fault .. ": write it in lower case"
    end
    local at = find(value, rule.outside)
    return format("%s: take out %s", fault, shown(value:match(CHARACTER, at)))
  end
  return fault
end

local function lacking(value, kinds)
  local missing = {}
  for _, kind in ipairs(kinds) do
    if not find(value, kind[1]) then
      missing[#missing + 1] = kind[2]
    end
  end
  return missing
end

local function password_fault(value, rule_name)
  if find(value, "['\"/&` ]") or find(value, WON, 1, true) then
    return "must not hold any of ' \" " .. WON .. " / & ` or a space: choose other special characters"
  end
  local kinds = PASSWORD_RULES[rule_name] or PASSWORD_RULES.strict
  local missing = lacking(value, kinds)
  if #missing == 0 then
    return nil
  end
  local wanted = {}
  for i, kind in ipairs(kinds) do
    wanted[i] = kind[2]
  end
  local fault = format("must have %s: add %s", listed(wanted, "and"), listed(missing, "and"))
  if kinds == PASSWORD_RULES.strict and #lacking(value, PASSWORD_RULES.current) == 0 then
    fault = fault .. ', or set password_rule = "current"'
  end
  return fault
end

local function check_string(rule, value, password_rule)
  if type(value) ~= "string" then
    return nil, wrong_type(rule, value)
  end
  local length = #value
  local inside = rule.inside and find(value, rule.inside)
  if not inside and not find(value, PLAIN) then
    length = utf8_length(value)
    if not length then
      return nil, "must be valid UTF-8" .. got(rule, value) .. ": convert it first"
    end
    if find(value, rule.controls) then
      return nil, control_fault(value, rule.controls)
    end
  end
  if length < rule.min_length or length > rule.max_length_or_huge then
    return nil, length_fault(rule, value, length)
  end
  if rule.inside and not inside then
    return nil, charset_fault(rule, value)
  end
  if rule.values and not rule.values[value] then
    return nil, "must be " .. rule.values_doc .. got(rule, value)
  end
  if rule.first and (find(value, rule.first) or find(value, rule.last)) then
    return nil, "must begin and end with " .. rule.edges_doc .. got(rule, value)
  end
  if rule.doubled and find(value, rule.doubled, 1, true) then
    return nil, format("must not have %s twice in a row%s", shown(rule.no_double), got(rule, value))
  end
  if rule.password then
    local fault = password_fault(value, password_rule)
    if fault then
      return nil, fault
    end
  end
  return value
end

local function also_listed(rule)
  return rule.also_doc and ", or " .. rule.also_doc or ""
end

local function range_fault(rule, value)
  local limit = span(rule.minimum, rule.maximum, "")
  local step = rule.multiple_of and " in steps of " .. rule.multiple_of or ""
  local cure = ""
  local inside = value >= (rule.minimum or -math.huge) and value <= (rule.maximum or math.huge)
  if inside and rule.multiple_of then
    local below = value - value % rule.multiple_of
    cure = format(": use %.0f or %.0f", below, below + rule.multiple_of)
  end
  return format("must be %s%s%s%s%s", limit, step, also_listed(rule), got(rule, value), cure)
end

local function check_number(rule, value)
  if type(value) ~= "number" then
    return nil, wrong_type(rule, value)
  end
  -- Written so that nan fails too.
  if not (value >= -LARGEST_INTEGER and value <= LARGEST_INTEGER) then
    return nil, "must be a number up to 2^53" .. got(rule, value)
  end
  if rule.kind == "integer" then
    if value % 1 ~= 0 then
      return nil, "must be a whole number" .. got(rule, value) .. ": round it"
    end
    value = to_integer(value)
  end
  if
    rule.minimum and value < rule.minimum
    or rule.maximum and value > rule.maximum
    or rule.multiple_of and value % rule.multiple_of ~= 0
  then
    if not (rule.also and rule.also[value]) then
      return nil, range_fault(rule, value)
    end
  end
  return value
end

local function check_boolean(rule, value)
  if type(value) ~= "boolean" then
    return nil, wrong_type(rule, value)
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
      return nil, wrong_type(rule, value)
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
    return nil, wrong_type(rule, value)
  end
  local out, element = {}, rule.element
  for key, member in pairs(value) do
    if type(key) ~= "string" or find(key, CONTROLS) or not utf8_length(key) then
      return nil, "must have names of valid UTF-8 as its keys, got " .. shown(key)
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
      return nil, "must be a finite number, got " .. shown(value)
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
      return nil, "must have names of valid UTF-8, got " .. shown(key)
    elseif not length and type(key) ~= "string" then
      return nil, "must be a list without gaps or a table of names, got the key " .. shown(key)
    end
    local copy, fault, path = copied(member, depth + 1)
    if copy == nil then
      return nil, fault, joined(length and "[" .. key .. "]" or shown(key):sub(2, -2), path)
    end
    out[key] = copy
  end
  return out
end

local function check_any(_, value)
  return copied(value, 1)
end

local function unknown_name(plan, name)
  if type(name) ~= "string" then
    local example = plan.names[1] or "name"
    return format("has no name: write { %s = ... }", example), "[" .. tostring(name) .. "]"
  end
  local near = arguments.nearest(name, plan.names)
  local path = shown(name):sub(2, -2)
  if near then
    return format("is not a parameter: did you mean %s?", near), path
  elseif #plan.names == 0 then
    return "is not a parameter: there are none", path
  end
  local verb = plan.names[2] and "are" or "is"
  return format("is not a parameter: there %s %s", verb, listed(plan.names, "and")), path
end

--- The value of a parameter that callers may write flat or inside its container.
local function within_value(rule, params)
  local flat, container = params[rule.name], params[rule.within]
  if container == nil or container == cjson.null then
    return flat
  elseif type(container) ~= "table" then
    local fault = format("must be a table, got %s: write { %s = ... }", shown(container), rule.name)
    return nil, fault, rule.within
  end
  for name in pairs(container) do
    if not rule.siblings.known[name] then
      local fault, path = unknown_name(rule.siblings, name)
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
      return nil, unknown_name(plan, name)
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

local function check_object(rule, value, password_rule)
  if type(value) ~= "table" then
    return nil, wrong_type(rule, value)
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
    local quoted = {}
    for i, value in ipairs(field.values) do
      quoted[i] = shown(value)
    end
    rule.values, rule.values_doc = set_of(field.values), listed(quoted, "or")
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
  plan.open = operation.params == nil
  plans[operation] = plan
  return plan
end

local function failure(operation, path, fault)
  local message = path and path .. " " .. fault or fault
  return nil, errors.new { kind = "argument", message = message, field = path, operation = operation.id }
end

local function not_a_table(operation, plan, params)
  local wanted = "a table of " .. (plan.names[1] and listed(plan.names, "and") or "parameters")
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
  if type(params) ~= "table" then
    if params == nil then
      params = {}
    elseif type(params) == "string" and plan.single then
      params = { [plan.single] = params }
    else
      return not_a_table(operation, plan, params)
    end
  end
  local out, fault, path
  if plan.open or options and options.validate == false then
    out, fault, path = copy_fields(plan, params)
  else
    out, fault, path = check_fields(plan, params, options and options.password_rule)
  end
  if not out then
    return failure(operation, path, fault)
  end
  return out
end

return arguments
