--- Real calls written to a file, to be played back where there is no service.
--
-- A recording is text: one JSON object a line, one line an exchange with Data Forest. It holds no access key,
-- signature, password or keytab (`dataforest.secrets` says which values those are), and can be checked in.
-- Requests to anything else, such as a server's metadata service, pass through and are not written. Neither
-- is a body of which it cannot be told what is secret in it: `left_out` says why.
--
-- @module dataforest.testing.recording

local core = require "dataforest.core"
local headers = require "dataforest.api.headers"
local json = require "dataforest.codec.json"
local operations = require "dataforest.operations"
local secrets = require "dataforest.secrets"
local tables = require "dataforest.util.tables"
local transports = require "dataforest.transport"
local xml = require "dataforest.codec.xml"

local recording = {}

local KEYTAB = "keytab, taken out of the recording"

-- Response headers that are worth keeping; the others may hold cookies and addresses.
local KEPT_HEADERS = { "content-type", "date", "retry-after", headers.TRACE_ID }

--- The operation that a request is for; nil where it is no call of Data Forest.
local function operation_of(request)
  local at = request.target:find(operations.path_prefix, 1, true)
  local name = at and request.target:match("^(%w+/%w+)$", at + #operations.path_prefix)
  if not (name and request.method == "POST" and request.headers[headers.SIGNATURE]) then
    return nil
  end
  return operations.by_name[name] or { id = name }
end

--- Reads a body.
-- @treturn ?table|string value; nil where it is neither JSON nor XML, or malformed
-- @treturn ?string name of an XML document's root
local function decode(body)
  local first = body:match "^\239?\187?\191?%s*(%S)"
  if first == nil then
    return ""
  elseif first == "{" or first == "[" then
    return (json.decode(body))
  elseif first == "<" then
    local value, root = xml.decode(body)
    return value, value and root
  end
end

--- The request as it is recorded and compared: parsed, its secrets masked.
-- @return the request; nil where it cannot be read
-- @treturn table the secrets that were in it
local function request_of(request, operation)
  local value = decode(request.body or "")
  if value == nil then
    return nil, {}
  end
  return secrets.mask_request(operation, value)
end

local function is_same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for name, value in pairs(a) do
    if not is_same(value, b[name]) then
      return false
    end
  end
  for name in pairs(b) do
    if a[name] == nil then
      return false
    end
  end
  return true
end

--- The body of a response without what is secret in it.
-- @treturn ?string body; nil where it cannot be told what is
local function response_body(response, operation, list)
  local body = response.body
  local value, root = decode(body)
  if value == nil then
    local is_success = response.status >= 200 and response.status < 300
    return operation.binary and is_success and KEYTAB or nil
  elseif value == "" then
    return body
  end
  local masked, found = secrets.mask_response(operation, value)
  if not found[1] then
    return secrets.redact(body, list)
  elseif root then
    body = xml.encode(root, masked)
  else
    body = json.encode(masked)
  end
  return body and secrets.redact(body, list)
end

local function response_of(response, operation, list)
  local out = { status = response.status, headers = {} }
  for _, name in ipairs(KEPT_HEADERS) do
    out.headers[name] = secrets.clean(response.headers[name], list)
  end
  out.body = response_body(response, operation, list)
  if not out.body then
    out.left_out = "its body is neither JSON nor XML, so its secrets cannot be found"
  end
  return out
end

--- An exchange as it may be shown: parsed, and without secrets.
-- @tparam table request as every transport gets it
-- @tparam ?table response
-- @tparam ?table failure in its place
-- @treturn ?table `method`, `target`, `request` and `response` or `failure`; `left_out` says why a body is
--   not there. Nil where it is no call of Data Forest.
function recording.exchange(request, response, failure)
  local operation = operation_of(request)
  if not operation then
    return nil
  end
  local value, list = request_of(request, operation)
  list[#list + 1] = request.headers[headers.SIGNATURE]
  list[#list + 1] = request.headers[headers.ACCESS_KEY]
  local exchange = { method = request.method, target = request.target, request = value }
  if value == nil then
    exchange.left_out = "its request is neither JSON nor XML, so its secrets cannot be found"
  elseif response then
    exchange.response = response_of(response, operation, list)
  else
    exchange.failure =
      { kind = failure.kind, message = secrets.clean(failure.message, list), sent = failure.sent }
  end
  return exchange
end

local Recorder = {}
Recorder.__index = Recorder

--- Makes a transport that passes every call on, and adds the exchange to a file.
-- @tparam table options `path`: of the file, which is made anew; `transport`: what the calls go
--   through, as the option `transport` of `dataforest.new` (`"auto"` by default); besides,
--   `ca_file` (or `DATAFOREST_CA_FILE`), `proxy` and the like for a transport that is named
-- @treturn Recorder a transport; raises where the file cannot be written
function recording.recorder(options)
  local handle, message = io.open(options.path, "wb")
  if not handle then
    error("dataforest.testing.recorder: " .. message, 2)
  end
  local settings = tables.copy({ ca_file = os.getenv "DATAFOREST_CA_FILE" }, options)
  local transport
  transport, message = transports.resolve(options.transport or "auto", settings)
  if not transport then
    error("dataforest.testing.recorder: " .. message, 2)
  end
  return setmetatable({ handle = handle, transport = transport }, Recorder)
end

--- Passes a request on. Where it is a call of Data Forest, it is written down with its response.
-- @tparam table request as every transport gets it
-- @treturn[1] table the response
-- @treturn[2] nil
-- @treturn[2] table what went wrong: `kind`, `message`, `sent`
function Recorder:send(request)
  local response, failure = self.transport:send(request)
  local exchange = self.handle and recording.exchange(request, response, failure)
  if exchange then
    self.handle:write(assert(json.encode(exchange)), "\n")
    self.handle:flush()
  end
  return response, failure
end

--- Waits, as the transport below does.
-- @tparam number seconds
function Recorder:sleep(seconds)
  self.transport:sleep(seconds)
end

--- The clock of the transport below that deadlines go by.
-- @treturn number seconds
function Recorder:monotonic()
  return transports.monotonic(self.transport)
end

--- The time of the transport below.
-- @treturn number seconds since the epoch
function Recorder:now()
  return self.transport:now()
end

--- Ends the recording, and closes the transport below.
function Recorder:close()
  if self.handle then
    self.handle:close()
    self.handle = nil
    if self.transport.close then
      self.transport:close()
    end
  end
end

--- One line of a recording.
local function exchange_of(line)
  local exchange, message = json.decode(line)
  local is_whole = type(exchange) == "table"
    and exchange.target
    and (exchange.response or exchange.failure or exchange.left_out)
  if not is_whole then
    return nil, message
  elseif type(exchange.request) == "string" then -- XML, as version 0.1 recorded it
    exchange.request = decode(exchange.request)
  end
  return exchange
end

local function read_exchanges(path)
  local handle, message = io.open(path, "rb")
  if not handle then
    return nil, message
  end
  local exchanges = {}
  for line in handle:lines() do
    local exchange
    exchange, message = exchange_of(line)
    if not exchange then
      handle:close()
      return nil,
        ("%s:%d: not a recorded exchange%s"):format(path, #exchanges + 1, message and ": " .. message or "")
    end
    exchanges[#exchanges + 1] = exchange
  end
  handle:close()
  return exchanges
end

local Player = {}
Player.__index = Player

--- Makes a transport that answers from a recording. Each exchange is used once, in the order of
-- the file; it answers the call that has its target and its parameters (secrets aside). Nothing
-- waits: pauses move the player's clock.
-- @tparam table options `path`: of the file
-- @treturn Player a transport; raises where the file cannot be read
function recording.player(options)
  local exchanges, message = read_exchanges(options.path)
  if not exchanges then
    error("dataforest.testing.player: " .. message, 2)
  end
  return setmetatable({ path = options.path, exchanges = exchanges, slept = 0 }, Player)
end

local function unhex(text)
  return (text:gsub("%x%x", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

--- The response that an exchange holds.
-- @treturn ?table response
-- @treturn ?table what went wrong
local function played(exchange)
  local response = exchange.response
  if exchange.failure then
    return nil, exchange.failure
  end
  local left_out = exchange.left_out or response.left_out
  if left_out and not (response and (response.status < 200 or response.status > 299)) then
    return nil, { kind = "protocol", sent = true, message = "the recorder left this out: " .. left_out }
  end
  local body = response.body or response.body_hex and unhex(response.body_hex) or ""
  return { status = response.status, headers = response.headers or {}, body = body }
end

--- Answers with the exchange that is recorded for this request.
-- @tparam table request as every transport gets it
-- @treturn[1] table the response
-- @treturn[2] nil
-- @treturn[2] table what went wrong: `kind`, `message`, `sent`
function Player:send(request)
  local operation = operation_of(request)
  local wanted = operation and request_of(request, operation)
  for index, exchange in ipairs(self.exchanges) do
    if
      exchange.target == request.target
      and exchange.method == request.method
      and is_same(exchange.request, wanted)
    then
      table.remove(self.exchanges, index)
      return played(exchange)
    end
  end
  local message = ("%s has no exchange left for %s"):format(self.path, request.target)
  if wanted then
    message = ("%s with these parameters: %s"):format(message, json.encode(wanted))
  end
  return nil, { kind = "argument", sent = false, message = message }
end

--- Moves the player's clock, and waits for nothing.
-- @tparam number seconds
function Player:sleep(seconds)
  self.slept = self.slept + seconds
end

--- The player's clock that deadlines go by.
-- @treturn number seconds
function Player:monotonic()
  return core.monotonic() + self.slept
end

--- The player's time.
-- @treturn number seconds since the epoch
function Player:now()
  return core.now() + self.slept
end

--- The exchanges that were not asked for yet.
-- @treturn integer
function Player:left()
  return #self.exchanges
end

return recording
