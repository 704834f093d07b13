--- When a call is tried again, and after what pause. Shared by all transports.
--
-- Whether an answer is worth another attempt depends on what a second run of the
-- operation would do (its effect, in `dataforest.operations`):
--
-- - `read`: network faults, the timeout of an attempt, throttling, 500 (once), 502, 503, 504;
-- - `idempotent`: throttling, 503 from the gateway, and whatever was never sent;
-- - `once`: throttling, and whatever was never sent.
--
-- @module dataforest.request.retry

local core = require "dataforest.core"

local retry = {}

--- Defaults of the option `retry`: attempts in all, and pauses in seconds.
retry.DEFAULTS = { attempts = 3, base_delay = 0.5, max_delay = 20 }

local CAPACITY = 500
local COST = 5
local COST_AFTER_TIMEOUT = 10
local REWARD = 1

-- A second attempt over the same refused certificate or handshake would be refused again.
local TRANSIENT = { network = true, timeout = true }

local READ_STATUS = { [500] = true, [502] = true, [503] = true, [504] = true }

-- Code of the gateway's own "Endpoint Error": the request never reached Data Forest.
local GATEWAY_ENDPOINT_ERROR = "500"

--- Tells whether an error is worth another attempt.
-- @tparam string effect `"read"`, `"idempotent"` or `"once"`
-- @tparam table err an error with `kind`, `status`, `code` and `sent`
-- @tparam[opt] boolean seen_500 whether an earlier attempt of this call answered 500
-- @treturn boolean
function retry.worth(effect, err, seen_500)
  if err.kind == "throttled" then
    return true
  end
  if not err.status then
    return TRANSIENT[err.kind] == true and (effect == "read" or err.sent == false)
  end
  if err.kind ~= "server" then
    return false
  end
  if effect == "read" then
    return READ_STATUS[err.status] == true and not (err.status == 500 and seen_500)
  end
  return effect == "idempotent" and err.status == 503 and err.code == GATEWAY_ENDPOINT_ERROR
end

-- A generator of our own: LuaJIT's math.random starts alike in every worker, and
-- seeding it would change the caller's.
local seed

--- A random number between 0 and 1.
function retry.random()
  if not seed then
    local address = tonumber((tostring({}):match "0x(%x+)" or "1"):sub(-7), 16)
    seed = (math.floor(core.now() * 1e6) + address) % 2147483646 + 1
  end
  seed = seed * 16807 % 2147483647
  return seed / 2147483647
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

local Bucket = {}
Bucket.__index = Bucket

--- The tokens that a client's retries draw on, so that a service in trouble is not
-- met with a storm of them.
-- @treturn table with `take(err)` and `give()`
function retry.bucket()
  return setmetatable({ tokens = CAPACITY }, Bucket)
end

--- Draws the cost of one retry.
-- @tparam table err the error to be retried; a timeout costs more
-- @treturn boolean false where the bucket holds too little
function Bucket:take(err)
  local cost = err.kind == "timeout" and COST_AFTER_TIMEOUT or COST
  if self.tokens < cost then
    return false
  end
  self.tokens = self.tokens - cost
  return true
end

--- Puts one token back, after a success.
function Bucket:give()
  self.tokens = math.min(CAPACITY, self.tokens + REWARD)
end

return retry
