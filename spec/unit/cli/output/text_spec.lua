local text = require "dataforest.cli.output.text"

describe("text for terminals", function()
  it("shows control characters in place of obeying them", function()
    assert.are.equal("a\\x1b[31mb\\x07", text.safe "a\27[31mb\7")
    assert.are.equal("\\n\\r\\t\\x7f", text.safe "\n\r\t\127")
    assert.are.equal("\\u009b2J", text.safe "\194\1552J") -- CSI of 8 bits
    assert.are.equal("a\\u202eb", text.safe "a\226\128\174b") -- right-to-left override
    assert.are.equal("\\xff\\xc3", text.safe "\255\195")
    assert.are.equal("\\x00", text.safe "\0")
  end)

  it("leaves plain and other writing alone", function()
    for _, given in ipairs { "", "plain ~", "안녕", "é日本", "🙂" } do
      assert.are.equal(given, text.safe(given))
    end
    assert.are.equal("a\n\tb\\x1b", text.safe("a\n\tb\27", true))
  end)

  it("measures columns", function()
    assert.are.equal(3, text.width "abc")
    assert.are.equal(4, text.width "안녕")
    assert.are.equal(2, text.width "🙂")
    assert.are.equal(1, text.width "e\204\129") -- with a combining accent
    assert.are.equal(2, text.width "ｱｲ") -- half-width katakana
    assert.are.equal(4, text.width "ＡＢ") -- full-width letters
  end)

  it("cuts, pads and wraps by columns", function()
    assert.are.equal("안...", text.cut("안녕하세요", 6, "..."))
    assert.are.equal("안녕", text.cut("안녕", 4, "..."))
    assert.are.equal("안녕  ", text.pad("안녕", 6))
    assert.are.same({ "a bb", "안녕", "longword" }, text.wrap("a bb 안녕 longword", 5))
  end)
end)
