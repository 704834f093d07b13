-- labels: collector valgrind
local dataforest = require "dataforest"

describe("dataforest.sign", function()
  it("returns the signature and the exact text", function()
    local signature, text = dataforest.sign {
      method = "POST",
      target = "/api/v2/accounts/getDetail",
      timestamp = 1700000000000,
      access_key = "AK_TEST",
      secret_key = "SK_TEST",
    }
    assert.are.equal("/AXjh2OFLyWh751sUQBlG6fmdKS/OgcYmNDfkjGrcSI=", signature)
    assert.are.equal("POST /api/v2/accounts/getDetail\n1700000000000\nAK_TEST", text)
  end)

  it("raises at the caller's line, naming the field", function()
    for _, field in ipairs { "method", "target", "timestamp", "access_key", "secret_key" } do
      local fields = { method = "POST", target = "/", timestamp = 1, access_key = "a", secret_key = "b" }
      fields[field] = nil
      local ok, message = pcall(function()
        dataforest.sign(fields)
      end)
      assert.is_false(ok)
      assert.matches("init_spec.lua", message, 1, true)
      assert.matches(field, message, 1, true)
    end
    for _, field in ipairs { "method", "target", "access_key", "secret_key" } do
      for _, bad in ipairs { "a\rb", "a\nb", "a\0b" } do
        local fields = { method = "POST", target = "/", timestamp = 1, access_key = "a", secret_key = "b" }
        fields[field] = bad
        local ok, message = pcall(dataforest.sign, fields)
        -- A secret key is text of any kind; everything that is signed is checked.
        if field ~= "secret_key" then
          assert.is_false(ok, field)
          assert.matches("dataforest.sign", message, 1, true)
        end
      end
    end
    assert.is_false((pcall(dataforest.sign, "x")))
  end)
end)
