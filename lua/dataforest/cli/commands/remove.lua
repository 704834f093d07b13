--- `dataforest accounts remove` and `dataforest apps remove`: the careful delete, over when it is gone.
-- @module dataforest.cli.commands.remove

local api = require "dataforest.cli.api"
local confirm = require "dataforest.cli.confirm"
local exit = require "dataforest.cli.exit"
local names = require "dataforest.cli.names"
local operations = require "dataforest.operations"
local printer = require "dataforest.cli.output.printer"
local session = require "dataforest.cli.session"
local waiting = require "dataforest.cli.waiting"

local remove = {}

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function remove.run(context)
  local args = context.args
  local group = args.command.group
  local delete = operations.by_name[group .. "/delete"]
  local client = session.client(context)
  local subject = names.find(context, api.noun(group), args.id, args.account, args.ignore_missing)
  if not subject then
    context:note "there was none"
    return exit.OK
  end
  confirm.ask(context, delete, subject)
  if args.dry_run then
    printer.dry_run(context, delete, { id = subject.id })
    return exit.OK
  end
  local value, err, removed = waiting.with_progress(context, "removing " .. args.id, function()
    return client[group]:remove(subject.id, {
      force = args.force,
      ignore_missing = args.ignore_missing,
      timeout = args.wait_timeout or api.WAIT_TIMEOUT,
    })
  end)
  if not value then
    session.fail(context, err)
  end
  context:note(removed and "removed" or "there was none")
  printer.response(context, delete, value)
  return exit.OK
end

return remove
