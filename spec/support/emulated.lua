--- A client of an emulator in process: a fixed clock that sleeping moves, and all events kept.

local dataforest = require "dataforest"
local emulators = require "dataforest.emulator"
local tables = require "dataforest.util.tables"

local emulated = {}

emulated.NOW = 1740011575 -- 2025-02-20T09:32:55+09:00

--- @tparam[opt] table options of the emulator
-- @treturn table the emulator
function emulated.emulator(options)
  return emulators.new(tables.copy({
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
  local df = dataforest.new(tables.copy({
    transport = emulator:transport(),
    access_key = emulator.access_key,
    secret_key = emulator.secret_key,
    on_event = function(event)
      events[#events + 1] = event
    end,
  }, options))
  return df, events
end

--- An emulator and a client of it.
-- @tparam[opt] table options of the emulator
-- @tparam[opt] table client_options
-- @treturn table the client
-- @treturn table the emulator
-- @treturn table the client's events, in their order
function emulated.pair(options, client_options)
  local emulator = emulated.emulator(options)
  local df, events = emulated.client(emulator, client_options)
  return df, emulator, events
end

--- What a case of the suites (see account_suite) gets in process: an emulator of its own, and clients of it.
-- @treturn table
function emulated.context()
  local emulator, clock_offset = emulated.emulator(), 0
  return {
    emulator = setmetatable({
      calls = function()
        return emulator.calls
      end,
    }, {
      __index = function(_, name)
        return function(_, ...)
          return emulator[name](emulator, ...)
        end
      end,
    }),
    client = function(options)
      local transport = emulator:transport { clock_offset = clock_offset }
      return (emulated.client(emulator, tables.copy({ transport = transport }, options)))
    end,
    -- In process a client's clock is the emulator's, unless told otherwise.
    advance_service_clock = function(seconds)
      clock_offset = clock_offset - seconds
    end,
  }
end

--- Declares a suite's cases in process.
-- @tparam function it of busted
-- @tparam {table,...} suite
function emulated.declare(it, suite)
  for _, case in ipairs(suite) do
    it(case.name, function()
      case.run(emulated.context())
    end)
  end
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
