--- Keeps nginx's event loop fair: others go first where many calls come at once.
--
-- @module dataforest.transport.cosocket.limiter

local core = require "dataforest.core"

local has_semaphores, semaphores = pcall(require, "ngx.semaphore")

local limiter = {}

-- A turn of the event loop that has lasted this long is ended (seconds).
local LONG_TURN = 0.004

-- How long to let others go first, and how often to look again (seconds). Not 0: nginx without OpenResty's
-- patches logs a warning for that.
local PAUSE_AT_MOST = 0.05
local PAUSE = 0.001

-- The longest turn that is believed: beyond that, somebody has set the clock (seconds).
local LONGEST_TURN = 1

-- TLS handshakes at a time with one server. Each takes about a millisecond of the processor in one piece:
-- two hundred at once would hold up every other request of the worker.
local HANDSHAKES = 8

-- How long a slot is kept from others (seconds). A thread that was killed never gives its slot back, and a
-- server that is slow needs little of the processor.
local SLOT_SECONDS = 0.2

-- How long to wait for a slot, and how often to look for one that was left behind (seconds). Then the
-- handshake goes ahead without: being fair must not become a refusal.
local WAIT_AT_MOST = 0.5
local LOOK_AGAIN = 0.05

--- How long the current turn of the event loop has lasted. nginx's clock stands still meanwhile, and its
-- timers are set by it: they ring so much too early.
-- @treturn number seconds
function limiter.lag()
  return math.max(0, math.min(core.now() - ngx.now(), LONGEST_TURN))
end

--- Lets nginx attend to other requests, where this turn has been a long one.
function limiter.pause()
  if limiter.lag() <= LONG_TURN then
    return
  end
  local latest = core.monotonic() + PAUSE_AT_MOST
  repeat
    ngx.sleep(PAUSE)
  until limiter.lag() <= LONG_TURN or core.monotonic() >= latest
end

local queues = {}

local function drop_old_slots(queue, now)
  for slot in pairs(queue.held) do
    if slot.ends <= now then
      limiter.leave(slot)
    end
  end
end

--- Waits for a slot for a handshake with a server, for a short time at most.
-- @tparam string name of the server
-- @tparam number deadline by the monotonic clock
-- @treturn table slot for `limiter.leave`
function limiter.enter(name, deadline)
  local queue = queues[name]
  if not queue then
    queue = { name = name, taken = 0, held = {}, semaphore = has_semaphores and semaphores.new() or nil }
    queues[name] = queue
  end
  local now = core.monotonic()
  local latest = math.min(deadline, now + WAIT_AT_MOST)
  while queue.taken >= HANDSHAKES do
    drop_old_slots(queue, now)
    if queue.taken < HANDSHAKES or now >= latest or not queue.semaphore then
      break
    end
    queue.semaphore:wait(math.min(latest - now, LOOK_AGAIN))
    now = core.monotonic()
  end
  local slot = { queue = queue, ends = now + SLOT_SECONDS }
  queue.held[slot] = true
  queue.taken = queue.taken + 1
  return slot
end

--- Gives a slot back. Again does nothing.
-- @tparam table slot
function limiter.leave(slot)
  local queue = slot.queue
  if not queue.held[slot] then
    return
  end
  queue.held[slot] = nil
  queue.taken = queue.taken - 1
  if queue.semaphore and queue.semaphore:count() < 0 then
    queue.semaphore:post(1)
  elseif queue.taken == 0 and queues[queue.name] == queue then
    queues[queue.name] = nil
  end
end

return limiter
