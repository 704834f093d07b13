-- What the record of calls tells about a refusal.

local base64 = require "dataforest.emulator.base64"
local core = require "dataforest.core"
local emulators = require "dataforest.emulator"
local signed = require "spec.support.signed"

local NOW = 1740011575
local TARGET = "/api/v2/accounts/getList"

describe("a refused call says why:", function()
  local emulator

  before_each(function()
    emulator = emulators.new {
      clock = function()
        return NOW
      end,
    }
  end)

  local function last(headers, options, operation)
    signed.send(emulator, operation or "accounts/getList", "{}", headers, options)
    return emulator.calls[#emulator.calls]
  end

  local function wrong(text, how)
    local mac = core.hmac_sha256(emulator.secret_key, text)
    return { ["x-ncp-apigw-signature-v2"] = (how or base64.encode)(mac) }
  end

  local STAMP = ("%.0f"):format(NOW * 1000)

  it("unknown key", function()
    local call = last(nil, { access_key = "UNKNOWN", secret_key = "x" })
    assert.are.equal(401, call.status)
    assert.are.equal("unknown access key 'UNKNOWN'", call.reason)
    assert.are.equal("UNKNOWN", call.access_key)
    assert.is_nil(call.user)
    assert.is_nil(call.string_to_sign)
  end)

  it("wrong signature, with what should have been signed", function()
    local call = last(nil, { secret_key = "x" })
    assert.matches("^wrong signature: another secret key", call.reason)
    assert.are.equal(("POST %s\n%s\n%s"):format(TARGET, STAMP, emulator.access_key), call.string_to_sign)
    assert.are.equal(emulator.access_key, call.user)
  end)

  it("common mistakes of signers", function()
    local ak = emulator.access_key
    for text, pattern in pairs {
      [("GET %s\n%s\n%s"):format(TARGET, STAMP, ak)] = "GET was signed, not POST",
      [("POST %s\n%s\n%s\n"):format(TARGET, STAMP, ak)] = "ends with a line feed",
      [("POST %s\r\n%s\r\n%s"):format(TARGET, STAMP, ak)] = "CR LF",
      [("POST /accounts/getList\n%s\n%s"):format(STAMP, ak)] = "/api/v2 was left out",
      [("POST https://df.test%s\n%s\n%s"):format(TARGET, STAMP, ak)] = "the whole URL was signed",
      [("POST %s\n%s"):format(TARGET, STAMP)] = "no access key",
    } do
      local headers = wrong(text)
      headers.host = "df.test"
      assert.matches(pattern, last(headers).reason, 1, true)
    end
    local right = ("POST %s\n%s\n%s"):format(TARGET, STAMP, ak)
    assert.matches(
      "hexadecimal",
      last(wrong(right, function(mac)
        return (mac:gsub(".", function(char)
          return ("%02X"):format(char:byte())
        end))
      end)).reason
    )
    assert.matches(
      "padding",
      last(wrong(right, function(mac)
        return (base64.encode(mac):gsub("=", ""))
      end)).reason
    )
    assert.matches(
      "the query was left out",
      last(wrong(right), nil, "accounts/getList?responseFormatType=json").reason
    )
  end)

  it("old and future timestamps, in seconds or of nonsense", function()
    assert.matches("is 400 seconds old", last(nil, { timestamp = (NOW - 400) * 1000 }).reason)
    assert.matches("is 400 seconds in the future", last(nil, { timestamp = (NOW + 400) * 1000 }).reason)
    assert.matches("is in seconds; it must be in milliseconds", last(nil, { timestamp = NOW }).reason)
    assert.matches("not a number", last({ ["x-ncp-apigw-timestamp"] = "soon" }).reason)
    assert.matches("not in milliseconds", last({ ["x-ncp-apigw-timestamp"] = ("9"):rep(16) }).reason)
  end)

  it("missing headers", function()
    for _, name in ipairs { "x-ncp-apigw-timestamp", "x-ncp-iam-access-key", "x-ncp-apigw-signature-v2" } do
      assert.are.equal("the header " .. name .. " is missing", last({ [name] = false }).reason)
    end
  end)

  it("unknown path, with the nearest, and another method", function()
    assert.are.equal(
      "unknown path /api/v2/account/getList; the nearest is /api/v2/accounts/getList",
      last(nil, nil, "account/getList").reason
    )
    assert.matches("nearest is /api/v2/accounts/getList", last(nil, nil, "accounts/getlist").reason)
    emulator:handle { method = "POST", target = "/accounts/getList", headers = {} }
    assert.matches("nearest is /api/v2/accounts/getList", emulator.calls[#emulator.calls].reason)
    assert.are.equal("GET instead of POST", last(nil, { method = "GET" }).reason)
  end)

  it("what the service says, without the secrets", function()
    signed.call(emulator, "accounts/create", { name = "df001", password = "secret7" })
    local call = emulator.calls[1]
    assert.matches("^invalid request parameter %(password, '%[redacted%]'%)", call.reason)
    assert.are.same({ name = "df001", password = "[redacted]" }, call.params)
    signed.call(emulator, "accounts/getDetail", { id = "abc", passwd = "hush" })
    assert.are.equal("[redacted]", emulator.calls[2].params.passwd)
    signed.send(emulator, "accounts/getDetail", "{")
    assert.are.equal("the body: malformed JSON", emulator.calls[3].reason)
    emulator:fail_next { status = 503 }
    assert.are.equal("injected by fail_next", last().reason)
    assert.is_nil(last().reason)
  end)

  it("and large parameters are not kept", function()
    signed.call(
      emulator,
      "accounts/getDetail",
      { id = "abc", more = ("a"):rep(16384 - #'{"id":"abc","more":""}') }
    )
    assert.are.equal("abc", emulator.calls[1].params.id)
    assert.is_nil(emulator.calls[1].left_out)
    signed.call(
      emulator,
      "accounts/getDetail",
      { id = "abc", more = ("a"):rep(16385 - #'{"id":"abc","more":""}') }
    )
    assert.are.same({}, emulator.calls[2].params)
    assert.are.equal("the parameters: 16385 bytes", emulator.calls[2].left_out)
  end)

  it("an operation that the emulator does not have", function()
    local by_path = require("dataforest.operations").by_name["accounts/getList"]
    local handlers = require("dataforest.emulator.accounts").handlers
    assert.is_function(handlers[by_path.id])
    local id = by_path.id
    by_path.id = "accounts/added"
    finally(function()
      by_path.id = id
    end)
    emulator = emulators.new {
      clock = function()
        return NOW
      end,
    }
    local response = signed.send(emulator, "accounts/getList", "{}")
    by_path.id = id
    assert.are.equal(404, response.status)
    assert.matches('"errorCode":"300"', response.body)
    assert.are.equal("the emulator does not have the operation accounts/added", emulator.calls[1].reason)
  end)
end)
