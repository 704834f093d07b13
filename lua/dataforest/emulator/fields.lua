--- Checks tables that users write: options, control commands, fixtures. One message for the first mistake,
-- with the name of the field.
--
-- A rule is `{ type, other type, check = function(value) -> fits, why, required = true, default = value }`;
-- `why` follows the name of the field. A number is always finite, whatever its rule says.
--
-- @module dataforest.emulator.fields

local guarded = require "dataforest.util.guarded"
local json = require "dataforest.emulator.json"
local nearest = require "dataforest.util.nearest"
local tables = require "dataforest.util.tables"

local fields = {}

local function article(kind)
  if kind == "nil" or kind == "null" then
    return kind
  end
  return (kind:find "^[aeiou]" and "an " or "a ") .. kind
end

-- What JSON calls a Lua type, where the two differ.
local function kind_of(value)
  if value == json.null then
    return "null"
  end
  return type(value)
end

local function is_finite(value)
  return value == value and value < math.huge and value > -math.huge
end

--- The name that was probably meant, in brackets, for the end of a message.
-- @param name that is not known
-- @tparam {string,...} names
-- @treturn string such as ` (perhaps times?)`; empty if no name is near
function fields.perhaps(name, names)
  local meant = type(name) == "string" and nearest(name, names)
  return meant and (" (perhaps %s?)"):format(meant) or ""
end

local function problem(rule, path, value)
  local kind = kind_of(value)
  if kind ~= rule[1] and kind ~= rule[2] and rule[1] ~= "any" then
    local wanted = article(rule[1])
    if rule[2] then
      wanted = wanted .. " or " .. article(rule[2])
    end
    return ("%s must be %s, not %s"):format(path, wanted, article(kind))
  elseif kind == "number" and not is_finite(value) then
    return ("%s must be a finite number"):format(path)
  elseif rule.check then
    local fits, why = rule.check(value)
    return not fits and path .. (why:find "^:" and "" or " ") .. why or nil
  end
end

--- Checks a table against rules.
-- @tparam {[string]=table,...} rules by name
-- @tparam table given
-- @tparam string what names the whole: `"fail_next"`, `"accounts[2]"`
-- @tparam[opt] table words for messages: `path`, text before the name of each field; `unknown`, the message
-- for a field without a rule, and `kind`, the one for what is no table, each with one `%s`
-- @treturn table|nil a copy, with the defaults
-- @treturn ?string what is wrong
function fields.check(rules, given, what, words)
  words = words or {}
  if type(given) ~= "table" then
    return nil, (words.kind or what .. " takes a table, not %s"):format(article(kind_of(given)))
  end
  local path = words.path or ""
  local checked = {}
  for name, value in pairs(given) do
    local rule = rules[name]
    if not rule then
      local message = (words.unknown or what .. " does not know the field %s"):format(guarded.text(name))
      return nil, message .. fields.perhaps(name, tables.sorted_keys(rules))
    end
    if not (value == json.null and rule.nullable) then
      local message = problem(rule, path .. name, value)
      if message then
        return nil, message
      end
      checked[name] = value
    end
  end
  for _, name in ipairs(tables.sorted_keys(rules)) do
    if checked[name] == nil then
      if rules[name].required then
        return nil, ("%s needs %s"):format(what, path .. name)
      end
      checked[name] = rules[name].default
    end
  end
  return checked
end

--- A check: at least so much.
function fields.at_least(smallest)
  return function(value)
    return value >= smallest, ("must be at least %g"):format(smallest)
  end
end

--- A check: a whole number in a range.
function fields.integer(smallest, largest)
  local range = largest and ("from %.0f to %.0f"):format(smallest, largest)
    or ("of at least %.0f"):format(smallest)
  return function(value)
    local fits = value == math.floor(value) and value >= smallest and value <= (largest or 2 ^ 53)
    return fits, "must be a whole number " .. range
  end
end

--- A check: one of these values.
function fields.one_of(...)
  local allowed, shown = { ... }, {}
  for i, value in ipairs(allowed) do
    shown[i] = type(value) == "string" and ('"%s"'):format(value) or guarded.text(value)
  end
  local last = table.remove(shown)
  local text = (#shown > 0 and table.concat(shown, ", ") .. " or " or "") .. last
  return function(value)
    for _, candidate in ipairs(allowed) do
      if value == candidate then
        return true
      end
    end
    return false, "must be " .. text
  end
end

--- A check: text that an HTTP header can hold, without blanks at its ends.
function fields.header_text(value)
  local fits = value ~= "" and not value:find "[%z\1-\31\127]" and not value:find "^ " and not value:find " $"
  return fits, value == "" and "is empty" or "must be printable, without blanks at its ends"
end

--- A check: from one number to another.
-- @tparam number smallest
-- @tparam number largest
-- @tparam[opt] string why the message; by default it names both
function fields.between(smallest, largest, why)
  why = why or ("must be from %.0f to %.0f"):format(smallest, largest)
  return function(value)
    return value >= smallest and value <= largest, why
  end
end

--- The last second of the year 9999: later times have no ISO 8601 text.
fields.LAST_SECOND = 253402300799

--- A check: a time.
fields.moment = fields.between(0, fields.LAST_SECOND, "must be seconds since the epoch, up to the year 9999")

--- A check: an id of an account or an app.
function fields.id(value)
  local fits = type(value) == "string" and #value <= 22 and value:find "^%w+$" ~= nil
  return fits, "must have 1 to 22 letters and digits"
end

--- A check: not empty.
function fields.filled(value)
  return value ~= "", "is empty"
end

return fields
