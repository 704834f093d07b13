-- Prints the man page of `dataforest`, made from the tree of the command line:
--   make man       writes docs/man/dataforest.1 anew

local commands = require "dataforest.cli.commands"
local exit = require "dataforest.cli.exit"
local help = require "dataforest.cli.help"
local version = require "dataforest.version"

local lines = {}

--- Text in which nothing means something to roff.
local function plain(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("\n([.'])", "\n\\&%1"):gsub("^([.'])", "\\&%1"))
end

local function raw(line)
  lines[#lines + 1] = line
end

local function paragraph(text)
  raw ".PP"
  raw(plain(text))
end

local function section(title)
  raw(".SH " .. title)
end

local function tagged(tag, text)
  raw ".TP"
  raw(tag)
  raw(plain(text))
end

local function bold(text)
  return "\\fB" .. plain(text) .. "\\fR"
end

local function option_tag(option)
  local names = {}
  for i, name in ipairs(option.names) do
    names[i] = bold(name)
  end
  local tag = table.concat(names, ", ")
  if option.choices then
    return tag .. " \\fI" .. plain(table.concat(option.choices, "|")) .. "\\fR"
  end
  return tag .. (option.label and " \\fI" .. plain(option.label) .. "\\fR" or "")
end

local function command_entry(command)
  raw ".PP"
  raw ".ne 4"
  local usage = {}
  for i, word in ipairs(help.usage_words(command)) do
    usage[i] = plain(word)
  end
  raw(bold(command.path:gsub("^dataforest ", "")) .. " " .. table.concat(usage, " "))
  raw ".RS"
  raw(plain(command.description or command.summary))
  if command.aliases and command.aliases[1] then
    raw(plain(("Also called %s."):format(table.concat(command.aliases, ", "))))
  end
  for _, argument in ipairs(command.arguments or {}) do
    tagged("\\fI" .. plain(argument.label) .. "\\fR", argument.doc)
  end
  for _, option in ipairs(command.options or {}) do
    tagged(option_tag(option), option.doc)
  end
  raw ".RE"
end

local function command_sections(root)
  section "COMMANDS"
  for _, command in ipairs(root.commands) do
    if command.commands then
      raw((".SS %s"):format(plain(command.path:gsub("^dataforest ", ""))))
      raw(plain(command.summary))
      for _, child in ipairs(command.commands) do
        command_entry(child)
      end
    end
  end
  raw ".SS others"
  for _, command in ipairs(root.commands) do
    if not command.commands then
      command_entry(command)
    end
  end
end

local function examples(root)
  section "EXAMPLES"
  local function add(command)
    for _, example in ipairs(command.examples or {}) do
      raw ".PP"
      raw(plain(example[1]))
      raw ".PP"
      raw ".RS 4"
      raw ".nf"
      raw(plain(example[2]))
      raw ".fi"
      raw ".RE"
    end
  end
  add(root)
  for _, command in ipairs(root.commands) do
    if not command.commands then
      add(command)
    end
  end
end

local OUTPUT = [[
For people, lists are printed as tables and other answers as labels with values. On a terminal, columns that
do not fit are left out, and named below the table; into a pipe or a file, all are written. Colours are for
terminals alone.]]

local OUTPUT_JSON = [[
For programs, --json prints the answer with the API's own field names, its keys in alphabetical order and
two spaces of indent. An empty list is []. Errors are one line on standard error, followed by a line that
says what to do about it; standard output is empty then.]]

local PASSWORDS = [[
A password is never taken as an argument, where every user of the machine could see it. It is asked for twice,
without echo, on the terminal itself (standard input and output stay free), or read with --password-stdin.]]

local ENVIRONMENT = {
  { "NCLOUD_ACCESS_KEY_ID, NCLOUD_ACCESS_KEY", "The access key; the first that is set wins." },
  { "NCLOUD_SECRET_ACCESS_KEY, NCLOUD_SECRET_KEY", "The secret key." },
  { "DATAFOREST_BASE_URL", "Address of the service." },
  { "DATAFOREST_CA_FILE", "Certificates to trust, PEM." },
  { "NO_COLOR", "Where it is set, and not empty, nothing is coloured. Neither is it where TERM is dumb." },
  { "COLUMNS", "Width of tables, where it is set; else that of the terminal." },
}

local function environment()
  section "ENVIRONMENT"
  for _, entry in ipairs(ENVIRONMENT) do
    tagged(bold(entry[1]), entry[2])
  end
end

local function exit_codes()
  section '"EXIT STATUS"'
  for _, code in ipairs(exit.codes) do
    tagged(bold(tostring(code.code)), code.when .. ".")
  end
end

local root = commands.tree()

raw '.\\" Made by tools/man.lua from the commands themselves: do not edit.'
raw(('.TH DATAFOREST 1 "" "dataforest %s" "User Commands"'):format(version))
raw ".nh"
raw ".ad l"
section "NAME"
raw("dataforest \\- " .. plain(root.summary:gsub("^T", "t"):gsub("%.$", "")))
section "SYNOPSIS"
raw(bold "dataforest" .. " \\fICOMMAND\\fR ... [\\fIOPTIONS\\fR]")
section "DESCRIPTION"
raw(plain(root.description))
paragraph "dataforest COMMAND --help shows what a command takes."
command_sections(root)
section '"COMMON OPTIONS"'
raw "Every command takes these."
for _, group in ipairs(commands.common) do
  for _, option in ipairs(group.options) do
    tagged(option_tag(option), option.doc)
  end
end
section "OUTPUT"
raw(plain(OUTPUT))
paragraph(OUTPUT_JSON)
section "PASSWORDS"
raw(plain(PASSWORDS))
environment()
section "FILES"
tagged(
  bold "~/.ncloud/configure",
  "Keys, where the environment has none: the lines ncloud_access_key_id = ... and "
    .. "ncloud_secret_access_key = ..., for --profile under a heading [NAME]. It should be its owner's "
    .. "alone (chmod 600)."
)
exit_codes()
examples(root)

print(table.concat(lines, "\n"))
