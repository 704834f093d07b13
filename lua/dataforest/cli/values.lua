--- From the texts of a command line to the values of an operation's parameters, and the
-- limits of a parameter in words.
-- @module dataforest.cli.values

local limits = require "dataforest.api.limits"
local schema = require "dataforest.api.schema"
local json = require "dataforest.codec.json"
local text = require "dataforest.cli.output.text"
local words_of = require "dataforest.util.words"

local values = {}

local function quoted(given)
  return '"' .. text.cut(text.safe(given), 40, "...") .. '"'
end

local function find_field(fields, name)
  local wanted = text.kebab(name)
  for _, field in ipairs(fields) do
    if field.name == name or text.kebab(field.name) == wanted then
      return field
    end
  end
end

local function unknown_field(fields, name)
  local names = {}
  for i, field in ipairs(fields) do
    names[i] = field.name
  end
  local hint = words_of.hint(name, names, "it has " .. words_of.listed(names, "and"))
  return ("has no part %s: %s"):format(quoted(name), hint)
end

--- The name in front of the colon, and the rest.
local function split_head(kind, given)
  local first = kind.fields[1]
  local head, rest = given:match "^([^:=,]+):?(.*)$"
  if first and first.type == "string" and head and not given:find "^[^:,]+=" then
    return { [first.name] = head }, rest
  end
  return {}, given
end

local function object_from_text(kind, given)
  if given:find "^%s*{" then
    local object, message = json.decode(given)
    if not object then
      return nil, "is not JSON: " .. message
    end
    return object
  end
  local object, rest = split_head(kind, given)
  for part in rest:gmatch "[^,]+" do
    local name, value_text = part:match "^%s*([%w-]+)%s*=%s*(.-)%s*$"
    if not name then
      return nil, ("is made of name=value parts, got %s"):format(quoted(part))
    end
    local field = find_field(kind.fields, name)
    if not field then
      return nil, unknown_field(kind.fields, name)
    end
    local value, fault = values.from_text(field.type, value_text)
    if value == nil then
      return nil, field.name .. " " .. fault
    end
    object[field.name] = value
  end
  return object
end

--- Reads a value of a type.
-- @param kind a type, as in `dataforest.operations`
-- @tparam string given
-- @treturn[1] any value
-- @treturn[2] nil
-- @treturn[2] string what is wrong, to be put behind the name of what was read
function values.from_text(kind, given)
  local node = schema.of(kind)
  if node.scalar and node.scalar.from_text then
    local value, fault = node.scalar.from_text(given)
    if value == nil then
      return nil, fault .. ", got " .. quoted(given)
    end
    return value
  elseif node.kind == "object" then
    return object_from_text(kind, given)
  end
  local value, message = json.decode(given)
  if value == nil then
    return nil, "is not JSON: " .. message
  end
  return value
end

--- A number of seconds above 0, out of a text.
-- @tparam string given
-- @treturn[1] number
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function values.seconds(given)
  local seconds = given:find "^%d+%.?%d*$" and tonumber(given)
  if not seconds or seconds <= 0 then
    return nil, "a number of seconds above 0 is wanted, such as 30"
  end
  return seconds
end

--- A whole number above 0.
-- @tparam string given
-- @treturn[1] number
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function values.count(given)
  local count = given:find "^%d+$" and tonumber(given)
  if not count or count < 1 then
    return nil, "a whole number above 0 is wanted, such as 8"
  end
  return count
end

--- Names with commas between them.
-- @tparam string given
-- @treturn[1] {string,...}
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function values.names(given)
  local names = {}
  for name in given:gmatch "[^,%s]+" do
    names[#names + 1] = name
  end
  if not names[1] then
    return nil, "names are wanted, such as id,name"
  end
  return names
end

--- How an object is written in one word: `NAME:memoryMb=N,cpuCount=N`.
-- @tparam table kind an object type
-- @treturn string
function values.object_form(kind)
  local parts, head = {}, nil
  for i, field in ipairs(kind.fields) do
    if i == 1 and field.type == "string" then
      head = field.name:upper() .. ":"
    else
      parts[#parts + 1] = field.name .. "=" .. (field.type == "integer" and "N" or "VALUE")
    end
  end
  return (head or "") .. table.concat(parts, ",")
end

--- The limits of a parameter in words, for help and man page; those whose values are few show them.
-- @tparam table param
-- @treturn ?string such as `2 to 16 characters of a-z, 0-9 and -`, or nil where there are none
function values.limits(param)
  local phrases = limits.words(param, { values = true })
  return phrases[1] and table.concat(phrases, "; ")
end

return values
