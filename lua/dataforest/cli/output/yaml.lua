--- Values as YAML, keys in order. Whatever could be read as something other than a text is quoted.
-- @module dataforest.cli.output.yaml

local schema = require "dataforest.api.schema"
local pretty = require "dataforest.cli.output.pretty"

local yaml = {}

-- Words that a reader of YAML 1.1 or 1.2 takes for something other than a text.
local RESERVED = {}
for word in ("true false yes no on off null y n"):gmatch "%S+" do
  RESERVED[word] = true
end

local function scalar(value)
  if type(value) ~= "string" then
    return pretty.scalar(value)
  elseif value:find "^[%a_][%w_./@+ -]*$" and not value:find " $" and not RESERVED[value:lower()] then
    return value
  end
  return pretty.scalar(value)
end

local write

--- What stands behind `key:` or `-`: on the same line, or below it.
local function behind(lead, value, node, indent, lines)
  local shape = pretty.shape(value, node)
  if shape == "list" or shape == "object" then
    lines[#lines + 1] = lead
    write(value, node, indent, lines)
  elseif shape == "scalar" then
    lines[#lines + 1] = lead .. " " .. scalar(value)
  else
    lines[#lines + 1] = lead .. " " .. shape
  end
end

function write(value, node, indent, lines)
  if pretty.shape(value, node) == "list" then
    for _, member in ipairs(value) do
      local first = #lines + 1
      behind(indent .. "-", member, node and node.element, indent .. "  ", lines)
      if lines[first] == indent .. "-" then
        -- The member's own first line goes behind the dash.
        lines[first] = indent .. "- " .. table.remove(lines, first + 1):sub(#indent + 3)
      end
    end
    return
  end
  for _, name in ipairs(pretty.keys(value)) do
    local child = node and (node.by_name and node.by_name[name] or node.element)
    behind(indent .. scalar(name) .. ":", value[name], child, indent .. "  ", lines)
  end
end

--- Writes a value.
-- @param value as `dataforest.codec.json` reads it
-- @param[opt] kind its type, as in `dataforest.operations`
-- @treturn string YAML with a line feed at its end
function yaml.text(value, kind)
  local node = kind and schema.of(kind)
  local shape = pretty.shape(value, node)
  if shape ~= "list" and shape ~= "object" then
    return (shape == "scalar" and scalar(value) or shape) .. "\n"
  end
  local lines = {}
  write(value, node, "", lines)
  return table.concat(lines, "\n") .. "\n"
end

return yaml
