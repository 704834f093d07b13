--- `--wait`: stays until what was begun is there, and shows how it goes.
-- @module dataforest.cli.commands.wait

local api = require "dataforest.cli.api"
local exit = require "dataforest.cli.exit"
local operations = require "dataforest.operations"
local output = require "dataforest.cli.output.file"
local progress_of = require "dataforest.cli.terminal.progress"
local session = require "dataforest.cli.session"

local wait = {}

--- The longest wait where none is given, in seconds.
wait.TIMEOUT = 600

--- Runs a function that waits, with a progress line while it does.
-- @tparam table context
-- @tparam string title
-- @tparam function run
-- @return what the function returns
function wait.with_progress(context, title, run)
  local progress = progress_of.new(context, title)
  context.progress = progress
  context.on_event = function(event)
    if event.name == "wait" then
      progress.state = event.state or event.kind
      progress:draw()
    end
  end
  context.transport.on_tick = function()
    progress:draw()
  end
  progress:draw()
  local results = { pcall(run) }
  context.on_event, context.transport.on_tick, context.progress = nil, nil, nil
  progress:clear()
  if not results[1] then
    error(results[2], 0)
  end
  return results[2], results[3]
end

--- Waits for what an operation began, and prints its detail.
-- @tparam table context
-- @tparam table operation that was called
-- @tparam table params of its call
-- @tparam table value its answer
-- @treturn number exit code
function wait.after(context, operation, params, value)
  local client = session.client(context)
  local id = value.id or params.id
  local goal = api.waits[operation.id]
  local title = ("waiting for %s to be %s"):format(params.name or id, goal.state)
  local detail, err = wait.with_progress(context, title, function()
    return client[operation.group]:wait(
      id,
      goal.state,
      { timeout = context.args.wait_timeout or wait.TIMEOUT }
    )
  end)
  if not detail then
    session.fail(context, err)
  end
  output.answer(context, operations.by_name[operation.group .. "/getDetail"], detail)
  return exit.OK
end

return wait
