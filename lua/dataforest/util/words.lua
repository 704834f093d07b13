--- Values and lists in the words of a message.
-- @module dataforest.util.words

local core = require "dataforest.core"
local nearest = require "dataforest.util.nearest"
local one_line = require "dataforest.util.one_line"

local format, gsub = string.format, string.gsub

local words = {}

local SHOWN = 32 -- characters of a value

local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

local function escaped(character)
  return format("\\%d", character:byte())
end

--- A value in one line, and cut. What is not seen, or is not UTF-8, is shown as its bytes: `\226\128\139`.
-- @param value
-- @treturn string
function words.shown(value)
  local kind = type(value)
  if kind == "string" then
    local text, length = {}, 0
    for character in value:gmatch(core.valid_utf8(value) and CHARACTER or ".") do
      if length == SHOWN then
        text[length + 1] = "..."
        break
      end
      length = length + 1
      text[length] = one_line(character) == character and character or gsub(character, ".", escaped)
    end
    return '"' .. table.concat(text) .. '"'
  elseif kind == "number" then
    return (gsub(format("%.14g", value), ",", "."))
  elseif kind == "boolean" then
    return tostring(value)
  end
  return "a " .. kind
end

--- A number of things.
-- @tparam integer count
-- @tparam string noun of one of them, whose plural ends in s
-- @treturn string such as `1 account` or `2 accounts`
function words.counted(count, noun)
  return format("%d %s%s", count, noun, count == 1 and "" or "s")
end

--- Phrases in a row, which may hold commas of their own.
-- @tparam {string,...} list
-- @treturn string empty where there are none
function words.joined(list)
  if #list < 2 then
    return list[1] or ""
  end
  return table.concat(list, ", ", 1, #list - 1) .. ", and " .. list[#list]
end

--- Words in a row, the last one joined by another.
-- @tparam {string,...} list
-- @tparam string last such as `"and"`
-- @treturn string empty where there are none
function words.listed(list, last)
  if #list < 2 then
    return list[1] or ""
  end
  return table.concat(list, ", ", 1, #list - 1) .. " " .. last .. " " .. list[#list]
end

--- What a name that is not known may mean.
-- @tparam string name
-- @tparam {string,...} names that are known
-- @tparam[opt] string otherwise what to say if no name is near; by default, the names
-- @treturn string
function words.hint(name, names, otherwise)
  local meant = nearest(name, names)
  return meant and ("did you mean %s?"):format(meant)
    or otherwise
    or "known are " .. table.concat(names, ", ")
end

return words
