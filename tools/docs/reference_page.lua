--- The reference: a page a module, made from its doc comments.
-- @module tools.docs.reference_page

local comments = require "tools.docs.comments"
local md = require "tools.docs.md"

local page = {}

local function prose(text)
  -- Indented code in doc comments is Lua.
  local out, code = {}, nil
  for line in (text .. "\n\n"):gmatch "(.-)\n" do
    if line:find "^    " and (code or out[#out] == "" or not out[1]) then
      code = code or {}
      code[#code + 1] = line:sub(5)
    elseif code and line == "" then
      out[#out + 1] = md.code("lua", table.concat(code, "\n"))
      code = nil
    else
      out[#out + 1] = md.text(line)
    end
  end
  return table.concat(out, "\n") .. "\n"
end

local function type_words(kind)
  kind = (kind or ""):gsub("^%?(.*)$", "%1|nil"):gsub("{(.-),%.%.%.}", "list of %1")
  return kind == "" and "" or "`" .. kind:gsub("|", " or ") .. "`"
end

local function param_rows(params)
  local rows = {}
  for _, param in ipairs(params) do
    local note = param.default and (" Default: `%s`."):format(param.default)
      or (param.optional and " Optional." or "")
    rows[#rows + 1] =
      { "`" .. param.name .. "`", type_words(param.type), md.cell(md.sentence(param.doc) .. note) }
  end
  return rows
end

local function returns_of(item)
  local groups, parts = {}, {}
  for group in pairs(item.returns) do
    groups[#groups + 1] = group
  end
  table.sort(groups)
  for _, group in ipairs(groups) do
    local list = {}
    for _, result in ipairs(item.returns[group]) do
      list[#list + 1] = ("- %s %s\n"):format(type_words(result.type), md.text(result.doc))
    end
    parts[#parts + 1] = table.concat(list)
  end
  return #parts > 0 and "Returns\n\n" .. table.concat(parts, "\nor\n\n") .. "\n" or ""
end

local function function_text(item, module)
  local receiver = module.receivers and module.receivers[item.owner] or module.title
  local mark = (item.method or item.owner == "Client") and ":" or "."
  local out = {
    ("### %s%s%s(%s) {#%s}\n\n"):format(
      receiver,
      mark,
      item.name,
      table.concat(item.formal, ", "),
      item.name
    ),
    prose(item.text),
    md.table({ "Parameter", "Type", "" }, param_rows(item.params)),
    returns_of(item),
  }
  for _, usage in ipairs(item.usage) do
    out[#out + 1] = md.code("lua", usage)
  end
  for _, see in ipairs(item.see) do
    out[#out + 1] = see:find "^https://" and ("[This call on the API's pages](%s)\n\n"):format(see) or ""
  end
  return table.concat(out)
end

local function table_text(item)
  local rows = {}
  for _, field in ipairs(item.fields) do
    rows[#rows + 1] = { "`" .. field.name .. "`", type_words(field.type), md.cell(md.sentence(field.doc)) }
  end
  return ("### %s {#%s}\n\n"):format(item.name, item.name)
    .. prose(item.text)
    .. md.table({ "Field", "Type", "" }, rows)
end

local function kinds_text()
  local rows = {}
  for _, kind in ipairs(require("dataforest.errors").kinds) do
    rows[#rows + 1] =
      { "`errors." .. kind.name:upper() .. "`", '`"' .. kind.name .. '"`', md.cell(kind.when) }
  end
  return "## Kinds\n\n" .. md.table({ "Constant", "Kind", "When" }, rows)
end

--- The page of a module.
-- @tparam table module an entry of `tools.docs.modules`
-- @tparam table operations `dataforest.operations`
-- @treturn string Markdown
function page.text(module, operations)
  local file = comments.read(module.file)
  local out = { ("# %s\n\n"):format(module.title), prose(file.module.text) }
  local function add(text)
    out[#out + 1] = text
  end
  local group = module.name:match "^dataforest%.(%w+)$"
  if operations.groups[group] then
    add "## Operations\n\n"
    for _, operation in ipairs(operations.groups[group]) do
      add(
        ("- [`df.%s:%s`](/operations/%s-%s): %s\n"):format(
          group,
          operation.method,
          group,
          operation.name,
          md.text(operation.summary)
        )
      )
    end
    add "\n"
  end
  if module.name == "dataforest.errors" then
    add(kinds_text())
  end
  local functions, tables = {}, {}
  for _, item in ipairs(file.items) do
    local hidden = module.hidden and module.hidden[item.name] or item.name:find "^_"
    if item.kind == "function" and not hidden and not item.undocumented then
      functions[#functions + 1] = function_text(item, module)
    elseif item.kind == "table" then
      tables[#tables + 1] = table_text(item)
    end
  end
  add(#functions > 0 and "## Functions\n\n" .. table.concat(functions) or "")
  add(#tables > 0 and "## Tables\n\n" .. table.concat(tables) or "")
  return table.concat(out)
end

return page
