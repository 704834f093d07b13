--- Upper and lower case of ASCII letters. Lua's own functions ask the locale that the host program has set: in
-- Turkish, `("I"):lower()` is another letter than `i`.
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

return ascii
