-- How long a forest of 40 apps takes, and how many calls: with and without concurrency, against the emulator
-- as a server over TLS, with delays as people meet them (scaled down, see below).
--
--     eval "$(make -s env)"; lua5.4 bench/forest.lua
--
-- Each response takes 40 ms. An account becomes RUNNING in 15 s and an app in 6 s, a tenth of what the
-- emulator has by default; the looks of apply are closer together in the same measure.

local core = require "dataforest.core"
local dataforest = require "dataforest"
local server_of = require "spec.support.server"

local APPS = 40
local LATENCY, ACCOUNT, APP = 0.04, 15, 6
local INTERVAL, MAX_INTERVAL = 0.2, 1.5

local function spec_of(count)
  local apps = {}
  for index = 1, APPS do
    apps[index] = {
      name = ("dev%02d"):format(index),
      type = "DEV-1.0.0",
      lifetime = 604800,
      components = { shell = { containerCount = count } },
    }
  end
  return { account = { name = "df001", password = "Abcdef1!" }, apps = apps }
end

local function measure(server, df, name, concurrency, spec, run)
  server:control "clear_calls"
  local start = core.monotonic()
  assert(run(spec, {
    concurrency = concurrency,
    interval = INTERVAL,
    max_interval = MAX_INTERVAL,
  }))
  local seconds, calls = core.monotonic() - start, #server:calls()
  print(
    ("%-34s %3d at a time  %6.1f s  %4d calls  %5.1f an app"):format(
      name,
      concurrency,
      seconds,
      calls,
      calls / APPS
    )
  )
  return df
end

local server = server_of.start {
  latency = LATENCY,
  creation_delay = ACCOUNT,
  app_delay = APP,
  container_delay = 1,
}
local df = dataforest.new(server.options)
local ok, message = pcall(function()
  for _, concurrency in ipairs { 1, 8, 40 } do
    server:reset()
    local function apply(spec, options)
      return df:apply(spec, options)
    end
    local function plan(spec, options)
      return df:plan(spec, options)
    end
    measure(server, df, "apply, nothing there", concurrency, spec_of(1), apply)
    measure(server, df, "plan, nothing to do", concurrency, spec_of(1), plan)
    measure(server, df, "apply, 40 apps to scale", concurrency, spec_of(2), apply)
  end
end)
df:close()
server:stop()
assert(ok, message)
