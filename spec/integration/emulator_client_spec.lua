-- The client and the emulator together: what one sends, the other understands, in both formats.

local emulated = require "spec.support.emulated"
local tables = require "dataforest.util.tables"

local NOW = 1740011575
local PASSWORD = "Forest-7"

local function pair(options, client_options, transport_options)
  local emulator = emulated.emulator(options)
  local transport = emulator:transport(transport_options)
  return emulated.client(emulator, tables.copy({ transport = transport }, client_options)), emulator
end

-- Every operation once, refusals included; returns all values and errors in order.
local function whole_life(format)
  local df, emulator = pair({ latency = 0.1 }, { format = format })
  local log = {}
  local function note(name, value, err)
    log[#log + 1] = { name, value, err and { err.kind, err.status, err.code, err.message } }
    return value
  end
  local accounts, apps = df.accounts, df.apps
  note("name", accounts:check_available_name "cloud1")
  local id = note("create", accounts:create { name = "cloud1", password = PASSWORD }).id
  note("second", accounts:create { name = "cloud2", password = PASSWORD })
  note("taken name", accounts:check_available_name "cloud1")
  note("list", accounts:get_list())
  emulator:advance(150)
  note("quota", accounts:set_quota { id = id, namespace = "tata", fileCountMillion = 3, spaceTb = 400 })
  note("detail", accounts:get_detail(id))
  note("unknown", accounts:get_detail "20nAZnjbUNFdc7RsILlC3A")
  note("password", accounts:reset_password { id = id, password = PASSWORD .. "8" })
  note("keytab", accounts:get_kerberos_keytab(id))
  note("new keytab", accounts:reset_kerberos_keytab(id))
  note("resources", accounts:check_has_resource(id))

  note("types", apps:get_app_type_id_list())
  note("template", apps:get_app_type_template "DEV-1.0.0")
  note("setting", apps:get_app_basic_setting { accountId = id, appTypeId = "KAFKA-2.4.0" })
  note("app name", apps:check_available_name { accountId = id, name = "kafka001" })
  note("no apps", apps:get_list(id))
  local app = note(
    "create app",
    apps:create {
      accountId = id,
      appTypeId = "KAFKA-2.4.0",
      name = "kafka001",
      description = "a < b & \"c\" > 'd' \228\189\160",
      components = {
        { name = "broker", memoryMb = 2048, cpuCount = 4, containerCount = 2 },
        { name = "kafka-manager", memoryMb = 2048, cpuCount = 1, containerCount = 1 },
      },
    }
  ).id
  note("accepted", apps:get_detail(app))
  emulator:advance(60)
  note("apps", apps:get_list(id))
  note("grow", apps:set_container_count { id = app, componentName = "broker", containerCount = 3 })
  note("kill", apps:kill_container { id = app, containerName = "broker-0" })
  note("no such container", apps:kill_container { id = app, containerName = "broker-9" })
  note("master", apps:kill_master(app))
  note("lifetime", apps:set_lifetime { id = app, lifetime = 400 })
  note("grown", apps:get_detail(app))
  note("stop", apps:stop(app))
  note("stopped", apps:get_list(id))
  note("start", apps:start(app))
  note("refused delete", accounts:delete(id))
  note("delete app", apps:delete(app))
  note("delete", accounts:delete(id))
  note("nothing", accounts:get_list())
  df:close()
  return log, emulator
end

describe("the client and the emulator", function()
  it("say the same in JSON and in XML, value for value and type for type", function()
    local json, emulator = whole_life "json"
    local xml = whole_life "xml"
    assert.are.equal(#json, #xml)
    for i, entry in ipairs(json) do
      assert.are.same(entry, xml[i])
      if math.type then
        local quota = entry[1] == "detail" and entry[2].quotas[2]
        if quota then
          assert.are.equal("integer", math.type(quota.spaceTb))
          assert.are.equal("integer", math.type(xml[i][2].quotas[2].spaceTb))
        end
      end
    end
    local operations = {}
    for _, call in ipairs(emulator.calls) do
      operations[call.operation] = true
    end
    for _, operation in ipairs(require("dataforest.operations").list) do
      if emulated.carries_out(operation) then
        assert.is_true(operations[operation.id], operation.id .. " was not called")
      end
    end
  end)

  it("agree on what was refused", function()
    local log = whole_life "json"
    local errors = {}
    for _, entry in ipairs(log) do
      if entry[3] then
        errors[entry[1]] = { entry[3][1], entry[3][2] }
      end
    end
    assert.are.same({
      second = { "refused", 200 },
      unknown = { "forbidden", 403 },
      ["no such container"] = { "not_found", 404 },
      ["refused delete"] = { "invalid", 400 },
    }, errors)
  end)

  it("agree on what the client's own checks would have refused", function()
    local df, emulator = pair(nil, { validate = false, retry = false })
    local id = emulator:add_account { name = "df001" }
    local function kind(operation, params)
      local value, err = df:call(operation, params)
      assert.is_nil(value)
      return err.kind
    end
    assert.are.equal("invalid", kind("accounts/create", { name = "A", password = PASSWORD }))
    assert.are.equal("invalid", kind("accounts/create", { name = "ab", password = "short" }))
    assert.are.equal("invalid", kind("accounts/getDetail", { id = "" }))
    assert.are.equal(
      "invalid",
      kind("accounts/setQuota", {
        id = id,
        namespace = "koya",
        fileCountMillion = 6,
        spaceTb = 200,
      })
    )
  end)

  it("put a wrong clock right, in both directions", function()
    for _, offset in ipairs { -1000, 1000 } do
      local df, emulator = pair(nil, nil, { clock_offset = offset })
      assert.are.same({ total = 0, contents = {} }, (df.accounts:get_list()))
      assert.are.equal(2, #emulator.calls)
      assert.is_table(df.accounts:get_list())
      assert.are.equal(3, #emulator.calls) -- the offset is kept
    end
  end)

  it("try again what is worth it, and no time is lost", function()
    local df, emulator = pair()
    emulator:fail_next { status = 503, times = 2 }
    assert.is_table(df.accounts:get_list())
    assert.are.equal(3, #emulator.calls)
    emulator:fail_next { operation = "accounts/create", when = "after", kind = "network" }
    local created, err = df.accounts:create { name = "df001", password = PASSWORD }
    assert.is_nil(created)
    assert.are.equal("network", err.kind)
    assert.are.equal(1, err.attempts)
    assert.are.equal(1, #emulator:dump().accounts)
  end)

  it("sign each attempt for its own moment", function()
    local names = {}
    local df, emulator = pair(nil, {
      timeout = 2000,
      on_event = function(event)
        names[#names + 1] = event.name
      end,
    })
    -- The first signature is no longer good when the second attempt is made, nor is that one at the third.
    emulator:fail_next { status = 503, headers = { ["retry-after"] = "400" }, times = 2 }
    assert.is_table(df.accounts:get_list())
    assert.are.equal("attempt retry attempt retry attempt success", table.concat(names, " "))
    assert.are.equal(3, #emulator.calls)
    assert.are.equal(NOW + 800, emulator:now())
  end)

  it("give up at the deadline", function()
    local df, emulator = pair(nil, { timeout = 5 })
    emulator:fail_next { kind = "timeout", operation = "accounts/getList" }
    local list, err = df.accounts:get_list()
    assert.is_nil(list)
    assert.are.equal("timeout", err.kind)
    assert.are.equal(NOW + 5, emulator:now())
  end)
end)
