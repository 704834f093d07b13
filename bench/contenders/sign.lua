--- Signatures: `sign.lua CALLS`.

local core = require "dataforest.core"
local timing = require "bench.contenders.timing"

local signer = core.signer("AKBENCHBENCHBENCH", "SKBENCHBENCHBENCHBENCHBENCHBENCH")

timing.run(function(count)
  local signature
  for _ = 1, count do
    signature = signer:sign("POST", "/api/v2/accounts/getDetail", "1700000000000")
  end
  assert(#signature == 44)
end)
