--- What an outcome means for the calls that follow: whether to try again, after what pause, and whether
-- a change may have been made although the call failed. This is the only home of such sets of kinds and
-- statuses; all transports and workflows ask here.
--
-- Whether an error is retryable depends on what a second run of the operation would do (its effect, in
-- `dataforest.operations`):
--
-- - `read`: network faults, the timeout of an attempt, throttling, 408, 421, 425, 500 (once), 502, 503, 504;
-- - `idempotent`: throttling, 503 from the gateway, and whatever was never sent;
-- - `once`: throttling, and whatever was never sent.
--
-- @module dataforest.request.retry

local core = require "dataforest.core"

local retry = {}

-- Faults of the path. (A certificate or a handshake that was refused would be refused again.)
local TRANSIENT = { network = true, timeout = true }

-- Responses that say "not now" or "not here" rather than "not this".
local RETRYABLE_STATUS = {
  [408] = true,
  [421] = true,
  [425] = true,
  [500] = true,
  [502] = true,
  [503] = true,
  [504] = true,
}

-- Code of the gateway's own "Endpoint Error": the request never reached Data Forest.
local GATEWAY_ENDPOINT_ERROR = "500"

-- What a method that waits for something sits out: the next look may go well.
local WAITED_OUT = { network = true, timeout = true, throttled = true, server = true }

-- What nothing will change: the same call ends in the same way.
local FINAL = { argument = true, credentials = true, auth = true, closed = true }

-- How the service says no to this request, in the present state of things.
local REFUSAL = { refused = true, invalid = true }

--- Tells whether the same call may go well if it is sent again.
-- @tparam string effect `"read"`, `"idempotent"` or `"once"`
-- @tparam table err an error with `kind`, `status`, `code` and `sent`
-- @tparam[opt] boolean seen_500 whether an earlier attempt of this call got status 500
-- @treturn boolean
function retry.is_retryable(effect, err, seen_500)
  local kind, status = err.kind, err.status
  if kind == "throttled" then
    return true
  elseif TRANSIENT[kind] and status ~= 407 then
    return effect == "read" or err.sent == false
  elseif kind ~= "server" then
    return false
  elseif effect == "read" then
    return RETRYABLE_STATUS[status] == true and not (status == 500 and seen_500)
  end
  return effect == "idempotent" and status == 503 and err.code == GATEWAY_ENDPOINT_ERROR
end

--- Tells whether an operation that failed may have been carried out all the same: it changes something,
-- the request may have left, and no response proves that it was refused.
-- @tparam string effect `"read"`, `"idempotent"` or `"once"`
-- @tparam table err an error with `kind`, `status` and `sent`
-- @treturn boolean
function retry.in_doubt(effect, err)
  if effect == "read" or err.sent == false then
    return false
  end
  local status = err.status
  if not status then
    return err.sent == true
  elseif status < 300 then
    return err.kind ~= "refused"
  end
  -- A redirect, and what a gateway says when it did not wait for the end, prove nothing.
  return status < 400 or status == 408 or status >= 500
end

--- Tells whether a method that waits for something goes on after this error.
-- @tparam table err
-- @treturn boolean
function retry.is_waited_out(err)
  return WAITED_OUT[err.kind] == true
end

--- Tells whether a create is tried again after this error, once a look has shown that nothing was created.
-- A handshake or a response gone wrong counts too: the look went well.
-- @tparam table err
-- @treturn boolean
function retry.is_passing(err)
  return WAITED_OUT[err.kind] == true or err.kind == "tls" or err.kind == "protocol"
end

--- Tells whether nothing can have been done, and no further call will go better.
-- @tparam table err
-- @treturn boolean
function retry.is_final(err)
  return FINAL[err.kind] == true
end

--- Tells whether the service said no to this request, in the present state of things.
-- @tparam table err
-- @treturn boolean
function retry.is_refusal(err)
  return REFUSAL[err.kind] == true
end

-- A generator of our own: LuaJIT's math.random starts alike in every worker, and seeding it would change
-- the caller's. The clock goes into each number, so that children of one process do not go on alike.
local MODULUS = 2147483647
local seed = tonumber((tostring({}):match "0x(%x+)" or "1"):sub(-7), 16) % MODULUS

--- A random number between 0 and 1.
function retry.random()
  seed = (seed * 16807 + math.floor(core.monotonic() * 1e9) % MODULUS) % MODULUS
  return seed / MODULUS
end

--- The pause before the next attempt, in full jitter.
-- @tparam table policy `base_delay` and `max_delay`, in seconds
-- @tparam number attempt the attempt that failed, from 1
-- @tparam[opt] function generator returns a number from 0 to 1
-- @treturn number seconds
function retry.pause(policy, attempt, generator)
  -- 2^63 * base_delay is above every max_delay; larger powers would only reach infinity.
  local ceiling = math.min(policy.max_delay, policy.base_delay * 2 ^ math.min(attempt - 1, 63))
  return (generator or retry.random)() * ceiling
end

return retry
