-- What the emulator makes signatures of, against published vectors and against the client's signer.

local base64 = require "dataforest.emulator.base64"
local core = require "dataforest.core"

local function hex(bytes)
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

describe("the emulator's base64, and its HMAC", function()
  it("gives the HMACs of RFC 4231, with short and long keys", function()
    assert.are.equal(
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
      hex(core.hmac_sha256(("\11"):rep(20), "Hi There"))
    )
    assert.are.equal(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      hex(core.hmac_sha256("Jefe", "what do ya want for nothing?"))
    )
    assert.are.equal(
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      hex(core.hmac_sha256(("\170"):rep(131), "Test Using Larger Than Block-Size Key - Hash Key First"))
    )
  end)

  it("says the same as the client's signer around the ends of blocks", function()
    for _, length in ipairs { 1, 26, 27, 28, 35, 36, 37, 90, 91, 100 } do
      local target = "/" .. ("a"):rep(length)
      local text = "POST " .. target .. "\n1700000000000\nAK"
      assert.are.equal(
        core.signer("AK", ("k"):rep(length)):sign("POST", target, "1700000000000"),
        base64.encode(core.hmac_sha256(("k"):rep(length), text))
      )
    end
  end)

  it("reads base64 as it writes it, and nothing else", function()
    for _, bytes in ipairs { "", "a", "ab", "abc", "\0\255\0\255", ("x"):rep(100) } do
      assert.are.equal(bytes, base64.decode(base64.encode(bytes)))
    end
    assert.are.equal("Zm9vYmE=", base64.encode "fooba")
    assert.is_nil(base64.decode "Zm9")
    assert.is_nil(base64.decode "Zm9*")
    assert.is_nil(base64.decode "Z===")
  end)
end)
