--- The page of the command line, made from the tree that its parser and its help are made from.
-- @module tools.docs.command_page

local commands = require "dataforest.cli.commands"
local exit = require "dataforest.cli.exit"
local help = require "dataforest.cli.help"
local md = require "tools.docs.md"

local page = {}

local function option_table(options)
  local rows = {}
  for index, option in ipairs(options or {}) do
    local label = "`" .. help.option_label(option) .. "`"
    rows[index] = { label, md.cell(option.doc .. (option.required and " Required." or "")) }
  end
  return md.table({ "Option", "" }, rows)
end

local function examples(command)
  local parts = {}
  for index, example in ipairs(command.examples or {}) do
    parts[index] = md.code("sh", ("# %s\n%s"):format(example[1], example[2]))
  end
  return table.concat(parts)
end

local function command_text(command)
  local rows = {}
  for index, argument in ipairs(command.arguments or {}) do
    rows[index] = { "`" .. argument.label .. "`", md.cell(argument.doc) }
  end
  return ("### %s\n\n"):format(command.path)
    .. md.code("text", command.path .. " " .. table.concat(help.usage_words(command), " "))
    .. md.text(command.description or command.summary)
    .. "\n\n"
    .. md.table({ "Argument", "" }, rows)
    .. option_table(command.options)
    .. examples(command)
end

--- The page.
-- @treturn string Markdown
function page.text()
  local root = commands.tree()
  local out = { "# Command line\n\n", md.text(root.summary .. "\n\n" .. (root.description or "")) .. "\n\n" }
  local function add(...)
    for _, text in ipairs { ... } do
      out[#out + 1] = text
    end
  end
  add(examples(root))
  for _, command in ipairs(root.commands) do
    if command.commands then
      add(("## %s\n\n"):format(command.name), md.text(command.summary) .. "\n\n")
      for _, child in ipairs(command.commands) do
        add(command_text(child))
      end
    end
  end
  add "## Other commands\n\n"
  for _, command in ipairs(root.commands) do
    add(not command.commands and command_text(command) or "")
  end
  add "## Common options\n\n"
  for _, group in ipairs(commands.common) do
    add(("### %s\n\n"):format(group.title), option_table(group.options))
  end
  local rows = {}
  for index, code in ipairs(exit.codes) do
    rows[index] = { ("`%d`"):format(code.code), md.cell(md.sentence(code.when)) }
  end
  add("## Exit codes\n\n", md.table({ "Code", "Meaning" }, rows))
  return table.concat(out)
end

return page
