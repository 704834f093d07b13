local budget = require "dataforest.request.budget"

local function network(sent)
  return { kind = "network", sent = sent }
end

describe("budget", function()
  it("pays for a hundred retries, and no more", function()
    local tokens = budget.new()
    for _ = 1, 100 do
      assert.is_true(tokens:take(network(true)))
    end
    assert.is_false(tokens:take(network(true)))
  end)

  it("asks the double after a timeout", function()
    local tokens = budget.new()
    for _ = 1, 50 do
      assert.is_true(tokens:take { kind = "timeout" })
    end
    assert.is_false(tokens:take(network(true)))
  end)

  it("is filled by successes, up to its brim", function()
    local tokens = budget.new()
    for _ = 1, 100 do
      tokens:take(network(true))
    end
    for _ = 1, 4 do
      tokens:give()
    end
    assert.is_false(tokens:take(network(true)))
    tokens:give()
    assert.is_true(tokens:take(network(true)))
    for _ = 1, 1000 do
      tokens:give()
    end
    assert.are.equal(500, tokens.tokens)
  end)
end)
