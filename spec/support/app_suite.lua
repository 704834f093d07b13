--- The apps, end to end, as cases that run over any transport: see account_suite.

local assert = require "luassert"
local cases = require "spec.support.cases"
local tables = require "dataforest.util.tables"

local PASSWORD = "Abcdef1!"
local UNKNOWN = "axE7wU9ERm8fTc7e17vNvu"

local suite, case, in_format = cases.suite()
local assert_error = cases.assert_error

--- A case for each format, with an account that is there.
local function in_each_format(name, run)
  in_format(name, function(context, df)
    run(context, df, context.emulator:add_account { name = "df001" })
  end)
end

--- Creates an app of one component and, unless told not to, lets it become RUNNING.
local function new_app(context, df, account_id, more, as_it_is)
  local params = tables.copy({
    accountId = account_id,
    queueName = "longlived",
    appTypeId = "DEV-1.0.0",
    name = "app001",
    lifetime = 3600,
    components = { { name = "shell", memoryMb = 2048, cpuCount = 1, containerCount = 1 } },
  }, more)
  local id = assert(df.apps:create(params)).id
  if not as_it_is then
    context.emulator:advance(120)
  end
  return id
end

-- The operations -----------------------------------------------------------------------

in_each_format("checks whether a name is free in an account", function(context, df, account_id)
  local params = { accountId = account_id, name = "app001" }
  assert.are.same({ availableName = true }, assert(df.apps:check_available_name(params)))
  new_app(context, df, account_id)
  local response = assert(df.apps:check_available_name(params))
  assert.is_false(response.availableName)
  assert.is_string(response.message)
end)

in_each_format("lists fifteen types, and gives the template of each", function(_, df, account_id)
  local types = assert(df.apps:get_app_type_id_list()).contents
  assert.are.equal(15, #types)
  for _, type_id in ipairs { types[1], types[15] } do
    local response = assert(df.apps:get_app_type_template(type_id))
    assert.is_string(response.template)
    assert.matches(type_id, response.template, 1, true)
    local setting = assert(df.apps:get_app_basic_setting { accountId = account_id, appTypeId = type_id })
    assert.is_string(setting.template)
    assert.are.same({ "longlived", "dev", "batch" }, setting.publicQueueNames)
    assert.are.same({}, setting.privateQueueNames)
    assert.are.equal(1, setting.appMasterCpuCount)
  end
end)

in_each_format("names the apps that an app can depend on", function(context, df, account_id)
  local params = { accountId = account_id, appTypeId = "KAFKA-2.4.0" }
  local setting = assert(df.apps:get_app_basic_setting(params))
  assert.are.equal("ZOOKEEPER", setting.dependableApp.appTypeName)
  assert.are.same({}, setting.dependableApp.candidates)
  local zk = new_app(context, df, account_id, {
    name = "zk1",
    appTypeId = "ZOOKEEPER-3.4.13",
    components = { { name = "zk", memoryMb = 1024, cpuCount = 1, containerCount = 3 } },
  })
  setting = assert(df.apps:get_app_basic_setting(params))
  assert.are.equal(1, #setting.dependableApp.candidates)
  assert.are.equal(zk, setting.dependableApp.candidates[1].id)
  new_app(context, df, account_id, {
    name = "kafka",
    appTypeId = "KAFKA-2.4.0",
    dependentIds = { zk },
    components = { { name = "broker", memoryMb = 2048, cpuCount = 4, containerCount = 3 } },
  })
end)

in_each_format("creates an app, and sees it become RUNNING and FINISHED", function(context, df, account_id)
  local id = new_app(context, df, account_id, { lifetime = 600 }, true)
  assert.are.equal("ACCEPTED", assert(df.apps:get_detail(id)).state)
  context.emulator:advance(120)
  local app = assert(df.apps:get_detail(id))
  assert.are.equal("RUNNING", app.state)
  assert.are.equal("STABLE", app.components[1].state)
  assert.are.equal("READY", app.components[1].containers[1].state)
  assert.are.equal("shell-0", app.components[1].containers[1].name)
  context.emulator:advance(600)
  assert.are.equal("FINISHED", assert(df.apps:get_detail(id)).state)
end)

in_each_format("gives links as a map, and the lifetime in seconds", function(context, df, account_id)
  local app = assert(df.apps:get_detail(new_app(context, df, account_id)))
  assert.matches("^https://", app.links.shell)
  assert.matches("^https://", app.links.supervisor)
  assert.are.equal("0 days, 1:0:0 (3600 seconds)", app.lifetime)
  assert.are.equal(3600, app.lifetimeSeconds)
  local endless = new_app(context, df, account_id, { name = "app002", lifetime = -1 })
  app = assert(df.apps:get_detail(endless))
  assert.is_string(app.lifetime)
  assert.is_nil(app.lifetimeSeconds)
end)

in_each_format("lists the apps of an account, none, one and several", function(context, df, account_id)
  assert.are.same({ total = 0, contents = {} }, assert(df.apps:get_list(account_id)))
  local ids = {}
  for index = 1, 3 do
    ids[index] = new_app(context, df, account_id, { name = "app00" .. index })
    local list = assert(df.apps:get_list { search = { accountId = account_id } })
    assert.are.equal(index, list.total)
    assert.are.equal(index, #list.contents)
    assert.are.equal(ids[index], list.contents[index].id)
    assert.are.equal("df001", list.contents[index].accountName)
    assert.are.equal("RUNNING", list.contents[index].state)
  end
end)

in_each_format("changes the number of containers", function(context, df, account_id)
  local id = new_app(context, df, account_id)
  local params = { id = id, componentName = "shell", containerCount = 3 }
  assert.are.same({ id = id }, assert(df.apps:set_container_count(params)))
  local component = assert(df.apps:get_detail(id)).components[1]
  assert.are.equal(3, component.containerCount)
  assert.are.equal("FLEXING", component.state)
  context.emulator:advance(30)
  component = assert(df.apps:get_detail(id)).components[1]
  assert.are.equal("STABLE", component.state)
  assert.are.equal(3, #component.containers)
  params.componentName = "nosuch"
  assert_error("not_found", df.apps:set_container_count(params))
end)

in_each_format("changes the lifetime", function(context, df, account_id)
  local id = new_app(context, df, account_id)
  assert.are.same({ id = id }, assert(df.apps:set_lifetime { id = id, lifetime = 7200 }))
  assert.are.equal(7200, assert(df.apps:get_detail(id)).lifetimeSeconds)
  context.emulator:advance(7000)
  assert.are.equal("RUNNING", assert(df.apps:get_detail(id)).state)
  assert(df.apps:set_lifetime { id = id })
  assert.are.equal(604800, assert(df.apps:get_detail(id)).lifetimeSeconds)
  assert_error("argument", df.apps:set_lifetime { id = id, lifetime = 299 })
end)

in_each_format("restarts a container, and the application master", function(context, df, account_id)
  local id = new_app(context, df, account_id)
  local before = assert(df.apps:get_detail(id)).components[1].containers[1].id
  assert.are.same({ id = id }, assert(df.apps:kill_container { id = id, containerName = "shell-0" }))
  context.emulator:advance(30)
  local after = assert(df.apps:get_detail(id)).components[1].containers[1].id
  assert.is_true(before ~= after)
  assert_error("not_found", df.apps:kill_container { id = id, containerName = "shell-7" })
  assert.are.same({ id = id }, assert(df.apps:kill_master(id)))
  context.emulator:advance(30)
  assert.are.equal("RUNNING", assert(df.apps:get_detail(id)).state)
end)

in_each_format("stops, starts and deletes an app", function(context, df, account_id)
  local id = new_app(context, df, account_id)
  assert.is_true(assert(df.accounts:check_has_resource(account_id)).hasResource)
  assert.are.same({ id = id }, assert(df.apps:stop(id)))
  assert.are.equal("STOPPED", assert(df.apps:get_detail(id)).state)
  assert.are.same({ id = id }, assert(df.apps:start(id)))
  assert.are.equal("ACCEPTED", assert(df.apps:get_detail(id)).state)
  context.emulator:advance(120)
  assert.are.equal("RUNNING", assert(df.apps:get_detail(id)).state)
  assert.are.same({ id = id }, assert(df.apps:delete(id)))
  assert_error("forbidden", df.apps:get_detail(id))
  assert.is_false(assert(df.accounts:check_has_resource(account_id)).hasResource)
end)

-- What goes wrong ----------------------------------------------------------------------

in_each_format("refuses what the service refuses", function(context, df, account_id)
  assert_error("forbidden", df.apps:get_list(UNKNOWN))
  assert_error("forbidden", df.apps:get_detail(UNKNOWN))
  assert_error("forbidden", df.apps:stop(UNKNOWN))
  assert_error("invalid", df.apps:get_app_type_template "NOSUCH-1.0.0")
  assert_error(
    "invalid",
    df.apps:get_app_basic_setting { accountId = account_id, appTypeId = "NOSUCH-1.0.0" }
  )
  local id = new_app(context, df, account_id)
  local value, err = df.apps:create {
    accountId = account_id,
    appTypeId = "DEV-1.0.0",
    name = "app001",
    components = { { name = "shell", memoryMb = 2048, cpuCount = 1, containerCount = 1 } },
  }
  assert_error("invalid", value, err)
  assert.matches("already in use", err.message, 1, true)
  assert_error(
    "quota",
    df.apps:set_container_count { id = id, componentName = "shell", containerCount = 1000 }
  )
  assert(df.apps:stop(id))
  assert_error("invalid", df.apps:set_lifetime { id = id, lifetime = 3600 })
  assert_error("invalid", df.apps:kill_master(id))
end)

case("does not create an app twice if the response is lost", function(context)
  local df = context.client()
  local account_id = context.emulator:add_account { name = "df001" }
  context.emulator:fail_next { operation = "apps/create", when = "after", kind = "network" }
  local value, err = df.apps:create {
    accountId = account_id,
    name = "app001",
    type = "DEV-1.0.0",
    components = { shell = { memoryMb = 2048, cpuCount = 1, containerCount = 1 } },
  }
  assert_error("network", value, err)
  assert.is_true(err.in_doubt)
  assert.matches("look before you repeat it", tostring(err), 1, true)
  assert.are.equal("app001", assert(df.apps:find { accountId = account_id, name = "app001" }).name)
  local creates = 0
  for _, call in ipairs(context.emulator:calls()) do
    creates = creates + (call.operation == "apps/create" and 1 or 0)
  end
  assert.are.equal(1, creates)
end)

-- The conveniences ---------------------------------------------------------------------

in_each_format("finds, and goes through, the apps", function(context, df, account_id)
  local id = new_app(context, df, account_id)
  local names = {}
  for app in assert(df.apps:each { accountId = account_id }) do
    names[#names + 1] = app.name
  end
  assert.are.same({ "app001" }, names)
  assert.are.equal(id, assert(df.apps:find { accountId = account_id, name = "app001" }).id)
  local app, err = df.apps:find { accountId = account_id, name = "app002" }
  assert_error("not_found", app, err)
end)

in_each_format("ensures the account, and creates an app from the service's defaults", function(context, df)
  local account, failure, created = df.accounts:ensure { name = "df001", password = PASSWORD }
  assert.is_table(account)
  assert.is_nil(failure)
  assert.is_false(created)
  local app = assert(df.apps:create({
    accountId = account.id,
    name = "kafka",
    type = "KAFKA-2.4.0",
    components = { broker = { containerCount = 3 } },
  }, { defaults = true }))
  context.emulator:advance(120)
  local detail = assert(df.apps:wait(app.id, "RUNNING"))
  assert.are.equal("broker", detail.components[1].name)
  assert.are.equal(3, detail.components[1].containerCount)
  assert.are.equal("kafka-manager", detail.components[2].name)
  local refused, err = df.accounts:remove(account.id)
  assert_error("refused", refused, err)
  assert.matches("kafka (RUNNING)", err.message, 1, true)
  assert(df.accounts:remove(account.id, { force = true }))
  assert.is_nil(df.accounts:find "df001")
end)

return suite
