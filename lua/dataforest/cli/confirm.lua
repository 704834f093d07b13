--- Asks a person, and nobody else, before something is deleted or stops working.
-- @module dataforest.cli.confirm

local api = require "dataforest.cli.api"
local exit = require "dataforest.cli.exit"
local names = require "dataforest.cli.names"

local confirm = {}

--- Asks, if there is a person at a terminal who did not give --yes; a no ends the run.
-- @tparam table context
-- @tparam function question makes the question
function confirm.person(context, question)
  local system = context.system
  if context.args.yes or not (system:is_terminal "stdin" and system:is_terminal "stderr") then
    return
  end
  local reply = system:ask(question() .. " [y/N] ", true)
  if not (reply and reply:lower():find "^%s*y") then
    context:fail(exit.USAGE, "nothing was changed", "--yes leaves the question out")
  end
end

--- Asks before an operation that deletes or stops something; a no ends the run.
-- @tparam table context
-- @tparam table operation an entry of `dataforest.operations`
-- @tparam ?table subject what it is about: `noun`, `id` and perhaps `name`
function confirm.ask(context, operation, subject)
  local question = api.question(operation)
  if question and subject and not context.args.dry_run then
    confirm.person(context, function()
      return question:format(names.spoken(context, subject))
    end)
  end
end

return confirm
