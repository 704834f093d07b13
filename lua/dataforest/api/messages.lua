--- What is wrong with a parameter, in words: each fault names the limit, what was given, and the cure.
--
-- Loaded when the first parameter is found wrong. What was given is shown in one line and cut, since
-- messages are for logs too, and not at all where it is a secret.
--
-- @module dataforest.api.messages

local core = require "dataforest.core"
local nearest = require "dataforest.util.nearest"

local concat, find, format, gsub = table.concat, string.find, string.format, string.gsub

local SHOWN = 32 -- characters of a value

-- Ranges are spelled out: %c and %u follow the host program's locale.
local NOT_PLAIN = "[%z\1-\31\127-\255]"
local CONTROLS = "[%z\1-\31\127]"
local CONTROL_NAMES = { [0] = "NUL", [9] = "TAB", [10] = "LF", [13] = "CR", [127] = "DEL" }
local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

local UPPER = { "[A-Z]", "an upper-case letter" }
local LOWER = { "[a-z]", "a lower-case letter" }
local LETTER = { "[A-Za-z]", "a letter" }
local DIGIT = { "[0-9]", "a digit" }
local SPECIAL = { "[!#$%%()*+,%-.:;<=>?@%[\\%]^_{|}~]", "a special character" }
local PASSWORD_RULES = {
  strict = { UPPER, LOWER, DIGIT, SPECIAL },
  current = { LETTER, DIGIT, SPECIAL },
}
local WON = "\226\130\169"

local faults = {}

local function escaped(character)
  return format("\\%d", character:byte())
end

--- A value in one line, and cut.
function faults.shown(value)
  local kind = type(value)
  if kind == "string" then
    local text, count = {}, 0
    local bytes = core.utf8_length(value) and CHARACTER or "."
    for character in value:gmatch(bytes) do
      if count == SHOWN then
        text[count + 1] = "..."
        break
      end
      count = count + 1
      text[count] = gsub(character, bytes == "." and NOT_PLAIN or CONTROLS, escaped)
    end
    return '"' .. concat(text) .. '"'
  elseif kind == "number" then
    return format("%.14g", value)
  elseif kind == "boolean" then
    return tostring(value)
  end
  return "a " .. kind
end

--- The end of a sentence: what was given.
function faults.got(rule, value)
  if rule.secret then
    return ""
  end
  return ", got " .. faults.shown(value)
end

--- Words in a row, the last one joined by another.
function faults.listed(words, last)
  if #words < 2 then
    return words[1] or ""
  end
  return concat(words, ", ", 1, #words - 1) .. " " .. last .. " " .. words[#words]
end

local function span(low, high, unit)
  if low and high then
    return format("%s to %s%s", low, high, unit)
  elseif high then
    return format("at most %s%s", high, unit)
  end
  return format("at least %s%s", low, unit)
end

local NOUNS = {
  string = "a string",
  integer = "an integer",
  number = "a number",
  boolean = "true or false",
  array = "a list",
  map = "a table",
  object = "a table",
}

function faults.wrong_type(rule, value)
  local kind, cure = type(value), ""
  if rule.kind == "string" and kind == "number" then
    cure = ": put it in quotes"
  elseif (rule.kind == "integer" or rule.kind == "number") and kind == "string" and tonumber(value) then
    cure = ": pass it through tonumber()"
  elseif rule.kind == "boolean" and (value == "true" or value == "false") then
    cure = ": write it without quotes"
  elseif rule.kind == "array" then
    cure = ": put it in { }"
  end
  local what = "a " .. kind
  if not rule.secret and (kind == "string" or kind == "number") then
    what = "the " .. kind .. " " .. faults.shown(value)
  elseif kind == "boolean" then
    what = tostring(value)
  end
  return format("must be %s, got %s%s", NOUNS[rule.kind], what, cure)
end

function faults.control(value, controls)
  local at = find(value, controls)
  local byte = value:byte(at)
  local name = CONTROL_NAMES[byte] or "\\" .. byte
  return format("must not hold control characters, got %s at byte %d: remove it", name, at)
end

function faults.length(rule, value, length)
  local limit = span(rule.min_length, rule.max_length, " characters")
  if rule.secret then
    return format("must be %s; it is too %s", limit, length < rule.min_length and "short" or "long")
  elseif length == 0 then
    return format("must be %s, got an empty string: %s", limit, rule.doc)
  end
  local cure = length < rule.min_length and "lengthen" or "shorten"
  return format("must be %s, got %d (%s): %s it", limit, length, faults.shown(value), cure)
end

--- A value that is none of the few that there are.
function faults.values(rule, value)
  local quoted = {}
  for i, each in ipairs(rule.listed_values) do
    quoted[i] = faults.shown(each)
  end
  return "must be " .. faults.listed(quoted, "or") .. faults.got(rule, value)
end

function faults.charset(rule, value)
  local fault = format("must be of %s%s", rule.charset_doc, faults.got(rule, value))
  if not rule.secret then
    if not find(value:lower(), rule.outside) then
      return fault .. ": write it in lower case"
    end
    local at = find(value, rule.outside)
    return format("%s: take out %s", fault, faults.shown(value:match(CHARACTER, at)))
  end
  return fault
end

local function lacking(value, kinds)
  local missing = {}
  for _, kind in ipairs(kinds) do
    if not find(value, kind[1]) then
      missing[#missing + 1] = kind[2]
    end
  end
  return missing
end

--- What keeps a text from being a password; nil where nothing does.
function faults.password(value, rule_name)
  if find(value, "['\"/&` ]") or find(value, WON, 1, true) then
    return "must not hold any of ' \" " .. WON .. " / & ` or a space: choose other special characters"
  end
  local kinds = PASSWORD_RULES[rule_name] or PASSWORD_RULES.strict
  local missing = lacking(value, kinds)
  if #missing == 0 then
    return nil
  end
  local wanted = {}
  for i, kind in ipairs(kinds) do
    wanted[i] = kind[2]
  end
  local fault = format("must have %s: add %s", faults.listed(wanted, "and"), faults.listed(missing, "and"))
  if kinds == PASSWORD_RULES.strict and #lacking(value, PASSWORD_RULES.current) == 0 then
    fault = fault .. ', or set password_rule = "current"'
  end
  return fault
end

function faults.range(rule, value)
  local limit = span(rule.minimum, rule.maximum, "")
  local step = rule.multiple_of and " in steps of " .. rule.multiple_of or ""
  local also = rule.also_doc and ", or " .. rule.also_doc or ""
  local cure = ""
  local inside = value >= (rule.minimum or -math.huge) and value <= (rule.maximum or math.huge)
  if inside and rule.multiple_of then
    local below = value - value % rule.multiple_of
    cure = format(": use %.0f or %.0f", below, below + rule.multiple_of)
  end
  return format("must be %s%s%s%s%s", limit, step, also, faults.got(rule, value), cure)
end

--- A name that no parameter has, and as a second result where it stands.
function faults.unknown_name(plan, name)
  if type(name) ~= "string" then
    local example = plan.names[1] or "name"
    return format("has no name: write { %s = ... }", example), "[" .. tostring(name) .. "]"
  end
  local near = nearest(name, plan.names)
  local path = faults.shown(name):sub(2, -2)
  if near then
    return format("is not a parameter: did you mean %s?", near), path
  elseif #plan.names == 0 then
    return "is not a parameter: there are none", path
  end
  local verb = plan.names[2] and "are" or "is"
  return format("is not a parameter: there %s %s", verb, faults.listed(plan.names, "and")), path
end

return faults
