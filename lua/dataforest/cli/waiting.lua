--- What takes time: `--wait`, `wait` and `remove` with a line that shows progress, and `--watch`.
-- @module dataforest.cli.waiting

local api = require "dataforest.cli.api"
local progress_of = require "dataforest.cli.terminal.progress"
local session = require "dataforest.cli.session"

local waiting = {}

--- Runs a function that waits, with a progress line while it does.
-- @tparam table context
-- @tparam string title
-- @tparam function run
-- @return what the function returns
function waiting.with_progress(context, title, run)
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
  return results[2], results[3], results[4]
end

--- Waits until something is in a state; where that fails, the run ends.
-- @tparam table context
-- @tparam string group
-- @tparam string id
-- @tparam string state
-- @tparam[opt] string name for people, where it is known
-- @treturn table its detail
function waiting.until_state(context, group, id, state, name)
  local client = session.client(context)
  local title = ("waiting for %s to be %s"):format(name or id, state)
  context.waits = true
  local detail, err = waiting.with_progress(context, title, function()
    return client[group]:wait(id, state, { timeout = context.args.wait_timeout or api.WAIT_TIMEOUT })
  end)
  if not detail then
    session.fail(context, err)
  end
  return detail
end

--- Waits for what an operation began. Its identifier is told first, and again where Ctrl-C ends the wait.
-- @tparam table context
-- @tparam table operation that was called
-- @tparam table params of its call
-- @tparam table value its response
-- @treturn table the detail
function waiting.after(context, operation, params, value)
  local id = value.id or params.id
  local goal = api.waits[operation.id]
  local noun = api.noun(operation.group)
  local what = ("the %s %s"):format(noun, params.name and ("%s has the id %s"):format(params.name, id) or id)
  context:note(what, "dim")
  context.begun = {
    id = id,
    message = ("interrupted: %s; what was begun goes on"):format(what),
    hint = ("dataforest %s wait %s %s"):format(operation.group, id, goal.state),
  }
  local detail = waiting.until_state(context, operation.group, id, goal.state, params.name)
  context.begun = nil
  return detail
end

--- Prints something again and again until Ctrl-C: in place on a terminal, else at each change.
-- @tparam table context
-- @tparam function show prints it
function waiting.watch(context, show)
  local clears = context.system:can_move "stdout"
  local print_now, before = context.print, nil
  while true do
    local parts = {}
    context.print = function(_, content)
      parts[#parts + 1] = content
    end
    show()
    context.print = nil
    local now = table.concat(parts)
    if clears then
      print_now(context, "\27[H\27[2J" .. now)
    elseif now ~= before then
      print_now(context, now)
    end
    before = now
    context.transport:sleep(context.args.interval or api.WATCH_INTERVAL)
  end
end

return waiting
