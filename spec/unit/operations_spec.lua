-- Each operation, from its data: against the emulator, in JSON and in XML, by method and by name.

local emulated = require "spec.support.emulated"
local operations = require "dataforest.operations"
local tables = require "dataforest.util.tables"

local CREATE_APP = {
  queueName = "longlived",
  appTypeId = "DEV-1.0.0",
  name = "app001",
  lifetime = 3600,
  components = { { name = "shell", memoryMb = 2048, cpuCount = 1, containerCount = 2 } },
}

--- What each operation is called with; functions are given the ids of what there is.
local function by_id(ids)
  return { id = ids.account }
end

local function by_app_id(ids)
  return { id = ids.app }
end

local PARAMS = {
  ["accounts/checkAvailableName"] = { name = "df002" },
  ["accounts/checkHasResource"] = by_id,
  ["accounts/create"] = { name = "df001", password = "Abcdef1!" },
  ["accounts/getList"] = {},
  ["accounts/getDetail"] = by_id,
  ["accounts/getKerberosKeytab"] = by_id,
  ["accounts/resetKerberosKeytab"] = by_id,
  ["accounts/resetPassword"] = function(ids)
    return { id = ids.account, password = "Abcdef1!" }
  end,
  ["accounts/setQuota"] = function(ids)
    return { id = ids.account, namespace = "koya", fileCountMillion = 5, spaceTb = 500 }
  end,
  ["accounts/delete"] = by_id,
  ["apps/checkAvailableName"] = function(ids)
    return { accountId = ids.account, name = "app002" }
  end,
  ["apps/getAppTypeIdList"] = {},
  ["apps/getAppTypeTemplate"] = { appTypeId = "KAFKA-2.4.0" },
  ["apps/getAppBasicSetting"] = function(ids)
    return { accountId = ids.account, appTypeId = "KAFKA-2.4.0" }
  end,
  ["apps/create"] = function(ids)
    local params = tables.copy({ accountId = ids.account }, CREATE_APP)
    return params
  end,
  ["apps/getList"] = function(ids)
    return { search = { accountId = ids.account } }
  end,
  ["apps/getDetail"] = by_app_id,
  ["apps/setContainerCount"] = function(ids)
    return { id = ids.app, componentName = "shell", containerCount = 3 }
  end,
  ["apps/setLifetime"] = function(ids)
    return { id = ids.app, lifetime = 7200 }
  end,
  ["apps/killContainer"] = function(ids)
    return { id = ids.app, containerName = "shell-0" }
  end,
  ["apps/killMaster"] = by_app_id,
  ["apps/start"] = by_app_id,
  ["apps/stop"] = by_app_id,
  ["apps/delete"] = by_app_id,
}

-- What must not be there yet when the operation is called.
local WITHOUT_ACCOUNT = { ["accounts/create"] = true }
local WITHOUT_APP = {
  ["accounts/create"] = true,
  ["accounts/delete"] = true,
  ["apps/create"] = true,
}

--- A service with an account and a running app, as far as the operation wants them.
local function prepared(operation, options)
  local emulator = emulated.emulator { zone = "Z" }
  local df = emulated.client(emulator, options)
  local ids = {}
  if not WITHOUT_ACCOUNT[operation.id] then
    ids.account = emulator:add_account { name = "df001" }
  end
  if not WITHOUT_APP[operation.id] then
    ids.app = assert(df:call("apps/create", PARAMS["apps/create"](ids))).id
    emulator:advance(120)
  end
  local params = PARAMS[operation.id]
  return df, type(params) == "function" and params(ids) or params, emulator
end

local function run(operation, options)
  local df, params = prepared(operation, options)
  local group = df[operation.group]
  return group[operation.method](group, params)
end

local is_integer = rawget(math, "type") and function(value)
  return math.type(value) == "integer"
end or function(value)
  return type(value) == "number" and value % 1 == 0
end

local check_fields

local function check(kind, value, where)
  if kind == "any" then
    return
  elseif kind == "integer" then
    assert.is_true(is_integer(value), where)
  elseif type(kind) == "string" then
    assert.are.equal(kind, type(value), where)
  else
    assert.are.equal("table", type(value), where)
    if kind.array then
      for index, member in ipairs(value) do
        check(kind.array, member, ("%s[%d]"):format(where, index))
      end
    elseif kind.map then
      for name, member in pairs(value) do
        assert.is_string(name, where)
        check(kind.map, member, where .. "." .. name)
      end
    else
      check_fields(kind.fields, value, where)
    end
  end
end

--- Each member is of its type, and none is there that the data do not name.
function check_fields(fields, value, where)
  local known = {}
  for _, field in ipairs(fields) do
    known[field.name] = true
    if value[field.name] ~= nil then
      check(field.type, value[field.name], where .. "." .. field.name)
    end
  end
  for name in pairs(value) do
    assert.is_true(known[name], ("%s.%s is not in the data"):format(where, name))
  end
end

-- An operation that was added to the data is tried here once there is something to call it with.
local current, known = {}, {}
for _, operation in ipairs(operations.list) do
  if operation.status == "current" then
    current[#current + 1] = operation
    known[#known + 1] = PARAMS[operation.id] and operation
  end
end

describe("the operations", function()
  it("are ten of accounts and fourteen of apps, and perhaps others", function()
    local there = {}
    for _, operation in ipairs(current) do
      there[operation.id] = true
    end
    local documented = { accounts = 0, apps = 0 }
    for id in pairs(PARAMS) do
      assert.is_true(there[id], id)
      local group = id:match "^%a+"
      documented[group] = documented[group] + 1
    end
    assert.are.same({ accounts = 10, apps = 14 }, documented)
  end)

  it("of which the emulator carries each out, or says plainly that it does not", function()
    for _, operation in ipairs(operations.list) do
      local is_known = PARAMS[operation.id] ~= nil
      assert.is_true(emulated.carries_out(operation) or not is_known, operation.id)
    end
  end)

  for _, operation in ipairs(known) do
    for _, format in ipairs { "json", "xml" } do
      it(("%s gives what its data say (%s)"):format(operation.id, format), function()
        local value, err = run(operation, { format = format })
        assert.is_nil(err, tostring(err))
        check(operation.result, value, operation.name)
        if operation.result ~= "string" then
          assert.is_not_nil(next(value))
        end
      end)
    end

    it(operation.id .. " gives the same in JSON and in XML, by method and by name", function()
      local expected = assert(run(operation, { format = "json" }))
      assert.are.same(expected, assert(run(operation, { format = "xml" })))
      for _, format in ipairs { "json", "xml" } do
        local df, params = prepared(operation, { format = format })
        assert.are.same(expected, assert(df:call(operation.id, params)))
      end
    end)

    it(operation.id .. " names each parameter that is missing, unknown or of the wrong type", function()
      local df, params, emulator = prepared(operation)
      local calls = #emulator.calls
      local function fails(field, given)
        local value, err = df:call(operation.id, given)
        assert.is_nil(value)
        assert.are.equal("argument", err.kind)
        assert.are.equal(operation.id, err.operation)
        assert.are.equal(field, err.field)
      end
      for _, param in ipairs(operation.params) do
        local path = param.within and param.within .. "." .. param.name or param.name
        local given = tables.copy(params)
        if param.within then
          given[param.within] = nil
        end
        given[param.name] = nil
        if param.required and param.default == nil then
          fails(path, given)
        end
        given[param.name] = param.type == "string" and 7 or "text"
        fails(path, given)
      end
      fails("nosuchthing", { nosuchthing = 1 })
      assert.are.equal(calls, #emulator.calls)
    end)

    it(operation.id .. " takes a bare string where one parameter is enough", function()
      local wanted
      for _, param in ipairs(operation.params) do
        if param.required and param.default == nil then
          wanted = wanted == nil and param or false
        end
      end
      local df, params = prepared(operation)
      local group = df[operation.group]
      if wanted then
        local value = params[wanted.name] or params[wanted.within][wanted.name]
        assert(group[operation.method](group, value))
      else
        local value, err = group[operation.method](group, "text")
        assert.is_nil(value)
        assert.are.equal("argument", err.kind)
      end
    end)
  end
end)
