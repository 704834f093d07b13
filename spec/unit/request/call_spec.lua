-- labels: collector valgrind
local core = require "dataforest.core"
local dataforest = require "dataforest"
local scripted_client = require "spec.support.scripted_client"
local time = require "dataforest.util.time"

local client = scripted_client.new
local ID, DETAIL, THROTTLED, UNAVAILABLE, BROKEN, RESET, UNSENT =
  scripted_client.ID,
  scripted_client.DETAIL,
  scripted_client.THROTTLED,
  scripted_client.UNAVAILABLE,
  scripted_client.BROKEN,
  scripted_client.RESET,
  scripted_client.UNSENT

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

  it("sends a signed request and returns the response", function()
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
    local LATE = { kind = "timeout", message = "no response in time", sent = true }
    local df = client({ RESET, LATE, LATE, LATE }, { retry = { attempts = 4, base_delay = 0 } })
    local _, err = df.accounts:get_detail(ID)
    assert.are.equal(4, err.attempts)
    assert.are.equal(
      "no response in time; the attempt before ended with timeout: no response in time",
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
      return { kind = "timeout", message = "no response in time", sent = true }
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
      "no response in time; the attempt before ended with timeout: no response in time",
      err.message
    )
  end)
end)

describe("the option headers", function()
  it("adds to each request, and a call's own win, in any case", function()
    local df, transport = client(
      { DETAIL, DETAIL },
      { headers = { ["X-Team"] = "a", ["user-agent"] = "mine" } }
    )
    assert(df.accounts:get_detail(ID))
    assert.are.equal("a", transport.requests[1].headers["X-Team"])
    assert.are.equal("mine", transport.requests[1].headers["user-agent"])
    assert.is_nil(transport.requests[1].headers["User-Agent"])
    assert(df.accounts:get_detail(ID, { headers = { ["x-team"] = "b" } }))
    assert.are.equal("b", transport.requests[2].headers["x-team"])
    assert.is_nil(transport.requests[2].headers["X-Team"])
  end)

  it("may be a function of the request, asked for each attempt", function()
    local seen = {}
    local df, transport = client({ THROTTLED, DETAIL }, {
      headers = function(request)
        seen[#seen + 1] = request
        return { traceparent = "00-" .. request.operation .. "-" .. request.attempt }
      end,
    })
    assert(df.accounts:get_detail(ID, { headers = { ["X-Team"] = "a" } }))
    assert.are.equal("00-accounts/getDetail-1", transport.requests[1].headers.traceparent)
    assert.are.equal("00-accounts/getDetail-2", transport.requests[2].headers.traceparent)
    assert.are.equal("a", transport.requests[2].headers["X-Team"])
    assert.are.equal("POST", seen[1].method)
    assert.are.equal("/api/v2/accounts/getDetail", seen[1].target)
    assert.are.equal("https://df.apigw.ntruss.com/api/v2/accounts/getDetail", seen[1].url)
    df = client({ DETAIL }, { headers = function() end })
    assert(df.accounts:get_detail(ID))
  end)

  it("is a fault of the caller's where the function raises, or gives no headers", function()
    for _, case in ipairs {
      {
        function()
          error "no trace"
        end,
        "option headers raised: .*no trace",
      },
      {
        function()
          return "X-A: b"
        end,
        "option headers must return a table, got a string",
      },
      {
        function()
          return { Host = "a" }
        end,
        "what option headers returned field Host is set by the library",
      },
      {
        function()
          return { ["X-A"] = "a\r\nB: c" }
        end,
        "without control characters",
      },
    } do
      local df, transport = client({}, { headers = case[1] })
      local value, err = df.accounts:get_detail(ID)
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.are.equal("headers", err.field)
      assert.matches(case[2], err.message)
      assert.is_false(err.sent)
      assert.are.equal(0, #transport.requests)
    end
  end)
end)

describe("a pause", function()
  it("that cannot be made ends the call", function()
    local _, transport = client { THROTTLED }
    transport.sleep = function()
      return false
    end
    local df = dataforest.new { access_key = "AK", secret_key = "SK", transport = transport }
    local value, err = df.accounts:get_detail(ID)
    assert.is_nil(value)
    assert.are.equal("throttled", err.kind)
    assert.are.equal(1, #transport.requests)
  end)
end)

describe("a call of a list", function()
  it("takes options without parameters", function()
    local df, transport = client { { body = '{"contents":[]}' }, { body = '{"contents":[]}' } }
    assert(df.accounts:get_list(nil, { timeout = 7 }))
    assert.are.equal(7, transport.requests[1].timeout)
    assert(df.accounts:get_list())
    assert.are.equal(30, transport.requests[2].timeout)
  end)
end)
