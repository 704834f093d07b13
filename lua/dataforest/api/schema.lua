--- The type language of `dataforest.operations`: what a type, a field and an operation's entry may say,
-- compiled into nodes, and the one walk over a value along its node.
--
-- A **node** stands for a type, or for a field with its type. It has all that the field says (`name`, `doc`,
-- `required`, `secret`, …), and besides
--
-- - `kind`: `string`, `integer`, `number`, `boolean`, `any`, `array`, `map` or `object`;
-- - `type`: the name of its scalar type, where it is of one (kinds can have several types);
-- - `noun`: the kind in words, `a string`;
-- - `element`: the node of what is in an array or a map;
-- - `fields`, `by_name`, `names`: an object's nodes, in order and by name, and the names that callers may
-- write;
-- - `limits`: those of `api/limits.lua` that the field states; and `keeps(value)`, where a cheap check
--   can show that a value is text within all of them.
--
-- To add a scalar type, add it to `schema.scalars`. Validation, both formats, the decoding of responses,
-- the emulator, the command line, the documentation and the editor types take it from there.
--
-- @module dataforest.api.schema

local ascii = require "dataforest.util.ascii"
local core = require "dataforest.core"
local limits = require "dataforest.api.limits"
local lists = require "dataforest.util.lists"
local tables = require "dataforest.util.tables"
local words = require "dataforest.util.words"

local find, format, gsub = string.find, string.format, string.gsub
local pairs, type = pairs, type

local schema = {}

-- Scalar types ----------------------------------------------------------------------------------------------

local BOOLEANS = { ["true"] = true, yes = true, ["false"] = false, no = false }

local function number_from(pattern, noun)
  return function(text)
    if not find(text, pattern) then
      return nil, "must be " .. noun
    end
    return tonumber((gsub(text, "^%+", "")))
  end
end

local function sample_number(field)
  return field.minimum or 1
end

--- The scalar types by name. Each has
--
-- - `kind`: how its values travel and are decoded: `string`, `integer`, `number`, `boolean` or `any`;
-- - `noun`: it in a message, `a string`;
-- - `annotation`: it in the annotations for editors;
-- - `sample(field)`: a value for examples;
-- - `from_text(text)`: a value out of a word of a command line, or nil and what it must be;
-- - `fits(value)`, perhaps: whether a value of the kind is one of the type.
schema.scalars = {
  string = {
    kind = "string",
    noun = "a string",
    annotation = "string",
    sample = function(field)
      return ascii.lower(field.name):gsub("[^a-z0-9]", ""):sub(1, field.max_length or 10)
    end,
    from_text = function(text)
      return text
    end,
  },
  integer = {
    kind = "integer",
    noun = "an integer",
    annotation = "integer",
    sample = sample_number,
    from_text = number_from("^[+-]?%d+$", "a whole number"),
  },
  number = {
    kind = "number",
    noun = "a number",
    annotation = "number",
    sample = sample_number,
    from_text = number_from("^[+-]?%d+%.?%d*$", "a number"),
  },
  boolean = {
    kind = "boolean",
    noun = "true or false",
    annotation = "boolean",
    sample = function()
      return true
    end,
    from_text = function(text)
      if BOOLEANS[text] == nil then
        return nil, "must be true or false"
      end
      return BOOLEANS[text]
    end,
  },
  any = {
    kind = "any",
    noun = "a value",
    annotation = "any",
    sample = function()
      return {}
    end,
    from_text = nil, -- JSON, as tables are
  },
}

-- What entries may say --------------------------------------------------------------------------------------

local set_of = tables.words

local FIELD = set_of(
  "name type doc required default service_default stated secret within aliases derived seconds_as "
    .. "multiline"
)
for _, of_kind in pairs(limits.of) do
  for _, limit in ipairs(of_kind) do
    for _, key in ipairs(limit.keys) do
      FIELD[key] = true
    end
  end
end
local TYPE = { array = set_of "array", map = set_of "map", fields = set_of "object fields" }
local OPERATION =
  set_of("group name summary effect deletes binary params result xml status id method path page derives")
local XML = set_of "request response"
local EFFECTS = set_of "read idempotent once"
local STATUSES = set_of "current older"

local function demand(ok, where, text, ...)
  if not ok then
    error(format("dataforest.operations: %s " .. text, where, ...), 0)
  end
end

local function check_keys(given, known, where)
  demand(type(given) == "table", where, "must be a table, got %s", tostring(given))
  for key in pairs(given) do
    if not known[key] then
      local hint = words.hint(tostring(key), tables.sorted_keys(known))
      error(format("dataforest.operations: %s has no key %s: %s", where, tostring(key), hint), 0)
    end
  end
end

local check_fields

local function check_type(of, where)
  if type(of) ~= "table" then
    demand(schema.scalars[of], where, "has the unknown type %s", tostring(of))
    return
  end
  local key = of.array ~= nil and "array" or of.map ~= nil and "map" or "fields"
  check_keys(of, TYPE[key], where)
  if key == "fields" then
    demand(type(of.object) == "string", where, "must name its object")
    check_fields(of.fields, where)
  else
    check_type(of[key], where)
  end
end

function check_fields(fields, where)
  demand(type(fields) == "table", where, "must have a list of fields")
  local seen = {}
  for index, field in ipairs(fields) do
    check_keys(field, FIELD, format("%s: field %s", where, type(field) == "table" and field.name or index))
    demand(type(field.name) == "string", where, "has a field without a name (number %d)", index)
    demand(type(field.doc) == "string", where, "says nothing of its field %s: give it a doc", field.name)
    demand(not seen[field.name], where, "has two fields %s", field.name)
    seen[field.name] = true
    check_type(field.type, where .. ": field " .. field.name)
  end
end

--- Checks an operation's entry; raises for what it may not say, naming the entry and the key.
-- @tparam table operation
function schema.check(operation)
  local where = type(operation) == "table" and format("%s/%s", operation.group, operation.name) or "an entry"
  check_keys(operation, OPERATION, where)
  for _, name in ipairs { "group", "name", "summary" } do
    demand(type(operation[name]) == "string", where, "must have a %s", name)
  end
  demand(EFFECTS[operation.effect], where, "must have the effect read, idempotent or once")
  demand(STATUSES[operation.status or "current"], where, "must have the status current or older")
  check_keys(operation.xml or {}, XML, where .. ": xml")
  check_fields(operation.params, where)
  check_type(operation.result, where .. ": result")
end

-- Compiling -------------------------------------------------------------------------------------------------

local NOUNS = { array = "a list", map = "a table", object = "a table" }

local compile

local function add_field(object, node)
  object.fields[#object.fields + 1] = node
  object.by_name[node.name] = node
end

local function new_object(node)
  node.kind, node.noun = "object", NOUNS.object
  node.fields, node.by_name, node.names = {}, {}, {}
  return node
end

--- Fields that travel inside another object (`within`) become fields of that one, and `flat` tells where
-- they are.
local function compile_fields(node, fields, secret)
  new_object(node)
  for _, field in ipairs(fields) do
    local inner = compile(field.type, field, secret)
    local owner = node
    if field.within then
      owner = node.by_name[field.within]
      if not owner then
        owner = new_object { name = field.within, is_container = true, why = "it is required" }
        add_field(node, owner)
      end
      owner.required = owner.required or field.required and field.default == nil
      owner.has_defaults = owner.has_defaults or field.default ~= nil
      owner.names[#owner.names + 1] = field.name
      node.flat = node.flat or {}
      node.flat[field.name] = owner
    end
    add_field(owner, inner)
    node.names[#node.names + 1] = field.name
  end
  return node
end

--- Makes the node of a type.
-- @param of a type
-- @tparam[opt] table field that is of this type
-- @tparam[opt] boolean secret whether it stands in something secret
function compile(of, field, secret)
  local node = tables.copy(field or {})
  node.type = nil
  node.secret = node.secret or secret
  node.why = gsub(node.doc or "it is required", "%.$", "")
  if type(of) ~= "table" then
    local scalar = schema.scalars[of] or error("unknown type " .. tostring(of), 0)
    node.type, node.kind, node.noun, node.scalar = of, scalar.kind, scalar.noun, scalar
    node.limits, node.keeps = limits.prepare(node)
  elseif of.array ~= nil or of.map ~= nil then
    node.kind = of.array ~= nil and "array" or "map"
    node.noun = NOUNS[node.kind]
    node.element = compile(of.array or of.map, nil, node.secret)
    node.element.name = node.name
  else
    node.object = of.object
    compile_fields(node, of.fields, node.secret)
  end
  return node
end

local nodes = setmetatable({}, { __mode = "k" })
local scalar_nodes = {}

--- The node of a type, compiled once.
-- @param of a type of `dataforest.operations`, or a list of fields
-- @treturn table
function schema.of(of)
  if type(of) ~= "table" then
    scalar_nodes[of] = scalar_nodes[of] or compile(of)
    return scalar_nodes[of]
  end
  local node = nodes[of]
  if not node then
    node = (of.array ~= nil or of.map ~= nil or of.fields) and compile(of) or compile_fields({}, of)
    nodes[of] = node
  end
  return node
end

--- The node of one field.
-- @tparam table field as in `dataforest.operations`
-- @treturn table
function schema.field(field)
  nodes[field] = nodes[field] or compile(field.type, field)
  return nodes[field]
end

--- The node of an operation's parameters in the form in which they travel.
-- @tparam ?table operation an entry of `dataforest.operations`
-- @treturn ?table an object; nil where nothing is known of them
function schema.request(operation)
  return operation and operation.params and schema.of(operation.params) or nil
end

--- The one parameter that a bare string stands for: the only required one, where it is text.
-- @tparam table node of `schema.request`
-- @treturn ?table its node
function schema.single(node)
  if node.single == nil then
    local single = false
    local function look(fields)
      for _, field in ipairs(fields) do
        if field.is_container then
          look(field.fields)
        elseif field.required and field.default == nil then
          single = single == false and field.kind == "string" and field
        end
      end
    end
    look(node.fields)
    node.single = single
  end
  return node.single or nil
end

-- A type in the scalar types that the core knows.
local function lowered(of)
  if type(of) ~= "table" then
    return schema.scalars[of].kind
  elseif of.array ~= nil then
    return { array = lowered(of.array) }
  elseif of.map ~= nil then
    return { map = lowered(of.map) }
  end
  local fields = {}
  for index, field in ipairs(of.fields) do
    fields[index] = { name = field.name, type = lowered(field.type), aliases = field.aliases }
  end
  return { fields = fields }
end

--- The shape of a type, by which the core decodes.
-- @param of a type
-- @treturn userdata of `core.shape`
function schema.shape(of)
  return core.shape(lowered(of))
end

-- Walking ---------------------------------------------------------------------------------------------------

--- Where a fault is: `components` and `[2].memoryMb` give `components[2].memoryMb`.
-- @tparam string container
-- @tparam ?string path inside of it
-- @treturn string path
function schema.joined(container, path)
  if not path or path == "" then
    return container
  elseif container == "" then
    return path
  end
  return path:sub(1, 1) == "[" and container .. path or container .. "." .. path
end

local joined = schema.joined
local walk

local function walk_list(node, value, how)
  local length = type(value) == "table" and lists.length(value)
  if not length then
    if lists.is_empty_list(value) then
      return lists.list {}
    end
    return how.mismatch(node, value, how)
  end
  local out, element = {}, node.element
  for index = 1, length do
    local member, fault, path = walk(element, value[index], how)
    if fault then
      return nil, fault, joined("[" .. index .. "]", path)
    end
    out[index] = member
  end
  return out
end

local function walk_map(node, value, how)
  if type(value) ~= "table" or value[1] ~= nil or lists.is_list(value) then
    return how.mismatch(node, value, how)
  end
  local out, element = {}, node.element
  for name, member in pairs(value) do
    local fault = how.name and how.name(name)
    if fault then
      return nil, fault
    end
    local kept, inner_fault, path = walk(element, member, how)
    if inner_fault then
      return nil, inner_fault, joined(name, path)
    end
    out[name] = kept
  end
  return out
end

local function walk_object(node, value, how)
  if type(value) ~= "table" or lists.is_list(value) then
    return how.mismatch(node, value, how)
  end
  local out, by_name = {}, node.by_name
  for name, member in pairs(value) do
    if not by_name[name] then
      local kept, fault, path = how.unknown(node, name, member, how)
      if fault then
        return nil, fault, path
      end
      out[name] = kept
    end
  end
  local fields = node.fields
  for index = 1, #fields do
    local field = fields[index]
    local member = value[field.name]
    local fault, path
    if member == nil or how.is_absent(member) then
      member, fault, path = how.absent(field, member, how)
    else
      member, fault, path = walk(field, member, how)
    end
    if fault then
      return nil, fault, joined(field.name, path)
    end
    out[field.name] = member
  end
  return out
end

local WALKS = { array = walk_list, map = walk_map, object = walk_object }

--- Walks over a value along its node, and makes a new one of what `how` says of its parts.
--
-- The functions in `how` return a value, or nil, what is wrong and (where it is not the value itself) where.
--
-- @tparam table node
-- @param value
-- @tparam table how `scalar(node, value, how)`; `mismatch(node, value, how)`, for what is no list or no
-- table;
--   `is_absent(value)`; `absent(node, value, how)`; `unknown(object, name, value, how)`; for maps perhaps
-- `name(name)`,
--   which returns only what is wrong
-- @return the new value
-- @return what is wrong
-- @treturn ?string where
function walk(node, value, how)
  local into = WALKS[node.kind]
  if into then
    return into(node, value, how)
  end
  return how.scalar(node, value, how)
end

schema.walk = walk

return schema
