local words = require "dataforest.util.words"

describe("words of messages:", function()
  it("a value in one line, and cut", function()
    for shown, value in pairs {
      ['"plain"'] = "plain",
      ['"a\\10b\\27"'] = "a\nb\27",
      ['"\\226\\128\\139"'] = "\226\128\139",
      ['"\\255a"'] = "\255a",
      ['"한"'] = "한",
      ["1.5"] = 1.5,
      ["a table"] = {},
      ["a function"] = print,
      ["true"] = true,
    } do
      assert.equal(shown, words.shown(value))
    end
    assert.equal('"' .. ("x"):rep(32) .. '"', words.shown(("x"):rep(32)))
    assert.equal('"' .. ("한"):rep(32) .. '..."', words.shown(("한"):rep(33)))
  end)

  it("lists of them", function()
    local one, two, three = { "a" }, { "a", "b" }, { "a", "b", "c" }
    assert.same({ "", "a", "a or b", "a, b or c" }, {
      words.listed({}, "or"),
      words.listed(one, "or"),
      words.listed(two, "or"),
      words.listed(three, "or"),
    })
    assert.same(
      { "", "a", "a, and b", "a, b, and c" },
      { words.joined {}, words.joined(one), words.joined(two), words.joined(three) }
    )
  end)

  it("numbers of things", function()
    assert.same(
      { "0 steps", "1 step", "2 steps" },
      { words.counted(0, "step"), words.counted(1, "step"), words.counted(2, "step") }
    )
  end)

  it("what a name may mean", function()
    assert.equal("did you mean timeout?", words.hint("tiemout", { "timeout", "retry" }))
    assert.equal("known are timeout, retry", words.hint("zzz", { "timeout", "retry" }))
    assert.equal("ask", words.hint("zzz", { "timeout", "retry" }, "ask"))
  end)
end)
