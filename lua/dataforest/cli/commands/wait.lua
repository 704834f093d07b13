--- `dataforest accounts wait` and `dataforest apps wait`: until one is in a state.
-- @module dataforest.cli.commands.wait

local api = require "dataforest.cli.api"
local exit = require "dataforest.cli.exit"
local names = require "dataforest.cli.names"
local operations = require "dataforest.operations"
local printer = require "dataforest.cli.output.printer"
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
  local subject = names.find(context, api.noun(group), args.id, args.account)
  local detail = waiting.until_state(context, group, subject.id, args.state:upper(), subject.name)
  printer.response(context, operations.by_name[group .. "/getDetail"], detail)
  return exit.OK
end

return wait
