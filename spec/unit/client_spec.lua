-- labels: collector valgrind
local core = require "dataforest.core"
local dataforest = require "dataforest"
local event_names = require "spec.support.event_names"
local scripted = require "spec.support.scripted_transport"
local time = require "dataforest.time"

local ID = "axE7wU9ERm8fTc7e17vNvu"
local DETAIL = { body = '{"success":true,"id":"axE7wU9ERm8fTc7e17vNvu","name":"df001","quotas":[]}' }
local THROTTLED = { status = 429, body = '{"error":{"errorCode":"410","message":"Throttle Limited"}}' }
local UNAVAILABLE = { status = 503, body = '{"error":{"errorCode":"500","message":"Endpoint Error"}}' }
local BROKEN = { status = 500, body = '{"message":"unexpected error","success":false}' }
local RESET = { kind = "network", message = "connection reset", sent = true }
local UNSENT = { kind = "network", message = "connection refused", sent = false }

local function client(script, options)
  local transport = scripted.new(script)
  local all = { access_key = "AK_TEST", secret_key = "SK_TEST", transport = transport }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return dataforest.new(all), transport
end

describe("a call", function()
  it("shows neither a second line nor an access key that the service repeats", function()
    local key, events = "AKMARKED123456789012", {}
    local df = client({
      {
        status = 401,
        body = '{"error":{"errorCode":"200","message":"no key '
          .. key
          .. '\\n2026 [alert] forged\\u001b[2J","details":"d\\r\\ne\\u202ef"}}',
      },
    }, {
      access_key = key,
      retry = false,
      on_event = function(event)
        events[#events + 1] = event.error and event.error.message
      end,
    })
    local _, err = df.accounts:get_list()
    assert.are.equal("no key AKMA[redacted] 2026 [alert] forged [2J", err.message)
    assert.are.equal("d ef", err.details)
    assert.are.same({ err.message, err.message }, events)
  end)

  it("sends a signed request and returns the answer", function()
    local df, transport = client { DETAIL }
    local account, err = df.accounts:get_detail(ID)
    assert.is_nil(err)
    assert.are.same({ id = ID, name = "df001", quotas = {} }, account)

    local request = transport.requests[1]
    assert.are.equal("POST", request.method)
    assert.are.equal("/api/v2/accounts/getDetail", request.target)
    assert.are.equal("https://df.apigw.ntruss.com/api/v2/accounts/getDetail", request.url)
    assert.are.equal('{"id":"axE7wU9ERm8fTc7e17vNvu"}', request.body)
    assert.are.equal("application/json", request.headers["Content-Type"])
    assert.are.equal("application/json", request.headers.Accept)
    assert.are.equal("AK_TEST", request.headers["x-ncp-iam-access-key"])
    assert.are.equal("1700000000000", request.headers["x-ncp-apigw-timestamp"])
    assert.are.equal(
      "/AXjh2OFLyWh751sUQBlG6fmdKS/OgcYmNDfkjGrcSI=",
      request.headers["x-ncp-apigw-signature-v2"]
    )
    assert.matches("^dataforest/%d+%.%d+%.%d+ ", request.headers["User-Agent"])
    assert.is_false(request.once)
    assert.are.equal(1700000030, request.deadline)
    assert.are.equal(5, request.connect_timeout)
    assert.are.equal(8 * 1024 * 1024, request.max_response_bytes)
  end)

  it("lets no transport repeat what changes something", function()
    local ok = { body = '{"success":true,"id":"a"}' }
    local df, transport = client { ok, ok, DETAIL }
    assert.are.same({ id = "a" }, df.accounts:create { name = "df001", password = "Abcdef1!" })
    assert.is_true(transport.requests[1].once)
    -- A second deletion would find nothing, and make an error of what the first one did.
    assert.are.same({ id = "a" }, df.accounts:delete(ID))
    assert.is_true(transport.requests[2].once)
    assert.is_table(df.accounts:get_detail(ID))
    assert.is_false(transport.requests[3].once)
  end)

  it("sends an empty list as a list, and an empty table as a table", function()
    local df, transport = client { { body = '{"success":true}' }, { body = '{"success":true}' } }
    local app = { accountId = ID, appTypeId = "DEV-1.0.0", name = "dev001", components = {} }
    assert.is_table(df.apps:create(app))
    assert.matches('"components":[]', transport.requests[1].body, 1, true)
    assert.is_table(df.accounts:get_list())
    assert.are.equal("{}", transport.requests[2].body)
  end)

  it("puts the path of the base address in front, in what is sent and in what is signed", function()
    local df, transport = client({ DETAIL }, { base_url = "https://gateway.example:8443/df/" })
    assert.is_table(df.accounts:get_detail(ID))
    local request = transport.requests[1]
    assert.are.equal("https://gateway.example:8443/df/api/v2/accounts/getDetail", request.url)
    assert.are.equal("/df/api/v2/accounts/getDetail", request.target)
    assert.are.equal((dataforest.sign {
      method = "POST",
      target = request.target,
      timestamp = 1700000000000,
      access_key = "AK_TEST",
      secret_key = "SK_TEST",
    }), request.headers["x-ncp-apigw-signature-v2"])
  end)

  it("takes options of its own", function()
    local df, transport = client { DETAIL, DETAIL }
    assert.is_table(
      df.accounts:get_detail(ID, { timeout = 7, format = "xml", headers = { ["X-Team"] = "a" } })
    )
    assert.are.equal(1700000007, transport.requests[1].deadline)
    assert.are.equal("application/xml", transport.requests[1].headers["Content-Type"])
    assert.are.equal("application/xml", transport.requests[1].headers.Accept)
    assert.are.equal("a", transport.requests[1].headers["X-Team"])
    assert.matches(
      "<GetAccountDetailRequest><id>" .. ID .. "</id></GetAccountDetailRequest>",
      transport.requests[1].body,
      1,
      true
    )
    assert.is_table(df.accounts:get_detail(ID))
    assert.is_nil(transport.requests[2].headers["X-Team"])
    assert.are.equal(1700000030, transport.requests[2].deadline)
  end)

  it("refuses options that it does not know, and headers that are its own", function()
    local df, transport = client {}
    local CASES = {
      { { tiemout = 1 }, "tiemout" },
      { { timeout = 0 }, "timeout" },
      { { format = "yaml" }, "format" },
      { { headers = { ["x-ncp-iam-access-key"] = "other" } }, "headers" },
      { { headers = { Host = "other" } }, "headers" },
      { { headers = { ["X-A"] = "a\r\nB: c" } }, "headers" },
      { { headers = { ["X-A"] = "a\0" } }, "headers" },
      { { headers = { ["X A"] = "a" } }, "headers" },
      { { headers = { ["X-A"] = 7 } }, "headers" },
    }
    for _, case in ipairs(CASES) do
      local value, err = df.accounts:get_detail(ID, case[1])
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.are.equal(case[2], err.field)
    end
    local _, err = df.accounts:get_detail(ID, "xml")
    assert.are.equal("argument", err.kind)
    assert.are.equal(0, #transport.requests)
  end)

  it("says how to call where the colon was forgotten", function()
    local df = client {}
    local ok, message = pcall(df.accounts.get_detail, ID)
    assert.is_false(ok)
    assert.matches("df.accounts:get_detail(...)", message, 1, true)
  end)

  it("reaches any operation by its name, unknown ones included", function()
    local df, transport =
      client { DETAIL, { body = '{"success":true,"message":"success","contents":[{"no":1}]}' } }
    assert.are.equal("df001", df:call("accounts/getDetail", ID).name)
    local value = df:call("notebooks/getNewThings", { vpcNo = 12 })
    assert.are.same({ contents = { { no = 1 } } }, value)
    assert.are.equal("/api/v2/notebooks/getNewThings", transport.requests[2].target)
    assert.are.equal('{"vpcNo":12}', transport.requests[2].body)
    assert.is_false(transport.requests[2].once)
  end)

  it("treats an unknown operation that may change something as one to run once", function()
    local df, transport = client { { body = "{}" } }
    assert.are.same({}, df:call "accounts/renameEverything")
    assert.is_true(transport.requests[1].once)
    assert.are.equal("{}", transport.requests[1].body)
  end)

  it("refuses names that are none", function()
    local df, transport = client {}
    for _, name in ipairs {
      "",
      "accounts",
      "accounts/../x",
      "accounts/get Detail",
      "a/b/c",
      "a/b\r\nX: y",
      "/a/b",
    } do
      local value, err = df:call(name, {})
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
    end
    local _, err = df:call(nil)
    assert.are.equal("argument", err.kind)
    _, err = df:call("accounts/newThing", "text")
    assert.are.equal("argument", err.kind)
    _, err = df:call("accounts/newThing", {}, { format = "xml" })
    assert.are.equal("argument", err.kind)
    assert.are.equal(0, #transport.requests)
  end)

  it("checks parameters before anything is sent, unless told not to", function()
    local df, transport = client {}
    local value, err = df.accounts:get_detail "not-base62"
    assert.is_nil(value)
    assert.are.equal("argument", err.kind)
    assert.are.equal("id", err.field)
    assert.are.equal("accounts/getDetail", err.operation)
    assert.is_false(err.retryable)
    assert.are.equal(0, #transport.requests)

    df, transport = client({ DETAIL }, { validate = false })
    assert.is_table(df.accounts:get_detail "not-base62")
    assert.are.equal(1, #transport.requests)
  end)

  it("fails with closed after close, which may be said twice", function()
    local df, transport = client {}
    df:close()
    df:close()
    local value, err = df.accounts:get_detail(ID)
    assert.is_nil(value)
    assert.are.equal("closed", err.kind)
    assert.are.equal(0, #transport.requests)
  end)

  it("lets an interrupt through, which is not the transport's", function()
    local df = dataforest.new {
      access_key = "AK",
      secret_key = "SK",
      transport = function()
        error "interrupted!"
      end,
    }
    local ok, raised = pcall(df.accounts.get_list, df.accounts)
    assert.is_false(ok)
    assert.matches("interrupted!$", raised)
  end)

  it("takes a plain function for a transport", function()
    local seen
    local df = dataforest.new {
      access_key = "AK",
      secret_key = "SK",
      transport = function(request)
        seen = request
        return { status = 200, headers = {}, body = '{"success":true,"total":0,"contents":[]}' }
      end,
    }
    assert.are.same({ total = 0, contents = {} }, df.accounts:get_list())
    assert.are.equal("/api/v2/accounts/getList", seen.target)
    assert.is_true(math.abs(seen.deadline - core.monotonic() - 30) < 5)
  end)
end)

describe("an error", function()
  it("is one readable line, with every field", function()
    local df = client {
      {
        status = 404,
        headers = { ["x-ncp-trace-id"] = "7c56" },
        body = '{"message":"no such element","success":false}',
      },
    }
    local value, err = df.accounts:get_detail(ID)
    assert.is_nil(value)
    assert.are.equal("not_found", err.kind)
    assert.are.equal("accounts/getDetail", err.operation)
    assert.are.equal(404, err.status)
    assert.are.equal("7c56", err.request_id)
    assert.are.equal(1, err.attempts)
    assert.is_false(err.retryable)
    assert.are.equal("accounts/getDetail: not_found: no such element (HTTP 404, request 7c56)", tostring(err))
  end)

  it("has the service's details in its line, and by themselves", function()
    local df = client {
      {
        status = 401,
        body = '{"error":{"errorCode":"200","message":"Authentication Failed","details":"No such key."}}',
      },
    }
    local _, err = df.accounts:get_list()
    assert.are.equal("Authentication Failed", err.message)
    assert.are.equal("No such key.", err.details)
    assert.are.equal(
      "accounts/getList: auth: Authentication Failed: No such key. (HTTP 401, code 200)",
      tostring(err)
    )
  end)

  it("does not quote the password that the server repeats", function()
    local df = client({
      {
        status = 400,
        body = [[{"message":"invalid request parameter (password, 'qaZ123@').","success":false}]],
      },
    }, { validate = false })
    local _, err = df.accounts:create { name = "df001", password = "qaZ123@" }
    assert.are.equal("invalid request parameter (password, '[redacted]').", err.message)
  end)

  it("does not quote the signature that the server repeats", function()
    local df = client {
      function(request)
        return {
          status = 401,
          body = ('{"error":{"errorCode":"200","message":"bad signature %s"}}'):format(
            request.headers["x-ncp-apigw-signature-v2"]
          ),
        }
      end,
    }
    local _, err = df.accounts:get_detail(ID)
    assert.are.equal("bad signature [redacted]", err.message)
  end)

  it("is in doubt where a change may have been made, and says so", function()
    local BODY = '{"success":true,"id":'
    local CASES = {
      { RESET, true },
      { UNSENT, false },
      { { kind = "timeout", message = "no response in time", sent = true }, true },
      { { kind = "protocol", message = "malformed", sent = true }, true },
      { { kind = "limit", message = "too large", sent = true }, true },
      { BROKEN, true },
      { { status = 502 }, true },
      { { status = 504 }, true },
      { UNAVAILABLE, true },
      { { body = BODY }, true },
      { { body = "<html>" }, true },
      { { body = "" }, true },
      { { status = 302 }, true },
      { { body = '{"success":false,"message":"no"}' }, false },
      { { status = 400 }, false },
      { { status = 401 }, false },
      { { status = 403 }, false },
      { { status = 404 }, false },
      { THROTTLED, false },
    }
    for index, case in ipairs(CASES) do
      for _, method in ipairs { "create", "delete", "get_detail" } do
        local events = {}
        local df = client({ case[1] }, {
          retry = false,
          on_event = function(event)
            events[#events + 1] = event
          end,
        })
        local params = method == "create" and { name = "df001", password = "Abcdef1!" } or ID
        local value, err = df.accounts[method](df.accounts, params)
        assert.is_nil(value)
        local expected = case[2] and method ~= "get_detail"
        assert.are.equal(expected, err.in_doubt, index .. " " .. method)
        assert.are.equal(expected, tostring(err):find("look before you repeat it", 1, true) ~= nil)
        assert.are.equal(expected, events[1].in_doubt)
        assert.are.equal(expected, events[2].in_doubt)
      end
    end
  end)

  it("stays in doubt where an attempt before the last one was", function()
    local df = client({ UNAVAILABLE, { status = 400 } }, { retry = { base_delay = 0 } })
    local _, err = df.accounts:set_quota { id = ID, namespace = "koya", fileCountMillion = 2, spaceTb = 300 }
    assert.are.equal("invalid", err.kind)
    assert.is_true(err.in_doubt)
  end)

  it("holds what the service says about when to try again", function()
    local df = client({
      { status = 429, headers = { ["retry-after"] = "1.5" } },
      { status = 503, headers = { ["retry-after"] = "3, 7" } },
      { status = 503, headers = { ["retry-after"] = time.to_http_date(1700000009) } },
      { status = 503 },
    }, { retry = false })
    for _, seconds in ipairs { 1.5, 7, 9 } do
      local _, err = df.accounts:get_list()
      assert.are.equal(seconds, err.retry_after)
    end
    local _, err = df.accounts:get_list()
    assert.is_nil(err.retry_after)
  end)
end)

describe("retries", function()
  it("are signed anew, with a fresh timestamp", function()
    local df, transport = client({ THROTTLED, THROTTLED, DETAIL }, { retry = { base_delay = 10 } })
    assert.is_table(df.accounts:get_detail(ID))
    assert.are.equal(3, #transport.requests)
    assert.are.equal(2, #transport.sleeps)
    local seen = {}
    for _, request in ipairs(transport.requests) do
      local timestamp = request.headers["x-ncp-apigw-timestamp"]
      assert.is_nil(seen[timestamp])
      seen[timestamp] = true
      assert.are.equal((dataforest.sign {
        method = "POST",
        target = request.target,
        timestamp = timestamp,
        access_key = "AK_TEST",
        secret_key = "SK_TEST",
      }), request.headers["x-ncp-apigw-signature-v2"])
    end
  end)

  it("stop after three attempts, and the error says so", function()
    local df, transport = client { UNAVAILABLE, UNAVAILABLE, UNAVAILABLE }
    local value, err = df.accounts:get_detail(ID)
    assert.is_nil(value)
    assert.are.equal("server", err.kind)
    assert.are.equal(3, err.attempts)
    assert.is_true(err.retryable)
    assert.matches("3 attempts", tostring(err), 1, true)
    assert.are.equal(3, #transport.requests)
  end)

  it("can be turned off, for the client and for a call", function()
    local df, transport = client({ THROTTLED }, { retry = false })
    local _, err = df.accounts:get_detail(ID)
    assert.are.equal(1, err.attempts)
    assert.are.equal(1, #transport.requests)
    df = client { THROTTLED }
    _, err = df.accounts:get_detail(ID, { retry = false })
    assert.are.equal(1, err.attempts)
    df, transport = client({ THROTTLED, DETAIL }, { retry = false })
    assert.is_table(df.accounts:get_detail(ID, { retry = { attempts = 2, base_delay = 0.1, max_delay = 1 } }))
    assert.are.equal(2, #transport.requests)
  end)

  it("follow the operation's effect", function()
    local CASES = {
      { "get_detail", RESET, 3 },
      { "get_detail", BROKEN, 2 },
      { "delete", RESET, 1 },
      { "delete", UNSENT, 3 },
      { "delete", UNAVAILABLE, 3 },
      { "delete", BROKEN, 1 },
      { "reset_kerberos_keytab", RESET, 1 },
      { "reset_kerberos_keytab", UNSENT, 3 },
      { "reset_kerberos_keytab", UNAVAILABLE, 1 },
      { "reset_kerberos_keytab", THROTTLED, 3 },
    }
    for _, case in ipairs(CASES) do
      local df, transport = client { case[2], case[2], case[2], case[2] }
      local value, err = df.accounts[case[1]](df.accounts, ID)
      assert.is_nil(value)
      assert.are.equal(case[3], #transport.requests, case[1] .. " " .. (case[2].message or case[2].body))
      assert.are.equal(case[3], err.attempts)
      -- What was worth another attempt may be worth one more, later.
      assert.are.equal(case[3] > 1, err.retryable)
    end
  end)

  it("take the 404 of a repeated delete for success, and of a first one for an error", function()
    local GONE = { status = 404, body = '{"message":"no such element","success":false}' }
    local df = client { UNAVAILABLE, GONE }
    assert.are.same({ id = ID }, df.accounts:delete(ID))
    df = client { GONE }
    local value, err = df.accounts:delete(ID)
    assert.is_nil(value)
    assert.are.equal("not_found", err.kind)
  end)

  it("wait as long as Retry-After says, in both forms", function()
    local df, transport = client {
      { status = 429, headers = { ["retry-after"] = "7" }, body = "" },
      { status = 503, headers = { ["retry-after"] = time.to_http_date(1700000007 + 9) }, body = "" },
      DETAIL,
    }
    assert.is_table(df.accounts:get_detail(ID))
    assert.are.same({ 7, 9 }, transport.sleeps)
  end)

  it("do not wait for what lies behind the deadline", function()
    local df, transport = client { { status = 429, headers = { ["retry-after"] = "31" }, body = "" } }
    local _, err = df.accounts:get_detail(ID)
    assert.are.equal("throttled", err.kind)
    assert.are.equal(1, err.attempts)
    assert.are.same({}, transport.sleeps)
  end)

  it("take a date to retry after by the service's clock", function()
    local behind = 3600 -- seconds that this machine's clock is behind
    local df, transport = client({
      { status = 401, headers = { date = time.to_http_date(1700000000 + behind) } },
      { status = 429, headers = { ["retry-after"] = time.to_http_date(1700000000 + behind + 9) }, body = "" },
      DETAIL,
    }, { retry = { base_delay = 0 } })
    assert.is_table(df.accounts:get_detail(ID))
    assert.are.same({ 9 }, transport.sleeps)
  end)

  it("do not take for success the 404 of a deletion that was sent again for a wrong clock only", function()
    local refused = { status = 401, headers = { date = time.to_http_date(1700003600) } }
    local df, transport = client { refused, { status = 404 } }
    local value, err = df.accounts:delete(ID)
    assert.is_nil(value)
    assert.are.equal("not_found", err.kind)
    assert.are.equal(2, #transport.requests)
  end)

  it("hold the last cause, and no more than that of the attempt before", function()
    local LATE = { kind = "timeout", message = "no answer in time", sent = true }
    local df = client({ RESET, LATE, LATE, LATE }, { retry = { attempts = 4, base_delay = 0 } })
    local _, err = df.accounts:get_detail(ID)
    assert.are.equal(4, err.attempts)
    assert.are.equal(
      "no answer in time; the attempt before ended with timeout: no answer in time",
      err.message
    )
    assert.matches("4 attempts", tostring(err), 1, true)
  end)

  it("stop when the bucket is empty", function()
    local script = {}
    for index = 1, 300 do
      script[index] = THROTTLED
    end
    local df, transport = client(script)
    for _ = 1, 60 do
      assert.is_nil((df.accounts:get_detail(ID)))
    end
    -- 60 calls, and 500 tokens at 5 each.
    assert.are.equal(60 + 100, #transport.requests)
  end)

  it("give each attempt its own timeout within the call's", function()
    local SLOW = function(request, transport)
      transport.clock = request.deadline
      return { kind = "timeout", message = "no answer in time", sent = true }
    end
    local df, transport = client(
      { SLOW, SLOW, SLOW },
      { attempt_timeout = 4, timeout = 10, retry = { base_delay = 0 } }
    )
    local _, err = df.accounts:get_detail(ID)
    assert.are.equal("timeout", err.kind)
    assert.are.equal(1700000004, transport.requests[1].deadline)
    assert.are.equal(1700000008, transport.requests[2].deadline)
    assert.are.equal(1700000010, transport.requests[3].deadline)
    assert.are.equal(3, err.attempts)
    assert.are.equal(
      "no answer in time; the attempt before ended with timeout: no answer in time",
      err.message
    )
  end)
end)

describe("a clock that is wrong", function()
  local function refused(difference)
    return function(_, transport)
      return {
        status = 401,
        headers = { date = time.to_http_date(transport:now() + difference) },
        body = '{"error":{"errorCode":"200","message":"Authentication Failed"}}',
      }
    end
  end

  it("is made up for, once, and remembered", function()
    for _, difference in ipairs { 3600, -3600, 241, 86400 } do
      local df, transport = client { refused(difference), DETAIL, DETAIL }
      assert.is_table(df.accounts:get_detail(ID))
      assert.are.equal(
        ("%.0f"):format((1700000000 + difference) * 1000),
        transport.requests[2].headers["x-ncp-apigw-timestamp"]
      )
      assert.is_table(df.accounts:get_detail(ID))
      assert.are.equal(3, #transport.requests)
      assert.are.equal(
        ("%.0f"):format((1700000000 + difference) * 1000),
        transport.requests[3].headers["x-ncp-apigw-timestamp"]
      )
    end
  end)

  it("works for what must run once, and with retries turned off", function()
    local df, transport = client({ refused(900), { body = '{"success":true,"id":"a"}' } }, { retry = false })
    assert.is_table(df.accounts:create { name = "df001", password = "Abcdef1!" })
    assert.are.equal(2, #transport.requests)
  end)

  it("is not blamed where the clocks agree, or are a day and more apart", function()
    for _, difference in ipairs { 0, 240, -240, 86401, -86401 } do
      local df, transport = client { refused(difference) }
      local _, err = df.accounts:get_detail(ID)
      assert.are.equal("auth", err.kind)
      assert.are.equal(1, #transport.requests)
    end
  end)

  it("is not blamed over plain http, nor for a missing permission, nor without a Date", function()
    local df, transport = client({ refused(900) }, { base_url = "http://127.0.0.1:8080" })
    assert.is_nil((df.accounts:get_detail(ID)))
    assert.are.equal(1, #transport.requests)

    df, transport = client {
      {
        status = 401,
        headers = { date = time.to_http_date(1700009000) },
        body = '{"error":{"errorCode":"210","message":"Permission Denied"}}',
      },
    }
    assert.is_nil((df.accounts:get_detail(ID)))
    assert.are.equal(1, #transport.requests)

    df, transport = client { { status = 401 } }
    assert.is_nil((df.accounts:get_detail(ID)))
    assert.are.equal(1, #transport.requests)
  end)

  it("is made up for by each of several calls at once", function()
    local df
    local ok = { body = '{"success":true,"total":0,"contents":[]}' }
    local transport
    df, transport = client {
      function(...)
        -- Another call was signed by the wrong clock as well, and its answer comes first.
        assert.is_table(df.accounts:get_list())
        return refused(3600)(...)
      end,
      refused(3600),
      ok,
      DETAIL,
    }
    assert.is_table(df.accounts:get_detail(ID))
    assert.are.equal(4, #transport.requests)
  end)

  it("is told of in the error where it was not enough", function()
    local df, transport = client { refused(900), refused(3600) }
    local _, err = df.accounts:get_detail(ID)
    assert.are.equal("auth", err.kind)
    assert.matches(
      "this machine's clock is 3600 seconds behind the service's: set it right",
      err.message,
      1,
      true
    )
    assert.are.equal(2, #transport.requests)
  end)

  it("is taken back when it was set right", function()
    local df, transport = client { refused(900), DETAIL, refused(0), DETAIL }
    assert.is_table(df.accounts:get_detail(ID))
    assert.is_table(df.accounts:get_detail(ID))
    assert.are.equal("1700000000000", transport.requests[4].headers["x-ncp-apigw-timestamp"])
  end)
end)

describe("events", function()
  it("tell of each attempt, pause and end", function()
    local events = {}
    local df = client({ THROTTLED, { body = DETAIL.body, reused = true } }, {
      on_event = function(event)
        events[#events + 1] = event
      end,
    })
    assert.is_table(df.accounts:get_detail(ID))
    assert.are.equal("attempt retry attempt success", event_names(events))
    assert.are.equal("accounts/getDetail", events[1].operation)
    assert.are.equal(1, events[1].attempt)
    assert.are.equal(429, events[1].status)
    assert.are.equal("throttled", events[1].kind)
    assert.are.equal(#THROTTLED.body, events[1].bytes)
    assert.are.equal(0, events[1].seconds)
    assert.are.equal("throttled", events[2].reason)
    assert.is_number(events[2].pause)
    assert.are.equal(429, events[2].status)
    assert.are.equal(#THROTTLED.body, events[2].bytes)
    assert.are.equal(0, events[2].seconds)
    for _, event in ipairs(events) do
      assert.is_number(event.seconds)
      assert.is_number(event.bytes)
      assert.is_number(event.status)
      assert.is_number(event.attempt)
      assert.are.equal("accounts/getDetail", event.operation)
    end
    assert.are.equal(2, events[4].attempt)
    assert.are.equal(200, events[4].status)
    assert.is_true(events[4].reused)
    assert.are.equal(#DETAIL.body, events[4].bytes)
  end)

  it("tell of failures, and of a clock that was wrong", function()
    local events = {}
    local df = client({
      { status = 401, headers = { date = time.to_http_date(1700003600) } },
      { status = 404 },
    }, {
      on_event = function(event)
        events[#events + 1] = event
      end,
    })
    local _, err = df.accounts:get_detail(ID)
    assert.are.equal("attempt clock attempt failure", event_names(events))
    assert.are.equal(3600, events[2].offset)
    assert.matches("3600 seconds behind", events[2].message, 1, true)
    assert.are.equal(err, events[4].error)
  end)

  it("do no harm where the hook raises", function()
    local df = client({ THROTTLED, DETAIL }, {
      on_event = function()
        error "no"
      end,
    })
    assert.is_table(df.accounts:get_detail(ID))
  end)
end)

describe("a client that is closed during a call", function()
  it("ends the call with closed, without another attempt", function()
    local df, transport
    df, transport = client({ THROTTLED, DETAIL }, {
      on_event = function(event)
        if event.name == "retry" then
          df:close()
        end
      end,
    })
    local value, err = df.accounts:get_detail(ID)
    assert.is_nil(value)
    assert.are.equal("closed", err.kind)
    assert.are.equal(1, #transport.requests)
  end)

  it("keeps no keys that a provider gives after that", function()
    local df, transport
    df, transport = client({ DETAIL }, {
      credentials = function()
        df:close()
        return { access_key = "AK", secret_key = "SK", expires = 1800000000 }
      end,
    })
    df.signer, df.access_key = nil, nil
    local _, err = df.accounts:get_detail(ID)
    assert.are.equal("closed", err.kind)
    assert.is_nil(df.signer)
    assert.are.equal(0, #transport.requests)
  end)
end)

describe("dataforest.sign", function()
  it("returns the signature and the exact text", function()
    local signature, text = dataforest.sign {
      method = "POST",
      target = "/api/v2/accounts/getDetail",
      timestamp = 1700000000000,
      access_key = "AK_TEST",
      secret_key = "SK_TEST",
    }
    assert.are.equal("/AXjh2OFLyWh751sUQBlG6fmdKS/OgcYmNDfkjGrcSI=", signature)
    assert.are.equal("POST /api/v2/accounts/getDetail\n1700000000000\nAK_TEST", text)
  end)

  it("raises at the caller's line, naming the field", function()
    for _, field in ipairs { "method", "target", "timestamp", "access_key", "secret_key" } do
      local fields = { method = "POST", target = "/", timestamp = 1, access_key = "a", secret_key = "b" }
      fields[field] = nil
      local ok, message = pcall(function()
        dataforest.sign(fields)
      end)
      assert.is_false(ok)
      assert.matches("client_spec.lua", message, 1, true)
      assert.matches(field, message, 1, true)
    end
    for _, field in ipairs { "method", "target", "access_key", "secret_key" } do
      for _, bad in ipairs { "a\rb", "a\nb", "a\0b" } do
        local fields = { method = "POST", target = "/", timestamp = 1, access_key = "a", secret_key = "b" }
        fields[field] = bad
        local ok, message = pcall(dataforest.sign, fields)
        -- A secret key is text of any kind; everything that is signed is checked.
        if field ~= "secret_key" then
          assert.is_false(ok, field)
          assert.matches("dataforest.sign", message, 1, true)
        end
      end
    end
    assert.is_false((pcall(dataforest.sign, "x")))
  end)
end)
