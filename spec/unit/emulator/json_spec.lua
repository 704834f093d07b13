local cjson = require "cjson"
local json = require "dataforest.emulator.json"

describe("the emulator's JSON", function()
  it("keeps lists, objects and null apart", function()
    for _, text in ipairs {
      "[]",
      "{}",
      "null",
      '{"a":[],"b":{},"c":null,"d":[[],{},null]}',
      "[null]",
      '{"a":{"b":[{}]}}',
      "[true,false,0,-1,1.5]",
      '"\\u0000\\"\\\\\\n"',
    } do
      assert.are.equal(text, json.encode((json.decode(text))))
    end
  end)

  it("reads every escape", function()
    assert.are.equal(
      '"\\/\b\f\n\r\tA\195\169\226\130\172\240\159\152\128\127',
      (json.decode('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\uD83D\\ude00\127"'))
    )
  end)

  it("reads numbers", function()
    for text, value in pairs { ["0"] = 0, ["-0.5"] = -0.5, ["1e3"] = 1000, ["12E-1"] = 1.2, [" 7\n"] = 7 } do
      assert.are.equal(value, (json.decode(text)))
    end
    assert.are.equal(math.huge, (json.decode "1e999"))
  end)

  it("refuses what is no JSON", function()
    for _, text in ipairs {
      "",
      " ",
      "nul",
      "nulll",
      "True",
      "01",
      "-",
      "+1",
      "1.",
      ".5",
      "1e",
      "0x10",
      "1 2",
      "[1,]",
      "[,1]",
      "[1 2]",
      "[1",
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      "{a:1}",
      '{"a":1',
      '"',
      '"\\x"',
      '"\\u12"',
      '"\\ud800"',
      '"\\ud800\\u0041"',
      '"\\udc00"',
      '"\n"',
      "'a'",
      "NaN",
      "Infinity",
      "[1]//",
    } do
      local value, message = json.decode(text)
      assert.is_nil(value, text)
      assert.are.equal("malformed JSON", message)
    end
    assert.are.equal("the JSON is nested too deeply", select(2, json.decode(("["):rep(65) .. ("]"):rep(65))))
    assert.is_table((json.decode(("["):rep(64) .. ("]"):rep(64))))
  end)

  it("gives the text of members as it came", function()
    local sources = {}
    json.decode(' { "a" : [ 1.0 , {} ] ,"b":"\\u0041"}', sources)
    assert.are.same({ a = "[ 1.0 , {} ]", b = '"\\u0041"' }, sources)
  end)

  it("takes cjson's marks", function()
    assert.are.equal("null", json.encode(cjson.null))
    assert.are.equal('{"a":null}', json.encode { a = cjson.null })
    if cjson.empty_array_mt then
      assert.are.equal("[]", json.encode(setmetatable({}, cjson.empty_array_mt)))
    end
    assert.has_error(function()
      json.encode { print }
    end, "JSON has no function")
  end)

  it("writes numbers in full", function()
    assert.are.equal(
      "[1795690980.3913624,0.1,100000000000000]",
      json.encode { 1795690980.3913624, 0.1, 1e14 }
    )
  end)
end)
