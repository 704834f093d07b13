--- JSON: requests to text, answers to tables.
--
-- lua-cjson writes what it writes well, which is nearly every request. The rest is written
-- here: cjson gives numbers of 15 digits an exponent, turns an empty list into `{}`, fills
-- the gaps of a list with `null`, raises on functions, and lets broken UTF-8 pass.
--
-- @module dataforest.codec.json

local cjson = require "cjson"
local common = require "dataforest.codec.common"
local core = require "dataforest.core"

local byte, find, format, gsub = string.byte, string.find, string.format, string.gsub
local concat, next, pairs, type = table.concat, next, pairs, type
local joined, list_length, valid_utf8 = common.joined, common.list_length, core.valid_utf8
local decode = core.decode

-- An instance of our own: others set options on the shared one.
local cjson_encode = cjson.new().encode

local json = { content_type = "application/json" }

local MAX_DEPTH = 64
local BYTE_ORDER_MARK = 239 -- its first byte of three
local PLAIN = "^[ !#-%[%]-~]*$"

local escapes = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
for code = 0, 31 do
  local character = string.char(code)
  escapes[character] = escapes[character] or format("\\u%04x", code)
end

local function quoted(text)
  if not find(text, PLAIN) then
    if not valid_utf8(text) then
      return nil, "a string is not valid UTF-8"
    end
    text = gsub(text, '[%z\1-\31"\\]', escapes)
  end
  return '"' .. text .. '"'
end

-- Each writer appends to `out`. On success it returns nothing; else what is wrong, and where.
local write

local function write_list(out, list, length, node, depth)
  out[#out + 1] = "["
  for i = 1, length do
    if i > 1 then
      out[#out + 1] = ","
    end
    local fault, path = write(out, list[i], node and node.element, depth + 1)
    if fault then
      return fault, joined("[" .. i .. "]", path)
    end
  end
  out[#out + 1] = "]"
end

local function write_object(out, object, node, depth)
  local children = node and node.children
  local separator = "{"
  for key, value in pairs(object) do
    if type(key) ~= "string" then
      return "a list must have no gaps, and a table no numbers among its keys"
    end
    local name, fault = quoted(key)
    local path
    if name then
      out[#out + 1] = separator
      out[#out + 1] = name
      out[#out + 1] = ":"
      separator = ","
      fault, path = write(out, value, children and children[key] or node and node.element, depth + 1)
    end
    if fault then
      return fault, joined(key, path)
    end
  end
  out[#out + 1] = separator == "{" and "{}" or "}"
end

local function write_table(out, value, node, depth)
  if depth > MAX_DEPTH then
    return format("tables are nested more than %d deep, or one holds itself", MAX_DEPTH)
  end
  local length = list_length(value)
  if not length and node and node.kind == "array" and next(value) == nil then
    length = 0
  end
  if length then
    return write_list(out, value, length, node, depth)
  end
  return write_object(out, value, node, depth)
end

function write(out, value, node, depth)
  local kind, text, fault = type(value), nil, nil
  if kind == "string" then
    text, fault = quoted(value)
  elseif kind == "table" then
    return write_table(out, value, node, depth)
  elseif kind == "number" then
    text, fault = common.number(value)
  elseif kind == "boolean" then
    text = value and "true" or "false"
  elseif value == nil or value == cjson.null then
    text = "null"
  else
    fault = "a " .. kind .. " has no form in JSON"
  end
  if fault then
    return fault
  end
  out[#out + 1] = text
end

--- Whether cjson writes a table as it should be.
local function is_easy(object, depth, is_valid)
  if depth > MAX_DEPTH then
    return false
  end
  for key, value in pairs(object) do
    local kind = type(value)
    if type(key) ~= "string" or not (is_valid or valid_utf8(key)) then
      return false
    elseif kind == "string" then
      if not (is_valid or valid_utf8(value)) then
        return false
      end
    elseif kind == "number" then
      -- 14 digits are cjson's most. Zero might be -0.
      if value % 1 ~= 0 or value >= 1e14 or value <= -1e14 or value == 0 then
        return false
      end
    elseif kind == "table" then
      if next(value) == nil or not is_easy(value, depth + 1, is_valid) then
        return false
      end
    elseif kind ~= "boolean" then
      return false
    end
  end
  return true
end

--- Writes a value as JSON.
--
-- Whole numbers up to 2^53 are written as integers. An empty table is `{}`, and `[]` where
-- `of` names a list.
--
-- @param value a table of strings, numbers, booleans, `cjson.null`, lists without gaps, and tables of these
-- @tparam[opt] table of what is written: an operation (its parameters), a list of fields, or a type
-- @tparam[opt] boolean is_valid its strings and keys are known to be valid UTF-8
-- @treturn[1] string JSON text
-- @treturn[2] nil
-- @treturn[2] string what cannot be written, and where it stands
function json.encode(value, of, is_valid)
  if type(value) == "table" and next(value) ~= nil and is_easy(value, 1, is_valid) then
    return cjson_encode(value)
  end
  local out = {}
  local fault, path = write(out, value, common.layout(of), 1)
  if fault then
    return nil, path and path .. ": " .. fault or fault
  end
  return concat(out)
end

--- Reads JSON text.
-- @tparam string body JSON text in UTF-8
-- @param[opt] shape of `core.shape`, or a type
-- @treturn[1] any value, its fields of the types that the shape names
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function json.decode(body, shape)
  if byte(body) == BYTE_ORDER_MARK then
    body = gsub(body, "^\239\187\191", "")
  end
  return decode(body, shape)
end

return json
