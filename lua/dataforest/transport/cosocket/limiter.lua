--- Keeps nginx's event loop fair: others go first where many calls come at once.
--
-- @module dataforest.transport.cosocket.limiter

local core = require "dataforest.core"
local phase = require "dataforest.transport.phase"

local has_semaphores, semaphores = pcall(require, "ngx.semaphore")

local limiter = {}

-- A turn of the event loop that has lasted this long is ended (seconds).
local LONG_TURN = 0.004

-- How often the calls of one request still go ahead in a turn that has become a long one.
local SHARE = 4

-- How long to let others go first (seconds).
local PAUSE_AT_MOST = 0.05
local PAUSE = 0.001

-- Calls that pause at the same time go on one after another, in the order in which they came and so far apart
-- (seconds): the time that a call takes of the processor. All at once would be a long turn again, and a call
-- that had to look whether its turn has come would wait for others that came later.
local APART = 0.0001

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

-- When the last of those that pause goes on, by the monotonic clock. A thread that is killed leaves nothing
-- behind.
local last_start = 0

--- Pauses until nginx has attended to others, in a turn that has lasted so long.
local function give_way(lag)
  local now = core.monotonic()
  local wait = math.min(math.max(last_start + APART - now, PAUSE), PAUSE_AT_MOST)
  last_start = now + wait
  phase.sleep(wait + lag)
end

--- Lets nginx attend to other requests, where this turn has been a long one.
function limiter.pause()
  local lag = limiter.lag()
  if lag > LONG_TURN then
    give_way(lag)
  end
end

-- The turn that was last found to be a long one, and how often each request has gone ahead in it since.
local long_turn, passes = 0, nil

--- The same, where the calls of this request have had their share of the turn. Many requests with a call each
-- make a turn long, too; but then nobody waits longer than for any other handler, and a pause would only let
-- later requests overtake.
function limiter.pause_after_share()
  local lag = limiter.lag()
  if lag <= LONG_TURN then
    return
  end
  local now, request = ngx.now(), ngx.ctx
  if now ~= long_turn then
    long_turn, passes = now, setmetatable({}, { __mode = "k" })
  end
  local count = passes[request] or 0
  if count >= SHARE then
    give_way(lag)
  else
    passes[request] = count + 1
  end
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
