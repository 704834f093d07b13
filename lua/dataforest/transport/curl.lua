--- The transport over libcurl: for plain Lua, and for phases of nginx that cannot yield.
--
-- It blocks the thread until the response is there, except within `df:map`. Connections and TLS sessions
-- are kept from one call to the next.
--
-- @module dataforest.transport.curl

local core = require "dataforest.core"
local scheduler = require "dataforest.transport.scheduler"

local curl = {}

local Transport = {}
Transport.__index = Transport
Transport.__name = "dataforest.transport.curl"
Transport.is_built_in = true

local function failure(kind, message)
  return nil, { kind = kind, message = message, sent = false }
end

--- Makes an engine of dataforest.curl, or says why there is none.
-- @tparam table options those of the engine
-- @return[1] the engine
-- @treturn[2] nil
-- @treturn[2] table `kind`, `message` and `sent`, as `send` returns them
function curl.engine(options)
  local found, module = pcall(require, "dataforest.curl")
  if not found then
    local reason = tostring(module)
    if reason:find("module 'dataforest.curl' not found", 1, true) then
      reason =
        "there is no dataforest/curl.so in package.cpath (a build with -DDATAFOREST_CURL=OFF leaves it out)"
    end
    return failure("argument", "transport curl: dataforest.curl cannot be loaded: " .. reason)
  end
  local made, engine = pcall(module.engine, options)
  if not made then
    return failure("argument", "transport curl: " .. tostring(engine))
  end
  return engine
end

--- The engine, made at the first call: a client opens nothing before, and a program that
-- never calls through libcurl never loads it.
local function engine_of(self)
  if self.engine then
    return self.engine
  end
  if self.closed then
    return failure("closed", "the client is closed")
  end
  local err
  self.engine, err = curl.engine(self.engine_options)
  return self.engine, err
end

--- Sends a request and waits for its response; within a `map`, the others go on meanwhile.
-- @tparam table request `method`, `url` (https; http for loopback hosts), `headers` (name to value), `body`
--   (string or nil), `once` (boolean: the request must not reach the server twice), `deadline` (seconds of
--   the monotonic clock) or `timeout` (seconds that are left), `connect_timeout` (seconds),
--   `max_response_bytes`, `connect_to` ("host:port" or nil)
-- @treturn[1] table response: `status`, `headers` (names in lower case), `body`, and `reused` (boolean: over
--   a connection of an earlier call)
-- @treturn[2] nil
-- @treturn[2] table `kind` (`argument`, `network`, `tls`, `timeout`, `protocol`, `limit` or `closed`),
--   `message`, and `sent` (boolean: the request may have reached the server)
function Transport:send(request)
  if scheduler.current() then
    return self:send_in_task(request)
  end
  local engine, err = engine_of(self)
  if not engine then
    return nil, err
  end
  return engine:perform(request)
end

--- The same where it is known that a task of `map` is running, which can yield.
function Transport:send_in_task(request)
  local engine, err = engine_of(self)
  if not engine then
    return nil, err
  end
  return scheduler.send(engine, request)
end

--- Waits so many seconds; within a `map`, the others go on meanwhile.
-- @tparam number seconds
function Transport.sleep(_, seconds)
  scheduler.pause(seconds)
end

Transport.now, Transport.monotonic = core.now, core.monotonic

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
-- @tparam[opt] table options `ca_file` (path of a PEM bundle), `proxy` (a URL, `"env"`, or what
--   `route.proxy` made of either), `pool_size` (idle connections to keep), `pool_idle_timeout` (seconds that
--   they are kept)
-- @treturn table the transport
function curl.new(options)
  options = options or {}
  return setmetatable({
    engine_options = {
      ca_file = options.ca_file,
      proxy = options.proxy,
      pool_size = options.pool_size,
      pool_idle_timeout = options.pool_idle_timeout,
    },
  }, Transport)
end

return curl
