--- What the library offers beyond the operations, as commands: `ensure`, `wait` and `remove`.
-- @module dataforest.cli.commands.convenience

local exit = require "dataforest.cli.exit"
local operation_run = require "dataforest.cli.commands.operation"
local operations = require "dataforest.operations"
local output = require "dataforest.cli.output.file"
local parameters = require "dataforest.cli.parameters"
local password = require "dataforest.cli.terminal.password"
local session = require "dataforest.cli.session"
local wait = require "dataforest.cli.commands.wait"

local convenience = {}

--- The type of the entries of a group's list.
local function entry_operation(group)
  for _, field in ipairs(operations.by_name[group .. "/getList"].result.fields) do
    if field.name == "contents" then
      return { group = group, result = field.type.array }
    end
  end
end

--- `accounts ensure`: the account of that name, created if it was not there.
-- @tparam table context
-- @treturn number exit code
function convenience.ensure(context)
  local create = operations.by_name["accounts/create"]
  local params = parameters.given(context, create)
  parameters.check(context, create, params)
  local accounts = session.client(context).accounts
  local account, err = accounts:find(params.name)
  local created = false
  if err and err.kind == "not_found" then
    password.add(context, create, params)
    account, err, created = accounts:ensure(params)
  end
  if err then
    session.fail(context, err)
  end
  context:note(created and "created" or "it was there already")
  output.answer(context, entry_operation "accounts", account)
  return exit.OK
end

--- `wait`: until an account or an app is in a state.
-- @tparam table context
-- @tparam string group
-- @treturn number exit code
function convenience.wait(context, group)
  local args = context.args
  local client = session.client(context)
  local state = args.state:upper()
  local detail, err = wait.with_progress(
    context,
    ("waiting for %s to be %s"):format(args.id, state),
    function()
      return client[group]:wait(args.id, state, { timeout = args.wait_timeout or wait.TIMEOUT })
    end
  )
  if not detail then
    session.fail(context, err)
  end
  output.answer(context, operations.by_name[group .. "/getDetail"], detail)
  return exit.OK
end

--- `remove`: the careful delete, over when the thing is gone.
-- @tparam table context
-- @tparam string group
-- @treturn number exit code
function convenience.remove(context, group)
  local args = context.args
  local client = session.client(context)
  operation_run.confirm(context, group, args.id)
  local value, err = wait.with_progress(context, ("removing %s"):format(args.id), function()
    return client[group]:remove(args.id, { force = args.force, timeout = args.wait_timeout or wait.TIMEOUT })
  end)
  if not value then
    session.fail(context, err)
  end
  context:note "removed"
  output.answer(context, operations.by_name[group .. "/delete"], value)
  return exit.OK
end

return convenience
