--- The tokens that a client's retries draw on, so that a service in trouble is not met with a storm of them.
-- @module dataforest.request.budget

local budget = {}

local CAPACITY = 500
local COST = 5
local COST_AFTER_TIMEOUT = 10
local REWARD = 1

local Budget = {}
Budget.__index = Budget

--- Makes a full budget.
-- @treturn table with `take(err)` and `give()`
function budget.new()
  return setmetatable({ tokens = CAPACITY }, Budget)
end

--- Draws the cost of one retry.
-- @tparam table err the error to be retried; a timeout costs more
-- @treturn boolean false where too little is left
function Budget:take(err)
  local cost = err.kind == "timeout" and COST_AFTER_TIMEOUT or COST
  if self.tokens < cost then
    return false
  end
  self.tokens = self.tokens - cost
  return true
end

--- Puts one token back, after a success.
function Budget:give()
  local tokens = self.tokens
  if tokens < CAPACITY then
    self.tokens = tokens + REWARD
  end
end

return budget
