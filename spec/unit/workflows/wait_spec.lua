local dataforest = require "dataforest"
local emulated = require "spec.support.emulated"
local scripted = require "spec.support.scripted_transport"
local tables = require "dataforest.util.tables"

local ID = "axE7wU9ERm8fTc7e17vNvu"
local RESET = { kind = "network", message = "connection reset", sent = true }
local GONE = { status = 404, body = '{"message":"no such element","success":false}' }

local function seen(state)
  return { body = ('{"success":true,"id":"%s","status":"%s","state":"%s"}'):format(ID, state, state) }
end

local function client(script, options)
  local transport = scripted.new(script)
  local events = {}
  local all = tables.copy({
    access_key = "AK_TEST",
    secret_key = "SK_TEST",
    transport = transport,
    retry = false,
    on_event = function(event)
      if event.name == "wait" then
        events[#events + 1] = event
      end
    end,
  }, options)
  return dataforest.new(all), transport, events
end

local function repeated(step, times)
  local script = {}
  for index = 1, times do
    script[index] = step
  end
  return script
end

describe("wait", function()
  it("returns at once where the state is as wanted", function()
    local df, transport = client { seen "RUNNING" }
    local account, err = df.accounts:wait(ID, "RUNNING")
    assert.is_nil(err)
    assert.are.equal("RUNNING", account.status)
    assert.are.equal(1, #transport.requests)
    assert.are.same({}, transport.sleeps)
  end)

  it("takes an entry for its id, lists of states, and functions", function()
    local CASES = {
      { ID, "RUNNING" },
      { { id = ID, name = "df001" }, "RUNNING" },
      { ID, { "STOPPED", "RUNNING" } },
      {
        ID,
        function(app)
          return app.state == "RUNNING"
        end,
      },
    }
    for _, case in ipairs(CASES) do
      local df, transport = client { seen "ACCEPTED", seen "RUNNING" }
      local app = assert(df.apps:wait(case[1], case[2]))
      assert.are.equal(ID, app.id)
      assert.are.equal("RUNNING", app.state)
      assert.are.equal(2, #transport.requests)
      assert.are.equal("/api/v2/apps/getDetail", transport.requests[1].target)
    end
  end)

  it("pauses longer and longer, at random, up to a ceiling", function()
    local script = repeated(seen "ACCEPTED", 12)
    script[13] = seen "RUNNING"
    local df, transport = client(script)
    assert(df.accounts:wait(ID, "RUNNING", { timeout = 900, interval = 4, max_interval = 20 }))
    local nominal = 4
    local exact = 0
    assert.are.equal(12, #transport.sleeps)
    for _, pause in ipairs(transport.sleeps) do
      assert.is_true(pause <= nominal and pause >= 0.75 * nominal)
      exact = exact + (pause == nominal and 1 or 0)
      nominal = math.min(nominal * 1.5, 20)
    end
    assert.is_true(exact < 6)
  end)

  it("begins with two seconds and pauses fifteen at most, unless told otherwise", function()
    local script = repeated(seen "ACCEPTED", 15)
    script[16] = seen "RUNNING"
    local df, transport = client(script)
    assert(df.accounts:wait(ID, "RUNNING"))
    assert.is_true(transport.sleeps[1] >= 1.5 and transport.sleeps[1] <= 2)
    for index, pause in ipairs(transport.sleeps) do
      assert.is_true(pause <= 15)
      assert.is_true(index < 8 or pause >= 11.25)
    end
  end)

  it("takes an interval above the ceiling for the ceiling", function()
    local script = repeated(seen "ACCEPTED", 3)
    script[4] = seen "RUNNING"
    local df, transport = client(script)
    assert(df.accounts:wait(ID, "RUNNING", { interval = 60 }))
    for _, pause in ipairs(transport.sleeps) do
      assert.is_true(pause >= 45 and pause <= 60)
    end
  end)

  it("gives up when the time is over, with the last state, and not before", function()
    local df, transport = client(repeated(seen "ACCEPTED", 100))
    local account, err = df.accounts:wait(ID, "RUNNING", { timeout = 100 })
    assert.is_nil(account)
    assert.are.equal("timeout", err.kind)
    assert.are.equal("accounts/getDetail", err.operation)
    assert.are.equal("ACCEPTED", err.state)
    assert.is_true(err.retryable)
    assert.are.equal("timeout", err.field)
    assert.are.equal(
      "the account "
        .. ID
        .. " is ACCEPTED after 100 seconds, not RUNNING; the option timeout makes the wait longer",
      err.message
    )
    local waited = transport.clock - 1700000000
    assert.is_true(waited > 98.9 and waited <= 100)
  end)

  it("gives up in a short time as well", function()
    local df, transport = client(repeated(seen "ACCEPTED", 100))
    local _, err = df.accounts:wait(ID, "RUNNING", { timeout = 0.5 })
    assert.are.equal("timeout", err.kind)
    assert.are.equal(2, #transport.requests)
    assert.is_true(transport.clock - 1700000000 <= 0.5)
  end)

  it("gives each look what is left of the time, and no more than a call's timeout", function()
    local df, transport = client(repeated(seen "ACCEPTED", 100), { timeout = 10 })
    df.accounts:wait(ID, "RUNNING", { timeout = 30 })
    local now = 1700000000
    for index, request in ipairs(transport.requests) do
      assert.is_true(request.deadline <= 1700000030 + 1e-3)
      assert.is_true(request.deadline - now <= 10 + 1e-3)
      assert.is_true(request.deadline > now)
      now = now + (transport.sleeps[index] or 0)
    end
  end)

  it("tells each look to on_event", function()
    local df, transport, events = client { seen "ACCEPTED", RESET, seen "RUNNING" }
    assert(df.accounts:wait(ID, { "RUNNING", "CHANGING" }))
    assert.are.equal(3, #events)
    for index, event in ipairs(events) do
      assert.are.equal("wait", event.name)
      assert.are.equal("accounts/getDetail", event.operation)
      assert.are.equal(ID, event.id)
      assert.are.equal(index, event.look)
      assert.are.equal("RUNNING or CHANGING", event.wanted)
      assert.are.equal(transport.sleeps[index], event.pause)
    end
    assert.are.equal("ACCEPTED", events[1].state)
    assert.is_nil(events[2].state)
    assert.are.equal("network", events[2].kind)
    assert.are.equal("connection reset", events[2].error.message)
    assert.are.equal("RUNNING", events[3].state)
    assert.are.equal(0, events[1].seconds)
    assert.is_true(math.abs(transport.sleeps[1] + transport.sleeps[2] - events[3].seconds) < 1e-3)
  end)

  it("waits out what may pass, and tells of it when the time is over", function()
    local PASSING = {
      RESET,
      { kind = "timeout", message = "slow", sent = true },
      { status = 429, body = '{"error":{"errorCode":"410","message":"Throttle Limited"}}' },
      { status = 500, body = "" },
      { status = 503, body = "" },
    }
    for _, step in ipairs(PASSING) do
      local df = client { step, seen "ACCEPTED", step, step, seen "RUNNING" }
      assert(df.accounts:wait(ID, "RUNNING"))
    end
    local script = repeated(RESET, 60)
    script[1] = seen "CHANGING"
    local df = client(script)
    local _, err = df.accounts:wait(ID, "RUNNING")
    assert.are.equal("timeout", err.kind)
    assert.are.equal("CHANGING", err.state)
    assert.matches(
      "is CHANGING after 300 seconds, not RUNNING; the option timeout makes the wait longer; "
        .. "the last look ended with network: connection reset",
      err.message,
      1,
      true
    )
    df = client(repeated(RESET, 60))
    _, err = df.accounts:wait(ID, "RUNNING")
    assert.matches("is in an unknown state after 300 seconds", err.message, 1, true)
  end)

  it("ends at once with any other error", function()
    local CASES = {
      { GONE, "not_found" },
      { { status = 403, body = '{"error":{"errorCode":"10002","message":"not allowed"}}' }, "forbidden" },
      { { status = 401, body = "" }, "auth" },
      { { status = 400, body = "" }, "invalid" },
      { { body = "<html>" }, "protocol" },
      { { kind = "tls", message = "bad certificate", sent = false }, "tls" },
    }
    for _, case in ipairs(CASES) do
      local df, transport = client { seen "ACCEPTED", case[1] }
      local account, err = df.accounts:wait(ID, "RUNNING")
      assert.is_nil(account)
      assert.are.equal(case[2], err.kind)
      assert.are.equal(2, #transport.requests)
    end
  end)

  it("ends at once on a state that the wanted one cannot follow", function()
    for _, state in ipairs { "STOPPED", "FINISHED", "FAILED", "KILLED", "stopped" } do
      local df, transport, events = client { seen "SUBMITTED", seen(state) }
      local app, err = df.apps:wait(ID, { "RUNNING", "ACCEPTED" })
      assert.is_nil(app)
      assert.are.equal("refused", err.kind)
      assert.are.equal(state, err.state)
      assert.is_false(err.retryable)
      assert.are.equal(
        ("the app %s is %s, and does not become RUNNING or ACCEPTED by itself: "):format(ID, state)
          .. "start it first, with df.apps:start",
        err.message
      )
      assert.are.equal(1, #transport.sleeps)
      assert.are.equal(state, events[2].state)
      assert.is_nil(events[2].pause)
    end
    local df, transport = client { seen "RUNNING" }
    local _, err = df.accounts:wait(ID, "ACCEPTED")
    assert.are.equal("refused", err.kind)
    assert.matches("is RUNNING, and does not become ACCEPTED by itself", err.message, 1, true)
    assert.are.equal(1, #transport.requests)
  end)

  it("goes on where one of the wanted states can follow, and always with a function", function()
    local df = client { seen "RUNNING", seen "CHANGING" }
    assert(df.accounts:wait(ID, { "ACCEPTED", "CHANGING" }))
    df = client { seen "STOPPED", seen "STOPPED", seen "RUNNING" }
    assert(df.apps:wait(ID, function(app)
      return app.state == "RUNNING"
    end))
    df = client { seen "RUNNING", seen "STOPPED" }
    assert(df.apps:wait(ID, { "STOPPED", "FINISHED" }))
  end)

  it("refuses what it does not understand, before anything is sent", function()
    local df, transport = client {}
    local function is_argument_error(field, ...)
      local value, err = df.apps:wait(...)
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.are.equal(field, err.field)
      assert.are.equal("apps/getDetail", err.operation)
    end
    is_argument_error("id", nil, "RUNNING")
    is_argument_error("id", { name = "df001" }, "RUNNING")
    is_argument_error("id", 7, "RUNNING")
    is_argument_error("id", "not-base62", "RUNNING")
    is_argument_error("state", ID, nil)
    is_argument_error("state", ID, "")
    is_argument_error("state", ID, {})
    is_argument_error("state", ID, { 1 })
    is_argument_error("state", ID, true)
    is_argument_error("state", ID, "RUNING")
    is_argument_error("state", ID, { "STOPPED", "FINISHD" })
    is_argument_error("state", ID, "GONE")
    is_argument_error("options", ID, "RUNNING", 300)
    is_argument_error("tiemout", ID, "RUNNING", { tiemout = 300 })
    is_argument_error("timeout", ID, "RUNNING", { timeout = 0 })
    is_argument_error("interval", ID, "RUNNING", { interval = -1 })
    is_argument_error("interval", ID, "RUNNING", { interval = "2" })
    is_argument_error("max_interval", ID, "RUNNING", { max_interval = 0 / 0 })
    is_argument_error("format", ID, "RUNNING", { format = "yaml" })
    assert.are.equal(0, #transport.requests)
  end)

  it("names the state that was meant, or all that there are", function()
    local df = client {}
    local _, err = df.accounts:wait(ID, "runing")
    assert.are.equal("no account is ever runing; did you mean RUNNING?", err.message)
    _, err = df.accounts:wait(ID, "Running")
    assert.are.equal("no account is ever Running; did you mean RUNNING?", err.message)
    _, err = df.accounts:wait(ID, "STOPPED")
    assert.are.equal("no account is ever STOPPED; known are ACCEPTED, RUNNING, CHANGING", err.message)
  end)

  it("passes what a function of the caller's raises on to the caller", function()
    local df = client { seen "RUNNING" }
    local ok, message = pcall(df.apps.wait, df.apps, ID, function()
      error "mine"
    end)
    assert.is_false(ok)
    assert.matches("mine", message, 1, true)
  end)

  it("ends where no code can wait, and does not look without a pause", function()
    for message, sleep in pairs {
      ["the transport's sleep raised: .*no"] = function()
        error "no"
      end,
      ["cosocket"] = function()
        return false
      end,
    } do
      local script = repeated(seen "ACCEPTED", 5)
      local transport = scripted.new(script)
      transport.sleep = sleep
      local df = dataforest.new { access_key = "AK", secret_key = "SK", transport = transport }
      local value, err = df.accounts:wait(ID, "RUNNING")
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.are.equal("ACCEPTED", err.state)
      assert.matches(message, err.message)
      assert.are.equal(1, #transport.requests)
    end
  end)

  it("ends with closed where the client was closed meanwhile", function()
    local df
    df = client {
      function()
        df:close()
        return seen "ACCEPTED"
      end,
    }
    local _, err = df.accounts:wait(ID, "RUNNING")
    assert.are.equal("closed", err.kind)
  end)

  it("sees an account and an app of the emulator through to RUNNING", function()
    for _, format in ipairs { "json", "xml" } do
      local emulator = emulated.emulator { creation_delay = 150, app_delay = 60 }
      local df = emulated.client(emulator, { format = format })
      local account = assert(df.accounts:ensure { name = "df001", password = "Abcdef1!" })
      local started = emulator:now()
      local running = assert(df.accounts:wait(account, "RUNNING"))
      assert.are.equal("RUNNING", running.status)
      assert.are.equal(2, #running.quotas)
      assert.is_true(emulator:now() - started >= 150 and emulator:now() - started <= 166)
      local created = assert(df.apps:create {
        accountId = account.id,
        name = "dev",
        type = "DEV-1.0.0",
        defaults = true,
      })
      local app = assert(df.apps:wait(created, "RUNNING", { timeout = 90 }))
      assert.are.equal("shell", app.components[1].name)
      assert(df.apps:stop(app.id))
      local _, err = df.apps:wait(app.id, "RUNNING")
      assert.are.equal("refused", err.kind)
      assert.are.equal("STOPPED", assert(df.apps:wait(app.id, "STOPPED")).state)
    end
  end)
end)
