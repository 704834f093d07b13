--- A client of an emulator in process: a fixed clock that sleeping moves, and all events kept.

local dataforest = require "dataforest"
local emulators = require "dataforest.emulator"

local emulated = {}

emulated.NOW = 1740011575 -- 2025-02-20T09:32:55+09:00

local function with(defaults, given)
  for name, value in pairs(given or {}) do
    defaults[name] = value
  end
  return defaults
end

--- @tparam[opt] table options of the emulator
-- @treturn table the emulator
function emulated.emulator(options)
  return emulators.new(with({
    seed = 1,
    clock = function()
      return emulated.NOW
    end,
  }, options))
end

--- @tparam table emulator
-- @tparam[opt] table options of the client
-- @treturn table the client
-- @treturn table its events, in their order
function emulated.client(emulator, options)
  local events = {}
  local df = dataforest.new(with({
    transport = emulator:transport(),
    access_key = emulator.access_key,
    secret_key = emulator.secret_key,
    on_event = function(event)
      events[#events + 1] = event
    end,
  }, options))
  return df, events
end

--- The operations that reached the emulator, as one text.
function emulated.called(emulator)
  local names = {}
  for index, call in ipairs(emulator.calls) do
    names[index] = call.operation
  end
  return table.concat(names, " ")
end

--- How many calls of an operation reached the emulator.
function emulated.count(emulator, operation)
  local count = 0
  for _, call in ipairs(emulator.calls) do
    count = count + (call.operation == operation and 1 or 0)
  end
  return count
end

--- Whether the emulator carries an operation out: one that was added to the data alone is 404 there.
-- @tparam table operation an entry of `dataforest.operations`
-- @treturn boolean
function emulated.carries_out(operation)
  local df = emulated.client(emulated.emulator(), { validate = false, retry = false })
  local value, err = df:call(operation.id, {})
  return value ~= nil or not (err.status == 404 and err.code == "300")
end

return emulated
