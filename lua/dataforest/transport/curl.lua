--- The transport over libcurl: for plain Lua, and for phases of nginx that cannot yield.
--
-- It blocks the thread until the answer is there, except within `df:map`. Connections and
-- TLS sessions are kept from one call to the next.
--
-- @module dataforest.transport.curl

local core = require "dataforest.core"
local scheduler = require "dataforest.transport.scheduler"

local curl = {}

local Transport = {}
Transport.__index = Transport
Transport.__name = "dataforest.transport.curl"

local function failure(kind, message)
  return nil, { kind = kind, message = message, sent = false }
end

--- The engine, made at the first call: a client opens nothing before, and a program that
-- never calls through libcurl never loads it.
local function open(self)
  if self.closed then
    return failure("closed", "the client is closed")
  end
  local found, module = pcall(require, "dataforest.curl")
  if not found then
    return failure("argument", "transport curl: dataforest.curl cannot be loaded: " .. tostring(module))
  end
  local made, engine = pcall(module.engine, self.engine_options)
  if not made then
    return failure("argument", "transport curl: " .. tostring(engine))
  end
  self.engine = engine
  return engine
end

--- Sends a request and waits for its answer; within a `map`, the others go on meanwhile.
-- @tparam table request `method`, `url` (https; http for loopback hosts), `headers` (name to
--   value), `body` (string or nil), `once` (boolean: the request must not reach the server
--   twice), `deadline` (seconds, by `monotonic`), `connect_timeout` (seconds),
--   `max_response_bytes`, `connect_to` ("host:port" or nil). `timeout` is set to the
--   seconds that are left.
-- @treturn[1] table answer: `status`, `headers` (names in lower case), `body`, and `reused`
--   (boolean: over a connection of an earlier call)
-- @treturn[2] nil
-- @treturn[2] table `kind` (`argument`, `network`, `tls`, `timeout`, `protocol`, `limit` or
--   `closed`), `message`, and `sent` (boolean: the request may have reached the server)
function Transport:send(request)
  local engine, err = self.engine
  if not engine then
    engine, err = open(self)
    if not engine then
      return nil, err
    end
  end
  request.timeout = request.deadline and request.deadline - core.monotonic() or nil
  local task = scheduler.current()
  if not task then
    return engine:perform(request)
  end
  local transfer
  transfer, err = engine:start(request)
  if not transfer then
    return nil, err
  end
  scheduler.await(task, engine, transfer)
  return transfer:result()
end

--- Waits so many seconds; within a `map`, the others go on meanwhile.
-- @tparam number seconds
function Transport.sleep(_, seconds)
  scheduler.pause(seconds)
end

--- The time, in seconds since the epoch, with fractions.
-- @treturn number
function Transport.now()
  return core.now()
end

--- Seconds of a clock that nobody sets, which deadlines go by.
-- @treturn number
function Transport.monotonic()
  return core.monotonic()
end

--- Closes all connections. Later calls fail with kind `closed`; closing again does nothing.
function Transport:close()
  self.closed = true
  if self.engine then
    self.engine:close()
    self.engine = nil
  end
end

Transport.__close = Transport.close

--- Makes a transport. It opens nothing yet.
-- @tparam[opt] table options `ca_file` (path of a PEM bundle), `proxy` (a URL, or "env"),
--   `pool_size` (idle connections to keep), `http2` (boolean: share one connection where the server
--   offers HTTP/2; false by default)
-- @treturn table the transport
function curl.new(options)
  options = options or {}
  return setmetatable({
    engine_options = {
      ca_file = options.ca_file,
      proxy = options.proxy,
      max_connections = options.pool_size,
      http2 = options.http2,
    },
  }, Transport)
end

return curl
