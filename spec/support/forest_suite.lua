--- Forests, end to end, as cases that run over any transport: see account_suite.

local assert = require "luassert"
local cases = require "spec.support.cases"
local tables = require "dataforest.util.tables"

local suite, case = cases.suite()

local function spec_of(count)
  local apps = { { name = "kafka", type = "KAFKA-2.4.0", components = { broker = { containerCount = 2 } } } }
  apps[2] = { name = "zoo", type = "ZOOKEEPER-3.4.13" }
  for index = 3, count do
    apps[index] = { name = "dev" .. index, type = "DEV-1.0.0", state = index == 3 and "STOPPED" or nil }
  end
  return {
    account = { name = "df001", password = "Abcdef1!", quotas = { koya = { spaceTb = 300 } } },
    apps = apps,
  }
end

--- Options of apply with which the emulator's time passes whenever something is waited for.
local function options_of(context, more)
  local options = tables.copy({
    interval = 0.01,
    on_step = function(event)
      if event.event == "waiting" then
        context.emulator:advance(200)
      end
    end,
  }, more)
  return options
end

for _, format in ipairs { "json", "xml" } do
  case("becomes what the spec says, and is told as one (" .. format .. ")", function(context)
    local df = context.client { format = format }
    local spec = spec_of(5)
    local report = assert(df:apply(spec, options_of(context)))
    assert.are.equal(6, #report.done)
    local plan = assert(df:plan(spec))
    assert.is_true(plan.empty, tostring(plan))
    local exported = assert(df:export())
    assert.are.equal(5, #exported.apps)
    plan = assert(df:plan(exported, { prune = true }))
    assert.is_true(plan.empty, tostring(plan))
    spec.apps[1].components.broker.containerCount = 4
    spec.apps[2].components = { zk = { memoryMb = 4096 } }
    spec.apps[5] = nil
    local options = options_of(context, { prune = true, replace = true })
    report = assert(df:apply(spec, options))
    assert.are.equal(3, #report.done)
    plan = assert(df:plan(spec, { prune = true }))
    assert.is_true(plan.empty, tostring(plan))
  end)
end

case("carries on after a fault, one at a time or several", function(context)
  local df = context.client { retry = false }
  for _, concurrency in ipairs { 1, 4 } do
    context.emulator:reset()
    local spec = spec_of(6)
    context.emulator:fail_next { operation = "apps/create", when = "after", status = 500 }
    context.emulator:fail_next { operation = "accounts/create", when = "after", status = 503 }
    context.emulator:fail_next { operation = "accounts/setQuota", when = "after", status = 504 }
    assert(df:apply(spec, options_of(context, { concurrency = concurrency })))
    local plan = assert(df:plan(spec))
    assert.is_true(plan.empty, tostring(plan))
    assert.are.equal(6, #assert(df:export()).apps)
  end
end)

return suite
