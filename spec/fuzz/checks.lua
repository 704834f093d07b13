--- What several fuzz targets demand of what they get.

local core = require "dataforest.core"
local operations = require "dataforest.operations"

local checks = {}

-- Of the input, a message may hold 32 bytes of a value, and names on the way to it.
local MESSAGE_MAX = 600

--- A message about an input: one line, in UTF-8, of bounded length.
function checks.message(message)
  assert(type(message) == "string", "no message")
  assert(#message > 0 and #message <= MESSAGE_MAX, "a message of " .. #message .. " bytes")
  assert(not message:find "%c", "a message of several lines")
  assert(core.valid_utf8(message), "a message that is not UTF-8")
end

local function is_finite(value)
  return type(value) == "number" and value == value and value ~= math.huge and value ~= -math.huge
end

local PLAIN = {
  string = function(value)
    return type(value) == "string"
  end,
  integer = function(value)
    return math.type(value) == "integer"
  end,
  number = is_finite,
  boolean = function(value)
    return type(value) == "boolean"
  end,
}

local function is_array(value)
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  return count == #value
end

local conforms

local function check_fields(fields, value, path)
  for _, field in ipairs(fields) do
    local member = value[field.name]
    if member ~= nil then
      conforms(field.type, member, path .. "." .. field.name)
    end
    for _, alias in ipairs(field.aliases or {}) do
      assert(value[alias] == nil, path .. ": the alias " .. alias .. " is still there")
    end
  end
end

--- Fails unless a value is of a type.
function conforms(of, value, path)
  path = path or "value"
  if of == nil or of == "any" then
    local kind = type(value)
    assert(
      kind == "string" or kind == "boolean" or kind == "table" or is_finite(value),
      path .. " is a " .. kind
    )
    if kind == "table" then
      local array = is_array(value)
      for key, member in pairs(value) do
        assert(array or type(key) == "string", path .. " has a key that is no string")
        conforms(nil, member, path .. "[]")
      end
    end
  elseif type(of) == "string" then
    assert(PLAIN[of](value), ("%s is not of type %s: %s"):format(path, of, tostring(value)))
  else
    assert(type(value) == "table", path .. " is not a table")
    if of.array then
      assert(is_array(value), path .. " is not a list")
      for _, item in ipairs(value) do
        conforms(of.array, item, path .. "[]")
      end
    else
      for key, member in pairs(value) do
        assert(type(key) == "string", path .. " has a key that is no string")
        conforms(of.map, member, path .. "{}")
      end
      check_fields(of.fields or {}, value, path)
    end
  end
end
checks.conforms = conforms

--- Fails unless two values are the same, all the way down.
function checks.same(a, b, path)
  path = path or "value"
  if type(a) ~= "table" or type(b) ~= "table" then
    assert(a == b, ("%s: %s became %s"):format(path, tostring(a), tostring(b)))
    return
  end
  for key, member in pairs(a) do
    checks.same(member, b[key], path .. "." .. tostring(key))
  end
  for key in pairs(b) do
    assert(a[key] ~= nil, path .. "." .. tostring(key) .. " is new")
  end
end

-- One with all that a type may be made of, behind those of the operations.
local MIXED = {
  object = "Mixed",
  fields = {
    { name = "id", type = "string", aliases = { "identity" } },
    { name = "at", type = "integer", aliases = { "when", "then" } },
    { name = "share", type = "number" },
    { name = "open", type = "boolean" },
    { name = "list", type = { array = { array = "integer" } } },
    { name = "names", type = { array = "string" } },
    { name = "map", type = { map = { map = "number" } } },
    { name = "inner", type = { object = "Inner", fields = { { name = "list", type = { array = "any" } } } } },
    { name = "any", type = "any" },
  },
}

--- The types of all responses, each with its shape; the first entry is for no type at all.
-- @treturn {{type=,shape=},...}
function checks.types()
  local types, known = { {} }, {}
  local function add(of)
    if type(of) == "table" and not known[of] then
      known[of] = true
      types[#types + 1] = { type = of, shape = core.shape(of) }
    end
  end
  add(MIXED)
  add { array = "integer" }
  add { map = { array = "boolean" } }
  for _, operation in ipairs(operations.list) do
    add(operation.result)
  end
  return types
end

--- The first byte of an input chooses; the rest is what is read.
-- @treturn {type=,shape=} an entry of `types`
-- @treturn string the rest
function checks.choose(types, bytes)
  return types[(bytes:byte(1) or 0) % #types + 1], bytes:sub(2)
end

return checks
