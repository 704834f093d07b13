--- Reads a command line: the tree of `dataforest.cli.commands`, through argparse.
-- @module dataforest.cli.parser

local commands = require "dataforest.cli.commands"
local text = require "dataforest.cli.output.text"

local parser = {}

-- What a usage error is raised as; `message` and, as far as it was read, `command`.
local Usage = {}

local function usage(message, command)
  return setmetatable({ message = message, command = command }, Usage)
end

--- Whether a raised value is a usage error.
function parser.is_usage(value)
  return getmetatable(value) == Usage
end

-- Secrets on the command line ---------------------------------------------------------------

-- Every user of a machine can see the arguments of every process, and shells write them down.
local SECRETS = {
  {
    pattern = "^%-%-?pass",
    allowed = { ["--password-stdin"] = true, ["--password-rule"] = true },
    message = "a password is not taken as an argument, where others can see it: "
      .. "leave it out to be asked for it, or give --password-stdin",
  },
  {
    pattern = "^%-%-?secret",
    allowed = {},
    message = "a secret key is not taken as an argument, where others can see it: "
      .. "set NCLOUD_SECRET_ACCESS_KEY, or write ~/.ncloud/configure",
  },
  {
    pattern = "^%-%-?access[-_]?key",
    allowed = {},
    message = "keys are not taken as arguments: "
      .. "set NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_ACCESS_KEY, or write ~/.ncloud/configure",
  },
}

local function answers_to(command, word)
  for _, names in ipairs { { command.name }, command.aliases or {}, command.hidden or {} } do
    for _, name in ipairs(names) do
      if name == word then
        return true
      end
    end
  end
  return false
end

--- The command that the words of a command line lead to, as far as they do.
-- @tparam table root of `commands.tree()`
-- @tparam {string,...} argv
-- @treturn table
function parser.find(root, argv)
  local found = root
  for _, word in ipairs(argv) do
    for _, child in ipairs(found.commands or {}) do
      if answers_to(child, word) then
        found = child
        break
      end
    end
  end
  return found
end

local function refuse_secrets(root, argv)
  for _, word in ipairs(argv) do
    if word == "--" then
      return
    end
    for _, secret in ipairs(SECRETS) do
      local name = word:match "^[^=]*"
      if name:lower():find(secret.pattern) and not secret.allowed[name] then
        error(usage(secret.message, parser.find(root, argv)), 0)
      end
    end
  end
end

-- From the tree to argparse -----------------------------------------------------------------

local function each_option(command, visit)
  for _, option in ipairs(command.options or {}) do
    visit(option)
  end
  for _, child in ipairs(command.commands or {}) do
    each_option(child, visit)
  end
end

--- Names of all options; true for those that take a value.
local function option_names(root)
  local names = {}
  local function visit(option)
    for _, name in ipairs(option.names) do
      names[name] = option.label ~= nil
    end
  end
  each_option(root, visit)
  for _, group in ipairs(commands.common) do
    each_option(group, visit)
  end
  return names
end

--- argparse takes every word with a dash for an option. Behind an option that takes a value, one
-- that names no option is that value: `--lifetime -1`.
local function join_values(argv, names)
  local joined, i = {}, 1
  while i <= #argv do
    local word, next_word = argv[i], argv[i + 1]
    if word == "--" then
      for rest = i, #argv do
        joined[#joined + 1] = argv[rest]
      end
      break
    end
    local takes = word:find "^%-%-" and names[word]
    if takes and next_word and next_word:find "^%-." and names[next_word:match "^[^=]*"] == nil then
      joined[#joined + 1] = word .. "=" .. next_word
      i = i + 1
    else
      joined[#joined + 1] = word
    end
    i = i + 1
  end
  return joined
end

local function converter(option)
  return option.convert
    and function(given)
      local value, fault = option.convert(given)
      if value == nil then
        return nil, ("%s: %s"):format(option.names[1], fault)
      end
      return value
    end
end

local function add_option(command, option)
  local built =
    command:option():name(table.concat(option.names, " ")):target(option.target or option.names[1])
  built:args(option.label and 1 or 0)
  if option.many then
    built:count "*"
  end
  if option.choices then
    built:choices(option.choices)
  end
  if option.convert then
    built:convert(converter(option))
  end
  return built
end

local function add_argument(command, argument)
  local built = command:argument(argument.label):target(argument.target)
  if argument.optional then
    built:args "?"
  end
  if argument.choices then
    built:choices(argument.choices)
  end
end

-- Raised to leave argparse early: help and version are wanted whatever else is missing.
local Leave = {}

local function add_early_flags(built, node)
  local function leave(what)
    return function()
      error(setmetatable({ what = what, command = node }, Leave), 0)
    end
  end
  built:flag():name("--help -h"):target("help"):action(leave "help")
  built:flag():name("--version"):target("version"):action(leave "version")
end

local function fill(built, node, nodes)
  nodes[built] = node
  add_early_flags(built, node)
  for _, argument in ipairs(node.arguments or {}) do
    add_argument(built, argument)
  end
  for _, option in ipairs(node.options or {}) do
    add_option(built, option)
  end
  for _, child in ipairs(node.commands or {}) do
    local names = { child.name }
    for _, alias in ipairs(child.aliases or {}) do
      names[#names + 1] = alias
    end
    local command = built:command(table.concat(names, " ")):add_help(false):target("command " .. child.name)
    if child.hidden and child.hidden[1] then
      command:hidden_name(table.concat(child.hidden, " "))
    end
    command:action(function(args)
      args.command = args.command or child
    end)
    fill(command, child, nodes)
  end
end

local function build(root)
  local argparse = require "argparse"
  local nodes = {}
  local built = argparse():name(root.name):add_help(false)
  fill(built, root, nodes)
  for _, group in ipairs(commands.common) do
    for _, option in ipairs(group.options) do
      if option.target ~= "help" and option.target ~= "version" then
        add_option(built, option)
      end
    end
  end
  built.error = function(at, message)
    error(usage(text.safe((message:gsub("\n", ". ", 1))), nodes[at]), 0)
  end
  return built
end

--- Reads a command line.
-- @tparam table root of `commands.tree()`
-- @tparam {string,...} argv
-- @treturn[1] table arguments by target; `command` is the command of the tree that was chosen
-- @treturn[2] nil
-- @treturn[2] table what came instead: `what` is `"help"`, `"version"` or `"usage"`, and `command`
--   and `message` (of a usage error) say where and why
function parser.parse(root, argv)
  local ok, result = pcall(function()
    refuse_secrets(root, argv)
    return build(root):parse(join_values(argv, option_names(root)))
  end)
  if ok then
    return result
  elseif getmetatable(result) == Leave then
    return nil, result
  elseif getmetatable(result) == Usage then
    return nil, { what = "usage", message = result.message, command = result.command or root }
  end
  error(result, 0)
end

return parser
