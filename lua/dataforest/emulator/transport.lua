--- The emulator as a transport: calls reach it in process, without a network.
-- @module dataforest.emulator.transport

local core = require "dataforest.core"

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

--- The clock that deadlines go by: the emulator's too, so that waiting moves it.
-- @treturn number seconds
function Transport:monotonic()
  return self.emulator:now() + self.clock_offset
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

-- Passes the time that an answer takes; false where the deadline comes first.
function Transport:wait(seconds, deadline)
  local left = deadline and deadline - self:monotonic() or math.huge
  if seconds >= left then
    self:sleep(left)
    return false
  end
  self:sleep(seconds)
  return true
end

function Transport:dropped(drop, delay, deadline)
  if drop.kind == "timeout" and deadline then
    self:wait(math.huge, deadline)
  else
    self:wait(delay or 0, deadline)
  end
  return failure(drop.kind, drop.message, drop.sent)
end

--- Hands one request to the emulator.
-- @tparam table request as transports take it: `method`, `url`, `target`, `headers`, `body`, `deadline`
-- (seconds, by `monotonic`), `max_response_bytes`
-- @treturn table|nil `{ status =, headers =, body = }`
-- @treturn ?table `{ kind =, message =, sent = }`
function Transport:send(request)
  local deadline = request.deadline
  if deadline and deadline <= self:monotonic() then
    return failure("timeout", "the deadline passed before the request was sent", false)
  end
  local response = self.emulator:handle {
    method = request.method,
    target = request.target or request.url:match("^%a+://[^/]*(/.*)$"),
    headers = request.headers,
    body = request.body,
  }
  if response.drop then
    return self:dropped(response.drop, response.delay, deadline)
  elseif not self:wait(response.delay or 0, deadline) then
    return failure("timeout", "no answer before the deadline", true)
  elseif request.max_response_bytes and #response.body > request.max_response_bytes then
    return failure("limit", ("the answer is larger than %d bytes"):format(request.max_response_bytes), true)
  end
  return { status = response.status, headers = response.headers, body = response.body }
end

return transport
