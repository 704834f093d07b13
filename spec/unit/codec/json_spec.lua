-- labels: collector valgrind
local arguments = require "dataforest.api.validate"
local cjson = require "cjson"
local core = require "dataforest.core"
local examples = require "spec.support.examples"
local with_empty_lists = require "spec.support.with_empty_lists"
local json = require "dataforest.codec.json"
local operations = require "dataforest.operations"
local schema = require "dataforest.api.schema"

local number_type = rawget(math, "type")

--- Asserts a refusal, and returns the message.
local function assert_refused(value, message)
  assert.is_nil(value)
  assert.equal("string", type(message))
  return message
end

describe("json.encode", function()
  it("writes numbers without exponent and point up to 2^53", function()
    for _, case in ipairs {
      { 0, "0" },
      { -0.0, "0" },
      { 1, "1" },
      { -1, "-1" },
      { 200.0, "200" },
      { 604800, "604800" },
      { 99999999999999, "99999999999999" },
      { 1e14, "100000000000000" },
      { 1e15, "1000000000000000" },
      { 1234567890123456, "1234567890123456" },
      { 2 ^ 53 - 1, "9007199254740991" },
      { 2 ^ 53, "9007199254740992" },
      { -2 ^ 53, "-9007199254740992" },
      { 0.5, "0.5" },
      { 0.1, "0.1" },
      { -12.25, "-12.25" },
    } do
      assert.equal("[" .. case[2] .. "]", json.encode { case[1] })
      assert.equal('{"n":' .. case[2] .. "}", json.encode { n = case[1] })
    end
  end)

  it("loses nothing of a fraction", function()
    for _, number in ipairs { 1 / 3, 0.1 + 0.2, 1e-300, 1.7976931348623157e308, 2 ^ 60 } do
      assert.equal(number, json.decode(json.encode { number })[1])
    end
  end)

  it("writes numbers alike whatever the host program's locale", function()
    local before = os.setlocale(nil, "numeric")
    for _, locale in ipairs { "de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "C" } do
      if os.setlocale(locale, "numeric") then
        assert.equal("[0.5,1234567890123456]", json.encode { 0.5, 1234567890123456 })
      end
    end
    os.setlocale(before, "numeric")
  end)

  it("escapes strings, and only where it must", function()
    for _, case in ipairs {
      { "", '""' },
      { "plain", '"plain"' },
      { 'a"b', '"a\\"b"' },
      { "a\\b", '"a\\\\b"' },
      { "a\nb\rc\td", '"a\\nb\\rc\\td"' },
      { "\237\149\156", '"\237\149\156"' },
      { "\240\159\140\178", '"\240\159\140\178"' },
    } do
      assert.equal("[" .. case[2] .. "]", json.encode { case[1] })
      assert.equal('{"s":' .. case[2] .. "}", json.encode { s = case[1] })
    end
    for byte = 0, 127 do
      local text = "a" .. string.char(byte) .. "b"
      -- cjson stops at a NUL in the text, and there is none: it is escaped.
      assert.equal(text, cjson.decode(json.encode { text })[1])
      assert.equal(text, cjson.decode(json.encode { s = text }).s)
      assert.equal(1, cjson.decode(json.encode { [text] = 1 })[text])
      assert.is_nil(json.encode({ text }):find "[%z\1-\31]")
    end
  end)

  it("tells a list from a table, an empty one included", function()
    assert.equal("{}", json.encode {})
    assert.equal("[]", json.encode({}, schema.of { array = "string" }))
    assert.equal('{"a":{}}', json.encode { a = {} })
    assert.equal("[1,2,3]", json.encode { 1, 2, 3 })
    assert.equal("[[1],[2]]", json.encode { { 1 }, { 2 } })
    assert.equal('[{"a":1}]', json.encode { { a = 1 } })
    assert.equal('{"a":null}', json.encode { a = cjson.null })
    assert.equal("[true,false]", json.encode { true, false })
  end)

  it("writes an empty list where the operation or the type names a list", function()
    local create = operations.by_name["apps/create"]
    assert.equal('{"components":[]}', json.encode({ components = {} }, schema.request(create)))
    assert.equal('{"dependentIds":[]}', json.encode({ dependentIds = {} }, schema.request(create)))
    local list = operations.by_name["accounts/getList"].result
    assert.equal('{"contents":[]}', json.encode({ contents = {} }, schema.of(list)))
    assert.equal('{"unknown":{}}', json.encode({ unknown = {} }, schema.of(list)))
    local detail = operations.by_name["apps/getDetail"].result
    assert.equal('{"links":{}}', json.encode({ links = {} }, schema.of(detail)))
    local nested = { components = { { containers = {} } } }
    assert.equal('{"components":[{"containers":[]}]}', json.encode(nested, schema.of(detail)))
    assert.equal(
      '{"search":{}}',
      json.encode({ search = {} }, schema.request(operations.by_name["apps/getList"]))
    )
  end)

  it("refuses what JSON cannot carry, and says where", function()
    local cycle = {}
    cycle.again = { cycle }
    for _, case in ipairs {
      { { a = { b = { print } } }, "a.b[1]: a function has no form in JSON" },
      { { a = coroutine.create(function() end) }, "a: a thread has no form in JSON" },
      { { a = io.stdout }, "a: a userdata has no form in JSON" },
      { { n = 0 / 0 }, "n: a number is not finite" },
      { { n = { math.huge } }, "n[1]: a number is not finite" },
      { { n = -math.huge }, "n: a number is not finite" },
      { { s = "\255" }, "s: a string is not valid UTF-8" },
      { { l = { "ok", "\237\160\128" } }, "l[2]: a string is not valid UTF-8" },
      { { l = { [1] = 1, [3] = 3 } }, "l: a list must have no gaps, and a table no numbers among its keys" },
      { { l = { 1, x = 2 } }, "l: a list must have no gaps, and a table no numbers among its keys" },
      { { l = { [2] = 2 } }, "l: a list must have no gaps, and a table no numbers among its keys" },
      { { l = { [true] = 2 } }, "l: a list must have no gaps, and a table no numbers among its keys" },
    } do
      assert.equal(case[2], assert_refused(json.encode(case[1])))
    end
    assert.is_truthy(assert_refused(json.encode(cycle)):find "nested more than 64 deep")
    assert.is_truthy(assert_refused(json.encode { ["\255"] = 1 }):find "not valid UTF%-8")
    assert_refused(json.encode(print))
  end)

  it("is not touched by options that others set on cjson", function()
    cjson.encode_sparse_array(true)
    cjson.encode_number_precision(3)
    local text = json.encode { n = 12345, l = { 1 } }
    cjson.encode_sparse_array(false)
    cjson.encode_number_precision(14)
    assert.same({ n = 12345, l = { 1 } }, cjson.decode(text))
  end)
end)

describe("each documented request in JSON", function()
  for _, example in ipairs(examples) do
    if example.request then
      it(example.title, function()
        local operation = operations.by_name[example.operation]
        local options = { validate = not example.request.breaks }
        local wire = arguments.check(operation, example.request.json, options)
        local text = json.encode(wire, schema.request(operation))
        assert.same(example.request.json, cjson.decode(text))
        assert.is_nil(text:find "[:,%[]%-?%d+[.eE]")
        if next(example.request.json) == nil then
          assert.equal("{}", text)
        end
      end)
      if example.request.breaks then
        it(example.title .. ", which breaks a limit", function()
          local wire, err = arguments.check(operations.by_name[example.operation], example.request.json)
          assert.is_nil(wire)
          assert.equal(example.request.breaks, err.field)
        end)
      end
    end
  end
end)

describe("json.decode", function()
  local shape = core.shape(operations.by_name["accounts/getDetail"].result)

  it("gives integers and lists", function()
    local value = json.decode('{"quotas":{"namespace":"koya","spaceTb":"200","fileCountMillion":1.0}}', shape)
    assert.same({ quotas = { { namespace = "koya", spaceTb = 200, fileCountMillion = 1 } } }, value)
    if number_type then
      assert.equal("integer", number_type(value.quotas[1].spaceTb))
      assert.equal("integer", number_type(value.quotas[1].fileCountMillion))
    end
  end)

  it("reads past a byte order mark", function()
    assert.equal("x", json.decode('\239\187\191{"id":"x"}', shape).id)
    assert_refused(json.decode('\239\187{"id":"x"}', shape))
    assert_refused(json.decode("\239\187\191", shape))
  end)

  it("refuses what is not JSON", function()
    for _, body in ipairs {
      "",
      " ",
      "{",
      '{"id":"x"',
      '{"id":"x"}{}',
      '{"id":"x"} trailing',
      '{"id":NaN}',
      '{"id":Infinity}',
      '{"x":1e999}',
      '{"id":"\255"}',
      '{"id":"x"}\0',
      "<html/>",
      "null",
      '"text"',
      ("["):rep(100) .. ("]"):rep(100),
      ("["):rep(100000),
    } do
      assert_refused(json.decode(body, shape))
    end
  end)

  for _, example in ipairs(examples) do
    if example.response and not example.response.binary then
      it("reads " .. example.title, function()
        local result = operations.by_name[example.operation].result
        local text = json.encode(example.response.json, schema.of(result))
        local value = json.decode(text, core.shape(result))
        local decoded = json.decode(json.encode(example.response.json))
        assert.same(with_empty_lists(decoded, result), value)
        if number_type then
          local quota = value.quotas and value.quotas[1]
          for _, number in ipairs { value.total, quota and quota.spaceTb } do
            assert.equal("integer", number_type(number))
          end
        end
      end)
    end
  end
end)
