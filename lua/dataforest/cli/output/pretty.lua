--- Values as JSON in one stable form: two spaces of indent, keys in order, `[]` for an empty list
-- where the type says that it is one, and every character that could act on a terminal escaped.
-- @module dataforest.cli.output.pretty

local common = require "dataforest.codec.common"
local lists = require "dataforest.util.lists"
local schema = require "dataforest.api.schema"
local text = require "dataforest.cli.output.text"

local pretty = {}

local MAX_DEPTH = 100
local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"
local ESCAPES = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quoted(given)
  if given:find "^[ !#-%[%]-~]*$" then
    return '"' .. given .. '"'
  end
  local escaped = given:gsub(CHARACTER, function(character)
    if ESCAPES[character] then
      return ESCAPES[character]
    end
    local harmful, code = text.is_harmful(character)
    return harmful and ("\\u%04x"):format(code) or character
  end)
  return '"' .. escaped .. '"'
end

--- A plain value: a text, a number, true, false or null.
-- @treturn string JSON
function pretty.scalar(value)
  if type(value) == "string" then
    return quoted(value)
  elseif type(value) == "number" then
    return common.number(value) or "null"
  elseif type(value) == "boolean" then
    return tostring(value)
  end
  return "null"
end

--- What a value is.
-- @param value
-- @tparam ?table node of `dataforest.api.schema`
-- @treturn string `"scalar"`, `"list"` or `"object"` (with members), or how an empty one is written:
--   `"[]"` or `"{}"`
function pretty.shape(value, node)
  if type(value) ~= "table" then
    return "scalar"
  elseif next(value) == nil then
    return (node and node.kind == "array" or lists.is_list(value)) and "[]" or "{}"
  end
  return (lists.is_list(value) or value[1] ~= nil) and lists.length(value) and "list" or "object"
end

--- The keys of an object, in order.
-- @tparam table object
-- @treturn {string,...}
function pretty.keys(object)
  local names = {}
  for name in pairs(object) do
    names[#names + 1] = tostring(name)
  end
  table.sort(names)
  return names
end

local function write(value, node, indent, depth)
  local shape = pretty.shape(value, node)
  if shape == "scalar" then
    return pretty.scalar(value)
  elseif depth > MAX_DEPTH then
    return "null"
  elseif shape ~= "list" and shape ~= "object" then
    return shape
  end
  local inner = indent and indent .. "  "
  local parts = {}
  if shape == "list" then
    for i = 1, #value do
      parts[i] = (inner or "") .. write(value[i], node and node.element, inner, depth + 1)
    end
  else
    for i, name in ipairs(pretty.keys(value)) do
      local child = node and (node.by_name and node.by_name[name] or node.element)
      local member = write(value[name], child, inner, depth + 1)
      parts[i] = (inner or "") .. quoted(name) .. (inner and ": " or ":") .. member
    end
  end
  local open, close = "{", "}"
  if shape == "list" then
    open, close = "[", "]"
  end
  if not indent then
    return open .. table.concat(parts, ",") .. close
  end
  return open .. "\n" .. table.concat(parts, ",\n") .. "\n" .. indent .. close
end

--- Writes a value.
-- @param value as `dataforest.codec.json` reads it
-- @param[opt] kind its type, as in `dataforest.operations`
-- @treturn string JSON text with a line feed at its end
function pretty.json(value, kind)
  return write(value, (kind and schema.of(kind)), "", 1) .. "\n"
end

--- Writes a value in one line.
-- @param value
-- @param[opt] kind its type
-- @treturn string JSON text
function pretty.line(value, kind)
  return write(value, (kind and schema.of(kind)), nil, 1)
end

return pretty
