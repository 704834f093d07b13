--- What the caller's hooks are told, and what becomes of a hook that raises.
-- @module dataforest.request.events

local guarded = require "dataforest.util.guarded"
local one_line = require "dataforest.util.one_line"

local events = {}

-- Bytes of what a hook raised that are shown.
local LONGEST = 1000

--- Reports a hook that raised, once for a client: to `on_error`, else to nginx's log, else to stderr.
local function report(client, name, raised, event)
  if client.hook_raised then
    return
  end
  client.hook_raised = true
  local message = ("the hook %s raised: %s"):format(name, one_line(guarded.text(raised):sub(1, LONGEST)))
  local on_error = client.settings.on_error
  local ngx = rawget(_G, "ngx")
  if on_error then
    pcall(on_error, message, event)
  elseif ngx and ngx.log then
    ngx.log(ngx.ERR, "dataforest: ", message)
  else
    io.stderr:write("dataforest: ", message, "\n")
  end
end

--- Tells a hook what happened. One that raises does no harm to the call.
-- @tparam table client
-- @tparam string name of the option, for the report of what it raised
-- @tparam ?function hook
-- @tparam table event
function events.call(client, name, hook, event)
  if hook then
    local ok, raised = guarded.relayed(hook, event)
    if not ok then
      report(client, name, raised, event)
    end
  end
end

--- Tells the hook `on_event` what happened.
-- @tparam table client
-- @tparam table event with a `name`
function events.tell(client, event)
  events.call(client, "on_event", client.settings.on_event, event)
end

--- Tells what became of an attempt, or of the call.
-- @tparam table client
-- @tparam string name of the event
-- @tparam table operation
-- @tparam table times `attempt` (from 1), and in seconds `started` (of the call) and `attempt_started`
-- @tparam ?table response
-- @tparam ?table err
-- @tparam ?number pause seconds until the next attempt
function events.outcome(client, name, operation, times, response, err, pause)
  local now = client.transport:monotonic()
  events.tell(client, {
    name = name,
    operation = operation.id,
    attempt = times.attempt,
    status = response and response.status or err and err.status,
    seconds = now - times.attempt_started,
    total_seconds = now - times.started,
    reused = response and response.reused,
    bytes = response and #response.body or 0,
    kind = err and err.kind,
    in_doubt = err and err.in_doubt,
    error = err,
    pause = pause,
    reason = pause and err.kind,
  })
end

return events
