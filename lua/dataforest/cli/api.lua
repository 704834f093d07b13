--- The operations of the API as commands, derived from `dataforest.operations`; and what the library offers
-- beyond them. `dataforest.cli.commands` tells what a command is made of.
-- @module dataforest.cli.api

local operations = require "dataforest.operations"
local system_of = require "dataforest.cli.terminal.system"
local text = require "dataforest.cli.output.text"
local values = require "dataforest.cli.values"

local api = {}

-- Short names of the operations that people type most.
local ALIASES = { getList = "list", getDetail = "show" }

-- Made-up values for examples, by parameter; some are an operation's own.
local EXAMPLES = {
  id = "axE7wU9ERm8fTc7e17vNvu",
  accountId = "cloud1",
  name = "cloud1",
  namespace = "koya",
  fileCountMillion = "2",
  spaceTb = "300",
  appTypeId = "KAFKA-2.4.0",
  lifetime = "86400",
  componentName = "broker",
  containerCount = "3",
  containerName = "broker-0",
  components = "broker:memoryMb=2048,cpuCount=4,containerCount=1",
  ["apps/checkAvailableName name"] = "kafka1",
  ["apps/create name"] = "kafka1",
}

-- Operations of the API -----------------------------------------------------------------

--- Where the value of a parameter is found among the parsed arguments.
function api.target(param)
  return "parameter " .. param.name
end

local function is_object_list(param)
  return type(param.type) == "table" and type(param.type.array) == "table" and param.type.array.fields ~= nil
end

--- The one parameter that stands without an option's name: the id, or an operation's only one.
local function positional_of(operation)
  local params = operation.params
  if params[1] and (params[1].name == "id" or #params == 1) and not params[1].within then
    return params[1]
  end
end

--- The option's name for a parameter: `fileCountMillion` is `--file-count-million`, a list is its
-- element's name repeated, and an account is given by name or id.
-- @tparam table param
-- @treturn string
function api.option_name(param)
  if param.name == "accountId" then
    return "--account"
  end
  local name = text.kebab(param.name)
  if type(param.type) == "table" and param.type.array then
    name = name:gsub("s$", "")
  end
  return "--" .. name
end

local function label_of(param)
  if param.name == "accountId" then
    return "NAME|ID"
  elseif is_object_list(param) then
    return "NAME:PART=N,..."
  elseif param.type == "integer" then
    return "N"
  end
  return api.option_name(param):match "[^-]+$":upper()
end

--- The name of an operation's command without its group: `list` for `getList`.
local function command_name(operation)
  return ALIASES[operation.name] or text.kebab(operation.name)
end

--- A text of the API's data, with its operations called as the command line calls them.
local function spoken(doc)
  return (
    doc:gsub("%l+/%l%w+", function(id)
      local operation = operations.by_name[id]
      return operation and ("%s %s"):format(operation.group, command_name(operation))
    end)
  )
end

local function doc_of(param)
  if param.name == "accountId" then
    return "The account, by its name or its identifier."
  end
  local notes = { values.limits(param) }
  if is_object_list(param) then
    notes[#notes + 1] = "one is " .. values.object_form(param.type.array)
  end
  if type(param.type) == "table" and param.type.array then
    notes[#notes + 1] = "repeat it for more"
  end
  local doc = spoken(param.doc)
  return notes[1] and ("%s (%s)."):format(doc:gsub("%.$", ""), table.concat(notes, "; ")) or doc
end

local function argument_of(param)
  return {
    name = text.kebab(param.name),
    label = text.kebab(param.name):upper(),
    doc = doc_of(param),
    target = api.target(param),
    param = param,
  }
end

local function option_of(param)
  return {
    names = { api.option_name(param), param.name == "accountId" and "--account-id" or nil },
    label = label_of(param),
    doc = doc_of(param),
    choices = param.values,
    many = type(param.type) == "table" and param.type.array ~= nil,
    required = param.required and param.default == nil,
    target = api.target(param),
    param = param,
  }
end

local PASSWORD_STDIN = {
  names = { "--password-stdin" },
  doc = "Read the password from standard input. Without this it is asked for twice, on the terminal.",
  target = "password_stdin",
}

local PASSWORD_RULE = {
  names = { "--password-rule" },
  label = "RULE",
  choices = { "strict", "current" },
  doc = "What a password must have: strict (the default) is an upper-case and a lower-case letter, a digit "
    .. "and a special character; current, as the pages say today, a letter, a digit and a special character.",
  target = "password_rule",
}

local FROM_JSON = {
  names = { "--from-json" },
  label = "FILE",
  file = true,
  doc = "Read parameters from a JSON file, or from standard input with -. Options go before the file's.",
  target = "from_json",
}

local OUTPUT = {
  names = { "--output", "-o" },
  label = "FILE",
  file = true,
  doc = "Where to write it: a file that only its owner can read (mode 0600), or - for standard output.",
  target = "output",
}

local YES = {
  names = { "--yes", "-y" },
  doc = "Do not ask whether that is meant. (Only a person at a terminal is asked.)",
  target = "yes",
}

local function wait_timeout(doc)
  return {
    names = { "--wait-timeout" },
    label = "SECONDS",
    doc = doc .. " (default 600).",
    target = "wait_timeout",
    convert = values.seconds,
  }
end

--- Operations for which the library can find out what is left out, by their id: the flag that asks for it.
api.extras = {
  ["apps/create"] = {
    names = { "--defaults" },
    doc = "Take what is left out, components included, from apps get-app-basic-setting.",
    target = "defaults",
  },
  ["accounts/setQuota"] = {
    names = { "--merge" },
    doc = "Leave what is not given as it is.",
    target = "merge",
  },
}

--- What `--wait` waits for after an operation, by its id: a state, or that the thing is gone.
api.waits = {
  ["accounts/create"] = { state = "RUNNING", doc = "Wait until the account is RUNNING." },
  ["accounts/setQuota"] = { state = "RUNNING", doc = "Wait until the account is RUNNING again." },
  ["accounts/resetPassword"] = { state = "RUNNING", doc = "Wait until the account is RUNNING again." },
  ["apps/create"] = { state = "RUNNING", doc = "Wait until the app is RUNNING." },
  ["apps/start"] = { state = "RUNNING", doc = "Wait until the app is RUNNING." },
  ["apps/stop"] = { state = "STOPPED", doc = "Wait until the app is STOPPED." },
}

local function example_value(operation, param)
  return EXAMPLES[operation.id .. " " .. param.name] or EXAMPLES[param.name]
end

--- The command line that calls an operation with certain values.
-- @tparam table operation an entry of `dataforest.operations`
-- @tparam table given texts by parameter; a list of texts for a list
-- @treturn string
function api.line(operation, given)
  local words = { "dataforest", operation.group, command_name(operation) }
  local positional = positional_of(operation)
  local function add(word)
    words[#words + 1] = word:find "^[%w%-%._:=,/]+$" and word or system_of.quoted(word)
  end
  for _, param in ipairs(operation.params) do
    local value = given[param.name]
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      if param ~= positional then
        words[#words + 1] = api.option_name(param)
      end
      add(tostring(one))
    end
  end
  if operation.binary then
    words[#words + 1] = "--output " .. operation.group:gsub("s$", "") .. ".keytab"
  end
  return table.concat(words, " ")
end

local function examples_of(operation)
  local given = {}
  for _, param in ipairs(operation.params) do
    if not param.secret and (param.required and param.default == nil) then
      given[param.name] = example_value(operation, param)
    end
  end
  local examples = { { operation.summary, api.line(operation, given) } }
  if operation.id == "apps/create" then
    given.components = nil
    examples[2] = {
      "The same with the usual components, and wait for it.",
      api.line(operation, given) .. " --defaults --wait",
    }
  end
  return examples
end

local function run_operation(operation)
  return function(context, args)
    return require("dataforest.cli.commands.operation").run(context, operation, args)
  end
end

local function add_parameters(command, operation)
  local positional = positional_of(operation)
  local secret, nested
  for _, param in ipairs(operation.params) do
    if param == positional then
      command.arguments[1] = argument_of(param)
    elseif param.secret then
      secret = true
    else
      nested = nested or type(param.type) == "table"
      command.options[#command.options + 1] = option_of(param)
    end
  end
  return secret, nested
end

--- The command of an operation.
-- @tparam table operation
-- @treturn table
local function operation_command(operation)
  local name = text.kebab(operation.name)
  local command = {
    name = name,
    aliases = { ALIASES[operation.name] },
    hidden = operation.name ~= name and { operation.name } or {},
    summary = operation.summary,
    arguments = {},
    options = {},
    examples = examples_of(operation),
    page = operation.page,
    operation = operation,
    run = run_operation(operation),
  }
  local options = command.options
  local secret, nested = add_parameters(command, operation)
  if secret then
    options[#options + 1] = PASSWORD_STDIN
    options[#options + 1] = PASSWORD_RULE
  end
  if nested then
    options[#options + 1] = FROM_JSON
  end
  if operation.binary then
    options[#options + 1] = OUTPUT
  end
  if operation.deletes then
    options[#options + 1] = YES
  end
  options[#options + 1] = api.extras[operation.id]
  if api.waits[operation.id] then
    options[#options + 1] = { names = { "--wait" }, doc = api.waits[operation.id].doc, target = "wait" }
    options[#options + 1] = wait_timeout "The longest that --wait waits"
  end
  return command
end

-- What the library offers beyond the operations ------------------------------------------

local function run_convenience(name, group)
  return function(context)
    return require("dataforest.cli.commands.convenience")[name](context, group)
  end
end

local function id_argument(group)
  return { name = "id", label = "ID", doc = ("Identifier, from %s list."):format(group), target = "id" }
end

local function wait_command(group, noun)
  return {
    name = "wait",
    summary = ("Waits until the %s is in a state."):format(noun),
    arguments = {
      id_argument(group),
      { name = "state", label = "STATE", doc = "The state, such as RUNNING.", target = "state" },
    },
    options = { wait_timeout "The longest that it waits" },
    examples = {
      {
        ("Wait until the %s runs."):format(noun),
        ("dataforest %s wait %s RUNNING"):format(group, EXAMPLES.id),
      },
    },
    run = run_convenience("wait", group),
  }
end

local function remove_command(group, noun, force)
  local command = {
    name = "remove",
    summary = ("Deletes the %s with care, and is done when it is gone."):format(noun),
    arguments = { id_argument(group) },
    options = { YES, wait_timeout "The longest that it takes" },
    examples = {
      { ("Remove the %s."):format(noun), ("dataforest %s remove %s"):format(group, EXAMPLES.id) },
    },
    run = run_convenience("remove", group),
  }
  if force then
    table.insert(command.options, 1, { names = { "--force" }, doc = force, target = "force" })
    command.description = command.summary .. " One that still has resources is refused, naming them."
  else
    command.description = command.summary .. " One that runs is stopped first."
  end
  return command
end

local function ensure_command()
  local create = operations.by_name["accounts/create"]
  local command = {
    name = "ensure",
    summary = "Makes sure that there is an account of that name.",
    description = "Makes sure that there is an account of that name: creates it if it is not there, for "
      .. "which the password is asked, and prints it. It can be run again whatever happened.",
    arguments = {},
    options = { PASSWORD_STDIN, PASSWORD_RULE },
    examples = { { "The account, new or not.", "dataforest accounts ensure --name " .. EXAMPLES.name } },
    run = run_convenience "ensure",
  }
  for _, param in ipairs(create.params) do
    if not param.secret then
      table.insert(command.options, 1, option_of(param))
    end
  end
  return command
end

local function conveniences(group)
  if group == "accounts" then
    return {
      ensure_command(),
      wait_command(group, "account"),
      remove_command(group, "account", "Remove the account's apps, too."),
    }
  end
  return { wait_command(group, "app"), remove_command(group, "app") }
end

local GROUP_SUMMARIES = {
  accounts = "Accounts: create, list, quota, password, keytab.",
  apps = "Apps of an account: create, list, scale, start, stop.",
}

local function group_command(group)
  local command = {
    name = group,
    summary = GROUP_SUMMARIES[group] or ("Operations of %s."):format(group),
    commands = {},
  }
  for i, operation in ipairs(operations.groups[group]) do
    command.commands[i] = operation_command(operation)
  end
  for _, extra in ipairs(conveniences(group)) do
    command.commands[#command.commands + 1] = extra
  end
  return command
end

--- The groups of operations as commands, without those that only older pages know: `call` reaches those.
-- @treturn {table,...}
function api.groups()
  local list = {}
  for _, group in ipairs(operations.groups) do
    if operations.groups[group][1].status == "current" then
      list[#list + 1] = group_command(group)
    end
  end
  return list
end

return api
