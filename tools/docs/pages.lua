--- Writes the Markdown that the site is built from, and its table of contents:
--
--     lua5.4 tools/docs/pages.lua build/docs/source
--
-- The guide is README.md and docs/*.md as they are; the rest is made from operations.lua, the doc comments
-- and the command tree. `make docs` runs it, and then the site's generator.

local command_page = require "tools.docs.command_page"
local modules = require "tools.docs.modules"
local operation_page = require "tools.docs.operation_page"
local operations = require "dataforest.operations"
local reference_page = require "tools.docs.reference_page"

local output = assert(arg[1], "which folder to write into?")

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function write(name, text)
  local path = ("%s/%s"):format(output, name)
  assert(os.execute(("mkdir -p '%s'"):format(path:match "^(.*)/")))
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

-- The order of the guide. A page of docs/ that is not named comes last.
local GUIDE = {
  { "Start", "README", "installation", "tutorial", "first-session", "concepts" },
  { "Use", "openresty", "recipes", "event-loops", "forest-as-code", "testing", "emulator" },
  { "Know", "errors", "in-doubt", "credentials", "http", "troubleshooting", "faq", "comparison" },
}
local PROJECT = {
  ["docs/design.md"] = "design.md",
  ["docs/platforms.md"] = "platforms.md",
  ["bench/README.md"] = "bench.md",
  ["CONTRIBUTING.md"] = "contributing.md",
  ["SECURITY.md"] = "security.md",
  ["MIGRATING.md"] = "migrating.md",
  ["CHANGELOG.md"] = "changelog.md",
}
local PROJECT_ORDER = { "design", "platforms", "bench", "contributing", "security", "migrating", "changelog" }

local pages = { ["README.md"] = "index.md" } -- of the site, by file
for file, name in pairs(PROJECT) do
  pages[file] = io.open(file) and name
end
local listing = assert(io.popen "ls docs/*.md | LC_ALL=C sort")
local unnamed = {}
for file in listing:lines() do
  local name = file:match "([^/]+)%.md$"
  pages[file] = pages[file] or name .. ".md"
  unnamed[name] = not PROJECT[file] or nil
end
listing:close()

-- Files that the site has beside its pages.
assert(os.execute(("mkdir -p '%s' && cp -R docs/public '%s/'"):format(output, output)))

local titles = {}

--- Writes a page of the tree; its links lead to pages of the site.
local function copy(file)
  local folder = file:match "^(.*/)" or ""
  local text = read(file):gsub("%]%(([^)%s]+)%)", function(address)
    local target, fragment = address:match "^([^#]*)(.*)$"
    local beside = target:match "^/(.+)$" -- a file of docs/public
    if target == "" or target:find "^%a+:" or beside and io.open("docs/public/" .. beside) then
      return nil
    end
    local path = (folder .. target):gsub("[^/]+/%.%./", "")
    if path:find "%.svg$" then
      write("public/" .. path:match "[^/]+$", read(path))
      return "](/" .. path:match "[^/]+$" .. ")"
    elseif not pages[path] then
      error(("%s: a link to %s, which is no page of the site"):format(file, address), 0)
    end
    return "](/" .. pages[path]:gsub("index%.md$", ""):gsub("%.md$", "") .. fragment .. ")"
  end)
  titles[pages[file]] = text:match "^# ([^\n]+)" or text:match "\n# ([^\n]+)"
  write(pages[file], text)
end

for file in pairs(pages) do
  copy(file)
end

local function item(name, text)
  local page = name == "README" and "index.md" or name .. ".md"
  return titles[page]
    and { text = name == "README" and "Overview" or text or titles[page], link = "/" .. name }
end

local sidebar = {}

local function section(title, items, collapsed)
  sidebar[#sidebar + 1] = { text = title, items = items, collapsed = collapsed }
end

for _, group in ipairs(GUIDE) do
  local items = {}
  for index = 2, #group do
    items[#items + 1] = item(group[index])
    unnamed[group[index]] = nil
  end
  if group[1] == "Use" then
    items[#items + 1] = { text = "Command line", link = "/command-line" }
  end
  section(group[1], items)
end
local rest = {}
for name in pairs(unnamed) do
  rest[#rest + 1] = name
end
table.sort(rest)
for _, name in ipairs(rest) do
  local items = sidebar[2].items
  items[#items + 1] = item(name)
end
write("command-line.md", command_page.text())

write("operations/index.md", operation_page.overview(operations))
for _, group in ipairs(operations.groups) do
  local items = {}
  for index, operation in ipairs(operations.groups[group]) do
    local name = ("operations/%s-%s"):format(group, operation.name)
    write(name .. ".md", operation_page.text(operation))
    items[index] = { text = operation.name, link = "/" .. name }
  end
  if group == operations.groups[1] then
    table.insert(items, 1, { text = "All operations", link = "/operations/" })
  end
  local older = operations.groups[group][1].status == "older"
  section("Operations: " .. group .. (older and " (older)" or ""), items, older or nil)
end

local items = {}
for index, module in ipairs(modules) do
  write(("reference/%s.md"):format(module.name), reference_page.text(module, operations))
  items[index] = { text = module.title, link = "/reference/" .. module.name }
end
section("Reference", items)

items = {}
for _, name in ipairs(PROJECT_ORDER) do
  items[#items + 1] = item(name)
end
section("Project", items)

for _, group in ipairs(sidebar) do
  for _, entry in ipairs(group.items) do
    entry.link = entry.link:gsub("/README$", "/")
  end
end
write(
  ".vitepress/contents.json",
  require("cjson").encode {
    sidebar = sidebar,
    version = read("VERSION"):match "%S+",
  }
)
