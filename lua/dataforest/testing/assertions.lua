--- Assertions for luassert, as busted has it.
-- @module dataforest.testing.assertions

local errors = require "dataforest.errors"

local assertions = {}

local function describe(value)
  if errors.is(value) then
    return tostring(value)
  end
  return ("%s (a %s)"):format(tostring(value), type(value))
end

local function is_dataforest_error(state, given)
  local kind, value = given[1], given[2]
  if given.n == 1 then
    -- assert.is_dataforest_error(err): of any kind.
    kind, value = nil, given[1]
  end
  state.failure_message = ("expected a dataforest error%s, got %s"):format(
    kind and " of kind " .. tostring(kind) or "",
    describe(value)
  )
  return errors.is(value, kind)
end

--- Whether all that is expected stands in what was given; more may stand there.
local function contains(given, expected)
  if type(expected) ~= "table" or type(given) ~= "table" then
    return given == expected
  end
  for name, value in pairs(expected) do
    if not contains(given[name], value) then
      return false
    end
  end
  return true
end

local function called_operation(state, given)
  local emulator, operation, expected = given[1], given[2], given[3]
  local count, names = 0, {}
  for index, call in ipairs(emulator.calls) do
    names[index] = call.operation or "an unknown operation"
    if call.operation == operation and (type(expected) ~= "table" or contains(call.params, expected)) then
      count = count + 1
    end
  end
  local wanted = type(expected) == "number" and ("%d calls"):format(expected)
    or type(expected) == "table" and "a call with these parameters"
    or "a call"
  state.failure_message = ("expected %s of %s, got %d among: %s"):format(
    wanted,
    tostring(operation),
    count,
    names[1] and table.concat(names, ", ") or "no calls at all"
  )
  if type(expected) == "number" then
    return count == expected
  end
  return count > 0
end

--- Registers the assertions, where luassert is there.
-- @treturn boolean whether it is
function assertions.register()
  local found, luassert = pcall(require, "luassert")
  if found then
    luassert:register("assertion", "dataforest_error", is_dataforest_error)
    luassert:register("assertion", "called_operation", called_operation)
  end
  return found
end

return assertions
