-- What an emulator is told to hold, and goes on with.

local cjson = require "cjson"
local control = require "dataforest.emulator.control"
local emulated = require "spec.support.emulated"
local files = require "dataforest.emulator.files"
local json = require "dataforest.emulator.json"
local signed = require "spec.support.signed"
local spec_files = require "spec.support.files"

local NOW = emulated.NOW

local new = emulated.emulator

local function dumped(emulator)
  return control.handle(emulator, { method = "POST", target = "/_emulator/dump", headers = {} }).body
end

local function filled()
  local emulator = new { change_delay = 60, deletion_delay = 1000 }
  emulator:add_key { access_key = "AK2", secret_key = "SK2", user = "second" }
  local account = emulator:add_account { name = "df001" }
  emulator:add_account { name = "df001", user = "second", status = "ACCEPTED" }
  local app = emulator:add_app { name = "app001", accountId = account, appTypeId = "ZOOKEEPER-3.4.13" }
  emulator:add_app {
    name = "kafka",
    accountId = account,
    appTypeId = "KAFKA-2.4.0",
    dependentIds = { app },
    state = "ACCEPTED",
  }
  emulator:add_app { name = "gone", accountId = account, state = "STOPPED", description = "on its way out" }
  emulator:advance(1000)
  signed.call(emulator, "apps/setContainerCount", { id = app, componentName = "zk", containerCount = 5 })
  signed.call(emulator, "accounts/resetKerberosKeytab", { id = account })
  signed.call(emulator, "accounts/setQuota", {
    id = account,
    namespace = "tata",
    fileCountMillion = 2,
    spaceTb = 300,
  })
  return emulator, account
end

describe("an emulator", function()
  it("takes exactly what another one gave", function()
    local first, account = filled()
    local text = dumped(first)
    local second = new { change_delay = 60, deletion_delay = 1000 }
    second:load(json.decode(text).result)
    assert.are.equal(text, dumped(second))
    second:load(json.decode(text)) -- with what is around it
    assert.are.equal(text, dumped(second))
    second:load(cjson.decode(text).result) -- by another reader
    assert.are.equal(text, dumped(second))
    local octets = { accept = "application/octet-stream" }
    local body = ('{"id":"%s"}'):format(account)
    assert.are.equal(
      signed.send(first, "accounts/getKerberosKeytab", body, octets).body,
      signed.send(second, "accounts/getKerberosKeytab", body, octets).body
    )
    for _, emulator in ipairs { first, second } do
      emulator:advance(50)
    end
    assert.are.equal(dumped(first), dumped(second))
    assert.are.equal(
      first:add_account { name = "next", user = first.access_key },
      second:add_account { name = "next", user = second.access_key }
    )
  end)

  it("goes to the moment of the dump, and with strict_clock keeps its distance", function()
    local first = filled()
    local snapshot = first:snapshot()
    local later = new {
      clock = function()
        return NOW + 1e6
      end,
    }
    later:load(snapshot)
    assert.are.equal(first:now(), later:now())
    assert.are.equal("RUNNING", later:dump().apps[1].state)
    later = new {
      strict_clock = true,
      clock = function()
        return NOW + 1e6
      end,
    }
    later:load(snapshot)
    assert.are.equal(NOW + 1e6 + 1000, later:now())
    assert.are.equal("FINISHED", later:dump().apps[1].state)
  end)

  it("takes what people write", function()
    local emulator = new {
      fixtures = {
        accounts = { { name = "df001", status = "ACCEPTED" } },
        apps = { { name = "dev001" }, { name = "dev002", state = "STOPPED" } },
      },
    }
    assert.are.equal("ACCEPTED", emulator:dump().accounts[1].status)
    assert.are.equal(2, #emulator:dump().apps)
    emulator:add_account { name = "more" }
    emulator:reset()
    assert.are.equal(1, #emulator:dump().accounts)
  end)

  it("says what is wrong, and stays as it was", function()
    local emulator = filled()
    local before = dumped(emulator)
    local function message(given)
      local ok, text = pcall(emulator.load, emulator, given)
      assert.is_false(ok)
      assert.are.equal(before, dumped(emulator))
      return text
    end
    local function changed(change)
      local snapshot = json.decode(before).result
      change(snapshot)
      return message(snapshot)
    end
    assert.matches("load takes a table", message "x")
    assert.matches("does not know the field account .perhaps accounts", message { account = {} })
    assert.matches("accounts must be a list", message { accounts = { df001 = {} } })
    assert.matches("accounts%[1%] needs accounts%[1%]%.name", message { accounts = { {} } })
    assert.matches(
      "accounts%[2%]%.name: there is",
      message { accounts = { { name = "ab" }, { name = "ab" } } }
    )
    assert.matches("apps%[1%]%.accountId: there are 0", message { apps = { { name = "app001" } } })
    assert.matches(
      "accounts%[1%]%.id: ",
      changed(function(all)
        all.accounts[2].id, all.accounts[2].name = all.accounts[1].id, "other"
      end):gsub("%[2%]", "[1]")
    )
    assert.matches(
      "accounts%[1%]%.emulator%.keytab must be in base64",
      changed(function(all)
        all.accounts[1].emulator.keytab = "?"
      end)
    )
    assert.matches(
      "accounts%[1%]%.quotas",
      changed(function(all)
        all.accounts[1].quotas[1].spaceTb = -1
      end)
    )
    assert.matches(
      "apps%[1%]%.emulator%.accountId: there is no account",
      changed(function(all)
        all.apps[1].emulator.accountId = "x"
      end)
    )
    assert.matches(
      "apps%[1%]%.appTypeId names no app type",
      changed(function(all)
        all.apps[1].appTypeId = "x"
      end)
    )
    assert.matches(
      "apps%[1%]%.emulator%.components%[1%]%.name: ",
      changed(function(all)
        all.apps[1].emulator.components[1].name = "x"
      end)
    )
    assert.matches(
      "random%.values must be",
      changed(function(all)
        all.random.values = 0
      end)
    )
    assert.matches("now must be", message { now = -1 })
  end)

  it("is kept in a file, keys and all, and found again", function()
    local path = os.tmpname()
    finally(function()
      os.remove(path)
    end)
    local first = filled()
    assert(files.save(first, path))
    local options = {
      seed = 7,
      clock = function()
        return NOW
      end,
    }
    local second = assert(files.emulator(options, { state = path }))
    assert.are.equal(dumped(first), dumped(second))
    local key = { access_key = "AK2", secret_key = "SK2" }
    assert.are.equal(1, signed.call(second, "accounts/getList", {}, key).total)
    local file = io.open(path .. ".new")
    assert.is_nil(file)
  end)

  it("does not start with a file that it cannot read", function()
    local path = os.tmpname()
    finally(function()
      os.remove(path)
    end)
    local function refused(text, pattern)
      spec_files.write(path, text)
      for _, name in ipairs { "state", "fixtures" } do
        local emulator, message = files.emulator({}, { [name] = path })
        assert.is_nil(emulator)
        assert.matches("^%-%-" .. name .. ": ", message)
        assert.matches(path, message, 1, true)
        assert.matches(pattern, message)
      end
    end
    refused("", "malformed JSON")
    refused("[]", "not a JSON object")
    refused("\255", "not UTF%-8")
    refused('{"acounts":[]}', "acounts .perhaps accounts")
    local emulator, message = files.emulator({}, { fixtures = "/nowhere/at/all" })
    assert.is_nil(emulator)
    assert.matches("^%-%-fixtures: /nowhere/at/all: No such file", message)
    assert.is_table(files.emulator({}, { state = "/nowhere/at/all" })) -- the first time
  end)
end)

describe("an emulator's clock", function()
  local function status(emulator, options)
    return signed.send(emulator, "accounts/getList", "{}", nil, options).status
  end

  it("can be moved through a whole life without locking anybody out", function()
    local emulator = new()
    local account = emulator:add_account { name = "df001" }
    local app = emulator:add_app { name = "app001", accountId = account }
    for _ = 1, 20 do
      assert.are.equal(200, status(emulator))
      emulator:advance(604800 / 20)
    end
    assert.are.equal("FINISHED", signed.call(emulator, "apps/getDetail", { id = app }).state)
    emulator:set_clock(0)
    assert.are.equal(200, status(emulator))
    emulator:set_clock(253402300799)
    assert.are.equal(200, status(emulator))
  end)

  it("judges signatures if strict_clock says so", function()
    local emulator = new { strict_clock = true }
    emulator:advance(400)
    assert.are.equal(401, status(emulator, { timestamp = NOW * 1000 }))
    assert.are.equal(200, status(emulator, { timestamp = (NOW + 400) * 1000 }))
    local response = signed.send(emulator, "accounts/getList", "{}")
    assert.are.equal("Thu, 20 Feb 2025 00:39:35 GMT", response.headers.date)
  end)

  it("is no deadline's", function()
    local emulator = new()
    local transport = emulator:transport()
    local before = transport:monotonic()
    emulator:set_clock(NOW + 1e6)
    assert.are.equal(before, transport:monotonic())
    transport:sleep(5)
    assert.are.equal(before + 5, transport:monotonic())
  end)
end)
