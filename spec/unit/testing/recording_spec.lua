local dataforest = require "dataforest"
local files = require "spec.support.files"
local tables = require "dataforest.util.tables"
local testing = require "dataforest.testing"

describe("a recording", function()
  local path

  before_each(function()
    path = os.tmpname()
  end)

  after_each(function()
    os.remove(path)
  end)

  local PASSWORD = "MARKED<Pass>-7"

  --- A session against the emulator, recorded; the same one can be played.
  local function session(df)
    local results = {}
    local function keep(value, err)
      results[#results + 1] = value or { kind = err.kind, message = err.message }
    end
    keep(df.accounts:check_available_name "df001")
    keep(df.accounts:create { name = "df001", password = PASSWORD })
    keep(df.accounts:create { name = "df002", password = PASSWORD })
    local list = df.accounts:get_list()
    keep(list)
    keep(df.accounts:get_detail(list.contents[1].id))
    keep(df.accounts:get_detail "unknown")
    return results, list.contents[1].id
  end

  for _, format in ipairs { "json", "xml" } do
    it("plays back what it recorded, in " .. format, function()
      local emulator = dataforest.emulator.new()
      local recorder = testing.recorder { path = path, transport = emulator:transport() }
      local options = {
        access_key = emulator.access_key,
        secret_key = emulator.secret_key,
        transport = recorder,
        format = format,
        validate = false,
      }
      local recorded, id = session(dataforest.new(options))
      recorder:close()
      recorder:close()

      local player = testing.player { path = path }
      assert.are.equal(6, player:left())
      options.transport = player
      -- Other keys, and another password: neither is in the recording.
      options.access_key, options.secret_key = "other", "keys"
      local df = dataforest.new(options)
      assert.are.same(recorded, (session(df)))
      assert.are.equal(0, player:left())

      local value, err = df.accounts:get_detail(id)
      assert.is_nil(value)
      assert.is_dataforest_error("argument", err)
      assert.matches("has no exchange left for /api/v2/accounts/getDetail", err.message, 1, true)
      assert.matches(id, err.message, 1, true)
    end)
  end

  it("holds no key, signature, password or keytab", function()
    local emulator = dataforest.emulator.new()
    local recorder = testing.recorder { path = path, transport = emulator:transport() }
    local signatures = {}
    local send = recorder.send
    recorder.send = function(self, request)
      signatures[#signatures + 1] = request.headers["x-ncp-apigw-signature-v2"]
      return send(self, request)
    end
    local df = dataforest.new {
      access_key = emulator.access_key,
      secret_key = emulator.secret_key,
      transport = recorder,
      validate = false,
    }
    local _, id = session(df)
    local keytab = assert(df.accounts:get_kerberos_keytab(id))
    -- A refusal that quotes the password.
    emulator:fail_next {
      status = 400,
      body = '{"success":false,"message":"bad (password, \'' .. PASSWORD .. "')\"}",
    }
    df.accounts:reset_password { id = id, password = PASSWORD }
    df:call("accounts/renewThings", { adminPassword = PASSWORD })
    recorder:close()

    local text = files.read(path)
    for _, secret in ipairs { PASSWORD, "MARKED", emulator.access_key, emulator.secret_key } do
      assert.is_nil(text:find(secret, 1, true), secret)
    end
    assert.is_true(#signatures > 7)
    for _, signature in ipairs(signatures) do
      assert.is_nil(text:find(signature, 1, true))
    end
    assert.is_nil(text:find(keytab:sub(1, 12), 1, true))
    local player = testing.player { path = path }
    local played = dataforest.new { access_key = "a", secret_key = "b", transport = player }
    assert.are.equal("keytab, taken out of the recording", played.accounts:get_kerberos_keytab(id))
  end)

  --- The lines of a recording of some calls.
  -- @tparam function answer what the transport does
  -- @tparam function calls given the client
  local function recorded(response, calls, options)
    local recorder = testing.recorder { path = path, transport = response }
    local all = tables.copy({ transport = recorder, retry = false }, options)
    if not all.credentials then
      all.access_key, all.secret_key = "AK_RECORDED", "SK"
    end
    calls(dataforest.new(all))
    recorder:close()
    return files.read(path)
  end

  local function say(body, status)
    return function()
      return { status = status or 200, headers = {}, body = body }
    end
  end

  it("holds calls of Data Forest only, not where keys came from", function()
    local text = recorded(function(request)
      local body = '{"contents":[]}'
      if request.url:find "security%-credentials/$" then
        body = "myrole\n"
      elseif request.url:find "security%-credentials/myrole" then
        body = '{"AccessKeyId":"AKROLE","SecretAccessKey":"MARKED","Expiration":"2099-01-01T00:00:00Z"}'
      end
      return { status = 200, headers = {}, body = body }
    end, function(df)
      assert(df.accounts:get_list())
      df.transport:send { method = "GET", target = "/api/v2/accounts/getList", url = "", headers = {} }
      local headers = { ["x-ncp-apigw-signature-v2"] = "s" }
      df.transport:send { method = "POST", target = "/elsewhere", url = "", headers = headers }
    end, { credentials = dataforest.credentials.server_role() })
    assert.is_nil(text:find("MARKED", 1, true))
    local _, lines = text:gsub("\n", "")
    assert.are.equal(1, lines)
  end)

  for _, format in ipairs { "json", "xml" } do
    it("masks nested secrets and keeps the structure, in " .. format, function()
      local body = format == "xml" and "<r><success>true</success></r>" or '{"success":true}'
      local text = recorded(say(body), function(df)
        assert(df:call("notebooks/setUserConfigurationList", {
          id = "n1",
          userConfigurations = { { componentName = "jupyter", name = "n", value = "MARKED" } },
        }))
      end, { format = format })
      assert.is_nil(text:find("MARKED", 1, true))
      assert.matches('"value":"[redacted]"', text, 1, true)
      assert.matches('"componentName":"jupyter"', text, 1, true)
    end)
  end

  it("masks by name what it does not know, in requests and responses", function()
    local body = '{"user":{"apiKey":"MARKED1","id":"u1"},"list":[{"name":"password","value":"MARKED2"}]}'
    local text = recorded(say(body), function(df)
      assert(df:call("foo/renew", { passwd = "MARKED3", id = "x", env = { "TOKEN=MARKED4" } }))
    end)
    assert.is_nil(text:find("MARKED", 1, true))
    assert.matches('"id":"x"', text, 1, true)
    assert.matches([["id\":\"u1\"]], text, 1, true)
    text = recorded(say "<r><apiKey>a</apiKey><id>u1</id></r>", function(df)
      assert(df:call("foo/renew", {}))
    end)
    assert.matches("<apiKey>[redacted]</apiKey>", text, 1, true)
    assert.matches("<id>u1</id>", text, 1, true)
  end)

  it("leaves out the bodies that it cannot tell apart, and says so when it is played", function()
    for _, body in ipairs {
      "\5\2\0\0MARKED",
      "MARKED",
      '{"a":"MARKED"',
      "<a>MARKED",
      "<html>MARKED<br></html>",
    } do
      local text = recorded(say(body), function(df)
        df:call("accounts/getKerberosKeytabV2", {})
        df.accounts:get_list()
      end)
      assert.is_nil(text:find("MARKED", 1, true), body)
      assert.is_nil(text:find("TUFSS0VE", 1, true), body)
      assert.matches("left_out", text, 1, true)
      local df = dataforest.new {
        access_key = "a",
        secret_key = "b",
        retry = false,
        transport = testing.player { path = path },
      }
      local value, err = df.accounts:get_list()
      assert.is_nil(value)
      assert.is_dataforest_error("protocol", err)
      assert.matches("the recorder left this out", err.message, 1, true)
    end
  end)

  it("leaves out a request that it cannot tell apart", function()
    local text = recorded(say "{}", function(df)
      df.transport:send {
        method = "POST",
        target = "/api/v2/accounts/getList",
        url = "https://df.apigw.ntruss.com/api/v2/accounts/getList",
        headers = { ["x-ncp-apigw-signature-v2"] = "s" },
        body = "MARKED",
      }
    end)
    assert.is_nil(text:find("MARKED", 1, true))
    assert.matches("left_out", text, 1, true)
  end)

  it("is read as version 0.1 wrote it", function()
    local handle = assert(io.open(path, "wb"))
    local request = "<GetAccountDetailRequest><id>axE7wU9ERm8fTc7e17vNvu</id></GetAccountDetailRequest>"
    handle:write(
      '{"method":"POST","target":"/api/v2/accounts/getDetail","request":"',
      request,
      '","response":{"status":502,"headers":{},"body_hex":"ff00626164"}}\n'
    )
    handle:close()
    local df = dataforest.new {
      access_key = "a",
      secret_key = "b",
      format = "xml",
      retry = false,
      transport = testing.player { path = path },
    }
    local _, err = df.accounts:get_detail "axE7wU9ERm8fTc7e17vNvu"
    assert.are.equal(502, err.status)
  end)

  it("keeps failures, and bodies that are no text", function()
    local script = {
      { kind = "network", message = "connection reset", sent = true },
      { status = 502, body = "\255\0bad" },
    }
    local calls = 0
    local recorder = testing.recorder {
      path = path,
      transport = function()
        calls = calls + 1
        local step = script[calls]
        if step.kind then
          return nil, step
        end
        return { status = step.status, headers = {}, body = step.body }
      end,
    }
    local options = { access_key = "a", secret_key = "b", transport = recorder, retry = false }
    local df = dataforest.new(options)
    local _, reset = df.accounts:get_list()
    local _, bad = df.accounts:get_list()
    recorder:close()
    options.transport = testing.player { path = path }
    df = dataforest.new(options)
    local _, again = df.accounts:get_list()
    assert.are.same(reset, again)
    _, again = df.accounts:get_list()
    -- The beginning of the body, which the message shows, is left out of the recording.
    assert.are.equal("bad gateway: ? bad", bad.message)
    assert.are.equal("bad gateway", again.message)
    assert.are.same({ bad.kind, bad.status }, { again.kind, again.status })
  end)

  it("says what is wrong with a file", function()
    local ok, message = pcall(function()
      testing.player { path = path .. ".none" }
    end)
    assert.is_false(ok)
    assert.matches("recording_spec.lua", message, 1, true)
    files.write(path, '{"not":"an exchange"}\n')
    ok, message = pcall(testing.player, { path = path })
    assert.is_false(ok)
    assert.matches(path .. ":1: not a recorded exchange", message, 1, true)
    ok = pcall(testing.recorder, { path = path .. "/none" })
    assert.is_false(ok)
  end)
end)
