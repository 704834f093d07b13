--- The emulator as a transport: calls reach it in process, without a network.
-- @module dataforest.emulator.transport

local core = require "dataforest.core"
local url = require "dataforest.transport.url"

local Transport = {}
Transport.__index = Transport

local transport = {}

local function failure(kind, message, sent)
  return nil, { kind = kind, message = message, sent = sent }
end

--- Makes the transport of `emulator:transport(options)`.
function transport.new(emulator, options)
  return setmetatable({
    emulator = emulator,
    real_time = options.real_time or false,
    clock_offset = options.clock_offset or 0,
  }, Transport)
end

--- The client's clock: the emulator's, plus `clock_offset`.
-- @treturn number seconds since the epoch
function Transport:now()
  return self.emulator:now() + self.clock_offset
end

--- The clock for deadlines and pauses: `set_clock` does not move it.
-- @treturn number seconds since some moment
function Transport:monotonic()
  return self.emulator:monotonic()
end

--- Passes the time: at once, by moving the emulator's clock; with `real_time` by waiting.
-- @tparam number seconds how long
function Transport:sleep(seconds)
  if seconds <= 0 then
    return
  elseif self.real_time then
    core.sleep(seconds)
  else
    self.emulator:advance(seconds)
  end
end

-- Passes the time that a response takes; false where there is less left.
function Transport:wait(seconds, left)
  if seconds >= left then
    self:sleep(left)
    return false
  end
  self:sleep(seconds)
  return true
end

function Transport:dropped(drop, delay, left)
  if drop.kind == "timeout" and left < math.huge then
    self:wait(math.huge, left)
  else
    self:wait(delay or 0, left)
  end
  return failure(drop.kind, drop.message, drop.sent)
end

--- Hands one request to the emulator.
-- @tparam table request as transports take it: `method`, `url`, `target`, `headers`, `body`, `deadline`
-- (seconds, by `monotonic`), `max_response_bytes`
-- @treturn table|nil `{ status =, headers =, body = }`
-- @treturn ?table `{ kind =, message =, sent = }`
function Transport:send(request)
  local left = request.deadline and request.deadline - self:monotonic() or math.huge
  if left <= 0 then
    return failure("timeout", "the deadline passed before the request was sent", false)
  end
  local response = self.emulator:handle {
    method = request.method,
    target = request.target or url.parse(request.url).target,
    headers = request.headers,
    body = request.body,
    now = self.emulator:now(),
  }
  if response.drop then
    return self:dropped(response.drop, response.delay, left)
  elseif not self:wait(response.delay or 0, left) then
    return failure("timeout", "no response before the deadline", true)
  elseif request.max_response_bytes and #response.body > request.max_response_bytes then
    return failure("limit", ("the response is larger than %d bytes"):format(request.max_response_bytes), true)
  end
  return { status = response.status, headers = response.headers, body = response.body }
end

return transport
