--- What the encoders share: the layout of a type, numbers, and where a fault is.
--
-- @module dataforest.codec.common

local common = {}

local format = string.format

local compiled = setmetatable({}, { __mode = "k" })

local compile_type

local function add(node, name, inner)
  node.fields[#node.fields + 1] = name
  node.known[name] = true
  node.children[name] = inner
end

local function compile_fields(fields)
  local node = { kind = "object", fields = {}, known = {}, children = {} }
  local containers = {}
  for _, field in ipairs(fields) do
    local owner = node
    if field.within then
      owner = containers[field.within]
      if not owner then
        owner = { kind = "object", fields = {}, known = {}, children = {} }
        containers[field.within] = owner
        add(node, field.within, owner)
      end
    end
    add(owner, field.name, compile_type(field.type))
  end
  return node
end

function compile_type(of)
  if type(of) ~= "table" then
    return nil
  elseif of.array then
    return { kind = "array", element = compile_type(of.array) }
  elseif of.map then
    return { kind = "map", element = compile_type(of.map) }
  end
  return compile_fields(of.fields)
end

--- The layout of a type: the order of its fields, and what in it is a list. Compiled once.
-- @param of an operation, a list of fields, a type, or nil where nothing is known
-- @treturn ?table a node: `kind` (`object`, `array` or `map`), `fields` (names in order), `known`
--   (a set of them) and `children` (nodes by name) of an object, `element` of the others;
--   nil for plain values
function common.layout(of)
  if type(of) ~= "table" then
    return nil
  end
  local node = compiled[of]
  if not node then
    if of.array or of.map or of.fields then
      node = compile_type(of)
    else
      node = compile_fields(of.id and (of.params or {}) or of)
    end
    compiled[of] = node
  end
  return node
end

local LARGEST_INTEGER = 2 ^ 53

--- A number as JSON and XML write it: whole ones up to 2^53 without exponent and point.
-- @tparam number number
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function common.number(number)
  if number % 1 == 0 and number >= -LARGEST_INTEGER and number <= LARGEST_INTEGER then
    return format("%.0f", number + 0) -- the sum turns -0 into 0
  elseif number ~= number or number == math.huge or number == -math.huge then
    return nil, "a number is not finite"
  end
  local text = format("%.14g", number)
  if tonumber(text) ~= number then
    text = format("%.17g", number)
  end
  -- The decimal point follows the host program's locale; ours does not.
  return (text:gsub("[^%deE+-]", "."))
end

--- The keys of a table that its node does not name, in order.
-- @tparam table value
-- @tparam ?table node
-- @treturn ?{string,...} keys, or nil where there are none
-- @treturn ?string what is wrong with a key
function common.other_keys(value, node)
  local known = node and node.known
  local keys
  for key in pairs(value) do
    if not (known and known[key]) then
      if type(key) ~= "string" then
        return nil, "a list must have no gaps, and a table no numbers among its keys"
      end
      keys = keys or {}
      keys[#keys + 1] = key
    end
  end
  if keys and keys[2] then
    table.sort(keys)
  end
  return keys
end

--- Length of a table that is a list and nothing but a list.
-- @tparam table value
-- @treturn ?number length, or nil for every other table, the empty one included
function common.list_length(value)
  if value[1] == nil then
    return nil
  end
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  return count == #value and count or nil
end

--- Where a fault is: `components` and `[2].memoryMb` give `components[2].memoryMb`.
-- @tparam string container
-- @tparam ?string path inside of it
-- @treturn string path
function common.joined(container, path)
  if not path or path == "" then
    return container
  end
  return path:sub(1, 1) == "[" and container .. path or container .. "." .. path
end

return common
