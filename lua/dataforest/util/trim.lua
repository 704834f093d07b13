--- Takes the blanks away from both ends of a text.
-- @module dataforest.util.trim

--- @tparam string text
-- @treturn string
return function(text)
  -- In two steps: one pattern for both ends would take time with the square of a run of blanks.
  local first = text:find "%S"
  return first and text:match("^.*%S", first) or ""
end
