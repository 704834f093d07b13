--- Fails where a public function has no doc comment, or an incomplete one:
--
--     lua5.4 tools/doc-lint.lua [<file>...]      by default those that tools/docs/modules.lua names
--
-- A function that can be reached from outside its file needs a comment that begins with `---`, a
-- `@tparam` for each parameter, no `@tparam` for what is none, and a `@treturn` where it returns
-- something. Names that begin with `_` are left out: they are Lua's own or nobody's business.

local comments = require "tools.docs.comments"

local function public_files()
  local files = {}
  for index, module in ipairs(require "tools.docs.modules") do
    files[index] = "lua/dataforest/" .. module.file
  end
  return files
end

--- Whether a function gives something back: a `return` with a value, outside of functions inside it.
local function gives_back(path, first)
  local number, inner = 0, nil
  for line in io.lines(path) do
    number = number + 1
    if number == first and line:find "end$" or number > first and line == "end" then
      return false
    elseif number > first and inner then
      inner = not line:find("^" .. inner .. "end") and inner or nil
    elseif number > first and line:find "^%s+return%s+%S" then
      return true
    elseif number > first and line:find "function%s*[%w_]*%b()%s*$" then
      inner = line:match "^%s*"
    end
  end
end

local function complaints_of(item, path)
  local found = {}
  if item.undocumented then
    return { "has no doc comment" }
  elseif item.text == "" then
    found[#found + 1] = "has a doc comment that does not say what it does"
  end
  local documented = {}
  for _, param in ipairs(item.params) do
    documented[param.name:match "^[^%.]+" or param.name] = true
  end
  local known = {}
  for _, name in ipairs(item.formal) do
    known[name] = true
    if not documented[name] then
      found[#found + 1] = ("has no @tparam for %s"):format(name)
    end
  end
  for name in pairs(documented) do
    if not known[name] then
      found[#found + 1] = ("has a @tparam for %s, which is no parameter"):format(name)
    end
  end
  local returns = gives_back(path, item.line)
  if returns and next(item.returns) == nil then
    found[#found + 1] = "returns something and has no @treturn"
  elseif not returns and next(item.returns) ~= nil then
    found[#found + 1] = "has a @treturn and returns nothing"
  end
  for _, tag in ipairs(item.unknown) do
    found[#found + 1] = ("has the unknown tag @%s"):format(tag)
  end
  return found
end

local files = { ... }
if #files == 0 then
  files = public_files()
end
local functions, faults = 0, 0
for _, path in ipairs(files) do
  for _, item in ipairs(comments.read(path).items) do
    if item.kind == "function" and not item.name:find "^_" then
      functions = functions + 1
      for _, complaint in ipairs(complaints_of(item, path)) do
        faults = faults + 1
        local name = item.owner and item.owner .. (item.method and ":" or ".") .. item.name or "its function"
        print(("%s:%d: %s %s"):format(path, item.line, name, complaint))
      end
    end
  end
end
if functions == 0 then
  print "doc-lint: found no public function: is this the root of the tree?"
  faults = faults + 1
end
os.exit(faults == 0 and 0 or 1)
