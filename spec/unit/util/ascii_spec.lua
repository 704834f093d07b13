local ascii = require "dataforest.util.ascii"
local core = require "dataforest.core"

describe("ASCII letters", function()
  it("change their case, and nothing else does", function()
    local all = {}
    for code = 0, 255 do
      all[code + 1] = string.char(code)
    end
    all = table.concat(all)
    local lower, upper = ascii.lower(all), ascii.upper(all)
    for code = 0, 255 do
      local is_upper, is_lower = code >= 65 and code <= 90, code >= 97 and code <= 122
      assert.equal(is_upper and code + 32 or code, lower:byte(code + 1))
      assert.equal(is_lower and code - 32 or code, upper:byte(code + 1))
    end
  end)

  it("are told from others by a set", function()
    local set = ascii.set "^[a-z0-9-]$"
    assert.equal(256, #set)
    assert.is_true(core.within("df-001", set))
    assert.is_false(core.within("df_001", set))
    assert.is_false(core.within("DF", set))
    assert.is_false(core.within("\255", set))
  end)
end)
