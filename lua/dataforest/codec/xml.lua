--- XML: requests to text, responses to the same tables as JSON's.
--
-- As the pages show it: a root named after the operation, an element a field, a list as its
-- element repeated without a wrapper, `xsi:nil="true"` for null. lua-expat is loaded at first use. What a
-- response never needs is refused: a DTD (and with it entities of its own), processing instructions, and
-- any encoding but UTF-8; and so is one whose values would take more than `core.cost.factor` times its size
-- in memory, and some.
--
-- @module dataforest.codec.xml

local ascii = require "dataforest.util.ascii"
local common = require "dataforest.codec.common"
local core = require "dataforest.core"
local lists = require "dataforest.util.lists"
local schema = require "dataforest.api.schema"

local find, format, gsub, match = string.find, string.format, string.gsub, string.match
local concat, next, type = table.concat, next, type
local joined, each_member, null = schema.joined, common.each_member, lists.null

local xml = { content_type = "application/xml" }

local ENCODINGS = { ["UTF-8"] = true, ["UTF8"] = true, ["US-ASCII"] = true }
local MAX_DEPTH = 64
local MAX_BYTES = 64 * 1024 * 1024
local DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

local lxp, missing

--- Loads lua-expat.
-- @treturn ?string what is wrong, where it cannot be loaded
local function load_expat()
  if not lxp and not missing then
    local loaded, module = pcall(require, "lxp")
    if loaded then
      lxp = module
    else
      missing = "XML needs lua-expat, which cannot be loaded: apt-get install lua-expat, "
        .. ("or luarocks install luaexpat (%s)"):format(match(tostring(module), "^[^\n]*"))
    end
  end
  return missing
end

-- Encoding ---------------------------------------------------------------------------

local PLAIN = "^[ -%%'-;=?-~]*$"
local FORBIDDEN = "[%z\1-\8\11\12\14-\31]"

-- A carriage return as it is would reach the reader as a line feed.
local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["\r"] = "&#13;" }

local function escaped(text)
  if find(text, PLAIN) then
    return text
  elseif not core.valid_utf8(text) then
    return nil, "a string is not valid UTF-8"
  end
  local at = find(text, FORBIDDEN)
  if at then
    return nil, format("XML cannot carry the control character \\%d", text:byte(at))
  elseif find(text, "\239\191[\190\191]") then
    return nil, "XML cannot carry U+FFFE and U+FFFF"
  end
  return (gsub(text, "[&<>\r]", ENTITIES))
end

local function scalar_text(value)
  local kind = type(value)
  if kind == "string" then
    return escaped(value)
  elseif kind == "number" then
    return common.number(value)
  elseif kind == "boolean" then
    return value and "true" or "false"
  end
  return nil, "a " .. kind .. " has no form in XML"
end

-- Each writer appends to `out`. On success it returns nothing; else what is wrong, and where.
local write_element

local function write_member(name, value, node, out, depth)
  local fault, path = write_element(out, name, value, node, depth + 1)
  if fault then
    return fault, joined(name, path)
  end
end

--- The length of a list; nil for other tables, the empty one included, unless it is marked or its node says
-- so.
local function length_of(value, node)
  local is_list = value[1] ~= nil or node and node.kind == "array" or lists.is_list(value)
  return is_list and lists.length(value) or nil
end

local function write_item(out, name, item, node, depth)
  if item == null or lists.is_empty_list(item) or type(item) == "table" and length_of(item, node) then
    return "a list or null inside a list has no form in XML"
  end
  return write_element(out, name, item, node, depth)
end

local function write_list(out, name, list, length, node, depth)
  for index = 1, length do
    local fault, path = write_item(out, name, list[index], node and node.element, depth)
    if fault then
      return fault, joined("[" .. index .. "]", path)
    end
  end
end

local function write_table(out, name, value, node, depth)
  if depth > MAX_DEPTH then
    return format("tables are nested more than %d deep, or one holds itself", MAX_DEPTH)
  end
  local length = length_of(value, node)
  if length then
    return write_list(out, name, value, length, node, depth + 1)
  elseif next(value) == nil then
    out[#out + 1] = "<" .. name .. "/>"
    return nil
  end
  out[#out + 1] = "<" .. name .. ">"
  local fault, path = each_member(value, node, write_member, out, depth)
  if fault then
    return fault, path
  end
  out[#out + 1] = "</" .. name .. ">"
end

function write_element(out, name, value, node, depth)
  if not find(name, "^[A-Za-z_][A-Za-z0-9_.-]*$") then
    return "its name cannot name an XML element"
  elseif type(value) == "table" then
    return write_table(out, name, value, node, depth)
  elseif value == null or lists.is_empty_list(value) then
    return nil
  end
  local text, fault = scalar_text(value)
  if fault then
    return fault
  end
  out[#out + 1] = text == "" and "<" .. name .. "/>" or "<" .. name .. ">" .. text .. "</" .. name .. ">"
end

--- Writes a table as an XML document.
--
-- Fields come in the order of the node; others follow in alphabetical order. A list is its element
-- repeated, an empty list no element at all, `cjson.null` none either.
--
-- @tparam string root name of the root element, such as `"GetAccountDetailRequest"`
-- @tparam table value of strings, numbers, booleans, lists without gaps, and tables of these
-- @tparam[opt] table node of what is written, from `dataforest.api.schema`
-- @treturn[1] string XML text
-- @treturn[2] nil
-- @treturn[2] string what cannot be written and where it is, or that lua-expat is missing
function xml.encode(root, value, node)
  -- Whoever writes XML will read XML: better known before a request is sent.
  if load_expat() then
    return nil, missing
  elseif type(value) ~= "table" or length_of(value) then
    return nil, "an XML document is made of a table of named values"
  end
  local out = { DECLARATION }
  local fault, path = write_element(out, root, value, node and node.kind == "object" and node or nil, 1)
  if fault then
    return nil, path and path .. ": " .. fault or fault
  end
  return concat(out)
end

-- Decoding ---------------------------------------------------------------------------

--- Puts an element's value among those of the element around it; repeated ones make a list.
local function add(parent, counts, name, value)
  local before = parent[name]
  if before == nil then
    parent[name] = value
    return counts
  end
  counts = counts or {}
  local count = counts[name]
  if count then
    before[count + 1] = value
    counts[name] = count + 1
  else
    parent[name] = { before, value }
    counts[name] = 2
  end
  return counts
end

local COST = core.cost

--- Whether an element stands for null: it has an attribute `xsi:nil`, whatever the prefix.
local function is_nil(attributes)
  for index = 1, #attributes do
    local name = attributes[index]
    if find(name, ":nil$") and (attributes[name] == "true" or attributes[name] == "1") then
      return true
    end
  end
  return false
end

--- The handlers of one document, and the state that they fill: `value` and `name` of the root,
-- or `fault`. A handler never raises: an error must not unwind through expat.
-- @tparam integer size of the document, in bytes
local function new_reader(size)
  local reader = {}
  local depth, left = 0, COST.free + COST.factor * size
  local names, children, counts, texts, nils = {}, {}, {}, {}, {}

  local function refuse(parser, fault)
    if not reader.fault then
      reader.fault = fault
      parser:stop()
    end
  end

  local function pay(parser, bytes)
    left = left - bytes
    if left < 0 then
      reader.kind = "limit"
      refuse(parser, format("its values would take more than %d times its size in memory", COST.factor))
    end
  end

  reader.handlers = {
    StartElement = function(parser, name, attributes)
      pay(parser, COST.member + COST.text)
      if depth == MAX_DEPTH then
        refuse(parser, format("elements are nested more than %d deep", MAX_DEPTH))
      end
      depth = depth + 1
      names[depth] = find(name, ":", 1, true) and match(name, "[^:]+$") or name
      children[depth], counts[depth], texts[depth] = nil, nil, nil
      nils[depth] = attributes[1] and is_nil(attributes)
    end,

    CharacterData = function(parser, text)
      pay(parser, COST.text + #text)
      local before = texts[depth]
      if not before then
        texts[depth] = text
      elseif type(before) == "table" then
        before[#before + 1] = text
      else
        texts[depth] = { before, text }
      end
    end,

    EndElement = function(parser)
      -- Beside elements, text is layout.
      local value = children[depth] or texts[depth] or ""
      if value == texts[depth] and type(value) == "table" then
        value = concat(value)
      end
      local name = names[depth]
      local is_null = nils[depth]
      depth = depth - 1
      if depth == 0 then
        reader.name, reader.value = name, value
        return
      end
      local parent = children[depth]
      if not parent then
        pay(parser, COST.table)
        parent = {}
        children[depth] = parent
      end
      if not is_null then
        counts[depth] = add(parent, counts[depth], name, value)
      end
    end,

    StartDoctypeDecl = function(parser)
      refuse(parser, "it has a DTD, which is never read")
    end,

    ProcessingInstruction = function(parser)
      refuse(parser, "it has a processing instruction, which is never read")
    end,
  }
  return reader
end

--- Looks at the bytes before expat does.
-- @treturn ?string what is wrong
local function refuse_bytes(body)
  if #body > MAX_BYTES then
    return format("it is larger than %d bytes", MAX_BYTES)
  end
  local encoding = match(body, "^\239?\187?\191?%s*<%?xml[^>]-%sencoding%s*=%s*[\"']([^\"'>]*)[\"']")
  local known = not encoding or ENCODINGS[ascii.upper(encoding)]
  if not known then
    return format("it is in %s, and only UTF-8 is read", (gsub(encoding:sub(1, 32), "[^A-Za-z0-9_.-]", "?")))
  elseif find(body, "%z") or not core.valid_utf8(body) then
    return "it is not in UTF-8"
  end
end

--- Reads an XML document into what JSON would have given: `core.coerce` makes the texts into the
-- types that the shape names. Attributes and the prefixes of namespaces are passed over, and so
-- is text beside elements.
-- @tparam string body XML text in UTF-8
-- @param[opt] shape of `core.shape`, or a type; without one all values are strings
-- @treturn[1] any value of the root
-- @treturn[1] string name of the root
-- @treturn[2] nil
-- @treturn[2] string what is wrong
-- @treturn[2] ?string `"limit"` where it would take too much memory
function xml.decode(body, shape)
  if load_expat() then
    return nil, missing
  end
  local refused = refuse_bytes(body)
  if refused then
    return nil, "invalid XML: " .. refused
  end
  body = gsub(body, "^\239?\187?\191?%s+<%?xml", "<?xml") -- as some gateways write it
  local reader = new_reader(#body)
  local parser = lxp.new(reader.handlers)
  local ok, message, line, column = parser:parse(body)
  if ok then
    ok, message, line, column = parser:parse()
  end
  pcall(parser.close, parser) -- closing raises after a failure
  if reader.fault then
    return nil, "invalid XML: " .. reader.fault, reader.kind
  elseif not ok then
    return nil, format("invalid XML: %s (line %d, column %d)", message, line or 0, column or 0)
  end
  local read = reader.value
  if type(read) == "string" and not find(read, "%S") then
    read = {} -- a response without fields
  end
  local value, fault = core.coerce(read, shape, true)
  if value == nil then
    return nil, fault
  end
  return value, reader.name
end

return xml
