local retry = require "dataforest.request.retry"

local function network(sent)
  return { kind = "network", sent = sent }
end

local function server(status, code)
  return { kind = "server", status = status, code = code, sent = true }
end

describe("retry.worth", function()
  -- The table of the documentation, spelled out: read, idempotent, once.
  local CASES = {
    { "a network fault after sending", network(true), true, false, false },
    { "a network fault before sending", network(false), true, true, true },
    { "a timeout after sending", { kind = "timeout", sent = true }, true, false, false },
    { "a timeout before sending", { kind = "timeout", sent = false }, true, true, true },
    { "throttling", { kind = "throttled", status = 429, code = "410" }, true, true, true },
    { "a used up quota", { kind = "quota", status = 429, code = "400" }, false, false, false },
    { "500", server(500), true, false, false },
    { "500 of the gateway", server(500, "900"), true, false, false },
    { "502", server(502), true, false, false },
    { "503 of the gateway", server(503, "500"), true, true, false },
    { "503 of somebody else", server(503), true, false, false },
    { "504", server(504, "510"), true, false, false },
    { "501", server(501), false, false, false },
    { "a refused certificate", { kind = "tls", sent = false }, false, false, false },
    { "a broken answer", { kind = "protocol", sent = true }, false, false, false },
    { "an answer too large", { kind = "limit", sent = true }, false, false, false },
    { "a refusal", { kind = "refused", status = 200 }, false, false, false },
    { "a wrong key", { kind = "auth", status = 401 }, false, false, false },
    { "missing keys", { kind = "credentials" }, false, false, false },
    { "a closed engine", { kind = "closed", sent = false }, false, false, false },
  }

  for _, case in ipairs(CASES) do
    it("decides on " .. case[1], function()
      assert.are.equal(case[3], retry.worth("read", case[2]))
      assert.are.equal(case[4], retry.worth("idempotent", case[2]))
      assert.are.equal(case[5], retry.worth("once", case[2]))
    end)
  end

  it("tries a 500 once more and not twice", function()
    assert.is_true(retry.worth("read", server(500), false))
    assert.is_false(retry.worth("read", server(500), true))
    assert.is_true(retry.worth("read", server(502), true))
  end)
end)

describe("retry.pause", function()
  local POLICY = { base_delay = 0.5, max_delay = 20 }

  local function highest()
    return 1
  end

  it("grows by powers of two up to the ceiling", function()
    local expected = { 0.5, 1, 2, 4, 8, 16, 20, 20 }
    for attempt, seconds in ipairs(expected) do
      assert.are.equal(seconds, retry.pause(POLICY, attempt, highest))
    end
    assert.are.equal(20, retry.pause(POLICY, 5000, highest))
  end)

  it("draws from the whole range down to zero", function()
    assert.are.equal(
      0,
      retry.pause(POLICY, 3, function()
        return 0
      end)
    )
    local low, high = math.huge, -math.huge
    for _ = 1, 2000 do
      local pause = retry.pause(POLICY, 3)
      low, high = math.min(low, pause), math.max(high, pause)
    end
    assert.is_true(low >= 0 and low < 0.1, low)
    assert.is_true(high <= 2 and high > 1.9, high)
  end)
end)

describe("retry.bucket", function()
  it("pays for a hundred retries, and no more", function()
    local bucket = retry.bucket()
    for _ = 1, 100 do
      assert.is_true(bucket:take(network(true)))
    end
    assert.is_false(bucket:take(network(true)))
  end)

  it("asks the double after a timeout", function()
    local bucket = retry.bucket()
    for _ = 1, 50 do
      assert.is_true(bucket:take { kind = "timeout" })
    end
    assert.is_false(bucket:take(network(true)))
  end)

  it("is filled by successes, up to its brim", function()
    local bucket = retry.bucket()
    for _ = 1, 100 do
      bucket:take(network(true))
    end
    for _ = 1, 4 do
      bucket:give()
    end
    assert.is_false(bucket:take(network(true)))
    bucket:give()
    assert.is_true(bucket:take(network(true)))
    for _ = 1, 1000 do
      bucket:give()
    end
    assert.are.equal(500, bucket.tokens)
  end)
end)
