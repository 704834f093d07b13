local server = require "spec.support.server"
local shell = require "dataforest.util.shell"

describe("words for a shell", function()
  it("come out of it as they went in", function()
    for _, text in ipairs {
      "",
      "plain",
      "two words",
      "it's",
      "''",
      "'; echo no; '",
      "$HOME `id` $(id)",
      'a\\b"c',
      "*?[a]",
      "~",
      "line\nfeed",
      "#",
      "한",
    } do
      for _, form in ipairs { shell.quoted, shell.word } do
        assert.equal(text .. ".", server.output_of("printf %s " .. form(text) .. "."))
      end
    end
  end)

  it("are quoted only if they have to be", function()
    assert.equal("https://df.test:8443/a-b_c,d=e@f+1", shell.word "https://df.test:8443/a-b_c,d=e@f+1")
    assert.equal("'a b'", shell.word "a b")
    assert.equal("''", shell.word "")
    assert.equal("'plain'", shell.quoted "plain")
  end)
end)
