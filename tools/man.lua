-- The man pages of `dataforest` and of each of its commands, made from the tree of the command line:
--   lua tools/man.lua FOLDER     writes them into a folder (make man: docs/man)
-- Loaded without a folder, it returns them: a table from a page's file name to its text.

local commands = require "dataforest.cli.commands"
local exit = require "dataforest.cli.exit"
local help = require "dataforest.cli.help"
local version = require "dataforest.version"

local lines

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

local function title(name, summary)
  lines = {}
  raw '.\\" Made by tools/man.lua from the commands themselves: do not edit.'
  raw(('.TH %s 1 "" "dataforest %s" "User Commands"'):format(plain(name:upper()), version))
  raw ".nh"
  raw ".ad l"
  section "NAME"
  raw(plain(name) .. " \\- " .. plain(summary:gsub("^%u", string.lower):gsub("%.$", "")))
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

local function options_section(heading, options)
  if options and options[1] then
    section(heading)
    for _, option in ipairs(options) do
      tagged(option_tag(option), option.doc)
    end
  end
end

--- The name of a command's page: `dataforest-accounts-create`.
local function page_name(command)
  return (command.path:gsub(" ", "-"))
end

local function commands_section(command)
  section "COMMANDS"
  for _, child in ipairs(command.commands) do
    tagged(bold(page_name(child)) .. "(1)", child.summary)
  end
end

local function examples(command)
  if not (command.examples and command.examples[1]) then
    return
  end
  section "EXAMPLES"
  for _, example in ipairs(command.examples) do
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

local OUTPUT = [[
For people, lists are printed as tables and other responses as labels with values. On a terminal, columns that
do not fit are left out, and named below the table; into a pipe or a file, all are written. Colours are for
terminals alone.]]

local OUTPUT_JSON = [[
For programs, --format json, yaml or csv prints the response with the API's own field names. JSON has its
keys in alphabetical order; an empty list is []. Errors are one line on standard error, followed by a line
that says what to do about it, or with --json one JSON object; standard output is empty then.]]

local NAMES = [[
Wherever an ACCOUNT or an APP is wanted, its name or its identifier will do; an exact identifier wins. Where
there is one account only, --account may be left out.]]

local PASSWORDS = [[
A password is never taken as an argument, where every user of the machine could see it. It is asked for twice,
without echo, on the terminal itself (standard input and output stay free), or read with --password-stdin.]]

local ENVIRONMENT = {
  { "NCLOUD_ACCESS_KEY_ID, NCLOUD_ACCESS_KEY", "The access key; the first that is set wins." },
  { "NCLOUD_SECRET_ACCESS_KEY, NCLOUD_SECRET_KEY", "The secret key." },
  { "DATAFOREST_PROFILE", "The heading in ~/.ncloud/configure under which the keys are." },
  { "DATAFOREST_ACCOUNT", "The account where --account is left out, by name or identifier." },
  { "DATAFOREST_BASE_URL", "Address of the service." },
  { "DATAFOREST_CA_FILE", "Certificates to trust, PEM." },
  { "DATAFOREST_CONNECT_TO", "Where to connect in place of the address's host: HOST:PORT." },
  { "DATAFOREST_PROXY", "Address of a proxy, with user and password where it wants them." },
  {
    "DATAFOREST_LUA",
    "The Lua to run on, by default the first that the library is built for. LUA_INIT is not run, and no "
      .. "relative entry of LUA_PATH and LUA_CPATH is followed.",
  },
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

local FILES = "Keys, where the environment has none: the lines ncloud_access_key_id = ... and "
  .. "ncloud_secret_access_key = ..., for --profile under a heading [NAME]. dataforest configure writes "
  .. "them. It should be its owner's alone (chmod 600)."

local function main_page(root)
  title("dataforest", root.summary)
  section "SYNOPSIS"
  raw(bold "dataforest" .. " \\fICOMMAND\\fR ... [\\fIOPTIONS\\fR]")
  section "DESCRIPTION"
  raw(plain(root.description))
  paragraph "dataforest help COMMAND shows what a command takes; each has a page of its own, too."
  paragraph(NAMES)
  commands_section(root)
  for _, group in ipairs(commands.common) do
    options_section(('"%s OPTIONS"'):format(group.title:upper()), group.options)
  end
  section "OUTPUT"
  raw(plain(OUTPUT))
  paragraph(OUTPUT_JSON)
  section "PASSWORDS"
  raw(plain(PASSWORDS))
  environment()
  section "FILES"
  tagged(bold "~/.ncloud/configure", FILES)
  exit_codes()
  examples(root)
end

local function command_page(command)
  title(page_name(command), command.summary)
  section "SYNOPSIS"
  local usage = {}
  for i, word in ipairs(help.usage_words(command)) do
    usage[i] = plain(word)
  end
  raw(bold(command.path) .. " " .. table.concat(usage, " "))
  section "DESCRIPTION"
  raw(plain(command.description or command.summary))
  if command.alias then
    paragraph(("Also called %s."):format(command.alias))
  end
  if command.commands then
    commands_section(command)
  end
  if command.arguments and command.arguments[1] then
    section "ARGUMENTS"
    for _, argument in ipairs(command.arguments) do
      tagged("\\fI" .. plain(argument.label) .. "\\fR", argument.doc)
    end
  end
  options_section("OPTIONS", command.options)
  for _, group in ipairs(command.commands and {} or commands.shared(command)) do
    options_section(('"%s OPTIONS"'):format(group.title:upper()), group.options)
  end
  examples(command)
  section '"SEE ALSO"'
  raw(bold "dataforest" .. "(1)" .. (command.page and ", " .. plain(command.page) or ""))
end

local pages = {}

local function add_pages(command)
  if command.path:find " " then
    command_page(command)
  else
    main_page(command)
  end
  pages[page_name(command) .. ".1"] = table.concat(lines, "\n") .. "\n"
  for _, child in ipairs(command.commands or {}) do
    add_pages(child)
  end
end

add_pages(commands.tree())

local folder = ...
if folder then
  for name, content in pairs(pages) do
    local file = assert(io.open(folder .. "/" .. name, "wb"))
    assert(file:write(content))
    assert(file:close())
  end
end
return pages
