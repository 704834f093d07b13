-- labels: collector valgrind
local dataforest = require "dataforest"
local scripted = require "spec.support.scripted_transport"
local scripted_client = require "spec.support.scripted_client"

local client = scripted_client.new
local ID, DETAIL, THROTTLED = scripted_client.ID, scripted_client.DETAIL, scripted_client.THROTTLED

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
    transport = scripted.new { DETAIL }
    df = dataforest.new {
      transport = transport,
      credentials = function()
        df:close()
        return { access_key = "AK", secret_key = "SK", expires = 1800000000 }
      end,
    }
    local _, err = df.accounts:get_detail(ID)
    assert.are.equal("closed", err.kind)
    assert.is_nil(df.keys.signer)
    assert.are.equal(0, #transport.requests)
  end)
end)

describe("a name that is misspelt", function()
  it("raises at the caller's line, with the one that was meant", function()
    local df = client {}
    local CASES = {
      {
        "df.accounts has no getList; did you mean df.accounts:get_list?",
        function()
          return df.accounts:getList()
        end,
      },
      {
        "df.accounts has no get_details; did you mean df.accounts:get_detail?",
        function()
          return df.accounts:get_details(ID)
        end,
      },
      {
        "df.apps has no remve; did you mean df.apps:remove?",
        function()
          return df.apps:remve(ID)
        end,
      },
      {
        "the client has no account; did you mean df.accounts?",
        function()
          return df.account:get_list()
        end,
      },
      {
        "the client has no app; did you mean df.apps?",
        function()
          return df.app:get_list()
        end,
      },
    }
    for _, case in ipairs(CASES) do
      local ok, message = pcall(case[2])
      assert.is_false(ok)
      assert.matches(case[1], message, 1, true)
      assert.matches("^[^:]*client_spec.lua:%d+: ", message)
    end
  end)

  it("is nil where nothing is near", function()
    local df = client {}
    assert.is_nil(df.something_else)
    assert.is_nil(df.accounts.something_else)
    assert.is_nil(df[1])
    assert.is_nil(df.accounts[1])
  end)
end)

describe("the client's clock", function()
  it("is the transport's", function()
    local df, transport = client {}
    assert.are.equal(1700000000, df:now())
    assert.is_true(df:sleep(2.5))
    assert.is_true(df:sleep(0))
    assert.are.equal(1700000002.5, df:now())
    assert.are.same({ 2.5, 0 }, transport.sleeps)
  end)

  it("says where it cannot wait, and what it does not take", function()
    local df = client({}, {
      transport = {
        send = function() end,
        sleep = function()
          return false
        end,
      },
    })
    local ok, err = df:sleep(1)
    assert.is_nil(ok)
    assert.are.equal("argument", err.kind)
    for _, seconds in ipairs { -1, 0 / 0, math.huge, "1" } do
      local fine, message = pcall(df.sleep, df, seconds)
      assert.is_false(fine)
      assert.matches("df:sleep takes a number of seconds", message, 1, true)
    end
  end)
end)
