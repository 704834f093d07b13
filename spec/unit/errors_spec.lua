-- labels: collector valgrind
local errors = require "dataforest.errors"
local scripted_client = require "spec.support.scripted_client"
local time = require "dataforest.util.time"

local client = scripted_client.new
local ID, THROTTLED, UNAVAILABLE, BROKEN, RESET, UNSENT =
  scripted_client.ID,
  scripted_client.THROTTLED,
  scripted_client.UNAVAILABLE,
  scripted_client.BROKEN,
  scripted_client.RESET,
  scripted_client.UNSENT

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

describe("errors.new", function()
  it("makes one line of a message, whatever it holds", function()
    local err = errors.new {
      kind = "server",
      message = "a\r\nb\0c\27[31m\194\155d\226\128\168e",
      operation = "accounts/getList",
      code = "1\n2",
      request_id = "x\ny",
      details = "more\nlines",
    }
    assert.is_nil(err.message:find "[%z\1-\31\127]")
    assert.is_nil(tostring(err):find "[%z\1-\31\127]")
    assert.matches("^accounts/getList: server: a b c", tostring(err))
    assert.matches("more lines", tostring(err), 1, true)
  end)

  it("can be joined with text", function()
    local err = errors.new { kind = "invalid", message = "no" }
    assert.are.equal("it failed: invalid: no", "it failed: " .. err)
    assert.are.equal("invalid: no!", err .. "!")
    assert.are.equal("1: invalid: no", 1 .. ": " .. err)
    assert.are.equal("invalid: noinvalid: no", err .. err)
  end)

  it("says whether the request may have left", function()
    assert.is_false(errors.new({ kind = "argument", message = "no" }).sent)
    assert.is_false(errors.new({ kind = "credentials", message = "no" }).sent)
    assert.is_true(errors.new({ kind = "invalid", message = "no", status = 400 }).sent)
    assert.is_true(errors.new({ kind = "closed", message = "no", sent = true }).sent)
    assert.is_false(errors.new({ kind = "argument", message = "no" }).in_doubt)
  end)

  it("knows its kinds", function()
    assert.is_true(errors.is(errors.new { kind = "quota", message = "no" }))
    assert.is_true(errors.is(errors.new({ kind = "quota", message = "no" }), errors.QUOTA))
    assert.is_false(errors.is(errors.new({ kind = "quota", message = "no" }), errors.AUTH))
    assert.is_false(errors.is "quota")
    assert.is_false((pcall(errors.new, { kind = "odd", message = "no" })))
  end)
end)
