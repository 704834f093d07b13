--- What the library costs, one question a process: `costs.lua require|client|calls|map|lists SCALE`.
-- Prints a name and a number a line. SCALE is 1, or less for a quick look.

local scale = tonumber(arg[2])

local function tell(name, value)
  print(("%s %.6f"):format(name, value))
end

local function live_kilobytes()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count"
end

--- Resident memory of this process, in kB.
local function resident_kilobytes()
  for line in io.lines "/proc/self/status" do
    local kilobytes = line:match "^VmRSS:%s+(%d+)"
    if kilobytes then
      return tonumber(kilobytes)
    end
  end
end

local function scaled(count)
  return math.max(10, math.floor(count * scale))
end

local function new_client()
  return require("dataforest").new {
    access_key = os.getenv "BENCH_ACCESS_KEY",
    secret_key = os.getenv "BENCH_SECRET_KEY",
    base_url = os.getenv("BENCH_URL"):match "^https://[^/]+",
    ca_file = os.getenv "BENCH_CA",
  }
end

local costs = {}

--- Time (of the CPU, milliseconds) and memory of `require "dataforest"`, all that it loads included.
function costs.require()
  local before = live_kilobytes()
  local started = os.clock()
  local loaded = require "dataforest"
  local seconds = os.clock() - started
  tell("milliseconds", seconds * 1000)
  tell("kilobytes", live_kilobytes() - before)
  assert(loaded.new)
end

--- Memory of a client, in kB.
function costs.client()
  new_client():close()
  local clients, count = {}, 100
  for i = 1, count do
    clients[i] = false
  end
  local before = live_kilobytes()
  for i = 1, count do
    clients[i] = new_client()
  end
  tell("kilobytes", (live_kilobytes() - before) / count)
  assert(#clients == count)
end

--- Resident memory after 2,000 calls and after 200,000, in kB.
function costs.calls()
  local answers = require "bench.answers"
  local df = new_client()
  for i = 1, scaled(200000) do
    assert(df.accounts:get_detail(answers.id))
    if i == scaled(2000) then
      tell("early", resident_kilobytes())
    end
  end
  tell("late", resident_kilobytes())
end

--- Memory of a list of so many values, in kB.
local function size_of_values(count)
  local values = {}
  local before = live_kilobytes()
  for i = 1, count do
    values[i] = true
  end
  local after = live_kilobytes()
  assert(#values == count)
  return after - before
end

--- What a map holds in Lua when it is nearly through, items and values left aside, in kB; and by how
-- much the process grew meanwhile, C included.
local function map_memory(df, count, concurrency)
  local answers = require "bench.answers"
  local first, last = math.floor(count * 0.1), math.floor(count * 0.9)
  local ids = {}
  for i = 1, count do
    ids[i] = answers.id
  end
  local without = live_kilobytes() + size_of_values(last)
  local held, early, late
  local _, errors = df:map(ids, function(id, index)
    local account, err = df.accounts:get_detail(id)
    if index == first then
      early = resident_kilobytes()
    elseif index == last then
      late = resident_kilobytes()
      held = live_kilobytes() - without
    end
    return account and true, err
  end, { concurrency = concurrency })
  assert(not errors, errors and tostring(errors[next(errors)]))
  return held, late - early - size_of_values(last)
end

function costs.map()
  local df = new_client()
  map_memory(df, scaled(1000), 64) -- opens the connections
  tell("few", (map_memory(df, scaled(1000), 64)))
  local many, growth = map_memory(df, scaled(100000), 64)
  tell("many", many)
  tell("resident growth", growth)
  tell("wide", (map_memory(df, scaled(100000), 256)))
end

--- Time of decoding an account in lists of 10, 1,000 and 100,000, in microseconds; and the same with
-- bare cjson, which has to make the same tables and strings.
function costs.lists()
  local answers = require "bench.answers"
  local cjson = require "cjson"
  local core = require "dataforest.core"
  local operation = require("dataforest.operations").by_name["accounts/getList"]
  local shape = core.shape(operation.result)
  for _, size in ipairs { 10, 1000, 100000 } do
    local body = answers.list(size)
    local times = math.ceil(scaled(100000) / size)
    local decoders = {
      cjson = cjson.decode,
      core = function(text)
        return core.decode(text, shape)
      end,
    }
    for name, decode in pairs(decoders) do
      local best = math.huge
      for _ = 1, 7 do
        collectgarbage()
        local started = core.monotonic()
        for _ = 1, times do
          assert(#decode(body).contents == size)
        end
        best = math.min(best, core.monotonic() - started)
      end
      tell(("%s %d"):format(name, size), best / times / size * 1e6)
    end
  end
end

costs[arg[1]]()
