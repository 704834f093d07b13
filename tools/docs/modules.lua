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
    subject = "Clients, signatures and times",
  },
  {
    name = "dataforest.client",
    file = "lua/dataforest/client.lua",
    title = "Client",
    subject = "What dataforest.new returns",
    receivers = { Client = "df" },
    hidden = { new = true, tell = true, run = true, __tostring = true },
  },
  {
    name = "dataforest.accounts",
    file = "lua/dataforest/accounts.lua",
    title = "df.accounts",
    subject = "Accounts, beyond the operations",
    receivers = { accounts = "df.accounts" },
  },
  {
    name = "dataforest.apps",
    file = "lua/dataforest/apps.lua",
    title = "df.apps",
    subject = "Apps, beyond the operations",
    receivers = { apps = "df.apps" },
  },
  {
    name = "dataforest.errors",
    file = "lua/dataforest/errors.lua",
    title = "dataforest.errors",
    subject = "Kinds of errors",
    receivers = { errors = "errors" },
  },
  {
    name = "dataforest.credentials",
    file = "lua/dataforest/credentials.lua",
    title = "dataforest.credentials",
    subject = "Where keys come from",
    receivers = { credentials = "credentials" },
  },
  {
    name = "dataforest.operations",
    file = "lua/dataforest/operations.lua",
    title = "dataforest.operations",
    subject = "The API as data",
    receivers = { operations = "operations" },
  },
  {
    name = "dataforest.emulator",
    file = "lua/dataforest/emulator/init.lua",
    title = "dataforest.emulator",
    subject = "A Data Forest that runs anywhere",
    receivers = { emulator = "emulators", Emulator = "emulator" },
    hidden = {
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
    subject = "The emulator in one's own nginx",
  },
  {
    name = "dataforest.emulator.control",
    file = "lua/dataforest/emulator/control.lua",
    title = "dataforest.emulator.control",
    subject = "Steering an emulator over HTTP",
  },
  {
    name = "dataforest.testing",
    file = "lua/dataforest/testing/init.lua",
    title = "dataforest.testing",
    subject = "For one's own busted suites",
  },
  {
    name = "dataforest.testing.recording",
    file = "lua/dataforest/testing/recording.lua",
    title = "dataforest.testing.recording",
    subject = "Recorded exchanges",
    receivers = { recording = "testing", Recorder = "recorder", Player = "player" },
    hidden = { send = true, sleep = true, now = true },
  },
  {
    name = "dataforest.transport",
    file = "lua/dataforest/transport/init.lua",
    title = "dataforest.transport",
    subject = "How requests travel",
    receivers = { transport = "transport" },
  },
}
