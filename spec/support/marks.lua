--- Looks for marked secrets in whatever a program lets out: as they are, and in every form that they may
-- take on the way.
--
--     local marks = require("spec.support.marks").new()
--     marks:add("password", "Mk7%+<x")
--     marks:search(text)          -- a list such as { "password as JSON" }

local core = require "dataforest.core"

local Marks = {}
Marks.__index = Marks

local marks = {}

local function each_byte(text, pattern, format)
  return (text:gsub(pattern, function(char)
    return format:format(char:byte())
  end))
end

--- The characters of a text in base64 that stay the same whatever stands around it.
local function base64_within(text, before)
  local encoded = core.base64(("\0"):rep(before) .. text .. "\0\0\0")
  local first = math.ceil(before * 4 / 3)
  local last = math.floor((before + #text) * 4 / 3)
  return encoded:sub(first + 1, last)
end

local function forms_of(text)
  local forms = {
    ["as it is"] = text,
    ["URL-encoded"] = each_byte(text, "[^%w._~-]", "%%%02X"),
    ["URL-encoded in lower case"] = each_byte(text, "[^%w._~-]", "%%%02x"),
    ["as JSON"] = text:gsub('[\\"]', "\\%0"),
    ["as JSON with slashes escaped"] = text:gsub('[\\"/]', "\\%0"),
    ["as JSON within JSON"] = text:gsub('[\\"]', "\\%0"):gsub('[\\"]', "\\%0"),
    ["as XML"] = text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"),
    ["as an attribute of XML"] = text
      :gsub("&", "&amp;")
      :gsub("<", "&lt;")
      :gsub(">", "&gt;")
      :gsub('"', "&quot;"),
    ["in hexadecimal"] = each_byte(text, ".", "%02x"),
    ["in hexadecimal, in capitals"] = each_byte(text, ".", "%02X"),
    ["as Lua prints it"] = ("%q"):format(text):sub(2, -2),
  }
  for before = 0, 2 do
    local part = base64_within(text, before)
    forms["in base64, at " .. before] = part
    forms["in base64 for URLs, at " .. before] = part:gsub("%+", "-"):gsub("/", "_")
  end
  return forms
end

--- @treturn table without marks
function marks.new()
  return setmetatable({ known = {} }, Marks)
end

--- Adds a secret to look for.
-- @tparam string name what to call it
-- @tparam string text of four bytes and more
function Marks:add(name, text)
  assert(#text >= 4, name)
  if not self.known[text] then
    self.known[text] = { name = name, forms = forms_of(text) }
  end
end

--- What is found in a text.
-- @tparam string text
-- @treturn {string,...}
function Marks:search(text)
  local found = {}
  for _, mark in pairs(self.known) do
    for form, bytes in pairs(mark.forms) do
      if text:find(bytes, 1, true) then
        found[#found + 1] = mark.name .. " " .. form
      end
    end
  end
  table.sort(found)
  return found
end

local function write(out, value, seen)
  if value == nil or seen[value] then
    return
  elseif type(value) == "table" then
    seen[value] = true
    for key, member in pairs(value) do
      write(out, key, seen)
      write(out, member, seen)
    end
    write(out, getmetatable(value), seen)
  elseif type(value) == "function" then
    seen[value] = true
    local index = 1
    while debug.getupvalue(value, index) do
      local name, held = debug.getupvalue(value, index)
      if name ~= "_ENV" and held ~= _G then
        write(out, held, seen)
      end
      index = index + 1
    end
  end
  out[#out + 1] = tostring(value)
end

--- All that can be reached from a value, as text: keys, members, metatables and what functions hold.
-- @treturn string
function marks.dump(value)
  local out = {}
  write(out, value, {})
  return table.concat(out, "\n")
end

return marks
