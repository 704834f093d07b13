--- Upper and lower case of ASCII letters, and sets of bytes. Lua's own functions ask the locale that the
-- host program has set: in Turkish, `("I"):lower()` is another letter than `i`.
-- @module dataforest.util.ascii

local gsub = string.gsub

local ascii = {}

local LOWER, UPPER = {}, {}
for code = 65, 90 do
  local upper, lower = string.char(code), string.char(code + 32)
  LOWER[upper], UPPER[lower] = lower, upper
end

--- @tparam string text
-- @treturn string
function ascii.lower(text)
  return (gsub(text, "[A-Z]", LOWER))
end

--- @tparam string text
-- @treturn string
function ascii.upper(text)
  return (gsub(text, "[a-z]", UPPER))
end

--- The set of the characters that a pattern matches, for `core.within`.
-- @tparam string pattern of one character, such as `^[a-z]$`
-- @treturn string
function ascii.set(pattern)
  local bytes = {}
  for code = 0, 255 do
    bytes[code + 1] = string.char(code):find(pattern) and "\1" or "\0"
  end
  return table.concat(bytes)
end

return ascii
