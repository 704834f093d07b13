-- Many calls at once inside nginx: the event loop goes on, connections are reused, memory stays flat,
-- and no caller gets another's response.
-- DATAFOREST_TEST_CALLS=100000 makes the long run that long.

local app = require "spec.nginx.app"
local cjson = require "cjson"
local core = require "dataforest.core"
local curl = require "dataforest.curl"

local CALLS = tonumber(os.getenv "DATAFOREST_TEST_CALLS") or 20000
local MILLISECOND = 0.001

describe("many calls inside nginx:", function()
  local its = app.with_service(setup, teardown, { extra = "lua_check_client_abort on;" })

  setup(function()
    its.app:call("one", { seconds = 0 }) -- loads the modules
  end)

  local function report(text, ...)
    io.stderr:write("  ", text:format(...), "\n")
  end

  --- Begins a request to a handler without waiting for it.
  local function start(engine, target, another_app)
    return assert(engine:start {
      method = "GET",
      url = ("http://127.0.0.1:%s/do/%s"):format((another_app or its.app).ports.http, target),
      headers = {},
      timeout = 120,
      connect_timeout = 5,
      max_response_bytes = 100000,
    })
  end

  --- What a request that was begun has brought, or nil while it is under way.
  local function outcome_of(engine, transfer, seconds)
    engine:step(seconds or 0)
    local response, failure = transfer:result()
    if response == false then
      return nil
    end
    assert(response, failure and failure.message)
    assert.are.equal(200, response.status, response.body)
    return cjson.decode(response.body)
  end

  --- The times of the responses of a location that has nothing to do with the calls, sorted.
  local function probe(is_enough)
    local times = {}
    repeat
      local started = core.monotonic()
      local status = its.app:get("http", "/idle")
      times[#times + 1] = core.monotonic() - started
      assert.are.equal(200, status)
      core.sleep(MILLISECOND)
    until is_enough(#times)
    table.sort(times)
    return times
  end

  it("200 in flight for half a second delay no other response by 20 ms", function()
    local delay
    for try = 1, 5 do -- others may use this machine as well: one quiet run of five counts
      local idle = probe(function(count)
        return count == 600
      end)
      local engine = curl.engine {}
      -- A pool of its own for each try: all 200 connections are opened and verified meanwhile.
      local transfer = start(engine, "flood?port=slow&threads=200&pool=" .. 200 + try)
      local outcome
      local busy = probe(function()
        outcome = outcome_of(engine, transfer)
        return outcome ~= nil
      end)
      engine:close()
      assert.are.same({ failed = 0, stale = 0 }, outcome)
      assert.is_true(#busy > 50)
      delay = (busy[#busy] - idle[#idle]) / MILLISECOND
      report(
        "idle: median %.2f ms, slowest %.1f ms; meanwhile: %d answers, median %.2f ms, slowest %.1f ms",
        idle[#idle / 2] / MILLISECOND,
        idle[#idle] / MILLISECOND,
        #busy,
        busy[math.ceil(#busy / 2)] / MILLISECOND,
        busy[#busy] / MILLISECOND
      )
      if delay < 20 then
        break
      end
    end
    assert.is_true(delay < 20, ("a response took %.1f ms longer"):format(delay))
  end)

  it("10,000 calls over a pool of 16 open 16 connections", function()
    local before = its.counts "faults"
    local started = core.monotonic()
    local outcome = its.app:call("flood", { port = "faults", threads = 16, calls = 625, pool = 16 })
    report("10,000 calls took %.2f s", core.monotonic() - started)
    assert.are.same({ failed = 0, stale = 0 }, outcome)
    local after = its.counts "faults"
    assert.are.equal(10000, after.requests - before.requests)
    assert.are.equal(16, after.connections - before.connections)
  end)

  it("a response of any size leaves its connection in use", function()
    local before = its.counts "faults"
    -- Among so many sizes in a row is one that fills a buffer of nginx to its last byte.
    assert.are.equal(600, its.app:call("sizes", { from = 3600, to = 4199 }))
    local after = its.counts "faults"
    assert.are.equal(600, after.requests - before.requests)
    assert.is_true(after.connections - before.connections <= 1)
  end)

  it("the calls of one request go ahead four times in a long turn, then let others go", function()
    local passes = its.app:call "turns"
    assert.are.equal(100, passes.short)
    assert.are.same({ 4, 4, 4 }, { passes.long, passes.again, passes.threads })
  end)

  it("a slot for a handshake that is never given back holds nobody up for long", function()
    local outcome = its.app:call "limiter"
    assert.is_true(outcome.ninth >= 0.15 and outcome.ninth < 0.5, outcome.ninth)
    assert.is_true(outcome.impatient < 0.25, outcome.impatient)
    assert.is_true(outcome.other < 0.05, outcome.other)
  end)

  it("whoever goes away in the middle of a call takes nobody's response along", function()
    local before = its.counts "slow"
    for round = 1, 10 do
      local engine = curl.engine {}
      local transfers = {}
      for number = 1, 10 do
        local target = ("one?token=gone-%d-%d&seconds=0.2"):format(round, number)
        transfers[number] = start(engine, target)
      end
      for _ = 1, 5 do
        engine:step(0.01)
      end
      for _, transfer in ipairs(transfers) do
        transfer:cancel()
      end
      engine:close()
      for number = 1, 5 do
        local token = ("here-%d-%d"):format(round, number)
        assert.are.equal(token, its.app:call("one", { token = token, seconds = 0 }).token)
      end
    end
    local sent = its.counts("slow").requests - before.requests
    assert.is_true(sent > 100, "the calls were under way when their callers went: " .. sent)
  end)

  it("memory is flat over " .. CALLS .. " calls", function()
    local function run(calls)
      local options = { port = "faults", threads = 16, calls = calls / 16, pool = 16 }
      local outcome = its.app:call("flood", options, { timeout = 120 })
      assert.are.same({ failed = 0, stale = 0 }, outcome)
    end
    run(CALLS / 5) -- the first calls fill caches and pools
    local before = its.app:call "memory"
    for _ = 1, 4 do
      run(CALLS / 5)
    end
    local after = its.app:call "memory"
    assert.are.equal(before.pid, after.pid)
    report(
      "Lua: %.0f kB, then %.0f kB; resident: %.0f kB, then %.0f kB",
      before.lua_kilobytes,
      after.lua_kilobytes,
      before.resident_kilobytes,
      after.resident_kilobytes
    )
    assert.is_true(after.lua_kilobytes - before.lua_kilobytes < 200)
    assert.is_true(after.resident_kilobytes - before.resident_kilobytes < 2000)
  end)

  it("memory is flat over calls that fail", function()
    local function run(times)
      for _ = 1, times do
        its.app:call("fault", { name = "head_half", warm = 0 })
        its.app:call("fault", { name = "nothing", warm = 0 })
      end
    end
    run(50)
    local before = its.app:call "memory"
    run(200)
    local after = its.app:call "memory"
    report("Lua: %.0f kB, then %.0f kB", before.lua_kilobytes, after.lua_kilobytes)
    assert.is_true(after.lua_kilobytes - before.lua_kilobytes < 100)
    assert.is_true(after.resident_kilobytes - before.resident_kilobytes < 1000)
  end)

  it("a reload with calls in flight loses none of them, 25 times", function()
    -- Without connections kept for those who ask: which worker one of them belongs to would be a matter of
    -- chance, and the old ones close theirs.
    local reloaded = app.start(its.service, { extra = "keepalive_timeout 0;" })
    local engine = curl.engine {}
    finally(function()
      engine:close()
      reloaded:stop()
    end)
    local transfers, begun, done = {}, 0, 0
    local function collect()
      engine:step(0.02)
      for i = #transfers, 1, -1 do
        local outcome = outcome_of(engine, transfers[i].transfer)
        if outcome then
          assert.are.equal(transfers[i].token, outcome.token, outcome.message)
          table.remove(transfers, i)
          done = done + 1
        end
      end
    end
    local function keep_going()
      while #transfers < 12 do
        begun = begun + 1
        local token = "reload-" .. begun
        local transfer = start(engine, "one?seconds=0.05&token=" .. token, reloaded)
        transfers[#transfers + 1] = { token = token, transfer = transfer }
      end
      collect()
    end

    local workers = { [reloaded:call "pid"] = true }
    for _ = 1, 25 do
      reloaded:signal "HUP"
      local deadline = core.monotonic() + 5
      local pid
      repeat -- until a new worker has answered
        keep_going()
        pid = reloaded:call "pid"
      until not workers[pid] or core.monotonic() > deadline
      assert.is_nil(workers[pid], "no new worker came")
      workers[pid] = true
    end
    while #transfers > 0 do
      collect()
    end
    report("%d calls over 25 reloads", done)
    assert.are.equal(begun, done)
    local deadline = core.monotonic() + 5
    repeat -- the old workers end once they have nothing to do
      core.sleep(0.05)
    until #reloaded:workers() == 1 or core.monotonic() > deadline
    assert.are.equal(1, #reloaded:workers())
    assert.are.equal("", reloaded:complaints())
  end)

  it("left the logs without a word above warn", function()
    assert.are.equal("", its.app:complaints())
    assert.are.equal("", its.service:complaints())
  end)
end)
