--- Values as JSON in one stable form: two spaces of indent, keys in order, `[]` for an empty list
-- where the type says that it is one, and every character that could act on a terminal escaped.
-- @module dataforest.cli.output.pretty

local cjson = require "cjson"
local common = require "dataforest.codec.common"
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

local write

local function write_list(list, node, indent, depth)
  local inner = indent .. "  "
  local parts = {}
  for i = 1, #list do
    parts[i] = inner .. write(list[i], node and node.element, inner, depth)
  end
  return "[\n" .. table.concat(parts, ",\n") .. "\n" .. indent .. "]"
end

local function write_object(object, node, indent, depth)
  local names = {}
  for name in pairs(object) do
    names[#names + 1] = name
  end
  table.sort(names)
  local inner = indent .. "  "
  for i, name in ipairs(names) do
    local child = node and (node.children and node.children[name] or node.element)
    names[i] = ("%s%s: %s"):format(inner, quoted(name), write(object[name], child, inner, depth))
  end
  return "{\n" .. table.concat(names, ",\n") .. "\n" .. indent .. "}"
end

function write(value, node, indent, depth)
  local kind = type(value)
  if kind == "string" then
    return quoted(value)
  elseif kind == "number" then
    return common.number(value) or "null"
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind ~= "table" or value == cjson.null then
    return "null"
  elseif next(value) == nil then
    return node and node.kind == "array" and "[]" or "{}"
  elseif depth > MAX_DEPTH then
    return "null"
  elseif common.list_length(value) then
    return write_list(value, node, indent, depth + 1)
  end
  return write_object(value, node, indent, depth + 1)
end

--- Writes a value.
-- @param value as `dataforest.codec.json` reads it
-- @param[opt] kind its type, as in `dataforest.operations`
-- @treturn string JSON text with a line feed at its end
function pretty.json(value, kind)
  return write(value, common.layout(kind), "", 1) .. "\n"
end

return pretty
