local one_line = require "dataforest.util.one_line"

describe("one_line", function()
  it("has no control characters, and none that is not seen or turns the text around", function()
    for given, expected in pairs {
      ["plain"] = "plain",
      ["a\r\n\tb\0c\127d"] = "a b c d",
      ["a\27[2Jb"] = "a [2Jb",
      ["a\194\133b\194\155c"] = "a b c",
      ["a\226\128\168b\226\128\169c"] = "a b c",
      ["a\226\128\139b\226\128\174c\226\129\166d\239\187\191e"] = "abcde",
      ["a\194\173b\216\156c\225\160\142d\239\184\143e"] = "abcde",
      ["a\243\160\129\129\243\160\132\128b"] = "ab",
      ["\236\149\136 \240\159\152\128 \195\164"] = "\236\149\136 \240\159\152\128 \195\164",
      ["a\255b\200"] = "a?b?",
    } do
      assert.are.equal(expected, one_line(given))
    end
    assert.are.equal("nil", one_line(nil))
    assert.are.equal("7", one_line(7))
  end)
end)
