-- The checks of tables that users write.

local fields = require "dataforest.emulator.fields"
local json = require "dataforest.emulator.json"

local RULES = {
  name = { "string", required = true, check = fields.filled },
  count = { "number", check = fields.integer(1, 5), default = 3 },
  latency = { "number", "function", check = fields.at_least(0) },
  mode = { "string", check = fields.one_of("a", "b", "c") },
  list = { "table", nullable = true, default = {} },
  delay = { "number", check = fields.between(0, 10) },
  at = { "number", check = fields.moment },
  id = { "string", check = fields.id },
  key = { "string", check = fields.header_text },
}

local function message(given, words)
  local checked, what = fields.check(RULES, given, "it", words)
  assert.is_nil(checked)
  return what
end

describe("the emulator's check of fields", function()
  it("gives a copy with the defaults", function()
    local given = { name = "x", mode = "b", delay = 10, at = 0, id = ("a"):rep(22), key = "a b" }
    local checked = fields.check(RULES, given, "it")
    assert.are_not.equal(given, checked)
    given.count, given.list = 3, {}
    assert.same(given, checked)
    assert.same({}, fields.check(RULES, { name = "x", list = json.null }, "it").list)
  end)

  for expected, given in pairs {
    ["it needs name"] = {},
    ["name is empty"] = { name = "" },
    ["name must be a string, not a number"] = { name = 1 },
    ["name must be a string, not null"] = { name = json.null },
    ["count must be a whole number from 1 to 5"] = { name = "x", count = 6 },
    ["latency must be a number or a function, not a string"] = { name = "x", latency = "1" },
    ["latency must be a finite number"] = { name = "x", latency = math.huge },
    ["latency must be at least 0"] = { name = "x", latency = -0.5 },
    ['mode must be "a", "b" or "c"'] = { name = "x", mode = "d" },
    ["delay must be from 0 to 10"] = { name = "x", delay = 10.5 },
    ["at must be seconds since the epoch, up to the year 9999"] = { name = "x", at = 253402300800 },
    ["id must have 1 to 22 letters and digits"] = { name = "x", id = ("a"):rep(23) },
    ["key must be printable, without blanks at its ends"] = { name = "x", key = "a " },
    ["it does not know the field nmae (perhaps name?)"] = { nmae = "x" },
    ["it does not know the field 1"] = { "x" },
    ["it takes a table, not a string"] = "x",
    ["it takes a table, not null"] = json.null,
  } do
    it("says that " .. expected, function()
      assert.equal(expected, message(given))
    end)
  end

  it("uses the caller's words", function()
    local words = { path = "a.b.", unknown = "no option %s", kind = "a table, please, not %s" }
    assert.equal("it needs a.b.name", message({}, words))
    assert.equal("a.b.name is empty", message({ name = "" }, words))
    assert.equal("no option zzzz", message({ zzzz = 1 }, words))
    assert.equal("a table, please, not a number", message(5, words))
  end)
end)
