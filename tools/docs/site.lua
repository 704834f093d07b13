--- Builds the documentation as a site of static pages:
--
--     lua5.4 tools/docs/site.lua docs/site
--
-- `make docs` runs it, with the library built. The pages refer to nothing beyond the site, so that they
-- can be opened from a disk; the same tree gives the same bytes. A link that leads nowhere is an error.

local command_page = require "tools.docs.command_page"
local highlight = require "tools.docs.highlight"
local layout = require "tools.docs.layout"
local markdown = require "tools.docs.markdown"
local modules = require "tools.docs.modules"
local operation_page = require "tools.docs.operation_page"
local operations = require "dataforest.operations"
local reference_page = require "tools.docs.reference_page"

local output = assert(arg[1], "which folder to write into?")

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text
end

local function write(path, text)
  local folder = path:match "^(.*)/"
  os.execute(("mkdir -p '%s'"):format(folder))
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- The pages that are written by hand: file, place in the site, and name in the list where it differs. The
-- guide is README.md and all of docs/, these first; what is not there is left out.
local GUIDE = { { file = "README.md", path = "index.html", label = "Overview" } }
local ORDER = { "tutorial", "openresty", "testing", "event-loops", "errors", "credentials" }

local PROJECT = {
  { file = "docs/design.md", path = "design.html" },
  { file = "bench/README.md", path = "bench.html" },
  { file = "CONTRIBUTING.md", path = "contributing.html" },
  { file = "SECURITY.md", path = "security.html" },
  { file = "CHANGELOG.md", path = "changelog.html" },
}

local function add_to_guide(name)
  for _, list in ipairs { GUIDE, PROJECT } do
    for _, page in ipairs(list) do
      if page.file == "docs/" .. name .. ".md" then
        return
      end
    end
  end
  GUIDE[#GUIDE + 1] = { file = "docs/" .. name .. ".md", path = name .. ".html" }
end

for _, name in ipairs(ORDER) do
  if read("docs/" .. name .. ".md") then
    add_to_guide(name)
  end
end
local listing = assert(io.popen "ls docs/*.md | LC_ALL=C sort")
for path in listing:lines() do
  add_to_guide(path:match "([^/]+)%.md$")
end
listing:close()

local places = {} -- in the site, by file
for _, list in ipairs { GUIDE, PROJECT } do
  for _, page in ipairs(list) do
    places[page.file] = page.path
  end
end

-- What the pages show and is no page.
local IMAGES = { ["docs/bench.svg"] = "bench.svg" }
for file, path in pairs(IMAGES) do
  places[file] = path
end

local version = read("VERSION"):gsub("%s+$", "")

--- What a link of a Markdown file becomes in the site.
local function linker(file)
  local folder = file:match "^(.*/)" or ""
  return function(address)
    if address:find "^%a+:" or address:find "^#" then
      return address
    end
    local target, fragment = address:match "^([^#]*)(.*)$"
    local path = (folder .. target):gsub("[^/]+/%.%./", "")
    if not places[path] then
      error(("%s: a link to %s, which is no page of the site"):format(file, address), 0)
    end
    return places[path] .. fragment
  end
end

local function heading_of(blocks)
  for _, block in ipairs(blocks) do
    if block.kind == "heading" then
      return block.text
    end
  end
end

local function read_pages(list)
  for _, page in ipairs(list) do
    local blocks = markdown.parse(read(page.file) or error("docs: there is no " .. page.file, 0))
    page.title = heading_of(blocks)
    page.html = markdown.html(blocks, { link = linker(page.file), highlight = highlight })
  end
  return list
end

local function operation_pages(group)
  local pages = {}
  for index, operation in ipairs(operations.groups[group]) do
    pages[index] = {
      title = operation.id,
      label = operation.name,
      path = ("operations/%s-%s.html"):format(group, operation.name),
      html = operation_page.html(operation),
    }
  end
  return pages
end

local function operation_section()
  local overview = {
    title = "Operations",
    label = "All operations",
    path = "operations/index.html",
    html = operation_page.overview(operations, operations.groups),
  }
  local parts = { { pages = { overview } } }
  for _, group in ipairs(operations.groups) do
    local older = operations.groups[group][1].status == "older"
    parts[#parts + 1] = { title = older and group .. " (older)" or group, pages = operation_pages(group) }
  end
  return { title = "Operations", parts = parts }
end

local function reference_section()
  local classes = reference_page.classes(modules, operations)
  local pages = {}
  for index, module in ipairs(modules) do
    pages[index] = {
      title = module.title,
      path = ("reference/%s.html"):format(module.name),
      html = reference_page.html(module, operations, classes),
    }
  end
  return { title = "Reference", parts = { { pages = pages } } }
end

local guide = read_pages(GUIDE)
guide[#guide + 1] = { title = "Command line", path = "command-line.html", html = command_page.html() }
for index, page in ipairs(guide) do
  page.previous, page.next = guide[index - 1], guide[index + 1]
end

local site = {
  version = version,
  sections = {
    { title = "Guide", parts = { { pages = guide } } },
    operation_section(),
    reference_section(),
    { title = "Project", parts = { { pages = read_pages(PROJECT) } } },
  },
}

-- Writing, and then following every link ------------------------------------------------------------------

local written, count = {}, 0

for _, section in ipairs(site.sections) do
  for _, part in ipairs(section.parts) do
    for _, page in ipairs(part.pages) do
      local html = layout.page(page, site)
      write(output .. "/" .. page.path, html)
      written[page.path] = html
      count = count + 1
    end
  end
end
write(output .. "/style.css", read "tools/docs/style.css")
written["style.css"] = ""
for file, path in pairs(IMAGES) do
  write(output .. "/" .. path, read(file))
  written[path] = ""
end

local function resolve(from, address)
  local path = (from:match "^(.*/)" or "") .. address
  repeat
    local shorter = path:gsub("[^/]+/%.%./", "", 1)
    local same = shorter == path
    path = shorter
  until same
  return path
end

local faults = 0
for path, html in pairs(written) do
  for address in html:gmatch '[hs]r[ec]f?="([^"]*)"' do
    local target, fragment = address:match "^([^#]*)#?(.*)$"
    if not address:find "^https://" then
      local found = written[target == "" and path or resolve(path, target)]
      if not found then
        io.stderr:write(("docs: %s leads to %s, which is not there\n"):format(path, address))
        faults = faults + 1
      elseif fragment ~= "" and not found:find(('id="%s"'):format(fragment), 1, true) then
        io.stderr:write(("docs: %s leads to %s, which has no such part\n"):format(path, address))
        faults = faults + 1
      end
    end
  end
  if html:find 'src="http' or html:find '<link[^>]+href="http' then
    io.stderr:write(("docs: %s loads something from elsewhere\n"):format(path))
    faults = faults + 1
  end
end

if faults > 0 then
  os.exit(1)
end
print(("docs: %d pages in %s"):format(count, output))
