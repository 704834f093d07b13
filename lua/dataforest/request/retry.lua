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
local tables = require "dataforest.util.tables"

local retry = {}

-- Faults of the path. (A certificate or a handshake that was refused would be refused again.)
local TRANSIENT = { network = true, timeout = true }

-- Responses that say "not now" or "not here" rather than "not this".
local RETRYABLE_STATUS = tables.set { 408, 421, 425, 500, 502, 503, 504 }

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
-- @treturn boolean
function retry.is_retryable(effect, err)
  local kind, status = err.kind, err.status
  if kind == "throttled" then
    return true
  elseif TRANSIENT[kind] and status ~= 407 then
    return effect == "read" or err.sent == false
  elseif kind ~= "server" then
    return false
  elseif effect == "read" then
    return RETRYABLE_STATUS[status] == true
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
-- @treturn number seconds
function retry.pause(policy, attempt)
  -- 2^63 * base_delay is above every max_delay; larger powers would only reach infinity.
  local longest = math.min(policy.max_delay, policy.base_delay * 2 ^ math.min(attempt - 1, 63))
  return retry.random() * longest
end

--- The pause after an attempt that failed. A 500 is retried once in a call.
-- @tparam table policy `attempts`, `base_delay` and `max_delay`
-- @tparam string effect `"read"`, `"idempotent"` or `"once"`
-- @tparam table err what the attempt ended with
-- @tparam table history of the call, empty at first: its `failures`, and whether it has `seen_500`
-- @treturn ?number seconds; nil where there is no further attempt
function retry.pause_after(policy, effect, err, history)
  local failures, seen_500 = (history.failures or 0) + 1, history.seen_500
  history.failures, history.seen_500 = failures, seen_500 or err.status == 500
  if failures >= policy.attempts or not retry.is_retryable(effect, err) or err.status == 500 and seen_500 then
    return nil
  end
  return math.max(retry.pause(policy, failures), err.retry_after or 0)
end

return retry
