local cjson = require "cjson"
local emulated = require "spec.support.emulated"
local files = require "spec.support.files"

local PASSWORD = "Abcdef1!"

local setup = emulated.pair

local function the_spec()
  return {
    account = {
      name = "df001",
      password = function()
        return PASSWORD
      end,
      quotas = { koya = { spaceTb = 300, fileCountMillion = 2 } },
    },
    apps = {
      { name = "kafka", type = "KAFKA-2.4.0", components = { broker = { containerCount = 3 } } },
      {
        name = "dev1",
        type = "DEV-1.0.0",
        queue = "longlived",
        lifetime = 604800,
        components = { shell = { containerCount = 1 } },
        state = "STOPPED",
      },
      { name = "zoo", type = "ZOOKEEPER-3.4.13" },
    },
  }
end

--- `action kind name` of each step, in order.
local function steps_of(plan)
  local out = {}
  for index, step in ipairs(plan.steps) do
    out[index] = ("%s %s %s"):format(step.action, step.kind, step.name)
  end
  return out
end

local function problems_of(err)
  local paths = {}
  for index, problem in ipairs(err.problems) do
    paths[index] = problem.path
  end
  return paths
end

--- A forest that is as `the_spec` says.
local function built(options)
  local df, emulator = setup(options)
  assert(df:apply(the_spec()))
  emulator.calls = {}
  return df, emulator
end

describe("df:plan", function()
  it("names every mistake of a spec at once, each with its path", function()
    local df, emulator = setup()
    local plan, err = df:plan {
      acount = 1,
      account = {
        name = "DF",
        nmae = 1,
        password = "short",
        quotas = { koya = { spaceTb = 250 }, kota = {} },
      },
      apps = {
        { name = "a", type = 5 },
        {
          name = "kafka",
          type = "KAFKA-2.4.0",
          lifetime = 1,
          state = "running",
          dependsOn = { "kafka" },
          components = { broker = { memoryMb = "x", cpuCount = 0 }, [1] = {} },
        },
        { name = "kafka", type = "KAFKA-2.4.0" },
        7,
      },
    }
    assert.is_nil(plan)
    assert.are.equal("argument", err.kind)
    local paths = problems_of(err)
    table.sort(paths)
    assert.are.same({
      "account.name",
      "account.nmae",
      "account.password",
      "account.quotas.kota",
      "account.quotas.koya.spaceTb",
      "acount",
      "apps[1].name",
      "apps[1].type",
      "apps[2].components",
      "apps[2].components.broker.cpuCount",
      "apps[2].components.broker.memoryMb",
      "apps[2].dependsOn[1]",
      "apps[2].lifetime",
      "apps[2].state",
      "apps[3].name",
      "apps[4]",
    }, paths)
    for _, problem in ipairs(err.problems) do
      assert.truthy(err.message:find(problem.path, 1, true), problem.path)
    end
    assert.is_nil(tostring(err):find("short,", 1, true))
    assert.are.equal(0, #emulator.calls)
  end)

  it("orders what is to be created: the account, then what others depend on", function()
    local df, emulator = setup()
    local plan = assert(df:plan(the_spec()))
    assert.are.same({
      "create account df001",
      "create app kafka",
      "create app dev1",
      "create app zoo",
    }, steps_of(plan))
    assert.is_false(plan.empty)
    for _, call in ipairs(emulator.calls) do
      assert.truthy(call.operation:find "/get")
    end
    -- Once the account is there, the service tells what a type depends on.
    emulator:add_account { name = "df001" }
    assert.are.same({
      "update account df001",
      "create app dev1",
      "create app zoo",
      "create app kafka",
    }, steps_of(assert(df:plan(the_spec()))))
  end)

  it("prints a diff, and goes into JSON without a secret", function()
    local df, emulator = built()
    emulator:add_account { name = "other", access_key = emulator.access_key }
    local spec = the_spec()
    spec.account.password = PASSWORD
    spec.account.quotas.koya.spaceTb = 400
    spec.apps[1].components.broker.memoryMb = 4096
    spec.apps[2].state = "RUNNING"
    spec.apps[3] = nil
    local plan = assert(df:plan(spec, { prune = true, rotate = true }))
    local text = tostring(plan)
    assert.are.equal(
      table.concat({
        "~ update account df001",
        "    quotas.koya.spaceTb 300 → 400",
        "~ update account df001",
        "    password (set) → (reset)",
        "- delete app zoo (destructive)",
        "    state RUNNING",
        "-/+ replace app kafka (destructive)",
        "    components.broker.memoryMb 2048 → 4096",
        "~ start app dev1",
        "    state STOPPED → RUNNING",
        "2 to update, 1 to start, 1 to replace, 1 to delete",
        "warning: account.password: stands in the spec for all to read: "
          .. 'use { env = "NAME" } or { file = "path" }',
      }, "\n"),
      text
    )
    local json = cjson.encode(plan)
    assert.is_nil((text .. json):find(PASSWORD, 1, true))
    assert.are.equal(#plan.steps, #cjson.decode(json).steps)
    assert.are.equal(text, tostring(assert(df:plan(spec, { prune = true, rotate = true }))))
  end)

  it("leaves alone what is not in the spec, and names it", function()
    local df = built()
    local spec = the_spec()
    spec.apps[3] = nil
    spec.apps[1].dependsOn = { "zoo" }
    local plan = assert(df:plan(spec))
    assert.is_true(plan.empty)
    assert.are.equal("zoo", plan.unmanaged[1].name)
    assert.truthy(tostring(plan):find("left alone: app zoo", 1, true))
    local none, err = df:plan(spec, { prune = true })
    assert.is_nil(none)
    assert.are.equal("apps[1].dependsOn[1]", err.field)
  end)

  it("refuses what the service would refuse once the old app is gone", function()
    local df = built()
    local spec = the_spec()
    spec.apps[1].type = "KAFKA-9"
    spec.apps[2].queue = "nowhere"
    spec.apps[3].components = { brokr = {} }
    local plan, err = df:plan(spec)
    assert.is_nil(plan)
    assert.are.same({ "apps[3].components.brokr", "apps[1].type", "apps[2].queue" }, problems_of(err))
  end)
end)

describe("df:apply", function()
  it("makes the forest what the spec says, and has nothing to do the next time", function()
    local df, emulator = setup { strict = true }
    local events = {}
    local report = assert(df:apply(the_spec(), {
      on_step = function(event)
        events[#events + 1] = tostring(event)
      end,
    }))
    assert.are.equal(4, #report.done)
    assert.are.equal(0, #report.undone + #report.in_doubt)
    assert.truthy(events[1]:find("[1/4] create account df001: started", 1, true))
    assert.truthy(table.concat(events, "\n"):find("waiting, ACCEPTED", 1, true))
    local there = emulator:dump()
    assert.are.equal(300, there.accounts[1].quotas[1].spaceTb)
    local states = {}
    for _, app in ipairs(there.apps) do
      states[app.name] = app.state
    end
    assert.are.same({ kafka = "RUNNING", dev1 = "STOPPED", zoo = "RUNNING" }, states)
    assert.is_true(assert(df:plan(the_spec())).empty)
    emulator.calls = {}
    assert.are.equal(0, #assert(df:apply(the_spec())).done)
    for _, call in ipairs(emulator.calls) do
      assert.truthy(call.operation:find "/get", call.operation)
    end
  end)

  it("replaces only where it is told to, and says so before it changes anything", function()
    local df, emulator = built { strict = true }
    local old = emulator:dump().apps
    local spec = the_spec()
    spec.account.quotas.koya.spaceTb = 500
    spec.apps[1].dependsOn = { "zoo" }
    spec.apps[3].components = { zk = { memoryMb = 2048 } }
    local report, err = df:apply(spec)
    assert.is_nil(report)
    assert.are.equal("refused", err.kind)
    assert.are.same(old, emulator:dump().apps)
    assert.are.equal(300, emulator:dump().accounts[1].quotas[1].spaceTb)
    -- What depends on it goes first and comes last.
    local plan = assert(df:plan(spec, { replace = true }))
    assert.are.same({ "update account df001", "replace app zoo", "replace app kafka" }, steps_of(plan))
    assert.truthy(tostring(plan):find("replace app kafka (destructive): it depends on zoo", 1, true))
    report = assert(df:apply(plan))
    assert.are.equal(3, #report.done)
    assert.is_true(assert(df:plan(spec)).empty)
  end)

  it("deletes with prune only, and the account only where the spec says so, too", function()
    local df, emulator = built { strict = true }
    assert(df:apply { account = false })
    assert.are.equal(3, #emulator:dump().apps)
    assert(df:apply({ account = { name = "df001" }, apps = {} }, {}))
    assert.are.equal(3, #emulator:dump().apps)
    local plan, err = df:plan({ account = { name = "df001" } }, { prune = true })
    assert.is_nil(plan)
    assert.are.equal("apps", err.field)
    assert(df:apply({ account = { name = "df001" }, apps = {} }, { prune = true }))
    assert.are.equal(0, #emulator:dump().apps)
    assert.are.equal(1, #emulator:dump().accounts)
    assert(df:apply({ account = false }, { prune = true }))
    assert.are.equal(0, #emulator:dump().accounts)
  end)

  it("refuses a plan that no longer fits, and goes on with one that was carried out in part", function()
    local df, emulator = built()
    local spec = the_spec()
    spec.apps[1].components.broker.containerCount = 5
    spec.apps[2].state = "RUNNING"
    local plan = assert(df:plan(spec))
    local id = plan.steps[1].id
    assert(df.apps:set_container_count { id = id, componentName = "broker", containerCount = 4 })
    local report, err = df:apply(plan)
    assert.is_nil(report)
    assert.are.equal("refused", err.kind)
    assert.truthy(err.message:find("containerCount 4", 1, true), err.message)
    assert(df.apps:set_container_count { id = id, componentName = "broker", containerCount = 5 })
    report = assert(df:apply(plan))
    assert.are.same({ "start app dev1" }, steps_of { steps = report.done })
    assert.are.equal(0, #assert(df:apply(plan)).done)
    assert.is_nil((df:apply(plan, { prune = true })))
    emulator:advance(604801)
    assert.is_nil((df:apply(plan)))
  end)

  it("says what was done, what was not, and what is in doubt", function()
    local df, emulator = built()
    local spec = the_spec()
    spec.account.quotas.koya.spaceTb = 400
    spec.apps[1].components.broker.containerCount = 5
    spec.apps[2].state = "RUNNING"
    emulator:fail_next { operation = "apps/setContainerCount", status = 500, times = 99 }
    local report, err, listed = df:apply(spec)
    assert.is_nil(report)
    assert.are.equal("server", err.kind)
    assert.truthy(err.message:find("update app kafka", 1, true))
    assert.are.equal(err.report, listed)
    assert.are.same({ "update account df001" }, steps_of { steps = listed.done })
    assert.are.same({ "update app kafka" }, steps_of { steps = listed.in_doubt })
    assert.are.same({ "start app dev1" }, steps_of { steps = listed.undone })
    emulator.faults.list = {}
    assert.are.equal(2, #assert(df:apply(spec)).done)
  end)

  it(
    "takes passwords from the environment, a file or a function, and checks them before it begins",
    function()
      local df, emulator = setup()
      local path = os.tmpname()
      local function apply(password)
        return df:apply { account = { name = "df001", password = password } }
      end
      for _, case in ipairs {
        { { env = "DATAFOREST_SPEC_NO_SUCH" }, "account.password" },
        { { file = path .. ".none" }, "account.password" },
        { { file = path }, "account.password" },
        {
          function()
            error "vault"
          end,
          "account.password",
        },
        { nil, "account.password" },
        { {}, "account.password" },
        { { env = "A", file = "B" }, "account.password" },
        { { evn = "A" }, "account.password.evn" },
        { 5, "account.password" },
      } do
        local report, err = apply(case[1])
        assert.is_nil(report)
        assert.are.equal("argument", err.kind)
        assert.are.equal(case[2], err.field)
      end
      assert.are.equal(0, emulated.count(emulator, "accounts/create"))
      files.write(path, PASSWORD, "\n")
      assert(apply { file = path })
      os.remove(path)
      -- It is there: no password is needed, unless it is to be set anew.
      assert(df:apply { account = { name = "df001" } })
      assert.are.equal(0, emulated.count(emulator, "accounts/resetPassword"))
      assert.is_nil((df:apply({ account = { name = "df001" } }, { rotate = true })))
      assert(df:apply({
        account = {
          name = "df001",
          password = function()
            return PASSWORD
          end,
        },
      }, { rotate = true }))
      assert.are.equal(1, emulated.count(emulator, "accounts/resetPassword"))
    end
  )
end)

describe("df:export", function()
  it("gives a spec that plans to nothing, and lists what the service does not tell", function()
    local df, emulator = built()
    local account_id = emulator:dump().accounts[1].id
    assert(df.apps:create({
      accountId = account_id,
      name = "endless",
      type = "DEV-1.0.0",
      lifetime = -1,
      description = "für immer\nund ewig",
      defaults = true,
    }))
    local spec, err, omitted = df:export()
    assert.is_nil(err)
    assert.are.equal("df001", spec.account.name)
    assert.is_nil(spec.account.password)
    assert.are.equal("account.password", omitted[1].path)
    assert.are.equal(-1, spec.apps[2].lifetime)
    local plan = assert(df:plan(spec))
    assert.is_true(plan.empty, tostring(plan))
    assert.are.equal(0, #plan.unmanaged)
    plan = assert(df:plan(cjson.decode(cjson.encode(spec)), { prune = true }))
    assert.is_true(plan.empty, tostring(plan))
  end)

  it("tells an account that is not there", function()
    local df = setup()
    local spec = assert(df:export())
    assert.are.same({ account = false, apps = {} }, spec)
    assert.is_true(assert(df:plan(spec, { prune = true })).empty)
  end)
end)
