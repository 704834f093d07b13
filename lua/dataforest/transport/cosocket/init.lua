--- The transport inside nginx: HTTP/1.1 over cosockets, which never block the event loop.
--
-- A connection goes back to nginx's pool only once an answer was read to its end; every
-- error closes it.
--
-- Nothing of nginx is touched before the first call: the module can be loaded anywhere.
--
-- @module dataforest.transport.cosocket

local causes = require "dataforest.transport.cosocket.causes"
local connections = require "dataforest.transport.cosocket.connection"
local core = require "dataforest.core"
local gate = require "dataforest.transport.cosocket.limiter"
local http_answer = require "dataforest.transport.cosocket.http_answer"
local phase = require "dataforest.transport.phase"
local proxies = require "dataforest.transport.cosocket.proxy"

local may_yield, read_answer, write_request = phase.may_yield, http_answer.read, core.http_request

local cosocket = {}

local Cosocket = {}
Cosocket.__index = Cosocket
Cosocket.__name = "dataforest.transport.cosocket"

local PORTS = { http = 80, https = 443 }

-- Plain HTTP goes to this machine only, and to the cloud's metadata server, which knows no TLS.
local PLAIN_HOSTS = { localhost = true, ["[::1]"] = true, ["169.254.169.254"] = true }

-- Addresses of which it is kept how to reach them: there are as many as operations.
local MAX_ROUTES = 128

-- For a transport that is used without a client (seconds, bytes).
local DEFAULT_TIMEOUT = 30
local DEFAULT_MAX_BYTES = 8 * 1024 * 1024

local function failure(kind, message)
  return nil, { kind = kind, message = message, sent = false }
end

-- Where a request goes -----------------------------------------------------------------

local function split_authority(authority, default_port)
  local host, port = authority:match "^(%[[%x:.]+%]):?(%d*)$"
  if not host then
    host, port = authority:match "^([%w%-._]+):?(%d*)$"
  end
  return host and host:lower(), tonumber(port) or default_port
end

--- Takes the address of a request apart, and tells whom to dial for it.
-- @treturn[1] table `authority` (for Host), `server_name` (nil for plain HTTP), `dial_host`,
--   `dial_port`, `dial_label`, `is_address`; `proxy` and `tunnel_to` where there is a proxy; `pool`: the
--   name of nginx's pool, `options` and `fresh_options` of nginx for connections of it and for new ones
-- @treturn[2] nil
-- @treturn[2] string what is wrong
local function new_route(self, request)
  local scheme, authority = tostring(request.url):match "^(https?)://([^/?#]+)"
  local host, port
  if scheme then
    host, port = split_authority(authority, PORTS[scheme])
  end
  if not host then
    return nil, "the address of the request cannot be read"
  elseif scheme == "http" and not (PLAIN_HOSTS[host] or host:find "^127%.%d+%.%d+%.%d+$") then
    return nil, "the address of the request must begin with https://"
  end
  local dial_host, dial_port = host, port
  if request.connect_to then
    dial_host, dial_port = split_authority(request.connect_to)
    if not dial_port then
      return nil, 'connect_to must be "host:port"'
    end
  end
  local proxy, message
  if scheme == "https" then
    proxy, message = proxies.find(self.proxy, host)
    if message then
      return nil, message
    end
  end
  local server_name = scheme == "https" and host:gsub("^%[(.*)%]$", "%1") or nil
  local label = ("%s:%d"):format(dial_host, dial_port)
  local pool = table.concat({
    "dataforest",
    scheme,
    label,
    server_name or "-",
    server_name and "verified" or "plain",
    proxy and proxy.label .. " " .. ngx.md5(proxy.authorization or "") or "direct",
    self.pool_size,
  }, " ")
  dial_host = proxy and proxy.host or dial_host
  return {
    connect_to = request.connect_to,
    authority = authority,
    server_name = server_name,
    dial_host = dial_host,
    dial_port = proxy and proxy.port or dial_port,
    dial_label = proxy and proxy.label or label,
    is_address = causes.is_address(dial_host),
    label = label,
    proxy = proxy,
    tunnel_to = proxy and label,
    pool = pool,
    options = { pool = pool },
    -- Nothing is ever given back to this pool, so that what comes out of it is new.
    fresh_options = { pool = pool .. " fresh" },
  }
end

--- The same, of which the last ones are kept: a client calls few addresses.
local function route_of(self, request)
  local route = self.routes[request.url]
  if route and route.connect_to == request.connect_to then
    return route
  end
  local message
  route, message = new_route(self, request)
  if route and self.proxy ~= "env" then -- which may say something else the next time
    if self.route_count == MAX_ROUTES then
      self.routes, self.route_count = {}, 0
    end
    self.routes[request.url] = route
    self.route_count = self.route_count + 1
  end
  return route, message
end

--- The request line and what is the same each time. The last one of a route is kept.
-- @treturn ?string text; nil where the method or the target cannot be sent
local function start_of(request, route)
  local method, target = request.method, request.target
  if route.start and method == route.method and target == route.target then
    return route.start
  end
  local shown = target or request.url:match "^https?://[^/?#]+([^#]*)"
  if shown:find "[%s%c]" or not method:find "^%u+$" then
    return nil
  end
  route.method, route.target = method, target
  route.start = ("%s %s HTTP/1.1\r\nHost: %s\r\n"):format(method, shown, route.authority)
  return route.start
end

--- The request as it goes over the wire.
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string what is wrong
local function text_of(request, route)
  local start = start_of(request, route)
  if not start then
    return nil, "the method or the target of the request cannot be sent as it is"
  end
  local body, ending = request.body or "", request.once and "Connection: close\r\n\r\n" or "\r\n"
  if request.body or request.method ~= "GET" then
    ending = "Content-Length: " .. #body .. "\r\n" .. ending
  end
  local text = write_request(start, request.headers or {}, ending, body)
  if not text then
    return nil, "a header of the request holds line breaks, or has a malformed name"
  end
  return text
end

-- One call -----------------------------------------------------------------------------

--- One request and its answer over one connection.
-- @treturn ?table response
-- @treturn ?table failure
local function exchange(self, route, text, request, fresh)
  local connection, failed = connections.open(route, request, self, fresh, gate.pause())
  if not connection then
    return nil, failed
  end
  local sent, response, reusable
  sent, failed = connection:send(text)
  if sent then
    response, reusable, failed = read_answer(
      connection.receive,
      request.method,
      request.max_response_bytes or DEFAULT_MAX_BYTES,
      route.server_name ~= nil,
      connection
    )
  end
  if not response then
    connection:close()
    return nil, failed
  end
  response.reused = connection.reused
  if reusable and not fresh then
    connection:keep(self.idle_milliseconds, self.pool_size)
  else
    connection:close()
  end
  return response
end

--- Sends a request and waits for its answer, while nginx goes on serving others.
-- @tparam table request see `dataforest.transport.curl`
-- @treturn[1] table `status`, `headers` (names in lower case), `body`, `reused` (boolean)
-- @treturn[2] nil
-- @treturn[2] table `kind` (`argument`, `network`, `tls`, `timeout`, `protocol` or `limit`),
--   `message`, and `sent` (boolean: the request may have reached the server)
function Cosocket:send(request)
  if not may_yield() then
    return failure("argument", phase.reason())
  end
  return self:send_here(request)
end

--- The same where it is known that cosockets work.
function Cosocket:send_here(request)
  local route, message = route_of(self, request)
  if not route then
    return failure("argument", message)
  end
  local text
  text, message = text_of(request, route)
  if not text then
    return failure("argument", message)
  end
  request.deadline = request.deadline or core.monotonic() + DEFAULT_TIMEOUT
  -- What must reach the service at most once goes over a new connection: one of the pool may
  -- have died unseen, and then nobody could tell whether the request arrived.
  local fresh = request.once == true
  local response, failed = exchange(self, route, text, request, fresh)
  if not response and failed.stale and not fresh then
    response, failed = exchange(self, route, text, request, true)
  end
  return response, failed
end

--- Waits, while nginx goes on serving others.
-- @tparam number seconds
function Cosocket.sleep(_, seconds)
  ngx.sleep(math.max(0.001, seconds)) -- nginx without OpenResty's patches warns of a sleep of 0
end

--- The time, in seconds since the epoch, with fractions. (nginx's own stands still while Lua runs.)
-- @treturn number
function Cosocket.now()
  return core.now()
end

--- Seconds of a clock that nobody sets, which deadlines go by.
-- @treturn number
function Cosocket.monotonic()
  return core.monotonic()
end

--- Makes a transport. It opens nothing yet.
-- @tparam[opt] table options `pool_size` (idle connections to keep), `pool_idle_timeout` (seconds
--   that they are kept), `proxy` (`http://host:port`, or "env"), `ca_file` (which cannot reach nginx's
--   sockets: messages say so)
-- @treturn table the transport
function cosocket.new(options)
  options = options or {}
  return setmetatable({
    pool_size = options.pool_size or 64,
    idle_milliseconds = connections.milliseconds(options.pool_idle_timeout or 60),
    ca_file = options.ca_file,
    proxy = options.proxy,
    routes = {},
    route_count = 0,
  }, Cosocket)
end

return cosocket
