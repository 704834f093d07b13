--- The reference: a page a module, made from its doc comments.
-- @module tools.docs.reference_page

local comments = require "tools.docs.comments"
local highlight = require "tools.docs.highlight"
local markdown = require "tools.docs.markdown"

local escape = markdown.escape

local page = {}

-- Indented code in doc comments is Lua, unless it is plainly something else.
local function name_languages(blocks)
  for _, block in ipairs(blocks) do
    if block.kind == "code" and block.language == "" then
      local text = block.text
      local is_lua = text:find "%f[%w]local%f[%W]" or text:find "df[.:]" or text:find "assert"
      block.language = is_lua and "lua" or "code"
    end
    for _, item in ipairs(block.items or {}) do
      name_languages(item)
    end
  end
end

local function prose(text)
  local blocks = markdown.parse(text)
  name_languages(blocks)
  return markdown.html(blocks, { highlight = highlight })
end

--- Types with the classes that they name as links.
local function type_html(kind, classes)
  kind = kind:gsub("^fun%(%):([%w]+)%?$", "function that gives %1"):gsub("^%?(.*)$", "%1 or nil")
  local html = escape((kind:gsub("^{(.-),%.%.%.}$", "list of %1"):gsub("|", " or ")))
  return (
    html:gsub("%u%w+", function(word)
      local address = classes[word]
      return address and ('<a href="%s">%s</a>'):format(escape(address), word)
    end)
  )
end

local function entry(name, kind, doc, badges, classes, inner)
  return ('<dt><code>%s</code> <span class="type">%s</span> %s</dt>\n<dd>%s%s</dd>\n'):format(
    escape(name),
    kind and type_html(kind, classes) or "",
    badges or "",
    doc ~= "" and "<p>" .. markdown.inline((doc:gsub("^%l", string.upper))) .. "</p>" or "",
    inner or ""
  )
end

local function param_badges(param)
  if param.default then
    return ('<span class="badge">default %s</span>'):format(escape(param.default))
  elseif param.optional or param.type:find "^%?" then
    return '<span class="badge">optional</span>'
  end
  return ""
end

local function param_list(params, prefix, classes)
  local html = {}
  for _, param in ipairs(params) do
    local name = param.name
    if name:sub(1, #prefix) == prefix and not name:sub(#prefix + 1):find("%.", 1) or name == "..." then
      local inner = name ~= "..." and param_list(params, name .. ".", classes) or ""
      html[#html + 1] =
        entry(name:sub(#prefix + 1), param.type, param.doc, param_badges(param), classes, inner)
    end
  end
  if #html == 0 then
    return ""
  end
  return '<dl class="fields">\n' .. table.concat(html) .. "</dl>\n"
end

local function returns_html(item, classes)
  local groups = {}
  for group in pairs(item.returns) do
    groups[#groups + 1] = group
  end
  table.sort(groups)
  if #groups == 0 then
    return ""
  end
  local html = { "<h4>Returns</h4>\n" }
  for index, group in ipairs(groups) do
    if index > 1 then
      html[#html + 1] = "<p>or</p>\n"
    end
    html[#html + 1] = "<ul>\n"
    for _, result in ipairs(item.returns[group]) do
      html[#html + 1] = ("<li><strong>%s</strong> %s</li>\n"):format(
        type_html(result.type, classes),
        markdown.inline(result.doc)
      )
    end
    html[#html + 1] = "</ul>\n"
  end
  return table.concat(html)
end

local function function_html(item, module, classes)
  local receiver = module.receivers and module.receivers[item.owner] or module.title
  local mark = (item.method or (item.owner == "Client")) and ":" or "."
  local name = receiver .. mark .. item.name
  local html = {
    ('<section class="function" id="%s"><h3>%s<span class="args">(%s)</span> '):format(
      escape(item.name),
      escape(name),
      escape(table.concat(item.formal, ", "))
    ),
    ('<a class="anchor" href="#%s" aria-label="link to this function">#</a></h3>\n'):format(
      escape(item.name)
    ),
    prose(item.text),
  }
  if #item.params > 0 then
    html[#html + 1] = "<h4>Parameters</h4>\n" .. param_list(item.params, "", classes)
  end
  html[#html + 1] = returns_html(item, classes)
  for _, usage in ipairs(item.usage) do
    html[#html + 1] = ('<pre tabindex="0" class="lua"><code>%s</code></pre>\n'):format(
      highlight(usage, "lua")
    )
  end
  for _, see in ipairs(item.see) do
    if see:find "^https://" then
      html[#html + 1] = ('<p>Stands for <a href="%s">this page of the API</a>.</p>\n'):format(escape(see))
    end
  end
  html[#html + 1] = "</section>\n"
  return table.concat(html)
end

local function table_html(item, classes)
  local html = {
    ('<section class="function" id="%s"><h3>%s '):format(item.name, item.name),
    ('<a class="anchor" href="#%s" aria-label="link to this table">#</a></h3>\n'):format(item.name),
    prose(item.text),
    '<dl class="fields">\n',
  }
  for _, field in ipairs(item.fields) do
    local kind = field.type
    local badge = kind and kind:find "^%?" and '<span class="badge">or nil</span>' or ""
    html[#html + 1] = entry(field.name, kind and kind:gsub("^%?", ""), field.doc, badge, classes)
  end
  html[#html + 1] = "</dl></section>\n"
  return table.concat(html)
end

local function operations_html(group, operations)
  local html = { markdown.html "## Operations", '<ul class="list">\n' }
  for _, operation in ipairs(operations.groups[group]) do
    html[#html + 1] = (
      '<li><a href="../operations/%s-%s.html"><code>df.%s:%s</code></a>'
      .. '<span class="what">%s</span></li>\n'
    ):format(group, operation.name, group, operation.method, markdown.inline(operation.summary))
  end
  html[#html + 1] = "</ul>\n"
  return table.concat(html)
end

local function kinds_html()
  local html = { markdown.html "## Kinds", '<dl class="fields">\n' }
  local one = '<dt><code>errors.%s</code> <span class="type">"%s"</span></dt><dd><p>%s</p></dd>\n'
  for _, kind in ipairs(require("dataforest.errors").kinds) do
    html[#html + 1] = one:format(kind.name:upper(), kind.name, markdown.inline(kind.when))
  end
  html[#html + 1] = "</dl>\n"
  return table.concat(html)
end

--- Where each class is described, as seen from the reference's folder.
-- @tparam {table,...} modules
-- @tparam table operations
-- @treturn table addresses by class
function page.classes(modules, operations)
  local classes = { Provider = "dataforest.credentials.html", Client = "dataforest.client.html" }
  local function add_objects(operation, kind)
    if type(kind) ~= "table" then
      return
    end
    if kind.object and not classes[kind.object] then
      classes[kind.object] = ("../operations/%s-%s.html#answer"):format(operation.group, operation.name)
    end
    add_objects(operation, kind.array)
    for _, field in ipairs(kind.fields or {}) do
      add_objects(operation, field.type)
    end
  end
  for _, operation in ipairs(operations.list) do
    add_objects(operation, operation.result)
  end
  for _, module in ipairs(modules) do
    for _, item in ipairs(comments.read(module.file).items) do
      if item.kind == "table" then
        classes[item.name] = ("%s.html#%s"):format(module.name, item.name)
      end
    end
    for owner in pairs(module.receivers or {}) do
      if owner:find "^%u" and not classes[owner] then
        classes[owner] = module.name .. ".html"
      end
    end
  end
  return classes
end

--- The HTML of a module's page.
-- @tparam table module an entry of `tools.docs.modules`
-- @tparam table operations `dataforest.operations`
-- @tparam table classes of `page.classes`
-- @treturn string
function page.html(module, operations, classes)
  local file = comments.read(module.file)
  local html = {
    ("<h1>%s</h1>\n"):format(escape(module.title)),
    (prose(file.module.text):gsub("^<p>", '<p class="lead">')),
  }
  local group = module.name:match "^dataforest%.(%w+)$"
  if operations.groups[group] then
    html[#html + 1] = operations_html(group, operations)
  end
  if module.name == "dataforest.errors" then
    html[#html + 1] = kinds_html()
  end
  local functions, tables = {}, {}
  for _, item in ipairs(file.items) do
    local hidden = module.hidden and module.hidden[item.name] or item.name:find "^_"
    if item.kind == "function" and not hidden then
      functions[#functions + 1] = function_html(item, module, classes)
    elseif item.kind == "table" then
      tables[#tables + 1] = table_html(item, classes)
    end
  end
  if #functions > 0 then
    html[#html + 1] = markdown.html "## Functions" .. table.concat(functions)
  end
  if #tables > 0 then
    html[#html + 1] = markdown.html "## Tables" .. table.concat(tables)
  end
  return table.concat(html)
end

return page
