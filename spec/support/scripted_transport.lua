--- A transport that plays responses from a list on a clock of its own, and keeps the requests.

local tables = require "dataforest.util.tables"

local scripted = {}
scripted.__index = scripted

--- @tparam table script list of responses (`status`, `headers`, `body`), failures
--   (`kind`, `message`, `sent`), or functions of the request that return one of both
function scripted.new(script)
  return setmetatable({ script = script, requests = {}, sleeps = {}, clock = 1700000000 }, scripted)
end

local function copy(request)
  local result = tables.copy(request)
  result.headers = {}
  for name, value in pairs(request.headers) do
    result.headers[name] = value
  end
  return result
end

function scripted:send(request)
  self.requests[#self.requests + 1] = copy(request)
  local step = self.script[#self.requests]
  if type(step) == "function" then
    step = step(request, self)
  end
  assert(step, "the script has no response for request " .. #self.requests)
  if step.kind then
    return nil, step
  end
  return {
    status = step.status or 200,
    headers = step.headers or {},
    body = step.body or "",
    reused = step.reused,
  }
end

function scripted:sleep(seconds)
  self.sleeps[#self.sleeps + 1] = seconds
  self.clock = self.clock + seconds
end

function scripted:now()
  return self.clock
end

function scripted:monotonic()
  return self.clock
end

return scripted
