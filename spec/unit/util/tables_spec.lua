local tables = require "dataforest.util.tables"

describe("tables", function()
  it("are copied, with changes on top", function()
    local given = { a = 1, b = { 2 } }
    local copy = tables.copy(given, { a = false, c = 3 })
    assert.are.same({ a = false, b = { 2 }, c = 3 }, copy)
    assert.are.equal(given.b, copy.b)
    assert.are.same({ a = 1, b = { 2 } }, given)
    assert.are.same({}, tables.copy {})
  end)

  it("give their keys in order", function()
    assert.are.same({ "a", "b", "c" }, tables.sorted_keys { c = 1, a = 2, b = 3 })
    assert.are.same({}, tables.sorted_keys {})
  end)

  it("are found in a list by their name", function()
    local list = { { name = "a" }, { name = "b", n = 1 }, { name = "b", n = 2 } }
    assert.are.equal(list[2], tables.named(list, "b"))
    assert.is_nil(tables.named(list, "c"))
  end)
end)
