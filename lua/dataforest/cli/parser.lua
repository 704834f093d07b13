--- Reads a command line by the tree of `dataforest.cli.commands`.
--
-- Options may stand anywhere: `dataforest --json accounts list` is `dataforest accounts list --json`. An
-- option of one name takes a value in every command or in none, so that words can be told apart before the
-- command is known.
--
-- @module dataforest.cli.parser

local commands = require "dataforest.cli.commands"
local nearest = require "dataforest.util.nearest"
local secrets = require "dataforest.secrets"
local text = require "dataforest.cli.output.text"

local parser = {}

-- Every user of a machine can see the arguments of every process, and shells keep them in their history.
local NO_PASSWORD = "a password is not taken as an argument, where others can see it: "
  .. "leave it out to be asked for it, or give --password-stdin"
local NO_KEY = "keys and other secrets are not taken as arguments, where others can see them: "
  .. "set NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_ACCESS_KEY, or run dataforest configure"

-- Names ---------------------------------------------------------------------------------------

local function child_of(command, word)
  for _, child in ipairs(command.commands or {}) do
    for _, names in ipairs { child.names, child.hidden } do
      for _, name in ipairs(names) do
        if name == word then
          return child
        end
      end
    end
  end
end

--- The options that a command takes: its own, then those that it shares with others.
-- @tparam table command
-- @treturn {table,...}
function parser.options_of(command)
  local options = {}
  for _, option in ipairs(command.options or {}) do
    options[#options + 1] = option
  end
  for _, group in ipairs(commands.shared(command)) do
    for _, option in ipairs(group.options) do
      options[#options + 1] = option
    end
  end
  return options
end

--- The option of a command that goes by a name.
-- @tparam table command
-- @tparam string name such as `"--format"`
-- @treturn ?table
function parser.find_option(command, name)
  for _, option in ipairs(parser.options_of(command)) do
    for _, known in ipairs(option.names) do
      if known == name then
        return option
      end
    end
  end
end

--- Each option's name in the whole tree: true where it takes a value, false for a flag.
local function arities(root)
  local found = {}
  local function visit(command)
    for _, option in ipairs(parser.options_of(command)) do
      for _, name in ipairs(option.names) do
        found[name] = option.label ~= nil
      end
    end
    for _, child in ipairs(command.commands or {}) do
      visit(child)
    end
  end
  visit(root)
  return found
end

-- Words ---------------------------------------------------------------------------------------

--- Whether a word names an option of some command.
local function is_option(word, takes)
  if word:find "^%-%-." then
    return takes[word:match "^[^=]*"] ~= nil
  end
  return word:find "^%-[^-]" ~= nil and takes[word:sub(1, 2)] ~= nil
end

--- Takes a word with a dash apart: pairs of an option's name and its value, nil for one that is to come.
local function split(word, takes)
  local name, value = word:match "^(%-%-[^=]*)=?(.*)$"
  if name then
    return { { name = name, value = name ~= word and value or nil } }
  end
  local pairs_found, at = {}, 2
  repeat
    name = "-" .. word:sub(at, at)
    value = takes[name] and word:sub(at + 1) or ""
    pairs_found[#pairs_found + 1] = { name = name, value = value ~= "" and value or nil }
    at = at + 1
  until at > #word or takes[name] ~= false
  return pairs_found
end

--- Tells the words of a command line apart.
-- @tparam table root of `commands.tree()`
-- @tparam {string,...} argv
-- @treturn table `command` (the deepest one that the words lead to), `given` (pairs of option `name` and
--   `value`), `words` (what is no option and names no command), `unknown` (the word that should have named
--   a command), `open` (the option at the end that lacks its value), `rest` (what follows `--`)
function parser.scan(root, argv)
  local takes = arities(root)
  local found = { command = root, given = {}, words = {} }
  local function positional(word)
    if found.command.commands and not found.unknown then
      local child = child_of(found.command, word)
      found.command = child or found.command
      found.unknown = not child and word or nil
    else
      found.words[#found.words + 1] = word
    end
  end
  local i = 1
  while i <= #argv do
    local word = argv[i]
    if word == "--" then
      found.rest = i
      for at = i + 1, #argv do
        positional(argv[at])
      end
      break
    elseif word:find "^%-." then
      for _, pair in ipairs(split(word, takes)) do
        if takes[pair.name] and not pair.value then
          local following = argv[i + 1]
          -- A value may begin with a dash: --lifetime -1.
          if following and following ~= "--" and not is_option(following, takes) then
            pair.value, i = following, i + 1
          elseif i == #argv then
            found.open = pair.name
          end
        end
        found.given[#found.given + 1] = pair
      end
    else
      positional(word)
    end
    i = i + 1
  end
  return found
end

-- Checks --------------------------------------------------------------------------------------

-- What is wanted whatever else is wrong.
local EARLY = { ["--help"] = "help", ["-h"] = "help", ["--version"] = "version" }

local Usage = {}

local function refuse(command, message, ...)
  message = select("#", ...) > 0 and message:format(...) or message
  error(setmetatable({ what = "usage", message = text.safe(message), command = command }, Usage), 0)
end

local function refuse_secrets(command, argv, takes)
  for _, word in ipairs(argv) do
    local name = word:match "^(%-[^=]*)"
    if word == "--" then
      return
    elseif name and takes[name] == nil and secrets.is_secret_name((name:gsub("^%-+", ""))) then
      refuse(command, name:lower():find "pass" and NO_PASSWORD or NO_KEY)
    end
  end
end

local function meant(word, names)
  local near = nearest(word, names)
  return near and (". Did you mean '%s'?"):format(near) or ""
end

local function check_command(found)
  local command = found.command
  if found.unknown then
    local names = {}
    for _, child in ipairs(command.commands) do
      names[#names + 1] = child.name
      names[#names + 1] = child.alias
    end
    -- What cannot be a name of a command is not repeated: it may be a secret.
    local word = found.unknown:find "^[%w-]+$" and " '" .. found.unknown .. "'" or ""
    refuse(command, "unknown command%s%s", word, meant(found.unknown, names))
  elseif command.commands then
    refuse(command, "a command is required")
  end
end

local function checked(command, what, name, given)
  if what.choices then
    local fits = false
    for _, choice in ipairs(what.choices) do
      fits = fits or choice == given
    end
    if not fits then
      refuse(command, "%s must be one of '%s'", name, table.concat(what.choices, "', '"))
    end
  end
  if what.convert then
    local value, fault = what.convert(given)
    if value == nil then
      refuse(command, "%s: %s", name, fault)
    end
    return value
  end
  return given
end

local function unknown_option(found, name, takes)
  local command = found.command
  if takes[name] ~= nil then
    refuse(command, "'%s' takes no option '%s'", command.path, name)
  end
  local names = {}
  for _, option in ipairs(parser.options_of(command)) do
    names[#names + 1] = option.names[1]
  end
  refuse(command, "unknown option '%s'%s", name, meant(name, names))
end

local function read_options(args, found, takes)
  local command, seen = found.command, {}
  for _, pair in ipairs(found.given) do
    local option = parser.find_option(command, pair.name)
    local target = option and (option.target or option.names[1])
    if not option then
      unknown_option(found, pair.name, takes)
    elseif option.label and not pair.value then
      refuse(command, "option '%s' requires an argument", pair.name)
    elseif not option.label and pair.value then
      refuse(command, "option '%s' takes no argument", pair.name)
    elseif option.many then
      args[target] = args[target] or {}
      table.insert(args[target], checked(command, option, pair.name, pair.value))
    elseif seen[option] then
      refuse(command, "option '%s' is given twice", pair.name)
    else
      args[target] = not option.label and true or checked(command, option, pair.name, pair.value)
    end
    seen[option] = true
  end
end

local function read_arguments(args, found)
  local command, taken = found.command, 0
  for i, argument in ipairs(command.arguments or {}) do
    local word = found.words[i]
    if argument.many then
      args[argument.target] = { (unpack or table.unpack)(found.words, i) }
      return
    elseif word then
      args[argument.target] = checked(command, argument, argument.label, word)
    elseif not argument.optional then
      refuse(command, "missing argument '%s'", argument.label)
    end
    taken = i
  end
  if found.words[taken + 1] then
    refuse(command, "too many arguments")
  end
end

--- Reads a command line.
-- @tparam table root of `commands.tree()`
-- @tparam {string,...} argv
-- @treturn[1] table arguments by target; `command` is the command of the tree that was chosen
-- @treturn[2] nil
-- @treturn[2] table what comes instead: `what` is `"help"`, `"version"` or `"usage"`; `command`, and the
--   `message` of a usage error, say where and why
function parser.parse(root, argv)
  local takes = arities(root)
  local found = parser.scan(root, argv)
  local early = {}
  for _, pair in ipairs(found.given) do
    early[EARLY[pair.name] or ""] = true
  end
  if early.help or early.version then
    return nil, { what = early.help and "help" or "version", command = found.command }
  end
  local ok, result = pcall(function()
    local args = { command = found.command }
    refuse_secrets(found.command, argv, takes)
    check_command(found)
    read_options(args, found, takes)
    read_arguments(args, found)
    return args
  end)
  if ok then
    return result
  elseif getmetatable(result) == Usage then
    return nil, result
  end
  error(result, 0)
end

return parser
