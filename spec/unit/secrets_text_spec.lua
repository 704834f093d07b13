local redact = require "dataforest.secrets"

describe("redact.clean", function()
  local SECRET = 'Qa<1&"x\\y/z='

  it("takes a secret out wherever it stands", function()
    assert.are.equal(
      "invalid request parameter (password, '[redacted]'). [redacted]!",
      redact.clean("invalid request parameter (password, 'qaZ123@'). qaZ123@!", { "qaZ123@" })
    )
  end)

  it("knows it by its encodings", function()
    for _, form in ipairs {
      SECRET,
      "Qa%3C1%26%22x%5Cy%2Fz%3D",
      "Qa%3c1%26%22x%5cy%2fz%3d",
      'Qa<1&\\"x\\\\y/z=',
      'Qa<1&\\"x\\\\y\\/z=',
      "Qa&lt;1&amp;&quot;x\\y/z=",
      'Qa\\u003c1\\u0026\\"x\\\\y/z\\u003d',
      "Qa&lt;1&amp;&#34;x\\y/z=",
      "UWE8MSYieFx5L3o9",
      "%51%61%3C%31%26%22%78%5C%79%2F%7A%3D", -- all of it escaped
      "Qa%3C1&%22x\\y/z=", -- as little as can be
      'Qa\\u003c1\\u0026\\"x\\\\y\\/z=',
      "Qa&#60;1&#38;&#x22;x\\y/z=",
      "51613c312622785c792f7a3d",
      "51613C312622785C792F7A3D",
    } do
      assert.are.equal("a [redacted] b", redact.clean("a " .. form .. " b", { SECRET }), form)
    end
  end)

  it("knows a secret with an escape in it, as it is and escaped once more", function()
    for _, form in ipairs { "a%41+&lt;", "a%2541%2B%26lt%3B", "a%41+&amp;lt;" } do
      assert.are.equal("x[redacted]y", redact.clean("x" .. form .. "y", { "a%41+&lt;" }), form)
    end
    assert.are.equal("aA &lt", redact.clean("aA &lt", { "a%41+&lt;" }))
  end)

  it("leaves an escape at the end of the text alone", function()
    for _, text in ipairs {
      "abc%",
      "abc%4",
      "abc\\",
      "abc\\u00",
      "abc&",
      "abc&#",
      "abc&#x;",
      "abc&#99999999999;",
    } do
      assert.are.equal(text, redact.clean(text, { "abcd" }))
    end
  end)

  it("takes base64 out with and without its padding", function()
    assert.are.equal("[redacted]", redact.clean("YWJjZA==", { "abcd" }))
    assert.are.equal("[redacted].", redact.clean("YWJjZA.", { "abcd" }))
  end)

  it("takes it out of longer texts in base64, wherever it begins in them", function()
    local core = require "dataforest.core"
    for behind = 0, 5 do
      local text = core.base64(("x"):rep(behind) .. SECRET .. "yyy")
      local cleaned = redact.clean(text, { SECRET })
      assert.matches("[redacted]", cleaned, 1, true)
      assert.is_true(#cleaned - #"[redacted]" <= #core.base64(("x"):rep(behind) .. "yyy") + 4, cleaned)
    end
    assert.are.equal("[redacted]", redact.clean("8J-YgPCfmIA_", { "\240\159\152\128\240\159\152\128?" }))
  end)

  it("takes out what a cut has left of it", function()
    for count = 1, #SECRET do
      local text = ('expected a number, got "%s..." there'):format(SECRET:sub(1, count))
      assert.are.equal('expected a number, got "[redacted]..." there', redact.clean(text, { SECRET }))
    end
    assert.are.equal("a [redacted]... b [redacted]...", redact.clean("a Qa<... b Qa%3C1%...", { SECRET }))
    assert.are.equal("... and so on...", redact.clean("... and so on...", { SECRET }))
  end)

  it("leaves the text readable where the secret is a letter or two", function()
    assert.are.equal("a bad password '[redacted]'", redact.clean("a bad password 'a'", { "a" }))
  end)

  it("takes a secret for what it is and not for a pattern", function()
    assert.are.equal("a.c", redact.clean("a.c", { "%w%." }))
    assert.are.equal("[redacted]", redact.clean("%w%.", { "%w%." }))
    assert.are.equal("a[redacted]c", redact.clean("a\0%b\0c", { "\0%b\0" }))
  end)

  it("passes through what holds none, and nil", function()
    assert.are.equal("fine", redact.clean("fine", { "secret" }))
    assert.are.equal("fine", redact.clean("fine", {}))
    assert.are.equal("fine", redact.clean("fine", nil))
    assert.is_nil(redact.clean(nil, { "secret" }))
  end)
end)
