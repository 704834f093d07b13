-- How time grows with the size of the input, whatever the machine's speed.

local assert = require "luassert"

local cost = {}

--- The seconds of the processor that a function takes with an argument.
function cost.seconds(run, argument)
  local started = os.clock()
  run(argument)
  return os.clock() - started
end

--- Asserts that a function takes time with the size that it is given, not with its square: for eight times
-- the size, forty times as long at most.
function cost.assert_linear(run, size)
  cost.seconds(run, size) -- warms up
  local short, long = cost.seconds(run, size), cost.seconds(run, 8 * size)
  assert.is_true(
    long < 40 * short + 0.05,
    ("size %d: %.3f s, 8 times that: %.3f s"):format(size, short, long)
  )
end

return cost
