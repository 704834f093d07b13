local forest_model = require "spec.support.forest_model"

-- Other numbers for a run by hand: FOREST_SCENARIOS=50000 FOREST_SEED=1.
local COUNT = tonumber(os.getenv "FOREST_SCENARIOS" or "") or 2000
local FIRST = tonumber(os.getenv "FOREST_SEED" or "") or 1
local FEW = 60

-- Scenarios that take many calls.
local SEEDS = { 28, 44 }
local KINDS =
  { ["killed before"] = true, ["killed after"] = true, ["lost after"] = true, ["500 after"] = true }

describe("a forest", function()
  it("becomes exactly what the spec says, whatever goes wrong on the way", function()
    for seed = FIRST, FIRST + FEW - 1 do
      forest_model.scenario(seed)
    end
  end)

  it("does so in thousands of scenarios #full", function()
    for seed = FIRST + FEW, FIRST + COUNT - 1 do
      forest_model.scenario(seed)
    end
  end)

  it("does so with a fault at each call #full", function()
    for _, seed in ipairs(SEEDS) do
      local calls = 0
      for _, fault in ipairs(forest_model.FAULTS) do
        local call = 1
        while KINDS[fault.name] and forest_model.fault_at(seed, call, fault) do
          call = call + 1
        end
        calls = math.max(calls, call - 1)
      end
      assert.is_true(calls >= 40, ("scenario %d takes %d calls"):format(seed, calls))
    end
  end)
end)
