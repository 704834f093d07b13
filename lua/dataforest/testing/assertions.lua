--- Assertions for luassert, as busted has it.
-- @module dataforest.testing.assertions

local errors = require "dataforest.errors"
local guarded = require "dataforest.util.guarded"
local nearest = require "dataforest.util.nearest"
local operations = require "dataforest.operations"

local assertions = {}

local function describe(value)
  if errors.is(value) then
    return tostring(value)
  end
  return ("%s (a %s)"):format(guarded.text(value), type(value))
end

--- Raises for arguments that are a mistake: the test would pass or fail for no reason.
local function demand(ok, text, ...)
  if not ok then
    error("assert." .. text:format(...), 0)
  end
end

--- What was probably meant by a name that is not known, for the end of a message.
local function meant(name, names)
  local near = type(name) == "string" and nearest(name, names)
  return near and (": did you mean %s?"):format(near) or ""
end

local KINDS, OPERATIONS = {}, {}
for index, kind in ipairs(errors.kinds) do
  KINDS[index], KINDS[kind.name] = kind.name, true
end
for index, operation in ipairs(operations.list) do
  OPERATIONS[index] = operation.id
end

local function is_dataforest_error(state, given)
  local kind, value = given[1], given[2]
  if given.n == 1 then
    -- assert.is_dataforest_error(err): of any kind.
    kind, value = nil, given[1]
  else
    demand(
      type(kind) == "string" and KINDS[kind],
      "is_dataforest_error: the first of two arguments must be a kind of error, such as throttled; got %s%s",
      describe(kind),
      meant(kind, KINDS)
    )
  end
  state.failure_message = ("expected a dataforest error%s, got %s"):format(
    kind and " of kind " .. kind or "",
    describe(value)
  )
  return errors.is(value, kind)
end

--- Whether all that is expected is in what was given, which may have more.
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

local function check_called_operation(emulator, operation, expected)
  demand(
    type(emulator) == "table" and type(rawget(emulator, "calls")) == "table" and emulator.count_calls,
    "called_operation: the first argument must be an emulator, the second value of testing.client(); got %s",
    describe(emulator)
  )
  demand(
    type(operation) == "string" and operations.by_name[operation],
    "called_operation: the second argument must name an operation, such as accounts/create; got %s%s",
    describe(operation),
    meant(operation, OPERATIONS)
  )
  local is_count = type(expected) == "number" and expected >= 0 and expected % 1 == 0
  demand(
    expected == nil or is_count or type(expected) == "table",
    "called_operation: the third argument must be a number of calls or a table of parameters; got %s",
    describe(expected)
  )
end

local SHOWN = 20 -- calls in a message

local function called_operation(state, given)
  local emulator, operation, expected = given[1], given[2], given[3]
  check_called_operation(emulator, operation, expected)
  local matching, names = 0, {}
  for index, call in ipairs(emulator.calls) do
    names[index] = call.operation or "an unknown operation"
    if call.operation == operation and (type(expected) ~= "table" or contains(call.params, expected)) then
      matching = matching + 1
    end
  end
  local count = type(expected) == "table" and matching or emulator:count_calls(operation)
  local wanted = type(expected) == "number" and ("%d calls"):format(expected)
    or type(expected) == "table" and "a call with these parameters"
    or "a call"
  local first = math.max(1, #names - SHOWN + 1)
  state.failure_message = ("expected %s of %s, got %d among: %s%s"):format(
    wanted,
    operation,
    count,
    first > 1 and "..., " or "",
    names[1] and table.concat(names, ", ", first) or "no calls at all"
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
