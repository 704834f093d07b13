--- Takes the blanks away from both ends of a text.
-- @module dataforest.util.trim

--- @tparam string text
-- @tparam[opt="%S"] string kept a pattern of one character that is no blank
-- @treturn string
return function(text, kept)
  kept = kept or "%S"
  -- In two steps: one pattern for both ends would take time with the square of a run of blanks.
  local first = text:find(kept)
  return first and text:match("^.*" .. kept, first) or ""
end
