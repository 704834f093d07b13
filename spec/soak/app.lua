--- Handlers under test: calls in every phase, in light threads that are killed, and where Lua cannot yield.
-- Each answers "ok N" or "error KIND", N being the account that was asked for. Runs inside nginx.

local dataforest = require "dataforest"

local app = {}

local counts = ngx.shared.counts
local clients = {}

local function client()
  local df = clients[1]
  if not df then
    df = dataforest.new {
      base_url = "https://localhost:" .. service_port,
      connect_to = "127.0.0.1:" .. service_port,
      ca_file = ngx.config.prefix() .. "ca.pem",
      access_key = "AK",
      secret_key = "SK",
      timeout = 2,
      attempt_timeout = 0.3,
      retry = { attempts = 2, base_delay = 0.01 },
      pool_size = 32,
    }
    clients[1] = df
  end
  return df
end

local function id_of(number)
  return ("%022d"):format(number)
end

--- The outcome of a call as the client of this nginx will check it.
local function outcome(number, account, err)
  if account == nil then
    counts:incr("error " .. err.kind, 1, 0)
    return "error " .. err.kind
  elseif account.name ~= "account-" .. number then
    counts:incr("mismatches", 1, 0)
    ngx.log(ngx.ERR, "asked for ", number, ", got ", account.name)
  end
  return "ok " .. account.name:match "%d+$"
end

local function call(number)
  counts:incr("calls", 1, 0)
  return outcome(number, client().accounts:get_detail(id_of(number)))
end

local kinds = {}

--- Several calls at once; the first is the one that was asked for.
function kinds.map(number)
  local numbers = { number, number + 1, number + 2, number + 3 }
  counts:incr("calls", #numbers, 0)
  local values, errors = client():map(numbers, function(each)
    return client().accounts:get_detail(id_of(each))
  end)
  local first
  for i, each in ipairs(numbers) do
    local said = outcome(each, values[i], errors and errors[i])
    first = first or said
  end
  return first
end

--- Light threads that are killed at any moment, and one that is not.
function kinds.kill(number)
  local threads = {}
  for i = 1, 3 do
    threads[i] = ngx.thread.spawn(call, number + i)
  end
  ngx.sleep(math.random() * 0.02)
  for _, thread in ipairs(threads) do
    ngx.thread.kill(thread)
  end
  return call(number)
end

--- A call inside a function that C calls: Lua cannot yield there. It is to fail or to block, no more.
function kinds.sort(number)
  local said
  table.sort({ 1, 2 }, function(a, b)
    said = said or call(number)
    return a < b
  end)
  return said
end

function kinds.gsub(number)
  local said
  string.gsub("a", "a", function()
    said = call(number)
  end)
  return said
end

--- A call in the main chunk of a module.
function kinds.chunk(number)
  package.preload["soak.chunk"] = function()
    return { said = call(number) }
  end
  package.loaded["soak.chunk"] = nil
  return require("soak.chunk").said
end

--- A call in a timer, whose end nobody waits for.
function kinds.timer(number)
  ngx.timer.at(0, function(premature)
    if not premature then
      call(number)
    end
  end)
  return "ok " .. number
end

kinds.content, kinds.access, kinds.rewrite = call, call, call

--- The handler of a location: `/KIND/NUMBER`.
function app.run()
  local kind, number = ngx.var.uri:match "^/(%l+)/(%d+)$"
  local said = kinds[kind](tonumber(number))
  ngx.header["content-type"] = "text/plain"
  ngx.print(said)
  return ngx.exit(200)
end

--- For phases that answer nothing themselves.
function app.aside()
  local number = tonumber(ngx.var.uri:match "(%d+)$")
  call(number)
end

function app.counts()
  for _, key in ipairs(counts:get_keys(0)) do
    ngx.say(key, "\t", counts:get(key))
  end
end

return app
