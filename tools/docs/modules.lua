--- What of the library is public, for the reference and the editor types: each module, what the reader
-- calls it by, and the class of its objects.
--
-- Everything else under lua/dataforest/ is for the library itself.
--
-- @module tools.docs.modules

return {
  {
    name = "dataforest",
    file = "lua/dataforest/init.lua",
    title = "dataforest",
  },
  {
    name = "dataforest.client",
    file = "lua/dataforest/client.lua",
    title = "Client",
    receivers = { Client = "df" },
    hidden = { new = true, tell = true, run = true, __tostring = true },
  },
  {
    name = "dataforest.accounts",
    file = "lua/dataforest/accounts.lua",
    title = "df.accounts",
    receivers = { accounts = "df.accounts" },
  },
  {
    name = "dataforest.apps",
    file = "lua/dataforest/apps.lua",
    title = "df.apps",
    receivers = { apps = "df.apps" },
  },
  {
    name = "dataforest.errors",
    file = "lua/dataforest/errors.lua",
    title = "dataforest.errors",
    receivers = { errors = "dataforest.errors" },
  },
  {
    name = "dataforest.credentials",
    file = "lua/dataforest/credentials.lua",
    title = "dataforest.credentials",
    receivers = { credentials = "dataforest.credentials" },
  },
  {
    name = "dataforest.operations",
    file = "lua/dataforest/operations.lua",
    title = "dataforest.operations",
    receivers = { operations = "dataforest.operations" },
  },
  {
    name = "dataforest.emulator",
    file = "lua/dataforest/emulator/init.lua",
    title = "dataforest.emulator",
    receivers = { emulator = "dataforest.emulator", Emulator = "emulator" },
    hidden = {
      start_over = true,
      try_load = true,
      fill = true,
      user_of = true,
      knows_user = true,
      signing_clock = true,
      monotonic = true,
      new_id = true,
      unknown = true,
      carry_out = true,
      answer = true,
      latency = true,
      record = true,
    },
  },
  {
    name = "dataforest.emulator.nginx",
    file = "lua/dataforest/emulator/nginx.lua",
    title = "dataforest.emulator.nginx",
  },
  {
    name = "dataforest.emulator.control",
    file = "lua/dataforest/emulator/control.lua",
    title = "dataforest.emulator.control",
  },
  {
    name = "dataforest.testing",
    file = "lua/dataforest/testing/init.lua",
    title = "dataforest.testing",
  },
  {
    name = "dataforest.testing.recording",
    file = "lua/dataforest/testing/recording.lua",
    title = "dataforest.testing.recording",
    receivers = { recording = "dataforest.testing", Recorder = "recorder", Player = "player" },
    hidden = { send = true, sleep = true, now = true, monotonic = true },
  },
  {
    name = "dataforest.transport",
    file = "lua/dataforest/transport/init.lua",
    title = "dataforest.transport",
    receivers = { transport = "dataforest.transport" },
  },
}
