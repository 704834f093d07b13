-- A service that misbehaves, met by a client inside nginx: each fault has its kind and an end in time, no
-- response is a success by mistake, and the next calls get their own responses.

local app = require "spec.nginx.app"

-- What nginx itself says of a connection that was reset or a handshake that failed; a client cannot
-- keep it from doing so.
local NGINX_OWN_WORDS = {
  "recv%(%) failed %(104: Connection reset by peer%)",
  "SSL_read%(%) failed",
  "SSL_do_handshake%(%) failed",
  "connect%(%) failed %(111: Connection refused%)",
  "while resolving, resolver",
}

-- fault, kind, the most seconds it may take
local FAULTS = {
  { "nothing", "network", 2 },
  { "nothing_reset", "network", 2 },
  { "head_half", "network", 2 },
  { "head_reset", "network", 2 },
  { "body_half", "network", 2 },
  { "body_reset", "network", 2 },
  { "length_too_small", "protocol", 2 },
  { "length_too_large", "network", 2 },
  { "chunk_broken", "protocol", 2 },
  { "chunk_half", "network", 2 },
  { "chunks_without_end", "network", 2 },
  { "chunks_endless", "limit", 2 },
  { "head_without_end", "limit", 2 },
  { "body_without_end", "limit", 2 },
  { "informational_without_end", "limit", 2 },
  { "conflicting", "protocol", 2 },
  { "both_framings", "protocol", 2 },
  { "not_http", "protocol", 2 },
  { "http_2_preface", "protocol", 2 },
  { "drip", "timeout", 1.5 },
  { "silence", "timeout", 1.5 },
}

local GOOD = {
  "informational",
  "answer_twice",
  "answer_twice_at_once",
  "answer_twice_in_pieces",
}

describe("a client inside nginx", function()
  local its = app.with_service(setup, teardown)

  local function assert_own_answers(result)
    for _, token in ipairs { "after", "later" } do
      assert.are.equal(token, result[token].token, result[token].message)
    end
  end

  for _, fault in ipairs(FAULTS) do
    local name, kind, seconds = fault[1], fault[2], fault[3]
    for _, warm in ipairs { false, true } do
      it(("meets %s%s"):format(name, warm and " on a kept connection" or ""), function()
        local result = its.app:call("fault", { name = name, timeout = 0.6, warm = warm and 0 or nil })
        assert.is_nil(result.during.value)
        assert.are.equal(kind, result.during.kind, result.during.message)
        assert.is_true(result.during.sent)
        assert.is_true(result.seconds < seconds, "it took " .. result.seconds .. " s")
        assert_own_answers(result)
      end)
    end
  end

  for _, name in ipairs { "head_reset", "body_reset", "nothing_reset" } do
    it(("meets %s without TLS"):format(name), function()
      local result = its.app:call("fault", { name = name, port = "plain", warm = 0 })
      assert.are.equal("network", result.during.kind, result.during.message)
      assert_own_answers(result)
    end)
  end

  for _, port in ipairs { "plain", "faults" } do
    it(("takes a response that ends with its connection (%s)"):format(port), function()
      local result = its.app:call("fault", { name = "close_delimited", port = port, warm = 0 })
      assert.are.equal("during", result.during.token, result.during.message)
      assert_own_answers(result)
    end)
  end

  for _, name in ipairs(GOOD) do
    it("takes no harm from " .. name, function()
      -- The pause lets a second response arrive while nobody waits for one. (One that arrives while the next
      -- answer is awaited cannot be told from it: HTTP/1.1 numbers nothing.)
      local result = its.app:call("fault", { name = name, warm = 0, pause = 0.05 })
      assert.are.equal("during", result.during.token, result.during.message)
      assert_own_answers(result)
    end)
  end

  it("does not notice that an idle connection was closed", function()
    local before = its.counts "short"
    local result = its.app:call("fault", { port = "short", warm = 0.3 })
    assert.are.equal("during", result.during.token, result.during.message)
    assert_own_answers(result)
    local after = its.counts "short"
    assert.are.equal(4, after.requests - before.requests)
    assert.is_true(after.connections - before.connections >= 2)
  end)

  for _, name in ipairs { "nothing", "nothing_reset" } do
    it(("sends a read once more where a kept connection ends with %s"):format(name), function()
      local before = its.counts "faults"
      local result = its.app:call("fault", { name = "reused-" .. name, warm = 0 })
      assert.are.equal("during", result.during.token, result.during.message)
      assert_own_answers(result)
      -- before, during on the dead connection, during on a fresh one, after, later
      assert.are.equal(5, its.counts("faults").requests - before.requests)
    end)
  end

  it("sends it no more than once more", function()
    local before = its.counts "faults"
    local result = its.app:call("fault", { name = "nothing", warm = 0 })
    assert.are.equal("network", result.during.kind)
    assert.are.equal(1, result.during.attempts)
    assert.are.equal(5, its.counts("faults").requests - before.requests)
  end)

  it("does not send again what has begun to be answered", function()
    for _, name in ipairs { "head_half", "head_reset", "body_half" } do
      local before = its.counts "faults"
      local result = its.app:call("fault", { name = "reused-" .. name, warm = 0 })
      assert.is_nil(result.during.value)
      assert.are.equal(4, its.counts("faults").requests - before.requests)
    end
  end)

  it("sends what must run once over a fresh connection, and once", function()
    for _, name in ipairs { "nothing", "nothing_reset", "head_half" } do
      local before = its.counts "faults"
      local result = its.app:call("fault", { name = name, warm = 0, operation = "create", retry = 3 })
      assert.is_nil(result.during.value)
      assert.is_true(result.during.sent)
      assert.are.equal(1, result.during.attempts)
      assert.are.equal(4, its.counts("faults").requests - before.requests)
      assert_own_answers(result)
    end
    -- A connection of the pool that dies would have lost it.
    local result = its.app:call("fault", { name = "reused-nothing", warm = 0, operation = "create" })
    assert.is_table(result.during.value, result.during.message)
  end)

  it("asks again if the client's retries say so", function()
    local result = its.app:call("fault", { name = "nothing", retry = 3 })
    assert.are.equal("network", result.during.kind)
    assert.are.equal(3, result.during.attempts)
  end)

  it("wrote nothing above warn but nginx's own words", function()
    assert.are.equal("", its.app:complaints(NGINX_OWN_WORDS))
  end)
end)
