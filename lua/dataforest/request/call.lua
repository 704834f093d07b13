--- One call: from parameters to a value or an error, by as many attempts as the policy allows.
-- @module dataforest.request.call

local ascii = require "dataforest.util.ascii"
local clock_skew = require "dataforest.request.clock_skew"
local errors = require "dataforest.errors"
local events = require "dataforest.request.events"
local guarded = require "dataforest.util.guarded"
local names = require "dataforest.api.headers"
local json = require "dataforest.codec.json"
local options_of = require "dataforest.request.options"
local response_of = require "dataforest.request.response"
local retry = require "dataforest.request.retry"
local schema = require "dataforest.api.schema"
local secrets = require "dataforest.secrets"
local time = require "dataforest.util.time"
local validate = require "dataforest.api.validate"
local xml = require "dataforest.codec.xml"

local floor, min = math.floor, math.min
local pairs, type = pairs, type
local encode_text, read_response, text_of = json.encode_text, response_of.read, validate.text
local TIMESTAMP, ACCESS_KEY, SIGNATURE = names.TIMESTAMP, names.ACCESS_KEY, names.SIGNATURE

local call = {}

local function argument_error(operation, message, field)
  return nil,
    errors.new { kind = errors.ARGUMENT, message = message, field = field, operation = operation.id }
end

local function closed_error(operation)
  return errors.new {
    kind = errors.CLOSED,
    message = "the client was closed",
    operation = operation.id,
    sent = false,
  }
end

-- The request --------------------------------------------------------------------------

local CODECS = { json = json, xml = xml }
local BYTES = "application/octet-stream"

--- Checks the parameters.
-- @treturn ?table the parameters in the form in which they travel, or nil and the error
local function wire_of(settings, operation, params)
  local wire = params or {}
  if operation.params then
    return validate.check(operation, params, settings)
  elseif type(wire) ~= "table" then
    return argument_error(operation, "its parameters must be a table, got a " .. type(wire), "params")
  end
  return wire
end

--- Checks and encodes the parameters.
-- @treturn ?string body, or nil and the error
-- @treturn ?table the parameters in the form in which they travel, where that had to be made; or the error
local function body_of(settings, operation, params, format)
  if format == "json" and settings.validate then
    local node, text = text_of(operation, params)
    if node then
      return encode_text(node, text)
    end
  end
  local wire, wrong = wire_of(settings, operation, params)
  if not wire then
    return nil, wrong
  end
  local body, message
  if format == "json" then
    body, message = json.encode(wire, schema.request(operation))
  elseif operation.xml and operation.xml.request then
    body, message = xml.encode(operation.xml.request, wire, schema.request(operation))
  else
    message = "the pages name no XML root for it; use the format json"
  end
  if not body then
    return argument_error(operation, "the parameters cannot be encoded: " .. message)
  end
  return body, wire
end

--- Sets headers of the caller's. A name that is there already, in any case, is replaced.
local function set_headers(headers, more)
  for name, value in pairs(more) do
    if headers[name] == nil then
      local lower = ascii.lower(name)
      for present in pairs(headers) do
        if ascii.lower(present) == lower then
          headers[present] = nil
          break
        end
      end
    end
    headers[name] = value
  end
end

--- The path and the whole address of an operation, made once. By format, it has requests for later calls.
local function new_address(client, operation)
  local settings = client.settings
  local target = settings.path_prefix .. operation.path
  local address = { target = target, url = settings.origin .. target }
  client.addresses[operation] = address
  return address
end

--- What is sent: a request of an earlier call, or a new one. The fields that each attempt sets are named too,
-- so that the tables are made in their final size.
local function request_of(client, operation, body, format)
  local address = client.addresses[operation] or new_address(client, operation)
  local spare = address[format]
  if spare then
    address[format] = spare.next
    spare.body = body
    return spare
  end
  local settings = client.settings
  local content_type = CODECS[format].content_type
  return {
    method = "POST",
    url = address.url,
    target = address.target,
    headers = {
      ["Content-Type"] = content_type,
      Accept = operation.binary and BYTES or content_type,
      ["User-Agent"] = client.user_agent,
      [TIMESTAMP] = "",
      [ACCESS_KEY] = "",
      [SIGNATURE] = "",
    },
    body = body,
    -- Whether a change is sent again is for the retries to say, which know its effect.
    once = operation.effect ~= "read",
    deadline = 0,
    timeout = 0,
    connect_timeout = settings.connect_timeout,
    max_response_bytes = settings.max_response_bytes,
    connect_to = settings.connect_to,
    next = nil,
  }
end

--- Lets a later call have the request, which nobody else holds any more.
local function give_back(client, operation, request, format)
  local address = client.addresses[operation]
  request.body = ""
  request.next = address[format]
  address[format] = request
end

--- The headers of this attempt, where the option `headers` is a function.
-- @treturn ?string what is wrong
local function add_computed_headers(client, operation, request, attempt, own)
  local ok, given = guarded.relayed(client.settings.headers, {
    operation = operation.id,
    method = request.method,
    url = request.url,
    target = request.target,
    attempt = attempt,
  })
  if not ok then
    return "option headers raised: " .. guarded.text(given)
  elseif given == nil then
    return nil
  elseif type(given) ~= "table" then
    return "option headers must return a table, got a " .. type(given)
  end
  local message = options_of.check_headers(given)
  if message then
    return "what option headers returned " .. message
  end
  set_headers(request.headers, given)
  if own then
    set_headers(request.headers, own)
  end
end

-- An attempt ---------------------------------------------------------------------------

--- Signs the request. Nothing yields between the signer's coming and its use.
-- @treturn ?userdata signer that was used, or nil and the error
local function sign(client, operation, request, deadline, policy)
  local signer, access_key, is_ours = client.keys:get(deadline, policy)
  if client.closed then -- by a hook, or by another call while this one waited for a provider
    if is_ours then
      signer:close()
    end
    return nil, closed_error(operation)
  elseif not signer then
    return nil, { kind = errors.CREDENTIALS, message = access_key, sent = false }
  end
  local headers = request.headers
  local milliseconds = floor((client.transport:now() + client.clock_offset) * 1000)
  local signature, timestamp = signer:sign(request.method, request.target, milliseconds)
  if is_ours then
    signer:close()
  end
  if not signature then -- it was collected before this finaliser ran, or there is no memory
    return nil, { kind = errors.CLOSED, message = timestamp, sent = false }
  end
  headers[TIMESTAMP] = timestamp
  headers[ACCESS_KEY] = access_key
  headers[SIGNATURE] = signature
  return signer
end

-- A failure ----------------------------------------------------------------------------

-- The texts of an error that come from elsewhere.
local FOREIGN = { "message", "details", "code", "request_id" }

--- Makes the error that an attempt ends with: without secrets, and with what the call knows.
-- @tparam table state of the call's failures: `cause`, `in_doubt`
local function finish(client, operation, wire, request, state, err, response)
  local list = secrets.gather(operation, wire)
  list[#list + 1] = request.headers[SIGNATURE]
  list.access_key = request.headers[ACCESS_KEY]
  for _, name in ipairs(FOREIGN) do
    err[name] = secrets.clean(err[name], list)
  end
  err = errors.new(err)
  err.operation = operation.id
  err.attempts = state.attempt
  err.retryable = retry.is_retryable(operation.effect, err)
  local retry_after = response and response.headers["retry-after"]
  if retry_after then
    err.retry_after = time.retry_after(retry_after, client.transport:now() + client.clock_offset)
  end
  -- An earlier attempt that is in doubt stays so, whatever this one says.
  state.in_doubt = state.in_doubt or retry.in_doubt(operation.effect, err)
  err.in_doubt = state.in_doubt
  local cause = err.kind .. ": " .. err.message
  if err.kind == errors.TIMEOUT and state.cause then
    err.message = ("%s; the attempt before ended with %s"):format(err.message, state.cause)
  end
  state.cause = cause
  return err
end

--- After a 401: signs anew where the clock was wrong, or where there are other keys by now; each once.
-- @treturn boolean whether the call is to be sent again, at once
local function may_sign_anew(client, operation, policy, state, err, response)
  if err.kind ~= errors.AUTH then
    return false
  end
  local offset = clock_skew.find(client, state.clock_offset, response)
  if offset then
    local words = clock_skew.describe(offset)
    if state.clock_corrected then
      err.message = err.message .. "; " .. words .. ": set it right"
      return false
    end
    state.clock_corrected = true
    client.clock_offset = offset
    events.tell(client, {
      name = "clock",
      operation = operation.id,
      attempt = state.attempt,
      offset = offset,
      message = words,
    })
    return true
  elseif state.keys_renewed or not client.keys:renew(state.signer, state.deadline, policy) then
    return false
  end
  state.keys_renewed = true
  events.tell(client, {
    name = "keys",
    operation = operation.id,
    attempt = state.attempt,
    message = "the keys were refused: signing with others, which the provider gives now",
  })
  return true
end

--- The seconds after which the call is tried again; nil where it is not.
local function pause_before_retry(client, operation, policy, state, err)
  local pause = retry.pause_after(policy, operation.effect, err, state)
  local is_in_time = pause and client.transport:monotonic() + pause < state.deadline
  return is_in_time and client.budget:take(err) and pause or nil
end

-- The call -----------------------------------------------------------------------------

--- Runs an operation.
-- @tparam table client
-- @tparam table operation an entry of `dataforest.operations`
-- @param params parameters
-- @tparam[opt] table options of the call
-- @treturn[1] table|string value
-- @treturn[2] nil
-- @treturn[2] table error
function call.run(client, operation, params, options)
  if client.closed then
    return nil, closed_error(operation)
  end
  local settings, transport = client.settings, client.transport
  local format, timeout, policy, own_headers = settings.format, settings.timeout, settings.retry, nil
  if options ~= nil then
    local message, field = options_of.call(options)
    if message then
      return argument_error(operation, message, field)
    end
    format, timeout = options.format or format, options.timeout or timeout
    policy, own_headers = options_of.retry_policy(options.retry, policy), options.headers
  end
  local body, wire = body_of(settings, operation, params, format)
  if not body then
    return nil, wire
  end
  local headers_of = settings.headers
  local request = request_of(client, operation, body, format)
  local is_reusable = transport.is_built_in and not (headers_of or own_headers)
  local are_computed = type(headers_of) == "function"
  if headers_of and not are_computed then
    set_headers(request.headers, headers_of)
  end
  if own_headers then
    set_headers(request.headers, own_headers)
  end

  local tells = settings.on_event ~= nil
  local started = transport:monotonic()
  local deadline = started + timeout
  local attempt_timeout, attempt_started, attempt = settings.attempt_timeout, started, 0
  local state -- what attempts that failed have left
  while true do
    attempt = attempt + 1
    local limit = attempt_timeout and min(deadline, attempt_started + attempt_timeout) or deadline
    request.deadline, request.timeout = limit, limit - attempt_started
    local value, err, response, signer
    local clock_offset
    if are_computed then
      local message = add_computed_headers(client, operation, request, attempt, own_headers)
      err = message and { kind = errors.ARGUMENT, field = "headers", message = message, sent = false } or nil
    end
    if not err then
      signer, err = sign(client, operation, request, deadline, policy)
    end
    if signer then
      clock_offset = client.clock_offset -- which another call may set right meanwhile
      response, err = transport:send(request)
      if response then
        value, err = read_response(operation, response)
      else
        err = { kind = err.kind, message = err.message, status = err.status, sent = err.sent ~= false }
      end
    end
    if value == nil then
      wire = wire or wire_of(settings, operation, params)
      if state and state.in_doubt and operation.deletes and err.kind == errors.NOT_FOUND then
        value = { id = wire.id } -- as in the response that was lost
      end
    end
    local times = tells and { attempt = attempt, started = started, attempt_started = attempt_started }
    if value ~= nil then
      client.budget:give()
      if is_reusable then
        give_back(client, operation, request, format)
      end
      if tells then
        events.outcome(client, "attempt", operation, times, response)
        events.outcome(client, "success", operation, times, response)
      end
      return value
    end
    state = state or { in_doubt = false, deadline = deadline }
    state.attempt, state.clock_offset, state.signer = attempt, clock_offset, signer
    err = finish(client, operation, wire, request, state, err, response)
    if tells then
      events.outcome(client, "attempt", operation, times, response, err)
    end
    if not may_sign_anew(client, operation, policy, state, err, response) then
      local pause = pause_before_retry(client, operation, policy, state, err)
      if pause and tells then
        events.outcome(client, "retry", operation, times, response, err, pause)
      end
      local can_wait, why_not
      if pause then
        can_wait, why_not = transport:sleep(pause)
      end
      if not pause or can_wait == false then
        if why_not then
          err.message = ("%s; no further attempt, since %s"):format(err.message, why_not)
        end
        if tells then
          events.outcome(client, "failure", operation, times, response, err)
        end
        return nil, err
      end
    end
    attempt_started = transport:monotonic()
  end
end

return call
