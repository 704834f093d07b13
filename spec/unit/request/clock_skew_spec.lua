-- labels: collector valgrind
local scripted_client = require "spec.support.scripted_client"
local time = require "dataforest.util.time"

local client = scripted_client.new
local ID, DETAIL = scripted_client.ID, scripted_client.DETAIL

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
        -- Another call was signed by the wrong clock as well, and its response comes first.
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
