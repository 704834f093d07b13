--- One connection of the cosocket transport: opened or taken from nginx's pool, verified, written to, read
-- from, and given back or closed.
--
-- nginx's timeouts begin anew with each byte, so before each step the time that is left until a deadline is
-- set. Deadlines are by the monotonic clock.
--
-- @module dataforest.transport.cosocket.connection

local causes = require "dataforest.transport.cosocket.causes"
local core = require "dataforest.core"
local dial = require "dataforest.transport.cosocket.dial"
local limiter = require "dataforest.transport.cosocket.limiter"
local proxies = require "dataforest.transport.cosocket.proxy"
local trust = require "dataforest.transport.cosocket.trust"

local max, min, monotonic = math.max, math.min, core.monotonic

local Connection = {}
Connection.__index = Connection

-- Asked for at once: above any lua_socket_buffer_size that makes sense.
local RECEIVE_BYTES = 64 * 1024

-- Written at once: more would let a slow reader stretch one step beyond the deadline.
local SEND_BYTES = 64 * 1024

-- nginx takes no longer timeout (about 24 days).
local MAX_MILLISECONDS = 2147483647

local connections = { SEND_BYTES = SEND_BYTES }

--- A timeout as nginx takes it.
-- @tparam number seconds
-- @treturn number whole milliseconds, 1 or more
function connections.milliseconds(seconds)
  return max(1, min(math.ceil(seconds * 1000), MAX_MILLISECONDS))
end

--- The timeout that rings at a deadline. nginx sets its timers by its own clock, which stands still while
-- Lua runs.
local function timeout_until(deadline)
  return connections.milliseconds(deadline - monotonic() + limiter.lag())
end

--- Sets the timeout of the next step. Within a turn of the event loop, one deadline is one timeout: where
-- nothing has been waited for since the step before, that one's is left as it is.
-- @tparam number deadline
-- @treturn boolean false where the deadline has passed
function Connection:begin_step(deadline)
  local turn = ngx.now()
  if turn == self.turn and deadline == self.timeout_deadline then
    return true
  end
  if monotonic() >= deadline then
    return false
  end
  self.turn, self.timeout_deadline = turn, deadline
  self.sock:settimeout(timeout_until(deadline))
  return true
end

--- The TLS handshake, with the certificate and its name verified.
-- @treturn ?boolean true, or nil
-- @treturn ?table failure
local function shake_hands(self, deadline, settings)
  local route, sock = self.route, self.sock
  local done, reason = false, "timeout"
  if settings.store then
    local taken, problem = sock:settrustedstore(settings.store)
    if not taken then
      return nil, causes.of_handshake(tostring(problem), route, settings)
    end
  end
  local slot = limiter.enter(self.pool, deadline)
  limiter.pause()
  if self:begin_step(deadline) then
    done, reason = sock:sslhandshake(false, route.server_name, true)
  end
  limiter.leave(slot)
  limiter.pause()
  -- A handshake that needs no waiting counts as done even where the certificate was refused; the
  -- connection is closed then, and the reason lost.
  if done and sock:getreusedtimes() then
    return true
  end
  return nil, causes.of_handshake(done and "certificate refused" or reason, route, settings)
end

--- What a new connection needs before a request goes over it.
-- @treturn ?boolean true, or nil
-- @treturn ?table failure
local function make_ready(self, deadline, settings)
  local route = self.route
  if route.proxy then
    local open, failed = proxies.open_tunnel(self, route, deadline)
    if not open then
      return nil, failed
    end
  end
  if route.server_name then
    return shake_hands(self, deadline, settings)
  end
  return true
end

--- The name of nginx's pool for a route, and its options. A location that trusts other authorities has
-- another pool, unless the client's option `pool_name` says that all its locations trust the same.
local function pool_of(route, settings)
  local mark = route.server_name and not settings.store and not settings.pool_name and trust.location() or 0
  local pool = route.pools[mark]
  if not pool then
    local name = ("%s %.0f"):format(route.pool, mark)
    -- Nothing is ever given back to the fresh one, so that what comes out of it is new.
    pool = { name = name, options = { pool = name }, fresh_options = { pool = name .. " fresh" } }
    route.pools[mark] = pool
  end
  return pool
end

--- Opens a connection, or takes one from the pool.
-- @tparam table route see `dataforest.transport.cosocket`
-- @tparam table call `deadline`, `connect_timeout`
-- @tparam table settings `ca_file`, for messages; `store`, `pool_name`
-- @tparam boolean fresh never take one from the pool
-- @treturn[1] table connection
-- @treturn[2] nil
-- @treturn[2] table failure
function connections.open(route, call, settings, fresh)
  local now = monotonic()
  local deadline = min(call.deadline, now + (call.connect_timeout or math.huge))
  if now >= deadline then
    return nil, causes.of_connect("timeout", route)
  end
  local turn
  local function new_socket()
    local sock = ngx.socket.tcp()
    turn = ngx.now()
    local timeout = timeout_until(call.deadline)
    sock:settimeouts(timeout_until(deadline), timeout, timeout)
    return sock
  end
  local pool = pool_of(route, settings)
  local options = fresh and pool.fresh_options or pool.options
  local sock, reason
  if route.is_address then
    sock, reason = dial.addresses(new_socket, route.dial, route.dial_port, options)
  else
    sock, reason = dial.name(new_socket, route.dial[1], route.dial_port, options, deadline)
  end
  if not sock then
    return nil, causes.of_connect(reason, route)
  end
  local self = setmetatable({
    sock = sock,
    route = route,
    pool = pool.name,
    turn = turn,
    timeout_deadline = call.deadline,
    reused = (sock:getreusedtimes() or 0) > 0,
    last_piece = 0,
  }, Connection)
  if not self.reused then
    local ready, failed = make_ready(self, deadline, settings)
    if not ready then
      sock:close()
      return nil, failed
    end
  end
  return self
end

--- Sends all of a text.
-- @tparam string text
-- @tparam number deadline
-- @treturn ?boolean true, or nil
-- @treturn ?string nginx's words: "timeout", "closed", ...
function Connection:write(text, deadline)
  for first = 1, #text, SEND_BYTES do
    if not self:begin_step(deadline) then
      return nil, "timeout"
    end
    local piece = #text <= SEND_BYTES and text or text:sub(first, first + SEND_BYTES - 1)
    local sent, reason = self.sock:send(piece)
    if not sent then
      return nil, reason
    end
  end
  return true
end

--- The next bytes of the response.
-- @tparam number deadline
-- @treturn ?string bytes, or nil
-- @treturn ?string nginx's words: "timeout", "closed", ...
function Connection:read(deadline)
  if not self:begin_step(deadline) then
    return nil, "timeout"
  end
  local bytes, reason = self.sock:receiveany(RECEIVE_BYTES)
  limiter.pause_after_share()
  if bytes then
    self.last_piece = #bytes
  end
  return bytes, reason
end

-- nginx sees bytes that came behind a response in its own buffer and in the system's, but not
-- those that OpenSSL holds because nginx's buffer was full: possible only where the last piece
-- fills such a buffer, whose size (lua_socket_buffer_size) is a multiple of this.
local BUFFER_UNIT = 512

--- Tells whether nothing came behind the response.
local function is_quiet(self)
  if self.last_piece % BUFFER_UNIT ~= 0 then
    return true
  end
  self.sock:settimeout(1)
  local _, reason = self.sock:receiveany(1)
  return reason == "timeout"
end

--- Gives the connection back to nginx's pool, after a response that was read to its end.
-- @tparam number idle_milliseconds how long it may wait there
-- @tparam number pool_size how many may wait there
function Connection:keep(idle_milliseconds, pool_size)
  if not (is_quiet(self) and self.sock:setkeepalive(idle_milliseconds, pool_size)) then
    self.sock:close()
  end
end

--- Closes the connection.
function Connection:close()
  self.sock:close()
end

return connections
