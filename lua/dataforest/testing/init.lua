--- For one's own busted suites: an emulator with a client on it, assertions, and recordings.
--
--     local testing = require "dataforest.testing"
--
--     it("survives throttling", function()
--       local df, emulator = testing.client()
--       emulator:fail_next { code = "410" }
--       assert.is_table(df.accounts:get_list())
--       assert.called_operation(emulator, "accounts/getList", 2)
--     end)
--
-- Loading the module registers its assertions with luassert, where that is there:
--
-- - `assert.is_dataforest_error("throttled", err)`: the value is an error of that kind;
-- - `assert.called_operation(emulator, "accounts/create")`: the emulator saw a call of that
--   operation; a number behind it says how many, a table which parameters one of the calls had that
--   `emulator.calls` still holds.
--
-- @module dataforest.testing

local Client = require "dataforest.client"
local assertions = require "dataforest.testing.assertions"
local emulator = require "dataforest.emulator"
local recording = require "dataforest.testing.recording"
local tables = require "dataforest.util.tables"

local testing = {
  --- A transport that passes calls on and writes them to a file, with secrets taken out.
  -- @see dataforest.testing.recording.recorder
  recorder = recording.recorder,
  --- A transport that answers from such a file.
  -- @see dataforest.testing.recording.player
  player = recording.player,
}

local function no_environment() end

--- Makes an emulator, and a client on it. Nothing waits: pauses move the emulator's clock. No environment
-- variable is read.
-- @tparam[opt] table options of the client, as for `dataforest.new`; besides, `emulator`: the
--   emulator's own, as for `dataforest.emulator.new`
-- @treturn Client the client
-- @treturn Emulator the emulator
-- @usage local df, emulator = testing.client { emulator = { creation_delay = 0 } }
function testing.client(options)
  local client_options = tables.copy(options or {})
  local made = emulator.new(client_options.emulator)
  client_options.emulator = nil
  client_options.transport = made:transport()
  client_options.access_key = client_options.access_key or made.access_key
  client_options.secret_key = client_options.secret_key or made.secret_key
  return Client.new(client_options, 3, no_environment), made
end

assertions.register()

return testing
