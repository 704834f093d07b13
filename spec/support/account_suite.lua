--- The accounts, end to end, as cases that run over any transport: in process, over libcurl, and
-- inside nginx over cosockets.
--
-- A list of `{ name =, run = function(context) }`. A context has `client(options)`; `emulator`, a table
-- with `reset`, `advance`, `add_account`, `fail_next` and `calls` of an emulator that may be elsewhere;
-- and `advance_service_clock(seconds)`, for clients that are made after it.

local assert = require "luassert"
local cases = require "spec.support.cases"
local files = require "spec.support.files"

local UNKNOWN = "axE7wU9ERm8fTc7e17vNvu"
local PASSWORD = "Abcdef1!"
local QUICK = { attempts = 3, base_delay = 0.001, max_delay = 0.01 }

local suite, case, in_each_format = cases.suite()
local assert_error = cases.assert_error

local function with_account(context)
  return context.emulator:add_account { name = "df001" }
end

local is_integer = rawget(math, "type") and function(value)
  return math.type(value) == "integer"
end or function(value)
  return type(value) == "number" and value % 1 == 0
end

-- The operations -----------------------------------------------------------------------

in_each_format("checks whether a name is free", function(context, df)
  assert.are.same({ availableName = true }, assert(df.accounts:check_available_name "df001"))
  with_account(context)
  local response = assert(df.accounts:check_available_name { name = "df001" })
  assert.is_false(response.availableName)
  assert.matches("df001", response.message)
end)

in_each_format("creates an account, once", function(context, df)
  local created = assert(df.accounts:create { name = "df001", password = PASSWORD })
  assert.matches("^%w+$", created.id)
  assert.are.same({ id = created.id }, created)
  local second, err = df.accounts:create { name = "df002", password = PASSWORD }
  assert_error("refused", second, err)
  assert.are.equal(200, err.status)
  assert.are.equal(1, err.attempts)
  assert.are.equal(2, #context.emulator:calls())
end)

in_each_format("lists the accounts", function(context, df)
  assert.are.same({ total = 0, contents = {} }, assert(df.accounts:get_list()))
  local id = with_account(context)
  local list = assert(df.accounts:get_list())
  assert.are.equal(1, list.total)
  assert.is_true(is_integer(list.total))
  assert.are.equal(1, #list.contents)
  local account = list.contents[1]
  assert.are.equal(id, account.id)
  assert.are.equal("df001", account.name)
  assert.are.equal("RUNNING", account.status)
  assert.are.equal("df001@KR.DF.NAVERNCP.COM", account.principal)
  assert.is_false(account.disabled)
  assert.is_nil(list.success)
end)

in_each_format("gives the details of an account, with integers for its quotas", function(context, df)
  local id = with_account(context)
  local account = assert(df.accounts:get_detail(id))
  assert.are.equal(id, account.id)
  assert.are.equal(2, #account.quotas)
  for _, quota in ipairs(account.quotas) do
    assert.is_true(is_integer(quota.spaceTb))
    assert.is_true(is_integer(quota.fileCountMillion))
    assert.is_true(quota.namespace == "koya" or quota.namespace == "tata")
  end
  assert.is_nil(account.success)
end)

in_each_format("sees an account become RUNNING", function(context, df)
  local id = assert(df.accounts:create { name = "df001", password = PASSWORD }).id
  assert.are.equal("ACCEPTED", assert(df.accounts:get_detail(id)).status)
  context.emulator:advance(200)
  assert.are.equal("RUNNING", assert(df.accounts:get_detail(id)).status)
end)

in_each_format("changes a quota", function(context, df)
  local id = with_account(context)
  local changed =
    assert(df.accounts:set_quota { id = id, namespace = "koya", fileCountMillion = 3, spaceTb = 500 })
  assert.are.equal(id, changed.id)
  local found
  for _, quota in ipairs(assert(df.accounts:get_detail(id)).quotas) do
    found = quota.namespace == "koya" and quota or found
  end
  assert.are.same({ namespace = "koya", fileCountMillion = 3, spaceTb = 500 }, found)
end)

in_each_format("gives a keytab, and another one after a reset", function(context, df)
  local id = with_account(context)
  local first = assert(df.accounts:get_kerberos_keytab(id))
  assert.are.equal("\5\2", first:sub(1, 2))
  assert.are.equal(first, assert(df.accounts:get_kerberos_keytab(id)))
  assert(df.accounts:reset_kerberos_keytab(id))
  local second = assert(df.accounts:get_kerberos_keytab(id))
  assert.are.equal("\5\2", second:sub(1, 2))
  assert.are_not.equal(first, second)
end)

case("saves a keytab to a file", function(context)
  local df = context.client()
  local id = with_account(context)
  local path = os.tmpname()
  assert.are.equal(path, assert(df.accounts:save_kerberos_keytab { id = id, path = path }))
  local bytes = files.read(path)
  os.remove(path)
  assert.are.equal(assert(df.accounts:get_kerberos_keytab(id)), bytes)
end)

in_each_format("sets a new password", function(context, df)
  local id = with_account(context)
  assert.are.equal(id, assert(df.accounts:reset_password { id = id, password = PASSWORD }).id)
end)

in_each_format("tells whether an account has resources, and deletes it", function(context, df)
  local id = with_account(context)
  assert.is_false(assert(df.accounts:check_has_resource(id)).hasResource)
  assert(df.accounts:delete(id))
  assert_error("forbidden", df.accounts:get_detail(id))
end)

in_each_format("knows nothing of an unknown id", function(_, df)
  local value, err = df.accounts:get_detail(UNKNOWN)
  assert_error("forbidden", value, err)
  assert.are.equal(403, err.status)
  assert.are.equal("10002", err.code)
  assert.matches("^[%x-]+$", err.request_id)
end)

case("calls an operation by its name, known or not", function(context)
  local df = context.client()
  assert.are.same({ total = 0, contents = {} }, assert(df:call "accounts/getList"))
  assert_error("not_found", df:call("accounts/frobnicate", {}))
end)

-- Refusals -----------------------------------------------------------------------------

local REFUSALS = {
  { fault = { status = 401, code = "200" }, kind = "auth" },
  { fault = { status = 401, code = "210" }, kind = "forbidden" },
  { fault = { status = 403, code = "230" }, kind = "forbidden" },
  { fault = { status = 404, code = "300" }, kind = "not_found" },
  { fault = { status = 400, code = "100" }, kind = "invalid" },
  { fault = { status = 413, code = "430" }, kind = "invalid" },
  { fault = { status = 429, code = "400" }, kind = "quota" },
  { fault = { status = 429, code = "410" }, kind = "throttled" },
  { fault = { status = 429, code = "420" }, kind = "throttled" },
  { fault = { status = 500, code = "900" }, kind = "server" },
  { fault = { status = 503, code = "500" }, kind = "server" },
  { fault = { status = 504, code = "510" }, kind = "server" },
}

for _, refusal in ipairs(REFUSALS) do
  local fault = refusal.fault
  in_each_format(
    ("understands %d with code %s"):format(fault.status, fault.code),
    function(context, _, format)
      local df = context.client { format = format, retry = false }
      context.emulator:fail_next(fault)
      local value, err = df.accounts:get_list()
      assert_error(refusal.kind, value, err)
      assert.are.equal(fault.status, err.status)
      assert.are.equal(fault.code, err.code)
      assert.is_true(#err.message > 0)
      assert.is_table(df.accounts:get_list()) -- the next call is none the worse
    end
  )
end

local SHAPES = {
  { "a flat body", 400, '{"message":"invalid request parameters","success":false}', "invalid" },
  { "a quota in words", 400, '{"message":"exceeded limit on resource quota","success":false}', "quota" },
  { "a code that is a number", 401, '{"error":{"errorCode":200,"message":"Authentication Failed"}}', "auth" },
  { "a request id", 403, '{"error":{"errorCode":"10002","requestId":"r-1","message":"no"}}', "forbidden" },
  { "a refusal with HTTP 200", 200, '{"success":false,"message":"one account"}', "refused" },
  { "an error with HTTP 200", 200, '{"error":{"errorCode":"200","message":"no"}}', "refused" },
  { "an empty body with 500", 500, "", "server" },
  { "an empty body with 404", 404, "", "not_found" },
  { "HTML with 502", 502, "<html><body>Bad Gateway</body></html>", "server" },
  { "HTML with 200", 200, "<!DOCTYPE html><html></html>", "protocol" },
  { "JSON cut short", 200, '{"total":1,"contents":[', "protocol" },
  { "JSON that goes on", 200, '{"total":0,"contents":[]}{}', "protocol" },
  { "a number where the list belongs", 200, "1", "protocol" },
  { "a word for a number", 200, '{"total":"many","contents":[]}', "protocol" },
  { "bytes that are no UTF-8", 200, '{"total":0,"contents":[],"x":"\255"}', "protocol" },
  { "a redirect", 302, "", "protocol", { location = "https://elsewhere.example/" } },
}

for _, shape in ipairs(SHAPES) do
  case("understands " .. shape[1], function(context)
    local df = context.client { retry = false }
    context.emulator:fail_next { status = shape[2], body = shape[3], headers = shape[5] }
    local value, err = df.accounts:get_list()
    assert_error(shape[4], value, err)
    assert.are.equal(shape[2], err.status)
    assert.is_table(df.accounts:get_list())
  end)
end

case("takes an empty body with 200 as a fault", function(context)
  context.emulator:fail_next { status = 200, body = "" }
  assert_error("protocol", context.client().accounts:get_list())
end)

case("takes JSON that is called text/plain", function(context)
  context.emulator:fail_next {
    status = 200,
    body = '{"total":0,"contents":[]}',
    headers = { ["content-type"] = "text/plain;charset=UTF-8" },
  }
  assert.are.same({ total = 0, contents = {} }, assert(context.client().accounts:get_list()))
end)

in_each_format("is refused with a wrong key", function(context, _, format)
  local df = context.client { format = format, secret_key = "wrong" }
  local value, err = df.accounts:get_list()
  assert_error("auth", value, err)
  assert.are.equal(401, err.status)
end)

case("sends nothing that breaks a limit", function(context)
  local df = context.client()
  local value, err = df.accounts:create { name = "d", password = PASSWORD }
  assert_error("argument", value, err)
  assert.are.equal("name", err.field)
  value, err = df.accounts:create { name = "df001", password = "Xy1!zz" }
  assert_error("argument", value, err)
  assert.are.equal("password", err.field)
  assert.is_nil(tostring(err):find("Xy1!zz", 1, true))
  assert.are.equal(0, #context.emulator:calls())
end)

-- Repeating, and not repeating ---------------------------------------------------------

case("tries again what was throttled", function(context)
  context.emulator:fail_next { code = "410", times = 2 }
  assert(context.client({ retry = QUICK }).accounts:create { name = "df001", password = PASSWORD })
  assert.are.equal(3, #context.emulator:calls())
end)

case("gives up after so many attempts", function(context)
  context.emulator:fail_next { code = "500", times = 9 }
  local value, err = context.client({ retry = QUICK }).accounts:get_list()
  assert_error("server", value, err)
  assert.are.equal(3, err.attempts)
  assert.are.equal(3, #context.emulator:calls())
end)

case("asks again if a response was lost, and only for reads", function(context)
  context.emulator:fail_next { kind = "network", when = "after" }
  assert(context.client({ retry = QUICK }).accounts:get_list())
  assert.are.equal(2, #context.emulator:calls())
end)

case("never creates twice if a response was lost", function(context)
  local df = context.client { retry = QUICK }
  assert(df.accounts:get_list()) -- so that there is a connection to lose
  context.emulator:fail_next { operation = "accounts/create", kind = "network", when = "after" }
  local value, err = df.accounts:create { name = "df001", password = PASSWORD }
  assert_error("network", value, err)
  assert.is_true(err.sent)
  assert.are.equal(1, err.attempts)
  assert.are.equal(2, #context.emulator:calls())
  assert.are.equal(1, assert(df.accounts:get_list()).total)
end)

case("takes the clock of the service over, and says so", function(context)
  local names = {}
  context.advance_service_clock(3600)
  local df = context.client {
    on_event = function(event)
      names[#names + 1] = event.name
    end,
  }
  assert(df.accounts:get_list())
  assert.are.same({ "attempt", "clock", "attempt", "success" }, names)
  assert(df.accounts:get_list())
  assert.are.same({ "attempt", "clock", "attempt", "success", "attempt", "success" }, names)
end)

case("ends when its time is up", function(context)
  local df = context.client { timeout = 0.3, retry = QUICK }
  context.emulator:fail_next { delay = 5 }
  local value, err = df.accounts:get_list()
  assert_error("timeout", value, err)
  assert(df.accounts:get_list())
end)

case("takes no response that is larger than it should be", function(context)
  with_account(context)
  local df = context.client { max_response_bytes = 100 }
  assert_error("limit", df.accounts:get_list())
  assert.is_true(assert(df.accounts:check_available_name "free").availableName)
end)

return suite
