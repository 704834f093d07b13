-- labels: collector valgrind
local event_names = require "spec.support.event_names"
local scripted_client = require "spec.support.scripted_client"
local time = require "dataforest.util.time"

local client = scripted_client.new
local ID, DETAIL, THROTTLED = scripted_client.ID, scripted_client.DETAIL, scripted_client.THROTTLED

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

describe("a hook that raises", function()
  it("does no harm, and is reported once", function()
    local reports = {}
    local df = client({ THROTTLED, DETAIL, DETAIL }, {
      on_event = function()
        error "my\nhook"
      end,
      on_error = function(message, event)
        reports[#reports + 1] = { message, event.name }
        error "worse"
      end,
    })
    assert.is_table(df.accounts:get_detail(ID))
    assert.is_table(df.accounts:get_detail(ID))
    assert.are.equal(1, #reports)
    assert.matches("^the hook on_event raised: .*my hook$", reports[1][1])
    assert.are.equal("attempt", reports[1][2])
  end)

  it("is reported to nginx's log, or else to stderr", function()
    local log, written = {}, {}
    local stderr = io.stderr
    local function raising()
      local df = client({ DETAIL }, {
        on_event = function()
          error(setmetatable({}, {
            __tostring = function()
              error "no text"
            end,
          }))
        end,
      })
      assert.is_table(df.accounts:get_detail(ID))
    end
    io.stderr = { -- luacheck: ignore 122
      write = function(_, ...)
        written[#written + 1] = table.concat { ... }
      end,
    }
    local ok, raised = pcall(raising)
    io.stderr = stderr -- luacheck: ignore 122
    assert(ok, raised)
    assert.are.same({ "dataforest: the hook on_event raised: a table\n" }, written)

    local nginx = rawget(_G, "ngx")
    rawset(_G, "ngx", {
      ERR = 4,
      log = function(level, ...)
        log[#log + 1] = { level, table.concat { ... } }
      end,
    })
    ok, raised = pcall(raising)
    rawset(_G, "ngx", nginx)
    assert(ok, raised)
    assert.are.same({ { 4, "dataforest: the hook on_event raised: a table" } }, log)
  end)

  it("lets an interrupt through", function()
    local df = client({ DETAIL }, {
      on_event = function()
        error "interrupted!"
      end,
    })
    local ok, raised = pcall(df.accounts.get_detail, df.accounts, ID)
    assert.is_false(ok)
    assert.matches("interrupted!$", raised)
  end)
end)
