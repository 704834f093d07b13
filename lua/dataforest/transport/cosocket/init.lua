--- The transport inside nginx: HTTP/1.1 over cosockets, which never block the event loop.
--
-- A connection goes back to nginx's pool only once a response was read to its end; every
-- error closes it.
--
-- Nothing of nginx is touched before the first call: the module can be loaded anywhere.
--
-- @module dataforest.transport.cosocket

local connections = require "dataforest.transport.cosocket.connection"
local core = require "dataforest.core"
local defaults = require "dataforest.request.defaults"
local limiter = require "dataforest.transport.cosocket.limiter"
local phase = require "dataforest.transport.phase"
local proxies = require "dataforest.transport.cosocket.proxy"
local routes = require "dataforest.transport.route"
local trust = require "dataforest.transport.cosocket.trust"
local url = require "dataforest.transport.url"

local monotonic = core.monotonic

local cosocket = {}

local Cosocket = {}
Cosocket.__index = Cosocket
Cosocket.__name = "dataforest.transport.cosocket"
Cosocket.is_built_in = true

-- URLs of which it is kept how to reach them: there are as many as operations.
local MAX_ROUTES = 128

-- Readers of responses that are kept for the next calls.
local MAX_READERS = 64

local function failure(kind, message)
  return nil, { kind = kind, message = message, sent = false }
end

-- Where a request goes -----------------------------------------------------------------

--- Says whom to dial for a request.
-- @treturn[1] table see `route.find`, and `dial`, `dial_port`, `dial_label`, `is_address`; `tunnel_to` where
--   there is a proxy; `pool`: what the name of nginx's pool begins with, and `pools` by location
-- @treturn[2] nil
-- @treturn[2] string what is wrong
local function new_route(self, request)
  local route, message = routes.find(request.url, request.connect_to, self.proxy)
  if not route then
    return nil, message
  end
  route.connect_to = request.connect_to
  route.pools = {}
  route.dial_label = route.label
  local proxy = route.proxy
  if proxy then
    message = proxies.problem(proxy)
    if message then
      return nil, message
    end
    route.tunnel_to = route.label
    route.dial, route.dial_port = routes.hosts(proxy.host), proxy.port
    route.dial_label = "the proxy " .. proxy.label
  end
  route.is_address = url.address_bytes(route.dial[1]) ~= nil
  route.pool = table.concat({
    "dataforest",
    route.scheme,
    route.label,
    route.server_name or "-",
    proxy and proxy.label .. " " .. ngx.md5(proxy.authorization or "") or "direct",
    self.pool_size,
    self.pool_name or "-",
    self.store and ngx.md5(self.ca_file) or "-",
  }, " ")
  return route
end

--- The same, of which the last ones are kept: a client calls few URLs.
local function route_of(self, request)
  local route = self.routes[request.url]
  if route and route.connect_to == request.connect_to then
    return route
  end
  local message
  route, message = new_route(self, request)
  if route and not (self.proxy and self.proxy:is_env()) then -- which may say something else the next time
    if self.route_count == MAX_ROUTES then
      self.routes, self.route_count = {}, 0
    end
    self.routes[request.url] = route
    self.route_count = self.route_count + 1
  end
  return route, message
end

-- One call -----------------------------------------------------------------------------

--- How a connection has ended, in the reader's words. Over TLS nginx says "closed" of every end.
local function end_of(reason, route)
  return reason ~= "closed" and "reset" or route.server_name and "unknown" or "clean"
end

--- Reads until the response is whole or wrong.
-- @treturn ?boolean true; nil where the response is wrong: the reader says why; false: time ran out
local function read_response(connection, reader, deadline, patience)
  local limit = patience or deadline
  while true do
    local bytes, reason = connection:read(limit)
    if bytes then
      local done = reader:feed(bytes)
      if done ~= false then
        return done
      end
      limit = deadline
    elseif reason == "timeout" then
      return false
    else
      return reader:finish(end_of(reason, connection.route))
    end
  end
end

--- Sends a request and reads the response. What came early counts, whatever became of the request's rest:
-- a server may refuse a large one while it is still being sent.
-- @treturn ?boolean see `read_response`
-- @treturn boolean whether all of the request was sent
local function converse(connection, reader, call, patience)
  if not call.body or #call.head + #call.body <= connections.SEND_BYTES then
    local sent, reason = connection:write(call.head .. (call.body or ""), call.deadline)
    if reason == "timeout" then
      return false, false
    end
    return read_response(connection, reader, call.deadline, patience), sent == true
  end
  local sent, ended = false, false
  local sender = ngx.thread.spawn(function()
    sent = connection:write(call.head, call.deadline) and connection:write(call.body, call.deadline) or false
    ended = true
  end)
  local done = read_response(connection, reader, call.deadline)
  if ended then
    ngx.thread.wait(sender)
  else
    ngx.thread.kill(sender)
  end
  return done, sent
end

local function timeout_of(reader, label)
  local what = reader:begun() and "no whole response" or "no response"
  return { kind = "timeout", message = ("%s from %s in time"):format(what, label), sent = true }
end

--- The last moment for a first byte, where a read over a kept connection should be given up early.
local function patience_of(call, connection, fresh)
  local now = monotonic()
  if connection.reused and not fresh and call.deadline - now > 2 * defaults.silence then
    return now + defaults.silence
  end
end

--- One request and its response over one connection.
-- @treturn ?table response
-- @treturn ?table failure
-- @treturn ?boolean true where the connection was of no use any more before anything came: the request may
--   be sent again if it is a read
local function exchange(self, route, call, fresh)
  limiter.pause_after_share()
  local connection, failed = connections.open(route, call, self, fresh)
  if not connection then
    return nil, failed
  end
  local reader = table.remove(self.readers) or core.http_reader()
  reader:start(call.method, call.max_bytes)
  local done, sent = converse(connection, reader, call, patience_of(call, connection, fresh))
  if not done then
    connection:close()
    failed = done == nil and reader:failure(route.label) or timeout_of(reader, route.label)
    return nil, failed, connection.reused and not reader:begun() and monotonic() < call.deadline
  end
  local response, reusable = reader:response()
  if #self.readers < MAX_READERS then
    self.readers[#self.readers + 1] = reader
  end
  response.reused = connection.reused
  if reusable and sent and not fresh then
    connection:keep(self.idle_milliseconds, self.pool_size)
  else
    connection:close()
  end
  -- 408: the server grew tired of waiting for a request while this one was on its way.
  return response, nil, connection.reused and response.status == 408 and not reusable
end

--- Sends a request and waits for its response, while nginx goes on serving others.
-- @tparam table request see `dataforest.transport`
-- @treturn[1] table `status`, `headers` (names in lower case), `body`, `reused` (boolean)
-- @treturn[2] nil
-- @treturn[2] table `kind` (`argument`, `network`, `tls`, `timeout`, `protocol` or `limit`),
--   `message`, and `sent` (boolean: the request may have reached the server)
function Cosocket:send(request)
  if not phase.may_yield() then
    return failure("argument", phase.reason())
  end
  return self:send_here(request)
end

--- The authorities of `ca_file`, where nginx's sockets take them. Loaded once.
local function load_store(self)
  if self.ca_file and self.store == nil then
    self.store = false
    if trust.takes_store(ngx.socket.tcp()) then
      local message
      self.store, message = trust.load_store(self.ca_file)
      if not self.store then
        self.store = nil -- tried again: the file may come
        return nil, message
      end
    end
  end
  return true
end

--- The same where it is known that cosockets work.
function Cosocket:send_here(request)
  local ready, message = load_store(self)
  if not ready then
    return failure("tls", message)
  end
  local route
  route, message = route_of(self, request)
  if not route then
    return failure("argument", message)
  end
  -- What must reach the service at most once goes over a new connection: one of the pool may
  -- have died unseen, and then nobody could tell whether the request arrived.
  local once = request.once == true
  local head
  head, message = core.http_request(
    request.method,
    request.target or route.target,
    route.authority,
    request.headers or {},
    request.body,
    once
  )
  if not head then
    return failure("argument", message)
  end
  local call = {
    method = request.method,
    head = head,
    body = request.body,
    deadline = request.deadline or monotonic() + (request.timeout or defaults.timeout),
    connect_timeout = request.connect_timeout,
    max_bytes = request.max_response_bytes or defaults.max_response_bytes,
  }
  local response, failed, again = exchange(self, route, call, once)
  if again and not once then
    response, failed = exchange(self, route, call, true)
  end
  return response, failed
end

--- Waits, while nginx goes on serving others.
-- @tparam number seconds
function Cosocket.sleep(_, seconds)
  phase.sleep(seconds)
  return true
end

-- Not nginx's own clock, which stands still while Lua runs.
Cosocket.now, Cosocket.monotonic = core.now, monotonic

--- Makes a transport. It opens nothing yet.
-- @tparam[opt] table options `pool_size` (idle connections to keep), `pool_idle_timeout` (seconds that they
--   are kept), `pool_name` (text: the connections are shared by all locations of nginx whose clients give
--   it, which must trust the same authorities; without it, each location has its own), `proxy` (see
--   `route.proxy`), `ca_file` (used where nginx's sockets have settrustedstore)
-- @treturn table the transport
function cosocket.new(options)
  options = options or {}
  return setmetatable({
    pool_size = options.pool_size or defaults.pool_size,
    pool_name = options.pool_name,
    idle_milliseconds = connections.milliseconds(options.pool_idle_timeout or defaults.pool_idle_timeout),
    ca_file = options.ca_file,
    proxy = options.proxy and assert(routes.proxy(options.proxy)),
    routes = {},
    route_count = 0,
    readers = {},
  }, Cosocket)
end

return cosocket
