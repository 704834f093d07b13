--- Files and folders for specs.

local read_file = require "dataforest.util.read_file"
local shell = require "dataforest.util.shell"

local files = {}

--- What is in a file; raises if it cannot be read.
-- @tparam string path
-- @treturn string
function files.read(path)
  return assert(read_file(path))
end

--- Makes a file, or writes one anew.
-- @tparam string path
-- @param ... what is in it
function files.write(path, ...)
  local file = assert(io.open(path, "wb"))
  assert(file:write(...))
  assert(file:close())
end

--- Calls a function with the path of a file, which is removed afterwards, whatever happens.
-- @tparam string content of the file
-- @tparam function body
function files.with(content, body)
  local path = os.tmpname()
  files.write(path, content)
  local ok, err = pcall(body, path)
  os.remove(path)
  if not ok then
    error(err, 0)
  end
end

--- Makes a folder, to be removed with `files.remove`.
-- @treturn string path
function files.new_folder()
  local pipe = assert(io.popen 'mktemp -d "${TMPDIR:-/tmp}/dataforest-spec.XXXXXX"')
  local folder = pipe:read "*l"
  pipe:close()
  return assert(folder, "no folder could be made")
end

--- Removes a folder and all that is in it.
-- @tparam string folder
function files.remove(folder)
  os.execute("rm -rf " .. shell.quoted(folder))
end

--- The lines of a text, each of which ends with a line feed.
-- @tparam string content
-- @treturn {string,...}
function files.lines(content)
  local lines = {}
  for line in content:gmatch "([^\n]*)\n" do
    lines[#lines + 1] = line
  end
  return lines
end

return files
