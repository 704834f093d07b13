--- Reads the doc comments of Lua files: for the reference, the editor types and the linter.
--
-- The comments are LDoc's (`@tparam`, `@treturn`, ...), as far as this project uses that language.
-- A function counts as public where it is reached from outside its file: `function a.b`, `function a:b`.
--
-- @module tools.docs.comments

local comments = {}

--- Takes a type off the front of a text; braces may hold spaces.
local function type_and_rest(text)
  local kind = text:match "^%b{}%S*" or text:match "^%S+"
  return kind, text:sub(#kind + 1):gsub("^%s+", "")
end

-- What each tag adds to the item; `modifier` is what stands in brackets behind the tag.
local readers = {}

function readers.tparam(item, text, modifier)
  local kind, rest = type_and_rest(text)
  local names, doc = rest:match "^([%w_%.,]+)%s*(.*)$"
  for name in names:gmatch "[^,]+" do -- `a,b` documents two at once
    table.insert(item.params, {
      name = name,
      type = kind,
      optional = modifier:find "^opt" ~= nil,
      default = modifier:match "^opt=(.*)$",
      doc = doc,
    })
  end
end

function readers.treturn(item, text, modifier)
  local group = tonumber(modifier) or 1
  local kind, doc = type_and_rest(text)
  item.returns[group] = item.returns[group] or {}
  table.insert(item.returns[group], { type = kind, doc = doc })
end

function readers.tfield(item, text)
  local kind, rest = type_and_rest(text)
  local name, doc = rest:match "^(%S+)%s*(.*)$"
  table.insert(item.fields, { name = name, type = kind, doc = doc })
end

for _, name in ipairs { "usage", "see" } do
  readers[name] = function(item, text)
    table.insert(item[name], text)
  end
end

function readers.module(item, text)
  item.module = text
end

function readers.table(item, text)
  item.kind, item.name = "table", text
end

--- Parses the text of one comment, without its dashes.
-- @tparam string text
-- @treturn table `text`, `params`, `returns` (a list of results each), `usage`, `see`, `fields`, and
--   `module`, or `kind` and `name`, where it says so; `unknown`: tags that are not known
function comments.parse(text)
  local marked = ("\n" .. text):gsub("\n@", "\1")
  local item = { params = {}, returns = {}, usage = {}, see = {}, fields = {}, unknown = {} }
  item.text = marked:match("^\n*([^\1]*)"):gsub("%s+$", "")
  for tag in marked:gmatch "\1([^\1]+)" do
    local name, rest = tag:match "^(%a+)(.*)$"
    local modifier = rest:match "^%[(.-)%]" or ""
    local content = rest:gsub("^%b[]", ""):gsub("^%s+", ""):gsub("%s+$", "")
    if readers[name] then
      readers[name](item, name == "usage" and content or content:gsub("%s+", " "), modifier)
    else
      table.insert(item.unknown, name)
    end
  end
  return item
end

local function parameters(list)
  local names = {}
  for name in list:gmatch "[%w_%.]+" do
    names[#names + 1] = name ~= "_" and name or nil -- the object, where a method does not need it
  end
  return names
end

--- Reads a file.
-- @tparam string path
-- @treturn table `module` (the parsed comment at its head), and `items`: documented and undocumented public
--   functions, and documented tables, in their order
function comments.read(path)
  local file, comment, number = { items = {} }, nil, 0
  for line in io.lines(path) do
    number = number + 1
    local text = line:match "^%s*%-%-+%s?(.*)$"
    if text and (comment or line:find "^%s*%-%-%-%s?[^%-]") then
      comment = comment and comment .. "\n" .. text or text
    else
      local item = comment and comments.parse(comment) or { undocumented = true }
      local owner, mark, name, list = line:match "^function ([%w_%.]-)([%.:])([%w_]+)%((.*)%)"
      if item.module then
        file.module = item
      elseif item.kind == "table" then
        table.insert(file.items, item)
      elseif owner then
        item.kind, item.owner, item.method, item.name = "function", owner, mark == ":", name
        item.formal, item.line = parameters(list), number
        table.insert(file.items, item)
      end
      comment = nil
    end
  end
  return file
end

--- The documented functions of a module that are for users.
-- @tparam table module an entry of `tools.docs.modules`
-- @treturn {table,...} items
-- @treturn table the whole file, as `read` gives it
function comments.public(module)
  local file, list = comments.read("lua/dataforest/" .. module.file), {}
  local hidden = (" %s "):format(module.hidden or "")
  for _, item in ipairs(file.items) do
    local is_hidden = item.name:find "^_" or hidden:find((" %s "):format(item.name), 1, true)
    if item.kind == "function" and not is_hidden then
      list[#list + 1] = item
    end
  end
  return list, file
end

return comments
