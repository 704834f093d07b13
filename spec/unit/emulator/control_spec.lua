-- The control of an emulator, in process: what comes back as bytes, who is refused, and what is checked.

local access = require "dataforest.emulator.access"
local cjson = require "cjson"
local control = require "dataforest.emulator.control"
local emulators = require "dataforest.emulator"
local signed = require "spec.support.signed"

local NOW = 1740011575

describe("the control of an emulator", function()
  local emulator

  before_each(function()
    emulator = emulators.new {
      seed = 1,
      clock = function()
        return NOW
      end,
    }
  end)

  local function send(what, body, more)
    more = more or {}
    return control.handle(emulator, {
      method = more.method or "POST",
      target = "/_emulator/" .. what,
      headers = more.headers or {},
      body = body or "{}",
    }, more.policy)
  end

  local function result(what, body)
    local response = send(what, body)
    assert.are.equal(200, response.status, response.body)
    return cjson.decode(response.body).result
  end

  local function refused(what, body, pattern, status)
    local before =
      control.handle(emulator, { method = "POST", target = "/_emulator/dump", headers = {} }).body
    local response = send(what, body)
    assert.are.equal(status or 400, response.status, body)
    assert.matches(pattern, cjson.decode(response.body).error)
    local after = control.handle(emulator, { method = "POST", target = "/_emulator/dump", headers = {} }).body
    assert.are.equal(before, after)
  end

  it("keeps lists lists", function()
    assert.matches('^{"result":{"accounts":%[%],"apps":%[%],', send("dump").body)
    assert.are.equal('{"result":[]}\n', send("calls").body)
    assert.are.equal('{"result":[]}\n', send("faults").body)
    local given = '{"success":true,"contents":[],"other":{},"message":null, "n": 1.50}'
    send("fail_next", ('{"status":200,"body":%s}'):format(given))
    assert.matches(
      '"body":{"contents":%[%],"message":null,"n":1.5,"other":{},"success":true}',
      send("faults").body
    )
    assert.are.equal(given, signed.send(emulator, "accounts/getList").body)
    signed.send(emulator, "accounts/getList", '{"a":[],"b":{},"c":null}')
    assert.matches('"params":{"a":%[%],"b":{},"c":null}', send("calls").body)
    send("fail_next", '{"body":" {\\"a\\" : []}"}')
    assert.are.equal(' {"a" : []}', signed.send(emulator, "accounts/getList").body)
    send("fail_next", '{"status":200,"body":null}')
    assert.are.equal("null", signed.send(emulator, "accounts/getList").body)
  end)

  it("refuses times that cannot be, by name", function()
    for _, body in ipairs {
      "{}",
      '{"seconds":-1}',
      '{"seconds":1e999}',
      '{"seconds":-1e999}',
      '{"seconds":1e300}',
      '{"seconds":"60"}',
      '{"seconds":null}',
      '{"seconds":[]}',
    } do
      refused("advance", body, "^seconds")
      refused("set_clock", body, "^seconds")
    end
    refused("advance", '{"second":1}', "does not know the field second %(perhaps seconds%?%)")
    refused("advance", '{"seconds":253402300799}', "year 9999")
    assert.are.equal(253402300799, result("set_clock", '{"seconds":253402300799}'))
    assert.are.equal(0, result("set_clock", '{"seconds":0}'))
    assert.are.equal(0, result("advance", '{"seconds":0}'))
  end)

  it("refuses faults that cannot be, by name", function()
    for body, pattern in pairs {
      ['{"status":503,"times":0}'] = "^times ",
      ['{"status":503,"times":-1}'] = "^times ",
      ['{"status":503,"times":1.5}'] = "^times ",
      ['{"status":503,"times":1e999}'] = "^times ",
      ['{"status":503,"skip":-1}'] = "^skip ",
      ['{"status":999}'] = "^status ",
      ['{"status":100}'] = "^status ",
      ['{"status":199.5}'] = "^status ",
      ['{"delay":-5}'] = "^delay ",
      ['{"delay":86401}'] = "^delay ",
      ['{"status":500,"headers":{"Content-Length":"5"}}'] = "^headers .*Content%-Length",
      ['{"status":500,"headers":{"transfer-encoding":"chunked"}}'] = "^headers .*transfer%-encoding",
      ['{"status":500,"headers":{"a b":"c"}}'] = "^headers ",
      ['{"status":500,"headers":{"a":"b\\r\\nc: d"}}'] = "^headers ",
      ['{"status":500,"headers":{"a":[]}}'] = "^headers ",
      ['{"status":500,"headers":["a"]}'] = "^headers ",
      ['{"status":204,"body":"x"}'] = "body",
      ['{"kind":"dns"}'] = "^kind ",
      ['{"code":"4 1"}'] = "^code ",
      ['{"operation":"accounts/getlist","status":500}'] = "operation: .*perhaps accounts/getList",
      ['{"status":500,"when":"later"}'] = "^when ",
      ["{}"] = "needs one of",
      ["[]"] = "must be a JSON object",
      ["{"] = "malformed JSON",
      ['"a"'] = "must be a JSON object",
      ["\255"] = "UTF%-8",
    } do
      refused("fail_next", body, pattern)
    end
    assert.are.same({}, result "faults")
  end)

  it("lists the faults to come, and takes them back", function()
    send("fail_next", '{"code":"410","times":3,"skip":1,"operation":"accounts/getList"}')
    send("fail_next", '{"kind":"network","access_key":"AK2"}')
    signed.send(emulator, "accounts/getList")
    signed.send(emulator, "accounts/getList")
    local faults = result "faults"
    assert.are.equal(2, #faults)
    assert.are.equal(2, faults[1].times)
    assert.are.equal(0, faults[1].skip)
    assert.are.equal("AK2", faults[2].access_key)
    assert.is_true(result "clear_faults")
    assert.are.same({}, result "faults")
    assert.are.equal(200, signed.send(emulator, "accounts/getList").status)
    assert.are.equal(3, #result "calls")
    result "clear_calls"
    assert.are.same({}, result "calls")
  end)

  it("refuses accounts that cannot be, by name", function()
    result("add_account", '{"name":"twin","id":"AAAAAAAAAAAAAAAAAAAAAA"}')
    for body, pattern in pairs {
      ['{"name":"NOT A valid name!!"}'] = "^name ",
      ['{"name":"a"}'] = "^name ",
      ["{}"] = "needs name",
      ['{"name":"twin2","id":"AAAAAAAAAAAAAAAAAAAAAA"}'] = "^id: ",
      ['{"name":"twin"}'] = "^name: ",
      ['{"name":"ab3","id":"short and wrong"}'] = "^id ",
      ['{"name":"ab3","id":""}'] = "^id ",
      ['{"name":"ab4","nme":"typo"}'] = "nme .perhaps name",
      ['{"name":"ab5","quotas":{"koya":{"spaceTb":"many"}}}'] = "quotas.koya.spaceTb",
      ['{"name":"ab5","quotas":{"koya":{"spaceTb":501}}}'] = "quotas.koya.spaceTb",
      ['{"name":"ab5","quotas":{"koya":{"spaceGb":1}}}'] = "quotas.koya.spaceGb",
      ['{"name":"ab5","quotas":{"kona":{}}}'] = "quotas: there is no namespace kona",
      ['{"name":"ab5","quotas":[7]}'] = "quotas",
      ['{"name":"ab6","id":17}'] = "^id ",
      ['{"name":"ab7","status":"SOSO"}'] = "^status ",
      ['{"name":"ab8","user":"nobody"}'] = "^user: ",
      ['{"name":"ab8","access_key":"AK9"}'] = "^access_key: ",
      ['{"name":"ab9","created_at":-1}'] = "^created_at ",
    } do
      refused("add_account", body, pattern)
    end
    result("add_account", '{"name":"ab5","status":"ACCEPTED","quotas":{"koya":{"spaceTb":300}}}')
    local accounts = result("dump").accounts
    assert.are.equal(2, #accounts)
    assert.are.equal("ACCEPTED", accounts[2].status)
    assert.are.equal(300, accounts[2].quotas[1].spaceTb)
  end)

  it("puts apps in, in each state", function()
    refused("add_app", '{"name":"app001"}', "accountId: there are 0 accounts")
    local account = result("add_account", '{"name":"df001"}')
    for _, state in ipairs { "ACCEPTED", "RUNNING", "STOPPED", "FINISHED" } do
      local id = result("add_app", ('{"name":"%s","state":"%s"}'):format(state:lower(), state))
      local detail = signed.call(emulator, "apps/getDetail", { id = id })
      assert.are.equal(state, detail.state)
      assert.are.equal("DEV-1.0.0", detail.appTypeId)
      if state == "RUNNING" then
        assert.are.equal("STABLE", detail.components[1].state)
      end
    end
    assert.are.equal(4, signed.call(emulator, "apps/getList", { search = { accountId = account } }).total)
    for body, pattern in pairs {
      ['{"name":"running"}'] = "name, 'running'",
      ['{"name":"x"}'] = "name",
      ['{"name":"app9","appTypeId":"DEV-9"}'] = "appTypeId",
      ['{"name":"app9","state":"RUNING"}'] = "^state ",
      ['{"name":"app9","state":"FINISHED","lifetime":-1}'] = "^state: ",
      ['{"name":"app9","queueName":"fast"}'] = "queueName",
      ['{"name":"app9","lifetime":1}'] = "lifetime",
      ['{"name":"app9","accountId":"nope"}'] = "^accountId: ",
      ['{"name":"app9","components":[{"name":"hull"}]}'] = "components",
      ['{"name":"app9","type":"DEV"}'] = "type",
      ["{}"] = "needs name",
    } do
      refused("add_app", body, pattern)
    end
  end)

  it("makes keys known", function()
    assert.are.equal("second", result("add_key", '{"access_key":"AK2","secret_key":"SK2","user":"second"}'))
    assert.are.equal("AK3", result("add_key", '{"access_key":"AK3","secret_key":"SK3"}'))
    assert.are.equal("AK3", result("add_key", '{"access_key":"AK3","secret_key":"SK3"}'))
    result("add_account", '{"name":"df001","user":"second"}')
    local key = { access_key = "AK2", secret_key = "SK2" }
    assert.are.equal(1, signed.call(emulator, "accounts/getList", {}, key).total)
    assert.are.equal(0, signed.call(emulator, "accounts/getList", {}).total)
    for body, pattern in pairs {
      ['{"access_key":"AK2"}'] = "needs secret_key",
      ['{"secret_key":"AK2"}'] = "needs access_key",
      ['{"access_key":"","secret_key":"x"}'] = "^access_key ",
      ['{"access_key":"A\\u0001","secret_key":"x"}'] = "^access_key ",
      ['{"access_key":"AK2","secret_key":"other","user":"second"}'] = "^access_key: ",
      ['{"access_key":"AK2","secret_key":"SK2","user":"third"}'] = "^access_key: ",
      ['{"access_key":"AK4","secret_key":7}'] = "^secret_key ",
      ['{"access_key":"AK4","secret_key":"x","usr":"a"}'] = "usr .perhaps user",
    } do
      refused("add_key", body, pattern)
    end
    refused("reset", '{"user":"nobody"}', "^user: ")
    result("add_account", '{"name":"df001"}')
    result("reset", '{"user":"second"}')
    assert.are.equal(0, signed.call(emulator, "accounts/getList", {}, key).total)
    assert.are.equal(1, signed.call(emulator, "accounts/getList", {}).total)
    result "reset"
    assert.are.equal(200, select(2, signed.call(emulator, "accounts/getList", {}, key))) -- keys stay
  end)

  it("names the nearest command, and wants POST", function()
    refused("advanse", "{}", "perhaps advance%?", 404)
    local response = send("now", "", { method = "GET" })
    assert.are.equal(404, response.status)
    assert.are.equal('{"result":true}\n', send("ready", "", { method = "GET" }).body)
  end)

  describe("is refused", function()
    local function status(headers, policy)
      return send("now", "{}", { headers = headers, policy = policy }).status
    end

    it("to web pages of other origins", function()
      assert.are.equal(403, status { host = "127.0.0.1:1", origin = "https://other.example" })
      assert.are.equal(403, status { host = "127.0.0.1:1", origin = "https://127.0.0.1:2" })
      assert.are.equal(403, status { host = "127.0.0.1:1", origin = "null" })
      assert.are.equal(403, status { origin = "https://127.0.0.1" })
      assert.are.equal(403, status { host = "127.0.0.1:1", ["sec-fetch-site"] = "cross-site" })
      assert.are.equal(200, status { host = "127.0.0.1:1", origin = "https://127.0.0.1:1" })
      assert.are.equal(200, status { Host = "127.0.0.1:1" })
    end)

    it("for host names that are not the emulator's", function()
      for _, host in ipairs {
        "other.example",
        "127.0.0.1.other.example",
        "",
        "1.2.3",
        "localhost.other.example",
      } do
        assert.are.equal(403, status { host = host }, host)
        assert.are.equal(403, status { host = host .. ":8443" }, host)
      end
      for _, host in ipairs { "localhost", "LOCALHOST", "localhost.", "127.0.0.1", "[::1]", "10.0.0.7" } do
        assert.are.equal(200, status { host = host }, host)
        assert.are.equal(200, status { host = host .. ":8443" }, host)
      end
      assert.are.equal(200, status({ host = "Emulator:8443" }, { names = { "emulator" } }))
      assert.are.equal(403, status({ host = "emulator2" }, { names = { "emulator" } }))
    end)

    it("without the token, or with another", function()
      local policy = { token = "right" }
      assert.are.equal(403, status({}, policy))
      assert.are.equal(403, status({ ["x-emulator-token"] = "wrong" }, policy))
      assert.are.equal(403, status({ ["x-emulator-token"] = "righ" }, policy))
      assert.are.equal(403, status({ ["x-emulator-token"] = "right!" }, policy))
      assert.are.equal(403, status({ ["x-emulator-token"] = "" }, policy))
      assert.are.equal(200, status({ ["X-Emulator-Token"] = "right" }, policy))
      assert.are.equal(403, status({}, { closed = "no" }))
      local ready = send("ready", "", { method = "GET", policy = policy, headers = { host = "x" } })
      assert.are.equal(200, ready.status)
    end)
  end)

  it("judges loopback by the address", function()
    for _, address in ipairs { "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "unix:/a" } do
      assert.is_true(access.is_loopback(address))
    end
    for _, address in ipairs { "10.0.0.1", "0.0.0.0", "::", "::2", "127.0.0.1.example", "localhost", "" } do
      assert.is_false(access.is_loopback(address))
    end
  end)
end)
