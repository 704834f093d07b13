--- Connects a socket of nginx: to an address, or to any address of a name.
--
-- nginx takes one of a name's addresses at random, and a look-up has a timeout of its own
-- (resolver_timeout). So attempts run in threads: another one starts where one fails, or has not succeeded
-- after a moment; the first to succeed counts.
--
-- @module dataforest.transport.cosocket.dial

local core = require "dataforest.core"
local limiter = require "dataforest.transport.cosocket.limiter"
local phase = require "dataforest.transport.phase"

local dial = {}

-- Attempts at a name. With two addresses, of which one is dead, all of them miss the good one once in 65,000.
local ATTEMPTS = 16

-- How long an attempt runs alone (seconds), and how many run at once at most.
local ALONE = 0.3
local AT_ONCE = 4

--- Whether another address of the same name could do better.
local function may_differ(reason)
  return not (
    reason:find("no resolver defined", 1, true)
    or reason:find("could not be resolved", 1, true)
    or reason:find("timeout", 1, true)
  )
end

--- Starts an attempt in a thread. It may have ended by the time this returns.
local function start(race, new_socket, host, port, options)
  local attempt = { ended = false }
  race.started = race.started + 1
  attempt.thread = ngx.thread.spawn(function()
    local sock = new_socket()
    local intact, connected, reason = pcall(sock.connect, sock, host, port, options)
    attempt.ended = true
    if not (intact and connected) then
      race.reason = tostring(reason or connected or "unknown error")
    elseif race.winner then
      sock:close()
    else
      race.winner = sock
    end
  end)
  race.running[#race.running + 1] = attempt
end

--- Forgets the attempts that have ended.
local function reap(race)
  for index = #race.running, 1, -1 do
    local attempt = race.running[index]
    if attempt.ended then
      ngx.thread.wait(attempt.thread)
      table.remove(race.running, index)
    end
  end
end

--- Waits until an attempt has ended, for so many seconds at most.
local function wait(race, seconds)
  local threads = {}
  for index, attempt in ipairs(race.running) do
    threads[index] = attempt.thread
  end
  local timer = ngx.thread.spawn(function()
    phase.sleep(seconds + limiter.lag())
  end)
  ngx.thread.wait(timer, unpack(threads))
  ngx.thread.kill(timer)
end

--- Connects to any address of a name.
-- @tparam function new_socket
-- @tparam string host
-- @tparam integer port
-- @tparam table options of nginx
-- @tparam number deadline by the monotonic clock
-- @treturn[1] table socket
-- @treturn[2] nil
-- @treturn[2] string nginx's words; "timeout" where the deadline passed
function dial.name(new_socket, host, port, options, deadline)
  local race = { started = 0, running = {}, winner = nil, reason = nil }
  local next_start = 0
  repeat
    local now = core.monotonic()
    local may_start = race.started < ATTEMPTS and #race.running < AT_ONCE
    if may_start and (#race.running == 0 or now >= next_start) then
      start(race, new_socket, host, port, options)
      next_start = now + ALONE
    end
    reap(race)
    if #race.running > 0 and not race.winner then
      wait(race, (may_start and math.min(next_start, deadline) or deadline) - now)
    end
    reap(race)
    local is_over = race.winner
      or core.monotonic() >= deadline
      or (race.reason and not may_differ(race.reason))
      or (#race.running == 0 and race.started == ATTEMPTS)
  until is_over
  for _, attempt in ipairs(race.running) do
    ngx.thread.kill(attempt.thread)
  end
  if race.winner then
    return race.winner
  end
  return nil, core.monotonic() < deadline and race.reason or "timeout"
end

--- Connects to the first of some addresses that takes it.
-- @tparam function new_socket
-- @tparam table hosts list
-- @tparam integer port
-- @tparam table options of nginx
-- @treturn[1] table socket
-- @treturn[2] nil
-- @treturn[2] string nginx's words
function dial.addresses(new_socket, hosts, port, options)
  local reason
  for _, host in ipairs(hosts) do
    local sock = new_socket()
    local connected, problem = sock:connect(host, port, options)
    if connected then
      return sock
    end
    reason = problem
  end
  return nil, reason or "unknown error"
end

return dial
