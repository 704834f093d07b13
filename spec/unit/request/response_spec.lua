-- labels: collector valgrind
local response_of = require "dataforest.request.response"
local operations = require "dataforest.operations"

local DETAIL = operations.by_name["accounts/getDetail"]
local KEYTAB = operations.by_name["accounts/getKerberosKeytab"]
local CHECK = operations.by_name["accounts/checkAvailableName"]
local APP = operations.by_name["apps/getDetail"]

local function read(status, body, headers, operation)
  return response_of.read(operation or DETAIL, { status = status, body = body, headers = headers or {} })
end

local GATEWAY = '{"error":{"errorCode":"200","message":"Authentication Failed",'
  .. '"details":"Invalid authentication information."}}'

describe("response.read, for errors", function()
  -- status, body, headers, kind, code, message
  local CASES = {
    { 401, GATEWAY, "auth", "200", "Authentication Failed" },
    {
      401,
      '{"error":{"errorCode":200,"message":"Authentication Failed"}}',
      "auth",
      "200",
      "Authentication Failed",
    },
    {
      401,
      '{"error":{"errorCode":"210","message":"Permission Denied"}}',
      "forbidden",
      "210",
      "Permission Denied",
    },
    {
      401,
      '{"error":{"errorCode":210,"message":"Permission Denied"}}',
      "forbidden",
      "210",
      "Permission Denied",
    },
    { 403, '{"error":{"errorCode":"230","message":"Forbidden"}}', "forbidden", "230", "Forbidden" },
    {
      404,
      '{"error":{"errorCode":"300","message":"Not Found Exception"}}',
      "not_found",
      "300",
      "Not Found Exception",
    },
    { 404, '{"message":"no such element","success":false}', "not_found", nil, "no such element" },
    {
      400,
      '{"error":{"errorCode":"100","message":"Bad Request Exception"}}',
      "invalid",
      "100",
      "Bad Request Exception",
    },
    {
      400,
      '{"message":"exceeded limit on resource quota","success":false}',
      "quota",
      nil,
      "exceeded limit on resource quota",
    },
    {
      400,
      '{"message":"invalid request parameter (x)","success":false}',
      "invalid",
      nil,
      "invalid request parameter (x)",
    },
    {
      413,
      '{"error":{"errorCode":"430","message":"Request Entity Too Large"}}',
      "invalid",
      "430",
      "Request Entity Too Large",
    },
    { 429, '{"error":{"errorCode":"400","message":"Quota Exceeded"}}', "quota", "400", "Quota Exceeded" },
    {
      429,
      '{"error":{"errorCode":"410","message":"Throttle Limited"}}',
      "throttled",
      "410",
      "Throttle Limited",
    },
    { 429, '{"error":{"errorCode":420,"message":"Rate Limited"}}', "throttled", "420", "Rate Limited" },
    { 429, "", "throttled", nil, "too many requests" },
    {
      500,
      '{"error":{"errorCode":"900","message":"Unexpected Error"}}',
      "server",
      "900",
      "Unexpected Error",
    },
    { 500, '{"message":"unexpected error","success":false}', "server", nil, "unexpected error" },
    { 503, '{"error":{"errorCode":"500","message":"Endpoint Error"}}', "server", "500", "Endpoint Error" },
    {
      504,
      '{"error":{"errorCode":"510","message":"Endpoint Timeout"}}',
      "server",
      "510",
      "Endpoint Timeout",
    },
    { 502, "<html><body>502 Bad Gateway</body></html>", "server", nil, "bad gateway" },
    { 403, "", "forbidden", nil, "not allowed to access" },
    { 404, "<!DOCTYPE html><html>gone</html>", "not_found", nil, "no such element" },
    { 400, "not json at all", "invalid", nil, "invalid request parameters: not json at all" },
    { 400, "{broken", "invalid", nil, "invalid request parameters: {broken" },
    { 400, "[1,2]", "invalid", nil, "invalid request parameters: [1,2]" },
    { 404, '{"oops":"no known shape"}', "not_found", nil, 'no such element: {"oops":"no known shape"}' },
    { 403, '{"error":{"code":"77202","message":"No permission"}}', "forbidden", "77202", "No permission" },
    { 403, '{"error":{"code":77202,"msg":"No permission"}}', "forbidden", "77202", "No permission" },
    {
      404,
      '{"code":"NOT_EXIST","msg":"no such thing","data":null}',
      "not_found",
      "NOT_EXIST",
      "no such thing",
    },
    { 401, '{"status":{"code":"40100","message":"wrong key"}}', "auth", "40100", "wrong key" },
    { 400, '{"error":"invalid_grant","error_description":"no"}', "invalid", "invalid_grant", "no" },
    { 400, '{"error_code":"E1","error_message":"no"}', "invalid", "E1", "no" },
    { 409, '{"status":409,"error":"Conflict","path":"/"}', "invalid", nil, "Conflict" },
    { 400, '{"errorCode":"E2"}', "invalid", "E2", "invalid request parameters" },
    {
      403,
      "<Error><Code>AccessDenied</Code><Message>not yours</Message></Error>",
      "forbidden",
      "AccessDenied",
      "not yours",
    },
    {
      403,
      "<R><Error><Code>AccessDenied</Code><Message>not yours</Message></Error></R>",
      "forbidden",
      "AccessDenied",
      "not yours",
    },
    {
      502,
      "<html><head><TITLE>\n502 Proxy\n</TITLE></head>",
      "server",
      nil,
      "bad gateway: 502 Proxy",
    },
    { 408, "", "server", nil, "the service did not wait for the whole request" },
    { 421, "", "server", nil, "the request reached a server that is not meant for it" },
    { 425, "", "server", nil, "too early" },
    { 403, ("x"):rep(500), "forbidden", nil, "not allowed to access: " .. ("x"):rep(200) .. "..." },
    {
      403,
      ("x"):rep(199) .. "\237\149\156",
      "forbidden",
      nil,
      "not allowed to access: " .. ("x"):rep(199) .. "...",
    },
    { 403, "\255\254", "forbidden", nil, "not allowed to access: ??" },
    {
      400,
      '{"responseError":{"returnCode":"1103","returnMessage":"Forbidden."}}',
      "invalid",
      "1103",
      "Forbidden.",
    },
    { 400, '{"error":"plain text"}', "invalid", nil, "plain text" },
    { 418, "", "invalid", nil, "the service gave no reason" },
    {
      302,
      "",
      "protocol",
      nil,
      "the service sent a redirect, which is never followed: check base_url",
    },
    { 100, "", "protocol", nil, "the service gave no reason" },
    {
      401,
      '<?xml version="1.0"?><error><errorCode>210</errorCode><message>Permission Denied</message></error>',
      "forbidden",
      "210",
      "Permission Denied",
    },
    {
      401,
      "<R><error><errorCode>200</errorCode><message>Authentication Failed</message></error></R>",
      "auth",
      "200",
      "Authentication Failed",
    },
    { 400, "<E><success>false</success><message>no</message></E>", "invalid", nil, "no" },
  }

  for _, case in ipairs(CASES) do
    it(("reads HTTP %d with %s"):format(case[1], case[2]:sub(1, 70)), function()
      for _, label in ipairs { "application/json", "text/plain;charset=UTF-8", "text/html" } do
        local value, err = read(case[1], case[2], { ["content-type"] = label })
        assert.is_nil(value)
        assert.are.equal(case[3], err.kind)
        assert.are.equal(case[4], err.code)
        assert.are.equal(case[5], err.message)
        assert.are.equal(case[1], err.status)
      end
    end)
  end

  it("keeps the request id of the older object, and the gateway's trace id", function()
    local _, err =
      read(403, [[{"error":{"errorCode":"10002","requestId":"7c56cbaf-fe89","message":"not allowed"}}]])
    assert.are.equal("forbidden", err.kind)
    assert.are.equal("10002", err.code)
    assert.are.equal("7c56cbaf-fe89", err.request_id)
    _, err = read(503, "", { ["x-ncp-trace-id"] = "trace-1" })
    assert.are.equal("trace-1", err.request_id)
  end)

  it("calls a 2xx that says success: false a refusal", function()
    for _, body in ipairs {
      '{"success":false,"message":"one account per user"}',
      '{"success":"false","message":"one account per user"}',
      "<R><success>false</success><message>one account per user</message></R>",
    } do
      for _, status in ipairs { 200, 201, 299 } do
        local value, err = read(status, body)
        assert.is_nil(value)
        assert.are.equal("refused", err.kind)
        assert.are.equal(status, err.status)
        assert.are.equal("one account per user", err.message)
      end
    end
  end)

  it("calls a 2xx that holds an error envelope a refusal", function()
    local _, err = read(200, GATEWAY)
    assert.are.equal("refused", err.kind)
    assert.are.equal("200", err.code)
    _, err = read(200, "<error><errorCode>900</errorCode><message>Unexpected Error</message></error>")
    assert.are.equal("refused", err.kind)
    assert.are.equal("900", err.code)
    _, err = read(200, '{"success":false}')
    assert.are.equal("refused", err.kind)
    assert.matches("gave no reason", err.message)
  end)

  it("calls what cannot be read a protocol error", function()
    for _, body in ipairs {
      "{",
      "null",
      "true",
      "hello",
      "<html><body>proxy</body></html>",
      "  <!doctype HTML><p>",
      "<a><b></a>",
      '{"id":"\255"}',
    } do
      local value, err = read(200, body, { ["content-type"] = "text/html" })
      assert.is_nil(value, body)
      assert.are.equal("protocol", err.kind, body)
      assert.are.equal(200, err.status)
    end
  end)
end)

describe("response.read, for values", function()
  it("takes an empty body for a fault where a body is documented", function()
    for _, status in ipairs { 200, 204 } do
      local value, err = read(status, "")
      assert.is_nil(value)
      assert.are.equal("protocol", err.kind)
      assert.matches("empty", err.message, 1, true)
      assert.are.same({}, read(status, "", nil, { result = "any" }))
    end
  end)

  it("takes no part for the whole, and nothing encoded", function()
    for _, operation in ipairs { DETAIL, KEYTAB } do
      local value, err = read(206, '{"id":"a"}', nil, operation)
      assert.is_nil(value)
      assert.are.equal("protocol", err.kind)
      value, err = read(200, "\31\139", { ["content-encoding"] = "gzip" }, operation)
      assert.is_nil(value)
      assert.are.equal("protocol", err.kind)
      assert.matches("Content-Encoding: gzip", err.message, 1, true)
    end
    local _, err = read(403, "\31\139", { ["content-encoding"] = "gzip" })
    assert.are.equal("forbidden", err.kind)
    assert.matches("Content-Encoding: gzip", err.message, 1, true)
    assert.are.same({ id = "a", quotas = {} }, read(200, '{"id":"a"}', { ["content-encoding"] = "identity" }))
  end)

  it("takes a body that ended with the connection, and may be cut, for a fault of the network", function()
    for _, body in ipairs { "", '{"id":"a"', "<R><id>a</id>x" } do
      local value, err =
        response_of.read(DETAIL, { status = 200, headers = {}, body = body, end_uncertain = true })
      assert.is_nil(value)
      assert.are.equal("network", err.kind)
    end
    assert.are.same(
      { id = "a", quotas = {} },
      response_of.read(DETAIL, { status = 200, headers = {}, body = '{"id":"a"}\n', end_uncertain = true })
    )
  end)

  it("leaves out success, and the message that says nothing", function()
    assert.are.same({ id = "a", quotas = {} }, read(200, '{"success":true,"message":"success","id":"a"}'))
    assert.are.same({ id = "a", quotas = {} }, read(200, '{"success":true,"message":"","id":"a"}'))
    assert.are.same({ id = "a", quotas = {} }, read(200, '{"success":true,"message":null,"id":"a"}'))
    assert.are.same(
      { id = "a", message = "takes a day", quotas = {} },
      read(200, '{"success":true,"message":"takes a day","id":"a"}')
    )
  end)

  it("keeps the reason why a name is not available", function()
    local value = read(200, '{"success":true,"availableName":"false","message":"in use"}', nil, CHECK)
    assert.are.same({ availableName = false, message = "in use" }, value)
  end)

  it("reads JSON under any label, with a byte order mark and white space before it", function()
    assert.are.same(
      { id = "a", quotas = {} },
      read(200, ' \n{"id":"a"}', { ["content-type"] = "text/plain;charset=UTF-8" })
    )
  end)

  it("gives the lifetime in seconds where its text holds it", function()
    for text, seconds in pairs {
      ["7 days, 0:0:0 (604800 seconds)"] = 604800,
      ["604800"] = 604800,
      ["0:0:1 (1 second)"] = 1,
      ["-1"] = -1,
    } do
      local value = read(200, ('{"id":"a","lifetime":"%s"}'):format(text), nil, APP)
      assert.are.equal(text, value.lifetime)
      assert.are.equal(seconds, value.lifetimeSeconds)
    end
    local value = read(200, '{"id":"a","lifetime":604800}', nil, APP)
    assert.are.equal("604800", value.lifetime)
    assert.are.equal(604800, value.lifetimeSeconds)
    value = read(200, '{"id":"a","lifetime":"forever"}', nil, APP)
    assert.is_nil(value.lifetimeSeconds)
  end)
end)

describe("response.read, for bytes", function()
  it("gives them as they are", function()
    local keytab = "\5\2\0\0\0{<\0\255"
    assert.are.equal(keytab, read(200, keytab, { ["content-type"] = "application/octet-stream" }, KEYTAB))
    assert.are.equal("{not json", read(200, "{not json", nil, KEYTAB))
  end)

  it("sees an error in disguise", function()
    local _, err = read(200, '{"success":false,"message":"no"}', nil, KEYTAB)
    assert.are.equal("refused", err.kind)
    _, err = read(200, GATEWAY, nil, KEYTAB)
    assert.are.equal("refused", err.kind)
    _, err = read(200, "<E><success>false</success><message>no</message></E>", nil, KEYTAB)
    assert.are.equal("refused", err.kind)
  end)

  it("takes no page, no object and no emptiness for a keytab", function()
    for _, body in ipairs { "", "<html>login</html>", '{"id":"a"}' } do
      local value, err = read(200, body, nil, KEYTAB)
      assert.is_nil(value)
      assert.are.equal("protocol", err.kind)
    end
  end)

  it("reads its errors like any other", function()
    local _, err = read(401, GATEWAY, nil, KEYTAB)
    assert.are.equal("auth", err.kind)
  end)
end)
