--- The library over TLS: `calls.lua sequential|map CALLS`.

local answers = require "bench.answers"
local dataforest = require "dataforest"
local timing = require "bench.contenders.timing"

local mode = arg[1]
local ca_file = timing.setting "BENCH_CA"

local df = dataforest.new {
  access_key = timing.setting "BENCH_ACCESS_KEY",
  secret_key = timing.setting "BENCH_SECRET_KEY",
  base_url = timing.setting("BENCH_URL"):match "^https://[^/]+",
  ca_file = ca_file,
  -- callgrind, too, is to come to its end.
  timeout = 300,
  connect_timeout = 300,
}

local function call(id)
  local account, err = df.accounts:get_detail(id)
  if not account then
    error(tostring(err), 0)
  end
  assert(answers.is_account(account), "the account was not decoded in full")
  return true
end

local function sequential(count)
  for _ = 1, count do
    call(answers.id)
  end
end

local function map(count)
  local ids = {}
  for i = 1, count do
    ids[i] = answers.id
  end
  local values, errors = df:map(ids, call, { concurrency = tonumber(os.getenv "AT_ONCE" or 64) })
  assert(not errors, errors and tostring(errors[next(errors)]))
  assert(#values == count)
end

timing.run(mode == "sequential" and sequential or map)
