--- A model of forests: random states, random specs, and faults and deaths at any call.
-- `forest_model.scenario(seed)` applies a spec until that is done, and raises where what is there is not
-- exactly what was asked for.

local cjson = require "cjson"
local dataforest = require "dataforest"
local emulated = require "spec.support.emulated"
local tables = require "dataforest.util.tables"

local forest_model = {}

local PASSWORD = "Abcdef1!"
local REST = { STOPPED = true, FINISHED = true }

-- Chance ---------------------------------------------------------------------------------

local Chance = {}
Chance.__index = Chance

function Chance:number()
  self.state = self.state * 16807 % 2147483647
  return self.state / 2147483647
end

function Chance:is(part)
  return self:number() < part
end

function Chance:of(list)
  return list[math.floor(self:number() * #list) + 1]
end

local function chance_of(seed)
  local chance = setmetatable({ state = seed % 2147483646 + 1 }, Chance)
  for _ = 1, 5 do
    chance:number()
  end
  return chance
end

-- Faults ---------------------------------------------------------------------------------

local function response(status, body)
  return { status = status, headers = { ["content-type"] = "application/json" }, body = body or "" }
end

local function gateway(status, code)
  return function()
    return response(status, ('{"error":{"errorCode":"%s","message":"injected"}}'):format(code))
  end
end

local function lost(kind, sent)
  return function()
    return nil, { kind = kind, message = "injected", sent = sent }
  end
end

-- Each: whether the call is carried out, and what comes back.
local FAULTS = {
  { name = "unsent", carried_out = false, lost("network", false) },
  { name = "lost before", carried_out = false, lost("network", true) },
  { name = "lost after", carried_out = true, lost("network", true) },
  { name = "timeout before", carried_out = false, lost("timeout", true) },
  { name = "timeout after", carried_out = true, lost("timeout", true) },
  { name = "broken after", carried_out = true, lost("protocol", true) },
  { name = "500 before", carried_out = false, gateway(500, "900") },
  { name = "500 after", carried_out = true, gateway(500, "900") },
  { name = "503", carried_out = false, gateway(503, "500") },
  { name = "504 after", carried_out = true, gateway(504, "510") },
  { name = "502 after", carried_out = true, gateway(502, "0") },
  { name = "throttled", carried_out = false, gateway(429, "410") },
  {
    name = "empty after",
    carried_out = true,
    function()
      return response(200)
    end,
  },
  {
    name = "foreign after",
    carried_out = true,
    function()
      return response(200, "<html>maintenance</html>")
    end,
  },
  { name = "killed before", carried_out = false, dies = true },
  { name = "killed after", carried_out = true, dies = true },
}

forest_model.FAULTS = FAULTS

local KILLED = { "killed" }

--- A transport to the emulator that `strike(count)` may give a fault to. Once it has died nothing gets
-- through.
local function faulty(emulator, strike, log)
  local inner = emulator:transport()
  local transport = setmetatable({ count = 0 }, { __index = inner })
  function transport:sleep(seconds)
    if self.dead then
      error(KILLED, 0)
    end
    return inner:sleep(seconds)
  end
  function transport:send(request)
    if self.dead then
      error(KILLED, 0)
    end
    self.count = self.count + 1
    local fault = strike(self.count, request)
    if not fault then
      return inner:send(request)
    end
    log[#log + 1] = ("call %d, %s: %s"):format(self.count, request.target, fault.name)
    local real
    if fault.carried_out then
      real = inner:send(request)
    end
    if fault.dies then
      self.dead = true
      error(KILLED, 0)
    elseif fault.name:find "timeout" then
      inner:sleep(3)
    end
    return fault[1](real)
  end
  return transport
end

local function client_of(emulator, transport)
  return dataforest.new {
    transport = transport or emulator:transport(),
    access_key = emulator.access_key,
    secret_key = emulator.secret_key,
    retry = { base_delay = 0.1, max_delay = 1 },
  }
end

-- Specs ----------------------------------------------------------------------------------

local NAMES = { "alpha", "beta", "gamma", "delta", "omega" }
local TYPES = {
  ["DEV-1.0.0"] = { "shell" },
  ["ZOOKEEPER-3.4.13"] = { "zk" },
  ["KAFKA-2.4.0"] = { "broker", "kafka-manager" },
  ["ELASTICSEARCH-7.3.2"] = { "es", "cerebro" },
}
local PLAIN_TYPES = { "DEV-1.0.0", "DEV-1.0.0", "ZOOKEEPER-3.4.13", "ELASTICSEARCH-7.3.2", "KAFKA-2.4.0" }

local function random_component(chance)
  local component = {}
  if chance:is(0.3) then
    component.memoryMb = chance:of { 1024, 2048 }
  end
  if chance:is(0.2) then
    component.cpuCount = chance:of { 1, 2 }
  end
  if chance:is(0.7) then
    component.containerCount = chance:of { 1, 2, 3 }
  end
  return component
end

local function random_app(chance, name, others)
  local app = { name = name, type = chance:of(PLAIN_TYPES) }
  if app.type == "KAFKA-2.4.0" then
    local keepers = {}
    for _, other in ipairs(others) do
      if other.type == "ZOOKEEPER-3.4.13" then
        keepers[#keepers + 1] = other.name
      end
    end
    if #keepers == 0 then
      app.type = "DEV-1.0.0"
    else
      app.dependsOn = { chance:of(keepers) }
    end
  elseif chance:is(0.15) and #others > 0 then
    app.dependsOn = { chance:of(others).name }
  end
  if chance:is(0.5) then
    app.queue = chance:of { "longlived", "longlived", "dev" }
  end
  if chance:is(0.6) then
    app.lifetime = chance:of { 86400, 172800, 604800, 604800, -1 }
  end
  if chance:is(0.3) then
    app.description = chance:of { "one", "two\nlines", "drei und ü" }
  end
  for _, component in ipairs(TYPES[app.type]) do
    if chance:is(0.6) then
      app.components = app.components or {}
      app.components[component] = random_component(chance)
    end
  end
  if chance:is(0.7) then
    app.state = chance:of { "RUNNING", "RUNNING", "STOPPED" }
  end
  return app
end

local function random_spec(chance)
  local spec = {
    account = {
      name = "df001",
      password = function()
        return PASSWORD
      end,
    },
    apps = {},
  }
  for _, namespace in ipairs { "koya", "tata" } do
    if chance:is(0.4) then
      spec.account.quotas = spec.account.quotas or {}
      spec.account.quotas[namespace] = {
        spaceTb = chance:is(0.8) and chance:of { 200, 300, 400 } or nil,
        fileCountMillion = chance:is(0.6) and chance:of { 1, 2 } or nil,
      }
    end
  end
  for _, name in ipairs(NAMES) do
    if chance:is(0.45) then
      spec.apps[#spec.apps + 1] = random_app(chance, name, spec.apps)
    end
  end
  -- What is needed may stand behind what needs it.
  if chance:is(0.3) then
    local reversed = {}
    for index = #spec.apps, 1, -1 do
      reversed[#reversed + 1] = spec.apps[index]
    end
    spec.apps = reversed
  end
  return spec
end

--- A spec that differs from another one in a few things.
local function changed_spec(chance, old)
  local spec = random_spec(chance)
  local there = {}
  for _, app in ipairs(spec.apps) do
    there[app.name] = true
  end
  local apps = {}
  for _, app in ipairs(old.apps) do
    if chance:is(0.8) then
      local copy = tables.copy(app)
      if chance:is(0.4) and copy.components then
        local components = {}
        for name, component in pairs(copy.components) do
          components[name] = {
            memoryMb = component.memoryMb,
            cpuCount = component.cpuCount,
            containerCount = chance:of { 1, 2, 3, 4 },
          }
        end
        copy.components = components
      end
      if chance:is(0.3) then
        copy.state = chance:of { "RUNNING", "STOPPED" }
      end
      if chance:is(0.2) then
        copy.lifetime = chance:of { 86400, 604800, -1 }
      end
      if chance:is(0.15) then
        copy.queue = chance:of { "longlived", "dev" }
      end
      apps[#apps + 1] = copy
      there[app.name] = nil
    end
  end
  for _, app in ipairs(spec.apps) do
    if there[app.name] and chance:is(0.6) then
      apps[#apps + 1] = app
    end
  end
  spec.apps = apps
  -- What is depended on must be there.
  local names = {}
  for _, app in ipairs(apps) do
    names[app.name] = app
  end
  for _, app in ipairs(apps) do
    local needed = app.dependsOn and names[app.dependsOn[1]]
    if app.dependsOn and (not needed or needed == app) then
      app.dependsOn = nil
      if app.type == "KAFKA-2.4.0" then
        app.type, app.components = "DEV-1.0.0", nil
      end
    elseif app.type == "KAFKA-2.4.0" and needed.type ~= "ZOOKEEPER-3.4.13" then
      app.type, app.components = "DEV-1.0.0", nil
    end
  end
  return spec
end

local function has_circle(spec)
  local names = {}
  for _, app in ipairs(spec.apps) do
    names[app.name] = app
  end
  for _, app in ipairs(spec.apps) do
    local seen, at = {}, app
    while at do
      if seen[at] then
        return true
      end
      seen[at] = true
      at = at.dependsOn and names[at.dependsOn[1]]
    end
  end
  return false
end

-- What is asked for, told apart from the library ------------------------------------------

local function raw_apps(emulator)
  local by_name = {}
  for _, app in ipairs(emulator.apps:all()) do
    by_name[app.name] = by_name[app.name] or {}
    table.insert(by_name[app.name], app)
  end
  return by_name
end

local function component_of(app, name)
  for _, component in ipairs(app.components) do
    if component.name == name then
      return component
    end
  end
end

--- Whether an app of the emulator cannot become what the spec says.
local function must_go(app, wanted)
  if
    app.type.id ~= wanted.type
    or wanted.queue and app.queue ~= wanted.queue
    or wanted.description and app.description ~= wanted.description
    or wanted.lifetime == -1 and app.lifetime ~= -1
  then
    return true
  end
  for name, component in pairs(wanted.components or {}) do
    local has = component_of(app, name)
    if
      component.memoryMb and has.memoryMb ~= component.memoryMb
      or component.cpuCount and has.cpuCount ~= component.cpuCount
    then
      return true
    end
  end
  return false
end

--- What may be created and deleted on the way from what is there to the spec.
local function expectation(emulator, spec, options)
  local there, expected = raw_apps(emulator), { creates = {}, deletes = {}, needs_replace = false }
  local wanted = {}
  for _, app in ipairs(spec.apps or {}) do
    wanted[app.name] = app
    if not there[app.name] then
      expected.creates[app.name] = 1
    end
  end
  local replaced = {}
  for name, app in pairs(wanted) do
    if there[name] and must_go(there[name][1], app) then
      replaced[name] = true
    end
  end
  repeat
    local more = false
    for name, app in pairs(wanted) do
      if there[name] and not replaced[name] and app.dependsOn and replaced[app.dependsOn[1]] then
        replaced[name], more = true, true
      end
    end
  until not more
  for name in pairs(replaced) do
    expected.needs_replace = true
    expected.creates[name] = 1
    expected.deletes[there[name][1].id] = true
  end
  expected.extras = {}
  for name, list in pairs(there) do
    if not wanted[name] then
      if options.prune then
        expected.deletes[list[1].id] = true
      else
        expected.extras[name] = list[1].id
      end
    end
  end
  -- What depends on what, only the service knows: an app that stays may need one that is to go.
  if emulator.options.strict then
    for name, list in pairs(there) do
      for _, id in ipairs(not expected.deletes[list[1].id] and list[1].depends_on or {}) do
        expected.is_stuck = expected.is_stuck or expected.deletes[id] and name or nil
      end
    end
  end
  local has_account = #emulator.accounts:all() > 0
  expected.account_creates = spec.account and not has_account and 1 or 0
  expected.account_deletes = spec.account == false and has_account and options.prune and 1 or 0
  return expected
end

local function check(condition, message, ...)
  if not condition then
    error(message:format(...), 0)
  end
end

--- Raises unless the emulator holds exactly what the spec says, and what was to be left alone.
local function check_forest(emulator, spec, expected)
  local accounts, there = emulator.accounts:all(), raw_apps(emulator)
  if spec.account == false then
    if expected.account_deletes == 1 then
      check(#accounts == 0, "the account is still there")
    end
    return
  end
  check(#accounts == 1 and accounts[1].name == spec.account.name, "there are %d accounts", #accounts)
  check(emulator.accounts:status(accounts[1]) == "RUNNING", "the account is not RUNNING")
  for namespace, quota in pairs(spec.account.quotas or {}) do
    for field, value in pairs(quota) do
      local has = accounts[1].quotas[namespace][field]
      check(has == value, "%s.%s is %s, not %s", namespace, field, tostring(has), value)
    end
  end
  for _, wanted in ipairs(spec.apps) do
    local list = there[wanted.name]
    check(list and #list == 1, "there are %d apps named %s", list and #list or 0, wanted.name)
    local app = list[1]
    check(not must_go(app, wanted), "%s is not as the spec says", wanted.name)
    check(
      not wanted.lifetime or app.lifetime == wanted.lifetime,
      "%s has lifetime %d",
      wanted.name,
      app.lifetime
    )
    for name, component in pairs(wanted.components or {}) do
      local has = #component_of(app, name).containers
      local count = component.containerCount
      check(
        not count or has == count,
        "%s.%s has %d containers, not %s",
        wanted.name,
        name,
        has,
        tostring(count)
      )
    end
    local state = emulator.apps:state(app)
    if wanted.state == "STOPPED" then
      check(REST[state], "%s is %s", wanted.name, state)
    else
      check(state == "RUNNING", "%s is %s", wanted.name, state)
    end
    there[wanted.name] = nil
  end
  for name, id in pairs(expected.extras) do
    check(there[name] and there[name][1].id == id, "%s, which is not in the spec, is gone", name)
    there[name] = nil
  end
  check(next(there) == nil, "there is %s, too", tostring(next(there)))
end

-- Scenarios ------------------------------------------------------------------------------

--- Counts what the emulator carries out.
local function watch(emulator)
  local done = { creates = {}, deletes = {}, account_creates = 0, account_deletes = 0 }
  local carry_out = emulator.carry_out
  function emulator.carry_out(self, operation, body, user)
    local name
    if operation.id == "apps/delete" then
      for _, app in ipairs(self.apps:all()) do
        name = app.id == body.id and app.name or name
      end
    end
    local outcome, more = carry_out(self, operation, body, user)
    if outcome.status == 200 and type(outcome.body) == "table" and outcome.body.success then
      if operation.id == "apps/create" then
        done.creates[body.name] = (done.creates[body.name] or 0) + 1
      elseif operation.id == "apps/delete" then
        done.deletes[body.id] = name or "?"
      elseif operation.id == "accounts/create" then
        done.account_creates = done.account_creates + 1
      elseif operation.id == "accounts/delete" then
        done.account_deletes = 1
      end
    end
    return outcome, more
  end
  return done
end

local function check_done(done, expected)
  for name, count in pairs(done.creates) do
    check(count <= (expected.creates[name] or 0), "%s was created %d times", name, count)
  end
  for id, name in pairs(done.deletes) do
    check(expected.deletes[id], "%s (%s) was deleted, and nobody asked for it", name, id)
  end
  check(
    done.account_creates <= expected.account_creates,
    "the account was created %d times",
    done.account_creates
  )
  check(done.account_deletes <= expected.account_deletes, "the account was deleted")
end

--- What is exported plans to nothing, in any state.
local function check_export(emulator)
  local df = client_of(emulator)
  local spec, err = df:export()
  check(spec, "export: %s", tostring(err))
  local plan
  plan, err = df:plan(spec, { prune = true })
  check(plan, "export | plan: %s", tostring(err))
  check(plan.empty and #plan.unmanaged == 0, "export | plan is not empty:\n%s", tostring(plan))
end

--- Brings the emulator into a state to start from.
local function arrange(emulator, chance)
  local spec = random_spec(chance)
  if chance:is(0.2) then
    return spec -- nothing is there
  end
  emulator:add_account {
    name = "df001",
    quotas = { koya = { spaceTb = chance:of { 200, 300 }, fileCountMillion = chance:of { 1, 2 } } },
  }
  local df = client_of(emulator)
  assert(df:apply(spec, { interval = 20, max_interval = 20 }))
  for _, app in ipairs(emulator.apps:all()) do
    if chance:is(0.2) then
      df.apps:stop(app.id)
    elseif chance:is(0.1) then
      df.apps:start(app.id) -- ACCEPTED
    end
  end
  if chance:is(0.15) then
    emulator:advance(604801) -- all but the endless have FINISHED
  end
  return spec
end

local MOST_RUNS = 80

--- Applies until that says it is done.
-- @tparam table world `emulator`, `spec`, `options`, `expected`, `done`, `log`
-- @tparam function strike_of called with the number of a run: returns what `faulty` takes
-- @tparam ?table plan to apply in place of the spec
local function apply_until_done(world, strike_of, plan)
  local emulator = world.emulator
  for run = 1, MOST_RUNS do
    local df = client_of(emulator, faulty(emulator, strike_of(run), world.log))
    local ok, report, err =
      pcall(df.apply, df, plan or world.spec, not plan and world.options or { timeout = 900, interval = 10 })
    check(ok or report == KILLED, "apply raised: %s", tostring(report))
    if not ok then
      report = nil
    end
    world.log[#world.log + 1] = ("run %d: %s"):format(
      run,
      report and "done" or ok and tostring(err) or "killed"
    )
    check_done(world.done, world.expected)
    if report then
      check(#report.undone == 0 and #report.in_doubt == 0, "done, and not done: %s", tostring(report))
      return run
    elseif plan and ok and err.kind == "refused" and err.message:find("no longer fits", 1, true) then
      plan = nil
      error(("a plan that was begun no longer fits: %s"):format(tostring(err)), 0)
    end
    if world.chance:is(0.3) then
      check_export(emulator)
    end
  end
  check(false, "not done after %d runs", MOST_RUNS)
end

local function new_emulator(chance, seed)
  local emulator = emulated.emulator {
    seed = seed,
    strict = chance:is(0.7),
    creation_delay = chance:of { 0, 20 },
    change_delay = chance:of { 0, 4 },
    app_delay = chance:of { 0, 15 },
    deletion_delay = chance:of { 0, 0, 5 },
    unknown_id = chance:of { 403, 404 },
    second_account = chance:of { 200, 400 },
  }
  -- Signatures are not what this is about, and the emulator's own HMAC takes most of the time.
  function emulator.gateway:user()
    return self.users[emulator.access_key]
  end
  if chance:is(0.3) then
    -- A service that does not see to it that names are unique: nothing but looking prevents two of a name.
    emulator.apps.named = function() end
  end
  return emulator
end

--- @tparam ?function fixed in place of chance: called with the number of a run, returns what `faulty` takes
-- @treturn integer how many runs it took
local function run_scenario(seed, log, fixed)
  local chance = chance_of(seed)
  local emulator = new_emulator(chance, seed)
  local old = arrange(emulator, chance)
  local spec
  if chance:is(0.07) then
    spec = { account = false }
  else
    repeat
      spec = chance:is(0.6) and changed_spec(chance, old) or random_spec(chance)
    until not has_circle(spec)
  end
  local options = { prune = chance:is(0.5), timeout = 900, interval = 10, concurrency = chance:of { 1, 8 } }
  local expected = expectation(emulator, spec, options)
  local done, initially = watch(emulator), raw_apps(emulator)
  check_export(emulator)
  if expected.needs_replace then
    local before = cjson.encode(emulator:dump())
    local report, err = client_of(emulator):apply(spec, options)
    check(not report and err.kind == "refused", "it was replaced unasked: %s", tostring(err))
    check(before == cjson.encode(emulator:dump()), "something was changed before it was refused")
    options.replace = true
  end
  if expected.is_stuck then
    local report, err = client_of(emulator):apply(spec, options)
    check(
      not report and err.kind == "invalid",
      "what %s needs was deleted: %s",
      expected.is_stuck,
      tostring(err)
    )
    check(err.message:find("depend", 1, true), "it does not say why: %s", tostring(err))
    check_done(done, expected)
    check_export(emulator)
    local there = raw_apps(emulator)
    for _, wanted in ipairs(spec.apps) do
      -- One that needs another may not be possible before that is as it should be.
      if not wanted.dependsOn and initially[wanted.name] then
        check(there[wanted.name], "%s was deleted, and not made anew", wanted.name)
      end
    end
    return 1
  end
  local world = {
    emulator = emulator,
    spec = spec,
    options = options,
    expected = expected,
    done = done,
    log = log,
    chance = chance,
  }
  local density = chance:of { 0, 0.03, 0.1, 0.25 }
  local plan
  if chance:is(0.3) then
    plan = assert(client_of(emulator):plan(spec, options))
  end
  local runs = apply_until_done(world, fixed or function(run)
    local part = density / (1 + run / 4)
    return function()
      return chance:is(part) and chance:of(FAULTS) or nil
    end
  end, plan)
  emulator:advance(10)
  check_forest(emulator, spec, expected)
  plan = assert(client_of(emulator):plan(spec, { prune = options.prune }))
  check(plan.empty, "it says that it is done, and plans:\n%s", tostring(plan))
  check_export(emulator)
  return runs
end

local function told(seed, ...)
  local log = {}
  local ok, result = pcall(run_scenario, seed, log, ...)
  if ok then
    return result
  end
  for index = #log - 30, 31, -1 do
    table.remove(log, index)
  end
  error(("scenario %d: %s\n  %s"):format(seed, tostring(result), table.concat(log, "\n  ")), 0)
end

--- Runs one scenario, with faults by chance; raises with its seed and what happened where something is wrong.
-- @tparam integer seed
-- @treturn integer how many runs of apply it took
function forest_model.scenario(seed)
  return told(seed)
end

--- Runs one scenario with one fault, at one call of the first run.
-- @tparam integer seed
-- @tparam integer call
-- @tparam table fault of `forest_model.FAULTS`
-- @treturn boolean whether there was such a call
function forest_model.fault_at(seed, call, fault)
  local reached = false
  told(seed, function(run)
    return function(count)
      if run == 1 and count == call then
        reached = true
        return fault
      end
    end
  end)
  return reached
end

forest_model.client_of = client_of
forest_model.faulty = faulty
forest_model.KILLED = KILLED
forest_model.watch = watch

return forest_model
