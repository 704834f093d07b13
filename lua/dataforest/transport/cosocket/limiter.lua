--- Keeps nginx's event loop fair: it is left to others where many calls come at once.
--
-- @module dataforest.transport.cosocket.limiter

local core = require "dataforest.core"

local gate = {}

-- A turn of the event loop that has lasted this long is ended (seconds).
local LONG_TURN = 0.004

-- How long to let others go first, and how often to look again (seconds). Not 0: nginx without OpenResty's
-- patches logs a warning for that.
local PAUSE_AT_MOST = 0.05
local PAUSE = 0.001

-- TLS handshakes at a time with one server. Each takes about a millisecond of the processor in one piece:
-- two hundred that are answered at once would hold up every other request of the worker.
local HANDSHAKES = 8

-- How often one who waits looks for a place that a killed thread has left behind (seconds).
local LOOK_AGAIN = 0.05

--- How long the current turn of the event loop has lasted. nginx's clock stands still meanwhile, and its
-- timers are set by it: they ring so much too early.
-- @treturn number seconds
function gate.lag()
  return math.max(0, core.now() - ngx.now())
end

--- Lets nginx attend to other requests, where this turn has been a long one.
-- @treturn number the time after that, in seconds by `core.monotonic`
function gate.pause()
  local now = core.monotonic()
  local latest = now + PAUSE_AT_MOST
  while gate.lag() > LONG_TURN and now < latest do
    ngx.sleep(PAUSE)
    now = core.monotonic()
  end
  return now
end

local places = {}

--- Takes a place for a handshake with a server, when one is free.
-- @tparam string name of the server
-- @tparam number deadline until when to wait, and until when the place is held at most
-- @treturn ?table the place, for `gate.leave`; nil where the deadline passed
function gate.enter(name, deadline)
  local queue = places[name]
  if not queue then
    queue = { name = name, taken = 0, held = {}, semaphore = require("ngx.semaphore").new() }
    places[name] = queue
  end
  while queue.taken >= HANDSHAKES do
    local now = core.monotonic()
    -- A thread that was killed gives nothing back: its place is free again when its deadline has passed.
    for place in pairs(queue.held) do
      if place.deadline < now then
        gate.leave(place)
      end
    end
    if now >= deadline then
      return nil
    end
    queue.semaphore:wait(math.min(deadline - now, LOOK_AGAIN))
  end
  local place = { queue = queue, deadline = deadline }
  queue.held[place] = true
  queue.taken = queue.taken + 1
  return place
end

--- Gives a place back.
-- @tparam table place
function gate.leave(place)
  local queue = place.queue
  if not queue.held[place] then
    return
  end
  queue.held[place] = nil
  queue.taken = queue.taken - 1
  if queue.semaphore:count() < 0 then
    queue.semaphore:post(1)
  elseif queue.taken == 0 then
    places[queue.name] = nil
  end
end

return gate
