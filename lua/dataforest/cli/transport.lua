--- The transport of the command line: libcurl in short steps, so that Ctrl-C ends a call at once.
--
-- Lua sees an interrupt between two of its own instructions only. A call that stays in C until its
-- response is there would hold it up as long. Within `df:map` the calls wait together, as they always do.
--
-- @module dataforest.cli.transport

local core = require "dataforest.core"
local curl = require "dataforest.transport.curl"
local scheduler = require "dataforest.transport.scheduler"

local transport = {}

local STEP = 0.25

local Transport = {}
Transport.__index = Transport

local function engine_of(self)
  if self.engine then
    return self.engine
  end
  local err
  self.engine, err = curl.engine(self.options)
  return self.engine, err
end

--- Sends a request in short steps.
local function send(self, request)
  local engine, problem = engine_of(self)
  if not engine then
    return nil, problem
  end
  request.timeout = request.deadline and request.deadline - core.monotonic() or nil
  local transfer, err = engine:start(request)
  if not transfer then
    return nil, err
  end
  local response, failure = transfer:result()
  while response == false do
    engine:step(STEP)
    self:tick()
    response, failure = transfer:result()
  end
  return response, failure
end

--- Sends a request and waits for its response, which is kept in `last`, with the time at which it came.
function Transport:send(request)
  local response, failure
  if scheduler.current() then
    response, failure = self.together:send(request)
  else
    response, failure = send(self, request)
  end
  self.last, self.received = response or nil, core.now()
  return response, failure
end

function Transport:sleep(seconds)
  if scheduler.current() then
    return scheduler.pause(seconds)
  end
  local ends = core.monotonic() + seconds
  local left = seconds
  while left > 0 do
    core.sleep(math.min(left, STEP))
    self:tick()
    left = ends - core.monotonic()
  end
end

--- Calls `on_tick` where there is one, some times a second.
function Transport:tick()
  if self.on_tick then
    self.on_tick()
  end
end

function Transport.now()
  return core.now()
end

function Transport.monotonic()
  return core.monotonic()
end

function Transport:close()
  if self.engine then
    self.engine:close()
    self.engine = nil
  end
  self.together:close()
end

--- Makes a transport. It opens nothing yet.
-- @tparam table options `ca_file`, `proxy`
-- @treturn table
function transport.new(options)
  return setmetatable({ options = options, together = curl.new(options) }, Transport)
end

return transport
