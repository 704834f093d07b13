local emulated = require "spec.support.emulated"
local tables = require "dataforest.util.tables"
local template = require "dataforest.api.template"

local BROKER = { memoryMb = 2048, cpuCount = 4, containerCount = 3 }
local MANAGER = { memoryMb = 2048, cpuCount = 1, containerCount = 1 }

local function setup(options, client_options)
  local emulator = emulated.emulator(options)
  local id = emulator:add_account { name = "df001" }
  local df, events = emulated.client(emulator, client_options)
  return df, emulator, id, events
end

local function add_app(df, account_id, name)
  return assert(df.apps:create {
    accountId = account_id,
    name = name,
    type = "DEV-1.0.0",
    components = { shell = { memoryMb = 2048, cpuCount = 1, containerCount = 1 } },
  }).id
end

local function sizes(emulator, name)
  for _, app in ipairs(emulator:dump().apps) do
    if app.name == name then
      local out = {}
      for index, component in ipairs(app.components) do
        out[index] = ("%s %d %d %d"):format(
          component.name,
          component.memoryMb,
          component.cpuCount,
          component.containerCount
        )
      end
      return table.concat(out, ", ")
    end
  end
end

local function last_create(emulator)
  for index = #emulator.calls, 1, -1 do
    if emulator.calls[index].operation == "apps/create" then
      return emulator.calls[index].params
    end
  end
end

describe("apps:each and apps:find", function()
  it("go through the apps of an account", function()
    for _, format in ipairs { "json", "xml" } do
      local df, _, account_id = setup(nil, { format = format })
      for _ in assert(df.apps:each(account_id)) do
        error "there is none"
      end
      local ids = { add_app(df, account_id, "app001"), add_app(df, account_id, "app002") }
      for _, params in ipairs { { accountId = account_id }, { search = { accountId = account_id } } } do
        local seen = {}
        for app in assert(df.apps:each(params)) do
          seen[#seen + 1] = app.id
        end
        assert.are.same(ids, seen)
      end
      assert.are.equal(ids[2], df.apps:find({ accountId = account_id, name = "app002" }).id)
      local app, err = df.apps:find { accountId = account_id, name = "app003" }
      assert.is_nil(app)
      assert.are.equal("apps/getList: not_found: there is no app named app003", tostring(err))
    end
  end)

  it("report what goes wrong", function()
    local df, emulator, account_id = setup()
    local each, err = df.apps:each {}
    assert.is_nil(each)
    assert.are.equal("argument", err.kind)
    assert.are.equal("search.accountId", err.field)
    each, err = df.apps:each "nosuchaccount"
    assert.is_nil(each)
    assert.are.equal("forbidden", err.kind)
    local app
    app, err = df.apps:find { accountId = "nosuchaccount", name = "app001" }
    assert.is_nil(app)
    assert.are.equal("forbidden", err.kind)
    local calls = #emulator.calls
    for field, params in pairs {
      name = { accountId = account_id },
      ["search.accountId"] = { name = "app001" },
      id = { accountId = account_id, name = "app001", id = "x" },
    } do
      app, err = df.apps:find(params)
      assert.is_nil(app)
      assert.are.equal("argument", err.kind)
      assert.are.equal(field, err.field)
    end
    app, err = df.apps:find "app001"
    assert.is_nil(app)
    assert.are.equal("search.accountId", err.field)
    assert.are.equal(calls, #emulator.calls)
    emulator:fail_next { body = { success = true, total = 2, contents = {} } }
    app, err = df.apps:find { accountId = account_id, name = "app001" }
    assert.is_nil(app)
    assert.are.equal("protocol", err.kind)
  end)
end)

describe("apps:create", function()
  it("takes the documented form", function()
    for _, format in ipairs { "json", "xml" } do
      local df, emulator, account_id = setup(nil, { format = format })
      local created = assert(df.apps:create {
        accountId = account_id,
        queueName = "dev",
        appTypeId = "KAFKA-2.4.0",
        name = "kafka",
        lifetime = -1,
        description = "two\nlines",
        dependentIds = {},
        components = {
          { name = "kafka-manager", memoryMb = 2048, cpuCount = 1, containerCount = 1 },
          { name = "broker", memoryMb = 4096, cpuCount = 2, containerCount = 3 },
        },
      })
      assert.is_string(created.id)
      assert.are.equal("apps/create", emulated.called(emulator))
      local sent = last_create(emulator)
      assert.are.equal("kafka-manager", sent.components[1].name)
      assert.are.equal("dev", sent.queueName)
      assert.are.equal("broker 4096 2 3, kafka-manager 2048 1 1", sizes(emulator, "kafka"))
    end
  end)

  it("takes the shorthand, and sends components in the order of their names", function()
    for _, format in ipairs { "json", "xml" } do
      local df, emulator, account_id = setup(nil, { format = format })
      local params = {
        accountId = account_id,
        name = "kafka",
        type = "KAFKA-2.4.0",
        components = { ["kafka-manager"] = MANAGER, broker = BROKER },
      }
      assert(df.apps:create(params))
      local sent = last_create(emulator)
      assert.are.equal("KAFKA-2.4.0", sent.appTypeId)
      assert.is_nil(sent.type)
      assert.are.equal("longlived", sent.queueName)
      assert.are.equal(604800, tonumber(sent.lifetime))
      assert.are.equal("broker", sent.components[1].name)
      assert.are.equal("kafka-manager", sent.components[2].name)
      assert.are.equal("broker 2048 4 3, kafka-manager 2048 1 1", sizes(emulator, "kafka"))
      -- The caller's table is as it was.
      assert.are.same({ ["kafka-manager"] = MANAGER, broker = BROKER }, params.components)
      assert.is_nil(BROKER.name)
      assert.are.equal("KAFKA-2.4.0", params.type)
      assert.is_nil(params.appTypeId)
    end
  end)

  it("names what is wrong as the caller wrote it", function()
    local df, emulator, account_id = setup()
    local function fails(field, components, more)
      local params = tables.copy(
        { accountId = account_id, name = "kafka", type = "KAFKA-2.4.0", components = components },
        more
      )
      local value, err = df.apps:create(params)
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.are.equal("apps/create", err.operation)
      assert.are.equal(field, err.field)
      local words = err.message:gsub("^option ", "")
      assert.are.equal(field, words:sub(1, #field))
    end
    fails("components.broker.memoryMb", { broker = { cpuCount = 4, containerCount = 3 } })
    fails("components.zk.cpuCount", {
      broker = BROKER,
      zk = { memoryMb = 1, cpuCount = "4", containerCount = 3 },
    })
    fails("components.broker.cpus", { broker = { cpus = 4 } })
    fails("components.broker", { broker = 3 })
    fails("components.broker.name", { broker = { name = "other" } })
    fails("components[1].memoryMb", { { name = "broker", cpuCount = 4, containerCount = 3 } })
    fails("components", { [2] = BROKER })
    fails("components", "broker")
    fails("components", nil)
    fails("type", { broker = BROKER }, { appTypeId = "DEV-1.0.0" })
    fails("defaults", { broker = BROKER }, { defaults = "yes" })
    fails("typo", { broker = BROKER }, { typo = 1 })
    local value, err = df.apps:create(account_id)
    assert.is_nil(value)
    assert.are.equal("argument", err.kind)
    assert.are.equal(0, #emulator.calls)
    assert(df.apps:create {
      accountId = account_id,
      name = "kafka",
      type = "KAFKA-2.4.0",
      appTypeId = "KAFKA-2.4.0",
      components = { broker = { name = "broker", memoryMb = 2048, cpuCount = 1, containerCount = 1 } },
    })
  end)

  it("reads templates of every type of the emulator", function()
    local df, emulator, account_id = setup()
    for index, type_id in ipairs(df.apps:get_app_type_id_list().contents) do
      local name = "app" .. index
      assert(df.apps:create { accountId = account_id, name = name, type = type_id, defaults = true })
      assert.is_true(#last_create(emulator).components > 0)
    end
    assert.are.equal(15, #emulator:dump().apps)
    assert.are.equal(
      "cerebro 1024 1 1, es 4096 2 3",
      (function()
        local sent = {}
        for _, call in ipairs(emulator.calls) do
          if call.operation == "apps/create" and call.params.appTypeId == "ELASTICSEARCH-7.3.2" then
            for index, component in ipairs(call.params.components) do
              sent[index] = ("%s %d %d %d"):format(
                component.name,
                component.memoryMb,
                component.cpuCount,
                component.containerCount
              )
            end
          end
        end
        return table.concat(sent, ", ")
      end)()
    )
  end)
end)

describe("apps:create with defaults", function()
  it("fills what is left out, and nothing else", function()
    for _, format in ipairs { "json", "xml" } do
      local df, emulator, account_id = setup({ strict = true }, { format = format })
      local zk = assert(df.apps:create {
        accountId = account_id,
        name = "zk1",
        type = "ZOOKEEPER-3.4.13",
        defaults = true,
      }).id
      assert.are.equal("zk 1024 1 3", sizes(emulator, "zk1"))
      assert(df.apps:wait(zk, "RUNNING"))
      assert(df.apps:create {
        accountId = account_id,
        name = "kafka",
        type = "KAFKA-2.4.0",
        components = { broker = { memoryMb = 8192, containerCount = 2 } },
        lifetime = 3600,
        defaults = true,
      })
      assert.are.equal("broker 8192 4 2, kafka-manager 2048 1 1", sizes(emulator, "kafka"))
      local sent = last_create(emulator)
      assert.are.equal(3600, tonumber(sent.lifetime))
      assert.are.equal("longlived", sent.queueName)
      assert.are.same({ zk }, sent.dependentIds)
      assert.is_nil(sent.description)
    end
  end)

  it("keeps the order of a list that was given, and adds to its end", function()
    local df, emulator, account_id = setup()
    assert(df.apps:create {
      accountId = account_id,
      name = "elastic",
      type = "ELASTICSEARCH-7.3.2",
      components = { { name = "es", containerCount = 5 } },
      defaults = true,
    })
    local sent = last_create(emulator)
    assert.are.equal("es", sent.components[1].name)
    assert.are.equal(4096, sent.components[1].memoryMb)
    assert.are.equal("cerebro", sent.components[2].name)
  end)

  local function answers(setting, params, options)
    local df, emulator, account_id = setup()
    local body = tables.copy({ success = true }, setting)
    emulator:fail_next { operation = "apps/getAppBasicSetting", body = body }
    params.accountId, params.name, params.defaults = account_id, "app001", true
    params.type = params.type or "DEV-1.0.0"
    local value, err = df.apps:create(params, options)
    return value, err, emulator
  end

  it("takes a queue that the service lists", function()
    local shell = { shell = { memoryMb = 1, cpuCount = 1, containerCount = 1 } }
    local CASES = {
      { {}, "longlived" },
      { { publicQueueNames = {} }, "longlived" },
      { { publicQueueNames = { "dev", "longlived" } }, "longlived" },
      { { publicQueueNames = { "dev" }, privateQueueNames = { "longlived" } }, "longlived" },
      { { publicQueueNames = { "dev", "gpu" } }, "dev" },
      { { publicQueueNames = {}, privateQueueNames = { "dev" } }, "dev" },
    }
    for _, case in ipairs(CASES) do
      local _, err, emulator = answers(case[1], { components = shell })
      assert.is_nil(err)
      assert.are.equal(case[2], last_create(emulator).queueName)
    end
    local _, _, emulator = answers(
      { publicQueueNames = { "longlived" } },
      { components = shell, queueName = "dev" }
    )
    assert.are.equal("dev", last_create(emulator).queueName)
  end)

  it("asks which app to depend on where there are several", function()
    local shell = { shell = { memoryMb = 1, cpuCount = 1, containerCount = 1 } }
    local candidates = { { id = "a1", name = "zk1" }, { id = "b2", name = "zk2" } }
    local setting = { dependableApp = { appTypeName = "ZOOKEEPER", candidates = candidates } }
    local value, err, emulator = answers(setting, { components = shell })
    assert.is_nil(value)
    assert.are.equal("argument", err.kind)
    assert.are.equal("dependentIds", err.field)
    assert.matches("zk1 (a1), zk2 (b2)", err.message, 1, true)
    assert.are.equal(0, emulated.count(emulator, "apps/create"))
    value = answers(setting, { components = shell, dependentIds = {} })
    assert.is_table(value)
  end)

  it("says what to give where the template cannot be read", function()
    local value, err, emulator = answers({ template = "see the manual" }, {})
    assert.is_nil(value)
    assert.are.equal("argument", err.kind)
    assert.are.equal("components", err.field)
    assert.matches("template of DEV-1.0.0 cannot be read", err.message, 1, true)
    assert.matches("{ name = { memoryMb =, cpuCount =, containerCount = } }", err.message, 1, true)
    assert.are.equal(0, emulated.count(emulator, "apps/create"))
    value, err = answers({}, { components = { shell = { memoryMb = 1 } } })
    assert.is_nil(value)
    assert.are.equal("components", err.field)
    -- Where nothing is missing, the template is not needed.
    value = answers({}, { components = { shell = { memoryMb = 1, cpuCount = 1, containerCount = 1 } } })
    assert.is_table(value)
    local part = '{"components":[{"name":"shell","resource":{"cpus":1}}]}'
    value, err = answers({ template = part }, {})
    assert.is_nil(value)
    assert.are.equal("components.shell.memoryMb", err.field)
    value, err = answers({ template = part }, { components = { { name = "other" } } })
    assert.is_nil(value)
    assert.are.equal("components[1].memoryMb", err.field)
  end)

  it("reports what goes wrong with either call", function()
    local df, emulator, account_id = setup()
    local value, err =
      df.apps:create { accountId = account_id, name = "app001", type = "NO-1", defaults = true }
    assert.is_nil(value)
    assert.are.equal("invalid", err.kind)
    assert.are.equal("apps/getAppBasicSetting", err.operation)
    value, err = df.apps:create { name = "app001", type = "DEV-1.0.0", defaults = true }
    assert.is_nil(value)
    assert.are.equal("accountId", err.field)
    value, err = df.apps:create(
      { accountId = account_id, type = "DEV-1.0.0", defaults = true },
      { timeout = 0 }
    )
    assert.is_nil(value)
    assert.are.equal("timeout", err.field)
    value, err = df.apps:create { accountId = account_id, type = "DEV-1.0.0", defaults = true }
    assert.is_nil(value)
    assert.are.equal("name", err.field)
    emulator:fail_next { operation = "apps/getAppBasicSetting", delay = 4 }
    emulator:fail_next { operation = "apps/create", delay = 4 }
    value, err = df.apps:create(
      { accountId = account_id, name = "app001", type = "DEV-1.0.0", defaults = true },
      { timeout = 6 }
    )
    assert.is_nil(value)
    assert.are.equal("timeout", err.kind)
    assert.are.equal("apps/create", err.operation)
  end)
end)

describe("a template", function()
  it("gives its components, whole or not, in either spelling", function()
    local CASES = {
      { nil, nil },
      { "", nil },
      { "components: none", nil },
      { '{"components":[]}', nil },
      { '{"components":[', nil },
      { '{"components":["shell"]}', nil },
      { '{"components":[{"name":7}]}', nil },
      { '{"components":[{"name":"a\\"]"}]', { { name = 'a"]' } } },
      {
        '","components" : [ {"name":"a","number_of_containers":2,'
          .. '"resource":{"cpus":1,"memory":"512"}} ] }',
        { { name = "a", memoryMb = 512, cpuCount = 1, containerCount = 2 } },
      },
      {
        '{"lifetime":604800,",","components":[{"name":"a","memoryMb":1,"cpuCount":2,"containerCount":3,'
          .. '"env":{"X":"[{"},"ports":[[1],[2]]},'
          .. '{"name":"b","resource":{"memory":"much","cpus":0.5}}],"x":]',
        { { name = "a", memoryMb = 1, cpuCount = 2, containerCount = 3 }, { name = "b" } },
      },
    }
    for index = 1, 10 do
      assert.are.same(CASES[index][2], (template.components(CASES[index][1])))
    end
  end)

  it("gives its lifetime", function()
    assert.are.equal(604800, template.lifetime '{"name":"x","lifetime":604800,","queue":"dev"}')
    assert.is_nil(template.lifetime '{"lifetime":integer,"}')
    assert.is_nil(template.lifetime(nil))
  end)
end)

describe("apps:remove", function()
  it("stops an app that runs, deletes it, and is done when it is gone", function()
    for _, format in ipairs { "json", "xml" } do
      for _, unknown_id in ipairs { 403, 404 } do
        for _, with_account in ipairs { true, false } do
          local df, emulator, account_id = setup(
            { strict = true, unknown_id = unknown_id, deletion_delay = 30 },
            { format = format }
          )
          local id = add_app(df, account_id, "app001")
          assert(df.apps:wait(id, "RUNNING"))
          local value, err, removed =
            df.apps:remove { id = id, accountId = with_account and account_id or nil }
          assert.are.same({ id = id }, value)
          assert.is_nil(err)
          assert.is_true(removed)
          assert.are.same({}, emulator:dump().apps)
          assert.are.equal(1, emulated.count(emulator, "apps/stop"))
          assert.are.equal(1, emulated.count(emulator, "apps/delete"))
        end
      end
    end
  end)

  it("does not stop one that is at rest, and says where there is none", function()
    local df, emulator, account_id = setup { strict = true }
    local id = add_app(df, account_id, "app001")
    assert(df.apps:stop(id))
    assert(df.apps:remove(id))
    assert.are.equal(1, emulated.count(emulator, "apps/stop"))
    local value, err = df.apps:remove(id)
    assert.is_nil(value)
    assert.are.equal("not_found", err.kind)
    local removed
    value, err, removed = df.apps:remove({ id = id }, { ignore_missing = true })
    assert.are.same({ id = id }, value)
    assert.is_nil(err)
    assert.is_false(removed)
    id = add_app(df, account_id, "app002")
    value, err = df.apps:remove "app002"
    assert.is_nil(value)
    assert.matches("the app named app002 has the id " .. id, err.message, 1, true)
    assert.are.equal(1, emulated.count(emulator, "apps/delete"))
  end)

  it("goes on to delete one that cannot be stopped", function()
    local df, emulator, account_id = setup()
    local id = add_app(df, account_id, "app001")
    emulator:fail_next { operation = "apps/stop", body = { success = false, message = "not now" } }
    assert(df.apps:remove(id))
    assert.are.same({}, emulator:dump().apps)
  end)

  it("does not take an app that is not allowed for one that is gone", function()
    local df, emulator, account_id = setup()
    local id = add_app(df, account_id, "app001")
    local FORBIDDEN = { status = 403, body = { error = { errorCode = "10002", message = "not allowed" } } }
    for _, operation in ipairs { "apps/getDetail", "apps/stop", "apps/delete" } do
      emulator:fail_next { operation = operation, status = FORBIDDEN.status, body = FORBIDDEN.body }
      local value, err = df.apps:remove(id)
      assert.is_nil(value)
      assert.are.equal("forbidden", err.kind)
      assert.are.equal(operation, err.operation)
      assert.are.equal(1, #emulator:dump().apps)
    end
    -- It may be in an account without permission.
    emulator:fail_next {
      operation = "accounts/getList",
      body = { success = true, contents = { { id = "x", name = "x", disabled = true } } },
    }
    local value, err = df.apps:remove "notmine"
    assert.is_nil(value)
    assert.are.equal("forbidden", err.kind)
  end)

  it("passes on a refusal", function()
    local df, emulator, account_id = setup { strict = true }
    local zk = assert(df.apps:create {
      accountId = account_id,
      name = "zk1",
      type = "ZOOKEEPER-3.4.13",
      defaults = true,
    }).id
    assert(df.apps:wait(zk, "RUNNING"))
    assert(df.apps:create { accountId = account_id, name = "kafka", type = "KAFKA-2.4.0", defaults = true })
    local value, err = df.apps:remove(zk)
    assert.is_nil(value)
    assert.are.equal("invalid", err.kind)
    assert.matches("Other apps depend on it", err.message, 1, true)
    assert.are.equal(2, #emulator:dump().apps)
  end)

  it("gives up when the time is over", function()
    local df, emulator, account_id = setup { deletion_delay = 500 }
    local id = add_app(df, account_id, "app001")
    local started = emulator:now()
    local value, err = df.apps:remove { id = id, timeout = 60 }
    assert.is_nil(value)
    assert.are.equal("timeout", err.kind)
    assert.matches("is STOPPED after 60 seconds, not gone", err.message, 1, true)
    assert.is_true(emulator:now() - started <= 60)
  end)

  it("refuses what it does not understand", function()
    local df, emulator = setup()
    for field, params in pairs {
      id = {},
      accountId = { id = "a", accountId = 7 },
      name = { id = "a", name = "app001" },
      interval = { id = "a", interval = 0 },
    } do
      local value, err = df.apps:remove(params)
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.are.equal(field, err.field)
    end
    assert.are.equal(0, #emulator.calls)
  end)
end)

describe("apps:get_detail", function()
  it("gives links as a map and the lifetime in seconds, in JSON and XML", function()
    for _, format in ipairs { "json", "xml" } do
      local df, _, account_id = setup(nil, { format = format })
      local id = add_app(df, account_id, "app001")
      local app = assert(df.apps:get_detail(id))
      assert.are.equal("7 days, 0:0:0 (604800 seconds)", app.lifetime)
      assert.are.equal(604800, app.lifetimeSeconds)
      local names = {}
      for name, address in pairs(app.links) do
        assert.matches("^https://", address)
        names[#names + 1] = name
      end
      table.sort(names)
      assert.are.same({ "shell", "supervisor" }, names)
      assert.are.equal("shell", app.components[1].name)
      assert.are.equal(2048, app.components[1].memoryMb)
    end
  end)
end)
