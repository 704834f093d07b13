--- The emulator's side of JSON and XML.
--
-- Deliberately not the client's codecs: a mistake in one must not hide a mistake in the other.
-- @module dataforest.emulator.wire

local ascii = require "dataforest.util.ascii"
local json = require "dataforest.emulator.json"
local tables = require "dataforest.util.tables"

local MAX_DEPTH = 64

local wire = {}

--- Headers by lower-case name, their values as text.
-- @tparam ?table given headers by name
-- @treturn table
function wire.headers(given)
  local out = {}
  for name, value in pairs(given or {}) do
    out[ascii.lower(name)] = tostring(value)
  end
  return out
end

-- Types ----------------------------------------------------------------------------------------------

local response_types, xml_types = {}, {}

--- The type of the response of an operation that was carried out.
-- @tparam table operation
-- @treturn table
function wire.response_type(operation)
  local known = response_types[operation.id]
  if not known then
    known = { object = operation.name, fields = { { name = "success", type = "boolean" } } }
    for _, field in ipairs(type(operation.result) == "table" and operation.result.fields or {}) do
      known.fields[#known.fields + 1] = field
    end
    response_types[operation.id] = known
  end
  return known
end

-- In the pages' XML samples the elements are in alphabetical order, but in those of these operations.
local SUCCESS_FIRST = {
  ["accounts/checkAvailableName"] = true,
  ["accounts/checkHasResource"] = true,
  ["accounts/delete"] = true,
}
local RANKS = { success = 1, message = 2 }

-- A type with its fields in order: by their rank, if they have one, then by their name.
local function sorted(type_, ranks)
  if type(type_) ~= "table" then
    return type_
  elseif type_.array then
    return { array = sorted(type_.array, {}) }
  elseif not type_.fields then
    return type_
  end
  local fields = {}
  for i, field in ipairs(type_.fields) do
    fields[i] = { name = field.name, type = sorted(field.type, {}) }
  end
  table.sort(fields, function(a, b)
    local first, second = ranks[a.name] or math.huge, ranks[b.name] or math.huge
    return first < second or first == second and a.name < b.name
  end)
  return { object = type_.object, fields = fields }
end

local function xml_type(operation)
  local known = xml_types[operation.id]
  if not known then
    local fields = tables.copy(wire.response_type(operation).fields)
    if not tables.named(fields, "message") then
      fields[#fields + 1] = { name = "message", type = "string" }
    end
    known = sorted({ fields = fields }, SUCCESS_FIRST[operation.id] and RANKS or {})
    xml_types[operation.id] = known
  end
  return known
end

-- Formats --------------------------------------------------------------------------------------------

local function named(header)
  if not header then
    return nil
  end
  header = ascii.lower(header)
  local at_xml, at_json = header:find("xml", 1, true), header:find("json", 1, true)
  if at_xml and (not at_json or at_xml < at_json) then
    return "xml"
  end
  return at_json and "json" or nil
end

--- The formats of a request and of its response.
-- @tparam table headers request headers, lower-case names
-- @treturn string `"json"` or `"xml"`: the body is read as
-- @treturn string `"json"` or `"xml"`: the response is written as; Accept decides, else the request's format
function wire.formats(headers)
  local request = named(headers["content-type"]) or "json"
  return request, named(headers["accept"]) or request
end

-- Writing --------------------------------------------------------------------------------------------

local XML_ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["\r"] = "&#13;" }

local function xml_text(value)
  local text = type(value) == "number" and json.number(value) or tostring(value)
  -- XML 1.0 has no way to write the other control characters.
  text = text:gsub("[%z\1-\8\11\12\14-\31]", "?")
  return (text:gsub("[&<>\r]", XML_ESCAPES))
end

local function write_element(out, name, value, type_)
  if type(value) == "table" and json.is_array(value, type_) then
    for _, item in ipairs(value) do
      write_element(out, name, item, type(type_) == "table" and type_.array or nil)
    end
  elseif type(value) == "table" then
    out[#out + 1] = "<" .. name .. ">"
    json.members(value, type_, function(member_name, member, inner)
      write_element(out, member_name, member, inner)
    end)
    out[#out + 1] = "</" .. name .. ">"
  else
    local text = value == json.null and "" or xml_text(value)
    out[#out + 1] = text == "" and ("<%s/>"):format(name) or ("<%s>%s</%s>"):format(name, text, name)
  end
end

-- XML document of a value; arrays are repeated elements without a wrapper.
local function xml_document(root, value, type_)
  local out = { '<?xml version="1.0" encoding="UTF-8"?>\n' }
  write_element(out, root, value, type_)
  return table.concat(out)
end

local JSON_TYPE, XML_TYPE = "application/json;charset=UTF-8", "application/xml;charset=UTF-8"

--- The body of a response, and its Content-Type.
-- @tparam table response `body`, `bytes` or `source`, and `type`, `root` and `wrap` as in
--   `dataforest.emulator.error_responses`
-- @tparam ?table operation
-- @tparam string format `"json"` or `"xml"`
-- @treturn string
-- @treturn string
function wire.write(response, operation, format)
  if response.bytes then
    return response.bytes, "application/octet-stream"
  elseif type(response.body) == "string" then
    return response.body, JSON_TYPE
  elseif format == "xml" then
    local names = operation and operation.xml
    local root = response.root or (names and names.response) or "Response"
    local type_ = response.type
    if not response.root and type_ then
      type_ = xml_type(operation)
    end
    return xml_document(root, response.body, type_), XML_TYPE
  end
  local text = response.source or json.encode(response.body, response.type)
  if response.wrap then
    text = ('{"%s":%s}'):format(response.wrap, text)
  end
  return text, JSON_TYPE
end

-- Reading --------------------------------------------------------------------------------------------

local function read_json(body)
  if not body:find "%S" then
    return {}
  end
  local value, message = json.decode(body)
  if value == nil then
    return nil, message
  elseif value == json.null then
    return {}
  elseif type(value) ~= "table" or getmetatable(value) then
    return nil, "not an object"
  end
  return value
end

local function parse_xml(body)
  local lxp = require "lxp"
  local root
  local stack = {}
  local parser = lxp.new {
    StartElement = function(_, name)
      local node = { name = name, text = {} }
      local parent = stack[#stack]
      if parent then
        parent[#parent + 1] = node
      else
        root = node
      end
      stack[#stack + 1] = node
      if #stack > MAX_DEPTH then
        error("too deep", 0)
      end
    end,
    EndElement = function()
      stack[#stack] = nil
    end,
    CharacterData = function(_, text)
      local node = stack[#stack]
      node.text[#node.text + 1] = text
    end,
    StartDoctypeDecl = function()
      error("a document type declaration", 0)
    end,
  }
  local ok, done, message = pcall(function()
    local fine, why = parser:parse(body)
    if fine then
      fine, why = parser:parse()
    end
    return fine, why
  end)
  pcall(parser.close, parser)
  if not ok then
    return nil, done
  elseif not done then
    return nil, message or "malformed XML"
  end
  return root
end

local xml_value

local function xml_object(node, type_)
  local value = {}
  local types = {}
  for _, field in ipairs(type_.fields) do
    types[field.name] = field.type
  end
  for _, child in ipairs(node) do
    local inner = types[child.name]
    if type(inner) == "table" and inner.array then
      local list = value[child.name] or {}
      list[#list + 1] = xml_value(child, inner.array)
      value[child.name] = list
    else
      value[child.name] = xml_value(child, inner)
    end
  end
  return value
end

function xml_value(node, type_)
  if type(type_) == "table" and type_.fields then
    return xml_object(node, type_)
  elseif type(type_) == "table" and type_.map then
    return xml_object(node, { fields = {} })
  end
  local text = table.concat(node.text)
  if type_ ~= "string" then
    text = text:match("^%s*(.-)%s*$")
  end
  if type_ == "boolean" and (text == "true" or text == "false") then
    return text == "true"
  end
  return text
end

local function read_xml(body, type_, root)
  if not body:find("%S") then
    return {}
  end
  local node, message = parse_xml(body)
  if not node then
    return nil, message
  elseif root and node.name ~= root then
    return nil, ("the root element is %s, not %s"):format(node.name, root)
  end
  return xml_object(node, type_)
end

--- Reads the body of a request.
-- @tparam string body the bytes
-- @tparam string format `"json"` or `"xml"`
-- @tparam table type_ the request as an object type
-- @tparam[opt] string root the name that an XML root element must have
-- @treturn table|nil the value; numbers from XML are still text
-- @treturn ?string what is wrong with the body
function wire.read(body, format, type_, root)
  if format == "xml" then
    return read_xml(body, type_, root)
  end
  return read_json(body)
end

return wire
