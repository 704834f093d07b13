local trim = require "dataforest.util.trim"

describe("trim", function()
  it("takes the blanks away from both ends, and leaves those between", function()
    for given, expected in pairs {
      [""] = "",
      ["   "] = "",
      ["a"] = "a",
      ["  a  b\t\r\n"] = "a  b",
      ["\na"] = "a",
    } do
      assert.equal(expected, trim(given))
    end
  end)

  it("takes time with the length, not its square", function()
    local started = os.clock()
    assert.equal("x" .. (" "):rep(200000) .. "x", trim("x" .. (" "):rep(200000) .. "x" .. (" "):rep(200000)))
    assert.is_true(os.clock() - started < 1)
  end)
end)
