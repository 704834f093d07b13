--- Runs fault_cases.lua over a transport: what a client makes of each fault, how often the server hears of
-- it and when it ends; and that the same client goes on afterwards.

local assert = require "luassert"
local calls = require "spec.support.fault_calls"
local cases = require "spec.support.fault_cases"
local core = require "dataforest.core"
local dataforest = require "dataforest"
local event_names = require "spec.support.event_names"
local fault_server = require "spec.support.fault_server"
local marks_of = require "spec.support.marks"
local tables = require "dataforest.util.tables"

local suite = {}

local EFFECTS = { "read", "idempotent", "once" }

-- The most seconds that a call takes where no case says more.
local SECONDS = 2

-- To what a timestamp is exact, and some (seconds).
local MILLISECONDS = 0.002

local function each(run)
  for number, case in ipairs(cases) do
    for _, effect in ipairs(EFFECTS) do
      if case.attempts[effect] then
        run(case, effect, number)
      end
    end
  end
end

suite.each = each

function suite.name_of(case, effect)
  return ("%s (%s)"):format(case.name, effect)
end

local FOR_SERVER = { "raw", "refuse", "full", "connections", "fixed" }

--- The server of all cases, with a port for each case and effect.
function suite.start_server()
  local given = { { name = cases.REDIRECT_TARGET, connections = { fault_server.responding() } } }
  each(function(case, effect)
    local copy = { name = suite.name_of(case, effect) }
    for _, name in ipairs(FOR_SERVER) do
      copy[name] = case[name]
    end
    if case.tls ~= false then
      copy.tls = case.tls or "good"
    end
    given[#given + 1] = copy
  end)
  return fault_server.start(given)
end

--- What a case comes to over a transport.
local function expectation(case, transport, effect)
  local expected = tables.copy(case)
  for name, value in pairs(case[transport] or {}) do
    expected[name] = value
  end
  expected.attempts = expected.attempts[effect]
  expected.requests = type(expected.requests) == "table" and expected.requests[effect] or expected.requests
  return expected
end

--- The events of a call tell of each attempt, each pause, and the end.
local function check_events(result, expected, operation)
  local last = expected.value and "success" or "failure"
  local wanted = ("attempt retry "):rep(expected.attempts - 1) .. "attempt " .. last
  assert.equal(wanted, event_names(result.events))
  local attempt = 0
  for _, event in ipairs(result.events) do
    attempt = attempt + (event.name == "attempt" and 1 or 0)
    assert.equal(attempt, event.attempt)
    assert.equal(operation, event.operation)
    assert.is_number(event.seconds, event.name)
    assert.is_true(event.seconds >= 0 and event.seconds <= result.seconds + 0.1)
    assert.is_number(event.bytes, event.name)
    if event.status then
      assert.is_boolean(event.reused, event.name)
    end
    if event.name == "retry" then
      assert.is_true(event.pause >= 0)
      assert.equal(expected.value and event.reason or expected.kind, event.reason)
    end
  end
  assert.equal(expected.status or expected.value and 200 or nil, result.events[#result.events].status)
end

local function check_error(err, expected, operation)
  assert.equal(expected.kind, err.kind, err.text)
  assert.equal(expected.attempts, err.attempts, err.text)
  assert.equal(expected.status, err.status, err.text)
  if not err.status then -- what was answered was sent
    assert.equal(expected.sent, err.sent, err.text)
  end
  assert.equal(operation, err.operation)
  assert.is_truthy(err.message:find(expected.message), err.message)
  assert.is_nil(err.message:find "%c")
  assert.is_nil(err.text:find "%c")
  if err.attempts > 1 then
    assert.is_truthy(err.text:find(("%d attempts"):format(err.attempts), 1, true), err.text)
  end
end

--- Each request that the server saw was signed for its own moment: after it had seen the one before. Where
-- a timeout ended that one, it may have been seen late; and libcurl may have sent one twice, as it was.
local function check_requests(requests, expected, marks)
  local before
  local repeated = #requests - expected.attempts
  for _, request in ipairs(requests) do
    local fields = {}
    for name, value in request.head:gmatch "\r\n([^:\r]+): *([^\r]*)" do
      fields[name:lower()] = value
    end
    local method, target = request.head:match "^(%u+) (%S+)"
    local timestamp = fields["x-ncp-apigw-timestamp"]
    assert.equal((dataforest.sign {
      method = method,
      target = target,
      timestamp = timestamp,
      access_key = calls.ACCESS_KEY,
      secret_key = calls.SECRET_KEY,
    }), fields["x-ncp-apigw-signature-v2"])
    marks:add("signature", fields["x-ncp-apigw-signature-v2"])
    local signed_at = tonumber(timestamp) / 1000
    assert.is_true(signed_at <= request.at + MILLISECONDS)
    if before and request.head == before.head and repeated > 0 then
      repeated = repeated - 1
    elseif before and expected.kind ~= "timeout" then
      assert.is_true(signed_at >= before.at - MILLISECONDS, "signed for the moment of an earlier attempt")
    end
    before = request
  end
end

--- The requests that the server saw, without those to a proxy.
local function requests_of(server, name)
  local requests = {}
  for _, request in ipairs(server:events(name, "request")) do
    if not request.head:find "^CONNECT" then
      requests[#requests + 1] = request
    end
  end
  return requests
end

--- The tests.
-- @tparam function it of busted
-- @tparam string transport "curl" or "cosocket"
-- @tparam function run called with a case, its number, an effect, a step and the server: `calls.step`, here
--   or elsewhere
-- @tparam function server_of returns the server
-- @tparam[opt] function log_of returns what else was written
function suite.declare(it, transport, run, server_of, log_of)
  local marks = marks_of.new()
  marks:add("secret key", calls.SECRET_KEY)
  marks:add("password", calls.PASSWORD)
  local told = {}

  each(function(case, effect, number)
    local expected = expectation(case, transport, effect)
    if not expected.attempts then
      return
    end
    local name = suite.name_of(case, effect)
    it("meets " .. name, function()
      local server = server_of()
      local operation = calls.of(case, effect)
      local started = core.monotonic()
      local result = run(case, number, effect, "fault", server)
      assert.is_true(core.monotonic() - started < 10)
      told[#told + 1] = marks_of.dump(result)
      if case.warm then
        assert.is_nil(result.warm.error, result.warm.error and result.warm.error.text)
      end
      if expected.value then
        assert.is_nil(result.error, result.error and result.error.text)
        assert.is_true(expected.value(result.value))
      else
        assert.is_nil(result.value)
        check_error(result.error, expected, operation)
      end
      check_events(result, expected, operation)
      assert.is_true(result.seconds <= (expected.seconds or SECONDS), "it took " .. result.seconds .. " s")
      assert.is_true(result.seconds >= (expected.at_least or 0), "it took " .. result.seconds .. " s")
      local requests = requests_of(server, name)
      check_requests(requests, expected, marks)
      local wanted = expected.requests or (expected.sent == false and 0 or expected.attempts)
      assert.equal(wanted, #requests)

      server:fix(name)
      result = run(case, number, effect, "next", server)
      if expected.stays then
        assert.equal(expected.kind, result.error.kind)
      elseif case.roomier then
        assert.equal("limit", result.error.kind)
      else
        assert.is_nil(result.error, result.error and result.error.text)
        assert.equal(0, result.value.total)
        assert.equal("attempt success", event_names(result.events))
      end
    end)
  end)

  it("lets no secret out: in no event, error or log", function()
    assert.is_true(#told > 100)
    assert.same({}, marks:search(table.concat(told, "\n") .. (log_of and log_of() or "")))
  end)

  it("followed no redirect and fetched no DTD", function()
    assert.same({}, server_of():events(cases.REDIRECT_TARGET))
  end)
end

return suite
