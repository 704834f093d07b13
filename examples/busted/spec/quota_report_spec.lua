-- A suite for quota_report.lua. Run it with `busted` in examples/busted, with dataforest installed;
-- `make test` runs it from the source tree.

local here = debug.getinfo(1, "S").source:match "^@(.*)spec/[^/]*$"
package.path = here .. "?.lua;" .. package.path

local dataforest = require "dataforest"
local quota_report = require "quota_report"
local testing = require "dataforest.testing"

describe("the quota report", function()
  local df, emulator, id

  before_each(function()
    df, emulator = testing.client()
    id = assert(df.accounts:create { name = "df001", password = "Forest-7x" }).id
  end)

  it("says when an account is not ready, and three minutes later that it is", function()
    assert.are.same({ "df001: not ready (ACCEPTED)" }, quota_report.lines(df))
    emulator:advance(180)
    assert.are.same({ "df001: koya 200 TB, tata 200 TB" }, quota_report.lines(df))
  end)

  it("is not troubled by a service that is busy for a moment", function()
    emulator:fail_next { code = "410", times = 2 }
    assert.is_table(quota_report.lines(df))
    assert.called_operation(emulator, "accounts/getList", 3)
  end)

  it("gives the reason when the service stays down", function()
    emulator:fail_next { status = 503, times = 3 }
    local lines, reason = quota_report.lines(df)
    assert.is_nil(lines)
    assert.matches("3 attempts", reason, 1, true)
  end)

  it("has a word for refused keys", function()
    local wrong = dataforest.new {
      transport = emulator:transport(),
      access_key = emulator.access_key,
      secret_key = "last month's",
    }
    local lines, reason = quota_report.lines(wrong)
    assert.is_nil(lines)
    assert.are.equal("The keys were refused. Are they this month's?", reason)
  end)

  it("doubles a quota, and stops where the service does", function()
    assert.are.equal(400, quota_report.double(df, id, "koya"))
    assert.called_operation(emulator, "accounts/setQuota", { namespace = "koya", spaceTb = 400 })
    assert.are.equal(500, quota_report.double(df, id, "koya"))
  end)

  it("changes nothing if the response is a refusal", function()
    emulator:fail_next { operation = "accounts/setQuota", status = 400 }
    local space, err = quota_report.double(df, id, "tata")
    assert.is_nil(space)
    assert.is_dataforest_error("invalid", err)
    assert.are.equal(200, df.accounts:get_detail(id).quotas[2].spaceTb)
  end)
end)

describe("the quota report, on recorded responses", function()
  it("reads what came back on that day", function()
    local player = testing.player { path = here .. "spec/recorded.jsonl" }
    local df = dataforest.new { transport = player, access_key = "any", secret_key = "any" }
    assert.are.same({ "df-api: koya 200 TB, tata 300 TB" }, quota_report.lines(df))
    assert.are.equal(0, player:left())
  end)
end)
