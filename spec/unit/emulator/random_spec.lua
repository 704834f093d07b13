local random = require "dataforest.emulator.random"

describe("the emulator's made-up values", function()
  it("are the same for the same seed, on every Lua", function()
    local first, second, other = random.new(7), random.new(7), random.new(8)
    local id = first:id()
    assert.equal(id, second:id())
    assert.are_not.equal(id, other:id())
    assert.equal(first:uuid(), second:uuid())
    assert.equal("WUB7AcB1kzSvaqnInvKioa", random.new(1):id())
  end)

  it("have the forms that the service gives them", function()
    for seed = 1, 200 do
      local source = random.new(seed)
      assert.matches("^%w+$", source:id())
      assert.equal(22, #source:id())
      assert.matches("^%x+%-%x+%-4%x%x%x%-[89ab]%x%x%x%-%x+$", source:uuid())
      assert.equal(36, #source:uuid())
      assert.matches("^[0-9a-f]+$", source:hex(31))
      assert.equal(31, #source:hex(31))
      assert.equal(5, #source:bytes(5))
    end
  end)

  it("stay below their limit, and reach all below it", function()
    local source, seen = random.new(3), {}
    for _ = 1, 1000 do
      local value = source:below(6)
      assert.is_true(value >= 0 and value < 6 and value % 1 == 0)
      seen[value] = true
    end
    for value = 0, 5 do
      assert.is_true(seen[value])
    end
  end)

  it("differ without a seed, and take any", function()
    assert.are_not.equal(random.new():id(), random.new():id())
    for _, seed in ipairs { 0, -1, 2 ^ 53, -2 ^ 53, 2147483646, 2147483647 } do
      assert.matches("^%w+$", random.new(seed):id())
    end
  end)
end)
