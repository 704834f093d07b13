--- Asks a person, and nobody else, before something is deleted or stops working.
-- @module dataforest.cli.confirm

local api = require "dataforest.cli.api"
local exit = require "dataforest.cli.exit"
local names = require "dataforest.cli.names"

local confirm = {}

--- Asks before an operation that is worth a question; a no ends the run.
-- @tparam table context
-- @tparam table operation an entry of `dataforest.operations`
-- @tparam ?table subject what it is about: `noun`, `id` and perhaps `name`
function confirm.ask(context, operation, subject)
  local question, system = api.question(operation), context.system
  if not question or not subject or context.args.yes or context.args.dry_run then
    return
  elseif not (system:is_terminal "stdin" and system:is_terminal "stderr") then
    return
  end
  question = question:format(names.spoken(context, subject.noun, subject))
  local reply = system:ask(question .. " [y/N] ", true)
  if not (reply and reply:lower():find "^%s*y") then
    context:fail(exit.USAGE, "nothing was changed", "--yes leaves the question out")
  end
end

return confirm
