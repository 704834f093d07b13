--- A service whose clock is set apart from the client's, as cases that run over any transport.
--
-- The context is that of account_suite.lua: `emulator`, `client(options)`, and
-- `advance_service_clock(seconds)` for clients that are made after it.

local assert = require "luassert"
local cases = require "spec.support.cases"
local event_names = require "spec.support.event_names"

local PASSWORD = "Forest-7"

-- Seconds that the service's clock is ahead of the client's: more than it bears, and less than a day.
local APART = { 310, -310, 3600, -3600, 86000, -86000 }

-- What a response may take on its way, and what Date leaves out.
local TOLERANCE = 3

local suite, case = cases.suite()

--- A client whose events are kept.
local function watched(context, options)
  local events = {}
  options = options or {}
  local hook = options.on_event
  options.on_event = function(event)
    events[#events + 1] = event
    if hook then
      hook(event)
    end
  end
  return context.client(options), events
end

--- The operations that reached the service, as one text.
local function called(context)
  local names = {}
  for index, call in ipairs(context.emulator:calls()) do
    names[index] = call.operation
  end
  return table.concat(names, " ")
end

local function assert_clock(event, seconds)
  assert.are.equal("clock", event.name)
  assert.is_true(math.abs(event.offset - seconds) < TOLERANCE, event.offset)
  assert.matches(seconds > 0 and "behind the service's" or "ahead of the service's", event.message, 1, true)
end

for _, seconds in ipairs(APART) do
  local direction = ("%d seconds %s"):format(math.abs(seconds), seconds > 0 and "ahead" or "behind")

  case("a read is sent once more where the service is " .. direction, function(context)
    context.advance_service_clock(seconds)
    local df, events = watched(context)
    assert.are.equal(0, assert(df.accounts:get_list()).total)
    assert.are.equal("attempt clock attempt success", event_names(events))
    assert_clock(events[2], seconds)
    assert.are.equal(401, events[1].status)
    assert.are.equal("accounts/getList accounts/getList", called(context))
    -- The offset is kept.
    assert(df.accounts:get_list())
    assert.are.equal("attempt clock attempt success attempt success", event_names(events))
  end)

  case("what must run once runs once where the service is " .. direction, function(context)
    context.advance_service_clock(seconds)
    local df, events = watched(context, { retry = false })
    assert(df.accounts:create { name = "df001", password = PASSWORD })
    assert.are.equal("attempt clock attempt success", event_names(events))
    assert_clock(events[2], seconds)
    assert.are.equal("accounts/create accounts/create", called(context))
    assert.are.equal(1, df.accounts:get_list().total)
    assert.are.equal("attempt clock attempt success attempt success", event_names(events))
  end)
end

case("clocks that are less than five minutes apart are left alone", function(context)
  for _, seconds in ipairs { 290, -580 } do -- ahead by 290, then behind by 290
    context.advance_service_clock(seconds)
    local df, events = watched(context)
    assert(df.accounts:get_list())
    assert.are.equal("attempt success", event_names(events))
  end
end)

case("a wrong key is no wrong clock", function(context)
  local df, events = watched(context, { secret_key = "another" })
  local value, err = df.accounts:get_list()
  assert.is_nil(value)
  assert.are.equal("auth", err.kind)
  assert.are.equal("attempt failure", event_names(events))
  assert.are.equal("accounts/getList", called(context))
end)

case("a wrong key and a wrong clock end after two attempts", function(context)
  context.advance_service_clock(3600)
  local df, events = watched(context, { secret_key = "another" })
  local value, err = df.accounts:get_list()
  assert.is_nil(value)
  assert.are.equal("auth", err.kind)
  assert.are.equal(2, err.attempts)
  assert.are.equal("attempt clock attempt failure", event_names(events))
end)

case("clocks a day apart and more are not made up for", function(context)
  for _, seconds in ipairs { 86400 + 60, -2 * (86400 + 60) } do
    context.advance_service_clock(seconds)
    local df, events = watched(context)
    local value, err = df.accounts:get_list()
    assert.is_nil(value)
    assert.are.equal("auth", err.kind)
    assert.are.equal("attempt failure", event_names(events))
  end
end)

case("several calls at once each make up for the clock", function(context)
  context.advance_service_clock(3600)
  local df, events = watched(context)
  local lists, errors = df:map({ 1, 2, 3, 4, 5, 6 }, function()
    return df.accounts:get_list()
  end)
  assert.is_nil(errors, errors and tostring(errors[1]))
  assert.are.equal(6, #lists)
  for _, event in ipairs(events) do
    if event.name == "clock" then
      assert_clock(event, 3600)
      assert.are.equal(1, event.attempt)
    end
  end
  events[#events + 1] = { name = "later" }
  assert(df.accounts:get_list())
  assert.matches("later attempt success$", event_names(events))
end)

return suite
