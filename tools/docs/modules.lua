--- What of the library is public, for the reference and the editor types: each module, its file, its title
-- where that is not its name, what the reader calls its objects by, and the functions that are not for users.
--
-- Everything else under lua/dataforest/ is for the library itself.
-- @module tools.docs.modules

return {
  { name = "dataforest", file = "init.lua" },
  {
    name = "dataforest.client",
    file = "client.lua",
    title = "Client",
    objects = { Client = "df" },
    hidden = "new tell run",
  },
  { name = "dataforest.accounts", file = "accounts.lua", title = "df.accounts" },
  { name = "dataforest.apps", file = "apps.lua", title = "df.apps" },
  { name = "dataforest.errors", file = "errors.lua" },
  { name = "dataforest.credentials", file = "credentials.lua" },
  { name = "dataforest.operations", file = "operations.lua" },
  { name = "dataforest.transport", file = "transport/init.lua" },
  {
    name = "dataforest.emulator",
    file = "emulator/init.lua",
    objects = { Emulator = "emulator" },
    hidden = "start_over try_load fill user_of knows_user signing_clock monotonic new_id unknown "
      .. "carry_out respond latency record",
  },
  { name = "dataforest.emulator.nginx", file = "emulator/nginx.lua" },
  { name = "dataforest.emulator.control", file = "emulator/control.lua" },
  { name = "dataforest.testing", file = "testing/init.lua" },
  {
    name = "dataforest.testing.recording",
    file = "testing/recording.lua",
    title = "dataforest.testing",
    objects = { Recorder = "recorder", Player = "player" },
    hidden = "send sleep now monotonic",
  },
}
