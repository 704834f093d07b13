--- Runs an operation of the API for the command line: parameters, question, password, call, output.
-- @module dataforest.cli.commands.operation

local api = require "dataforest.cli.api"
local confirm = require "dataforest.cli.confirm"
local core = require "dataforest.core"
local exit = require "dataforest.cli.exit"
local hints = require "dataforest.cli.hints"
local operations = require "dataforest.operations"
local parameters = require "dataforest.cli.parameters"
local password = require "dataforest.cli.terminal.password"
local printer = require "dataforest.cli.output.printer"
local session = require "dataforest.cli.session"
local waiting = require "dataforest.cli.waiting"

local operation_run = {}

-- Files -------------------------------------------------------------------------------------

local STANDARD_OUTPUT = { ["-"] = true, ["/dev/stdout"] = true }

--- Checks where bytes are to go, before anything is asked for.
local function check_output(context, operation)
  local path = context.args.output
  if operation.binary and context:format() ~= "table" then
    context:usage("a keytab is bytes: it has no form in JSON, YAML, CSV or XML", "--output FILE saves it")
  elseif operation.binary and not path and context.system:is_terminal "stdout" then
    context:usage("binary data is not printed on a terminal", "--output FILE saves it, --output - insists")
  elseif path and not STANDARD_OUTPUT[path] then
    local fine, message = core.can_save(path)
    if not fine then
      context:usage(("--output %s"):format(message), "name a file in a folder that you may write to")
    end
  end
end

local function write_bytes(context, value)
  local path = context.args.output
  if not path or STANDARD_OUTPUT[path] then
    context:print(value)
    return
  end
  local saved, message = core.save(path, value)
  if not saved then
    context:fail(exit.UNEXPECTED, ("%s: not saved: %s"):format(path, message))
  end
  context:note(("saved %d bytes to %s, readable by you alone"):format(#value, path))
end

--- Fetches the keytab that was just made, and saves it.
local function save_new_keytab(context, operation, params)
  if operation.id ~= "accounts/resetKerberosKeytab" or not context.args.output then
    return
  end
  local again = api.line(operations.by_name["accounts/getKerberosKeytab"], params)
  again = again:gsub("%-%-output .*$", function()
    return "--output FILE"
  end)
  context.begun = { message = "the keytab was reset, and not saved", hint = again, id = params.id }
  local keytab, err = session.client(context):call("accounts/getKerberosKeytab", { id = params.id })
  if not keytab then
    context:fail(exit.of(err.kind), "the keytab was reset, and not saved: " .. tostring(err), again, err)
  end
  write_bytes(context, keytab)
  context.begun = nil
end

-- The call ----------------------------------------------------------------------------------

--- Calls the operation; with an extra, the library's method that finds out what is left out.
local function call(context, operation, params)
  local client = session.client(context)
  local extra = api.extras[operation.id]
  if operation.effect ~= "read" then
    context.begun = {
      message = ("interrupted: %s may have been carried out"):format(operation.id),
      hint = hints.look(operation, params),
      id = params.id,
    }
  end
  local value, err
  if extra and context.args[extra.target] then
    local group = client[operation.group]
    value, err = group[operation.method](group, params, { [extra.target] = true })
  else
    value, err = client:call(operation.id, params)
  end
  context.begun = nil
  return value, err
end

--- Ends the run with what went wrong in one call, and says what was done before it.
local function fail(context, operation, err, params, at)
  if not at and err.kind == "argument" and err.field then
    parameters.fail(context, operation, err)
  end
  local hint = hints.of(context, err, operation, params)
  local message = session.spoken(tostring(err))
  if at then
    local before = at.number - 1
    message = ("%s, number %d of %d: %s"):format(
      params.name or params.id or "?",
      at.number,
      at.total,
      message
    )
    local done = ("%d done before it, %d not tried"):format(before, at.total - at.number)
    hint = hint and done .. "; " .. hint or done
  end
  context:fail(exit.of(err.kind), message, hint, err)
end

--- Tells a person how to wait for what was begun.
local function tell_next(context, operation, id)
  local goal = api.waits[operation.id]
  if goal and id and context.system:is_terminal "stderr" then
    local command = ("dataforest %s wait %s %s"):format(operation.group, id, goal.state)
    context:note("this takes a while: " .. command, "dim")
  end
end

--- Makes one call and prints its response.
local function run_one(context, operation, params)
  local value, err = call(context, operation, params)
  if not value then
    fail(context, operation, err, params)
  elseif operation.binary then
    write_bytes(context, value)
    return exit.OK
  end
  save_new_keytab(context, operation, params)
  if context.args.wait then
    value = waiting.after(context, operation, params, value)
    operation = operations.by_name[operation.group .. "/getDetail"]
  end
  printer.response(context, operation, value, params)
  if not context.args.wait then
    tell_next(context, operation, value.id or params.id)
  end
  return exit.OK
end

-- What is printed of each call of a list: its response, and the name that was asked for.
local MADE = {
  object = "Made",
  fields = {
    { name = "name", type = "string", doc = "Name." },
    { name = "id", type = "string", doc = "Identifier." },
  },
}

--- Makes one call after another, up to the first that fails.
local function run_many(context, operation, list)
  local made, failed = {}, nil
  for number, params in ipairs(list) do
    local value, err = call(context, operation, params)
    if not value then
      failed = { err = err, params = params, number = number, total = #list }
      break
    end
    made[number] = { id = value.id, name = params.name }
    context:note(("%d of %d: %s is %s"):format(number, #list, params.name or "-", value.id or "-"), "dim")
  end
  for number = 1, context.args.wait and not failed and #made or 0 do
    waiting.after(context, operation, list[number], made[number])
  end
  if not failed or made[1] or context:format() ~= "table" then
    local made_type = { group = operation.group, result = printer.list_of(MADE) }
    printer.response(context, made_type, { total = #made, contents = made })
  end
  if failed then
    fail(context, operation, failed.err, failed.params, failed)
  end
  return exit.OK
end

local function run_all(context, operation, list, many)
  if context.args.dry_run then
    for _, params in ipairs(list) do
      printer.dry_run(context, operation, params)
    end
    return exit.OK
  elseif many then
    return run_many(context, operation, list)
  end
  return run_one(context, operation, list[1])
end

--- Runs the operation of the command.
-- @tparam table context of `dataforest.cli.context`
-- @treturn number exit status
function operation_run.run(context)
  local operation = context.args.command.operation
  check_output(context, operation)
  local list, many = parameters.given(context, operation)
  local extra = api.extras[operation.id]
  if not (extra and context.args[extra.target]) then
    for number, params in ipairs(list) do
      parameters.check(context, operation, params, many and number or nil)
    end
  end
  session.client(context)
  local subject
  for _, params in ipairs(list) do
    subject = parameters.resolve(context, operation, params)
  end
  confirm.ask(context, operation, subject)
  if not context.args.dry_run then
    for _, params in ipairs(list) do
      password.add(context, operation, params)
    end
  end
  if context.args.watch then
    return waiting.watch(context, function()
      return run_one(context, operation, list[1])
    end)
  end
  return run_all(context, operation, list, many)
end

return operation_run
