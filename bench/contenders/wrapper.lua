--- All of a call but the network: `wrapper.lua library|by-hand CALLS`.
--
-- The library checks the parameters, encodes, signs, hands the request to a transport that returns at
-- once, decodes and classifies. By hand: the same bytes are encoded, signed and decoded, and no more.

local answers = require "bench.answers"
local cjson = require "cjson"
local core = require "dataforest.core"
local timing = require "bench.contenders.timing"

local ACCESS_KEY, SECRET_KEY = "AKBENCHBENCHBENCH", "SKBENCHBENCHBENCHBENCHBENCHBENCH"

local function library()
  local headers = { ["content-type"] = "application/json" }
  local df = require("dataforest").new {
    access_key = ACCESS_KEY,
    secret_key = SECRET_KEY,
    transport = function()
      return { status = 200, headers = headers, body = answers.account }
    end,
  }
  return function(count)
    for _ = 1, count do
      assert(answers.is_account(assert(df.accounts:get_detail(answers.id))))
    end
  end
end

local function by_hand()
  local encode, decode = cjson.encode, cjson.decode
  local signer = core.signer(ACCESS_KEY, SECRET_KEY)
  local floor, now = math.floor, core.now
  return function(count)
    for _ = 1, count do
      local body = encode { id = answers.id }
      local timestamp = ("%.0f"):format(floor(now() * 1000))
      local signature = signer:sign("POST", "/api/v2/accounts/getDetail", timestamp)
      assert(#signature == 44 and #body > 0)
      assert(answers.is_account(decode(answers.account)))
    end
  end
end

timing.run(arg[1] == "library" and library() or by_hand())
