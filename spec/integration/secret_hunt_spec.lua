-- Secrets that are marked, and looked for in all that the library lets out: events, errors, tostring, tables,
-- recordings, the command line and the logs of servers. What the fault server hears and says is looked
-- through in fault_suite.lua, for each of its cases.

local cjson = require "cjson"
local core = require "dataforest.core"
local curl = require "dataforest.curl"
local dataforest = require "dataforest"
local emulated = require "spec.support.emulated"
local emulators = require "dataforest.emulator"
local files = require "spec.support.files"
local marks_of = require "spec.support.marks"
local nginx = require "spec.support.nginx"
local operations = require "dataforest.operations"
local process = require "spec.support.server"
local scripted = require "spec.support.scripted_transport"
local shell = require "dataforest.util.shell"
local testing = require "dataforest.testing"

-- Both have characters that look otherwise in URLs, JSON, XML and base64; the password keeps the rules.
local SECRET_KEY = "Sk7%+<\\>?=&\"'/\195\164Key"
local PASSWORD = "Pw7%+<\\>?=:{};Mark"
local OTHER_PASSWORD = "Another7<\\>%+Mark"
local ID = "axE7wU9ERm8fTc7e17vNvu"

local function marked()
  local marks = marks_of.new()
  marks:add("secret key", SECRET_KEY)
  marks:add("password", PASSWORD)
  marks:add("other password", OTHER_PASSWORD)
  return marks
end

--- Demands that a text holds no mark.
local function assert_clean(marks, text, what)
  assert.are.same({}, marks:search(text), what)
end

describe("marks", function()
  it("are found in every form", function()
    local marks = marks_of.new()
    marks:add("it", 'a&<"\\/%+ b\195\164')
    for _, text in ipairs {
      'a&<"\\/%+ b\195\164',
      "a%26%3C%22%5C%2F%25%2B%20b%C3%A4",
      "a%26%3c%22%5c%2f%25%2b%20b%c3%a4",
      'a&<\\"\\\\/%+ b\195\164',
      'a&<\\"\\\\\\/%+ b\195\164',
      'a&amp;&lt;"\\/%+ b\195\164',
      "a&amp;&lt;&quot;\\/%+ b\195\164",
      "61263c225c2f252b2062c3a4",
      core.base64 'x: a&<"\\/%+ b\195\164 :x',
      core.base64 'xx: a&<"\\/%+ b\195\164 :x',
      core.base64 'xxx: a&<"\\/%+ b\195\164 :x',
    } do
      assert.is_true(#marks:search("before " .. text .. " behind") > 0, text)
    end
    assert.are.same({}, marks:search "nothing here")
  end)
end)

-- Driving ------------------------------------------------------------------------------------------------

--- A client whose events, errors and signatures are kept.
-- @treturn table `df`; `said`, a list of texts; `signatures`, a set
local function watched(options)
  local watch = { said = {}, signatures = {} }
  options.on_event = function(event)
    watch.said[#watch.said + 1] = marks_of.dump(event)
  end
  watch.df = dataforest.new(options)
  local transport = watch.df.transport
  local send = transport.send
  function transport.send(self, request)
    watch.signatures[request.headers["x-ncp-apigw-signature-v2"]] = true
    return send(self, request)
  end
  return watch
end

local function keep_error(watch, err)
  if err then
    watch.said[#watch.said + 1] = marks_of.dump(err)
    watch.said[#watch.said + 1] = tostring(err)
  end
end

local function text_of(watch)
  return table.concat(watch.said, "\n") .. tostring(watch.df)
end

local function add_signatures(marks, watch)
  for signature in pairs(watch.signatures) do
    marks:add("signature", signature)
  end
end

--- A whole life: each operation at least once.
-- @tparam function advance lets time pass at the service
-- @treturn {string,...} the keytabs
local function live(watch, advance)
  local df = watch.df
  local keytabs = {}
  local function call(name, params)
    local value, err = df:call(name, params)
    keep_error(watch, err)
    return value
  end
  call("accounts/checkAvailableName", "cloud1")
  local id = call("accounts/create", { name = "cloud1", password = PASSWORD }).id
  call("accounts/create", { name = "cloud2", password = OTHER_PASSWORD }) -- refused
  advance(300)
  call "accounts/getList"
  call("accounts/getDetail", id)
  call("accounts/checkHasResource", id)
  call("accounts/resetPassword", { id = id, password = OTHER_PASSWORD })
  keytabs[1] = call("accounts/getKerberosKeytab", id)
  call("accounts/resetKerberosKeytab", id)
  keytabs[2] = call("accounts/getKerberosKeytab", id)
  call("accounts/setQuota", { id = id, namespace = "tata", fileCountMillion = 3, spaceTb = 400 })
  call "apps/getAppTypeIdList"
  call("apps/getAppTypeTemplate", "DEV-1.0.0")
  call("apps/getAppBasicSetting", { accountId = id, appTypeId = "DEV-1.0.0" })
  call("apps/checkAvailableName", { accountId = id, name = "dev001" })
  local app = call("apps/create", {
    accountId = id,
    appTypeId = "KAFKA-2.4.0",
    name = "kafka001",
    components = {
      { name = "broker", memoryMb = 2048, cpuCount = 4, containerCount = 2 },
      { name = "kafka-manager", memoryMb = 2048, cpuCount = 1, containerCount = 1 },
    },
  }).id
  advance(300)
  call("apps/getList", id)
  call("apps/getDetail", app)
  call("apps/setContainerCount", { id = app, componentName = "broker", containerCount = 3 })
  call("apps/setLifetime", { id = app, lifetime = 400 })
  call("apps/killContainer", { id = app, containerName = "broker-0" })
  call("apps/killMaster", app)
  call("apps/stop", app)
  call("apps/start", app)
  call("apps/delete", app)
  call("accounts/delete", id)
  call("accounts/resetPassword", { id = ID, password = PASSWORD }) -- there is none
  return keytabs
end

local function add_keytabs(marks, keytabs)
  assert.are.equal(2, #keytabs)
  for _, keytab in ipairs(keytabs) do
    marks:add("keytab", keytab)
  end
end

local PARAMS = {
  ["accounts/create"] = { name = "cloud1", password = PASSWORD },
  ["accounts/resetPassword"] = { id = ID, password = PASSWORD },
}

--- Every operation against every fault that the emulator knows. Checks of parameters are left to it.
local function fail(watch, fail_next)
  local faults = {
    { kind = "network" },
    { kind = "protocol" },
    { kind = "tls" },
    { status = 400, message = "the password " .. PASSWORD .. " is not allowed", details = PASSWORD },
    { status = 401, message = "Authentication Failed", details = PASSWORD },
    { status = 403, body = "<html><body>" .. PASSWORD .. "</body></html>" },
    { status = 200, body = ('{"success":false,"message":"no %s"}'):format((PASSWORD:gsub("\\", "\\\\"))) },
    { status = 503, body = "" },
  }
  for _, operation in ipairs(operations.list) do
    if operation.status == "current" then
      for _, fault in ipairs(faults) do
        local given = { operation = operation.id, times = 50 } -- a transport may repeat a read by itself
        for name, value in pairs(fault) do
          given[name] = value
        end
        fail_next(given)
        local params = PARAMS[operation.id] or { id = ID }
        local value, err = watch.df:call(operation.id, params)
        assert.is_nil(value, operation.id)
        keep_error(watch, err)
      end
    end
  end
end

--- The texts that a server put there on purpose are of one call's password; of other calls they are not
-- secret. So faults that quote it strike calls that hold it only.
local function quoting(fail_next)
  return function(given)
    local said = (given.message or "") .. (given.details or "") .. (given.body or "")
    local quotes = said:find(PASSWORD:sub(1, 3), 1, true)
    if quotes and not PARAMS[given.operation] then
      given.message, given.details, given.body, given.status = nil, nil, nil, 500
    end
    return fail_next(given)
  end
end

describe("no secret comes out", function()
  for _, format in ipairs { "json", "xml" } do
    it("of a whole life and all faults, in process, in " .. format, function()
      local marks = marked()
      local emulator = emulators.new { access_key = "AK", secret_key = SECRET_KEY }
      local path = os.tmpname()
      local recorder = testing.recorder { path = path, transport = emulator:transport() }
      local watch = watched {
        access_key = "AK",
        secret_key = SECRET_KEY,
        format = format,
        transport = recorder,
      }
      local keytabs = live(watch, function(seconds)
        emulator:advance(seconds)
      end)
      add_keytabs(marks, keytabs)
      local seen = {}
      for _, call in ipairs(emulator.calls) do
        seen[call.operation] = true
      end
      for _, operation in ipairs(operations.list) do
        if emulated.carries_out(operation) then
          assert.is_true(seen[operation.id], operation.id)
        end
      end
      watch.df.settings.validate = false
      watch.df.settings.retry = { attempts = 2, base_delay = 0, max_delay = 0 }
      fail(
        watch,
        quoting(function(given)
          emulator.faults.list = {}
          emulator:fail_next(given)
        end)
      )
      add_signatures(marks, watch)
      assert_clean(marks, text_of(watch), "events and errors")
      recorder:close()
      local recording = nginx.read_file(path)
      os.remove(path)
      assert.is_true(#recording > 10000)
      assert_clean(marks, recording, "the recording")
    end)
  end

  it("of the tables of a client", function()
    local marks = marked()
    local df = dataforest.new {
      access_key = "AK",
      secret_key = SECRET_KEY,
      transport = function()
        return { status = 500 }
      end,
    }
    df.accounts:reset_password { id = ID, password = PASSWORD }
    assert_clean(marks, marks_of.dump(df))
    assert.are.equal("dataforest.client (https://df.apigw.ntruss.com)", tostring(df))
    assert_clean(marks, tostring(df.signer))
    df:close()
    assert_clean(marks, marks_of.dump(df))
    -- The same search does find what is there.
    assert.is_true(#marks:search(marks_of.dump { a = { b = setmetatable({}, { c = PASSWORD }) } }) > 0)
    assert.is_true(#marks:search(marks_of.dump(function()
      return PASSWORD
    end)) > 0)
  end)

  it("of arguments that are refused", function()
    local marks = marked()
    local calls = 0
    local watch = watched {
      access_key = "AK",
      secret_key = SECRET_KEY,
      transport = function()
        calls = calls + 1
      end,
    }
    local df = watch.df
    for _, password in ipairs {
      PASSWORD .. "'",
      PASSWORD .. " /",
      PASSWORD .. ("x"):rep(100),
      PASSWORD .. "\255",
      PASSWORD .. "\0",
      PASSWORD .. "\r\n",
      { PASSWORD },
      { [PASSWORD] = 1 },
      PASSWORD:lower(),
    } do
      for _, params in ipairs {
        { name = "cloud1", password = password },
        { name = "", password = password },
        { name = "cloud1", passwort = password },
        { id = ID, password = password },
        { password = password },
        { "cloud1", password },
      } do
        for _, operation in ipairs { "accounts/create", "accounts/resetPassword" } do
          local value, err = df:call(operation, params)
          assert.is_nil(value)
          keep_error(watch, err)
        end
      end
    end
    local value, err = df.accounts:create(PASSWORD)
    assert.is_nil(value)
    keep_error(watch, err)
    marks:add("part of the password", PASSWORD:lower())
    assert_clean(marks, text_of(watch))
    assert.are.equal(0, calls)
    for _, options in ipairs {
      { access_key = "AK", secret_key = SECRET_KEY .. "\n" },
      { access_key = "AK", secret_key = { SECRET_KEY } },
      { secret_key = SECRET_KEY },
      { access_key = "AK", secret_key = SECRET_KEY, timeout = "x" },
      { access_key = "AK\r", secret_key = SECRET_KEY },
    } do
      local ok, message = pcall(dataforest.new, options)
      assert.is_false(ok)
      assert_clean(marks, tostring(message))
    end
    for _, field in ipairs { "method", "target", "timestamp", "access_key" } do
      local given =
        { method = "POST", target = "/", timestamp = 1, access_key = "AK", secret_key = SECRET_KEY }
      given[field] = "\r\n"
      local ok, message = pcall(dataforest.sign, given)
      assert.is_false(ok)
      assert_clean(marks, tostring(message))
    end
  end)

  it("of what is raised within a map", function()
    local marks = marked()
    local df = dataforest.new {
      access_key = "AK",
      secret_key = SECRET_KEY,
      transport = function()
        return nil, { kind = "network", message = "out of order", sent = true }
      end,
    }
    local function create(password)
      local _, err = df.accounts:create { name = "cloud1", password = password }
      error(err)
    end
    local _, errors = df:map({ PASSWORD, PASSWORD }, create)
    for _, err in ipairs(errors) do
      assert.is_string(err.traceback)
      assert_clean(marks, err.traceback .. marks_of.dump(err))
    end
    _, errors = df:map({ PASSWORD }, function(password)
      df.accounts.create { name = "cloud1", password = password } -- no colon: it raises
    end)
    assert_clean(marks, tostring(errors[1]))
  end)

  it("of providers", function()
    local marks = marked()
    for _, keys in ipairs {
      { access_key = "AK\r\n", secret_key = SECRET_KEY },
      { access_key = 7, secret_key = SECRET_KEY },
      { secret_key = SECRET_KEY },
      { access_key = "", secret_key = SECRET_KEY },
    } do
      local df = dataforest.new {
        transport = scripted.new {},
        credentials = function()
          return keys
        end,
      }
      local _, err = df.accounts:get_list()
      assert.are.equal("credentials", err.kind)
      assert_clean(marks, marks_of.dump(err) .. tostring(err))
    end
  end)
end)

-- What a server repeats ----------------------------------------------------------------------------------

--- A text of JSON within JSON.
local function json(text)
  return (text:gsub('[\\"]', "\\%0"))
end

local function xml(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"))
end

-- What the server says; %s is what it repeats.
local SHAPES = {
  { "the gateway's message", 400, '{"error":{"errorCode":"100","message":"bad %s"}}', json },
  { "the gateway's details", 400, '{"error":{"errorCode":"100","message":"bad","details":"%s"}}', json },
  { "details that are a table", 400, '{"error":{"message":"bad","details":{"value":["%s"]}}}', json },
  { "a code", 400, '{"error":{"errorCode":"%s","message":"bad"}}', json },
  { "a request's id", 403, '{"error":{"errorCode":"1","requestId":"%s","message":"bad"}}', json },
  { "the flat message", 400, '{"message":"bad %s","success":false}', json },
  { "a refusal", 200, '{"message":"bad %s","success":false}', json },
  { "an error in a success", 200, '{"error":{"errorCode":"%s","message":"%s"}}', json },
  { "an error that is text", 500, '{"error":"%s"}', json },
  { "the classic envelope", 400, '{"responseError":{"returnCode":"%s","returnMessage":"%s"}}', json },
  { "XML", 400, "<E><success>false</success><message>bad %s</message></E>", xml },
  { "the gateway's XML", 401, "<error><errorCode>%s</errorCode><message>%s</message></error>", xml },
  { "a page", 502, "<html><body>bad %s</body></html>", xml },
  { "a page with 200", 200, "<html><body>bad %s</body></html>", xml },
  { "plain text", 200, "bad %s" },
  { "a value of the wrong type", 200, '{"success":"%s"}', json },
  { "a long value of the wrong type", 200, '{"success":"it cannot be this: %s"}', json },
  { "a wrong value in XML", 200, "<R><success>it cannot be this: %s</success></R>", xml },
  { "a name of a field", 200, '{"%s":', json },
  { "broken XML", 200, "<a %s>", xml },
}

--- The request's secrets in the forms in which a server might repeat them.
local REPEATS = {
  ["as it is"] = function(text)
    return text
  end,
  ["as the query of a URL"] = function(text)
    return (text:gsub("[^%w]", function(char)
      return ("%%%02X"):format(char:byte())
    end))
  end,
  ["as JSON"] = json,
  ["as XML"] = xml,
  ["in base64"] = core.base64,
  ["within base64"] = function(text)
    return core.base64("user:" .. text .. "\n")
  end,
  ["in hexadecimal"] = function(text)
    return (text:gsub(".", function(char)
      return ("%02x"):format(char:byte())
    end))
  end,
}

describe("what a server repeats", function()
  for _, shape in ipairs(SHAPES) do
    for form, repeated in pairs(REPEATS) do
      it(("is taken out of %s, %s"):format(shape[1], form), function()
        local marks = marked()
        local watch
        local function response(request)
          local signature = request.headers["x-ncp-apigw-signature-v2"]
          local function say(text)
            local written = (shape[4] or tostring)(repeated(text))
            return (shape[3]:gsub("%%s", function()
              return written
            end))
          end
          -- The password in the first response, the signature in the second.
          local secret = #watch.df.transport_requests == 1 and PASSWORD or signature
          return {
            status = shape[2],
            headers = {
              ["x-ncp-trace-id"] = "trace " .. repeated(secret),
              ["content-type"] = repeated(secret),
            },
            body = say(secret),
          }
        end
        local transport = scripted.new { response, response }
        watch = watched { access_key = "AK", secret_key = SECRET_KEY, transport = transport, retry = false }
        watch.df.transport_requests = transport.requests
        for turn = 1, 2 do
          local value, err = watch.df.accounts:reset_password { id = ID, password = PASSWORD }
          assert.is_nil(value)
          keep_error(watch, err)
          assert.matches("[redacted]", err.request_id, 1, true, turn)
        end
        add_signatures(marks, watch)
        assert_clean(marks, text_of(watch))
        -- A part of it would be too much already.
        assert.is_nil(text_of(watch):find(PASSWORD:sub(1, 6), 1, true), text_of(watch))
      end)
    end
  end

  it("is taken out of the cause that a timeout quotes", function()
    local marks = marked()
    local transport = scripted.new {
      function(request)
        local signature = request.headers["x-ncp-apigw-signature-v2"]
        return { status = 503, body = ('{"error":{"errorCode":"500","message":"%s"}}'):format(signature) }
      end,
      { kind = "timeout", message = "no response in time", sent = true },
      { kind = "timeout", message = "no response in time", sent = true },
    }
    local watch = watched { access_key = "AK", secret_key = SECRET_KEY, transport = transport }
    watch.df.settings.retry = { attempts = 2, base_delay = 0.01, max_delay = 0.01 }
    local _, err = watch.df.accounts:get_detail(ID)
    assert.are.equal("timeout", err.kind)
    assert.matches("ended with server: [redacted]", err.message, 1, true)
    keep_error(watch, err)
    add_signatures(marks, watch)
    assert_clean(marks, text_of(watch))
  end)

  it("is taken out where nothing is known of the operation but the names of its parameters", function()
    local transport = scripted.new {
      { status = 400, body = ('{"message":"no %s, no %s"}'):format(json(PASSWORD), json(OTHER_PASSWORD)) },
    }
    local df = dataforest.new { access_key = "AK", secret_key = SECRET_KEY, transport = transport }
    local _, err = df:call("notebooks/renewAll", {
      adminPassword = PASSWORD,
      users = { { name = "a", accessToken = OTHER_PASSWORD } },
    })
    assert.are.equal("no [redacted], no [redacted]", err.message)
  end)
end)

-- Over TLS -----------------------------------------------------------------------------------------------

describe("no secret comes out over TLS #full", function()
  local server, engine

  setup(function()
    server = process.start { creation_delay = 0, access_key = "AK", secret_key = SECRET_KEY }
    engine = curl.engine { ca_file = server.ca_file }
  end)

  teardown(function()
    engine:close()
    server:stop()
  end)

  --- Steers the emulator, as `server:control` does, without a process for each request.
  local function control(what, given)
    local response = assert(engine:perform {
      method = "POST",
      url = server.base_url .. "/_emulator/" .. what,
      headers = {},
      body = given and cjson.encode(given) or "{}",
      timeout = 10,
    })
    assert.are.equal(200, response.status, response.body)
  end

  --- What the server wrote: its log, and all its files but those that give it its keys.
  local function written_by_server()
    local own = { ["init.lua"] = true, environment = true }
    local texts = {}
    for path in process.output_of(("find '%s' -type f"):format(server.folder)):gmatch "[^\n]+" do
      if not own[path:match "[^/]*$"] then
        texts[#texts + 1] = nginx.read_file(path)
      end
    end
    for line in process.output_of(("ls /proc/%d/fd"):format(server.pid)):gmatch "%d+" do
      local target = process.output_of(("readlink /proc/%d/fd/%s"):format(server.pid, line))
      if target:find "%.err" then
        texts[#texts + 1] = nginx.read_file(("/proc/%d/fd/%s"):format(server.pid, line))
      end
    end
    return table.concat(texts, "\n")
  end

  for _, format in ipairs { "json", "xml" } do
    it("of a whole life and all faults, in " .. format, function()
      server:reset()
      local marks = marked()
      local path = os.tmpname()
      local recorder = testing.recorder { path = path, transport = "curl", ca_file = server.ca_file }
      local watch = watched {
        base_url = server.base_url,
        access_key = "AK",
        secret_key = SECRET_KEY,
        format = format,
        transport = recorder,
      }
      add_keytabs(
        marks,
        live(watch, function(seconds)
          server:advance(seconds)
        end)
      )
      server:reset()
      server:control("set_clock", { seconds = core.now() })
      watch.df.settings.validate = false
      watch.df.settings.retry = { attempts = 1, base_delay = 0, max_delay = 0 }
      fail(
        watch,
        quoting(function(given)
          control "reset"
          control("fail_next", given)
        end)
      )
      add_signatures(marks, watch)
      assert_clean(marks, text_of(watch), "events and errors")
      assert_clean(marks, nginx.read_file(path), "the recording")
      assert_clean(marks, written_by_server(), "the server's files and log")
      recorder:close()
      os.remove(path)
    end)
  end

  it("of the command line", function()
    server:reset()
    server:control("set_clock", { seconds = core.now() })
    local marks = marked()
    local folder = files.new_folder()
    local environment = table.concat({
      "NCLOUD_ACCESS_KEY=AK",
      "NCLOUD_SECRET_KEY=" .. shell.quoted(SECRET_KEY),
      "DATAFOREST_BASE_URL=" .. server.base_url,
      "DATAFOREST_CA_FILE=" .. server.ca_file,
      "HOME=" .. folder,
    }, " ")
    local said = {}
    local function run(arguments, stdin)
      files.write(folder .. "/stdin", stdin or "")
      local command = ("%s bin/dataforest %s --verbose <'%s/stdin' 2>&1"):format(
        environment,
        arguments,
        folder
      )
      said[#said + 1] = process.output_of(command)
      return said[#said]
    end
    for _, more in ipairs { "", " --json", " --xml" } do
      server:reset()
      run("accounts create --name cloud1 --password-stdin" .. more, PASSWORD .. "\n")
      local id = run("accounts list --json"):match '"id": *"(%w+)"'
      assert.is_string(id, said[#said])
      run(("accounts reset-password %s --password-stdin%s"):format(id, more), OTHER_PASSWORD .. "\n")
      run(("accounts reset-password %s --password-stdin%s"):format(id, more), PASSWORD .. " bad\n")
      server:fail_next { status = 400, message = "no " .. PASSWORD, details = PASSWORD, times = 1 }
      run(("accounts reset-password %s --password-stdin%s"):format(id, more), PASSWORD .. "\n")
      server:fail_next { kind = "network", times = 9, operation = "accounts/create" }
      run("accounts create --name cloud1 --password-stdin" .. more, PASSWORD .. "\n")
      local keytab = folder .. "/keytab"
      run(("accounts get-kerberos-keytab %s --output %s"):format(id, keytab))
      local bytes = nginx.read_file(keytab)
      assert.is_true(#bytes > 20, said[#said])
      marks:add("keytab", bytes)
      run("accounts show " .. id .. more)
      run("call accounts/create - " .. more, ('{"name":"cloud2","password":"%s"}'):format(json(PASSWORD)))
      run('call accounts/getKerberosKeytab \'{"id":"unknown"}\'' .. more)
    end
    run "doctor"
    run "accounts nonsense"
    files.remove(folder)
    assert.is_true(#table.concat(said) > 1000)
    assert_clean(marks, table.concat(said, "\n"))
    assert_clean(marks, written_by_server())
  end)
end)
