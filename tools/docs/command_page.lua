--- The page of the command line, made from the tree that its parser and its help are made from.
-- @module tools.docs.command_page

local commands = require "dataforest.cli.commands"
local exit = require "dataforest.cli.exit"
local help = require "dataforest.cli.help"
local highlight = require "tools.docs.highlight"
local markdown = require "tools.docs.markdown"

local escape = markdown.escape

local page = {}

local function code(text, language)
  return ('<pre tabindex="0" class="%s"><code>%s</code></pre>\n'):format(language, highlight(text, language))
end

local function options_html(options)
  local html = { '<dl class="fields">\n' }
  for _, option in ipairs(options) do
    local badge = option.required and '<span class="badge required">required</span>' or ""
    html[#html + 1] = ("<dt><code>%s</code> %s</dt>\n<dd><p>%s</p></dd>\n"):format(
      escape(help.option_label(option)),
      badge,
      escape(option.doc)
    )
  end
  html[#html + 1] = "</dl>\n"
  return table.concat(html)
end

local function arguments_html(arguments)
  local html = { '<dl class="fields">\n' }
  for _, argument in ipairs(arguments) do
    html[#html + 1] = ("<dt><code>%s</code></dt>\n<dd><p>%s</p></dd>\n"):format(
      escape(argument.label),
      escape(argument.doc)
    )
  end
  html[#html + 1] = "</dl>\n"
  return table.concat(html)
end

local function examples_html(command)
  local html = {}
  for _, example in ipairs(command.examples or {}) do
    html[#html + 1] = code(("# %s\n%s\n"):format(example[1], example[2]), "sh")
  end
  return table.concat(html)
end

local function command_html(command)
  local anchor = markdown.anchor(command.path)
  local html = {
    ('<section class="function" id="%s"><h3>%s <span class="args">%s</span> '):format(
      anchor,
      escape(command.path),
      escape(table.concat(help.usage_words(command), " "))
    ),
    ('<a class="anchor" href="#%s" aria-label="link to this command">#</a></h3>\n'):format(anchor),
    "<p>" .. escape(command.description or command.summary) .. "</p>\n",
  }
  if command.aliases and command.aliases[1] then
    html[#html + 1] = ("<p>Also called <code>%s</code>.</p>\n"):format(
      escape(table.concat(command.aliases, "</code>, <code>"))
    )
  end
  if command.arguments and #command.arguments > 0 then
    html[#html + 1] = arguments_html(command.arguments)
  end
  if command.options and #command.options > 0 then
    html[#html + 1] = options_html(command.options)
  end
  html[#html + 1] = examples_html(command)
  html[#html + 1] = "</section>\n"
  return table.concat(html)
end

--- The HTML of the page.
-- @treturn string
function page.html()
  local root = commands.tree()
  local html = {
    "<h1>Command line</h1>\n",
    ('<p class="lead">%s</p>\n'):format(escape(root.summary)),
    "<p>" .. escape(root.description or "") .. "</p>\n",
    examples_html(root),
  }
  local function add(text)
    html[#html + 1] = text
  end
  for _, command in ipairs(root.commands) do
    if command.commands then
      add(markdown.html("## " .. command.name) .. "<p>" .. escape(command.summary) .. "</p>\n")
      for _, child in ipairs(command.commands) do
        add(command_html(child))
      end
    end
  end
  add(markdown.html "## Others")
  for _, command in ipairs(root.commands) do
    if not command.commands then
      add(command_html(command))
    end
  end
  add(markdown.html "## What every command takes")
  for _, group in ipairs(commands.common) do
    add(("<h3>%s</h3>\n"):format(escape(group.title)) .. options_html(group.options))
  end
  add(markdown.html "## Exit codes" .. '<dl class="fields">\n')
  for _, code_entry in ipairs(exit.codes) do
    add(
      ("<dt><code>%d</code></dt><dd><p>%s</p></dd>\n"):format(
        code_entry.code,
        escape((code_entry.when:gsub("^%l", string.upper)))
      )
    )
  end
  add "</dl>\n"
  return table.concat(html)
end

return page
