--- Makes one line of a text that comes from elsewhere, so that it cannot forge a line of a log.
-- @module dataforest.util.one_line

--- Puts a blank in place of each run of control characters: the bytes below 32 and 127 and, in UTF-8,
-- U+0080 to U+009F and the separators of lines and paragraphs.
-- @param text anything
-- @treturn string
return function(text)
  -- By byte and not by %c, which asks the locale.
  text = tostring(text):gsub("[%z\1-\31\127]+", " ")
  if text:find "[\194\226]" then
    text = text:gsub("\194[\128-\159]", " "):gsub("\226\128[\168\169]", " ")
  end
  return text
end
