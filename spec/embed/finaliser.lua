-- What the finalisers of test_finalisers.c do: with each collection, some calls of the library. They use the
-- very objects that the exercise has in hand: the signers, shapes, engines, transfers and readers that were
-- made last. The file is loaded before the library, and returns a function that takes the number of the
-- collection. The global `hostile` names the part of the exercise that they hurt, too: they close, cancel and
-- change what is in use.

local spoilt = hostile -- luacheck: ignore (set by the program)

local core = require "dataforest.core"
local curl = require "dataforest.curl"

local last = { of = { fields = {} }, request = { headers = {} } }

--- Remembers what a function of a module makes, and what it was given.
local function watch(module, name, made, given)
  local call = module[name]
  module[name] = function(...)
    last[given or "nothing"] = ...
    local object, message = call(...)
    last[made] = object or last[made]
    return object, message
  end
end

local decode, shape_of, signer_of, engine_of = core.decode, core.shape, core.signer, curl.engine
local reader_of = core.http_reader
watch(core, "shape", "shape", "of")
watch(core, "signer", "signer", "access_key")
watch(core, "http_reader", "reader")
watch(curl, "engine", "engine", "options")

-- Every engine has the same methods.
do
  local engine = engine_of()
  local methods = debug.getmetatable(engine).__index
  local start, perform = methods.start, methods.perform
  function methods.start(self, request, ...)
    last.request = request
    local transfer, err = start(self, request, ...)
    last.transfer = transfer or last.transfer
    return transfer, err
  end
  function methods.perform(self, request)
    last.request = request
    return perform(self, request)
  end
  last.perform = perform
  engine:close()
end

last.shape, last.signer, last.engine = shape_of "any", signer_of("AK", "SK"), engine_of()
last.reader = reader_of()

local BODY = '{"accountId":7,"quotas":[{"spaceTb":"1.5"}],"extra":[1,null,{"a":"\\u00e4"}],"tags":{"a":1}}'
local RESPONSE = "HTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\nContent-Length: 2\r\n\r\n{}"
local NOWHERE = { method = "GET", url = "ftp://nowhere", timeout = 0.1 }

local uses = {
  function()
    decode(BODY, last.shape)
  end,
  function()
    core.coerce({ accountId = 1, quotas = { { spaceTb = "1" } }, tags = { a = 1 } }, last.shape, true)
  end,
  function()
    shape_of { object = "Own", fields = { { name = "a", type = { array = "string" }, aliases = { "b" } } } }
  end,
  function()
    last.signer:sign("POST", "/own", 1)
  end,
  function()
    local own = signer_of("AK", "SK")
    own:sign("POST", "/own", 1)
    own:close()
  end,
  function(number)
    core.base64(("x"):rep(number % 5000))
    core.quote(("\1"):rep(number % 5000))
    core.string_to_sign("POST", ("/x"):rep(number % 3000), 1, "AK")
  end,
  function()
    core.http_request("POST", "/", "host", { A = "1", B = ("2"):rep(5000) }, "{}", true)
  end,
  function()
    local reader = reader_of()
    reader:start("GET", 100)
    reader:feed(RESPONSE)
    reader:response()
  end,
  function()
    tostring(last.reader)
    last.reader:status()
    last.reader:surplus()
  end,
  function()
    last.engine:fds()
    last.engine:timeout()
    tostring(last.engine)
    tostring(last.transfer)
  end,
  function()
    last.perform(last.engine, NOWHERE)
  end,
}

local spoils = {}

--- Adds what a part of the exercise has to bear.
local function spoil(part, run)
  if spoilt == part or spoilt == "client" then
    spoils[#spoils + 1] = run
  end
end

spoil("core", function()
  last.signer:close()
end)

spoil("core", function()
  last.reader:close()
end)

spoil("core", function()
  last.reader:start("GET", 100)
  last.reader:feed(RESPONSE:sub(1, 30))
end)

spoil("core", function(number)
  local fields = type(last.of) == "table" and last.of.fields
  if type(fields) == "table" then
    fields[#fields + 1] = { name = "field" .. number, type = "string", aliases = { "alias" .. number } }
    fields[1] = nil
  end
end)

spoil("curl", function()
  last.engine:step(0)
  last.engine:ended()
end)

spoil("curl", function()
  last.engine:close()
end)

spoil("curl", function()
  if last.transfer then
    last.transfer:cancel()
    last.transfer:result()
  end
end)

spoil("curl", function(number)
  local headers = last.request.headers
  for i = 1, headers and 40 or 0 do
    headers["X-" .. number .. "-" .. i] = ("v"):rep(i * 20)
  end
  last.request.url = number % 2 == 0 and "http://127.0.0.1:1/" or nil
  last.request.body = ("b"):rep(number % 9000)
end)

local state = 1
local function chance(choices)
  state = state * 16807 % 2147483647
  return state % choices + 1
end

-- So seldom is something spoilt: most objects live until the library is in the middle of them.
local SELDOM = 8

return function(number)
  pcall(uses[chance(#uses)], number)
  if #spoils > 0 and chance(SELDOM) == 1 then
    pcall(spoils[chance(#spoils)], number)
  end
end
