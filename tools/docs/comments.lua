--- Reads the doc comments of Lua files: for the reference, the editor types and the linter.
--
-- The comments are LDoc's (`@tparam`, `@treturn`, ...), as far as this project uses that language.
-- A function counts as public where it is reached from outside its file: `function a.b`, `function a:b`.
--
-- @module tools.docs.comments

local comments = {}

local function trim(text)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

--- Takes a type off the front of a text; braces may hold spaces.
local function type_and_rest(text)
  local kind = text:match "^%b{}%S*" or text:match "^%S+"
  return kind, trim(text:sub(#(kind or "") + 1))
end

--- `[opt=30]` and the like, in front of a tag's text.
local function modifiers(text)
  local inside, rest = text:match "^%[([^%]]*)%]%s*(.*)$"
  if not inside then
    return {}, text
  end
  local default = inside:match "^opt=(.*)$"
  return {
    optional = inside:find "^opt" ~= nil,
    default = default,
    group = tonumber(inside),
  },
    rest
end

local readers = {}

function readers.tparam(item, text)
  local modifier, rest = modifiers(text)
  local kind
  kind, rest = type_and_rest(rest)
  -- `a,b` documents two at once.
  local names, doc = rest:match "^([%w_%.,]+)%s*(.*)$"
  for name in (names or ""):gmatch "[^,]+" do
    item.params[#item.params + 1] = {
      name = name,
      type = kind,
      optional = modifier.optional,
      default = modifier.default,
      doc = doc,
    }
  end
end

function readers.param(item, text)
  local modifier, rest = modifiers(text)
  readers.tparam(item, (modifier.optional and "[opt] " or "") .. "any " .. rest)
end

function readers.treturn(item, text)
  local modifier, rest = modifiers(text)
  local kind
  kind, rest = type_and_rest(rest)
  local group = modifier.group or 1
  item.returns[group] = item.returns[group] or {}
  table.insert(item.returns[group], { type = kind, doc = rest })
end

readers["return"] = function(item, text)
  readers.treturn(item, "any " .. text)
end

function readers.usage(item, text)
  table.insert(item.usage, text)
end

function readers.see(item, text)
  table.insert(item.see, text)
end

function readers.field(item, text)
  local name, doc = text:match "^(%S+)%s*(.*)$"
  table.insert(item.fields, { name = name, doc = doc })
end

function readers.tfield(item, text)
  local kind, rest = type_and_rest(text)
  readers.field(item, rest)
  item.fields[#item.fields].type = kind
end

function readers.module(item, text)
  item.module = text
end

function readers.table(item, text)
  item.table = text
end

--- Parses the text of one comment, without its dashes.
-- @tparam string text
-- @treturn table `text`, `params`, `returns` (a list of results each), `usage`, `see`, `fields`, and
--   `module` or `table` where it says so; `unknown`: tags that are not known
function comments.parse(text)
  local item = { params = {}, returns = {}, usage = {}, see = {}, fields = {}, unknown = {} }
  local prose, tag, tag_text = {}, nil, nil
  local function finish_tag()
    if tag then
      local read = readers[tag]
      if read then
        read(item, tag_text)
      else
        table.insert(item.unknown, tag)
      end
      tag = nil
    end
  end
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local name, rest = line:match "^@(%a+)%s*(.*)$"
    if name then
      -- `@tparam[opt]`: what stands in brackets belongs to the text.
      finish_tag()
      tag, tag_text = name, rest
    elseif tag then
      tag_text = trim(tag_text .. (tag == "usage" and "\n" or " ") .. trim(line))
    else
      prose[#prose + 1] = line
    end
  end
  finish_tag()
  item.text = trim((table.concat(prose, "\n"):gsub("^\n+", "")))
  return item
end

--- The first sentence of a text, for lists.
function comments.summary(text)
  local paragraph = text:match "^(.-)\n%s*\n" or text
  paragraph = paragraph:gsub("%s+", " ")
  return paragraph:match "^(.-[%.:])%s" or paragraph
end

local function formal_parameters(list)
  local names = {}
  for name in list:gmatch "[%w_%.]+" do
    if name ~= "_" then -- the object itself, where a method does not need it
      names[#names + 1] = name
    end
  end
  return names
end

--- Whether a function gives something back: a `return` with a value, outside of functions inside it.
local function gives_back(lines, first)
  local inner
  for index = first + 1, #lines do
    local line = lines[index]
    if line == "end" then
      return false
    elseif inner then
      if line:find("^" .. inner .. "end") then
        inner = nil
      end
    elseif line:find "^%s+return%s+%S" then
      return true
    elseif line:find "function%s*[%w_]*%b()%s*$" then
      inner = line:match "^%s*"
    end
  end
  return false
end

local function definition(lines, index)
  local line = lines[index] or ""
  local owner, mark, name, list = line:match "^function ([%w_%.]-)([%.:])([%w_]+)%((.*)%)"
  if owner then
    return {
      kind = "function",
      owner = owner,
      method = mark == ":",
      name = name,
      formal = formal_parameters(list),
      gives_back = not line:find "end$" and gives_back(lines, index),
      line = index,
    }
  end
  list = line:match "^return function%((.*)%)"
  if list then
    return { kind = "function", name = "", formal = formal_parameters(list), gives_back = true, line = index }
  end
  name = line:match "^%s+([%w_]+) = " or line:match "^[%w_]+%.([%w_]+) = "
  if name then
    return { kind = "field", name = name, line = index }
  end
end

--- Reads a file.
-- @tparam string path
-- @treturn table `path`, `module` (the parsed comment at its head), `items`: documented and undocumented
--   public functions, documented fields and tables, in their order
function comments.read(path)
  local lines = {}
  for line in io.lines(path) do
    lines[#lines + 1] = line
  end
  local file = { path = path, items = {} }
  local index = 1
  while index <= #lines do
    local first = lines[index]:match "^%s*%-%-%-%s?([^%-].*)$"
    if first then
      local text = { first }
      while (lines[index + 1] or ""):find "^%s*%-%-" do
        index = index + 1
        text[#text + 1] = lines[index]:match "^%s*%-%-+%s?(.*)$"
      end
      local item = comments.parse(table.concat(text, "\n"))
      local defined = definition(lines, index + 1)
      if item.module then
        file.module = item
      elseif item.table then
        item.kind, item.name = "table", item.table
        file.items[#file.items + 1] = item
      elseif defined then
        for name, value in pairs(defined) do
          item[name] = value
        end
        file.items[#file.items + 1] = item
        index = index + 1
      end
    else
      local defined = definition(lines, index)
      if defined and defined.kind == "function" then
        defined.undocumented = true
        file.items[#file.items + 1] = defined
      end
    end
    index = index + 1
  end
  return file
end

return comments
