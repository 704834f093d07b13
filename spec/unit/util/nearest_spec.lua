local nearest = require "dataforest.util.nearest"

describe("nearest", function()
  it("finds what was meant, and nothing where nothing is near", function()
    local names = { "timeout", "connect_timeout", "retry", "format" }
    assert.equal("timeout", nearest("timout", names))
    assert.equal("timeout", nearest("Time_Out", names))
    assert.equal("retry", nearest("retyr", names))
    assert.is_nil(nearest("colour", names))
    assert.is_nil(nearest(("x"):rep(1e6), names))
    assert.is_nil(nearest("x", {}))
  end)

  it("takes a word for the only name that has it", function()
    local names = { "--app-type-id", "--name", "--queue-name", "--lifetime" }
    assert.equal("--app-type-id", nearest("--type", names))
    assert.equal("--queue-name", nearest("--Queue", names))
    assert.equal("--name", nearest("--name", names))
    assert.is_nil(nearest("info", { "get-info", "show-info" }))
    assert.is_nil(nearest("", names))
    assert.is_nil(nearest("-", names))
  end)
end)
