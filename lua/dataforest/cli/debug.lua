--- `--debug`: what goes over the wire, on standard error, without secrets.
-- @module dataforest.cli.debug

local core = require "dataforest.core"
local names = require "dataforest.api.headers"
local pretty = require "dataforest.cli.output.pretty"
local recording = require "dataforest.testing.recording"
local secrets = require "dataforest.secrets"
local text = require "dataforest.cli.output.text"

local debug = {}

-- Headers that authenticate, and what is shown in their place.
local SHOWN = {
  [names.ACCESS_KEY] = secrets.shown_key,
  [names.SIGNATURE] = function()
    return "[redacted]"
  end,
}

local function headers_of(lines, mark, headers)
  for _, name in ipairs(pretty.keys(headers)) do
    local shown = SHOWN[name:lower()]
    local value = tostring(headers[name])
    lines[#lines + 1] = ("%s %s: %s"):format(mark, name, shown and shown(value) or value)
  end
end

local function lines_of(request, response, failure, seconds)
  local exchange = recording.exchange(request, response, failure)
  local lines = { ("> %s %s"):format(request.method, request.url or request.target) }
  headers_of(lines, ">", request.headers or {})
  if exchange and exchange.request then
    lines[#lines + 1] = "> " .. pretty.line(exchange.request)
  elseif request.body then
    lines[#lines + 1] = ("> (%d bytes)"):format(#request.body)
  end
  if not response then
    lines[#lines + 1] = ("< no response after %.3f s: %s: %s"):format(seconds, failure.kind, failure.message)
    return lines
  end
  lines[#lines + 1] = ("< HTTP %d after %.3f s, %d bytes"):format(response.status, seconds, #response.body)
  if exchange and exchange.response then
    headers_of(lines, "<", exchange.response.headers)
    lines[#lines + 1] = "< " .. (exchange.response.body or "(" .. exchange.response.left_out .. ")")
  end
  return lines
end

--- Lets a transport show each exchange.
-- @tparam table context
-- @tparam table transport whose `send` is replaced
function debug.watch(context, transport)
  local send = transport.send
  transport.send = function(self, request)
    local started = core.monotonic()
    local response, failure = send(self, request)
    local style, stderr = context:style "stderr", context.system.stderr
    for _, line in ipairs(lines_of(request, response, failure, core.monotonic() - started)) do
      stderr:write(style:paint("dim", text.safe(line)), "\n")
    end
    stderr:flush()
    return response, failure
  end
end

return debug
