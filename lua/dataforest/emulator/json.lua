--- JSON for the emulator, in Lua: not the client's codec, so that a mistake in one does not hide a mistake in
-- the other. It keeps `[]`, `{}` and `null` apart: lists carry `json.list` as their metatable, null is
-- `json.null` (cjson's).
-- @module dataforest.emulator.json

local cjson = require "cjson"

local MAX_DEPTH = 64

local json = { null = cjson.null }

local list_mark = { __name = "list" }

--- Marks a table as a list, so that it is written as `[]` even where it is empty.
-- @tparam table value
-- @treturn table the same table
function json.list(value)
  return setmetatable(value, list_mark)
end

--- Whether a table is a list: by our mark, by cjson's, or by what is in it.
local function is_list(value)
  local mark = getmetatable(value)
  if mark ~= nil then
    return mark == list_mark or mark == cjson.array_mt or mark == cjson.empty_array_mt
  end
  return #value > 0
end

--- Gives a copy the list marks of the value that it is a copy of.
-- @tparam table copy
-- @tparam table value
-- @treturn table the copy
function json.mark_like(copy, value)
  for key, member in pairs(value) do
    if type(member) == "table" and type(copy[key]) == "table" then
      json.mark_like(copy[key], member)
    end
  end
  return getmetatable(value) == list_mark and json.list(copy) or copy
end

-- Reading --------------------------------------------------------------------------------------------

local ESCAPES = {
  ['"'] = '"',
  ["\\"] = "\\",
  ["/"] = "/",
  b = "\b",
  f = "\f",
  n = "\n",
  r = "\r",
  t = "\t",
}

local floor = math.floor

local function utf8_of(code)
  if code < 0x80 then
    return string.char(code)
  elseif code < 0x800 then
    return string.char(0xC0 + floor(code / 64), 0x80 + code % 64)
  elseif code < 0x10000 then
    return string.char(0xE0 + floor(code / 4096), 0x80 + floor(code / 64) % 64, 0x80 + code % 64)
  end
  return string.char(
    0xF0 + floor(code / 262144),
    0x80 + floor(code / 4096) % 64,
    0x80 + floor(code / 64) % 64,
    0x80 + code % 64
  )
end

local function malformed()
  error("malformed JSON", 0)
end

local function skip(text, at)
  return (text:find("[^ \t\r\n]", at)) or #text + 1
end

-- The character of \uXXXX at a place, and where it ends.
local function unicode_escape(text, at)
  local code = tonumber(text:match("^%x%x%x%x", at + 2) or malformed(), 16)
  at = at + 6
  if code >= 0xD800 and code < 0xDC00 then
    local low = tonumber(text:match("^\\u([dD][c-fC-F]%x%x)", at) or malformed(), 16)
    return utf8_of(0x10000 + (code - 0xD800) * 1024 + low - 0xDC00), at + 6
  elseif code >= 0xDC00 and code < 0xE000 then
    malformed()
  end
  return utf8_of(code), at
end

-- `at` is behind the opening quotation mark.
local function read_string(text, at)
  local parts
  while true do
    local stop = text:find('["\\%c]', at) or malformed()
    local char = text:sub(stop, stop)
    if char == '"' then
      local rest = text:sub(at, stop - 1)
      if parts then
        parts[#parts + 1] = rest
        rest = table.concat(parts)
      end
      return rest, stop + 1
    elseif char ~= "\\" then
      if char == "\127" then -- which JSON allows
        parts = parts or {}
        parts[#parts + 1] = text:sub(at, stop)
        at = stop + 1
      else
        malformed()
      end
    else
      parts = parts or {}
      parts[#parts + 1] = text:sub(at, stop - 1)
      local name = text:sub(stop + 1, stop + 1)
      if name == "u" then
        parts[#parts + 1], at = unicode_escape(text, stop)
      else
        parts[#parts + 1], at = ESCAPES[name] or malformed(), stop + 2
      end
    end
  end
end

local function read_number(text, at)
  local whole = text:match("^-?%d+", at) or malformed()
  if whole:find "^-?0%d" then
    malformed()
  end
  local stop = at + #whole
  local fraction = text:match("^%.%d+", stop) or ""
  stop = stop + #fraction
  local exponent = text:match("^[eE][+-]?%d+", stop) or ""
  stop = stop + #exponent
  if text:find("^[%w.]", stop) then
    malformed()
  end
  return tonumber(whole .. fraction .. exponent), stop
end

local LITERALS = { { "true", true }, { "false", false }, { "null", json.null } }

local read_value

-- What stands between brackets, with commas between: `read_one(at)` reads one, and returns where it ends.
local function read_members(text, at, close, read_one)
  at = skip(text, at)
  if text:sub(at, at) == close then
    return at + 1
  end
  while true do
    at = skip(text, read_one(at))
    local char = text:sub(at, at)
    if char == close then
      return at + 1
    elseif char ~= "," then
      malformed()
    end
    at = skip(text, at + 1)
  end
end

local function read_list(text, at, depth)
  local out = json.list {}
  return out,
    read_members(text, at, "]", function(start)
      out[#out + 1], start = read_value(text, start, depth)
      return start
    end)
end

local function read_object(text, at, depth, sources)
  local out = {}
  return out,
    read_members(text, at, "}", function(start)
      local name, stop = read_string(text, text:sub(start, start) == '"' and start + 1 or malformed())
      stop = skip(text, stop)
      start = skip(text, text:sub(stop, stop) == ":" and stop + 1 or malformed())
      out[name], stop = read_value(text, start, depth)
      if sources then
        sources[name] = text:sub(start, stop - 1)
      end
      return stop
    end)
end

function read_value(text, at, depth, sources)
  at = skip(text, at)
  local char = text:sub(at, at)
  if char == '"' then
    return read_string(text, at + 1)
  elseif char == "{" or char == "[" then
    if depth >= MAX_DEPTH then
      error("the JSON is nested too deeply", 0)
    end
    return (char == "{" and read_object or read_list)(text, at + 1, depth + 1, sources)
  end
  for _, literal in ipairs(LITERALS) do
    if text:sub(at, at + #literal[1] - 1) == literal[1] and not text:find("^%w", at + #literal[1]) then
      return literal[2], at + #literal[1]
    end
  end
  return read_number(text, at)
end

--- Reads JSON text.
-- @tparam string text valid UTF-8
-- @tparam[opt] table sources gets the text of each member of the outermost object, by name
-- @return[1] the value
-- @return[2] nil
-- @treturn[2] string what is wrong
function json.decode(text, sources)
  local ok, value = pcall(function()
    local value, at = read_value(text, 1, 0, sources)
    if skip(text, at) <= #text then
      malformed()
    end
    return value
  end)
  if not ok then
    return nil, tostring(value)
  end
  return value
end

--- A copy without nulls, for code that takes an absent member and null for the same.
function json.without_null(value)
  if value == json.null then
    return nil
  elseif type(value) ~= "table" then
    return value
  end
  local out = setmetatable({}, getmetatable(value))
  for key, member in pairs(value) do
    out[key] = json.without_null(member)
  end
  return out
end

-- Writing --------------------------------------------------------------------------------------------

--- A number as text: whole numbers without a fraction.
function json.number(value)
  if value ~= value or value == math.huge or value == -math.huge then
    return "null"
  elseif value == floor(value) and value > -1e15 and value < 1e15 then
    return ("%.0f"):format(value)
  end
  local text = ("%.15g"):format(value)
  if tonumber(text) ~= value then
    text = ("%.17g"):format(value)
  end
  return (text:gsub(",", ".")) -- which some locales write
end

local function sorted_keys(value, seen)
  local keys = {}
  for key in pairs(value) do
    if not (seen and seen[key]) then
      keys[#keys + 1] = tostring(key)
    end
  end
  table.sort(keys)
  return keys
end

--- Calls `each(name, value, type)` for the members of an object: those that its type names, in that order,
-- then the others by name.
function json.members(value, type_, each)
  local seen = {}
  for _, field in ipairs(type(type_) == "table" and type_.fields or {}) do
    seen[field.name] = true
    if value[field.name] ~= nil then
      each(field.name, value[field.name], field.type)
    end
  end
  local inner = type(type_) == "table" and type_.map or nil
  for _, key in ipairs(sorted_keys(value, seen)) do
    each(key, value[key], inner)
  end
end

--- Whether a value of a type is a list.
function json.is_array(value, type_)
  if type(type_) == "table" then
    return type_.array ~= nil
  end
  return is_list(value)
end

local JSON_ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quoted(text)
  return '"'
    .. text:gsub('[%c"\\]', function(char)
      return JSON_ESCAPES[char] or ("\\u%04x"):format(char:byte())
    end)
    .. '"'
end

--- JSON text of a value, its members in the order of the type.
-- @param value anything that JSON can hold
-- @param[opt] type_ its type, in the grammar of `dataforest.operations`
-- @treturn string
function json.encode(value, type_)
  if value == json.null then
    return "null"
  elseif type(value) == "number" then
    return json.number(value)
  elseif type(value) == "string" then
    return quoted(value)
  elseif type(value) == "boolean" then
    return tostring(value)
  elseif value == cjson.empty_array and value ~= nil then
    return "[]"
  elseif type(value) ~= "table" then
    error(("JSON has no %s"):format(type(value)), 0)
  end
  local out = {}
  if json.is_array(value, type_) then
    for i, item in ipairs(value) do
      out[i] = json.encode(item, type(type_) == "table" and type_.array or nil)
    end
    return "[" .. table.concat(out, ",") .. "]"
  end
  json.members(value, type_, function(name, member, inner)
    out[#out + 1] = quoted(name) .. ":" .. json.encode(member, inner)
  end)
  return "{" .. table.concat(out, ",") .. "}"
end

return json
