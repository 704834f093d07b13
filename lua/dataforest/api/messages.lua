--- What is wrong with a parameter, in words: what it must be, what was given, and the fix.
--
-- What was given is shown in one line and cut, since messages are for logs too, and not at all where it is
-- a secret. All limits that a value breaks are told at once.
--
-- @module dataforest.api.messages

local guarded = require "dataforest.util.guarded"
local limits = require "dataforest.api.limits"
local nearest = require "dataforest.util.nearest"
local words = require "dataforest.util.words"

local find, format = string.find, string.format

local CONTROL_NAMES = { [0] = "NUL", [9] = "TAB", [10] = "LF", [13] = "CR", [127] = "DEL" }

local messages = {}

--- The end of a sentence: what was given.
function messages.got(node, value)
  return node.secret and "" or ", got " .. words.shown(value)
end

--- A value of a wrong type.
-- @tparam table node of `schema`
-- @param value
-- @treturn string
function messages.wrong_type(node, value)
  local kind, fix = type(value), ""
  if node.kind == "string" and kind == "number" then
    fix = ": put it in quotes"
  elseif (node.kind == "integer" or node.kind == "number") and kind == "string" and tonumber(value) then
    fix = ": pass it through tonumber()"
  elseif (node.kind == "integer" or node.kind == "number") and kind == "cdata" then
    fix = ": pass it through tonumber()"
  elseif node.kind == "string" and (kind == "cdata" or kind == "userdata") then
    fix = ": pass it through tostring()"
  elseif node.kind == "boolean" and (value == "true" or value == "false") then
    fix = ": write it without quotes"
  elseif node.kind == "array" then
    fix = kind == "table" and ": give values 1 to n, without gaps and names" or ": put it in { }"
  end
  local what = "a " .. kind
  if not node.secret and (kind == "string" or kind == "number") then
    what = "the " .. kind .. " " .. words.shown(value)
  elseif kind == "boolean" then
    what = tostring(value)
  elseif kind == "table" and node.kind ~= "array" and node.kind ~= "string" then
    what = "a list"
  end
  return format("must be %s, got %s%s", node.noun, what, fix)
end

--- A text with a control character.
-- @tparam string value
-- @tparam string controls a pattern
-- @treturn string
function messages.control(value, controls)
  local at = find(value, controls)
  local byte = value:byte(at)
  local name = CONTROL_NAMES[byte] or "\\" .. byte
  return format("must not hold control characters, got %s at byte %d: remove it", name, at)
end

--- All limits that a value breaks.
-- @tparam table node
-- @param value
-- @tparam[opt] string password_rule
-- @treturn string
function messages.broken(node, value, password_rule)
  local broken, length = limits.broken(node, value, password_rule)
  if length == 0 and not node.secret then
    return format("must %s, got an empty string: %s", broken[1].phrase(node, value, length), node.why)
  end
  local phrases, notes, fixes = {}, "", {}
  for index, limit in ipairs(broken) do
    local phrase, note = limit.phrase(node, value, length, password_rule)
    phrases[index], notes = phrase, notes .. (note or "")
    local fix = limit.fix and limit.fix(node, value, length, password_rule)
    fixes[#fixes + 1] = fix ~= "" and fix or nil
  end
  local message = "must " .. words.joined(phrases) .. messages.got(node, value) .. notes
  return fixes[1] and message .. ": " .. words.joined(fixes) or message
end

--- A name that no parameter has.
-- @tparam table node an object
-- @param name
-- @treturn string what is wrong
-- @treturn string where
function messages.unknown_name(node, name)
  local names = node.names
  if type(name) ~= "string" then
    return format("has no name: write { %s = ... }", names[1] or "name"), "[" .. guarded.text(name) .. "]"
  end
  local near = nearest(name, names)
  local path = words.shown(name):sub(2, -2)
  if near then
    return format("is not a parameter: did you mean %s?", near), path
  elseif #names == 0 then
    return "is not a parameter: there are none", path
  end
  return format("is not a parameter: there %s %s", names[2] and "are" or "is", words.listed(names, "and")),
    path
end

return messages
