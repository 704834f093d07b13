local cost = require "spec.support.cost"
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
    cost.assert_linear(function(size)
      local blanks = (" "):rep(size)
      assert.equal("x" .. blanks .. "x", trim("x" .. blanks .. "x" .. blanks))
    end, 4000)
  end)
end)
