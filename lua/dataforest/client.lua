--- The client: one call from parameters to a value or an error.
--
-- A client holds configuration, and opens nothing before its first call. One client
-- serves every request of a worker and every coroutine.
--
-- @module dataforest.client

local answer = require "dataforest.request.response"
local arguments = require "dataforest.api.validate"
local core = require "dataforest.core"
local errors = require "dataforest.errors"
local guarded = require "dataforest.util.guarded"
local json = require "dataforest.codec.json"
local lazy = require "dataforest.util.lazy"
local operations = require "dataforest.operations"
local options_of = require "dataforest.request.options"
local phase = require "dataforest.transport.phase"
local retry = require "dataforest.request.retry"
local schema = require "dataforest.api.schema"
local secrets = require "dataforest.secrets"
local transports = require "dataforest.transport"
local version = require "dataforest.version"

local credentials = lazy "dataforest.credentials"
local forest_apply = lazy "dataforest.workflows.apply"
local forest_export = lazy "dataforest.workflows.export"
local forest_plan = lazy "dataforest.workflows.plan"
local scheduler = lazy "dataforest.transport.scheduler"
local time = lazy "dataforest.time"
local xml = lazy "dataforest.codec.xml"

local floor = math.floor

local Client = {}
Client.__index = Client
Client.__name = "dataforest.client"

-- What `df.accounts` and `df.apps` offer beyond the operations.
local EXTENSIONS = { accounts = "dataforest.accounts", apps = "dataforest.apps" }

-- The difference between the clocks from which on a 401 is put down to it, and the most
-- that is taken over (seconds). The service refuses from five minutes on.
local CLOCK_DIFFERENCE = 240
local CLOCK_MAX_OFFSET = 86400

-- Keys that run out are asked for anew this long before (seconds).
local KEYS_EARLY = 300

local ARGUMENT = errors.ARGUMENT

local lua_version = rawget(_G, "jit") and "LuaJIT" or _VERSION

local function user_agent(own)
  local agent = ("dataforest/%s (%s)"):format(version, lua_version)
  return own and own .. " " .. agent or agent
end

-- Groups -----------------------------------------------------------------------------

local function misuse(group, method)
  error(("call it with a colon: df.%s:%s(...)"):format(group, method), 3)
end

local function operation_method(operation)
  return function(group, params, options)
    local client = type(group) == "table" and group.client
    if not client then
      misuse(operation.group, operation.method)
    end
    return client:run(operation, params, options)
  end
end

local function extension_method(name, method, extension)
  return function(group, ...)
    if type(group) ~= "table" or not group.client then
      misuse(name, method)
    end
    return extension(group, ...)
  end
end

local function methods_of(name)
  local methods = {}
  for _, operation in ipairs(operations.groups[name]) do
    methods[operation.method] = operation_method(operation)
  end
  if EXTENSIONS[name] then
    for method, extension in pairs(require(EXTENSIONS[name])) do
      methods[method] = extension_method(name, method, extension)
    end
  end
  return methods
end

--- The class of each group: a method an operation, and the group's extensions. Its methods are made
-- when the first of them is asked for.
local Groups = {}
for _, name in ipairs(operations.groups) do
  local class = { __name = "dataforest." .. name }
  function class.__index(_, method)
    class.__index = methods_of(name)
    return class.__index[method]
  end
  Groups[name] = class
end

-- Making and closing -----------------------------------------------------------------

--- Makes a client. See `dataforest.new`.
-- @tparam ?table given options
-- @tparam number level of the caller, for errors
-- @tparam[opt=os.getenv] function getenv gives the value of an environment variable
-- @treturn table the client
function Client.new(given, level, getenv)
  if given ~= nil and type(given) ~= "table" then
    error("dataforest.new takes a table of options, got a " .. type(given), level)
  end
  local settings, message = options_of.client(given or {}, getenv)
  if not settings then
    error("dataforest.new: " .. message, level)
  end
  local self = {
    settings = settings,
    bucket = retry.bucket(),
    clock_offset = 0,
    user_agent = user_agent(settings.user_agent),
  }
  if settings.access_key then
    self.access_key = settings.access_key
    self.signer, message = core.signer(settings.access_key, settings.secret_key)
    if not self.signer then
      error("dataforest.new: " .. message, level)
    end
  end
  settings.secret_key = nil
  self.transport, message = transports.resolve(settings.transport, settings)
  if not self.transport then
    error("dataforest.new: " .. message, level)
  end
  for name, class in pairs(Groups) do
    self[name] = setmetatable({ client = self }, class)
  end
  return setmetatable(self, Client)
end

--- Closes the client: its connections, and the key material. Later calls fail with kind
-- `closed`. Closing again does nothing.
function Client:close()
  if not self.closed then
    self.closed = true
    if self.signer then
      self.signer:close()
    end
    if type(self.transport.close) == "function" then
      self.transport:close()
    end
  end
end

Client.__close = Client.close

function Client:__tostring()
  return ("dataforest.client (%s)"):format(self.settings.base_url)
end

-- Keys -------------------------------------------------------------------------------

local function ask_provider(self, deadline)
  local provider = self.settings.credentials
  local context = { transport = self.transport, deadline = deadline }
  local ok, keys, message
  if type(provider) == "table" then
    ok, keys, message = guarded(provider.get, provider, context)
  else
    ok, keys, message = guarded(provider, context)
  end
  if not ok then
    return nil, "the provider raised: " .. tostring(keys)
  end
  return keys, message
end

--- The signer for one attempt, and its access key.
-- Keys that do not run out are made into a signer once where they come from the default
-- places; a provider of the user's is asked each time, since it may hand out new ones.
local function signer_for(self, deadline)
  if self.signer and not (self.keys_expire and self.transport:now() >= self.keys_expire - KEYS_EARLY) then
    return self.signer, self.access_key
  end
  local keys, message
  if self.settings.credentials then
    keys, message = ask_provider(self, deadline)
  else
    keys, message = credentials.default() {}
  end
  if type(keys) ~= "table" or type(keys.access_key) ~= "string" or type(keys.secret_key) ~= "string" then
    message = keys and "the provider gave no access_key and secret_key" or message
    return nil, message and tostring(message) or "the provider gave no keys and no reason"
  end
  local signer
  signer, message = core.signer(keys.access_key, keys.secret_key)
  if not signer then
    return nil, ("%s: %s"):format(keys.source or "the provider", message)
  end
  if not self.closed and (not self.settings.credentials or keys.expires) then
    self.signer, self.access_key, self.keys_expire = signer, keys.access_key, keys.expires
  end
  return signer, keys.access_key
end

-- Events -----------------------------------------------------------------------------

--- Tells the user's hook what happened. A hook that raises does not harm the call.
-- @tparam table event with a `name`
function Client:tell(event)
  local hook = self.settings.on_event
  if hook then
    pcall(hook, event)
  end
end

local function emit(self, name, call, fields)
  fields.name = name
  fields.operation = call.operation.id
  fields.attempt = call.attempt
  self:tell(fields)
end

--- Tells what became of an attempt.
-- @tparam ?number pause seconds until the next one
local function emit_answer(self, name, call, response, err, pause)
  if not self.settings.on_event then
    return
  end
  local now = self.transport:monotonic()
  emit(self, name, call, {
    status = response and response.status,
    seconds = now - call.attempt_started,
    total_seconds = now - call.started,
    reused = response and response.reused,
    bytes = response and #response.body or 0,
    kind = err and err.kind,
    in_doubt = err and err.in_doubt,
    error = err,
    pause = pause,
    reason = pause and err.kind,
  })
end

-- One call ---------------------------------------------------------------------------

local encoders = {
  json = function(operation, params)
    return json.encode(params, schema.request(operation))
  end,
  xml = function(operation, params)
    if not (operation.xml and operation.xml.request) then
      return nil, "the pages name no XML root for it; use the format json"
    end
    return xml.encode(operation.xml.request, params, schema.request(operation))
  end,
}

local CONTENT_TYPES = { json = "application/json", xml = "application/xml" }
local BYTES = "application/octet-stream"

-- A number of milliseconds as text. "%d" is much the faster, but a C long in PUC Lua 5.1.
local MILLISECONDS = lua_version == "Lua 5.1" and "%.0f" or "%d"

local function argument_error(operation, message, field)
  return nil, errors.new { kind = ARGUMENT, message = message, field = field, operation = operation.id }
end

--- What no error of this attempt may show.
local function secrets_of(call)
  local list = secrets.gather(call.operation, call.wire)
  list[#list + 1] = call.request.headers["x-ncp-apigw-signature-v2"]
  list.access_key = call.request.headers["x-ncp-iam-access-key"]
  return list
end

-- The texts of an error that come from elsewhere.
local FOREIGN = { "message", "details", "code", "request_id" }

local function clean(err, list)
  for _, name in ipairs(FOREIGN) do
    err[name] = secrets.clean(err[name], list)
  end
end

--- Checks and encodes the parameters.
-- @treturn ?string body, or nil and the error
-- @treturn table the parameters in the form in which they travel, or the error
local function body_of(self, operation, params, format)
  local wire = params or {}
  if operation.params then
    local wrong
    wire, wrong = arguments.check(operation, params, self.settings)
    if not wire then
      return nil, wrong
    end
  elseif type(wire) ~= "table" then
    return argument_error(operation, "its parameters must be a table, got a " .. type(wire), "params")
  end
  local body, message = encoders[format](operation, wire)
  if not body then
    return argument_error(operation, "the parameters cannot be encoded: " .. message)
  end
  return body, wire
end

--- Everything about a call that does not change from one attempt to the next. The fields that each
-- attempt sets are named too, so that the tables are made in their final size.
local function prepare(self, operation, params, options)
  local settings = self.settings
  local format = options and options.format or settings.format
  local body, wire = body_of(self, operation, params, format)
  if not body then
    return nil, wire
  end
  local content_type = CONTENT_TYPES[format]
  local headers = {
    ["Content-Type"] = content_type,
    Accept = operation.binary and BYTES or content_type,
    ["User-Agent"] = self.user_agent,
    ["x-ncp-apigw-timestamp"] = "",
    ["x-ncp-iam-access-key"] = "",
    ["x-ncp-apigw-signature-v2"] = "",
  }
  if options and options.headers then
    for name, value in pairs(options.headers) do
      headers[name] = value
    end
  end
  local target = settings.path_prefix .. operation.path
  local now = self.transport:monotonic()
  return {
    operation = operation,
    wire = wire,
    policy = options and options_of.retry_policy(options.retry, settings.retry) or settings.retry,
    started = now,
    deadline = now + (options and options.timeout or settings.timeout),
    attempt = 0,
    attempt_started = now,
    request = {
      method = "POST",
      url = settings.origin .. target,
      target = target,
      headers = headers,
      body = body,
      -- Whether a change is sent again is for the retries to say, which know its effect.
      once = operation.effect ~= "read",
      deadline = 0,
      timeout = nil, -- of the transport
      connect_timeout = settings.connect_timeout,
      max_response_bytes = settings.max_response_bytes,
      connect_to = settings.connect_to,
    },
  }
end

--- An error of the transport, as an error of the call.
local function transport_error(failure)
  return {
    kind = failure.kind,
    message = failure.message,
    status = failure.status,
    sent = failure.sent ~= false,
  }
end

local function closed_error(operation)
  return errors.new {
    kind = errors.CLOSED,
    message = "the client was closed",
    operation = operation.id,
    sent = false,
  }
end

--- Sends one attempt, signed anew.
-- @return the answer's value or nil, the error, and the response where there was one
local function attempt(self, call)
  local transport, request = self.transport, call.request
  -- The first attempt begins with the call.
  local now = call.attempt == 0 and call.started or transport:monotonic()
  call.attempt = call.attempt + 1
  call.attempt_started = now
  local signer, access_key = signer_for(self, call.deadline)
  if self.closed then -- by a hook, or by another call while this one waited
    if signer then
      signer:close()
    end
    return nil, closed_error(call.operation)
  elseif not signer then
    return nil, errors.new { kind = errors.CREDENTIALS, message = access_key }
  end
  call.clock_offset = self.clock_offset
  local timestamp = MILLISECONDS:format(floor((transport:now() + call.clock_offset) * 1000))
  local headers = request.headers
  headers["x-ncp-apigw-timestamp"] = timestamp
  headers["x-ncp-iam-access-key"] = access_key
  headers["x-ncp-apigw-signature-v2"] = signer:sign(request.method, request.target, timestamp)
  request.deadline = call.deadline
  if self.settings.attempt_timeout then
    request.deadline = math.min(call.deadline, now + self.settings.attempt_timeout)
  end
  request.timeout = request.deadline - now
  local response, failure = transport:send(request)
  if not response then
    return nil, transport_error(failure)
  end
  local value, err = answer.read(call.operation, response)
  return value, err, response
end

--- The difference between the service's clock and ours, where a 401 can be put down to it.
-- Taken over verified TLS only, and never where the clocks agree. What counts is the clock that
-- this attempt was signed by: another call may have set it right since.
local function clock_error(self, call, err, response)
  if not (response and err.kind == errors.AUTH and self.settings.origin:find("https://", 1, true) == 1) then
    return nil
  end
  local date = time.http_date(response.headers.date)
  local offset = date and date - self.transport:now()
  if
    offset
    and math.abs(offset - call.clock_offset) > CLOCK_DIFFERENCE
    and math.abs(offset) <= CLOCK_MAX_OFFSET
  then
    return offset
  end
end

local function describe_offset(offset)
  local seconds = math.floor(math.abs(offset) + 0.5)
  return ("this machine's clock is %d seconds %s the service's"):format(
    seconds,
    offset > 0 and "behind" or "ahead of"
  )
end

--- Attempts without the one whose signature was refused for a wrong clock: that one did nothing.
local function attempts_that_count(call)
  return call.attempt - (call.clock_attempts or 0)
end

--- Tells whether the call is to be tried again, and after how many seconds.
local function plan_retry(self, call, err)
  local again = err.retryable and retry.is_retryable(call.operation.effect, err, call.seen_500)
  call.seen_500 = call.seen_500 or err.status == 500
  if not again or attempts_that_count(call) >= call.policy.attempts then
    return nil
  end
  local now = self.transport:monotonic()
  local pause = retry.pause(call.policy, call.attempt)
  if err.retry_after then
    pause = math.max(pause, err.retry_after)
  end
  if now + pause >= call.deadline or not self.bucket:take(err) then
    return nil
  end
  return pause
end

--- Makes the error that an attempt ends with: without secrets, and with what the call knows.
local function finish_error(self, call, err, response)
  clean(err, secrets_of(call))
  err = errors.new(err)
  err.retryable = retry.is_retryable(call.operation.effect, err)
  local retry_after = response and response.headers["retry-after"]
  if retry_after then
    err.retry_after = time.retry_after(retry_after, self.transport:now() + self.clock_offset)
  end
  -- An earlier attempt that is in doubt stays so, whatever this one says.
  call.in_doubt = call.in_doubt or retry.in_doubt(call.operation.effect, err)
  err.in_doubt = call.in_doubt
  local cause = err.kind .. ": " .. err.message
  if err.kind == "timeout" and call.cause then
    err.message = ("%s; the attempt before ended with %s"):format(err.message, call.cause)
  end
  call.cause = cause
  err.operation = call.operation.id
  err.attempts = call.attempt
  return err
end

local function succeeded_before(call, err)
  return call.operation.deletes and attempts_that_count(call) > 1 and err.kind == errors.NOT_FOUND
end

--- Signs once more with the service's clock, where that is what was wrong.
-- @treturn boolean whether the call is to be sent again
local function correct_clock(self, call, err, response)
  local offset = clock_error(self, call, err, response)
  if not offset then
    return false
  elseif call.clock_attempts then
    err.message = err.message .. "; " .. describe_offset(offset) .. ": set it right"
    return false
  end
  call.clock_attempts = 1
  self.clock_offset = offset
  emit(self, "clock", call, { offset = offset, message = describe_offset(offset) })
  return true
end

--- Runs an operation: attempts, pauses, and the value or the error in the end.
-- @tparam table operation an entry of `dataforest.operations`
-- @param params parameters
-- @tparam[opt] table options of the call
-- @treturn[1] table|string value
-- @treturn[2] nil
-- @treturn[2] table error
function Client:run(operation, params, options)
  if self.closed then
    return nil, closed_error(operation)
  end
  if options ~= nil then
    if type(options) ~= "table" then
      return argument_error(
        operation,
        "options of a call must be a table, got a " .. type(options),
        "options"
      )
    end
    local message, field = options_of.call(options)
    if message then
      return argument_error(operation, message, field)
    end
  end
  local call, err = prepare(self, operation, params, options)
  if not call then
    return nil, err
  end
  while true do
    local value, response
    value, err, response = attempt(self, call)
    if value == nil and succeeded_before(call, err) then
      value = { id = call.wire.id } -- as the answer that was lost had it
    end
    err = value == nil and finish_error(self, call, err, response) or nil
    emit_answer(self, "attempt", call, response, err)
    if value ~= nil then
      self.bucket:give()
      emit_answer(self, "success", call, response)
      return value
    end
    if not correct_clock(self, call, err, response) then
      local pause = plan_retry(self, call, err)
      if not pause then
        emit_answer(self, "failure", call, response, err)
        return nil, err
      end
      emit_answer(self, "retry", call, response, err, pause)
      if self.transport:sleep(pause) == false then -- it cannot wait here
        emit_answer(self, "failure", call, response, err)
        return nil, err
      end
    end
  end
end

-- Many calls at once -----------------------------------------------------------------

local DEFAULT_CONCURRENCY = 64

local function map_concurrency(options)
  for name in pairs(options) do
    if name ~= "concurrency" then
      error("df:map: unknown option " .. tostring(name) .. "; known is concurrency", 3)
    end
  end
  local concurrency = options.concurrency or DEFAULT_CONCURRENCY
  if type(concurrency) ~= "number" or not (concurrency >= 1 and concurrency % 1 == 0) then
    error("df:map: option concurrency must be a whole number, 1 or more", 3)
  end
  return concurrency
end

--- Runs a function for each item, several at a time. Within it, the ordinary methods are
-- called as always. In plain Lua the calls share libcurl's one multi handle, in nginx light
-- threads run them; a transport of the user's own is called one after another.
-- @tparam table items a list
-- @tparam function fn called with an item and its index. Its first result is the item's value;
--   nil and a second one is the item's error, and so is whatever it raises, with its traceback:
--   text has it at its end, a table as its field `traceback`.
-- @tparam[opt] table options `concurrency`: how many at a time, 64 by default
-- @treturn table values, indexed as the items are
-- @treturn ?table errors, indexed as the items are; nil where all went well
function Client.map(_, items, fn, options)
  if type(items) ~= "table" or type(fn) ~= "function" or type(options or {}) ~= "table" then
    error("df:map takes a list, a function and perhaps a table of options", 2)
  end
  local concurrency = map_concurrency(options or {})
  local may_yield, has_cosockets = phase.may_yield()
  local map = may_yield and scheduler.map_threads
    or has_cosockets and scheduler.map_one_by_one
    or scheduler.map
  return map(items, fn, concurrency)
end

local function unknown_operation(name)
  local group, action = name:match "^(%a%w*)/(%a%w*)$"
  if not group then
    return nil
  end
  -- What is not known may not be harmless: only what says that it reads is tried again freely.
  local reads = action:find "^get%u" or action:find "^check%u"
  return {
    id = name,
    group = group,
    name = action,
    path = operations.path_prefix .. name,
    effect = reads and "read" or "once",
    result = "any",
  }
end

--- Calls any operation by its API name, one that this version does not know included.
-- @tparam string name such as `"accounts/getDetail"`
-- @tparam ?table params as the operation takes them; those of an unknown one are sent as given
-- @tparam[opt] table options of the call
-- @tparam[opt] number options.timeout seconds for the whole call, retries included
-- @tparam[opt] table|boolean options.retry as of `dataforest.new`
-- @tparam[opt] string options.format `"json"` or `"xml"`
-- @tparam[opt] table options.headers more headers to send, by name
-- @treturn[1] table|string value
-- @treturn[2] nil
-- @treturn[2] Error what went wrong
function Client:call(name, params, options)
  local operation = type(name) == "string" and (operations.by_name[name] or unknown_operation(name))
  if not operation then
    return nil,
      errors.new {
        kind = ARGUMENT,
        field = "name",
        message = 'name must be an API name such as "accounts/getDetail"',
      }
  end
  return self:run(operation, params, options)
end

-- Forest as code -----------------------------------------------------------------------

--- What there is to do until a spec is true. `tostring(plan)` is a diff; no secret is in it.
-- @table Plan
-- @tfield {Step,...} steps in the order in which they are carried out
-- @tfield boolean empty whether there are none
-- @tfield table account its `name` and, where it is there, `id`
-- @tfield {table,...} pending what is on its way without a step: `kind`, `name`, `id`, `state`
-- @tfield {table,...} unmanaged what is there and not in the spec, and is left alone: the same fields
-- @tfield {string,...} warnings such as about a password that stands in the spec

--- One step of a plan.
-- @table Step
-- @tfield string action `"create"`, `"update"`, `"start"`, `"stop"`, `"replace"` or `"delete"`
-- @tfield string kind `"account"` or `"app"`
-- @tfield string name
-- @tfield ?string id nil where it is to be created
-- @tfield ?table before what changes, as it is
-- @tfield ?table after what changes, as it will be
-- @tfield boolean destructive whether something is deleted
-- @tfield ?string reason why, where the fields do not tell

--- What `apply` did.
-- @table Report
-- @tfield table account its `name` and `id`
-- @tfield {Step,...} done
-- @tfield {Step,...} undone
-- @tfield {Step,...} in_doubt steps that may have been carried out although they failed
-- @tfield {table,...} unmanaged as of the plan
-- @tfield {string,...} warnings as of the plan
-- @tfield number seconds that it took

--- Compares a spec with what is there. Only reads. The whole spec is checked first.
--
--     local plan, err = df:plan(spec, { prune = false, replace = false })
--     print(plan)
--
-- @tparam table spec see `docs/forest-as-code.md`
-- @tparam[opt] table options as of each call, and
-- @tparam[opt=false] boolean options.prune whether to delete what is there and not in the spec
-- @tparam[opt=false] boolean options.replace whether `apply` may delete, and create anew, what cannot be
--   changed in place
-- @tparam[opt=false] boolean options.rotate whether to reset the account's password
-- @tparam[opt=8] integer options.concurrency how many details are asked for at a time
-- @tparam[opt] number options.timeout seconds in all
-- @treturn[1] Plan
-- @treturn[2] nil
-- @treturn[2] Error `argument`: `problems` lists each mistake of the spec (`path`, `message`); else as of
--   the operations
function Client:plan(spec, options)
  return forest_plan.of(self, spec, options)
end

--- Carries out a plan, or what makes the spec true. May be interrupted anywhere and called again.
--
--     local report, err = df:apply(plan, { on_step = print })
--
-- @tparam table|Plan spec a spec, or a plan of `df:plan`; a plan that no longer fits what is there is refused
-- @tparam[opt] table options as of `plan`, and
-- @tparam[opt] function options.on_step called with each event: `event` (`started`, `waiting`, `done`,
--   `failed`), `step`, `index`, `total`, `state`, `error`, `seconds`; `tostring` of it is one line
-- @tparam[opt=8] integer options.concurrency how many apps are worked on at a time
-- @tparam[opt=1800] number options.timeout seconds in all
-- @tparam[opt=2] number options.interval seconds between looks, with `max_interval`, as of `wait`
-- @treturn[1] Report
-- @treturn[2] nil
-- @treturn[2] Error the first that stopped it: `step` is the step, `report` the report
-- @treturn[2] ?Report where anything was begun
function Client:apply(spec, options)
  return forest_apply.run(self, spec, options)
end

--- What is there, as a spec that plans to nothing.
-- @tparam[opt] table options as of each call, and
-- @tparam[opt] string options.account name of the account; needed where there are several
-- @tparam[opt=8] integer options.concurrency how many details are asked for at a time
-- @treturn[1] table spec
-- @treturn[1] nil
-- @treturn[1] table what was left out: a list of `path` and `message`
-- @treturn[2] nil
-- @treturn[2] Error as of the operations
function Client:export(options)
  return forest_export(self, options)
end

return Client
