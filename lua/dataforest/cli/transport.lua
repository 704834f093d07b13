--- The transport of the command line: libcurl in short steps, so that Ctrl-C ends a call at once.
--
-- Lua sees an interrupt between two of its own instructions only. A call that stays in C until its
-- answer is there would hold it up as long.
--
-- @module dataforest.cli.transport

local core = require "dataforest.core"

local transport = {}

local STEP = 0.25

local Transport = {}
Transport.__index = Transport

local function engine_of(self)
  if not self.engine then
    self.engine = require("dataforest.curl").engine(self.options)
  end
  return self.engine
end

--- Sends a request and waits for its answer, which is kept in `last`.
function Transport:send(request)
  local engine = engine_of(self)
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
  self.last, self.received = response or nil, core.now()
  return response, failure
end

function Transport:sleep(seconds)
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

--- Makes a transport. It opens nothing yet; until it does, `options` can be set: `ca_file`, `proxy`.
-- @treturn table
function transport.new()
  return setmetatable({ options = {} }, Transport)
end

return transport
