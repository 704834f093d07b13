--- The help of each command, made from the tree of `dataforest.cli.commands`.
-- @module dataforest.cli.help

local commands = require "dataforest.cli.commands"
local exit = require "dataforest.cli.exit"
local text = require "dataforest.cli.output.text"

local help = {}

local WIDEST = 100
local LABEL_COLUMN = 26

--- An option as it stands in a usage line: `--name NAME`, in brackets where it may be left out.
local function usage_of_option(option)
  local word = option.names[1] .. (option.label and " " .. option.label or "")
  if option.choices then
    word = option.names[1] .. " " .. table.concat(option.choices, "|")
  end
  if option.many then
    word = word .. " ..."
  end
  return option.required and word or "[" .. word .. "]"
end

--- The words of a command's usage, after its name.
-- @tparam table command
-- @treturn {string,...}
function help.usage_words(command)
  local words = {}
  for _, argument in ipairs(command.arguments or {}) do
    local word = argument.many and argument.label .. " ..." or argument.label
    words[#words + 1] = argument.optional and "[" .. word .. "]" or word
  end
  for _, required in ipairs { true, false } do
    for _, option in ipairs(command.options or {}) do
      if (option.required or false) == required then
        words[#words + 1] = usage_of_option(option)
      end
    end
  end
  if command.commands then
    words[#words + 1] = "COMMAND"
    words[#words + 1] = "..."
  end
  return words
end

--- An option with all its names: `--output, -o FILE`.
-- @tparam table option
-- @treturn string
function help.option_label(option)
  local label = table.concat(option.names, ", ")
  if option.choices then
    return label .. " " .. table.concat(option.choices, "|")
  end
  return label .. (option.label and " " .. option.label or "")
end

local Page = {}
Page.__index = Page

function Page:line(content)
  self[#self + 1] = content or ""
end

function Page:heading(title)
  self:line()
  self:line(self.bold(title .. ":"))
end

function Page:paragraph(content, indent)
  local margin = (" "):rep(indent or 0)
  for _, line in ipairs(text.wrap(content, self.width - #margin)) do
    self:line(margin .. line)
  end
end

--- A label, and beside it or below it what it means.
function Page:entry(label, doc)
  local lines = text.wrap(doc, self.width - LABEL_COLUMN)
  local margin = (" "):rep(LABEL_COLUMN)
  if text.width(label) + 4 <= LABEL_COLUMN then
    self:line("  " .. text.pad(label, LABEL_COLUMN - 2) .. (lines[1] or ""))
    table.remove(lines, 1)
  else
    self:line("  " .. label)
  end
  for _, line in ipairs(lines) do
    self:line(margin .. line)
  end
end

local function add_usage(page, command)
  local line = "Usage: " .. command.path
  local words, longest = help.usage_words(command), 0
  for _, word in ipairs(words) do
    longest = math.max(longest, #word)
  end
  local margin = (" "):rep(#line + 1 + longest > page.width and 9 or #line + 1)
  for _, word in ipairs(words) do
    if #line + 1 + #word > page.width and #line > #margin then
      page:line(line)
      line = margin .. word
    else
      line = line .. (line == margin and "" or " ") .. word
    end
  end
  page:line(line)
end

--- A section of labels with what they mean.
-- @tparam table page
-- @tparam string title
-- @tparam ?{table,...} list none is no section
-- @tparam function label_of an entry of the list
local function add_entries(page, title, list, label_of)
  if list and list[1] then
    page:heading(title)
    for _, entry in ipairs(list) do
      page:entry(label_of(entry), entry.doc or entry.summary or entry.when)
    end
  end
end

local function argument_label(argument)
  return argument.label
end

local function command_label(command)
  return table.concat(command.names, ", ")
end

local function code_label(code)
  return tostring(code.code)
end

--- A command line over several lines, as a shell takes it: broken in front of options.
-- @tparam string line
-- @tparam integer width in columns
-- @treturn {string,...}
function help.broken(line, width)
  if #line <= width then
    return { line }
  end
  local lines, current = {}, nil
  for word in line:gsub(" (%-%-)", "\n%1"):gmatch "[^\n]+" do
    if current and #current + 1 + #word + 2 <= width then
      current = current .. " " .. word
    else
      lines[#lines + 1] = current and current .. " \\"
      current = (current and "  " or "") .. word
    end
  end
  lines[#lines + 1] = current
  return lines
end

local function add_examples(page, command)
  if command.examples and command.examples[1] then
    page:heading "Examples"
    for _, example in ipairs(command.examples) do
      page:paragraph("# " .. example[1], 2)
      for line in example[2]:gmatch "[^\n]+" do
        for _, part in ipairs(help.broken(line, page.width - 2)) do
          page:line("  " .. part)
        end
      end
    end
  end
end

--- The help of a command.
-- @tparam table command of the tree
-- @tparam[opt] table view `width` in columns, and `bold`, a function
-- @treturn string
function help.of(command, view)
  view = view or {}
  local page = setmetatable({
    width = math.min(view.width or 80, WIDEST),
    bold = view.bold or function(title)
      return title
    end,
  }, Page)
  add_usage(page, command)
  page:line()
  page:paragraph(command.description or command.summary)
  add_entries(page, "Commands", command.commands, command_label)
  add_entries(page, "Arguments", command.arguments, argument_label)
  add_entries(page, "Options", command.options, help.option_label)
  if command.commands and command.path:find " " then
    page:line()
    page:paragraph(("%s COMMAND --help shows what a command takes."):format(command.path))
  else
    for _, group in ipairs(commands.shared(command)) do
      add_entries(page, group.title, group.options, help.option_label)
    end
  end
  add_examples(page, command)
  if not command.path:find " " then
    add_entries(page, "Exit status", exit.codes, code_label)
  end
  if command.page then
    page:heading "API page"
    page:line("  " .. command.page)
  end
  return table.concat(page, "\n") .. "\n"
end

--- The help of a command as a stream's terminal can show it.
-- @tparam table context
-- @tparam table command
-- @tparam string stream `"stdout"` or `"stderr"`
-- @treturn string
function help.shown(context, command, stream)
  local style, system = context:style(stream), context.system
  return help.of(command, {
    -- Through a pager, too, it is read on the terminal.
    width = style.width or system:is_terminal "stderr" and system:columns() or nil,
    bold = function(title)
      return style:paint("bold", title)
    end,
  })
end

return help
