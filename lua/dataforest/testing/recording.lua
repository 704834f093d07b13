--- Real calls written to a file, to be played back where there is no service.
--
-- A recording is text: one JSON object a line, one line an exchange. It holds no access key,
-- signature, password or keytab, and can be checked in.
--
-- @module dataforest.testing.recording

local core = require "dataforest.core"
local json = require "dataforest.codec.json"
local operations = require "dataforest.operations"
local redact = require "dataforest.secrets"

local recording = {}

local MARK = "[redacted]"
local KEYTAB = "keytab, taken out of the recording"

-- Headers of answers that are worth keeping; the others may hold cookies and addresses.
local KEPT_HEADERS = { "content-type", "date", "retry-after", "x-ncp-trace-id" }

local function operation_of(target)
  return operations.by_name[target:match "([^/]+/[^/?]+)[^/]*$" or ""]
end

local function is_secret(operation, name)
  for _, param in ipairs(operation and operation.params or {}) do
    if param.name == name then
      return param.secret or false
    end
  end
  return redact.is_secret_name(name)
end

--- A copy of a JSON request without its secrets, which go into the list.
local function without_secrets(value, operation, secrets)
  if type(value) ~= "table" then
    return value
  end
  local out = {}
  for name, member in pairs(value) do
    if is_secret(operation, name) then
      if type(member) == "string" then
        secrets[#secrets + 1] = member
      end
      out[name] = MARK
    else
      out[name] = without_secrets(member, operation, secrets)
    end
  end
  return out
end

--- The request as it is recorded and compared: parsed where it is JSON, else its text.
-- @return the request, and the secrets that were in it
local function request_of(request, operation)
  local secrets = {}
  local body = request.body or ""
  local value = body:match "^%s*{" and json.decode(body)
  if value then
    return without_secrets(value, operation, secrets), secrets
  end
  local text = body:gsub("<([%w_]+)>([^<]*)</%1>", function(name, content)
    if is_secret(operation, name) then
      local plain = content:gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&quot;", '"'):gsub("&apos;", "'")
      secrets[#secrets + 1] = plain:gsub("&amp;", "&")
      return ("<%s>%s</%s>"):format(name, MARK, name)
    end
  end)
  return text, secrets
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

local function response_of(response, operation, secrets)
  local out = { status = response.status, headers = {} }
  for _, name in ipairs(KEPT_HEADERS) do
    out.headers[name] = redact.clean(response.headers[name], secrets)
  end
  if operation and operation.binary and response.status < 300 then
    out.body = KEYTAB
  elseif core.valid_utf8(response.body) then
    out.body = redact.clean(response.body, secrets)
  else
    out.body_hex = (
      redact.clean(response.body, secrets):gsub(".", function(byte)
        return ("%02x"):format(byte:byte())
      end)
    )
  end
  return out
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
  local settings = { ca_file = os.getenv "DATAFOREST_CA_FILE" }
  for name, value in pairs(options) do
    settings[name] = value
  end
  local transport
  transport, message = require("dataforest.transport").resolve(options.transport or "auto", settings)
  if not transport then
    error("dataforest.testing.recorder: " .. message, 2)
  end
  return setmetatable({ handle = handle, transport = transport }, Recorder)
end

--- Passes a request on, and writes it and its answer down.
-- @tparam table request as every transport gets it
-- @treturn[1] table the answer
-- @treturn[2] nil
-- @treturn[2] table what went wrong: `kind`, `message`, `sent`
function Recorder:send(request)
  local operation = operation_of(request.target)
  local exchange = { method = request.method, target = request.target }
  local secrets
  exchange.request, secrets = request_of(request, operation)
  secrets[#secrets + 1] = request.headers["x-ncp-apigw-signature-v2"]
  secrets[#secrets + 1] = request.headers["x-ncp-iam-access-key"]
  local response, failure = self.transport:send(request)
  if response then
    exchange.response = response_of(response, operation, secrets)
  else
    exchange.failure =
      { kind = failure.kind, message = redact.clean(failure.message, secrets), sent = failure.sent }
  end
  self.handle:write(json.encode(exchange), "\n")
  self.handle:flush()
  return response, failure
end

--- Waits, as the transport below does.
-- @tparam number seconds
function Recorder:sleep(seconds)
  self.transport:sleep(seconds)
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

local function read_exchanges(path)
  local handle, message = io.open(path, "rb")
  if not handle then
    return nil, message
  end
  local exchanges = {}
  for line in handle:lines() do
    local exchange
    exchange, message = json.decode(line)
    if type(exchange) ~= "table" or not exchange.target or not (exchange.response or exchange.failure) then
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
  return (text:gsub("%x%x", function(byte)
    return string.char(tonumber(byte, 16))
  end))
end

--- Answers with the exchange that is recorded for this request.
-- @tparam table request as every transport gets it
-- @treturn[1] table the answer
-- @treturn[2] nil
-- @treturn[2] table what went wrong: `kind`, `message`, `sent`
function Player:send(request)
  local wanted = request_of(request, operation_of(request.target))
  for index, exchange in ipairs(self.exchanges) do
    if
      exchange.target == request.target
      and exchange.method == request.method
      and is_same(exchange.request, wanted)
    then
      table.remove(self.exchanges, index)
      local response = exchange.response
      if not response then
        return nil, exchange.failure
      end
      return {
        status = response.status,
        headers = response.headers or {},
        body = response.body_hex and unhex(response.body_hex) or response.body or "",
      }
    end
  end
  return nil,
    {
      kind = "argument",
      sent = false,
      message = ("%s has no exchange left for %s with these parameters: %s"):format(
        self.path,
        request.target,
        type(wanted) == "table" and json.encode(wanted) or wanted
      ),
    }
end

--- Moves the player's clock, and waits for nothing.
-- @tparam number seconds
function Player:sleep(seconds)
  self.slept = self.slept + seconds
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
