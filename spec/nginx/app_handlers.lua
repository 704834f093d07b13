--- Handlers that call the client inside nginx. Each gets the query as a table, and returns what is to be
-- told as JSON.

local cjson = require "cjson"
local core = require "dataforest.core"
local dataforest = require "dataforest"

local emulator_class = require "dataforest.emulator"
local tables = require "dataforest.util.tables"

local handlers = {}

-- Clients ------------------------------------------------------------------------------

--- A client of one of the service's ports. The name in the certificate is localhost.
local function client(port, options)
  local origin = port:find "^plain" and "http://127.0.0.1:" or "https://localhost:"
  local all = tables.copy({
    base_url = origin .. service_ports[port],
    connect_to = "127.0.0.1:" .. service_ports[port],
    access_key = emulator_class.access_key,
    secret_key = emulator_class.secret_key,
  }, options)
  return dataforest.new(all)
end

--- The emulator of the service, from afar.
local function remote_emulator()
  local transport = require("dataforest.transport.cosocket").new()
  local port = service_ports.api
  return setmetatable({}, {
    __index = function(_, name)
      return function(_, given)
        local body = given == nil and "{}"
          or cjson.encode(type(given) == "table" and given or { seconds = given })
        local folder = name ~= "judge_clock" and core.valid_utf8(body) and "_emulator" or "_test"
        local response = assert(transport:send {
          method = "POST",
          url = ("https://localhost:%d/%s/%s"):format(port, folder, name),
          connect_to = "127.0.0.1:" .. port,
          body = body,
          deadline = core.monotonic() + 10,
        })
        assert(response.status == 200, response.body)
        return cjson.decode(response.body).result
      end
    end,
  })
end

local function context(transport)
  local emulator = remote_emulator()
  return {
    emulator = emulator,
    client = function(options)
      options = options or {}
      options.transport = transport
      return client(transport and "plain_api" or "api", options)
    end,
    advance_service_clock = function(seconds)
      emulator:judge_clock { strict = true }
      emulator:set_clock(emulator:now() + seconds)
    end,
  }
end

local function told(value, err)
  if value ~= nil then
    return { value = value, token = type(value) == "table" and value.token or nil }
  end
  return {
    kind = err.kind,
    message = err.message,
    text = tostring(err),
    sent = err.sent,
    attempts = err.attempts,
    status = err.status,
  }
end

-- The suites ---------------------------------------------------------------------------

--- One case of a suite, in the phase that runs; over a transport that a module returns, if one is named.
function handlers.case(args)
  local suite = require("spec.support." .. args.suite)
  local own = context(args.transport and require(args.transport))
  own.emulator:reset()
  own.emulator:judge_clock { strict = false } -- cases let time pass amid calls
  suite[tonumber(args.number)].run(own)
  return "passed"
end

-- Faults -------------------------------------------------------------------------------

--- A good call first where `warm` is set, then one that meets a fault, then a good one; each with a
-- token of its own, which the response has to bring back.
function handlers.fault(args)
  local port = args.port or "faults"
  local df = client(port, {
    retry = args.retry and { attempts = tonumber(args.retry), base_delay = 0.001 } or false,
    timeout = tonumber(args.timeout) or 5,
    max_response_bytes = 100000,
  })
  local function list(token, fault)
    return told(df.accounts:get_list(nil, { headers = { ["X-Token"] = token, ["X-Fault"] = fault } }))
  end
  local result = {}
  if args.warm then
    result.before = list "before"
    ngx.sleep(tonumber(args.warm))
  end
  ngx.update_time()
  local started = ngx.now()
  if args.operation == "create" then
    result.during = told(df.accounts:create({ name = "df001", password = "Abcdef1!" }, {
      headers = { ["X-Token"] = "during", ["X-Fault"] = args.name },
    }))
  else
    result.during = list("during", args.name)
  end
  ngx.update_time()
  result.seconds = ngx.now() - started
  ngx.sleep(tonumber(args.pause) or 0)
  result.after = list "after"
  result.later = list "later"
  return result
end

--- One step of a case of spec/support/fault_cases.lua.
function handlers.fault_step(args)
  local cases = require "spec.support.fault_cases"
  return require("spec.support.fault_calls").step(cases[tonumber(args.number)], args.effect, args.step, {
    transport = "cosocket",
    address = args.address,
  })
end

local function wire_transport()
  return require("dataforest.transport.cosocket").new { pool_idle_timeout = 10 }
end

--- The responses of spec/vectors/http, each once.
function handlers.wire_each(args)
  local count, problems = require("spec.support.wire").each(wire_transport(), tonumber(args.port))
  return { count = count, problems = problems }
end

--- The same in random sequences.
function handlers.wire_sequences(args)
  local sequences = require("spec.support.wire").sequences
  return {
    problems = sequences(wire_transport(), tonumber(args.port), tonumber(args.count), tonumber(args.seed)),
  }
end

--- A plain list, over the emulator of the service.
function handlers.list(args)
  return told(
    client("api", { transport = args.transport, ca_file = args.ca_file, retry = false }).accounts:get_list()
  )
end

--- A call to an address of one's own.
function handlers.dial(args)
  local df = dataforest.new {
    base_url = args.base_url,
    connect_to = args.connect_to,
    ca_file = args.ca_file,
    proxy = args.proxy,
    pool_name = args.pool_name,
    access_key = emulator_class.access_key,
    secret_key = emulator_class.secret_key,
    timeout = tonumber(args.timeout) or 2,
    retry = false,
  }
  ngx.update_time()
  local started = ngx.now()
  local result = told(df.accounts:get_list())
  ngx.update_time()
  result.seconds = ngx.now() - started
  return result
end

local function https_client(args, options)
  options.base_url, options.connect_to = "https://df.test", args.address
  options.access_key, options.secret_key = emulator_class.access_key, emulator_class.secret_key
  options.retry = false
  return dataforest.new(options)
end

--- A call with `ca_file` where sockets have settrustedstore, as newer nginx does.
function handlers.trusted_store(args)
  local methods = getmetatable(ngx.socket.tcp()).__index
  local stores = 0
  methods.settrustedstore = function(_, store)
    stores = stores + (type(store) == "cdata" and 1 or 0)
    return true
  end
  local df = https_client(args, { ca_file = args.ca_file })
  local result = { during = told(df.accounts:get_list()), again = told(df.accounts:get_list()) }
  methods.settrustedstore = nil
  result.stores = stores
  return result
end

--- Threads that are killed while they wait for their handshakes, and one more call.
function handlers.killed_handshakes(args)
  local now = require("dataforest.core").monotonic
  local df = https_client(args, { timeout = 10 })
  local threads = {}
  for index = 1, tonumber(args.count) do
    threads[index] = ngx.thread.spawn(df.accounts.get_list, df.accounts)
  end
  ngx.sleep(0.1)
  for _, thread in ipairs(threads) do
    ngx.thread.kill(thread)
  end
  local started = now()
  local last = told(df.accounts:get_list())
  return { last = last, seconds = now() - started }
end

--- A call over plain HTTP, and another one over its connection.
function handlers.warm_list(args)
  local now = require("dataforest.core").monotonic
  local df = dataforest.new {
    base_url = "http://" .. args.address,
    access_key = emulator_class.access_key,
    secret_key = emulator_class.secret_key,
    timeout = tonumber(args.timeout),
    retry = false,
  }
  assert(df.accounts:get_list())
  local started = now()
  local during = told(df.accounts:get_list())
  return { during = during, seconds = now() - started }
end

-- Many calls ---------------------------------------------------------------------------

--- So many threads, each with so many calls; every response has to be the caller's own.
function handlers.flood(args)
  local df = client(args.port, { pool_size = tonumber(args.pool) or 64, retry = false, timeout = 60 })
  local threads, stale, failed, message = {}, 0, 0, nil
  local calls = tonumber(args.calls) or 1
  for number = 1, tonumber(args.threads) do
    threads[number] = ngx.thread.spawn(function()
      for call = 1, calls do
        local token = number .. "-" .. call
        local headers = { ["X-Token"] = token, ["X-Seconds"] = args.seconds }
        local list, err = df.accounts:get_list(nil, { headers = headers })
        if not list then
          failed, message = failed + 1, tostring(err)
        elseif list.token and list.token ~= token then
          stale = stale + 1
        end
      end
    end)
  end
  for _, thread in ipairs(threads) do
    assert(ngx.thread.wait(thread))
  end
  return { stale = stale, failed = failed, message = message }
end

--- A call for each of so many sizes of its response, one after the other.
function handlers.sizes(args)
  local df = client("faults", { retry = false })
  local answered = 0
  for bytes = tonumber(args.from), tonumber(args.to) do
    local list, err = df.accounts:get_list(nil, { headers = { ["X-Bytes"] = tostring(bytes) } })
    assert(list, err and err.message)
    answered = answered + 1
  end
  return answered
end

--- What the limiter of handshakes does where nobody gives a slot back.
function handlers.limiter()
  local limiter = require "dataforest.transport.cosocket.limiter"
  local now = require("dataforest.core").monotonic
  local function waited(name, deadline)
    local started = now()
    local slot = limiter.enter(name, deadline)
    return now() - started, slot
  end
  local slots = {}
  for i = 1, 8 do
    slots[i] = limiter.enter("a server", now() + 5)
  end
  local result = { ninth = waited("a server", now() + 5) } -- until a slot is an old one
  local crowd = {}
  for i = 1, 7 do
    crowd[i] = limiter.enter("a server", now() + 5)
  end
  result.impatient = waited("a server", now() + 0.05)
  result.other = waited("another server", now() + 5)
  for _, list in ipairs { slots, crowd } do
    for _, slot in ipairs(list) do
      limiter.leave(slot)
      limiter.leave(slot)
    end
  end
  return result
end

--- How often a call goes ahead in a turn of the event loop that has been a long one, before it lets others go
-- first.
function handlers.turns()
  local limiter = require "dataforest.transport.cosocket.limiter"
  local now = require("dataforest.core").now
  local function passes()
    local turn, count = ngx.now(), 0
    while count < 100 do
      limiter.pause_after_share()
      if ngx.now() ~= turn then
        break
      end
      count = count + 1
    end
    return count
  end
  local function make_long()
    ngx.sleep(0.001)
    local started = now()
    repeat
    until now() - started > 0.006
  end
  local result = { short = 0 }
  for _ = 1, 3 do -- the system may give the processor to others in the middle of one
    ngx.sleep(0.001)
    result.short = math.max(result.short, passes())
  end
  make_long()
  result.long = passes()
  make_long()
  result.again = passes()
  make_long()
  local threads = {}
  for i = 1, 3 do
    threads[i] = ngx.thread.spawn(passes)
  end
  result.threads = 0
  for i = 1, 3 do
    local _, count = ngx.thread.wait(threads[i])
    result.threads = result.threads + count
  end
  return result
end

local shared

--- A list by one client, whatever the phase.
function handlers.shared_list(args)
  shared = shared or client("api", { ca_file = args.ca_file, retry = false })
  return told(shared.accounts:get_list())
end

--- One call, with a token.
function handlers.one(args)
  local df = client(args.port or "slow", { retry = false })
  local headers = { ["X-Token"] = args.token, ["X-Seconds"] = args.seconds }
  return told(df.accounts:get_list(nil, { headers = headers }))
end

--- The memory of this worker, after a full collection.
function handlers.memory()
  collectgarbage()
  collectgarbage()
  local file = assert(io.open "/proc/self/status")
  local kilobytes = file:read("*a"):match "VmRSS:%s*(%d+) kB"
  file:close()
  return {
    lua_kilobytes = collectgarbage "count",
    resident_kilobytes = tonumber(kilobytes),
    pid = ngx.worker.pid(),
  }
end

--- Many calls at once, each of them slow; one raises, and one maps again.
function handlers.map()
  local df = client "slow"
  local started = ngx.now()
  local values, errors = df:map({ 1, 2, 3, 4, 5, 6 }, function(item)
    if item == 5 then
      error "broken"
    elseif item == 6 then
      return #df:map({ 1, 2 }, function()
        return df.accounts:get_list() and true
      end)
    end
    local list, err = df.accounts:get_list()
    return list and item, err
  end)
  ngx.update_time()
  return { seconds = ngx.now() - started, values = values, broken = errors and errors[5] }
end

--- Ways for C to call Lua, across which nothing can yield.
local THROUGH_C = {
  sort = function(fn)
    table.sort({ 1, 2 }, function(a, b)
      fn()
      return a < b
    end)
  end,
  gsub = function(fn)
    string.gsub("a", "a", fn)
  end,
  module = function(fn)
    package.loaded["spec.main_chunk"] = nil
    package.preload["spec.main_chunk"] = fn
    require "spec.main_chunk"
  end,
  load = function(fn)
    load(function()
      fn()
      return nil
    end)
  end,
}

--- Calls, maps and waits where Lua cannot yield; then a call where it can.
function handlers.through_c(args)
  local df = client("api", { connect_to = "localhost:" .. service_ports.api, retry = { base_delay = 0.01 } })
  local emulator = remote_emulator()
  emulator:reset()
  local id = emulator:add_account { name = "cloud1" }
  local function list()
    return df.accounts:get_list()
  end
  local uses = {
    call = list,
    map = function()
      local values, errors = df:map({ 1, 2, 3 }, list)
      return values[1] and values[3], errors and errors[1]
    end,
    create = function()
      return df.accounts:create { name = "cloud2", password = "Abcdef1!" }
    end,
    wait = function()
      return df.accounts:wait(id, "RUNNING", { timeout = 0.1 })
    end,
  }
  local said = {}
  THROUGH_C[args.way](function()
    local ok, value, err = pcall(uses[args.use])
    said = {
      ok = ok,
      value = value ~= nil,
      kind = err and err.kind,
      message = err and err.message or not ok and value,
    }
  end)
  said.creates = 0
  for _, call in ipairs(emulator:calls()) do
    said.creates = said.creates + (call.operation == "accounts/create" and 1 or 0)
  end
  local after, err = list()
  said.after = after and after.total or tostring(err)
  emulator:reset()
  return said
end

function handlers.pid()
  return ngx.worker.pid()
end

--- The modules that are loaded.
function handlers.loaded()
  local names = {}
  for name in pairs(package.loaded) do
    names[#names + 1] = name
  end
  return names
end

-- Entry --------------------------------------------------------------------------------

--- Runs a handler, and returns its response as JSON, or an error and false.
function handlers.outcome(name, args)
  local ok, result = xpcall(function()
    return handlers[name](args)
  end, function(err)
    local text = type(err) == "table" and (err.message and tostring(err.message)) or tostring(err)
    return debug.traceback(text, 2)
  end)
  return ok and cjson.encode(result) or result, ok
end

--- Serves `/do/<handler>?<arguments>`.
function handlers.run()
  local body, ok = handlers.outcome(ngx.var.uri:match "([%w_]+)$", ngx.req.get_uri_args())
  ngx.status = ok and 200 or 500
  ngx.print(body)
end

return handlers
