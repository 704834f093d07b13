--- `dataforest accounts wait` and `dataforest apps wait`: until one is in a state.
-- @module dataforest.cli.commands.wait

local answer = require "dataforest.cli.output.answer"
local exit = require "dataforest.cli.exit"
local names = require "dataforest.cli.names"
local operations = require "dataforest.operations"
local session = require "dataforest.cli.session"
local waiting = require "dataforest.cli.waiting"

local wait = {}

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function wait.run(context)
  local args = context.args
  local group = args.command.group
  session.client(context)
  local subject = group == "apps" and names.app(context, args.id, args.account)
    or names.account(context, args.id)
  local detail = waiting.until_state(context, group, subject.id, args.state:upper(), subject.name)
  answer.print(context, operations.by_name[group .. "/getDetail"], detail)
  return exit.OK
end

return wait
