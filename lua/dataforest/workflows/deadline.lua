--- One deadline for all the calls that a method makes.
-- @module dataforest.workflows.deadline

local arguments = require "dataforest.workflows.arguments"
local errors = require "dataforest.errors"
local operations = require "dataforest.operations"
local tables = require "dataforest.util.tables"

local Deadline = {}
Deadline.__index = Deadline

local deadline = {}

--- Starts the time of several calls.
-- @tparam table client
-- @tparam table options of a call, checked; its `timeout` (seconds) is that of all calls together, the rest
--   goes into each of them
-- @tparam[opt] number seconds in all where the options give no timeout; without it each call has the
--   client's own
-- @treturn table the deadline
function deadline.new(client, options, seconds)
  local rest = arguments.of_call(options)
  seconds = rest.timeout or seconds or math.huge
  local now = client.transport:monotonic()
  return setmetatable(
    { client = client, started = now, at = now + seconds, seconds = seconds, options = rest },
    Deadline
  )
end

--- Seconds until the deadline; 0 or less where it has passed.
function Deadline:left()
  return self.at - self.client.transport:monotonic()
end

--- Seconds since the start.
function Deadline:elapsed()
  return self.client.transport:monotonic() - self.started
end

--- Runs one operation in what is left of the time.
-- @tparam string id such as `"accounts/getDetail"`
-- @tparam ?table params
-- @tparam[opt=1] number share the most of the time left that the call may take
-- @treturn[1] table value
-- @treturn[2] nil
-- @treturn[2] table error; `timeout` where no time is left
function Deadline:run(id, params, share)
  local left = self:left()
  if left <= 0 then
    return nil,
      errors.new {
        kind = errors.TIMEOUT,
        operation = id,
        message = ("the %g seconds were over before this call; the option timeout gives more"):format(
          self.seconds
        ),
        field = "timeout",
        sent = false,
      }
  end
  local timeout = math.min(left * (share or 1), self.client.settings.timeout)
  return self.client:run(operations.by_name[id], params, tables.copy(self.options, { timeout = timeout }))
end

return deadline
