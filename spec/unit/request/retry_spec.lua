local process = require "spec.support.server"
local retry = require "dataforest.request.retry"

local function network(sent)
  return { kind = "network", sent = sent }
end

local function server(status, code)
  return { kind = "server", status = status, code = code, sent = true }
end

describe("retry.is_retryable", function()
  -- The table of the documentation, spelled out: read, idempotent, once; and whether it is in doubt.
  local CASES = {
    { "a network fault after sending", network(true), true, false, false, true },
    { "a network fault before sending", network(false), true, true, true, false },
    { "a response that was cut", { kind = "network", status = 200 }, true, false, false, true },
    { "a timeout after sending", { kind = "timeout", sent = true }, true, false, false, true },
    { "a timeout before sending", { kind = "timeout", sent = false }, true, true, true, false },
    { "throttling", { kind = "throttled", status = 429, code = "410" }, true, true, true, false },
    { "a used up quota", { kind = "quota", status = 429, code = "400" }, false, false, false, false },
    { "408", server(408), true, false, false, true },
    { "421", server(421), true, false, false, false },
    { "425", server(425), true, false, false, false },
    { "500", server(500), true, false, false, true },
    { "500 of the gateway", server(500, "900"), true, false, false, true },
    { "502", server(502), true, false, false, true },
    { "503 of the gateway", server(503, "500"), true, true, false, true },
    { "503 of somebody else", server(503), true, false, false, true },
    { "504", server(504, "510"), true, false, false, true },
    { "501", server(501), false, false, false, true },
    { "599", server(599), false, false, false, true },
    { "a redirect", { kind = "protocol", status = 302 }, false, false, false, true },
    {
      "a proxy that wants a password",
      { kind = "network", status = 407, sent = false },
      false,
      false,
      false,
      false,
    },
    { "a 407 of the service", { kind = "invalid", status = 407 }, false, false, false, false },
    { "a refused certificate", { kind = "tls", sent = false }, false, false, false, false },
    { "a lost TLS connection", { kind = "tls", sent = true }, false, false, false, true },
    { "a broken response", { kind = "protocol", sent = true }, false, false, false, true },
    { "a response that cannot be read", { kind = "protocol", status = 200 }, false, false, false, true },
    { "a response too large", { kind = "limit", sent = true }, false, false, false, true },
    { "a refusal", { kind = "refused", status = 200 }, false, false, false, false },
    { "wrong parameters", { kind = "invalid", status = 400 }, false, false, false, false },
    { "a wrong key", { kind = "auth", status = 401 }, false, false, false, false },
    { "missing keys", { kind = "credentials" }, false, false, false, false },
    { "a closed engine", { kind = "closed", sent = false }, false, false, false, false },
    { "an engine closed meanwhile", { kind = "closed", sent = true }, false, false, false, true },
  }

  for _, case in ipairs(CASES) do
    it("decides on " .. case[1], function()
      assert.are.equal(case[3], retry.is_retryable("read", case[2]))
      assert.are.equal(case[4], retry.is_retryable("idempotent", case[2]))
      assert.are.equal(case[5], retry.is_retryable("once", case[2]))
      assert.is_false(retry.in_doubt("read", case[2]))
      assert.are.equal(case[6], retry.in_doubt("idempotent", case[2]))
      assert.are.equal(case[6], retry.in_doubt("once", case[2]))
    end)
  end

  it("tries a 500 once more and not twice", function()
    local policy, history = { attempts = 9, base_delay = 0, max_delay = 0 }, {}
    assert.are.equal(0, retry.pause_after(policy, "read", server(500), history))
    assert.are.equal(0, retry.pause_after(policy, "read", server(502), history))
    assert.is_nil(retry.pause_after(policy, "read", server(500), history))
  end)
end)

describe("retry.pause_after", function()
  local POLICY = { attempts = 3, base_delay = 0, max_delay = 0 }

  it("ends with the attempts", function()
    local history = {}
    assert.are.equal(0, retry.pause_after(POLICY, "read", server(502), history))
    assert.are.equal(0, retry.pause_after(POLICY, "read", network(true), history))
    assert.is_nil(retry.pause_after(POLICY, "read", server(502), history))
  end)

  it("waits as long as the service says", function()
    local err = { kind = "throttled", status = 429, retry_after = 7 }
    assert.are.equal(7, retry.pause_after(POLICY, "once", err, {}))
  end)

  it("does not retry what is not retryable", function()
    assert.is_nil(retry.pause_after(POLICY, "once", network(true), {}))
  end)
end)

describe("retry.pause", function()
  local POLICY = { base_delay = 0.5, max_delay = 20 }

  local random = retry.random

  after_each(function()
    retry.random = random
  end)

  --- The pause where the random number is this one.
  local function pause_at(number, attempt)
    retry.random = function()
      return number
    end
    return retry.pause(POLICY, attempt)
  end

  it("grows by powers of two up to the longest", function()
    local expected = { 0.5, 1, 2, 4, 8, 16, 20, 20 }
    for attempt, seconds in ipairs(expected) do
      assert.are.equal(seconds, pause_at(1, attempt))
    end
    assert.are.equal(20, pause_at(1, 5000))
  end)

  it("draws from the whole range down to zero", function()
    assert.are.equal(0, pause_at(0, 3))
    retry.random = random
    local low, high = math.huge, -math.huge
    for _ = 1, 2000 do
      local pause = retry.pause(POLICY, 3)
      low, high = math.min(low, pause), math.max(high, pause)
    end
    assert.is_true(low >= 0 and low < 0.1, low)
    assert.is_true(high <= 2 and high > 1.9, high)
  end)
end)

describe("retry.random", function()
  it("gives numbers from 0 to 1, and no two series alike", function()
    local seen = {}
    for _ = 1, 1000 do
      local number = retry.random()
      assert.is_true(number >= 0 and number < 1)
      seen[number] = true
    end
    local distinct = 0
    for _ in pairs(seen) do
      distinct = distinct + 1
    end
    assert.is_true(distinct > 990)
  end)

  it("goes on differently in each child of a process #full", function()
    local said = process.output_of(
      process.output_of "tools/env.sh luajit" .. "\nluajit spec/support/fork_jitter.lua 2>&1"
    )
    local seen, lines = {}, 0
    for line in said:gmatch "[^\n]+" do
      assert.matches("^%d%.%d+ %d%.%d+ %d%.%d+$", line)
      assert.is_nil(seen[line], said)
      seen[line] = true
      lines = lines + 1
    end
    assert.are.equal(4, lines, said)
  end)
end)
