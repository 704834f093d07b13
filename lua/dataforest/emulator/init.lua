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
local apps = require "dataforest.emulator.apps"
local core = require "dataforest.core"
local errors = require "dataforest.emulator.error_responses"
local faults = require "dataforest.emulator.faults"
local fields = require "dataforest.emulator.fields"
local gateway = require "dataforest.emulator.gateway"
local headers = require "dataforest.api.headers"
local json = require "dataforest.emulator.json"
local operations = require "dataforest.operations"
local options_of = require "dataforest.emulator.options"
local random = require "dataforest.emulator.random"
local secrets = require "dataforest.secrets"
local tables = require "dataforest.util.tables"
local time = require "dataforest.util.time"
local transport = require "dataforest.emulator.transport"
local validation = require "dataforest.emulator.validation"
local wire = require "dataforest.emulator.wire"

local CALLS_KEPT = 1000
local RECORDED_BYTES = 16384 -- of a body; the parameters of larger ones are not kept in the record of calls
local LAST_SECOND = fields.LAST_SECOND

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

-- The value that a method got; a message in its place raises at the method's caller's line.
local function or_misuse(value, message)
  if not value then
    misuse(3, "%s", message)
  end
  return value
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
-- @tparam[opt=false] boolean options.strict_clock judge the age of signatures by the emulator's clock, moved
-- or not, rather than by `options.clock`
-- @tparam[opt] integer options.seed the same seed gives the same ids and keys
-- @tparam[opt] {string,...} options.ids ids to hand out first, in this order
-- @tparam[opt="+09:00"] string options.zone of the times in responses
-- @tparam[opt=150] number options.creation_delay seconds from ACCEPTED to RUNNING of an account
-- @tparam[opt=0] number options.change_delay seconds of CHANGING after setQuota and resetPassword
-- @tparam[opt=0] number options.deletion_delay seconds that what was deleted is still there
-- @tparam[opt=60] number options.app_delay seconds from ACCEPTED to RUNNING of an app
-- @tparam[opt=10] number options.container_delay seconds until a new container is READY
-- @tparam[opt=50] integer options.max_apps apps an account can have
-- @tparam[opt=100] integer options.max_containers containers an app can have
-- @tparam[opt=1048576] integer options.max_request_bytes larger bodies are refused with 413
-- @tparam[opt=0] number|function|table options.latency seconds that each response takes; a function gets the
-- operation's name; a table has seconds by operation, and those of the others as `"*"`
-- @tparam[opt=false] boolean options.strict refuse what any page refuses, see above
-- @tparam[opt=403] integer options.unknown_id status for an unknown id: 403 with code 10002, or 404
-- @tparam[opt=200] integer options.second_account status for a user's second account: 200 with `success`
-- false, or 400 "exceeded limit on resource quota"
-- @tparam[opt] table options.fixtures what is there at the start and after `reset`: what `emulator:load`
-- takes
-- @tparam[opt] function options.on_call called with each entry of `calls` as it is made
-- @treturn Emulator
-- @usage local emulator = require("dataforest.emulator").new { creation_delay = 0 }
function emulator.new(options)
  options = or_misuse(options_of.check(options or {}))
  local self = setmetatable({ options = options, advanced = 0, changes = 0 }, Emulator)
  self.access_key, self.secret_key = options.access_key, options.secret_key
  self.gateway = gateway.new(self, options.keys)
  self.request_types = {}
  for _, operation in ipairs(operations.list) do
    self.request_types[operation.id] = validation.request_type(operation, options.strict)
  end
  local ok, message = self:start_over()
  if not ok then
    misuse(2, "fixtures: %s", message)
  end
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
-- @tfield string method
-- @tfield string target path and query as sent
-- @tfield ?string access_key as sent
-- @tfield ?string user whose key that is
-- @tfield ?string operation such as `"accounts/create"`
-- @tfield table params with `[redacted]` in place of secrets
-- @tfield ?string left_out what is not in `params`, where the body was large
-- @tfield ?integer status of the response
-- @tfield ?string reason of a refusal
-- @tfield ?string string_to_sign where the signature was refused: the text that should have been signed
-- @tfield ?string dropped the kind of fault, where no response went out
-- @tfield string format `"json"` or `"xml"`
-- @tfield number time seconds since the epoch, by the emulator's clock

--- Goes back to the beginning.
-- @treturn boolean|nil
-- @treturn ?string what is wrong with the fixtures
function Emulator:start_over()
  self.offset = 0
  self.random = random.new(self.options.seed)
  self.trace = random.new(self.options.seed) -- of its own, so that ids do not depend on how many calls came
  self.ids_handed_out = 0
  self.accounts = accounts.new(self)
  self.apps = apps.new(self)
  self.faults = faults.new()
  self.calls = {}
  if self.options.fixtures then
    return self:try_load(self.options.fixtures)
  end
  return true
end

--- Forgets accounts, apps, faults and calls, and sets the clock back to `options.clock`; keys stay. With
-- `options.fixtures` those are loaded again.
-- @tparam[opt] string user forget this user's accounts and apps only, and leave everything else
function Emulator:reset(user)
  if user == nil then
    self:start_over()
    return
  elseif type(user) ~= "string" then
    misuse(2, "user must be a string, not a %s", type(user))
  elseif not self:knows_user(user) then
    misuse(2, "user: there is no user %s", user)
  end
  self.apps:remove_of(user)
  self.accounts:remove_of(user)
end

-- Time -------------------------------------------------------------------------------------------------

--- The emulator's time.
-- @treturn number seconds since the epoch, fractional
function Emulator:now()
  return self.options.clock() + self.offset
end

--- Seconds that have passed, really or by `advance`, since some moment: what `Transport:monotonic` tells.
-- @treturn number seconds
function Emulator:monotonic()
  if self.options.clock == core.now then
    return core.monotonic() + self.advanced
  end
  return self.options.clock() + self.advanced
end

--- The clock that signatures are judged by, for requests that do not come with one of their own.
-- @treturn number seconds since the epoch
function Emulator:signing_clock()
  return self.options.strict_clock and self:now() or self.options.clock()
end

local function check_seconds(seconds, method)
  if type(seconds) ~= "number" then
    misuse(3, "seconds: %s takes a number of seconds, not a %s", method, type(seconds))
  elseif not (seconds >= 0 and seconds <= LAST_SECOND) then
    misuse(3, "seconds must be from 0 to %.0f", LAST_SECOND)
  end
end

--- Lets time pass at once: accounts and apps start, lifetimes run out.
-- @tparam number seconds how much, 0 or more
function Emulator:advance(seconds)
  check_seconds(seconds, "advance")
  if self:now() + seconds > LAST_SECOND then
    misuse(2, "seconds: the clock cannot go beyond the year 9999")
  end
  self.offset = self.offset + seconds
  self.advanced = self.advanced + seconds
end

--- Sets the emulator's clock. The age of signatures is still judged by `options.clock`, unless the emulator
-- has the option `strict_clock`.
-- @tparam number seconds since the epoch, up to the end of the year 9999
function Emulator:set_clock(seconds)
  check_seconds(seconds, "set_clock")
  self.offset = self.offset + seconds - self:now()
end

-- Helpers of the parts ---------------------------------------------------------------------------------

--- The next id: one of `options.ids` as long as there are some.
-- @treturn string
function Emulator:new_id()
  self.ids_handed_out = self.ids_handed_out + 1
  return self.options.ids[self.ids_handed_out] or self.random:id()
end

--- The response about an id that nobody has, or that is not the caller's.
-- @tparam string id
-- @treturn table
function Emulator:unknown(id)
  return errors.unknown(id, self.options.unknown_id, self.trace:uuid())
end

--- Whether some key belongs to a user.
-- @tparam string user
-- @treturn boolean
function Emulator:knows_user(user)
  for _, known in pairs(self.gateway.users) do
    if known == user then
      return true
    end
  end
  return false
end

--- The user that an entry is for: by name, by access key, or the first one.
-- @tparam table given with `user` or `access_key`
-- @treturn string|nil
-- @treturn ?string what is wrong
function Emulator:user_of(given)
  if given.user and given.access_key then
    return nil, "user and access_key exclude each other"
  elseif given.user then
    if not self:knows_user(given.user) then
      return nil, ("user: there is no user %s"):format(given.user)
    end
    return given.user
  end
  local user = self.gateway.users[given.access_key or self.access_key]
  if not user then
    return nil, ("access_key: there is no access key %s"):format(given.access_key)
  end
  return user
end

-- Arranging --------------------------------------------------------------------------------------------

local KEY = {
  access_key = { "string", required = true, check = fields.header_text },
  secret_key = { "string", required = true, check = fields.filled },
  user = { "string", check = fields.filled },
}

--- Makes another key known. Users do not see each other's accounts and apps.
-- @tparam table given
-- @tparam string given.access_key
-- @tparam string given.secret_key
-- @tparam[opt] string given.user whose key it is; a user of its own by default
-- @treturn string the user
-- @usage emulator:add_key { access_key = "AK2", secret_key = "SK2", user = "second" }
function Emulator:add_key(given)
  local key = or_misuse(fields.check(KEY, given, "add_key"))
  local user = key.user or key.access_key
  local known = self.gateway.secrets[key.access_key]
  if known and (known ~= key.secret_key or self.gateway.users[key.access_key] ~= user) then
    misuse(2, "access_key: %s is known already, with another secret key or user", key.access_key)
  end
  self.gateway:add_key(key.access_key, key.secret_key, user)
  return user
end

--- Puts an account in, without a call.
-- @tparam table given
-- @tparam string given.name
-- @tparam[opt] string given.user whose account it is; the first user's by default
-- @tparam[opt] string given.access_key in place of `user`: a key of that user
-- @tparam[opt] string given.id 1 to 22 letters and digits
-- @tparam[opt] string given.status `"RUNNING"` or `"ACCEPTED"`
-- @tparam[opt] number given.created_at seconds since the epoch; long enough ago by default
-- @tparam[opt] table given.quotas `{ koya = { fileCountMillion =, spaceTb = }, tata = ... }`, or a list as in
-- getDetail
-- @treturn string the account's id
function Emulator:add_account(given)
  local account = or_misuse(self.accounts:add_checked(given, "add_account", ""))
  return account.id
end

--- Puts an app in, without a call. What is not given is as the app type has it.
-- @tparam table given
-- @tparam string given.name
-- @tparam[opt] string given.accountId of the account; may be left out where there is only one
-- @tparam[opt="DEV-1.0.0"] string given.appTypeId
-- @tparam[opt] string given.queueName
-- @tparam[opt=604800] integer given.lifetime seconds; -1: without end
-- @tparam[opt] string given.description
-- @tparam[opt] table given.components as apps/create takes them
-- @tparam[opt] {string,...} given.dependentIds
-- @tparam[opt] string given.id 1 to 22 letters and digits
-- @tparam[opt="RUNNING"] string given.state `"ACCEPTED"`, `"RUNNING"`, `"STOPPED"` or `"FINISHED"`
-- @treturn string the app's id
-- @usage emulator:add_app { name = "dev001", state = "STOPPED" }
function Emulator:add_app(given)
  local app = or_misuse(self.apps:add_checked(given, "add_app", ""))
  return app.id
end

--- All there is, whoever it belongs to: for assertions, without calls.
-- @treturn table `accounts` and `apps`, each a list of what getDetail gives, with what it does not show in a
-- member `emulator`
function Emulator:dump()
  local out = { accounts = json.list {}, apps = json.list {} }
  for i, account in ipairs(self.accounts:all()) do
    out.accounts[i] = self.accounts:dumped(account)
  end
  for i, app in ipairs(self.apps:all()) do
    out.apps[i] = self.apps:dumped(app)
  end
  return out
end

--- What `dump` gives, with the time and the sources of made-up values: with it an emulator goes on as this
-- one.
-- @treturn table
function Emulator:snapshot()
  local out = self:dump()
  out.now, out.offset = self:now(), self.offset
  out.random = {
    values = self.random.state,
    traces = self.trace.state,
    ids = self.ids_handed_out,
    started = self.apps.started,
    cluster = self.apps.cluster,
  }
  return out
end

local whole = fields.integer(0)

local RANDOM = {
  values = { "number", required = true, check = fields.integer(1, 2147483646) },
  traces = { "number", required = true, check = fields.integer(1, 2147483646) },
  ids = { "number", required = true, check = whole },
  started = { "number", required = true, check = whole },
  cluster = { "number", required = true, check = whole },
}

local LOAD = {
  accounts = { "table", nullable = true, default = {} },
  apps = { "table", nullable = true, default = {} },
  keys = { "table", nullable = true, default = {} },
  now = { "number", check = fields.between(0, LAST_SECOND) },
  offset = { "number", check = fields.between(-LAST_SECOND, LAST_SECOND, "must be a number of seconds") },
  random = { "table" },
}

local function load_each(list, name, add)
  if next(list) ~= nil and #list == 0 then
    return nil, ("%s must be a list"):format(name)
  end
  for i, entry in ipairs(list) do
    local ok, message = add(entry, ("%s[%d]"):format(name, i))
    if not ok then
      return nil, message
    end
  end
  return true
end

--- Fills empty stores.
-- @tparam table given what `load` takes, checked
-- @treturn boolean|nil
-- @treturn ?string what is wrong
function Emulator:fill(given)
  local ok, message = load_each(given.keys, "keys", function(entry, what)
    local key, why = fields.check(KEY, entry, what, { path = what .. "." })
    if key then
      self.gateway:add_key(key.access_key, key.secret_key, key.user or key.access_key)
    end
    return key, why
  end)
  if not ok then
    return nil, message
  end
  ok, message = load_each(given.accounts, "accounts", function(entry, what)
    return self.accounts:load(entry, what)
  end)
  if not ok then
    return nil, message
  end
  return load_each(given.apps, "apps", function(entry, what)
    return self.apps:load(entry, what)
  end)
end

--- Loads. Where that fails, everything is as it was.
-- @tparam table given the argument of `load`
-- @tparam[opt=false] boolean by_offset keep the clock's distance from the real one, rather than set it to the
-- moment of the dump
-- @treturn boolean|nil
-- @treturn ?string what is wrong
function Emulator:try_load(given, by_offset)
  given = json.without_null(given)
  local first = type(given) == "table" and next(given)
  if first == "result" and next(given, first) == nil then
    given = given.result -- all that the command `dump` printed
  end
  local checked, message = fields.check(LOAD, given, "load")
  local numbers = checked and checked.random
  if numbers then
    numbers, message = fields.check(RANDOM, numbers, "load", { path = "random." })
  end
  if not checked or checked.random and not numbers then
    return nil, message
  end
  local before = {
    accounts = self.accounts,
    apps = self.apps,
    offset = self.offset,
    random = self.random.state,
    trace = self.trace.state,
    ids_handed_out = self.ids_handed_out,
  }
  if by_offset or self.options.strict_clock then
    self.offset = checked.offset or 0
  elseif checked.now then
    self.offset = checked.now - self.options.clock()
  end
  self.accounts, self.apps = accounts.new(self), apps.new(self)
  local ok
  ok, message = self:fill(checked)
  if not ok then
    self.accounts, self.apps, self.offset = before.accounts, before.apps, before.offset
    self.random.state, self.trace.state, self.ids_handed_out =
      before.random, before.trace, before.ids_handed_out
    return nil, message
  elseif numbers then
    self.random.state, self.trace.state = numbers.values, numbers.traces
    self.ids_handed_out, self.apps.started, self.apps.cluster = numbers.ids, numbers.started, numbers.cluster
  end
  return true
end

--- Puts in the place of all accounts and apps what a dump holds, and sets the clock to its moment. Entries
-- may also be written by hand, with the fields of `add_account` and `add_app`. Faults, calls and keys stay.
-- @tparam table given what `dump` or `snapshot` gave
-- @usage emulator:load {
--   accounts = { { name = "df001" } },
--   apps = { { name = "dev001" } },
-- }
function Emulator:load(given)
  or_misuse(self:try_load(given))
end

--- Orders a fault for a call to come.
--
-- With `status`, `code` or `body` the fault is the response; with `kind` no response arrives; with
-- `delay` alone the response comes late. Faults strike in the order in which they were given.
--
-- @tparam table fault
-- @tparam[opt] string fault.operation such as `"accounts/create"`; any by default
-- @tparam[opt] string fault.access_key strikes requests with this key only
-- @tparam[opt=1] integer fault.times how many calls it strikes
-- @tparam[opt=0] integer fault.skip how many calls it lets through first
-- @tparam[opt="before"] string fault.when `"before"`: the operation is not carried out; `"after"`: it is, and
-- its response is lost
-- @tparam[opt] integer fault.status HTTP status, 200 to 599; alone, it brings the gateway's error of that
-- status
-- @tparam[opt] string fault.code code of a gateway error, such as `"410"`; alone, it brings its status
-- @tparam[opt] string fault.message in the error, or of `kind`
-- @tparam[opt] string fault.details in the error
-- @tparam[opt] table fault.headers more headers, such as `{ ["retry-after"] = "2" }`
-- @tparam[opt] string|table fault.body the body itself: bytes, or a table to encode
-- @tparam[opt] string fault.kind `"network"`, `"timeout"`, `"tls"` or `"protocol"`: no response arrives
-- @tparam[opt] boolean fault.sent whether the client believes that the request left: true by default where
-- the operation is carried out and for `timeout` and `protocol`, else false
-- @tparam[opt] number fault.delay seconds until the response, up to a day
-- @tparam[opt] string source the text of a `body` in JSON, to be sent as it is
-- @usage emulator:fail_next {
--   operation = "accounts/create",
--   when = "after",
--   kind = "network",
-- }
-- @usage emulator:fail_next {
--   code = "410",
--   times = 2,
--   headers = { ["retry-after"] = "1" },
-- }
function Emulator:fail_next(fault, source)
  or_misuse(self.faults:add(fault, source))
end

--- The faults that are still to come, in their order.
-- @treturn {table,...} as `fail_next` took them; `times` and `skip` are what is left of them
function Emulator:list_faults()
  return self.faults:waiting()
end

--- Takes back all faults that are still to come.
function Emulator:clear_faults()
  self.faults = faults.new()
end

--- Forgets the calls that came.
function Emulator:clear_calls()
  self.calls = {}
end

local TRANSPORT = { real_time = { "boolean" }, clock_offset = { "number" } }

--- A transport for `dataforest.new`: calls reach the emulator in process.
--
-- Its `sleep` moves the emulator's clock and returns at once, so that retries and waits take no
-- time; its `now` is the emulator's clock, and signatures are judged by it.
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.real_time really wait
-- @tparam[opt=0] number options.clock_offset seconds that the client's clock is ahead of the emulator's
-- @treturn Transport with `send`, `sleep`, `now` and `monotonic`
function Emulator:transport(options)
  local words = { unknown = "transport has no option %s" }
  local checked = or_misuse(fields.check(TRANSPORT, options or {}, "transport", words))
  return transport.new(self, checked)
end

-- Handling ---------------------------------------------------------------------------------------------

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
-- @treturn table the response
function Emulator:carry_out(operation, body, user)
  local handler = handlers[operation.id]
  if not handler then
    return gateway.not_there(("the emulator does not have the operation %s"):format(operation.id))
  end
  local params, refusal = validation.request(self.request_types[operation.id], body, self.options.strict)
  if not params then
    return refusal
  end
  local store = operation.group == "apps" and self.apps or self.accounts
  local value, more_headers
  value, refusal, more_headers = handler(store, params, user)
  if value == nil then
    return refusal
  elseif type(value) == "string" then
    return { status = 200, bytes = value, headers = more_headers }
  end
  if operation.effect ~= "read" then
    self.changes = self.changes + 1
  end
  value.success = true
  return { status = 200, body = value, type = wire.response_type(operation) }
end

--- Everything between the arrival of a request and its response; fills in `call` on the way.
-- @tparam table call what is remembered of it
-- @tparam table request
-- @tparam string format of the request
-- @treturn table the response
-- @treturn ?table the operation, where the target names one
function Emulator:respond(call, request, format)
  local operation, response = gateway.route(request.method, request.target)
  call.operation = operation and operation.id
  local fault = self.faults:take(call.operation, "before", call.access_key)
  call.delay = fault and fault.delay
  local injected = fault and self.faults.response(fault)
  if injected or not operation then
    return injected or response, operation
  end
  local user
  user, response = self.gateway:user(request.method, request.target, request.headers, request.now)
  response = response or self.gateway:refusal(operation, request.headers, request.body)
  if response then
    return response, operation
  end
  local types = self.request_types[operation.id]
  local body, message = wire.read(request.body, format, types, operation.xml and operation.xml.request)
  if not body then
    response = errors.invalid()
    response.reason = ("the body: %s"):format(message)
    return response, operation
  end
  local masked, found = secrets.mask_request(operation, body)
  call.secrets = found
  if #request.body <= RECORDED_BYTES then
    call.params = json.mark_like(masked, body)
  else
    call.left_out = ("the parameters: %d bytes"):format(#request.body)
  end
  response = self:carry_out(operation, json.without_null(body), user)
  fault = self.faults:take(operation.id, "after", call.access_key)
  if fault then
    call.delay = fault.delay
    response = self.faults.response(fault) or response
  end
  return response, operation
end

--- How late responses come, by the option `latency`.
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
  if self.options.on_call then
    self.options.on_call(call)
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

-- Why a response is no success, in the record of calls: without the secrets that were sent.
local function reason_of(response, secret_values)
  local body = type(response.body) == "table" and response.body or {}
  local reason = response.reason
  if not reason and (response.status >= 400 or body.success == false) then
    reason = body.details or body.message
  end
  reason = type(reason) == "string" and reason or nil
  return reason and secret_values and secrets.clean(reason, secret_values) or reason
end

--- Responds to one request.
-- @tparam table request
-- @tparam string request.method
-- @tparam string request.target path and query as sent
-- @tparam table request.headers by name
-- @tparam[opt] string request.body
-- @tparam[opt] number request.now the clock of whoever sends it, in seconds since the epoch, to judge the
-- signature by; by default `options.clock`, or with `strict_clock` the emulator's
-- @treturn table `status`, `headers` (by lower-case name), `body`; `delay` (seconds) where the response
-- should come late; `drop` (`kind`, `message`, `sent`) where it should never arrive
function Emulator:handle(request)
  request = {
    method = request.method,
    target = request.target,
    headers = wire.headers(request.headers),
    body = request.body or "",
    now = request.now or self:signing_clock(),
  }
  local access_key = request.headers[headers.ACCESS_KEY]
  local call = {
    time = self:now(),
    method = request.method,
    target = request.target,
    access_key = access_key,
    user = access_key and self.gateway.users[access_key],
    params = {},
  }
  local request_format, response_format = wire.formats(request.headers)
  local response, operation = self:respond(call, request, request_format)
  local delay = self:latency(operation) + (call.delay or 0)
  local secret_values = call.secrets
  call.delay, call.secrets, call.format = nil, nil, request_format
  local out = { delay = delay > 0 and delay or nil, drop = response.drop, status = response.status }
  if response.drop then
    call.dropped, call.reason = response.drop.kind, response.drop.message
    self:record(call)
    return out
  end
  call.status = response.status
  call.reason, call.string_to_sign = reason_of(response, secret_values), response.string_to_sign
  self:record(call)
  local content_type
  out.body, content_type = wire.write(response, operation, response_format)
  out.headers = tables.copy({
    ["content-type"] = content_type,
    ["date"] = time.to_http_date(request.now),
    [headers.TRACE_ID] = self.trace:hex(32),
  }, wire.headers(response.headers))
  return out
end

return emulator
