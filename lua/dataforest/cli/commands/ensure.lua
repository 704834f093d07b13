--- `dataforest accounts ensure`: the account of that name, created if it was not there.
-- @module dataforest.cli.commands.ensure

local exit = require "dataforest.cli.exit"
local operations = require "dataforest.operations"
local parameters = require "dataforest.cli.parameters"
local password = require "dataforest.cli.terminal.password"
local printer = require "dataforest.cli.output.printer"
local session = require "dataforest.cli.session"

local ensure = {}

local CREATE = operations.by_name["accounts/create"]

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function ensure.run(context)
  local params = parameters.given(context, CREATE)[1]
  parameters.check(context, CREATE, params)
  local accounts = session.client(context).accounts
  local account, err = accounts:find(params.name)
  local created = false
  if err and err.kind == "not_found" then
    if context.args.dry_run then
      printer.dry_run(context, CREATE, params)
      return exit.OK
    end
    password.add(context, CREATE, params)
    account, err, created = accounts:ensure(params)
  end
  if not account then
    session.fail(context, err)
  end
  context:note(created and "created" or "it was there already")
  printer.response(context, { group = "accounts", result = printer.entry_of "accounts" }, account)
  return exit.OK
end

return ensure
