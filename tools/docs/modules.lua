--- What of the library is public, for the reference and the editor types: each module, its file and title,
-- what the reader calls its objects by, and the functions that are not for users.
--
-- Everything else under lua/dataforest/ is for the library itself.
--
-- @module tools.docs.modules

local modules = {}

local function add(name, more)
  more = more or {}
  local path = "lua/" .. name:gsub("%.", "/")
  local file = io.open(path .. ".lua")
  local hidden = {}
  for word in (more.hidden or ""):gmatch "%S+" do
    hidden[word] = true
  end
  modules[#modules + 1] = {
    name = name,
    file = file and path .. ".lua" or path .. "/init.lua",
    title = more.title or name,
    receivers = more.receivers,
    hidden = hidden,
  }
  if file then
    file:close()
  end
end

add "dataforest"
add(
  "dataforest.client",
  { title = "Client", receivers = { Client = "df" }, hidden = "new tell run __tostring" }
)
add("dataforest.accounts", { title = "df.accounts", receivers = { accounts = "df.accounts" } })
add("dataforest.apps", { title = "df.apps", receivers = { apps = "df.apps" } })
for _, name in ipairs { "errors", "credentials", "operations", "transport" } do
  add("dataforest." .. name, { receivers = { [name] = "dataforest." .. name } })
end
add("dataforest.emulator", {
  receivers = { emulator = "dataforest.emulator", Emulator = "emulator" },
  hidden = "start_over try_load fill user_of knows_user signing_clock monotonic new_id unknown "
    .. "carry_out respond latency record",
})
add "dataforest.emulator.nginx"
add "dataforest.emulator.control"
add "dataforest.testing"
add("dataforest.testing.recording", {
  receivers = { recording = "dataforest.testing", Recorder = "recorder", Player = "player" },
  hidden = "send sleep now monotonic",
})

return modules
