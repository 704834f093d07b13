--- The operations of the API as commands, derived from `dataforest.operations`; and what the library offers
-- beyond them. `dataforest.cli.commands` tells what a command is made of.
-- @module dataforest.cli.api

local operations = require "dataforest.operations"
local shell = require "dataforest.util.shell"
local text = require "dataforest.cli.output.text"
local values = require "dataforest.cli.values"

local api = {}

-- Short names of the operations that people type most.
local ALIASES = { getList = "list", getDetail = "show" }

-- Made-up values for examples, by parameter; some are an operation's own.
local EXAMPLES = {
  id = "axE7wU9ERm8fTc7e17vNvu",
  accountId = "cloud1",
  account = "cloud1",
  app = "kafka1",
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
  if params[1] and (params[1].name == "id" or #params == 1) and params[1].name ~= "accountId" then
    return params[1]
  end
end

local NOUNS = { accounts = "account", apps = "app" }

--- What one entry of a group is called.
-- @tparam string group such as `"accounts"`
-- @treturn string such as `"account"`
function api.noun(group)
  return (group:gsub("s$", ""))
end

--- What a parameter of an operation identifies, so that the command line takes a name for it, too.
-- @tparam table operation
-- @tparam table param
-- @treturn ?string `"account"` or `"app"`
function api.names(operation, param)
  if param.name == "accountId" then
    return "account"
  elseif param.name == "dependentIds" then
    return "app"
  end
  return param.name == "id" and NOUNS[operation.group] or nil
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
    return "ACCOUNT"
  elseif param.name == "dependentIds" then
    return "APP"
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

local ACCOUNT_DOC = "The account, by its name or its identifier (default: DATAFOREST_ACCOUNT, "
  .. "else the only one there is)."

local IDENTIFIED = {
  account = "The account, by its name or its identifier.",
  app = "The app, by its name or its identifier.",
}

local function doc_of(param, names)
  if param.name == "accountId" then
    return ACCOUNT_DOC
  elseif names and param.name == "id" then
    return IDENTIFIED[names]
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

local function argument_of(operation, param)
  local names = api.names(operation, param)
  local label = names or text.kebab(param.name)
  return {
    name = label,
    label = label:upper(),
    doc = doc_of(param, names),
    target = api.target(param),
    param = param,
    candidates = names,
  }
end

local function option_of(operation, param)
  return {
    names = { api.option_name(param), param.name == "accountId" and "--account-id" or nil },
    label = label_of(param),
    doc = doc_of(param),
    choices = param.values,
    many = type(param.type) == "table" and param.type.array ~= nil,
    required = param.required and param.default == nil and param.name ~= "accountId",
    target = api.target(param),
    param = param,
    candidates = api.names(operation, param),
  }
end

--- Where an app is looked for whose name is given.
local ACCOUNT = {
  names = { "--account" },
  label = "ACCOUNT",
  doc = "The account in which an app of that name is looked for, by its name or its identifier "
    .. "(default: DATAFOREST_ACCOUNT, else all).",
  target = "account",
  candidates = "account",
}

local PASSWORD_STDIN = {
  names = { "--password-stdin" },
  doc = "Read the password from standard input; on a terminal it is asked for there, without echo. "
    .. "Without this option it is asked for twice.",
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

local FROM = {
  names = { "--from", "--from-json" },
  label = "FILE",
  file = true,
  doc = "Read parameters from a JSON file, or from standard input with -. Options win over the file's "
    .. "values. A list of objects, or one object a line, makes one call after another.",
  target = "from",
}

local function output(doc)
  return {
    names = { "--output", "-o" },
    label = "FILE",
    file = true,
    doc = doc .. ": a file that only its owner can read (mode 0600), or - for standard output.",
    target = "output",
  }
end

--- Options that other commands share.
api.YES = {
  names = { "--yes", "-y" },
  doc = "Do not ask whether that is meant. (Only a person at a terminal is asked.)",
  target = "yes",
}

api.DRY_RUN = {
  names = { "--dry-run" },
  doc = "Check everything and show what would be sent, but change nothing.",
  target = "dry_run",
}

--- The longest wait, and the pause between two looks of --watch, where none is given; in seconds.
api.WAIT_TIMEOUT, api.WATCH_INTERVAL = 600, 5

local function wait_timeout(doc)
  return {
    names = { "--wait-timeout" },
    label = "SECONDS",
    doc = ("%s (default %d)."):format(doc, api.WAIT_TIMEOUT),
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

local DELETE = "Delete the %s?"

local QUESTIONS = {
  ["accounts/resetKerberosKeytab"] = "Reset the keytab of the %s? Those in use stop working.",
  ["apps/stop"] = "Stop the %s?",
  ["apps/killMaster"] = "Kill the master of the %s?",
  ["apps/killContainer"] = "Kill a container of the %s?",
}

--- What a person is asked before an operation: a text with a place for what it is about.
-- @tparam ?table operation
-- @treturn ?string nil where nothing is asked
function api.question(operation)
  return operation and (QUESTIONS[operation.id] or operation.deletes and DELETE) or nil
end

local function example_value(operation, param)
  local names = param.name == "id" and api.names(operation, param)
  return EXAMPLES[operation.id .. " " .. param.name] or EXAMPLES[names] or EXAMPLES[param.name]
end

--- The command line that calls an operation with certain values.
-- @tparam table operation an entry of `dataforest.operations`
-- @tparam table given texts by parameter; a list of texts for a list
-- @treturn string
function api.line(operation, given)
  local words = { "dataforest", operation.group, command_name(operation) }
  local positional = positional_of(operation)
  for _, param in ipairs(operation.params) do
    local value = given[param.name]
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      if param ~= positional then
        words[#words + 1] = api.option_name(param)
      end
      words[#words + 1] = shell.word(tostring(one))
    end
  end
  if operation.binary then
    words[#words + 1] = "--output " .. api.noun(operation.group) .. ".keytab"
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
    examples[3] = { "Several, from a file.", "dataforest apps create --from apps.json --defaults" }
  elseif operation.id == "accounts/resetKerberosKeytab" then
    examples[2] = {
      "The same, and save the new one.",
      api.line(operation, given) .. " --output account.keytab",
    }
  end
  return examples
end

local function add_parameters(command, operation)
  local positional = positional_of(operation)
  local secret, nested, scope
  for _, param in ipairs(operation.params) do
    if param == positional then
      command.arguments[1] = argument_of(operation, param)
      scope = command.arguments[1].candidates == "app"
    elseif param.secret then
      secret = true
    else
      nested = nested or type(param.type) == "table"
      command.options[#command.options + 1] = option_of(operation, param)
    end
  end
  command.options[#command.options + 1] = scope and ACCOUNT or nil
  return secret, nested
end

--- Whether a response can be shown again and again: lists and details.
local function is_watchable(operation)
  return operation.name == "getList" or operation.name == "getDetail"
end

--- The command of an operation.
-- @tparam table operation
-- @treturn table
local function operation_command(operation)
  local name = text.kebab(operation.name)
  local command = {
    name = name,
    alias = ALIASES[operation.name],
    hidden = operation.name ~= name and { operation.name } or {},
    summary = operation.summary,
    arguments = {},
    options = {},
    examples = examples_of(operation),
    page = operation.page,
    operation = operation,
    shares = { "output", "xml", "connection", is_watchable(operation) and "watch" or nil },
    run = "operation",
  }
  local options = command.options
  local function add(option)
    options[#options + 1] = option or nil
  end
  local secret, nested = add_parameters(command, operation)
  add(secret and PASSWORD_STDIN)
  add(secret and PASSWORD_RULE)
  add(nested and FROM)
  add(operation.binary and output "Where to write it")
  add(
    operation.id == "accounts/resetKerberosKeytab"
      and output "Fetch the new keytab at once, and where to write it"
  )
  add(api.question(operation) and api.YES)
  add(api.extras[operation.id])
  if api.waits[operation.id] then
    add { names = { "--wait" }, doc = api.waits[operation.id].doc, target = "wait" }
    add(wait_timeout "The longest that --wait waits")
  end
  add(operation.effect ~= "read" and api.DRY_RUN)
  return command
end

-- What the library offers beyond the operations ------------------------------------------

local SHARES = { "output", "connection" }

local function subject_argument(group)
  local noun = api.noun(group)
  return {
    name = noun,
    label = noun:upper(),
    doc = IDENTIFIED[noun],
    target = "id",
    candidates = noun,
  }
end

local function wait_command(group)
  local noun = api.noun(group)
  return {
    name = "wait",
    summary = ("Waits until the %s is in a state."):format(noun),
    arguments = {
      subject_argument(group),
      {
        name = "state",
        label = "STATE",
        doc = "The state, such as RUNNING.",
        target = "state",
        candidates = group .. " state",
      },
    },
    options = { wait_timeout "The longest that it waits", group == "apps" and ACCOUNT or nil },
    examples = {
      {
        ("Wait until the %s runs."):format(noun),
        ("dataforest %s wait %s RUNNING"):format(group, EXAMPLES[noun]),
      },
    },
    shares = SHARES,
    group = group,
    run = "wait",
  }
end

local IGNORE_MISSING = {
  names = { "--ignore-missing" },
  doc = "Count it as success where there is nothing of that name or identifier.",
  target = "ignore_missing",
}

local function remove_command(group)
  local noun = api.noun(group)
  local command = {
    name = "remove",
    summary = ("Deletes the %s with care, and is done when it is gone."):format(noun),
    arguments = { subject_argument(group) },
    options = { IGNORE_MISSING, api.YES, wait_timeout "The longest that it takes", api.DRY_RUN },
    examples = {
      { ("Remove the %s."):format(noun), ("dataforest %s remove %s"):format(group, EXAMPLES[noun]) },
    },
    shares = SHARES,
    group = group,
    run = "remove",
  }
  if group == "accounts" then
    table.insert(
      command.options,
      1,
      { names = { "--force" }, doc = "Remove the account's apps, too.", target = "force" }
    )
    command.description = command.summary .. " One that still has resources is refused, naming them."
  else
    table.insert(command.options, 1, ACCOUNT)
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
    options = { PASSWORD_STDIN, PASSWORD_RULE, api.DRY_RUN },
    examples = { { "The account, new or not.", "dataforest accounts ensure --name " .. EXAMPLES.name } },
    shares = SHARES,
    run = "ensure",
  }
  for _, param in ipairs(create.params) do
    if not param.secret then
      table.insert(command.options, 1, option_of(create, param))
    end
  end
  return command
end

local function conveniences(group)
  local list = { wait_command(group), remove_command(group) }
  if group == "accounts" then
    table.insert(list, 1, ensure_command())
  end
  return list
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
