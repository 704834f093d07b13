-- df:map over libcurl and real TLS: how long it takes, and what it leaves behind.
--
-- labels: wire

local core = require "dataforest.core"
local curl = require "dataforest.transport.curl"
local dataforest = require "dataforest"
local server_of = require "spec.support.server"
local tables = require "dataforest.util.tables"

describe("df:map over TLS #full", function()
  local server, df, transport

  setup(function()
    server = server_of.start { creation_delay = 0 }
    transport = curl.new { ca_file = server.options.ca_file }
    local options = tables.copy({ transport = transport }, server.options)
    df = dataforest.new(options)
  end)

  teardown(function()
    df:close()
    transport:close()
    server:stop()
  end)

  after_each(function()
    if transport.engine then
      assert.equal(0, transport.engine:step(0), "transfers were left behind")
    end
  end)

  before_each(function()
    server:reset()
  end)

  local function names(count)
    local list = {}
    for index = 1, count do
      list[index] = ("cloud%d"):format(index)
    end
    return list
  end

  local function check(name)
    return df.accounts:check_available_name(name)
  end

  local function seconds(fn)
    local started = core.monotonic()
    fn()
    return core.monotonic() - started
  end

  it("takes about as long as one call, for many", function()
    server:fail_next { delay = 0.4, times = 20 }
    local values, errors
    local took = seconds(function()
      values, errors = df:map(names(20), check)
    end)
    assert.is_nil(errors)
    assert.are.equal(20, #values)
    assert.is_true(took >= 0.4 and took < 4, took)
  end)

  it("keeps to its concurrency", function()
    server:fail_next { delay = 0.2, times = 6 }
    local took = seconds(function()
      assert.is_nil((select(2, df:map(names(6), check, { concurrency = 2 }))))
    end)
    assert.is_true(took >= 0.6, took)
  end)

  it("goes on with the others while one call pauses before its retry", function()
    server:fail_next { code = "410", headers = { ["retry-after"] = "1" } }
    local order = {}
    local took = seconds(function()
      local _, errors = df:map(names(5), function(name, index)
        local value, err = check(name)
        order[#order + 1] = index
        return value, err
      end)
      assert.is_nil(errors)
    end)
    assert.are.equal(5, #order)
    -- Whichever call it was that paused, it came last, and nobody waited for it.
    assert.is_true(took >= 1 and took < 4, took)
    assert.are.equal(6, #server:calls())
  end)

  it("uses its connections again", function()
    local connections = {}
    local events = 0
    local options = tables.copy({
      on_event = function(event)
        if event.name == "success" then
          events = events + 1
          connections[event.reused and "reused" or "new"] = (
            connections[event.reused and "reused" or "new"] or 0
          ) + 1
        end
      end,
    }, server.options)
    local fresh = dataforest.new(options)
    fresh:map(names(200), function(name)
      return fresh.accounts:check_available_name(name)
    end, { concurrency = 8 })
    fresh:close()
    assert.are.equal(200, events)
    assert.is_true(connections.new <= 8, connections.new)
  end)

  it("calls within a map within a map, and over two clients at once", function()
    local other = dataforest.new(server.options)
    local values, errors = df:map({ df, other }, function(client)
      return (
        client:map({ "cloud1", "cloud2", "cloud3" }, function(name)
          return client.accounts:check_available_name(name).availableName
        end)
      )
    end)
    other:close()
    assert.is_nil(errors)
    assert.are.same({ { true, true, true }, { true, true, true } }, values)
  end)

  it("ends each call by its own deadline, and leaves nothing behind", function()
    df:map(names(8), check)
    local before = server_of.open_files()
    server:fail_next { delay = 3, times = 4 }
    local values, errors
    local took = seconds(function()
      values, errors = df:map(names(8), function(name)
        return df.accounts:check_available_name(name, { timeout = 0.5, retry = false })
      end)
    end)
    assert.is_true(took < 2.5, took)
    local late = 0
    for index = 1, 8 do
      if not values[index] then
        late = late + 1
        assert.are.equal("timeout", errors[index].kind)
      end
    end
    assert.are.equal(4, late)
    local _, kept = before:gsub("\n", "")
    local _, left = server_of.open_files():gsub("\n", "")
    assert.is_true(left <= kept, "descriptors were left open")
    assert.is_table(check "cloud1")
  end)

  it("survives functions that raise in mid-flight", function()
    local values, errors = df:map(names(30), function(name, index)
      assert(check(name))
      if index % 3 == 0 then
        error("no " .. index)
      end
      return index
    end, { concurrency = 10 })
    for index = 1, 30 do
      if index % 3 == 0 then
        assert.is_nil(values[index])
        assert.matches("no " .. index, errors[index], 1, true)
      else
        assert.are.equal(index, values[index])
      end
    end
    assert.is_table(check "cloud1")
  end)

  it("can be given up: a client that is closed meanwhile fails the calls under way", function()
    local other = dataforest.new(server.options)
    server:fail_next { delay = 5, times = 3 }
    local errors
    local took = seconds(function()
      local _
      _, errors = df:map({ 1, 2, 3, 4 }, function(item)
        if item == 4 then
          other.transport:sleep(0.3)
          other:close()
          return true
        end
        return other.accounts:check_available_name "cloud1"
      end)
    end)
    assert.is_true(took < 4, took)
    for index = 1, 3 do
      assert.are.equal("closed", errors[index].kind)
    end
  end)
end)
