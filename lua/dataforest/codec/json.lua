--- JSON: requests to text, responses to tables.
--
-- Requests are written here and not by lua-cjson, which gives numbers of 15 digits an exponent, turns an
-- empty list into
-- `{}`, fills the gaps of a list with `null`, raises on functions, and lets broken UTF-8 pass.
--
-- @module dataforest.codec.json

local common = require "dataforest.codec.common"
local core = require "dataforest.core"
local lists = require "dataforest.util.lists"
local schema = require "dataforest.api.schema"

local byte, find, format, gsub = string.byte, string.find, string.format, string.gsub
local concat, next, type = table.concat, next, type
local joined, quote, each_member, null = schema.joined, core.quote, common.each_member, lists.null
local decode = core.decode

local json = { content_type = "application/json" }

local MAX_DEPTH = 64
local BACKSLASH = 92
local BYTE_ORDER_MARK = 239 -- its first byte of three

local NOT_UTF8 = "a string is not valid UTF-8"

-- The names of members as they are written, by the node that names them.
local names = setmetatable({}, { __mode = "k" })

local function name_of(name, node)
  local text = node and names[node]
  if not text then
    text = quote(name)
    text = text and text .. ":"
    if node and node.name == name then
      names[node] = text
    end
  end
  return text
end

-- Each writer appends to `out`. On success it returns nothing; else what is wrong, and where.
local write

local function write_list(out, list, length, node, depth)
  out[#out + 1] = "["
  for index = 1, length do
    if index > 1 then
      out[#out + 1] = ","
    end
    local fault, path = write(out, list[index], node and node.element, depth + 1)
    if fault then
      return fault, joined("[" .. index .. "]", path)
    end
  end
  out[#out + 1] = "]"
end

local function write_member(name, value, node, out, depth)
  local text = name_of(name, node)
  if not text then
    return NOT_UTF8, name
  end
  local length = #out
  if out[length] ~= "{" then
    length = length + 1
    out[length] = ","
  end
  out[length + 1] = text
  local fault, path = write(out, value, node, depth + 1)
  if fault then
    return fault, joined(name, path)
  end
end

local function write_table(out, value, node, depth)
  if depth > MAX_DEPTH then
    return format("tables are nested more than %d deep, or one holds itself", MAX_DEPTH)
  end
  local is_list = value[1] ~= nil or node and node.kind == "array" or lists.is_list(value)
  local length = is_list and lists.length(value)
  if length then
    return write_list(out, value, length, node, depth)
  elseif next(value) == nil then
    out[#out + 1] = "{}"
    return nil
  end
  out[#out + 1] = "{"
  local fault, path = each_member(value, node, write_member, out, depth)
  out[#out + 1] = "}"
  return fault, path
end

function write(out, value, node, depth)
  local kind, text, fault = type(value), nil, nil
  if kind == "string" then
    text = quote(value)
    fault = not text and NOT_UTF8 or nil
  elseif kind == "table" then
    return write_table(out, value, node, depth)
  elseif kind == "number" then
    text, fault = common.number(value)
  elseif kind == "boolean" then
    text = value and "true" or "false"
  elseif value == nil or value == null then
    text = "null"
  elseif lists.is_empty_list(value) then
    text = "[]"
  else
    fault = "a " .. kind .. " has no form in JSON"
  end
  if fault then
    return fault
  end
  out[#out + 1] = text
end

--- Writes an object with one member, which is text: what most requests are.
-- @tparam table node of the member
-- @tparam string text in UTF-8
-- @treturn string JSON text
function json.encode_text(node, text)
  return "{" .. (names[node] or name_of(node.name, node)) .. quote(text) .. "}"
end

--- Writes a value as JSON.
--
-- Whole numbers up to 2^53 are written as integers. An empty table is `{}`, and `[]` where its node or its
-- metatable says that it is a list. Members come in the order of the node, others after them in the order
-- of their names.
--
-- @param value a table of strings, numbers, booleans, `cjson.null`, lists without gaps, and tables of these
-- @tparam[opt] table node of what is written, from `dataforest.api.schema`
-- @treturn[1] string JSON text
-- @treturn[2] nil
-- @treturn[2] string what cannot be written, and where it is
function json.encode(value, node)
  local out = {}
  local fault, path = write(out, value, node, 1)
  if fault then
    return nil, path and path .. ": " .. fault or fault
  end
  return concat(out)
end

--- The end of the string that begins at a quotation mark.
-- @tparam string text
-- @tparam integer from where the mark is
-- @treturn ?integer where its closing mark is; nil where there is none
function json.string_end(text, from)
  repeat
    from = find(text, '["\\]', from + 1)
    local is_escape = from and byte(text, from) == BACKSLASH
    from = is_escape and from + 1 or from
  until not is_escape
  return from
end

--- Reads JSON text.
-- @tparam string body JSON text in UTF-8
-- @param[opt] shape of `core.shape`, or a type
-- @treturn[1] any value, its fields of the types that the shape names
-- @treturn[2] nil
-- @treturn[2] string what is wrong
-- @treturn[2] ?string `"limit"` where it would take too much memory
function json.decode(body, shape)
  if byte(body) == BYTE_ORDER_MARK then
    body = gsub(body, "^\239\187\191", "")
  end
  return decode(body, shape)
end

return json
