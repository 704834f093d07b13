local emulated = require "spec.support.emulated"
local operations = require "dataforest.operations"
local signed = require "spec.support.signed"
local tables = require "dataforest.util.tables"

local NOW = 1740466147 -- 2025-02-25T15:49:07+09:00
local BROKER = { name = "broker", memoryMb = 2048, cpuCount = 4, containerCount = 1 }
local MANAGER = { name = "kafka-manager", memoryMb = 2048, cpuCount = 1, containerCount = 1 }
local SHELL = { name = "shell", memoryMb = 1, cpuCount = 1, containerCount = 1 }

describe("the emulator's apps", function()
  local emulator, account

  local function start(options)
    local clock = function()
      return NOW
    end
    emulator = emulated.emulator(tables.copy({ clock = clock }, options))
    account = emulator:add_account { name = "df001" }
  end

  before_each(function()
    start()
  end)

  local function call(operation, params)
    return signed.call(emulator, "apps/" .. operation, params)
  end

  local function app(changes)
    local params = tables.copy({
      accountId = account,
      queueName = "longlived",
      appTypeId = "DEV-1.0.0",
      name = "app001",
      lifetime = 604800,
      components = { SHELL },
    }, changes)
    return params
  end

  local function create(changes)
    local response, status = call("create", app(changes))
    assert.are.equal(200, status)
    assert.matches("^%w+$", response.id)
    return response.id
  end

  local function refused(operation, params, pattern, wanted_status)
    local response, status = call(operation, params)
    assert.are.equal(wanted_status or 400, status)
    assert.matches(pattern, response.message or response.error.message)
  end

  local function state(id)
    return call("getDetail", { id = id }).state
  end

  local function component(id, name)
    for _, found in ipairs(call("getDetail", { id = id }).components) do
      if found.name == name then
        return found
      end
    end
  end

  local function container_ids(id, name)
    local ids = {}
    for i, container in ipairs(component(id, name).containers) do
      ids[i] = container.id
    end
    return ids
  end

  it("answers each operation that the API has", function()
    for _, operation in ipairs(operations.groups.apps) do
      local _, status = signed.call(emulator, operation.id, {})
      assert.is_true(status == 200 or status == 400, operation.id .. " answered " .. status)
    end
  end)

  it("lists the fifteen types of the pages", function()
    local wanted = '{"success":true,"contents":["DEV-1.0.0","ELASTICSEARCH-7.3.2","GRAFANA-7.5.10",'
      .. '"HBASE-2.0.0","HBASE-2.2.3","HIVESERVER2-LDAP-3.1.0","HUE-4.7.0","KAFKA-2.4.0","KIBANA-7.3.2",'
      .. '"OPENTSDB-2.4.1","PHOENIX-5.0.0","SPARK-HISTORYSERVER-3.1.2","TRINO-437","ZEPPELIN-0.10.1",'
      .. '"ZOOKEEPER-3.4.13"]}'
    assert.are.equal(wanted, signed.send(emulator, "apps/getAppTypeIdList").body)
    assert.are.equal(wanted, signed.send(emulator, "apps/getAppTypeIdList", "{}").body)
  end)

  it("gives templates that look like JSON and do not parse, as the pages' do", function()
    local cjson = require "cjson"
    for _, id in ipairs(call("getAppTypeIdList").contents) do
      local template = call("getAppTypeTemplate", { appTypeId = id }).template
      assert.truthy(template:find('"lifetime":integer,","queue":"dev","description":"' .. id .. '"', 1, true))
      assert.is_false((pcall(cjson.decode, template)))
    end
    refused("getAppTypeTemplate", { appTypeId = "DEV-9" }, "%(appTypeId, 'DEV%-9'%)")
    refused("getAppTypeTemplate", { appTypeId = ("A"):rep(61) }, "Size, appTypeId")
  end)

  it("gives settings whose components make an app of each type", function()
    for i, id in ipairs(call("getAppTypeIdList").contents) do
      local setting = call("getAppBasicSetting", { accountId = account, appTypeId = id })
      assert.are.equal(1, setting.appMasterCpuCount)
      assert.are.equal(1024, setting.appMasterMemoryMb)
      assert.are.same({ "longlived", "dev", "batch" }, setting.publicQueueNames)
      assert.are.same({}, setting.privateQueueNames)
      local components = {}
      local pattern =
        '{"name":"([^"]+)","number_of_containers":(%d+),"resource":{"cpus":(%d+),"memory":"(%d+)"}}'
      for name, count, cpus, memory in setting.template:gmatch(pattern) do
        components[#components + 1] = {
          name = name,
          containerCount = tonumber(count),
          cpuCount = tonumber(cpus),
          memoryMb = tonumber(memory),
        }
      end
      assert.is_true(#components > 0)
      create { appTypeId = id, name = "app-" .. i, components = components }
    end
    assert.are.equal(15, call("getList", { search = { accountId = account } }).total)
  end)

  it("names the apps that a type can depend on", function()
    local function dependable()
      return call("getAppBasicSetting", { accountId = account, appTypeId = "KAFKA-2.4.0" }).dependableApp
    end
    assert.are.same({ appTypeName = "ZOOKEEPER", appTypeVersion = "3.4.13", candidates = {} }, dependable())
    local zookeeper = create {
      appTypeId = "ZOOKEEPER-3.4.13",
      name = "zk001",
      components = { { name = "zk", memoryMb = 1024, cpuCount = 1, containerCount = 3 } },
    }
    assert.are.same({}, dependable().candidates) -- it does not run yet
    emulator:advance(60)
    assert.are.equal(zookeeper, dependable().candidates[1].id)
    create {
      appTypeId = "KAFKA-2.4.0",
      name = "kafka001",
      components = { BROKER, MANAGER },
      dependentIds = { zookeeper },
    }
    refused("create", app { name = "app002", dependentIds = { "abc" } }, "not allowed or not exists", 403)
    assert.is_nil(call("getAppBasicSetting", { accountId = account, appTypeId = "DEV-1.0.0" }).dependableApp)
  end)

  it("creates the documented Kafka", function()
    local id = create {
      appTypeId = "KAFKA-2.4.0",
      name = "kafka001",
      description = "string",
      components = { BROKER, MANAGER },
    }
    emulator:advance(60)
    local detail = call("getDetail", { id = id })
    assert.are.equal("KAFKA-2.4.0", detail.appTypeId)
    assert.are.equal("string", detail.description)
    assert.are.equal("broker", detail.components[1].name)
    assert.are.equal(4, detail.components[1].cpuCount)
    assert.are.equal("kafka-manager", detail.components[2].name)
  end)

  it("gives details in the documented shape", function()
    local id = create()
    emulator:advance(60)
    assert.are.same({
      success = true,
      id = id,
      appId = id,
      name = "app001",
      appTypeId = "DEV-1.0.0",
      version = "v1",
      lifetime = "7 days, 0:0:0 (604800 seconds)",
      queueName = "longlived",
      description = "DEV-1.0.0",
      state = "RUNNING",
      links = {
        shell = "https://df001--app001--shell--8080.df-proxy.kr.df.naverncp.com",
        supervisor = "https://df001--app001--shell--9001.df-proxy.kr.df.naverncp.com",
      },
      components = {
        {
          name = "shell",
          state = "STABLE",
          desired = 1,
          allocated = 1,
          memoryMb = 1,
          cpuCount = 1,
          image = "registry.kr.df.naverncp.com/dataforest/dev:1.0.0",
          containerCount = 1,
          containers = {
            {
              id = ("container_e01_%d000_0001_01_000002"):format(NOW),
              name = "shell-0",
              state = "READY",
              launchedAt = "2025-02-25T15:50:07+09:00",
              hostName = "shell-0.app001.df001.kr.df.naverncp.com",
            },
          },
        },
      },
    }, (call("getDetail", { id = id })))
  end)

  it("lists the apps of an account in the documented shape", function()
    local id = create()
    emulator:advance(60)
    local response = signed.send(emulator, "apps/getList", ('{"search":{"accountId":"%s"}}'):format(account))
    assert.are.equal(
      ('{"success":true,"total":1,"contents":[{"id":"%s","name":"app001","state":"RUNNING",'):format(id)
        .. ('"queueName":"longlived","accountId":"%s","accountName":"df001",'):format(account)
        .. '"startedAt":"2025-02-25T15:49:07+09:00","lifetimeMillis":604800,"disabled":false}]}',
      response.body
    )
    refused("getList", {}, "NotEmpty, search")
    refused("getList", { accountId = account }, "NotEmpty, search")
    refused("getList", { search = { accountId = "" } }, "NotEmpty, search.accountId")
    refused("getList", { search = { accountId = "abc" } }, "not allowed or not exists", 403)
  end)

  it("says the same in XML", function()
    local id = create { components = { SHELL } }
    emulator:advance(60)
    local function send(operation, root, inside)
      local body = ("<%s>%s</%s>"):format(root, inside, root)
      return signed.send(emulator, "apps/" .. operation, body, { ["content-type"] = "application/xml" }).body
    end
    local response = send(
      "create",
      "CreateAppRequest",
      "<components><containerCount>2</containerCount>"
        .. "<cpuCount>4</cpuCount><memoryMb>2048</memoryMb><name>broker</name></components>"
        .. "<components><containerCount>1</containerCount><cpuCount>1</cpuCount><memoryMb>2048</memoryMb>"
        .. ("<name>kafka-manager</name></components><accountId>%s</accountId>"):format(account)
        .. ("<appTypeId>KAFKA-2.4.0</appTypeId><dependentIds>%s</dependentIds>"):format(id)
        .. "<lifetime>604800</lifetime><name>kafka001</name><queueName>longlived</queueName>"
    )
    local kafka =
      response:match "<CreateAppResponse><id>(%w+)</id><success>true</success></CreateAppResponse>$"
    assert.are.equal(2, component(kafka, "broker").desired)
    assert.are.equal(id, emulator.apps:named(emulator.accounts:find("id", account), "kafka001").depends_on[1])

    local list =
      send("getList", "GetAppListRequest", ("<search><accountId>%s</accountId></search>"):format(account))
    assert.matches(
      "<GetAppListResponse><contents><accountId>"
        .. account
        .. "</accountId><accountName>df001</accountName><disabled>false</disabled><id>"
        .. id
        .. "</id><lifetimeMillis>",
      list
    )
    assert.matches("</contents><success>true</success><total>2</total></GetAppListResponse>$", list)
    local detail = send("getDetail", "GetAppDetailRequest", ("<id>%s</id>"):format(id))
    assert.truthy(detail:find("<links><shell>https://df001--app001--shell--8080.", 1, true))
    assert.truthy(detail:find("<lifetime>7 days, 0:0:0 (604800 seconds)</lifetime>", 1, true))
    assert.matches("<GetAppDetailResponse><appId>" .. id .. "</appId><appTypeId>DEV", detail)
    assert.matches("<version>v1</version></GetAppDetailResponse>$", detail)
    local types = send("getAppTypeIdList", "GetAppTypeIdListRequest", "")
    assert.truthy(
      types:find("<GetAppTypeIdListResponse><contents>DEV-1.0.0</contents><contents>ELASTIC", 1, true)
    )
  end)

  it("checks names", function()
    create()
    local function available(name)
      return call("checkAvailableName", { accountId = account, name = name }).availableName
    end
    assert.is_true(available "dev24x7")
    assert.is_true(available "a-b")
    assert.is_true(available(("a"):rep(15)))
    assert.is_false(available "app001") -- taken
    assert.is_false(available "ab")
    assert.is_false(available(("a"):rep(16)))
    assert.is_false(available "a--b")
    assert.is_false(available "-ab")
    assert.is_false(available "ab-")
    assert.is_false(available "aBc")
    refused("checkAvailableName", { accountId = "abc", name = "abc" }, "not allowed or not exists", 403)
    refused("checkAvailableName", { name = "abc" }, "NotEmpty, accountId")
  end)

  it("holds new apps to the limits", function()
    refused("create", app { accountId = "abc" }, "not allowed or not exists", 403)
    refused("create", app { appTypeId = "KAFKA-9" }, "%(appTypeId, 'KAFKA%-9'%)")
    refused("create", app { queueName = "fast" }, "%(queueName, 'fast'%)")
    refused("create", app { name = "ab" }, "Size, name")
    refused("create", app { name = "a--b" }, "Pattern, name")
    refused("create", app { lifetime = 299 }, "Min, lifetime")
    refused("create", app { lifetime = 604801 }, "Max, lifetime")
    refused("create", app { lifetime = -2 }, "Min, lifetime")
    refused("create", app { description = ("a"):rep(2049) }, "Size, description")
    refused("create", app { components = {} }, "NotEmpty, components")
    refused("create", app { components = { BROKER } }, "%(components%[0%]%.name, 'broker'%)")
    refused("create", app { components = { SHELL, SHELL } }, "%(components%[1%]%.name, 'shell'%)")
    refused(
      "create",
      app { components = { { name = "shell", memoryMb = 1, cpuCount = 1 } } },
      "NotNull, components%[0%]%.containerCount"
    )
    refused(
      "create",
      app { components = { { name = "shell", memoryMb = 0, cpuCount = 1, containerCount = 1 } } },
      "Min, components%[0%]%.memoryMb"
    )
    refused("create", app { components = "shell" }, "^invalid request parameters$")
    assert.are.equal(0, #emulator:dump().apps)
    create { lifetime = 300, description = ("a"):rep(2048) }
    refused("create", app(), "%(name, 'app001'%)%. The name is already in use")
    create { name = "app002", lifetime = -1 }
  end)

  it("takes an app's defaults if nothing is sent", function()
    local params = app()
    params.queueName, params.lifetime = nil, nil
    local id = call("create", params).id
    local detail = call("getDetail", { id = id })
    assert.are.equal("longlived", detail.queueName)
    assert.are.equal("7 days, 0:0:0 (604800 seconds)", detail.lifetime)
    local kafka = create { name = "kafka001", appTypeId = "KAFKA-2.4.0", components = { BROKER } }
    assert.are.equal(2, #call("getDetail", { id = kafka }).components)
  end)

  it("holds accounts and apps to quotas", function()
    start { max_apps = 2, max_containers = 3 }
    local id = create()
    create { name = "app002" }
    refused("create", app { name = "app003" }, "^exceeded limit on resource quota$")
    local many = { name = "shell", memoryMb = 1, cpuCount = 1, containerCount = 4 }
    call("delete", { id = id })
    refused("create", app { components = { many } }, "^exceeded limit on resource quota$")
    many.containerCount = 3
    id = create { components = { many } }
    refused("setContainerCount", { id = id, componentName = "shell", containerCount = 4 }, "exceeded limit")
  end)

  it("keeps hasResource true while there are apps, and the account undeleted", function()
    local function has_resource()
      return signed.call(emulator, "accounts/checkHasResource", { id = account }).hasResource
    end
    local id = create()
    assert.is_true(has_resource())
    call("stop", { id = id })
    assert.is_true(has_resource())
    local response, status = signed.call(emulator, "accounts/delete", { id = account })
    assert.are.equal(400, status)
    assert.matches("The account has resources", response.message)
    assert.are.same({ success = true, id = id }, (call("delete", { id = id })))
    assert.is_false(has_resource())
    refused("getDetail", { id = id }, "not allowed or not exists", 403)
    assert.is_true(signed.call(emulator, "accounts/delete", { id = account }).success)
  end)

  describe("over time", function()
    it("are accepted, run, and finish when their lifetime is over", function()
      local id = create { lifetime = 400 }
      assert.are.equal("ACCEPTED", state(id))
      assert.are.same({}, component(id, "shell").containers)
      assert.are.equal(0, component(id, "shell").allocated)
      assert.are.equal("FLEXING", component(id, "shell").state)
      emulator:advance(59.9)
      assert.are.equal("ACCEPTED", state(id))
      emulator:advance(0.1)
      assert.are.equal("RUNNING", state(id))
      assert.are.equal("STABLE", component(id, "shell").state)
      assert.are.equal("0 days, 0:6:40 (400 seconds)", call("getDetail", { id = id }).lifetime)
      emulator:advance(339.9)
      assert.are.equal("RUNNING", state(id))
      emulator:advance(0.1)
      assert.are.equal("FINISHED", state(id))
      assert.are.equal("STOPPED", component(id, "shell").state)
      assert.are.same({}, component(id, "shell").containers)
      local entry = call("getList", { search = { accountId = account } }).contents[1]
      assert.are.equal("2025-02-25T15:55:47+09:00", entry.finishedAt)
      refused("setLifetime", { id = id, lifetime = 400 }, "The app is not running")
    end)

    it("run on if there is no end", function()
      local id = create { lifetime = -1 }
      emulator:advance(10 * 365 * 86400)
      assert.are.equal("RUNNING", state(id))
      assert.are.equal("infinite", call("getDetail", { id = id }).lifetime)
    end)

    it("get another lifetime from now on", function()
      local id = create { lifetime = 400 }
      emulator:advance(300)
      assert.are.same({ success = true, id = id }, (call("setLifetime", { id = id, lifetime = 500 })))
      emulator:advance(499)
      assert.are.equal("RUNNING", state(id))
      emulator:advance(1)
      assert.are.equal("FINISHED", state(id))
      id = create { name = "app002", lifetime = 300 }
      call("setLifetime", { id = id })
      assert.are.equal("7 days, 0:0:0 (604800 seconds)", call("getDetail", { id = id }).lifetime)
      refused("setLifetime", { id = id, lifetime = 299 }, "Min, lifetime")
      refused("setLifetime", { id = id, lifetime = 604801 }, "Max, lifetime")
      assert.is_true(call("setLifetime", { id = id, lifetime = -1 }).success)
      assert.are.equal("infinite", call("getDetail", { id = id }).lifetime)
    end)

    it("stop and start", function()
      local id = create()
      emulator:advance(60)
      local before = container_ids(id, "shell")
      assert.are.same({ success = true, id = id }, (call("stop", { id = id })))
      assert.are.equal("STOPPED", state(id))
      assert.is_true(call("stop", { id = id }).success) -- a second time changes nothing
      refused("setContainerCount", { id = id, componentName = "shell", containerCount = 2 }, "not running")
      refused("killContainer", { id = id, containerName = "shell-0" }, "not running")
      refused("killMaster", { id = id }, "not running")
      local entry = call("getList", { search = { accountId = account } }).contents[1]
      assert.are.equal("2025-02-25T15:50:07+09:00", entry.finishedAt)

      emulator:advance(1000)
      assert.are.same({ success = true, id = id }, (call("start", { id = id })))
      assert.are.equal("ACCEPTED", state(id))
      emulator:advance(60)
      assert.are.equal("RUNNING", state(id))
      assert.is_true(call("start", { id = id }).success)
      local after = container_ids(id, "shell")
      assert.are.equal(1, #after)
      assert.are_not.same(before, after)
      emulator:advance(604800 - 61)
      assert.are.equal("RUNNING", state(id))
      emulator:advance(1)
      assert.are.equal("FINISHED", state(id))
      assert.is_true(call("start", { id = id }).success)
      assert.are.equal("ACCEPTED", state(id))
    end)

    it("grow and shrink", function()
      local id = create()
      emulator:advance(60)
      local first = container_ids(id, "shell")[1]
      local two = { id = id, componentName = "shell", containerCount = 2 }
      assert.are.same({ success = true, id = id }, (call("setContainerCount", two)))
      local shell = component(id, "shell")
      assert.are.equal("FLEXING", shell.state)
      assert.are.equal(2, shell.containerCount)
      assert.are.equal(1, shell.desired) -- what was asked for at creation
      assert.are.equal("READY", shell.containers[1].state)
      assert.are.equal("RUNNING_BUT_UNREADY", shell.containers[2].state)
      assert.are.equal("shell-1", shell.containers[2].name)
      emulator:advance(10)
      assert.are.equal("STABLE", component(id, "shell").state)
      two.containerCount = 1
      call("setContainerCount", two)
      assert.are.same({ first }, container_ids(id, "shell"))
      two.containerCount = 0
      refused("setContainerCount", two, "%(containerCount, '0'%)")
      two.containerCount = -1
      refused("setContainerCount", two, "%(containerCount, '%-1'%)")
      assert.are.same({ first }, container_ids(id, "shell"))
      two.componentName, two.containerCount = "hull", 1
      refused("setContainerCount", two, "^no such element$", 404)
      refused("setContainerCount", { id = id, componentName = "shell" }, "NotNull, containerCount")
    end)

    it("get a new container for one that is killed", function()
      local id =
        create { components = { { name = "shell", memoryMb = 1, cpuCount = 1, containerCount = 2 } } }
      emulator:advance(60)
      local before = container_ids(id, "shell")
      assert.are.same(
        { success = true, id = id },
        (call("killContainer", { id = id, containerName = "shell-0" }))
      )
      local after = container_ids(id, "shell")
      assert.are_not.equal(before[1], after[1])
      assert.are.equal(before[2], after[2])
      assert.are.equal("RUNNING_BUT_UNREADY", component(id, "shell").containers[1].state)
      emulator:advance(10)
      assert.are.equal("READY", component(id, "shell").containers[1].state)
      refused("killContainer", { id = id, containerName = "shell-2" }, "^no such element$", 404)
      refused("killContainer", { id = id, containerName = ("a"):rep(61) }, "Size, containerName")
    end)

    it("get a new master, and keep their containers", function()
      local id = create()
      emulator:advance(60)
      local before = container_ids(id, "shell")
      assert.are.same({ success = true, id = id }, (call("killMaster", { id = id })))
      assert.are.equal("ACCEPTED", state(id))
      emulator:advance(10)
      assert.are.equal("RUNNING", state(id))
      assert.are.same(before, container_ids(id, "shell"))
      call("killContainer", { id = id, containerName = "shell-0" })
      assert.matches("_02_%d+$", container_ids(id, "shell")[1])
    end)

    it("are still there for deletion_delay", function()
      start { deletion_delay = 20 }
      local id = create()
      emulator:advance(60)
      assert.is_true(call("delete", { id = id }).success)
      assert.are.equal("STOPPED", state(id))
      emulator:advance(20)
      refused("getDetail", { id = id }, "not allowed or not exists", 403)
    end)

    it("follow the delays that were set", function()
      start { app_delay = 0, container_delay = 0 }
      local id = create()
      assert.are.equal("RUNNING", state(id))
      call("setContainerCount", { id = id, componentName = "shell", containerCount = 5 })
      assert.are.equal("STABLE", component(id, "shell").state)
    end)
  end)

  it("belong to one user", function()
    start { keys = { SECOND = "key2" } }
    local id = create()
    local second = { access_key = "SECOND", secret_key = "key2" }
    for _, operation in ipairs { "getDetail", "start", "stop", "killMaster", "delete" } do
      local _, status = signed.call(emulator, "apps/" .. operation, { id = id }, second)
      assert.are.equal(403, status)
    end
    local _, status = signed.call(emulator, "apps/getList", { search = { accountId = account } }, second)
    assert.are.equal(403, status)
  end)

  describe("where the emulator is strict", function()
    before_each(function()
      start { strict = true }
    end)

    it("have names of 20 characters together with the account's", function()
      create { name = ("a"):rep(15) }
      emulator:reset()
      account = emulator:add_account { name = "df0001" }
      refused("create", app { name = ("a"):rep(15) }, "longer than 20 characters together")
      create { name = ("a"):rep(14) }
    end)

    it("need what is called required, and what they depend on", function()
      local params = app()
      params.queueName = nil
      refused("create", params, "NotEmpty, queueName")
      local kafka = app { appTypeId = "KAFKA-2.4.0", name = "kafka001", components = { BROKER } }
      refused("create", kafka, "KAFKA%-2%.4%.0 needs an app of ZOOKEEPER%-3%.4%.13")
      local zookeeper = create {
        appTypeId = "ZOOKEEPER-3.4.13",
        name = "zk001",
        components = { { name = "zk", memoryMb = 1024, cpuCount = 1, containerCount = 3 } },
      }
      kafka.dependentIds = { zookeeper }
      assert.is_true(call("create", kafka).success)
      call("stop", { id = zookeeper })
      refused("delete", { id = zookeeper }, "Other apps depend on it")
    end)

    it("refuse what makes no sense in their state", function()
      local id = create()
      refused("setLifetime", { id = id, lifetime = -1 }, "Min, lifetime")
      refused("delete", { id = id }, "Stop the app first")
      assert.are.same(
        { success = false, message = "The app is running already." },
        (call("start", { id = id }))
      )
      call("stop", { id = id })
      refused("stop", { id = id }, "The app is not running")
      assert.is_true(call("delete", { id = id }).success)
    end)

    it("wait for their account to run", function()
      emulator:reset()
      account = emulator:add_account { name = "df001", created_at = NOW }
      refused("create", app(), "The account is not running yet")
      emulator:advance(150)
      create()
    end)
  end)
end)
