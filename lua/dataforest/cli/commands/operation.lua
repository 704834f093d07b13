--- Runs an operation of the API for the command line: parameters, password, question, call, output.
-- @module dataforest.cli.commands.operation

local api = require "dataforest.cli.api"
local core = require "dataforest.core"
local exit = require "dataforest.cli.exit"
local output = require "dataforest.cli.output.file"
local parameters = require "dataforest.cli.parameters"
local password = require "dataforest.cli.terminal.password"
local prompt = require "dataforest.cli.terminal.prompt"
local session = require "dataforest.cli.session"
local text = require "dataforest.cli.output.text"
local wait = require "dataforest.cli.commands.wait"

local operation_run = {}

--- Asks a person, and nobody else, before something is deleted.
-- @tparam table context
-- @tparam string group of what is deleted, `accounts` or `apps`
-- @tparam string id
function operation_run.confirm(context, group, id)
  if context.args.yes then
    return
  end
  local system = context.system
  if not (system:is_terminal "stdin" and system:is_terminal "stderr") then
    return
  end
  local question = ("Delete the %s %s?"):format(group:gsub("s$", ""), text.safe(id))
  if not prompt.confirm(system, question) then
    context:fail(exit.USAGE, "nothing was deleted", "--yes leaves the question out")
  end
end

local function check_output(context, operation)
  if not operation.binary then
    return
  elseif context.args.json or context.args.xml then
    context:usage("a keytab has no form in JSON or XML", "--output FILE saves it")
  elseif not context.args.output and context.system:is_terminal "stdout" then
    context:usage("binary data is not printed on a terminal", "--output FILE saves it, --output - insists")
  end
end

local function write_binary(context, value)
  local path = context.args.output
  if not path or path == "-" then
    context:print(value)
    return
  end
  local saved, message = core.save(path, value)
  if not saved then
    context:fail(exit.UNEXPECTED, ("%s: not saved: %s"):format(path, message))
  end
  context:note(("saved %d bytes to %s, readable by you alone"):format(#value, path))
end

--- Tells a person how to wait for what was begun.
local function tell_next(context, operation, id)
  local goal = api.waits[operation.id]
  if goal and id and context.system:is_terminal "stderr" then
    local command = ("dataforest %s wait %s %s"):format(operation.group, id, goal.state)
    context:note("this takes a while: " .. command, "dim")
  end
end

--- Calls the operation; with an extra, the library's method that finds out what is left out.
local function call(client, operation, params, extra)
  if not extra then
    return client:call(operation.id, params)
  end
  params[extra] = true
  local group = client[operation.group]
  return group[operation.method](group, params)
end

--- Runs the operation that the command line names.
-- @tparam table context of `dataforest.cli.context`
-- @tparam table operation an entry of `dataforest.operations`
-- @treturn number exit code
function operation_run.run(context, operation)
  check_output(context, operation)
  local params = parameters.given(context, operation)
  local extra = api.extras[operation.id]
  extra = extra and context.args[extra.target] and extra.target
  if not extra then
    parameters.check(context, operation, params)
  end
  local client = session.client(context)
  password.add(context, operation, params)
  if operation.deletes then
    operation_run.confirm(context, operation.group, params.id)
  end
  parameters.resolve_account(context, operation, params)
  local value, err = call(client, operation, params, extra)
  if not value then
    if err.kind == "argument" and err.field then
      parameters.fail(context, operation, err)
    end
    session.fail(context, err)
  end
  if operation.binary then
    write_binary(context, value)
    return exit.OK
  end
  if context.args.wait then
    return wait.after(context, operation, params, value)
  end
  output.answer(context, operation, value, params)
  tell_next(context, operation, value.id or params.id)
  return exit.OK
end

return operation_run
