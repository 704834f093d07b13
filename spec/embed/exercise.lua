-- What the programs of this folder put a Lua state through: every function of both modules, and calls
-- of a client, in steps that do not depend on one another. They set the global `host`:
--   port, dead_port   of the test server (server.c), and one where nobody listens
--   ca_file           whose certificate it has
--   folder            for files
--   part              "core", "curl", "tls", "client", or "all"
--   lenient           whether a call may fail as one does that libcurl has no memory for
--   reported()        to be called when a step said that memory ran out
-- and perhaps the global `hostile`: what the steps use is closed and changed under them, and any may fail.
--
-- A step returns true, or nil and an error as the modules return it; or it raises. What it asserts holds
-- whenever memory does not run out, and a wrong result is a failure even when it does.
--
-- The file returns a function that runs the steps of the part, and returns what was wrong, or nil.

local host, careless = host, hostile -- luacheck: ignore (set by the program)

-- LuaJIT before the end of 2023 crashes by itself where memory runs out in code that it has compiled.
if rawget(_G, "jit") then
  jit.off() -- luacheck: ignore
end

local steps = {}

local function step(part, run)
  if host.part == part or host.part == "all" then
    steps[#steps + 1] = run
  end
end

-- If luaL_error runs out of memory for its message, Lua 5.5 raises whatever is on top of the stack.
local LOSES_TEXTS = _VERSION == "Lua 5.5"

--- Calls a function that must raise an error with a text in it.
local function raises(text, run, ...)
  local ok, message = pcall(run, ...)
  if ok then
    error("no error, where one was expected: " .. text)
  elseif not tostring(message):find(text, 1, true) then
    error(LOSES_TEXTS and "not enough memory" or message, 0) -- memory may have run out
  end
end

local core = require "dataforest.core"

--- Opens a module of C again. The first one stays the one that others know.
local function load_anew(name)
  local first = package.loaded[name]
  package.loaded[name] = nil
  local ok, module = pcall(require, name)
  package.loaded[name] = first
  if not ok then
    error(module, 0)
  end
  return module
end

-- dataforest.core --------------------------------------------------------------------------------------

local TARGET = "/api/v2/accounts/getDetail"
local SIGNATURE = "/AXjh2OFLyWh751sUQBlG6fmdKS/OgcYmNDfkjGrcSI="

step("core", function()
  local fresh = load_anew "dataforest.core"
  assert(fresh.version == core.version and #fresh.kinds == #core.kinds)
  return true
end)

step("core", function()
  local signer, message = core.signer("AK_TEST", "SK_TEST")
  if not signer then
    return nil, message
  end
  assert(signer:sign("POST", TARGET, 1700000000000) == SIGNATURE)
  assert(signer:sign("POST", TARGET, "1700000000000") == SIGNATURE)
  local long
  long, message = signer:sign("POST", TARGET .. ("x"):rep(3000), 1)
  if not long then
    return nil, message
  end
  assert(#long == 44)
  assert(tostring(signer) == "dataforest.signer (open)")
  raises("the target is empty", signer.sign, signer, "POST", "a b", 1)
  raises("the timestamp", signer.sign, signer, "POST", TARGET, 1.5)
  signer:close()
  signer:close()
  local _, closed = signer:sign("POST", TARGET, 1)
  assert(closed == "the signer is closed")
  return true
end)

step("core", function()
  for i = 1, 3 do
    local signer, message = core.signer("AK_TEST", ("k"):rep(100 * i)) -- left to the collector
    if not signer then
      return nil, message
    end
  end
  assert(not core.signer("AK_TEST", ""))
  raises("string expected", core.signer, "AK_TEST")
  return true
end)

step("core", function()
  local text = core.string_to_sign("POST", TARGET, 1700000000000, "AK_TEST")
  assert(text == "POST " .. TARGET .. "\n1700000000000\nAK_TEST")
  local long = ("/x"):rep(2000)
  assert(#core.string_to_sign("POST", long, 1, "AK_TEST") == 5 + #long + 3 + 7)
  assert(core.base64 "any carnal pleas" == "YW55IGNhcm5hbCBwbGVhcw==")
  assert(#core.base64(long) == math.ceil(#long / 3) * 4)
  assert(core.valid_utf8 "\195\164" and not core.valid_utf8 "\195" and core.utf8_length "\195\164" == 1)
  assert(core.now() > 1e9 and core.monotonic() > 0)
  core.sleep(0)
  return true
end)

step("core", function()
  local path = host.folder .. "/saved"
  for _, bytes in ipairs { "", "some bytes", ("x"):rep(100000) } do
    local saved, message = core.save(path, bytes)
    if not saved then
      return nil, message
    end
    local file = assert(io.open(path, "rb"))
    local read = file:read "*a"
    file:close()
    assert(read == bytes)
  end
  local saved, message = core.save(host.folder .. "/none/such", "bytes")
  assert(not saved)
  if message:find("memory", 1, true) then
    return nil, message
  end
  assert(message:find("/none/such: ", 1, true))
  return true
end)

step("core", function()
  assert(core.quote 'a"\n\1' == '"a\\"\\n\\u0001"' and core.quote "\255" == nil)
  assert(#core.quote(("\1"):rep(3000)) == 18002)
  assert(core.within("aa", ("\0"):rep(97) .. "\1" .. ("\0"):rep(158)))
  assert(#core.hmac_sha256("key", "text") == 32)
  local path = host.folder .. "/loaded"
  local saved, message = core.save(path, "bytes")
  if not saved then
    return nil, message
  end
  saved, message = core.can_save(path)
  if not saved then
    return nil, message
  end
  assert(core.load(path, 100) == "bytes" and core.load(path, 2) == nil)
  return true
end)

local HEADERS = { ["Content-Type"] = "application/json", ["X-Long"] = ("v"):rep(5000) }
local CHUNKS = "Transfer-Encoding: chunked\r\n\r\n" .. ("a\r\n0123456789\r\n"):rep(50) .. "0\r\n\r\n"
local responses = 0

--- A response with headers that Lua has not seen before.
local function new_response()
  responses = responses + 1
  local lines = { "HTTP/1.1 200 OK\r\nA: 1\r\nB: x\r\na: 2\r\n" }
  for i = 1, 8 do
    lines[#lines + 1] = ("X-%d-%d: %s\r\n"):format(responses, i, ("v"):rep(50 + i))
  end
  return table.concat(lines) .. CHUNKS
end

step("core", function()
  local written = core.http_request("POST", "/x", "host", HEADERS, "{}", false)
  assert(written:find("^POST /x HTTP/1.1\r\n") and written:find("Content-Length: 2\r\n", 1, true))
  assert(core.http_request("POST", "/x", "host", { Host = "other" }) == nil)
  for _, size in ipairs { 10000, 7 } do
    local text = new_response()
    local reader = core.http_reader()
    reader:start("GET", 1000)
    local done = false
    for first = 1, #text, size do
      assert(done == false)
      done = reader:feed(text:sub(first, first + size - 1))
      if done == nil then
        return nil, reader:failure "the server"
      end
    end
    local response, reusable = reader:response()
    assert(done and reusable and response.status == 200)
    assert(response.headers.a == "1, 2" and #response.body == 500)
    reader:start("GET", 1000)
    assert(reader:feed "HTTP/2\r\n" == nil and reader:failure("the server").kind == "protocol")
    reader:close()
    reader:close()
    raises("the reader is closed", reader.begun, reader)
  end
  return true
end)

local QUOTA = {
  object = "Quota",
  fields = { { name = "namespace", type = "string" }, { name = "spaceTb", type = "number" } },
}
local ACCOUNT = {
  object = "Account",
  fields = {
    { name = "accountId", type = "string" },
    { name = "createdAt", type = "string", aliases = { "createAt", "created" } },
    { name = "count", type = "integer" },
    { name = "open", type = "boolean" },
    { name = "quotas", type = { array = QUOTA } },
    { name = "tags", type = { map = "string" } },
    { name = "rest", type = "any" },
    { name = ("long"):rep(20), type = "string" },
  },
}
local BODY = [==[{"accountId":7,"createAt":"then","count":"200","open":"true","extra":{"a":[1,null,2.5,"x"]},
  "quotas":{"namespace":"hdfs","spaceTb":"1.5"},"tags":{"a":1,"b":true,"c":null},"rest":[[],{},{"k":[3]}],
  "]==] .. ("long"):rep(20) .. '":"name"}'

local function check_account(account)
  assert(account.accountId == "7" and account.createdAt == "then" and account.createAt == nil)
  assert(account.count == 200 and account.open == true and account[("long"):rep(20)] == "name")
  assert(account.quotas[1].namespace == "hdfs" and account.quotas[1].spaceTb == 1.5 and #account.quotas == 1)
  assert(account.tags.a == "1" and account.tags.b == "true" and account.tags.c == nil)
  assert(account.extra.a[2] == 2.5 and account.rest[3].k[1] == 3)
end

step("core", function()
  local shape = core.shape(ACCOUNT)
  assert(tostring(shape) == "dataforest.shape")
  for _ = 1, 2 do
    check_account(assert(core.decode(BODY, shape)))
  end
  check_account(assert(core.decode(BODY, ACCOUNT)))
  assert(core.decode("[1,[2]]")[2][1] == 2)
  return true
end)

local WIDE = { object = "Wide", fields = {} }
for i = 1, 100 do
  WIDE.fields[i] = { name = "field" .. i, type = { map = { array = "integer" } }, aliases = { "f" .. i } }
end

local MALFORMED = {
  "none",
  {},
  { array = "string", map = "string" },
  { fields = 7 },
  { object = "Twice", fields = { { name = "a", type = "any" }, { name = "a", type = "any" } } },
  { array = { array = { array = { fields = { { name = "x", type = "y" } } } } } },
}

step("core", function()
  local value = assert(core.decode('{"field7":{"a":["1",2]},"f8":{"b":[]}}', WIDE))
  assert(value.field7.a[1] == 1 and value.field8.b[1] == nil)
  for _, malformed in ipairs(MALFORMED) do
    raises("bad argument", core.shape, malformed)
  end
  return true
end)

local REFUSED = {
  { '{"accountId":"x","quotas":[{},{"spaceTb":"abc"}]}', 'quotas[2].spaceTb: expected a number, got "abc"' },
  { '{"count":1.5}', "count: expected an integer, got 1.5" },
  { '{"count":1e300}', "count: expected an integer" },
  { '{"tags":[1]}', "tags: " },
  { '{"open":"' .. ("maybe"):rep(20) .. '"}', "open: expected a boolean" },
  { '{"rest":' .. ("["):rep(100) .. ("]"):rep(100) .. "}", "nested deeper" },
  { "{", "invalid JSON" },
  { "[]x", "invalid JSON" },
  { '"\255"', "not UTF-8" },
  { "null", "expected" },
}

step("core", function()
  local shape = core.shape(ACCOUNT)
  for _, case in ipairs(REFUSED) do
    local value, message = core.decode(case[1], shape)
    assert(value == nil)
    if not message:find(case[2], 1, true) then
      return nil, message
    end
  end
  return true
end)

step("core", function()
  local value = {
    accountId = "a",
    createAt = "then",
    count = " 7 ",
    open = "false",
    quotas = { namespace = "hdfs", spaceTb = "2" },
    tags = "\n  ",
    extra = { "1", "2" },
  }
  local account = assert(core.coerce(value, core.shape(ACCOUNT), true))
  assert(account.count == 7 and account.open == false and account.quotas[1].spaceTb == 2)
  assert(next(account.tags) == nil and account.createdAt == "then")
  account = assert(core.coerce({}, ACCOUNT, true))
  assert(next(account.quotas) == nil)
  return true
end)

-- dataforest.curl --------------------------------------------------------------------------------------

local curl = host.part ~= "core" and require "dataforest.curl"
local ORIGIN = ("http://127.0.0.1:%d"):format(host.port)
local SECURE = ("https://127.0.0.1:%d"):format(host.port)
local DEAD = ("http://127.0.0.1:%d/x"):format(host.dead_port)

local function request(url, fields)
  local made = { method = "GET", url = url, timeout = 5, connect_timeout = 5 }
  for name, value in pairs(fields or {}) do
    made[name] = value
  end
  return made
end

--- A step with an engine of its own, which is left to the collector if the step raises.
local function with_engine(run, part)
  step(part or "curl", function()
    local engine = curl.engine { ca_file = host.ca_file }
    local ok, err = run(engine)
    engine:close()
    return ok, err
  end)
end

local function is_ok(response)
  assert(response.status == 200 and response.body == '{"a":"marmot"}' and response.headers["x-one"] == "a, b")
end

--- An error of one of some kinds, or for want of memory.
local function failed_as(response, err, kinds)
  assert(response == nil and type(err.message) == "string" and type(err.sent) == "boolean")
  if (" " .. kinds .. " "):find(" " .. err.kind .. " ", 1, true) then
    return true
  end
  return nil, err
end

step("curl", function()
  assert(type(load_anew("dataforest.curl").engine) == "function")
  raises("unknown option", curl.engine, { none = 1 })
  raises("expected a string", curl.engine, { ca_file = 1 })
  local engine =
    curl.engine { ca_file = "/none", proxy = "http://127.0.0.1:1", pool_size = 2, pool_idle_timeout = 5 }
  assert(tostring(engine) == "dataforest.curl.engine (open)")
  assert(#engine:fds() == 0 and engine:timeout() == nil and engine:step(0) == 0 and engine:ended() == nil)
  engine:close()
  engine:close()
  local response, err = engine:perform(request(ORIGIN .. "/ok"))
  return failed_as(response, err, "closed")
end)

with_engine(function(engine)
  for i = 1, 3 do
    local response, err = engine:perform(request(ORIGIN .. "/ok", { once = i == 3 }))
    if not response then
      return nil, err
    end
    is_ok(response)
  end
  return true
end)

with_engine(function(engine)
  local headers = { ["X-Long"] = ("v"):rep(3000), ["Content-Type"] = "application/json", Empty = "" }
  for i = 1, 40 do
    headers["X-" .. i] = "value"
  end
  local response, err = engine:perform(
    request(ORIGIN .. "/ok", { method = "POST", body = ("b"):rep(8000), headers = headers, connect_to = nil })
  )
  if not response then
    return nil, err
  end
  is_ok(response)
  response, err = engine:perform(request(ORIGIN .. "/chunks", { connect_to = "127.0.0.1:" .. host.port }))
  if not response then
    return nil, err
  end
  assert(response.body == "hello, world")
  response, err = engine:perform(request(ORIGIN .. "/close", { method = "DELETE" }))
  if not response then
    return nil, err
  end
  assert(response.body == "until the end")
  return true
end)

with_engine(function(engine)
  for i = 1, 3 do
    local response, err = engine:perform(request(SECURE .. "/ok", { once = i == 3 })) -- resumes its session
    if not response then
      return nil, err
    end
    is_ok(response)
    assert(response.reused == (i == 2) or host.lenient) -- a pool that has no memory keeps nothing
  end
  return true
end, "tls")

step("tls", function()
  local engine = curl.engine { ca_file = host.folder .. "/none.pem" }
  local response, err = engine:perform(request(SECURE .. "/ok"))
  engine:close()
  return failed_as(response, err, "tls")
end)

local FAILING = {
  { DEAD, "network" },
  { ORIGIN .. "/half", "network" },
  { ORIGIN .. "/broken", "protocol" },
  { ORIGIN .. "/unknown", "network" },
  { ORIGIN .. "/ok", "limit", { max_response_bytes = 3 } },
  { ORIGIN .. "/chunks", "limit", { max_response_bytes = 3 } },
  { ORIGIN .. "/ok", "timeout", { timeout = 0 } },
  { ORIGIN .. "/ok", "argument", { headers = { Host = "x" } } },
  { ORIGIN .. "/ok", "argument", { headers = { ["X-Line"] = "a\nb" } } },
  { ORIGIN .. "/ok", "argument", { method = 7 } },
  { ORIGIN .. "/ok", "argument", { body = ("b"):rep(70000), headers = { X = ("x"):rep(70000) } } },
  { "http://example.com/", "argument" },
}

with_engine(function(engine)
  for _, case in ipairs(FAILING) do
    local response, err = engine:perform(request(case[1], case[3]))
    local ok, other = failed_as(response, err, case[2])
    if not ok then
      return nil, other
    end
  end
  local response, err = engine:perform(request(ORIGIN .. "/ok")) -- it goes on after all that
  if not response then
    return nil, err
  end
  is_ok(response)
  return true
end)

--- Steps until a transfer has ended; with an upper bound, which is far away.
local function wait_for(engine, transfer)
  for _ = 1, 1000 do
    local response, err = transfer:result()
    if response ~= false then
      return response, err
    end
    engine:step(5)
  end
  error "the transfer does not end"
end

with_engine(function(engine)
  local transfers = {}
  for i = 1, 6 do
    local err
    transfers[i], err = engine:start(request(ORIGIN .. (i % 2 == 0 and "/ok" or "/chunks")))
    if not transfers[i] then
      return nil, err
    end
  end
  assert(tostring(transfers[1]) == "dataforest.curl.transfer (in flight)")
  -- Nothing has been connected yet where poll is used; then it is time for a step.
  assert(#engine:fds() >= 1 or engine:timeout() == 0)
  transfers[5]:cancel()
  transfers[6] = nil -- left to the collector
  local response, failed = wait_for(engine, transfers[5])
  local ok, err = failed_as(response, failed, "closed")
  return ok, err
end)

with_engine(function(engine)
  local transfers = {}
  for _ = 1, 4 do
    local transfer, err = engine:start(request(ORIGIN .. "/ok"))
    if not transfer then
      return nil, err
    end
    transfers[transfer:number()] = transfer
  end
  for _ = 1, 4 do
    local number = engine:ended()
    for _ = 1, 1000 do
      if not number then
        engine:step(5)
        number = engine:ended()
      end
    end
    local response, err = transfers[number]:result()
    if not response then
      return nil, err
    end
    is_ok(response)
    response, err = transfers[number]:result()
    local ok, other = failed_as(response, err, "closed")
    if not ok then
      return nil, other
    end
  end
  return true
end)

step("curl", function()
  local engine = curl.engine()
  local transfers = {}
  for i, path in ipairs { "/never", "/ok", "/half" } do
    local err
    transfers[i], err = engine:start(request(ORIGIN .. path))
    if not transfers[i] then
      engine:close()
      return nil, err
    end
  end
  engine:step(0)
  engine:close() -- with calls in flight
  for i = 1, 3 do
    local response, err = transfers[i]:result()
    if i == 2 and response then
      is_ok(response) -- it came with the one step
    else
      local ok, other = failed_as(response, err, "closed protocol")
      if not ok then
        return nil, other
      end
    end
  end
  return true
end)

step("curl", function()
  local engine = curl.engine()
  for _ = 1, 3 do
    local transfer, err = engine:start(request(ORIGIN .. "/never"))
    if not transfer then
      return nil, err
    end
    engine:step(0)
  end
  return true -- the collector, or the end of the state, finds them in flight
end)

-- A client, over libcurl and over a transport of its own ---------------------------------------------------

local dataforest, shared
local ACCOUNT_ID = "axE7wU9ERm8fTc7e17vNvu"
if host.part == "client" or host.part == "all" then
  dataforest = require "dataforest"
  shared = dataforest.new { access_key = "AK_TEST", secret_key = "SK_TEST", base_url = ORIGIN, timeout = 5 }
end

--- What a client's call returned: an account, or an error for want of memory.
local function check_detail(account, err)
  if not account then
    return nil, err
  end
  assert(account.id == ACCOUNT_ID and account.quotas[1].namespace == "hdfs")
  return true
end

step("client", function()
  return check_detail(shared.accounts:get_detail(ACCOUNT_ID))
end)

step("client", function()
  local df = dataforest.new { access_key = "AK_TEST", secret_key = "SK_TEST", base_url = ORIGIN, timeout = 5 }
  local ok, err = check_detail(df.accounts:get_detail { id = ACCOUNT_ID })
  df:close()
  df:close()
  local account, closed = df.accounts:get_detail(ACCOUNT_ID)
  assert(account == nil and (not ok or closed.kind == "closed"))
  return ok, err
end)

step("client", function()
  local answers = {
    { status = 500, headers = { ["content-type"] = "application/json" }, body = '{"error":{"message":"x"}}' },
    {
      status = 404,
      headers = { ["content-type"] = "application/xml" },
      body = "<Error><errorCode>404</errorCode><message>no such</message></Error>",
    },
  }
  local sent = 0
  local df = dataforest.new {
    access_key = "AK_TEST",
    secret_key = "SK_TEST",
    format = "xml",
    retry = { attempts = 2, base_delay = 0, max_delay = 0 },
    transport = function()
      sent = sent + 1
      return answers[math.min(sent, 2)]
    end,
  }
  local account, err = df.accounts:get_detail(ACCOUNT_ID)
  assert(account == nil)
  if err.kind ~= "not_found" then
    return nil, err
  end
  return true
end)

-- Each client step goes once before: what a client loads at its first use. (Where memory runs out inside
-- of `require`, Lua 5.1 and LuaJIT refuse to load that module ever again.)
if dataforest then
  for _, run in ipairs(steps) do
    assert(run())
  end
end

-- ------------------------------------------------------------------------------------------------------

local function is_memory_error(err)
  local text = type(err) == "table" and err.message or err
  return type(text) == "string" and text:find("memory", 1, true) ~= nil
end

-- How a call may fail when libcurl is out of memory, and does not say so.
local EXCUSES = { limit = true, network = true, tls = true, protocol = true, timeout = true }

return function()
  for _, run in ipairs(steps) do
    local ok, result, err = pcall(run)
    if not ok then
      err = result
    end
    if not (ok and result) then
      local excused = host.lenient and type(err) == "table" and EXCUSES[err.kind]
      if not (excused or is_memory_error(err) or careless) then
        return type(err) == "table" and tostring(err.kind) .. ": " .. tostring(err.message) or tostring(err)
      end
      host.reported()
    end
  end
end
