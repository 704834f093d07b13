--- One connection of the cosocket transport: opened or taken from nginx's pool, verified,
-- written to, read from, and given back or closed.
--
-- nginx's timeouts begin anew with each byte, so before each step the time that is left of
-- the one deadline is set.
--
-- @module dataforest.transport.cosocket.connection

local causes = require "dataforest.transport.cosocket.causes"
local core = require "dataforest.core"
local gate = require "dataforest.transport.cosocket.limiter"
local proxies = require "dataforest.transport.cosocket.proxy"

local max, min = math.max, math.min

local Connection = {}
Connection.__index = Connection

-- Asked for at once: above any lua_socket_buffer_size that makes sense.
local RECEIVE_BYTES = 64 * 1024

-- Written at once: more would let a slow reader stretch one step beyond the deadline.
local SEND_BYTES = 64 * 1024

-- nginx takes no longer timeout (about 24 days).
local MAX_MILLISECONDS = 2147483647

-- What a write or a read says of a connection that the server has closed.
local CLOSED = { closed = true, ["broken pipe"] = true, ["connection reset by peer"] = true }

local connections = {}

--- A timeout as nginx takes it.
-- @tparam number seconds
-- @treturn number whole milliseconds, 1 or more
function connections.milliseconds(seconds)
  return max(1, min(math.ceil(seconds * 1000), MAX_MILLISECONDS))
end

--- The timeout that rings at a deadline. nginx sets its timers by its own clock, which stands still while
-- Lua runs: within a turn of the event loop, one deadline is one timeout.
local function timeout_until(deadline, now)
  return connections.milliseconds(deadline - now + gate.lag())
end

--- Sets the timeout of the next step. Where nothing has been waited for since the one before, that one's is
-- left as it is.
-- @tparam number deadline
-- @treturn boolean false where the deadline has passed
function Connection:begin_step(deadline)
  local turn = ngx.now()
  if turn == self.turn and deadline == self.timeout_deadline then
    return true
  end
  local now = core.monotonic()
  if now >= deadline then
    return false
  end
  self.turn, self.timeout_deadline = turn, deadline
  self.sock:settimeout(timeout_until(deadline, now))
  return true
end

--- Connects to a name. Looking it up has a timeout of nginx's own (resolver_timeout), so it
-- runs in a thread that is ended when our time is up.
local function connect_by_name(sock, route, options, seconds)
  local ended, connected, reason = false, nil, nil
  local thread = ngx.thread.spawn(function()
    connected, reason = sock:connect(route.dial_host, route.dial_port, options)
    ended = true
  end)
  if ended then -- at once: a connection of the pool
    ngx.thread.wait(thread)
    return connected, reason
  end
  local timer = ngx.thread.spawn(function()
    ngx.sleep(seconds + gate.lag())
  end)
  ngx.thread.wait(thread, timer)
  ngx.thread.kill(ended and timer or thread)
  if not ended then
    return nil, "timeout"
  end
  return connected, reason
end

--- The TLS handshake, with the certificate and its name verified.
-- @treturn ?boolean true, or nil
-- @treturn ?table failure
local function shake_hands(self, deadline, settings)
  local route = self.route
  local done, reason = false, "timeout"
  local place = gate.enter(route.pool, deadline)
  gate.pause()
  if place and self:begin_step(deadline) then
    done, reason = self.sock:sslhandshake(false, route.server_name, true)
  end
  if place then
    gate.leave(place)
  end
  gate.pause()
  -- A handshake that needs no waiting counts as done even where the certificate was refused; the
  -- connection is closed then, and the reason lost.
  if done and self.sock:getreusedtimes() then
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

--- Opens a connection, or takes one from the pool.
-- @tparam table route see `cosocket.lua`
-- @tparam table request `deadline`, `connect_timeout`
-- @tparam table settings `ca_file`, for messages
-- @tparam boolean fresh never take one from the pool
-- @tparam number now seconds, by `core.monotonic`
-- @treturn[1] table connection
-- @treturn[2] nil
-- @treturn[2] table failure
function connections.open(route, request, settings, fresh, now)
  local call_deadline = request.deadline
  local deadline = min(call_deadline, now + (request.connect_timeout or math.huge))
  if now >= deadline then
    return nil, causes.of_connect("timeout", route)
  end
  local sock, turn = ngx.socket.tcp(), ngx.now()
  local timeout = timeout_until(call_deadline, now)
  sock:settimeouts(timeout_until(deadline, now), timeout, timeout)
  local options = fresh and route.fresh_options or route.options
  local connected, reason
  if route.is_address then
    connected, reason = sock:connect(route.dial_host, route.dial_port, options)
  else
    connected, reason = connect_by_name(sock, route, options, deadline - now)
  end
  if not connected then
    return nil, causes.of_connect(reason or "unknown error", route)
  end
  local self = setmetatable({
    sock = sock,
    route = route,
    deadline = call_deadline,
    turn = turn,
    timeout_deadline = call_deadline,
    answered = false,
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

--- What it means that a request was not taken, or an answer did not come.
-- Its field `stale` says that the server had closed the connection before the request came;
-- `ended`, that it closed the connection in good order.
local function broken(self, reason)
  local label = self.route.label
  local begun = self.answered
  local kind, message = "network", ("the connection to %s broke: %s"):format(label, reason)
  if reason == "timeout" then
    kind = "timeout"
    message = ("%s from %s in time"):format(begun and "the answer did not end" or "no answer", label)
  elseif reason == "closed" and begun then
    kind, message = "protocol", label .. " closed the connection in the middle of its answer"
  elseif reason == "closed" then
    message = label .. " closed the connection without an answer"
  end
  return {
    kind = kind,
    message = message,
    sent = true,
    ended = reason == "closed",
    stale = self.reused and not begun and CLOSED[reason] == true,
  }
end

local function send_piece(self, text)
  local sent, reason = nil, "timeout"
  if self:begin_step(self.deadline) then
    sent, reason = self.sock:send(text)
  end
  if not sent then
    return nil, broken(self, reason)
  end
  return true
end

--- Sends all of a text.
-- @treturn ?boolean true, or nil
-- @treturn ?table failure
function Connection:send(text)
  if #text <= SEND_BYTES then
    return send_piece(self, text)
  end
  for first = 1, #text, SEND_BYTES do
    local sent, failed = send_piece(self, text:sub(first, first + SEND_BYTES - 1))
    if not sent then
      return nil, failed
    end
  end
  return true
end

--- The next bytes of the answer.
-- @treturn ?string bytes, or nil
-- @treturn ?table failure
function Connection:receive()
  local bytes, reason = nil, "timeout"
  if self:begin_step(self.deadline) then
    bytes, reason = self.sock:receiveany(RECEIVE_BYTES)
    gate.pause()
  end
  if not bytes then
    return nil, broken(self, reason)
  end
  self.answered = true
  self.last_piece = #bytes
  return bytes
end

-- nginx sees bytes that came behind an answer in its own buffer and in the system's, but not
-- those that OpenSSL holds because nginx's buffer was full: possible only where the last piece
-- fills such a buffer, whose size (lua_socket_buffer_size) is a multiple of this.
local BUFFER_UNIT = 512

--- Tells whether nothing came behind the answer.
local function is_quiet(self)
  if self.last_piece % BUFFER_UNIT ~= 0 then
    return true
  end
  self.sock:settimeout(1)
  local _, reason = self.sock:receiveany(1)
  return reason == "timeout"
end

--- Gives the connection back to nginx's pool, after an answer that was read to its end.
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
