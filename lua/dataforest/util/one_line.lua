--- Makes one line of a text that came from elsewhere, so that it cannot forge a line of a log, nor look
-- like what it is not.
-- @module dataforest.util.one_line

local core = require "dataforest.core"

local find, gsub = string.find, string.gsub

-- Characters that are not seen, or turn the direction of what follows. Ranges are spelled out, by byte: %c
-- and the like follow the host program's locale.
local UNSEEN = {
  "\194\173", -- soft hyphen
  "\205\143", -- combining grapheme joiner
  "\216\156", -- Arabic letter mark
  "\225\133[\159\160]", -- Hangul fillers
  "\225\160[\139-\143]", -- Mongolian separators
  "\226\128[\139-\143\170-\174]", -- zero width, marks and embeddings of direction
  "\226\129[\160-\175]", -- word joiner, isolates
  "\227\133\164", -- Hangul filler
  "\239\184[\128-\143]", -- variation selectors
  "\239\187\191", -- byte order mark
  "\239\190\160", -- Hangul filler, of half width
  "\239\191[\176-\187]", -- interlinear annotations
  "\243\160[\128-\191][\128-\191]", -- tags, more variation selectors
}

--- One line: a blank in place of each run of control characters (below 32, 127, U+0080 to U+009F, the
-- separators of lines and paragraphs), `?` in place of what is not UTF-8, and nothing in place of
-- characters that are not seen or turn the direction of writing.
-- @param text anything; what is not a string goes through `tostring`
-- @treturn string
return function(text)
  text = tostring(text)
  if find(text, "^[ -~]*$") then
    return text
  elseif not core.valid_utf8(text) then
    text = gsub(text, "[\128-\255]", "?")
  end
  text = gsub(text, "\226\128[\168\169]", "\n")
  text = gsub(text, "\194[\128-\159]", "\n") -- a terminal takes U+009B for ESC [
  for _, pattern in ipairs(UNSEEN) do
    text = gsub(text, pattern, "")
  end
  return (gsub(text, "[%z\1-\31\127]+", " "))
end
