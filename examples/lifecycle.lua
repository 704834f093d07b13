--- The whole life of an account and an app: ensured, created, waited for, scaled, stopped, deleted.
--
--     lua5.4 examples/lifecycle.lua
--
-- Runs against the emulator in this very process, where minutes take no time. With
-- DATAFOREST_BASE_URL set it runs against the service at that address, with the keys of the
-- environment; an account that was there before is left there.
--
--     DATAFOREST_ACCOUNT   name of the account (df001)
--     DATAFOREST_PASSWORD  its password, if it is to be created; needed with DATAFOREST_BASE_URL

local dataforest = require "dataforest"

local function fail(message)
  io.stderr:write("lifecycle: ", tostring(message), "\n")
  os.exit(1)
end

--- The values of a call, or the end.
local function must(value, ...)
  if value == nil then
    fail((...))
  end
  return value, ...
end

local function say(text, ...)
  print(text:format(...))
end

local base_url = os.getenv "DATAFOREST_BASE_URL"
local account_name = os.getenv "DATAFOREST_ACCOUNT" or "df001"
local password = os.getenv "DATAFOREST_PASSWORD" or ""
local df

if base_url and base_url ~= "" then
  say("service: %s", base_url)
  df = dataforest.new()
  if password == "" then
    fail "DATAFOREST_PASSWORD is not set"
  end
else
  say "service: the emulator, in process"
  local emulator = dataforest.emulator.new()
  df = dataforest.new {
    transport = emulator:transport(),
    access_key = emulator.access_key,
    secret_key = emulator.secret_key,
  }
  password = password ~= "" and password or "Abcdef1!"
end

-- The account: it is there afterwards, whatever happens on the way.
local account, _, created = must(df.accounts:ensure { name = account_name, password = password })
say("account %s: %s", account.name, created and "created" or "was there already")

local detail = must(df.accounts:wait(account, "RUNNING"))
say("account %s: %s", detail.name, detail.status)

must(df.accounts:set_quota({ id = account.id, namespace = "koya", spaceTb = 300 }, { merge = true }))
for _, quota in ipairs(must(df.accounts:get_detail(account.id)).quotas) do
  say("quota of %s: %d million files, %d TB", quota.namespace, quota.fileCountMillion, quota.spaceTb)
end

-- An app: what is left out comes from the service.
local app = must(df.apps:create({
  accountId = account.id,
  name = "lifecycle",
  type = "DEV-1.0.0",
  lifetime = 3600,
  components = { shell = { memoryMb = 4096 } },
}, { defaults = true }))
app = must(df.apps:wait(app, "RUNNING"))
say("app %s: %s for %d seconds", app.name, app.state, app.lifetimeSeconds)

local links = {}
for name in pairs(app.links) do
  links[#links + 1] = name
end
table.sort(links)
say("links: %s", table.concat(links, ", "))

-- Scaled: waited for with a function of the detail.
must(df.apps:set_container_count { id = app.id, componentName = "shell", containerCount = 3 })
app = must(df.apps:wait(app, function(now)
  return now.components[1].allocated == 3 and now.components[1].state == "STABLE"
end))
for _, container in ipairs(app.components[1].containers) do
  say("container %s: %s", container.name, container.state)
end

must(df.apps:stop(app.id))
app = must(df.apps:wait(app, { "STOPPED", "FINISHED" }))
say("app %s: %s", app.name, app.state)

-- An account that still has apps is not removed by mistake. (Not tried on one that is somebody's.)
if created then
  local removed, err = df.accounts:remove(account.id)
  say("account %s: %s", account_name, removed and "removed" or err.kind .. ", " .. err.details)
end

must(df.apps:remove { id = app.id, accountId = account.id })
say("app lifecycle: %s", df.apps:find { accountId = account.id, name = "lifecycle" } and "is there" or "gone")

if created then
  must(df.accounts:remove(account.id))
  say("account %s: %s", account_name, df.accounts:find(account_name) and "is there" or "gone")
end
df:close()
