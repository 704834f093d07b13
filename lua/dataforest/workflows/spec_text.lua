--- A spec as text, in Lua, JSON or YAML: the same spec is always the same text, and reads back as it was.
-- @module dataforest.workflows.spec_text

local common = require "dataforest.codec.common"
local one_line = require "dataforest.util.one_line"
local specs = require "dataforest.workflows.spec"
local tables = require "dataforest.util.tables"

local spec_text = {}

--- Makes a function that puts text between quotation marks, and writes control characters as numbers.
local function quoted_with(number)
  return function(text)
    return '"'
      .. text:gsub('[%z\1-\31\127"\\]', function(character)
        if character == '"' or character == "\\" then
          return "\\" .. character
        end
        return character == "\n" and "\\n" or number:format(character:byte())
      end)
      .. '"'
  end
end

local json_text = quoted_with "\\u%04x" -- which YAML reads, too
local lua_text = quoted_with "\\%03d"

local RESERVED = tables.words(
  "and break do else elseif end false for function goto if in local nil not or repeat return "
    .. "then true until while"
)

local function lua_key(name)
  if name:find "^[A-Za-z_][A-Za-z0-9_]*$" and not RESERVED[name] then
    return name .. " = "
  end
  return "[" .. lua_text(name) .. "] = "
end

local function scalar(value, text)
  if type(value) == "string" then
    return text(value)
  elseif type(value) == "number" then
    return (common.number(value))
  end
  return tostring(value)
end

-- Lua and JSON differ in little: brackets, keys, and the comma behind the last.
local BRACKETS = {
  lua = { list = { "{", "}" }, object = { "{", "}" }, text = lua_text, key = lua_key, last = "," },
  json = {
    list = { "[", "]" },
    object = { "{", "}" },
    text = json_text,
    key = function(name)
      return json_text(name) .. ": "
    end,
    last = "",
  },
}

-- Lists that may be empty, so that they are told from objects.
local LISTS = { apps = true, dependsOn = true, dependentIds = true }

local function is_list(value, name)
  return value[1] ~= nil or (next(value) == nil and LISTS[name])
end

local function write(out, value, name, style, indent)
  if type(value) ~= "table" then
    out[#out + 1] = scalar(value, style.text)
    return
  end
  local as_list = is_list(value, name)
  local brackets = as_list and style.list or style.object
  if next(value) == nil then
    out[#out + 1] = brackets[1] .. brackets[2]
    return
  end
  local deeper = indent .. "  "
  local keys = as_list and value or specs.names(value)
  out[#out + 1] = brackets[1] .. "\n"
  for index, key in ipairs(keys) do
    out[#out + 1] = deeper .. (as_list and "" or style.key(key))
    write(out, as_list and key or value[key], as_list and name or key, style, deeper)
    out[#out + 1] = (index < #keys and "," or style.last) .. "\n"
  end
  out[#out + 1] = indent .. brackets[2]
end

--- The value of a key or of a dash that stands at the end of `out`.
local function write_yaml(out, value, name, indent)
  if type(value) ~= "table" then
    out[#out + 1] = " " .. scalar(value, json_text) .. "\n"
  elseif next(value) == nil then
    out[#out + 1] = (is_list(value, name) and " []" or " {}") .. "\n"
  elseif is_list(value, name) then
    out[#out + 1] = "\n"
    for _, member in ipairs(value) do
      out[#out + 1] = indent .. "-"
      write_yaml(out, member, "-", indent .. "  ")
    end
  else
    -- Behind a dash the first key follows on its line.
    local before = name == "-" and " " or "\n" .. indent
    for _, key in ipairs(specs.names(value)) do
      -- Plain where YAML reads nothing else into it.
      out[#out + 1] = ("%s%s:"):format(before, specs.is_field(key) and key or json_text(key))
      write_yaml(out, value[key], key, indent .. "  ")
      before = indent
    end
  end
end

local COMMENTS = { lua = "-- ", yaml = "# " }

--- Writes a spec.
-- @tparam table spec plain data, such as of `df:export`
-- @tparam string kind `"lua"`, `"json"` or `"yaml"`
-- @tparam[opt] {table,...} omitted of `df:export`: comments say what was left out, where there are comments
-- @treturn string text, with a line's end behind it
function spec_text.write(spec, kind, omitted)
  local out = {}
  for _, entry in ipairs(COMMENTS[kind] and omitted or {}) do
    out[#out + 1] = ("%sleft out: %s: %s\n"):format(
      COMMENTS[kind],
      one_line(entry.path),
      one_line(entry.message)
    )
  end
  if kind == "yaml" then
    for _, key in ipairs(specs.names(spec)) do
      out[#out + 1] = key .. ":"
      write_yaml(out, spec[key], key, "  ")
    end
    return table.concat(out)
  end
  if kind == "lua" then
    out[#out + 1] = "return "
  end
  write(out, spec, nil, BRACKETS[kind], "")
  out[#out + 1] = "\n"
  return table.concat(out)
end

return spec_text
