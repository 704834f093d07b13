local cjson = require "cjson"
local emulated = require "spec.support.emulated"
local emulators = require "dataforest.emulator"
local signed = require "spec.support.signed"
local tables = require "dataforest.util.tables"

local NOW = emulated.NOW
local ID = "axE7wU9ERm8fTc7e17vNvu"
local PASSWORD_MESSAGE = "invalid request parameter (password, '%s'). Please enter a valid password, which "
  .. "must be at least 8 characters in length and contain a combination of at least three types of the "
  .. "following: lowercase letters, uppercase letters, special characters and numbers."
local ONE_A_USER = "Data Forest can only create and use one account per user."
local AUTH = "Authentication Failed"

local new = emulated.emulator

local function xml(root, inside)
  return ('<?xml version="1.0" encoding="UTF-8"?>\n<%s>%s</%s>'):format(root, inside, root)
end

local function quota_xml(namespace, files, space)
  return (
    "<quotas><fileCountMillion>%d</fileCountMillion><namespace>%s</namespace>"
    .. "<spaceTb>%d</spaceTb></quotas>"
  ):format(files, namespace, space)
end

local function send_xml(emulator, operation, root, inside)
  return signed.send(emulator, operation, xml(root, inside), { ["content-type"] = "application/xml" })
end

describe("the emulator's options", function()
  it("raises at the caller's line on what it does not know", function()
    local function line_of(options)
      local _, message = pcall(function()
        emulators.new(options)
      end)
      return message
    end
    assert.matches(
      "^spec/unit/emulator/emulator_spec.lua:%d+: dataforest.emulator: there is no option creaton_delay "
        .. "%(perhaps creation_delay%?%)$",
      line_of { creaton_delay = 1 }
    )
    assert.matches(
      "emulator_spec.lua:%d+: .*strict must be a boolean, not a string$",
      line_of { strict = "yes" }
    )
    assert.matches("latency must be a number or a function, not a string$", line_of { latency = "1" })
    assert.matches("unknown_id must be 403 or 404$", line_of { unknown_id = 400 })
    assert.matches("zone must be such as", line_of { zone = "KST" })
    assert.matches("creation_delay must be at least 0$", line_of { creation_delay = -1 })
    assert.matches("the options must be a table, not a string$", line_of "strict")
    assert.matches("keys must be such as", line_of { keys = { "secret" } })
    assert.matches("secret_key is empty$", line_of { secret_key = "" })
  end)

  it("gives the same ids for the same seed, and others for another", function()
    local function first_id(seed)
      return new({ seed = seed }):add_account { name = "df001" }
    end
    assert.are.equal(first_id(7), first_id(7))
    assert.are_not.equal(first_id(7), first_id(8))
    assert.matches("^%w+$", first_id(7))
    assert.are.equal(22, #first_id(7))
  end)

  it("has the default keys as fields", function()
    local emulator = emulators.new()
    assert.are.equal(emulators.access_key, emulator.access_key)
    assert.are.equal(emulators.secret_key, emulator.secret_key)
    local _, status = signed.call(emulator, "accounts/getList", {})
    assert.are.equal(200, status)
  end)
end)

describe("the documented examples of accounts", function()
  it("checks a name", function()
    local response = signed.send(new(), "accounts/checkAvailableName", '{"name":"forest001"}')
    assert.are.equal(200, response.status)
    assert.are.equal('{"success":true,"availableName":true}', response.body)
  end)

  it("creates an account with the password of the pages, and refuses the second", function()
    local emulator = new { ids = { ID } }
    local request = '{"name":"cloud1","password":"8ghmuu8x"}'
    local first = signed.send(emulator, "accounts/create", request)
    assert.are.equal(200, first.status)
    assert.are.equal('{"success":true,"id":"axE7wU9ERm8fTc7e17vNvu"}', first.body)
    local second = signed.send(emulator, "accounts/create", request)
    assert.are.equal(200, second.status)
    assert.are.equal(('{"success":false,"message":"%s"}'):format(ONE_A_USER), second.body)
  end)

  it("refuses the short passwords of the pages", function()
    local emulator = new()
    local response, status =
      signed.call(emulator, "accounts/create", { name = "cloud1", password = "qaZ123@" })
    assert.are.equal(400, status)
    assert.are.same({ success = false, message = PASSWORD_MESSAGE:format "qaZ123@" }, response)
    local id = emulator:add_account { name = "cloud1" }
    response, status = signed.call(emulator, "accounts/resetPassword", { id = id, password = "qazQAZ1" })
    assert.are.equal(400, status)
    assert.are.same({ success = false, message = PASSWORD_MESSAGE:format "qazQAZ1" }, response)
  end)

  it("lists the accounts, with a body or with none", function()
    local emulator = new()
    emulator:add_account { name = "df001", id = ID, created_at = NOW }
    emulator:advance(150)
    local wanted = '{"success":true,"total":1,"contents":[{"id":"axE7wU9ERm8fTc7e17vNvu","name":"df001",'
      .. '"status":"RUNNING","createdAt":"2025-02-20T09:32:55+09:00","principal":"df001@KR.DF.NAVERNCP.COM",'
      .. '"disabled":false}]}'
    assert.are.equal(wanted, signed.send(emulator, "accounts/getList", "{}").body)
    assert.are.equal(wanted, signed.send(emulator, "accounts/getList").body)
  end)

  it("gives the details, with the quotas of both namespaces", function()
    local emulator = new()
    emulator:add_account { name = "df001", id = ID, created_at = NOW }
    emulator:advance(150)
    assert.are.equal(
      '{"success":true,"id":"axE7wU9ERm8fTc7e17vNvu","name":"df001","status":"RUNNING",'
        .. '"createdAt":"2025-02-20T09:32:55+09:00","quotas":['
        .. '{"namespace":"koya","fileCountMillion":1,"spaceTb":200},'
        .. '{"namespace":"tata","fileCountMillion":1,"spaceTb":200}]}',
      signed.send(emulator, "accounts/getDetail", '{"id":"axE7wU9ERm8fTc7e17vNvu"}').body
    )
  end)

  it("answers 403 with code 10002 for an id that it does not know", function()
    local response, status = signed.call(new(), "accounts/getDetail", { id = "20nAZnjbUNFdc7RsILlC3A" })
    assert.are.equal(403, status)
    assert.are.equal("10002", response.error.errorCode)
    assert.are.equal(
      "resource ('20nAZnjbUNFdc7RsILlC3A') is not allowed or not exists",
      response.error.message
    )
    assert.matches("^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$", response.error.requestId)
    assert.are.equal(36, #response.error.requestId)
  end)

  it("says NotEmpty for an empty id", function()
    local response = signed.send(new(), "accounts/resetKerberosKeytab", '{"id":""}')
    assert.are.equal(400, response.status)
    assert.are.equal(
      '{"message":"invalid request parameter (constraint violation NotEmpty, id): ","success":false}',
      response.body
    )
    assert.are.equal(response.body, signed.send(new(), "accounts/resetKerberosKeytab", "{}").body)
    assert.are.equal(response.body, signed.send(new(), "accounts/resetKerberosKeytab", '{"id":null}').body)
  end)

  it("changes a quota, also to the 250 TB of an old example", function()
    local emulator = new()
    local id = emulator:add_account { name = "df001" }
    local quota = { id = id, namespace = "koya", fileCountMillion = 5, spaceTb = 250 }
    assert.are.same({ success = true, id = id }, (signed.call(emulator, "accounts/setQuota", quota)))
    local detail = signed.call(emulator, "accounts/getDetail", { id = id })
    assert.are.same({ namespace = "koya", fileCountMillion = 5, spaceTb = 250 }, detail.quotas[1])
    assert.are.same({ namespace = "tata", fileCountMillion = 1, spaceTb = 200 }, detail.quotas[2])
  end)

  it("deletes an account", function()
    local emulator = new()
    local id = emulator:add_account { name = "df001" }
    assert.are.same({ success = true, id = id }, (signed.call(emulator, "accounts/delete", { id = id })))
    assert.are.same(
      { success = true, total = 0, contents = {} },
      (signed.call(emulator, "accounts/getList", {}))
    )
    local _, status = signed.call(emulator, "accounts/delete", { id = id })
    assert.are.equal(403, status)
  end)

  it("tells whether there are resources", function()
    local emulator = new()
    local id = emulator:add_account { name = "df001" }
    local response = signed.call(emulator, "accounts/checkHasResource", { id = id })
    assert.are.same({ success = true, hasResource = false }, response)
  end)
end)

describe("the emulator in XML", function()
  it("takes the documented roots and responds with them", function()
    local emulator = new { ids = { ID } }
    local response = send_xml(
      emulator,
      "accounts/create",
      "CreateAccountRequest",
      "<name>cloud1</name><password>8ghmuu8x</password>"
    )
    assert.are.equal(
      xml("CreateAccountResponse", "<id>" .. ID .. "</id><success>true</success>"),
      response.body
    )
    assert.are.equal("application/xml;charset=UTF-8", response.headers["content-type"])

    response = send_xml(
      emulator,
      "accounts/create",
      "CreateAccountRequest",
      "<name>cloud1</name><password>8ghmuu8x</password>"
    )
    assert.are.equal(
      xml("CreateAccountResponse", "<message>" .. ONE_A_USER .. "</message><success>false</success>"),
      response.body
    )

    response = send_xml(
      emulator,
      "accounts/setQuota",
      "SetAccountQuotaRequest",
      "<fileCountMillion>2"
        .. "</fileCountMillion><id>"
        .. ID
        .. "</id><namespace>tata</namespace><spaceTb>300</spaceTb>"
    )
    assert.are.equal(
      xml("SetAccountQuotaResponse", "<id>" .. ID .. "</id><success>true</success>"),
      response.body
    )

    response = send_xml(emulator, "accounts/getDetail", "GetAccountDetailRequest", "<id>" .. ID .. "</id>")
    assert.are.equal(
      xml(
        "GetAccountDetailResponse",
        "<createdAt>2025-02-20T09:32:55+09:00</createdAt><id>"
          .. ID
          .. "</id><name>cloud1</name>"
          .. quota_xml("koya", 1, 200)
          .. quota_xml("tata", 2, 300)
          .. "<status>ACCEPTED</status><success>true</success>"
      ),
      response.body
    )
  end)

  it("chooses the response's format by Accept", function()
    local emulator = new()
    local function form(content_type, accept)
      local body = content_type and xml("GetAccountListRequest", "") or "{}"
      local response = signed.send(emulator, "accounts/getList", body, {
        ["content-type"] = content_type or "application/json",
        accept = accept or false,
      })
      return response.body:sub(1, 1)
    end
    assert.are.equal("{", form())
    assert.are.equal("<", form "application/xml")
    assert.are.equal("<", form "text/xml; charset=UTF-8")
    assert.are.equal("{", form("application/xml", "application/json"))
    assert.are.equal("<", form(nil, "application/xml"))
    assert.are.equal("<", form(nil, "application/xml, application/json;q=0.5"))
    assert.are.equal("{", form(nil, "application/json, application/xml"))
    assert.are.equal("{", form(nil, "*/*"))
  end)

  it("writes errors in XML too", function()
    local emulator = new()
    local unknown = send_xml(emulator, "accounts/getDetail", "GetAccountDetailRequest", "<id>abc</id>")
    assert.are.equal(403, unknown.status)
    assert.matches(
      "<error><errorCode>10002</errorCode><requestId>%x[%x-]+</requestId><message>resource %('abc'%) "
        .. "is not allowed or not exists</message></error>$",
      unknown.body
    )
    local invalid = send_xml(emulator, "accounts/getDetail", "GetAccountDetailRequest", "<id/>")
    assert.are.equal(
      xml(
        "ErrorResponse",
        "<message>invalid request parameter (constraint violation NotEmpty, id): </message>"
          .. "<success>false</success>"
      ),
      invalid.body
    )
    local unsigned = emulator:handle {
      method = "POST",
      target = "/api/v2/accounts/getList",
      headers = { accept = "application/xml" },
    }
    assert.are.equal(401, unsigned.status)
    assert.are.equal(
      xml(
        "error",
        "<errorCode>200</errorCode><message>Authentication Failed</message>"
          .. "<details>Authentication information are missing.</details>"
      ),
      unsigned.body
    )
  end)

  it("escapes what it repeats", function()
    local response = send_xml(
      new(),
      "accounts/create",
      "CreateAccountRequest",
      "<name>cloud1</name><password>&lt;a&amp;b&gt;1</password>"
    )
    assert.are.equal(400, response.status)
    assert.truthy(response.body:find("'&lt;a&amp;b&gt;1'", 1, true))
  end)

  it("refuses a document type, another root and broken XML", function()
    local emulator = new()
    local function refused(body)
      local response =
        signed.send(emulator, "accounts/getDetail", body, { ["content-type"] = "application/xml" })
      assert.are.equal(400, response.status)
      assert.truthy(response.body:find("<message>invalid request parameters</message>", 1, true))
    end
    refused '<!DOCTYPE a [<!ENTITY e "x">]><GetAccountDetailRequest><id>&e;</id></GetAccountDetailRequest>'
    refused(xml("GetAccountListRequest", "<id>abc</id>"))
    refused "<GetAccountDetailRequest><id>abc</id>"
    refused '{"id":"abc"}'
    refused(("<a>"):rep(5000))
  end)
end)

describe("the emulator's limits", function()
  local emulator, id

  before_each(function()
    emulator = new()
    id = emulator:add_account { name = "df001" }
  end)

  local function invalid(operation, params, pattern)
    local response, status = signed.call(emulator, operation, params)
    assert.are.equal(400, status)
    assert.is_false(response.success)
    assert.matches(pattern, response.message)
  end

  local function fine(operation, params)
    local response, status = signed.call(emulator, operation, params)
    assert.are.equal(200, status)
    assert.is_true(response.success)
    return response
  end

  it("holds names to 2 to 16 characters of a-z 0-9 -", function()
    local function available(name)
      local response = fine("accounts/checkAvailableName", { name = name })
      assert.are.equal(not response.availableName, response.message ~= nil)
      return response.availableName
    end
    assert.is_true(available "ab")
    assert.is_true(available(("a"):rep(16)))
    assert.is_true(available "a-1")
    assert.is_false(available "a")
    assert.is_false(available(("a"):rep(17)))
    assert.is_false(available "Ab")
    assert.is_false(available "-ab")
    assert.is_false(available "ab-")
    assert.is_false(available "a_b")
    assert.is_false(available "df001") -- taken
    signed.call(emulator, "accounts/delete", { id = id })
    invalid("accounts/create", { name = "a", password = "abcABC1!" }, "constraint violation Size, name")
    invalid("accounts/create", { name = "A1", password = "abcABC1!" }, "constraint violation Pattern, name")
    invalid("accounts/create", { password = "abcABC1!" }, "constraint violation NotEmpty, name")
    assert.are.equal(0, #emulator:dump().accounts)
  end)

  it("holds passwords to 8 to 20 characters, counted as characters", function()
    local function set(password)
      return { id = id, password = password }
    end
    fine("accounts/resetPassword", set "abcABC1!")
    fine("accounts/resetPassword", set(("aB3"):rep(6) .. "!!"))
    fine("accounts/resetPassword", set "abcABC12") -- three kinds do
    fine("accounts/resetPassword", set "8ghmuu8x") -- two kinds, but the pages show it
    fine("accounts/resetPassword", set "aB3\237\149\156\234\184\128!!xy") -- nine characters
    invalid("accounts/resetPassword", set "abcABC1", "valid password")
    invalid("accounts/resetPassword", set(("aB3"):rep(7)), "valid password")
    invalid("accounts/resetPassword", set "aB3\237\149\156\234\184\128!!", "password")
    invalid("accounts/resetPassword", set "8ghmuu8y", "valid password")
    for _, forbidden in ipairs { "'", '"', "\226\130\169", "/", "&", "`", " " } do
      invalid("accounts/resetPassword", set("abcABC1!" .. forbidden), "valid password")
    end
  end)

  it("holds ids to 22 base62 characters", function()
    invalid("accounts/getDetail", { id = ("a"):rep(23) }, "constraint violation Size, id")
    invalid("accounts/getDetail", { id = "a-b" }, "constraint violation Pattern, id")
    invalid("accounts/getDetail", { id = { "a" } }, "^invalid request parameters$")
    local _, status = signed.call(emulator, "accounts/getDetail", { id = ("a"):rep(22) })
    assert.are.equal(403, status)
  end)

  it("holds quotas to their ranges", function()
    local function quota(changes)
      local params =
        tables.copy({ id = id, namespace = "koya", fileCountMillion = 1, spaceTb = 200 }, changes)
      return params
    end
    fine("accounts/setQuota", quota { fileCountMillion = 5, spaceTb = 500 })
    fine("accounts/setQuota", quota { spaceTb = "300" })
    invalid("accounts/setQuota", quota { namespace = "kona" }, "%(namespace, 'kona'%)")
    invalid("accounts/setQuota", quota { fileCountMillion = 0 }, "Min, fileCountMillion")
    invalid("accounts/setQuota", quota { fileCountMillion = 6 }, "Max, fileCountMillion")
    invalid("accounts/setQuota", quota { spaceTb = 199 }, "Min, spaceTb")
    invalid("accounts/setQuota", quota { spaceTb = 501 }, "Max, spaceTb")
    invalid("accounts/setQuota", quota { spaceTb = 200.5 }, "^invalid request parameters$")
    invalid("accounts/setQuota", quota { spaceTb = "many" }, "^invalid request parameters$")
    invalid("accounts/setQuota", { id = id, namespace = "koya", spaceTb = 200 }, "NotNull, fileCountMillion")
  end)

  it("refuses bodies that are no objects", function()
    for _, body in ipairs { "{", "[1", '"a"', "7", "\1", "{} {}", ("["):rep(100) } do
      local response = signed.send(emulator, "accounts/getDetail", body)
      assert.are.equal(400, response.status)
      assert.are.equal('{"message":"invalid request parameters","success":false}', response.body)
    end
    local response = signed.send(emulator, "accounts/getDetail", '{"id":"\255"}')
    assert.are.equal(400, response.status)
    assert.are.equal("100", cjson.decode(response.body).error.errorCode)
  end)

  it("refuses bodies that are too large", function()
    emulator = new { max_request_bytes = 100 }
    local response, status = signed.call(emulator, "accounts/getDetail", { id = ("a"):rep(100) })
    assert.are.equal(413, status)
    assert.are.same({ errorCode = "430", message = "Request Entity Too Large" }, response.error)
  end)

  it("knows no other address and no other method", function()
    local response, status = signed.call(emulator, "accounts/getdetail", { id = id })
    assert.are.equal(404, status)
    assert.are.same(
      { errorCode = "300", message = "Not Found Exception", details = "URL not found." },
      response.error
    )
    assert.are.equal(404, signed.send(emulator, "accounts/getList", nil, nil, { method = "GET" }).status)
    assert.are.equal(200, signed.send(emulator, "accounts/getList?a=b", "{}").status)
  end)
end)

describe("the emulator's gateway", function()
  local function refused(emulator, headers, options, details)
    local response = signed.send(emulator, "accounts/getList", "{}", headers, options)
    assert.are.equal(401, response.status)
    assert.are.same({
      error = {
        errorCode = "200",
        message = AUTH,
        details = details or "Invalid authentication information.",
      },
    }, cjson.decode(response.body))
    return response
  end

  it("refuses a signature that does not hold", function()
    local emulator = new()
    refused(emulator, { ["x-ncp-apigw-signature-v2"] = "Azm1WBMWDgEONUCUbsVkB4tRIpc053uOHU8bitbQRtU=" })
    refused(emulator, nil, { secret_key = "another" })
    refused(emulator, nil, { access_key = "another" })
    refused(emulator, signed.headers(emulator, "/api/v2/accounts/getDetail"))
    refused(emulator, { ["x-ncp-apigw-timestamp"] = ("%.0f"):format(NOW * 1000 + 1) })
    refused(emulator, { ["x-ncp-apigw-timestamp"] = "soon" })
    refused(emulator, { ["x-ncp-apigw-timestamp"] = ("9"):rep(40) })
  end)

  it("refuses a request without the headers", function()
    local emulator = new()
    for _, name in ipairs { "x-ncp-apigw-timestamp", "x-ncp-iam-access-key", "x-ncp-apigw-signature-v2" } do
      refused(emulator, { [name] = false }, nil, "Authentication information are missing.")
    end
  end)

  it("refuses a clock that is five minutes off", function()
    local emulator = new()
    for _, direction in ipairs { -1, 1 } do
      local inside =
        signed.send(emulator, "accounts/getList", "{}", nil, { timestamp = NOW * 1000 + direction * 299999 })
      assert.are.equal(200, inside.status)
      refused(emulator, nil, { timestamp = NOW * 1000 + direction * 300000 })
    end
  end)

  it("sends its time and a trace id with every response", function()
    local emulator = new()
    assert.are.equal("Thu, 20 Feb 2025 00:32:55 GMT", refused(emulator, nil, { timestamp = 0 }).headers.date)
    emulator:advance(3600)
    local response = signed.send(emulator, "accounts/getList", "{}")
    assert.are.equal("Thu, 20 Feb 2025 00:32:55 GMT", response.headers.date)
    assert.matches("^%x+$", response.headers["x-ncp-trace-id"])
    assert.are.equal("application/json;charset=UTF-8", response.headers["content-type"])
  end)

  it("keeps the accounts of users apart", function()
    local emulator =
      new { keys = { SECOND = "key2", THIRD = { secret = "key3", user = "DATAFORESTEMULATOR01" } } }
    local second = { access_key = "SECOND", secret_key = "key2" }
    local third = { access_key = "THIRD", secret_key = "key3" }
    local id = emulator:add_account { name = "df001" }
    assert.are.equal(0, signed.call(emulator, "accounts/getList", {}, second).total)
    assert.are.equal(1, signed.call(emulator, "accounts/getList", {}, third).total)
    local _, status = signed.call(emulator, "accounts/getDetail", { id = id }, second)
    assert.are.equal(403, status)
    local taken
    taken, status =
      signed.call(emulator, "accounts/create", { name = "df001", password = "abcABC1!" }, second)
    assert.is_true(taken.success) -- under a name that another user has, too
    assert.are.equal(200, status)
    assert.is_false(
      signed.call(emulator, "accounts/create", { name = "df3", password = "abcABC1!" }, third).success
    )
  end)
end)

describe("the emulator's clock", function()
  local function status(emulator, id)
    return signed.call(emulator, "accounts/getDetail", { id = id }).status
  end

  it("makes an account run after creation_delay", function()
    local emulator = new { creation_delay = 100 }
    local id = signed.call(emulator, "accounts/create", { name = "df001", password = "abcABC1!" }).id
    assert.are.equal("ACCEPTED", status(emulator, id))
    emulator:advance(99.5)
    assert.are.equal("ACCEPTED", status(emulator, id))
    emulator:advance(0.5)
    assert.are.equal("RUNNING", status(emulator, id))
    emulator:set_clock(NOW)
    assert.are.equal("ACCEPTED", status(emulator, id))
  end)

  it("shows CHANGING for change_delay", function()
    local emulator = new { change_delay = 5 }
    local id = emulator:add_account { name = "df001" }
    assert.are.equal("RUNNING", status(emulator, id))
    signed.call(
      emulator,
      "accounts/setQuota",
      { id = id, namespace = "koya", fileCountMillion = 2, spaceTb = 300 }
    )
    assert.are.equal("CHANGING", status(emulator, id))
    emulator:advance(5)
    assert.are.equal("RUNNING", status(emulator, id))
  end)

  it("keeps what was deleted for deletion_delay", function()
    local emulator = new { deletion_delay = 5 }
    local id = emulator:add_account { name = "df001" }
    assert.is_true(signed.call(emulator, "accounts/delete", { id = id }).success)
    assert.are.equal("CHANGING", status(emulator, id))
    emulator:advance(5)
    assert.are.equal(0, signed.call(emulator, "accounts/getList", {}).total)
  end)

  it("writes times in the zone that it was given", function()
    local emulator = new { zone = "Z" }
    local id = emulator:add_account { name = "df001", created_at = NOW }
    assert.are.equal(
      "2025-02-20T00:32:55Z",
      signed.call(emulator, "accounts/getDetail", { id = id }).createdAt
    )
    emulator = new { zone = "-03:30" }
    id = emulator:add_account { name = "df001", created_at = NOW }
    assert.are.equal(
      "2025-02-19T21:02:55-03:30",
      signed.call(emulator, "accounts/getDetail", { id = id }).createdAt
    )
  end)

  it("begins anew with reset", function()
    local emulator = new()
    local id = emulator:add_account { name = "df001" }
    emulator:advance(1000)
    emulator:fail_next { status = 500 }
    emulator:reset()
    assert.are.equal(NOW, emulator:now())
    assert.are.equal(0, signed.call(emulator, "accounts/getList", {}).total)
    assert.are.equal(1, #emulator.calls)
    assert.are.equal(id, emulator:add_account { name = "df001" })
  end)
end)

describe("the emulator's keytab", function()
  local OCTETS = { accept = "application/octet-stream" }

  -- Reads the layout of MIT Kerberos, version 0x502.
  local function read(bytes)
    local at = 3
    local function number(size)
      local value = 0
      for i = at, at + size - 1 do
        value = value * 256 + bytes:byte(i)
      end
      at = at + size
      return value
    end
    local function counted()
      local size = number(2)
      at = at + size
      return bytes:sub(at - size, at - 1)
    end
    assert.are.equal("\5\2", bytes:sub(1, 2))
    local entries = {}
    while at <= #bytes do
      local size = number(4)
      local stop = at + size
      assert.are.equal(1, number(2))
      local entry = { realm = counted(), name = counted(), name_type = number(4), time = number(4) }
      entry.version = number(1)
      entry.type = number(2)
      entry.key = counted()
      assert.are.equal(entry.version, number(4))
      assert.are.equal(stop, at)
      entries[#entries + 1] = entry
    end
    return entries
  end

  it("is a keytab file, and another one after a reset", function()
    local emulator = new()
    local id = emulator:add_account { name = "df001" }
    local body = ('{"id":"%s"}'):format(id)
    local response = signed.send(emulator, "accounts/getKerberosKeytab", body, OCTETS)
    assert.are.equal("application/octet-stream", response.headers["content-type"])
    assert.are.equal('attachment; filename="df001.keytab"', response.headers["content-disposition"])
    local entries = read(response.body)
    assert.are.equal(2, #entries)
    assert.are.equal("df001", entries[1].name)
    assert.are.equal("KR.DF.NAVERNCP.COM", entries[1].realm)
    assert.are.equal(1, entries[1].name_type)
    assert.are.equal(NOW, entries[1].time)
    assert.are.equal(1, entries[1].version)
    assert.are.equal(18, entries[1].type)
    assert.are.equal(32, #entries[1].key)
    assert.are.equal(17, entries[2].type)
    assert.are.equal(16, #entries[2].key)
    assert.are.equal(response.body, signed.send(emulator, "accounts/getKerberosKeytab", body, OCTETS).body)

    assert.are.same(
      { success = true, id = id },
      (signed.call(emulator, "accounts/resetKerberosKeytab", { id = id }))
    )
    local after = signed.send(emulator, "accounts/getKerberosKeytab", body, OCTETS).body
    assert.are_not.equal(response.body, after)
    assert.are.equal(2, read(after)[1].version)
  end)

  it("wants Accept: application/octet-stream, and gives errors in the request's format", function()
    local emulator = new()
    local id = emulator:add_account { name = "df001" }
    local body = ('{"id":"%s"}'):format(id)
    local function status(accept)
      return signed.send(emulator, "accounts/getKerberosKeytab", body, { accept = accept }).status
    end
    assert.are.equal(200, status "application/octet-stream")
    assert.are.equal(200, status(false))
    assert.are.equal(200, status "*/*")
    assert.are.equal(400, status "application/json")
    local unknown = signed.send(emulator, "accounts/getKerberosKeytab", '{"id":"abc"}', OCTETS)
    assert.are.equal(403, unknown.status)
    assert.are.equal("10002", cjson.decode(unknown.body).error.errorCode)
  end)
end)

describe("a strict emulator", function()
  local emulator, id

  before_each(function()
    emulator = new { strict = true }
    id = emulator:add_account { name = "df001" }
  end)

  local function status(operation, params)
    return (select(2, signed.call(emulator, operation, params)))
  end

  it("wants all four kinds of character in a password", function()
    assert.are.equal(400, status("accounts/resetPassword", { id = id, password = "8ghmuu8x" }))
    assert.are.equal(400, status("accounts/resetPassword", { id = id, password = "abcABC12" }))
    assert.are.equal(200, status("accounts/resetPassword", { id = id, password = "abcABC1!" }))
  end)

  it("wants quotas in steps of 100", function()
    local quota = { id = id, namespace = "koya", fileCountMillion = 1, spaceTb = 250 }
    assert.are.equal(400, status("accounts/setQuota", quota))
    quota.spaceTb = 300
    assert.are.equal(200, status("accounts/setQuota", quota))
  end)

  it("wants the headers that the pages call required", function()
    assert.are.equal(400, signed.send(emulator, "accounts/getList", nil, { ["content-type"] = false }).status)
    assert.are.equal(200, signed.send(emulator, "accounts/getList").status)
    assert.are.equal(200, signed.send(new(), "accounts/getList", nil, { ["content-type"] = false }).status)
    local body = ('{"id":"%s"}'):format(id)
    assert.are.equal(400, signed.send(emulator, "accounts/getKerberosKeytab", body).status)
  end)

  it("refuses parameters that no page knows", function()
    local response
    response = signed.call(emulator, "accounts/getDetail", { id = id, ID = "x" })
    assert.are.equal("invalid request parameter (unknown member ID)", response.message)
    assert.is_true(
      signed.call(new { ids = { id } }, "accounts/checkAvailableName", { name = "ab", x = 1 }).success
    )
  end)
end)

describe("the emulator's choices", function()
  it("answers 404 for an unknown id if asked to", function()
    local response, status = signed.call(new { unknown_id = 404 }, "accounts/getDetail", { id = ID })
    assert.are.equal(404, status)
    assert.are.same({ success = false, message = "no such element" }, response)
  end)

  it("refuses a second account with 400 if asked to", function()
    local emulator = new { second_account = 400 }
    emulator:add_account { name = "df001" }
    local response, status =
      signed.call(emulator, "accounts/create", { name = "df002", password = "abcABC1!" })
    assert.are.equal(400, status)
    assert.are.same({ success = false, message = "exceeded limit on resource quota" }, response)
  end)
end)

describe("fail_next", function()
  local CREATE = { name = "df001", password = "abcABC1!" }
  local emulator

  before_each(function()
    emulator = new()
  end)

  it("answers in place of the operation, before it is carried out", function()
    emulator:fail_next { operation = "accounts/create", status = 503 }
    assert.are.equal(0, signed.call(emulator, "accounts/getList", {}).total)
    local response, status = signed.call(emulator, "accounts/create", CREATE)
    assert.are.equal(503, status)
    assert.are.same({ error = { errorCode = "500", message = "Endpoint Error" } }, response)
    assert.are.equal(0, #emulator:dump().accounts)
    assert.is_true(signed.call(emulator, "accounts/create", CREATE).success)
  end)

  it("loses the response after the operation was carried out", function()
    emulator:fail_next { operation = "accounts/create", when = "after", kind = "network" }
    local response = signed.send(emulator, "accounts/create", cjson.encode(CREATE))
    assert.are.same({ kind = "network", message = "injected by fail_next", sent = true }, response.drop)
    assert.is_nil(response.status)
    assert.are.equal(1, #emulator:dump().accounts)
    assert.are.equal("network", emulator.calls[1].dropped)
  end)

  it("believes that a request left if the kind says so", function()
    local function sent(fault)
      emulator:fail_next(fault)
      return signed.send(emulator, "accounts/getList").drop.sent
    end
    assert.is_false(sent { kind = "network" })
    assert.is_false(sent { kind = "tls" })
    assert.is_true(sent { kind = "network", sent = true })
    assert.is_true(sent { kind = "timeout" })
    assert.is_false(sent { kind = "timeout", sent = false })
    assert.is_true(sent { kind = "protocol" })
    assert.is_true(sent { kind = "network", when = "after" })
  end)

  it("takes codes, details, headers, bodies and counts", function()
    emulator:fail_next { code = "410", times = 2, skip = 1, headers = { ["Retry-After"] = "3" } }
    local statuses = {}
    for i = 1, 4 do
      local response = signed.send(emulator, "accounts/getList")
      statuses[i] = response.status
      if i == 2 then
        assert.are.equal("3", response.headers["retry-after"])
        assert.are.equal('{"error":{"errorCode":"410","message":"Throttle Limited"}}', response.body)
      end
    end
    assert.are.same({ 200, 429, 429, 200 }, statuses)

    emulator:fail_next { code = "210", details = "A subscription to the API is required." }
    local response, status = signed.call(emulator, "accounts/getList")
    assert.are.equal(401, status)
    assert.are.same({
      errorCode = "210",
      message = "Permission Denied",
      details = "A subscription to the API is required.",
    }, response.error)

    emulator:fail_next { body = { success = false, message = "no" } }
    assert.are.same({ success = false, message = "no" }, (signed.call(emulator, "accounts/getList")))

    emulator:fail_next { status = 502, body = "<html>", headers = { ["Content-Type"] = "text/html" } }
    response = signed.send(emulator, "accounts/getList")
    assert.are.equal(502, response.status)
    assert.are.equal("<html>", response.body)
    assert.are.equal("text/html", response.headers["content-type"])

    emulator:fail_next { status = 403, body = "" }
    response = signed.send(emulator, "accounts/getList")
    assert.are.equal("", response.body)
    assert.are.equal(403, response.status)
  end)

  it("delays a response", function()
    emulator:fail_next { delay = 2.5 }
    local response = signed.send(emulator, "accounts/getList")
    assert.are.equal(200, response.status)
    assert.are.equal(2.5, response.delay)
    assert.is_nil(signed.send(emulator, "accounts/getList").delay)
  end)

  it("raises at the caller's line on a mistake", function()
    local function message(fault)
      local _, text = pcall(function()
        emulator:fail_next(fault)
      end)
      assert.matches("^spec/unit/emulator/emulator_spec.lua:%d+: ", text)
      return text
    end
    assert.matches(
      "operation: there is no operation accounts/made",
      message { operation = "accounts/made", status = 500 }
    )
    assert.matches("needs one of", message { operation = "accounts/create" })
    assert.matches("does not know the field sttus", message { sttus = 500 })
    assert.matches("kind must be", message { kind = "dns" })
    assert.matches('when must be "before" or "after"', message { kind = "tls", when = "during" })
    assert.matches("carried out was sent", message { kind = "network", when = "after", sent = false })
    assert.matches("no response arrives", message { kind = "network", status = 500 })
    assert.matches("times must be a number, not a string", message { status = 500, times = "2" })
    assert.matches("takes a table", message "network")
  end)
end)

describe("the emulator's record of calls", function()
  it("has what was asked and answered, without secrets", function()
    local emulator = new()
    signed.call(emulator, "accounts/create", { name = "df001", password = "abcABC1!" })
    signed.call(emulator, "accounts/creates", {})
    send_xml(emulator, "accounts/getDetail", "GetAccountDetailRequest", "<id>abc</id>")
    local function call(operation, more)
      local out = tables.copy({
        method = "POST",
        target = "/api/v2/" .. operation,
        access_key = emulator.access_key,
        user = emulator.access_key,
        format = "json",
        time = NOW,
      }, more)
      return out
    end
    assert.are.same({
      call("accounts/create", {
        operation = "accounts/create",
        params = { name = "df001", password = "[redacted]" },
        status = 200,
      }),
      call("accounts/creates", {
        params = {},
        status = 404,
        reason = "unknown path /api/v2/accounts/creates; the nearest is /api/v2/accounts/create",
      }),
      call("accounts/getDetail", {
        operation = "accounts/getDetail",
        params = { id = "abc" },
        status = 403,
        format = "xml",
        reason = "resource ('abc') is not allowed or not exists",
      }),
    }, emulator.calls)
  end)

  it("takes header names in any case, as HTTP does", function()
    local emulator = new()
    local timestamp = ("%.0f"):format(math.floor(emulator:now() * 1000))
    local response = emulator:handle {
      method = "POST",
      target = "/api/v2/accounts/getList",
      headers = {
        ["Content-Type"] = "application/json",
        ["X-NCP-APIGW-Timestamp"] = timestamp,
        ["X-NCP-IAM-Access-Key"] = emulator.access_key,
        ["X-NCP-APIGW-Signature-V2"] = (require("dataforest").sign {
          method = "POST",
          target = "/api/v2/accounts/getList",
          timestamp = timestamp,
          access_key = emulator.access_key,
          secret_key = emulator.secret_key,
        }),
      },
    }
    assert.are.equal(200, response.status)
  end)

  it("does not grow without end", function()
    local emulator = new()
    for _ = 1, 2010 do
      emulator:handle { method = "GET", target = "/", headers = {} }
    end
    assert.are.equal(1010, #emulator.calls)
  end)
end)

describe("the emulator's transport", function()
  local function request(emulator, more)
    local target = "/api/v2/accounts/getList"
    local all = {
      method = "POST",
      url = "https://df.apigw.ntruss.com" .. target,
      target = target,
      headers = { ["Content-Type"] = "application/json" },
      body = "{}",
    }
    for name, value in pairs(signed.headers(emulator, target)) do
      all.headers[name:upper()] = value
    end
    for name, value in pairs(more or {}) do
      all[name] = value
    end
    return all
  end

  it("answers without a network, and sleeps without waiting", function()
    local emulator = new()
    local transport = emulator:transport()
    local started = os.time()
    assert.are.equal(200, transport:send(request(emulator)).status)
    transport:sleep(1000)
    assert.are.equal(NOW + 1000, transport:now())
    assert.are.equal(NOW + 1000, emulator:now())
    assert.is_true(os.time() - started < 100)
  end)

  it("lets latencies pass on the emulator's clock, up to the deadline", function()
    local emulator = new { latency = 3 }
    local transport = emulator:transport()
    assert.are.equal(200, transport:send(request(emulator, { deadline = NOW + 10 })).status)
    assert.are.equal(NOW + 3, emulator:now())
    local response, failure = transport:send(request(emulator, { deadline = NOW + 5 }))
    assert.is_nil(response)
    assert.are.same({ kind = "timeout", message = "no response before the deadline", sent = true }, failure)
    assert.are.equal(NOW + 5, emulator:now())
    response, failure = transport:send(request(emulator, { deadline = NOW + 5 }))
    assert.is_nil(response)
    assert.are.equal("timeout", failure.kind)
    assert.is_false(failure.sent)
    assert.are.equal(2, #emulator.calls)
  end)

  it("asks a function for the latency of each operation", function()
    local asked
    local emulator = new {
      latency = function(operation)
        asked = operation
        return 1
      end,
    }
    assert.are.equal(1, signed.send(emulator, "accounts/getList").delay)
    assert.are.equal("accounts/getList", asked)
  end)

  it("fails as fail_next says", function()
    local emulator = new()
    local transport = emulator:transport()
    emulator:fail_next { kind = "network", message = "connection reset", sent = true, delay = 2 }
    local response, failure = transport:send(request(emulator, { deadline = NOW + 10 }))
    assert.is_nil(response)
    assert.are.same({ kind = "network", message = "connection reset", sent = true }, failure)
    assert.are.equal(NOW + 2, emulator:now())
    emulator:fail_next { kind = "timeout" }
    response, failure = transport:send(request(emulator, { deadline = NOW + 10 }))
    assert.is_nil(response)
    assert.are.equal("timeout", failure.kind)
    assert.are.equal(NOW + 10, emulator:now())
  end)

  it("holds responses to max_response_bytes", function()
    local emulator = new()
    local size = #signed.send(emulator, "accounts/getList").body
    local transport = emulator:transport()
    assert.is_table(transport:send(request(emulator, { max_response_bytes = size })))
    local response, failure = transport:send(request(emulator, { max_response_bytes = size - 1 }))
    assert.is_nil(response)
    assert.are.equal("limit", failure.kind)
  end)

  it("can have a clock that is off", function()
    local emulator = new()
    local transport = emulator:transport { clock_offset = 600 }
    assert.are.equal(NOW + 600, transport:now())
    transport:sleep(1)
    assert.are.equal(NOW + 1, emulator:now())
  end)

  it("really waits if asked to", function()
    local core = require "dataforest.core"
    local emulator = emulators.new()
    local transport = emulator:transport { real_time = true }
    local started = core.monotonic()
    transport:sleep(0.05)
    assert.is_true(core.monotonic() - started >= 0.05)
    assert.is_true(math.abs(core.now() - emulator:now()) < 0.05)
  end)

  it("raises on options that it does not know", function()
    local emulator = new()
    assert.error_matches(function()
      emulator:transport { realtime = true }
    end, "transport has no option realtime")
    assert.error_matches(function()
      emulator:transport { clock_offset = "1" }
    end, "clock_offset must be a number, not a string")
  end)
end)
