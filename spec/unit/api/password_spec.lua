local password = require "dataforest.api.password"

describe("the rules for passwords", function()
  it("name the kinds of character that are missing", function()
    assert.are.same({}, password.lacking "Aa1!")
    assert.are.same({}, password.lacking("a1!", "current"))
    assert.are.same({ "an upper-case letter" }, password.lacking("a1!", "strict"))
    assert.are.same({ "a letter", "a digit", "a special character" }, password.lacking("", "current"))
    assert.are.equal(4, #password.wanted())
    assert.are.equal(3, #password.wanted "current")
  end)

  it("know the characters that none may have", function()
    for _, text in ipairs { "'", '"', "/", "&", "`", " ", "a\226\130\169b" } do
      assert.is_true(password.has_forbidden(text), text)
    end
    assert.is_false(password.has_forbidden "!#$%()*+,-.:;<=>?@[\\]^_{|}~Aa1")
  end)

  it("count kinds as the service does, whatever the locale", function()
    assert.are.equal(0, password.kinds "")
    assert.are.equal(4, password.kinds "aA1!")
    assert.are.equal(1, password.kinds "\195\169")
  end)
end)
