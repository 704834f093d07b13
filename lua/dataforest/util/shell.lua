--- Words for the command lines of a POSIX shell.
-- @module dataforest.util.shell

local shell = {}

--- A text in quotation marks.
-- @tparam string text
-- @treturn string
function shell.quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- A text as one word, quoted only if it has to be.
-- @tparam string text
-- @treturn string
function shell.word(text)
  return text:find "^[%w%-%._:=,/@+]+$" and text or shell.quoted(text)
end

return shell
