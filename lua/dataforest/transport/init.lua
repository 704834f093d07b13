--- Transports: how a request travels, and which way a client takes.
--
-- A transport is a table of functions: `send(self, request)`, `sleep(self, seconds)`, `now(self)` and
-- `monotonic(self)`, and `close(self)` where there is something to close. One that is built in says so
-- (`is_built_in`): it holds no request once `send` has returned.
--
-- @module dataforest.transport

--- A transport, built in or user-supplied.
-- @table Transport
-- @tfield fun(self:Transport,request:Request):(Response?,table?) send returns the response; or nil and a
--   table with `kind` (such as `"network"`), `message`, and `sent`: whether any byte of the request may
--   have reached the server
-- @tfield ?fun(self:Transport,seconds:number):?boolean sleep waits; false says that it cannot wait here, and
--   ends the call. By default as the built-in ones do
-- @tfield ?fun(self:Transport):number now seconds since the epoch, with fractions; requests are signed by it
-- @tfield ?fun(self:Transport):number monotonic seconds since whenever, of a clock that nobody sets: what
--   deadlines and pauses go by. One that has its own `sleep` on a clock of its own should have this, too.
-- @tfield ?fun(self:Transport) close ends it, where there is something to close

--- What a transport is to send.
-- @table Request
-- @tfield string method such as `"POST"`
-- @tfield string url whole address
-- @tfield string target path and query, as they were signed
-- @tfield table headers by name
-- @tfield string body bytes
-- @tfield boolean once the request must not reach the server twice: a transport never repeats it
-- @tfield number deadline seconds, by the transport's `monotonic`
-- @tfield number timeout seconds that are left until then
-- @tfield number connect_timeout seconds
-- @tfield integer max_response_bytes larger responses are an error of kind `limit`
-- @tfield ?string connect_to `"host:port"` to dial in place of the address's

--- What a transport brings back.
-- @table Response
-- @tfield integer status HTTP status
-- @tfield table headers by lower-case name
-- @tfield string body bytes
-- @tfield ?boolean reused whether it came over a connection of an earlier call

local core = require "dataforest.core"
local guarded = require "dataforest.util.guarded"
local phase = require "dataforest.transport.phase"
local scheduler = require "dataforest.transport.scheduler"

local transport = {}

local function sleep(_, seconds)
  if phase.may_yield() then
    phase.sleep(seconds)
    return true
  elseif phase.may_pause() then
    scheduler.pause(seconds)
    return true
  end
  return false -- the worker would stand still
end

local current_task, now, monotonic = scheduler.current, core.now, core.monotonic

--- Chooses at each call; what is not chosen is never loaded.
local function auto(options)
  local made = {}
  local closed = false
  local function make(name)
    local loaded, module = pcall(require, "dataforest.transport." .. name)
    if not loaded then
      return nil, { kind = "argument", message = "cannot be loaded: " .. tostring(module), sent = false }
    end
    made[name] = module.new(options)
    if closed and made[name].close then
      made[name]:close()
    end
    return made[name]
  end
  return {
    is_built_in = true,
    send = function(_, request)
      local task = current_task() -- which says that libcurl is the way
      if task and made.curl then
        return made.curl:send_in_task(request)
      end
      local may_yield, has_cosockets = phase.may_yield()
      local chosen = may_yield and made.cosocket or not may_yield and made.curl
      if has_cosockets and not may_yield then
        return nil, { kind = "argument", message = phase.reason(), sent = false }
      elseif not chosen then
        local err
        chosen, err = make(may_yield and "cosocket" or "curl")
        if not chosen then
          return nil, err
        end
      end
      if may_yield then
        return chosen:send_here(request)
      end
      return chosen:send(request)
    end,
    sleep = sleep,
    now = now,
    monotonic = monotonic,
    close = function()
      closed = true
      for _, chosen in pairs(made) do
        if chosen.close then
          chosen:close()
        end
      end
    end,
  }
end

local BUILT_IN = {
  auto = auto,
  curl = function(options)
    return require("dataforest.transport.curl").new(options)
  end,
  cosocket = function(options)
    return require("dataforest.transport.cosocket").new(options)
  end,
}

local known_kinds = {}
for _, kind in ipairs(core.kinds) do
  known_kinds[kind.name] = true
end

local function failure(kind, message)
  -- What a stranger did before it failed cannot be known: the request counts as sent.
  return nil, { kind = kind, message = message, sent = true }
end

--- What a transport of the caller's gave back, as the rest of the library may rely on it.
local function checked(ok, response, problem)
  if not ok then
    return failure("network", "the transport raised: " .. guarded.text(response))
  elseif not response then
    if type(problem) ~= "table" then
      return failure("network", problem and guarded.text(problem) or "the transport gave no reason")
    end
    return nil,
      {
        kind = known_kinds[problem.kind] and problem.kind or "network",
        message = guarded.text(problem.message or problem.kind or "the transport gave no reason"),
        status = tonumber(problem.status),
        sent = problem.sent ~= false,
      }
  end
  local wrong = type(response) ~= "table" and "is no table"
    or type(response.status) ~= "number" and "has no number as its status"
    or type(response.headers or {}) ~= "table" and "has headers that are no table"
    or type(response.body or "") ~= "string" and "has a body that is no string"
  if wrong then
    return failure("protocol", "the transport's response " .. wrong)
  elseif response.headers and response.body then
    return response
  end
  return {
    status = response.status,
    headers = response.headers or {},
    body = response.body or "",
    reused = response.reused,
  }
end

--- A table or function of the caller's. It is not closed with the client: who made it closes it.
local function own(given)
  if type(given) == "function" then
    return {
      send = function(_, request)
        return checked(guarded.direct(given, request))
      end,
      sleep = sleep,
      now = now,
      monotonic = monotonic,
    }
  end
  for _, name in ipairs { "send", "sleep", "now", "monotonic" } do
    local found = type(given[name])
    if found ~= "function" and (name == "send" or found ~= "nil") then
      return nil, ("option transport: its %s must be a function, got a %s"):format(name, found)
    end
  end
  local fault -- what a clock did wrong, which the next send reports
  local function clock_of(name, otherwise)
    if not given[name] then
      return otherwise
    end
    return function()
      local ok, seconds = guarded.protected(given[name], given)
      if ok and type(seconds) == "number" and seconds >= 0 and seconds < math.huge then
        return seconds
      end
      fault = ok and type(seconds) == "number" and ("%s gave %s, which is no time"):format(name, seconds)
        or ok and ("%s gave no number but a %s"):format(name, type(seconds))
        or ("%s raised: %s"):format(name, guarded.text(seconds))
      return otherwise()
    end
  end
  local own_sleep, skipped = sleep, 0
  if given.sleep then
    own_sleep = function(_, seconds)
      local before = monotonic()
      local ok, waited = guarded.direct(given.sleep, given, seconds)
      if not ok then
        return false, "the transport's sleep raised: " .. guarded.text(waited)
      end
      -- A sleep that only moves a clock of the transport's own counts all the same.
      skipped = waited ~= false and skipped + math.max(0, seconds - (monotonic() - before)) or skipped
      return waited
    end
  end
  return {
    send = function(_, request)
      if fault then
        local message = "the transport's " .. fault
        fault = nil
        return nil, { kind = "argument", message = message, sent = false }
      end
      return checked(guarded.direct(given.send, given, request))
    end,
    sleep = own_sleep,
    now = clock_of("now", now),
    monotonic = clock_of("monotonic", given.sleep and function()
      return monotonic() + skipped
    end or monotonic),
  }
end

--- The time of a transport by which deadlines go: its own clock, or the library's.
-- @tparam Transport given
-- @treturn number seconds
function transport.monotonic(given)
  return given.monotonic and given:monotonic() or monotonic()
end

--- The transport that an option names.
-- @tparam string|Transport|function option `"auto"` (cosockets where the phase can yield, else
--   libcurl), `"curl"`, `"cosocket"`, a table with `send` and perhaps `sleep` and `now`, or a
--   function, which is `send` alone and gets the request as its only argument
-- @tparam[opt] table client_options what the built-in transports read: see `dataforest.new`
-- @treturn[1] Transport a transport
-- @treturn[2] nil
-- @treturn[2] string what is wrong with the option
function transport.resolve(option, client_options)
  if type(option) == "table" or type(option) == "function" then
    return own(option)
  end
  local make = BUILT_IN[option or "auto"]
  if not make then
    return nil,
      ('option transport must be "auto", "curl", "cosocket", a table or a function, got %s'):format(
        type(option) == "string" and ("%q"):format(option) or type(option)
      )
  end
  return make(client_options or {})
end

return transport
