--- Waiting for something to become so, by looking again and again.
-- @module dataforest.workflows.wait

local arguments = require "dataforest.workflows.arguments"
local ascii = require "dataforest.util.ascii"
local deadline_of = require "dataforest.workflows.deadline"
local defaults = require "dataforest.request.defaults"
local errors = require "dataforest.errors"
local options_of = require "dataforest.request.options"
local retry = require "dataforest.request.retry"
local tables = require "dataforest.util.tables"
local words_of = require "dataforest.util.words"

local wait = {}

--- The options of a wait, as rules for `options.check`.
wait.OPTIONS = arguments.rules { interval = options_of.SECONDS, max_interval = options_of.SECONDS }

-- Each pause is so many times the one before it, and between so much and all of its length: callers
-- that began together do not keep looking together.
local GROWTH = 1.5
local SHORTEST = 0.75

-- Left for the last look (seconds), or this part of a timeout that is shorter.
local LAST_LOOK = 1
local LAST_LOOK_PART = 0.1

--- Starts the deadline of a wait.
-- @tparam table client
-- @tparam table options of the wait, checked
-- @treturn table deadline
function wait.deadline(client, options)
  return deadline_of.new(client, options, defaults.wait.timeout)
end

local function timeout_error(deadline, looking, state, failure)
  local message = ("%s is %s after %g seconds"):format(
    looking.subject,
    state or "in an unknown state",
    deadline.seconds
  )
  if looking.wanted then
    message = message .. ", not " .. looking.wanted
  end
  message = message .. "; the option timeout makes the wait longer"
  if failure then
    message = ("%s; the last look ended with %s: %s"):format(message, failure.kind, failure.message)
  end
  return errors.new {
    kind = errors.TIMEOUT,
    message = message,
    operation = looking.operation,
    field = "timeout",
    state = state,
    retryable = true,
  }
end

--- The pause before the next look; nil where there is no time for one.
-- The last one is cut so that a look still fits before the deadline.
local function next_pause(deadline, looking, nominal)
  local margin = math.min(LAST_LOOK, deadline.seconds * LAST_LOOK_PART)
  local left = deadline:left() - margin
  if looking.last or left <= 0 then
    return nil
  end
  local pause = nominal * (SHORTEST + (1 - SHORTEST) * retry.random())
  if pause >= left then
    looking.last = true
    return left
  end
  return pause
end

--- Looks until there is a value, with growing pauses. Each look is told to the client's `on_event`,
-- as `wait`: `operation`, `id`, `look` (from 1), `state`, `wanted`, `seconds` (since the start), and
-- `pause` (seconds until the next look, nil after the last), `kind` and `error` where it failed.
-- @tparam table deadline from `wait.deadline`
-- @tparam table looking
-- @tparam function looking.look returns a value where the wait is over; nil and an error; or nil, nil
--   and the state that was seen (beside an error, too). Errors that may pass are waited out.
-- @tparam string looking.operation,looking.id,looking.subject for events and messages
-- @tparam[opt] string looking.wanted in words
-- @tparam table options `interval` and `max_interval` (seconds)
-- @treturn[1] any the value
-- @treturn[2] nil
-- @treturn[2] table error; of kind `timeout` with field `state` where the time is over
function wait.poll(deadline, looking, options)
  local client = deadline.client
  local interval = options.interval or defaults.wait.interval
  local longest = math.max(interval, options.max_interval or defaults.wait.max_interval)
  local look, state = 0, nil
  while true do
    local value, err, seen = looking.look()
    look = look + 1
    state = seen or state
    local goes_on = value == nil and (not err or retry.is_waited_out(err))
    local pause = goes_on and next_pause(deadline, looking, interval) or nil
    client:tell {
      name = "wait",
      operation = looking.operation,
      id = looking.id,
      look = look,
      state = seen,
      wanted = looking.wanted,
      seconds = deadline:elapsed(),
      pause = pause,
      kind = err and err.kind,
      error = err,
    }
    if value ~= nil then
      return value
    elseif not goes_on then
      return nil, err
    elseif not pause then
      return nil, timeout_error(deadline, looking, state, err)
    end
    local waited, failure = client:sleep(pause)
    if not waited then
      failure.operation, failure.state = looking.operation, state
      return nil, failure
    end
    interval = math.min(interval * GROWTH, longest)
  end
end

-- Waiting for a state ----------------------------------------------------------------

--- The states that are wanted, as a set and in words; nil where there are none.
local function wanted_states(target)
  local names = type(target) == "string" and { target } or target
  if type(names) ~= "table" or names[1] == nil then
    return nil
  end
  for _, name in ipairs(names) do
    if type(name) ~= "string" or name == "" then
      return nil
    end
  end
  return tables.set(names), table.concat(names, " or ")
end

--- A state that is wanted and that nothing can have; nil where all are known.
local function unknown_state(what, wanted)
  local known = tables.set(what.known)
  for name in pairs(wanted) do
    if not known[name] then
      return name
    end
  end
end

--- Tells whether none of the wanted states can follow a state by itself.
local function is_dead_end(what, state, wanted)
  local unreachable = what.unreachable[state]
  for name in pairs(wanted) do
    if not unreachable or not (unreachable == "others" or unreachable[name]) then
      return false
    end
  end
  return true
end

local function dead_end_error(what, subject, state, words)
  local message = ("%s is %s, and does not become %s by itself"):format(subject, state, words)
  local fix = what.fix[ascii.upper(state)]
  if fix then
    message = message .. ": " .. fix
  end
  return errors.new {
    kind = errors.REFUSED,
    message = message,
    operation = what.operation,
    state = state,
  }
end

--- Waits until an account or an app is in a state.
-- @tparam table client
-- @tparam table what `operation` that gives the detail, `noun`, `field` of the state, `known` (list of all
--   states), `unreachable` (for a state: the set of those that do not follow by themselves, or `"others"`),
--   `fix` (for a state)
-- @tparam string|table given identifier, or a table with `id`
-- @tparam string|table|function target a state, a list of states, or a function of the detail
-- @tparam[opt] table options of the wait
-- @treturn[1] table the detail
-- @treturn[2] nil
-- @treturn[2] table error
function wait.for_state(client, what, given, target, options)
  local id = type(given) == "table" and given.id or given
  if type(id) ~= "string" then
    return arguments.error(what.operation, ("id must be the %s's identifier"):format(what.noun), "id")
  end
  local is_so = type(target) == "function" and target
  local wanted, words = wanted_states(target)
  if not (is_so or wanted) then
    return arguments.error(
      what.operation,
      'state must be a state such as "RUNNING", a list of states, or a function of the detail',
      "state"
    )
  end
  local unknown = wanted and unknown_state(what, wanted)
  if unknown then
    local message = ("no %s is ever %s; %s"):format(what.noun, unknown, words_of.hint(unknown, what.known))
    return arguments.error(what.operation, message, "state")
  end
  local err
  options, err = arguments.options(what.operation, options, wait.OPTIONS)
  if not options then
    return nil, err
  end
  local deadline = wait.deadline(client, options)
  local subject = ("the %s %s"):format(what.noun, id)
  local function look()
    local detail, failure = deadline:run(what.operation, { id = id })
    if not detail then
      return nil, failure
    end
    local state = detail[what.field]
    local name = state and ascii.upper(state)
    if is_so and is_so(detail) or wanted and wanted[name] then
      return detail, nil, state
    elseif wanted and is_dead_end(what, name, wanted) then
      return nil, dead_end_error(what, subject, state, words), state
    end
    return nil, nil, state
  end
  return wait.poll(deadline, {
    look = look,
    operation = what.operation,
    id = id,
    subject = subject,
    wanted = words or "as asked",
  }, options)
end

return wait
