--- A Data Forest that runs anywhere: for trying things out, and for tests of one's own code.
--
-- The emulator checks signatures and clocks, enforces the documented limits, keeps accounts and
-- apps, and answers with the documented bodies in JSON and XML. It is mounted in three ways:
--
-- - in process, without a network:
--
--       local emulator = require("dataforest.emulator").new()
--       local df = dataforest.new {
--         transport = emulator:transport(),
--         access_key = emulator.access_key,
--         secret_key = emulator.secret_key,
--       }
--
-- - as a server over real TLS: `dataforest emulator --listen 127.0.0.1:8443`;
-- - in one's own nginx: `require("dataforest.emulator.nginx").serve(emulator)`.
--
-- Time is the emulator's own: `emulator:advance(180)` lets three minutes pass at once. Faults are
-- ordered by `emulator:fail_next { ... }`.
--
-- Where the pages contradict each other, the emulator does what they show in examples, and refuses
-- only what all of them refuse; `strict = true` makes it refuse what any of them refuses. What no page
-- tells is made up, and said so: the times that creation takes, the components of the app types
-- besides DEV and KAFKA, the states of apps besides RUNNING, and all refusals of apps.
--
-- @module dataforest.emulator

local accounts = require "dataforest.emulator.accounts"
local answers = require "dataforest.emulator.error_responses"
local apps = require "dataforest.emulator.apps"
local faults = require "dataforest.emulator.faults"
local gate = require "dataforest.emulator.gateway"
local limits = require "dataforest.emulator.validation"
local operations = require "dataforest.operations"
local options_of = require "dataforest.emulator.options"
local random = require "dataforest.emulator.random"
local secrets = require "dataforest.secrets"
local time = require "dataforest.time"
local transport = require "dataforest.emulator.transport"
local wire = require "dataforest.emulator.wire"

local CALLS_KEPT = 1000

-- For each list of calls: how many of each operation it no longer holds.
local UNKNOWN = "unknown"
local forgotten = setmetatable({}, { __mode = "k" })

local emulator = {
  --- The access key that an emulator knows where none is given.
  access_key = options_of.access_key,
  --- Its secret key.
  secret_key = options_of.secret_key,
}

local Emulator = {}
Emulator.__index = Emulator

local function misuse(level, text, ...)
  error(("dataforest.emulator: " .. text):format(...), level + 1)
end

--- Makes an emulator.
--
-- A wrong option raises at the caller's line.
--
-- @tparam[opt] table options
-- @tparam[opt] string options.access_key access key of the (first) user
-- @tparam[opt] string options.secret_key its secret key
-- @tparam[opt] table options.keys more keys: `{ [access_key] = secret_key }`, each a user of its own, or
-- `{ [access_key] = { secret =, user = } }` for several keys of one user
-- @tparam[opt] function options.clock returns seconds since the epoch; the system's clock by default
-- @tparam[opt] number options.seed the same seed gives the same ids and keys
-- @tparam[opt] {string,...} options.ids ids to hand out first, in this order
-- @tparam[opt="+09:00"] string options.zone of the times in answers
-- @tparam[opt=150] number options.creation_delay seconds from ACCEPTED to RUNNING of an account
-- @tparam[opt=0] number options.change_delay seconds of CHANGING after setQuota and resetPassword
-- @tparam[opt=0] number options.deletion_delay seconds that what was deleted is still there
-- @tparam[opt=60] number options.app_delay seconds from ACCEPTED to RUNNING of an app
-- @tparam[opt=10] number options.container_delay seconds until a new container is READY
-- @tparam[opt=50] number options.max_apps apps an account can have
-- @tparam[opt=100] number options.max_containers containers an app can have
-- @tparam[opt=1048576] number options.max_request_bytes larger bodies are refused with 413
-- @tparam[opt=0] number|function options.latency seconds that each answer takes; a function gets the
-- operation's name
-- @tparam[opt=false] boolean options.strict refuse what any page refuses, see above
-- @tparam[opt=403] integer options.unknown_id status for an unknown id: 403 with code 10002, or 404
-- @tparam[opt=200] integer options.second_account status for a user's second account: 200 with `success`
-- false, or 400 "exceeded limit on resource quota"
-- @treturn Emulator
-- @usage local emulator = require("dataforest.emulator").new { creation_delay = 0 }
function emulator.new(options)
  local checked, message = options_of.check(options or {})
  if not checked then
    misuse(2, "%s", message)
  end
  options = checked
  local self = setmetatable({ options = options }, Emulator)
  self.access_key, self.secret_key = options.access_key, options.secret_key
  self.gate = gate.new(self, options.keys)
  self.request_types = {}
  for _, operation in ipairs(operations.list) do
    self.request_types[operation.id] = limits.request_type(operation, options.strict)
  end
  self:reset()
  return self
end

--- An emulator.
-- @table Emulator
-- @tfield string access_key of the (first) user
-- @tfield string secret_key of the (first) user
-- @tfield {Call,...} calls those that came, oldest first, at least the last thousand; `count_calls` counts
--   the others too

--- A call as an emulator remembers it.
-- @table Call
-- @tfield ?string operation such as `"accounts/create"`
-- @tfield table params with `[redacted]` in place of passwords
-- @tfield ?integer status of the answer
-- @tfield ?string dropped the kind of fault, where no answer went out
-- @tfield string format `"json"` or `"xml"`
-- @tfield number time seconds since the epoch

--- Forgets accounts, apps, faults and calls, and sets the clock back to `options.clock`.
function Emulator:reset()
  self.offset = 0
  self.random = random.new(self.options.seed)
  self.trace = random.new(self.options.seed) -- of its own, so that ids do not depend on how many calls came
  self.ids_handed_out = 0
  self.accounts = accounts.new(self)
  self.apps = apps.new(self)
  self.faults = faults.new()
  self.calls = {}
end

-- Time -------------------------------------------------------------------------------------------------

--- The emulator's time.
-- @treturn number seconds since the epoch, fractional
function Emulator:now()
  return self.options.clock() + self.offset
end

--- Lets time pass at once: accounts and apps start, lifetimes run out.
-- @tparam number seconds how much; may be negative
function Emulator:advance(seconds)
  if type(seconds) ~= "number" then
    misuse(2, "advance takes a number of seconds, not a %s", type(seconds))
  end
  self.offset = self.offset + seconds
end

--- Sets the emulator's clock.
-- @tparam number seconds since the epoch
function Emulator:set_clock(seconds)
  if type(seconds) ~= "number" then
    misuse(2, "set_clock takes seconds since the epoch, not a %s", type(seconds))
  end
  self.offset = self.offset + seconds - self:now()
end

-- Helpers of the parts ---------------------------------------------------------------------------------

--- The next id: one of `options.ids` as long as there are some.
-- @treturn string
function Emulator:new_id()
  self.ids_handed_out = self.ids_handed_out + 1
  return self.options.ids[self.ids_handed_out] or self.random:id()
end

--- The answer about an id that nobody has, or that is not the caller's.
-- @tparam string id
-- @treturn table
function Emulator:unknown(id)
  return answers.unknown(id, self.options.unknown_id, self.trace:uuid())
end

-- Arranging --------------------------------------------------------------------------------------------

--- Puts an account in, without a call.
-- @tparam table given
-- @tparam string given.name
-- @tparam[opt] string given.access_key whose account it is; the first user's by default
-- @tparam[opt] string given.id 22 base62 characters
-- @tparam[opt] number given.created_at seconds since the epoch; long enough ago by default
-- @tparam[opt] table given.quotas `{ koya = { fileCountMillion =, spaceTb = }, tata = ... }`
-- @treturn string the account's id
function Emulator:add_account(given)
  if type(given) ~= "table" or type(given.name) ~= "string" then
    misuse(2, "add_account takes a table with a name")
  end
  local user = self.gate.users[given.access_key or self.access_key]
  if not user then
    misuse(2, "add_account: there is no access key %s", tostring(given.access_key))
  end
  return self.accounts:add({
    name = given.name,
    user = user,
    id = given.id,
    created_at = given.created_at or self:now() - self.options.creation_delay,
    quotas = given.quotas,
  }).id
end

--- All there is, whoever it belongs to: for assertions, without calls.
-- @treturn table `accounts` and `apps`, each a list of what getDetail answers
function Emulator:dump()
  local out = { accounts = {}, apps = {} }
  for i, account in ipairs(self.accounts:all()) do
    out.accounts[i] = self.accounts:detail(account)
  end
  for i, app in ipairs(self.apps:all()) do
    out.apps[i] = self.apps:detail(app)
  end
  return out
end

--- Orders a fault for a call to come.
--
-- With `status`, `code` or `body` the fault is the answer; with `kind` no answer arrives; with
-- `delay` alone the answer comes late. Faults strike in the order in which they were given.
--
-- @tparam table fault
-- @tparam[opt] string fault.operation such as `"accounts/create"`; any by default
-- @tparam[opt=1] integer fault.times how many calls it strikes
-- @tparam[opt=0] integer fault.skip how many calls it lets through first
-- @tparam[opt="before"] string fault.when `"before"`: the operation is not carried out; `"after"`: it is, and
-- its answer is lost
-- @tparam[opt] integer fault.status HTTP status; alone, it brings the gateway's error of that status
-- @tparam[opt] string fault.code code of a gateway error, such as `"410"`; alone, it brings its status
-- @tparam[opt] string fault.message in the error, or of `kind`
-- @tparam[opt] string fault.details in the error
-- @tparam[opt] table fault.headers more headers, such as `{ ["retry-after"] = "2" }`
-- @tparam[opt] string|table fault.body the body itself: bytes, or a table to encode
-- @tparam[opt] string fault.kind `"network"`, `"timeout"`, `"tls"` or `"protocol"`: no answer arrives
-- @tparam[opt] boolean fault.sent whether the client believes that the request left: true by default where
-- the operation is carried out and for `timeout` and `protocol`, else false
-- @tparam[opt] number fault.delay seconds until the answer
-- @usage emulator:fail_next { operation = "accounts/create", when = "after", kind = "network" }
-- @usage emulator:fail_next { code = "410", times = 2, headers = { ["retry-after"] = "1" } }
function Emulator:fail_next(fault)
  local ok, message = self.faults:add(fault)
  if not ok then
    misuse(2, "%s", message)
  end
end

--- A transport for `dataforest.new`: calls reach the emulator in process.
--
-- Its `sleep` moves the emulator's clock and returns at once, so that retries and waits take no
-- time; its `now` is the emulator's clock.
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.real_time really wait
-- @tparam[opt=0] number options.clock_offset seconds that the client's clock is ahead of the emulator's
-- @treturn Transport with `send`, `sleep` and `now`
function Emulator:transport(options)
  options = options or {}
  local known = { real_time = "boolean", clock_offset = "number" }
  for name, value in pairs(options) do
    if not known[name] then
      misuse(2, "transport has no option %s", tostring(name))
    elseif type(value) ~= known[name] then
      misuse(2, "%s must be a %s, not a %s", name, known[name], type(value))
    end
  end
  return transport.new(self, options)
end

-- Handling ---------------------------------------------------------------------------------------------

local response_types = {}

local function response_type(operation)
  local known = response_types[operation.id]
  if not known then
    known = { object = operation.name, fields = { { name = "success", type = "boolean" } } }
    for _, field in ipairs(type(operation.result) == "table" and operation.result.fields or {}) do
      known.fields[#known.fields + 1] = field
    end
    response_types[operation.id] = known
  end
  return known
end

local handlers = {}
for _, part in ipairs { accounts.handlers, apps.handlers } do
  for id, handler in pairs(part) do
    handlers[id] = handler
  end
end

--- Carries an operation out.
-- @tparam table operation
-- @tparam table body the request, parsed
-- @tparam table user whose keys signed it
-- @treturn table the answer
function Emulator:carry_out(operation, body, user)
  local params, answer = limits.request(self.request_types[operation.id], body, self.options.strict)
  if not params then
    return answer
  end
  local handler = handlers[operation.id]
  if not handler then
    return gate.not_there() -- one that was added to the data alone
  end
  local store = operation.group == "apps" and self.apps or self.accounts
  local value, headers
  value, answer, headers = handler(store, params, user)
  if value == nil then
    return answer
  elseif type(value) == "string" then
    return { status = 200, bytes = value, headers = headers }
  end
  value.success = true
  return { status = 200, body = value, type = response_type(operation) }
end

--- Everything between the arrival of a request and its answer; fills in `call` on the way.
-- @tparam table call what is remembered of it
-- @tparam table request
-- @tparam string format of the request
-- @treturn table the answer
-- @treturn ?table the operation, where the target names one
function Emulator:answer(call, request, format)
  local operation, answer = gate.route(request.method, request.target)
  call.operation = operation and operation.id
  local fault = self.faults:take(call.operation, "before")
  call.delay = fault and fault.delay
  local injected = fault and self.faults.answer(fault)
  if injected or not operation then
    return injected or answer, operation
  end
  local user
  user, answer = self.gate:user(request.method, request.target, request.headers)
  answer = answer or self.gate:refusal(operation, request.headers, request.body)
  if answer then
    return answer, operation
  end
  local body =
    wire.read(request.body, format, self.request_types[operation.id], operation.xml and operation.xml.request)
  if not body then
    return answers.invalid(), operation
  end
  call.params = secrets.mask_request(operation, body)
  answer = self:carry_out(operation, body, user)
  fault = self.faults:take(operation.id, "after")
  if fault then
    call.delay = fault.delay
    answer = self.faults.answer(fault) or answer
  end
  return answer, operation
end

local function encode(answer, operation, format)
  if answer.bytes then
    return answer.bytes, "application/octet-stream"
  elseif type(answer.body) == "string" then
    return answer.body, "application/json;charset=UTF-8"
  elseif format == "xml" then
    local root = answer.root or (operation and operation.xml and operation.xml.response) or "Response"
    return wire.xml(root, answer.body, answer.type), "application/xml;charset=UTF-8"
  end
  local text = wire.json(answer.body, answer.type)
  if answer.wrap then
    text = ('{"%s":%s}'):format(answer.wrap, text)
  end
  return text, "application/json;charset=UTF-8"
end

--- How late answers come, by the option `latency`.
-- @tparam ?table operation
-- @treturn number seconds
function Emulator:latency(operation)
  local latency = self.options.latency
  if type(latency) == "function" then
    return latency(operation and operation.id) or 0
  end
  return latency
end

--- Remembers a call; the oldest are forgotten where there are many.
-- @tparam table call
function Emulator:record(call)
  local calls = self.calls
  calls[#calls + 1] = call
  if #calls == 2 * CALLS_KEPT then -- not one by one, since moving them all takes its time
    local counts = forgotten[calls] or {}
    forgotten[calls] = counts
    for i = 1, CALLS_KEPT do
      local name = calls[i].operation or UNKNOWN
      counts[name] = (counts[name] or 0) + 1
      calls[i], calls[CALLS_KEPT + i] = calls[CALLS_KEPT + i], nil
    end
  end
end

--- How many calls of an operation came, those included that `calls` no longer holds.
-- @tparam string operation such as `"accounts/create"`
-- @treturn integer
function Emulator:count_calls(operation)
  local count = (forgotten[self.calls] or {})[operation] or 0
  for _, call in ipairs(self.calls) do
    count = count + (call.operation == operation and 1 or 0)
  end
  return count
end

local function lower_names(headers)
  local out = {}
  for name, value in pairs(headers or {}) do
    out[name:lower()] = tostring(value)
  end
  return out
end

--- Answers one request.
-- @tparam table request
-- @tparam string request.method
-- @tparam string request.target path and query as sent
-- @tparam table request.headers by name
-- @tparam[opt] string request.body
-- @treturn table `status`, `headers` (by lower-case name), `body`; `delay` (seconds) where the answer
-- should come late; `drop` (`kind`, `message`, `sent`) where it should never arrive
function Emulator:handle(request)
  request = {
    method = request.method,
    target = request.target,
    headers = lower_names(request.headers),
    body = request.body or "",
  }
  local call = { time = self:now(), params = {} }
  local request_format, answer_format = wire.formats(request.headers)
  local answer, operation = self:answer(call, request, request_format)
  local delay = self:latency(operation) + (call.delay or 0)
  call.delay, call.format = nil, request_format
  self:record(call)
  local response = { delay = delay > 0 and delay or nil }
  if answer.drop then
    call.dropped = answer.drop.kind
    response.drop = answer.drop
    return response
  end
  call.status = answer.status
  local content_type
  response.status = answer.status
  response.body, content_type = encode(answer, operation, answer_format)
  response.headers = {
    ["content-type"] = content_type,
    ["date"] = time.to_http_date(self:now()),
    ["x-ncp-trace-id"] = self.trace:hex(32),
  }
  for name, value in pairs(answer.headers or {}) do
    response.headers[name:lower()] = tostring(value)
  end
  return response
end

return emulator
