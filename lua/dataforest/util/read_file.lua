--- Reads a file.
-- @module dataforest.util.read_file

--- @tparam string path
-- @tparam[opt] integer most bytes to read; by default all
-- @treturn ?string what is in it; nil if it cannot be read
-- @treturn ?string why, with the path
-- @treturn ?integer the system's number of the error, if it cannot be opened
return function(path, most)
  local file, message, number = io.open(path, "rb")
  if not file then
    return nil, message, number
  end
  local content
  content, message = file:read(most or "*a")
  file:close()
  if not content and message then
    return nil, ("%s: %s"):format(path, message)
  end
  return content or ""
end
