--- Writes the Markdown that the site is built from:
--
--     lua5.4 tools/docs/pages.lua build/docs/source
--
-- The guide is README.md and docs/*.md as they are; the rest is made from operations.lua, the doc comments
-- and the command tree. `make docs` runs it, and then the site's generator.

local commands = require "dataforest.cli.commands"
local comments = require "tools.docs.comments"
local core = require "dataforest.core"
local describe = require "tools.docs.describe"
local exit = require "dataforest.cli.exit"
local help = require "dataforest.cli.help"
local modules = require "tools.docs.modules"
local operations = require "dataforest.operations"
local samples = require "tools.docs.samples"
local states = require "dataforest.api.states"
local template = require "tools.docs.template"

local output = assert(arg[1], "which folder to write into?")

local function write(name, page)
  local path = ("%s/%s"):format(output, name)
  assert(os.execute(("mkdir -p '%s'"):format(path:match "^(.*)/")))
  assert(core.save(path, page))
end

-- The guide: all pages in one folder, by their names in lower case; bench/README.md is bench.md -------------

--- The name of a page of the site, for a file of the tree.
local function name_of(folder, file)
  return file:lower():gsub("^readme$", folder:match "(%w+)/$" or "index")
end

for path in assert(io.popen "ls *.md bench/README.md docs/*.md"):lines() do
  local here, file = path:match "^(.-)([^/]+)%.md$"
  local page = assert(require "dataforest.util.read_file"(path))
  page = page:gsub("%]%(([%w_./-]-)([%w_-]+)%.md", function(folder, target)
    return "](/" .. name_of(folder == "" and here or folder:gsub("%.%./", ""), target)
  end)
  write(name_of(here, file) .. ".md", (page:gsub("%]%([%w_./-]-([%w_-]+%.svg)%)", "](/%1)")))
end
assert(os.execute(("cp -R docs/public '%s/' && cp docs/*.svg '%s/public/'"):format(output, output)))

-- The command line, a page a command ------------------------------------------------------------------------

local contents = { version = require "dataforest.version", operations = {}, commands = {}, reference = {} }
local lines = {} -- by operation: what calls it

--- A command line over several lines where it is long.
local function folded(line)
  return table.concat(help.broken(line, 78), "\n")
end

local function add_command(command)
  local name = command.path:find " " and command.path:gsub(" ", "-") or "index"
  local values = { command = command, shared = commands.shared, help = help, exit = exit, folded = folded }
  write(("command-line/%s.md"):format(name), template.page("command", values))
  local item = { text = command.path:gsub("^dataforest ", ""), link = "/command-line/" .. name }
  table.insert(contents.commands, item)
  if command.operation then
    lines[command.operation] = folded(command.examples[1][2])
  end
  for _, child in ipairs(command.commands or {}) do
    add_command(child)
  end
end

add_command(commands.tree())

-- The operations, a page each -------------------------------------------------------------------------------

for _, group in ipairs(operations.groups) do
  local section = { text = group, collapsed = true, items = {} }
  for index, operation in ipairs(operations.groups[group]) do
    local name = ("operations/%s-%s"):format(group, operation.name)
    local line = lines[operation] or ("dataforest call %s - <parameters.json"):format(operation.id)
    local values = samples.of(operation, line)
    values.operation, values.older, values.line = operation, operation.status == "older", line
    values.describe, values.states = describe, states[group]
    write(name .. ".md", template.page("operation", values))
    section.items[index] = { text = operation.name, link = "/" .. name }
  end
  table.insert(contents.operations, section)
end
write("operations/index.md", template.page("operations", { operations = operations }))

-- The reference ---------------------------------------------------------------------------------------------

--- The text of a doc comment: what is indented is Lua.
local function prose(text)
  local parts = {}
  for paragraph in (text .. "\n\n"):gmatch "(.-)\n\n+" do
    local code = paragraph:match "^    (.*)$"
    parts[#parts + 1] = code and ("```lua\n%s\n```"):format(code:gsub("\n    ", "\n"))
      or template.text(paragraph)
  end
  return table.concat(parts, "\n\n")
end

for index, module in ipairs(modules) do
  local functions, file = comments.public(module)
  local title = module.title or module.name
  for _, item in ipairs(functions) do
    local receiver = module.objects and module.objects[item.owner] or title
    local mark = (item.method or item.owner == "Client") and ":" or "."
    item.title = ("%s%s%s(%s)"):format(receiver, mark, item.name, table.concat(item.formal, ", "))
  end
  local values = { title = module.name, functions = functions, file = file, prose = prose }
  write(("reference/%s.md"):format(module.name), template.page("reference", values))
  contents.reference[index] =
    { text = module.name:gsub("^dataforest%.", ""), link = "/reference/" .. module.name }
end

write(".vitepress/contents.json", require("cjson").encode(contents))
