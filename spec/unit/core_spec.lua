-- labels: collector valgrind
local core = require "dataforest.core"
local files = require "spec.support.files"

-- What only Lua 5.3 and later have.
local number_type = rawget(math, "type")
local max_integer, min_integer = rawget(math, "maxinteger"), rawget(math, "mininteger")

--- The vectors of spec/vectors/signing.txt, the file that the C test reads too.
local function read_vectors()
  local vectors, vector = {}, {}
  for line in io.lines "spec/vectors/signing.txt" do
    local name, value = line:match "^([%a_]+): (.*)$"
    if name then
      vector[name] = vector[name] and vector[name] .. "\n" .. value or value
    elseif line == "" and next(vector) then
      vectors[#vectors + 1], vector = vector, {}
    end
  end
  vectors[#vectors + 1] = next(vector) and vector
  return vectors
end

--- Asserts that a number is written as users expect: 200, never 200.0.
local function assert_whole(expected, value)
  assert.equal(expected, value)
  if number_type then
    assert.equal("integer", number_type(value))
  end
end

local output_of = require("spec.support.server").output_of

describe("core.signer", function()
  it("signs the vectors, again and again with one signer", function()
    local vectors = read_vectors()
    assert.equal(12, #vectors)
    for _, v in ipairs(vectors) do
      local signer = assert(core.signer(v.access_key, v.secret_key))
      for _ = 1, 3 do
        assert.equal(v.signature, signer:sign(v.method, v.target, v.timestamp), v.name)
        assert.equal(v.signature, signer:sign(v.method, v.target, tonumber(v.timestamp)), v.name)
      end
      signer:close()
    end
  end)

  it("writes the strings to sign of the vectors", function()
    for _, v in ipairs(read_vectors()) do
      assert.equal(v.string_to_sign, core.string_to_sign(v.method, v.target, v.timestamp, v.access_key))
      local number = tonumber(v.timestamp)
      assert.equal(v.string_to_sign, core.string_to_sign(v.method, v.target, number, v.access_key))
    end
  end)

  it("keeps signers apart", function()
    local vectors, signers = read_vectors(), {}
    for i, v in ipairs(vectors) do
      signers[i] = core.signer(v.access_key, v.secret_key)
    end
    for _ = 1, 2 do
      for i, v in ipairs(vectors) do
        assert.equal(v.signature, signers[i]:sign(v.method, v.target, v.timestamp))
      end
    end
  end)

  it("returns nil and a message for keys that cannot be", function()
    for _, bad in ipairs { "", "a\rb", "a\nb", "a\0b", "\n" } do
      local signer, message = core.signer(bad, "SK")
      assert.is_nil(signer)
      assert.equal("the access key is empty or holds CR, LF or NUL", message)
      signer, message = core.signer("AK", bad)
      assert.is_nil(signer)
      assert.equal("the secret key is empty or holds CR, LF or NUL", message)
    end
  end)

  it("raises for keys that are no strings", function()
    for _, bad in ipairs { 1, true, {}, print } do
      assert.has_error(function()
        core.signer(bad, "SK")
      end)
      assert.has_error(function()
        core.signer("AK", bad)
      end)
    end
    assert.has_error(function()
      core.signer()
    end)
  end)

  it("raises for a method or target with blanks or control characters, and names it", function()
    local signer = core.signer("AK", "SK")
    local function raises(pattern, f, ...)
      local ok, message = pcall(f, ...)
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
    for _, bad in ipairs { "", " ", "a b", "a\rb", "a\nb", "a\0b", "a\tb", "\n", "x\127" } do
      raises("method", signer.sign, signer, bad, "/", 1)
      raises("target", signer.sign, signer, "GET", bad, 1)
      raises("method", core.string_to_sign, bad, "/", 1, "AK")
      raises("target", core.string_to_sign, "GET", bad, 1, "AK")
    end
    for _, bad in ipairs { "", "a\rb", "a\nb", "a\0b" } do
      raises("access key", core.string_to_sign, "GET", "/", 1, bad)
    end
    raises("string expected", signer.sign, signer, nil, "/", 1)
    raises("string expected", signer.sign, signer, "GET", {}, 1)
  end)

  it("takes a timestamp as a whole number or as digits", function()
    local signer = core.signer("AK", "SK")
    local expected = signer:sign("GET", "/", "9007199254740992")
    assert.equal(expected, signer:sign("GET", "/", 2 ^ 53))
    assert.equal(signer:sign("GET", "/", "0"), signer:sign("GET", "/", 0))
    assert.equal("GET /\n0\nAK", core.string_to_sign("GET", "/", 0, "AK"))
    assert.equal("GET /\n9007199254740992\nAK", core.string_to_sign("GET", "/", 2 ^ 53, "AK"))
    for _, digits in ipairs { "7", "10", "100", "101", "1009", "99999", "1700000000000" } do
      assert.equal("GET /\n" .. digits .. "\nAK", core.string_to_sign("GET", "/", tonumber(digits), "AK"))
    end
    assert.equal("GET /\n" .. ("9"):rep(20) .. "\nAK", core.string_to_sign("GET", "/", ("9"):rep(20), "AK"))
    for _, bad in ipairs {
      -1,
      1.5,
      0 / 0,
      1 / 0,
      -1 / 0,
      2 ^ 53 + 2,
      "",
      "1a",
      " 1",
      "-1",
      "1\n",
      ("1"):rep(21),
    } do
      local ok, message = pcall(signer.sign, signer, "GET", "/", bad)
      assert.is_false(ok, tostring(bad))
      assert.matches("timestamp", message)
    end
    assert.has_error(function()
      signer:sign("GET", "/")
    end)
  end)

  it("shows neither key as text", function()
    local signer = core.signer("AK_SHOWN", "SK_SHOWN")
    assert.equal("dataforest.signer (open)", tostring(signer))
    signer:close()
    assert.equal("dataforest.signer (closed)", tostring(signer))
  end)

  it("is closed once and for all", function()
    local signer = core.signer("AK", "SK")
    signer:close()
    signer:close()
    local signature, message = signer:sign("GET", "/", 1)
    assert.is_nil(signature)
    assert.equal("the signer is closed", message)
  end)

  it("closes with its scope, and with the collector", function()
    local signer = core.signer("AK", "SK")
    local metatable = getmetatable(signer)
    metatable.__close(signer)
    metatable.__gc(signer)
    assert.equal("dataforest.signer (closed)", tostring(signer))
    for i = 1, 2000 do
      core.signer("AK" .. i, "SK")
    end
    collectgarbage()
    collectgarbage()
    assert.is_string(core.signer("AK", "SK"):sign("GET", "/", 1))
  end)

  it("takes only a signer for a signer", function()
    local signer = core.signer("AK", "SK")
    for _, other in ipairs { 1, "x", {}, io.stdout, core.shape "any" } do
      assert.has_error(function()
        signer.sign(other, "GET", "/", 1)
      end)
      assert.has_error(function()
        getmetatable(signer).__gc(other)
      end)
    end
    assert.has_error(function()
      signer.sign()
    end)
  end)

  it("signs a long target", function()
    local signer = core.signer("AK_TEST", "SK_TEST")
    local target = "/" .. ("X"):rep(1000)
    assert.equal("MUNzq2ZsI1hfkhpKuswxJnyKRW5aikSOgSdeAQE/IoM=", signer:sign("POST", target, 1700000000000))
    local long = "/" .. ("X"):rep(5000)
    assert.equal("POST " .. long .. "\n1\nAK", core.string_to_sign("POST", long, 1, "AK"))
  end)
end)

describe("core.decode", function()
  local quota = {
    object = "Quota",
    fields = {
      { name = "namespace", type = "string" },
      { name = "fileCountMillion", type = "integer" },
      { name = "spaceTb", type = "integer" },
    },
  }
  local account = {
    object = "Account",
    fields = {
      { name = "id", type = "string" },
      { name = "disabled", type = "boolean" },
      { name = "createdAt", type = "string", aliases = { "createAt", "created" } },
      { name = "ratio", type = "number" },
      { name = "quotas", type = { array = quota } },
      { name = "links", type = { map = "string" } },
      { name = "names", type = { array = "string" } },
      { name = "owner", type = { object = "Owner", fields = { { name = "age", type = "integer" } } } },
      { name = "extra", type = "any" },
    },
  }
  local shape = core.shape(account)

  --- Decodes an account, and takes the lists away that are added to it.
  local function decode(body)
    local value, message = core.decode(body, shape)
    for _, name in ipairs { "quotas", "names" } do
      local list = value and value[name]
      if list and next(list) == nil and not body:find('"' .. name .. '"', 1, true) then
        value[name] = nil
      end
    end
    return value, message
  end

  --- Decodes '{"field":json}' and returns the field.
  local function field(name, json)
    local value, message = decode(('{"%s":%s}'):format(name, json))
    if not value then
      return nil, message
    end
    return value[name]
  end

  --- Asserts that the body is refused with just this message.
  local function refuses(message, body)
    local value, got = decode(body)
    assert.is_nil(value)
    assert.equal(message, got)
  end

  it("gives an account as its page shows it", function()
    local body = [[{"success":true,"id":"axE7wU9ERm8fTc7e17vNvu","createdAt":"2023-05-26T11:35:01+09:00",
      "quotas":[{"namespace":"koya","fileCountMillion":1,"spaceTb":200},
                {"namespace":"tata","fileCountMillion":1,"spaceTb":200}]}]]
    for _ = 1, 3 do
      local value = assert(decode(body))
      assert.same({
        success = true,
        id = "axE7wU9ERm8fTc7e17vNvu",
        createdAt = "2023-05-26T11:35:01+09:00",
        quotas = {
          { namespace = "koya", fileCountMillion = 1, spaceTb = 200 },
          { namespace = "tata", fileCountMillion = 1, spaceTb = 200 },
        },
      }, value)
      assert_whole(200, value.quotas[2].spaceTb)
      assert.equal("200", tostring(value.quotas[1].spaceTb))
    end
  end)

  it("takes a compiled shape, a type, a type's name and none", function()
    assert.equal("1", core.decode('{"id":1}', shape).id)
    assert.equal("1", core.decode('{"id":1}', account).id)
    assert.same({ id = 1 }, core.decode('{"id":1}', "any"))
    assert.same({ id = 1 }, core.decode '{"id":1}')
    assert.equal(7, core.decode('"7"', "integer"))
    assert.same({ "1", "2" }, core.decode("[1,2]", { array = "string" }))
  end)

  it("makes integers", function()
    assert_whole(200, field("owner", '{"age":200}').age)
    assert_whole(200, field("owner", '{"age":"200"}').age)
    assert_whole(200, field("owner", '{"age":200.0}').age)
    assert_whole(200, field("owner", '{"age":"2e2"}').age)
    assert_whole(-7, field("owner", '{"age":"-7"}').age)
    assert_whole(0, field("owner", '{"age":0}').age)
    assert_whole(2 ^ 53, field("owner", '{"age":9007199254740992}').age)
    assert_whole(-2 ^ 53, field("owner", '{"age":"-9007199254740992"}').age)
  end)

  it("refuses what cannot be an integer", function()
    local cases = {
      ['"abc"'] = '"abc"',
      ['""'] = '""',
      ['" 7"'] = '" 7"',
      ['"7x"'] = '"7x"',
      ['"0x10"'] = '"0x10"',
      ['"1."'] = '"1."',
      ['".5"'] = '".5"',
      ['"+1"'] = '"+1"',
      ['"--1"'] = '"--1"',
      ['"-"'] = '"-"',
      ['"1e"'] = '"1e"',
      ['"1e999"'] = '"1e999"',
      ['"nan"'] = '"nan"',
      ['"inf"'] = '"inf"',
      ['"1.5"'] = '"1.5"',
      ["1.5"] = "1.5",
      ["true"] = "true",
      ["{}"] = "an object",
      ["[1]"] = "an array",
    }
    for json, got in pairs(cases) do
      local value, message = decode('{"owner":{"age":' .. json .. "}}")
      assert.is_nil(value, json)
      assert.equal("owner.age: expected an integer, got " .. got, message)
    end
  end)

  it("makes numbers", function()
    assert.equal(1.5, field("ratio", "1.5"))
    assert.equal(1.5, field("ratio", '"1.5"'))
    assert.equal(-1.5e-3, field("ratio", '"-1.5E-3"'))
    assert.equal(1e300, field("ratio", "1e300"))
    assert_whole(2, field("ratio", "2"))
    assert_whole(2, field("ratio", '"2.0"'))
    refuses('ratio: expected a number, got "x"', '{"ratio":"x"}')
    refuses("ratio: expected a number, got 1e999", '{"ratio":1e999}')
    refuses("ratio: expected a number, got false", '{"ratio":false}')
    assert.is_number(field("ratio", '"' .. ("1"):rep(14) .. "." .. ("1"):rep(100) .. '"'))
  end)

  it("makes booleans", function()
    assert.is_true(field("disabled", "true"))
    assert.is_false(field("disabled", "false"))
    assert.is_true(field("disabled", '"true"'))
    assert.is_false(field("disabled", '"false"'))
    for json, got in pairs { ['"TRUE"'] = '"TRUE"', ['""'] = '""', ["1"] = "1", ["[]"] = "an array" } do
      refuses("disabled: expected a boolean, got " .. got, '{"disabled":' .. json .. "}")
    end
  end)

  it("makes strings", function()
    assert.equal("a", field("id", '"a"'))
    assert.equal("200", field("id", "200"))
    assert.equal("1.5", field("id", "1.5"))
    assert.equal("0.1", field("id", "0.1"))
    assert.equal("9007199254740992", field("id", "9007199254740992"))
    assert.equal("true", field("id", "true"))
    assert.equal("false", field("id", "false"))
    assert.equal("", field("id", '""'))
    refuses("id: expected a string, got an array", '{"id":["a"]}')
    refuses("id: expected a string, got an object", '{"id":{"a":1}}')
  end)

  it("makes arrays", function()
    assert.same({ "a", "b" }, field("names", '["a","b"]'))
    assert.same({ "1", "true" }, field("names", "[1,true]"))
    assert.same({ "a" }, field("names", '"a"'))
    assert.same({ "7" }, field("names", "7"))
    assert.same({ "false" }, field("names", "false"))
    assert.same({}, field("names", "[]"))
    assert.same({}, field("names", '""'))
    assert.same({ { spaceTb = 1 } }, field("quotas", '{"spaceTb":1}'))
    assert.same({ { spaceTb = 1 } }, field("quotas", '[{"spaceTb":"1"}]'))
    assert.same({ { spaceTb = 1 }, {}, { spaceTb = 3 } }, field("quotas", '[{"spaceTb":1},"",{"spaceTb":3}]'))
    refuses('quotas[1]: expected an object, got "a"', '{"quotas":"a"}')
    refuses("quotas[2]: expected an object, got 5", '{"quotas":[{},5]}')
    refuses("names[1]: expected a string, got an object", '{"names":{"a":"b"}}')
  end)

  it("makes maps", function()
    assert.same({ a = "1", b = "x" }, field("links", '{"a":1,"b":"x","c":null}'))
    assert.same({}, field("links", "{}"))
    assert.same({}, field("links", "[]"))
    assert.same({}, field("links", '""'))
    refuses("links: expected an object, got an array", '{"links":["a"]}')
    refuses("links.b: expected a string, got an array", '{"links":{"b":[1]}}')
    refuses('links: expected an object, got "x"', '{"links":"x"}')
    local numbers = core.decode('{"a":"1","b":2.0}', { map = "integer" })
    assert.same({ a = 1, b = 2 }, numbers)
    assert_whole(2, numbers.b)
  end)

  it("makes objects", function()
    assert.same({}, field("owner", '""'))
    assert.same({}, field("owner", "{}"))
    refuses("owner: expected an object, got an array", '{"owner":[{"age":1}]}')
    refuses("owner: expected an object, got true", '{"owner":true}')
    refuses("expected an object, got an array", '[{"id":"x"}]')
    refuses('expected an object, got "x"', '"x"')
    refuses("expected an object, got null", "null")
  end)

  it("leaves null out", function()
    assert.same(
      { quotas = {} },
      decode '{"id":null,"ratio":null,"quotas":null,"owner":null,"extra":null,"unknown":null}'
    )
    assert.same({ "a", "b" }, field("names", '[null,"a",null,null,"b",null]'))
    assert.same({}, field("names", "[null,null]"))
    assert.same({ { 1 }, {}, 2 }, field("extra", "[null,[1,null],{},null,2]"))
    assert.same({ a = {} }, field("extra", '{"a":{"b":null},"c":null}'))
    local value, message = core.decode "null"
    assert.is_nil(value)
    assert.equal("expected a value, got null", message)
  end)

  it("lets unknown fields pass, with whole numbers as integers", function()
    local value = decode '{"new":[1,2.5,"x",true,{"deep":3.0}],"big":1e300}'
    assert.same({ 1, 2.5, "x", true, { deep = 3 } }, value.new)
    assert_whole(1, value.new[1])
    assert_whole(3, value.new[5].deep)
    assert.equal(1e300, value.big)
    refuses("new[2].x: expected a number, got 1e999", '{"new":[1,{"x":1e999}]}')
  end)

  it(
    "refuses integers beyond 2^53, which would be rounded, and keeps the digits where text belongs",
    function()
      local beyond = "%s is beyond 2^53, and would be rounded"
      for _, digits in ipairs {
        "9007199254740993",
        "-9007199254740993",
        "18014398509481984",
        "12345678901234567890",
        "100000000000000000000000000000000000000000",
      } do
        for _, name in ipairs { "ratio", "extra", "unknown" } do
          refuses(
            name .. ": " .. beyond:format(digits:sub(1, 32) .. (#digits > 32 and "..." or "")),
            ('{"%s":%s}'):format(name, digits)
          )
        end
        refuses(
          "owner.age: " .. beyond:format(digits:sub(1, 32) .. (#digits > 32 and "..." or "")),
          ('{"owner":{"age":%s}}'):format(digits)
        )
        refuses(
          "owner.age: " .. beyond:format(digits:sub(1, 32) .. (#digits > 32 and "..." or "")),
          ('{"owner":{"age":"%s"}}'):format(digits)
        )
        assert.equal(digits, field("id", digits))
        assert.same({ a = digits }, field("links", '{"a":' .. digits .. "}"))
      end
      for _, digits in ipairs { "1.50", "1e3", "-0", "1E+2", "0.1000000000000000000001" } do
        assert.equal(digits, field("id", digits))
      end
      assert_whole(2 ^ 53, field("extra", "9007199254740992"))
      assert_whole(-2 ^ 53, field("ratio", "-9007199254740992"))
      refuses(
        "owner.age: expected an integer, got 9007199254740993.0",
        '{"owner":{"age":9007199254740993.0}}'
      )
    end
  )

  it("gives a list for each that is missing or null", function()
    for _, body in ipairs { "{}", '{"quotas":null,"names":null}', '{"names":null}' } do
      local value = assert(core.decode(body, shape))
      assert.same({ quotas = {}, names = {} }, value)
      assert.not_equal(value.quotas, value.names)
    end
    local list = assert(core.decode('{"contents":[{"id":"a"},{"quotas":null}]}', {
      object = "List",
      fields = { { name = "contents", type = { array = account } } },
    }))
    assert.same({}, list.contents[1].quotas)
    assert.same({}, list.contents[2].quotas)
    assert.same(
      { contents = {} },
      core.decode("{}", {
        object = "List",
        fields = { { name = "contents", type = { array = account }, aliases = { "items" } } },
      })
    )
  end)

  it("takes no more than eight times its size in memory, and 4 MB", function()
    for _, unit in ipairs { "{},", "[],", "1,", "null,", '"",', '{"":0},', '{"a":{}},', "[[]]," } do
      local size = 1024 * 1024
      local body = "[" .. unit:rep(math.floor(size / #unit)) .. "0]"
      collectgarbage()
      collectgarbage()
      local before = collectgarbage "count"
      collectgarbage "stop"
      local value, message, kind = core.decode(body)
      local grown = (collectgarbage "count" - before) * 1024
      collectgarbage "restart"
      assert.is_true(grown < 1.5 * (8 * #body + 4 * 1024 * 1024), unit .. ": " .. grown / #body)
      if value == nil then
        assert.equal("limit", kind)
        assert.matches("more than 8 times its size in memory", message, 1, true)
      end
    end
    assert.is_table((core.decode("[" .. ("{},"):rep(20000) .. "0]"))) -- a small one may be dense
  end)

  it("gives aliases their real name, which wins where both are there", function()
    assert.same({ createdAt = "a" }, decode '{"createAt":"a"}')
    assert.same({ createdAt = "5" }, decode '{"created":5}')
    assert.same({ createdAt = "a", id = "x" }, decode '{"createAt":"a","id":"x","created":"b"}')
    assert.same({ createdAt = "b" }, decode '{"createAt":"a","createdAt":"b"}')
    assert.same({ createdAt = "b" }, decode '{"createdAt":"b","createAt":"a"}')
    assert.same({ createdAt = "a" }, decode '{"createdAt":null,"createAt":"a"}')
    assert.same({ createdAt = "b" }, decode '{"createAt":null,"created":"b"}')
    refuses("createAt: expected a string, got an array", '{"createAt":[1]}')
  end)

  it("takes the last of a name given twice", function()
    assert.same({ id = "b" }, decode '{"id":"a","id":"b"}')
    assert.same({ owner = { age = 2 } }, decode '{"owner":{"age":1},"owner":{"age":2}}')
    refuses('owner.age: expected an integer, got "x"', '{"owner":{"age":"x"},"owner":{"age":2}}')
  end)

  it("knows names that are written with escapes", function()
    assert.same({ id = "true" }, decode '{"i\\u0064":true}')
    assert.same({ createdAt = "x" }, decode '{"create\\u0041t":"x"}')
    assert.same({ id = "a", disabled = true }, decode '{"id":"a","\\u0064isabled":"true"}')
  end)

  it("keeps to the shape whatever the order of the fields", function()
    local orders = {
      '{"id":1,"ratio":"2","disabled":"true","new":1}',
      '{"new":1,"disabled":"true","ratio":"2","id":1}',
      '{"ratio":"2","new":1,"id":1,"disabled":"true"}',
    }
    for round = 1, 12 do
      local value = decode(orders[round % 3 + 1])
      assert.same({ id = "1", ratio = 2, disabled = true, new = 1 }, value)
    end
  end)

  it("knows names that Lua does not intern", function()
    local long = ("n"):rep(41)
    local longer = ("n"):rep(300)
    local type = {
      object = "Long",
      fields = { { name = long, type = "string", aliases = { longer } }, { name = "n", type = "string" } },
    }
    for _ = 1, 2 do
      assert.same({ [long] = "1" }, core.decode(('{"%s":1}'):format(long), type))
      assert.same({ [long] = "1", n = "2" }, core.decode(('{"%s":1,"n":2}'):format(longer), type))
    end
    assert.same({ [long .. "x"] = 1 }, core.decode(('{"%sx":1}'):format(long), type))
  end)

  it("refuses what is not one JSON value", function()
    local bodies = {
      "",
      " ",
      "{",
      "}",
      '{"id":}',
      '{"id"}',
      '{id:"x"}',
      "{'id':'x'}",
      '{"id":"x",}',
      '{"id":"x"',
      '{"id":"x"} {}',
      '{"id":"x"}x',
      '{"extra":[1,2',
      '{"extra":[1 2]}',
      '{"extra":[1,]}',
      '{"extra":[,1]}',
      '{"id":"\\ud800\\u0041"}',
      '{"id":"\\u12g4"}',
      '{"id":"a',
      '{"id":"a\\',
      '{"id":"a\\u12',
      '{"ratio":-}',
      '{"ratio":.5}',
      '{"ratio":1.}',
      '{"ratio":1.5' .. ("0"):rep(200) .. "}",
      "tru",
      "NaN",
      "nan",
      "-nan",
      "Infinity",
      "inf",
      "-inf",
      '{"ratio":nan}',
      '{"ratio":infinity}',
      '{"ratio":0x10}',
      '{"ratio":-0x10}',
      '{"ratio":01}',
      '{"ratio":+1}',
      '{"ratio":1e}',
      '{"id":"\\x"}',
      '{"id":"\\ud800"}',
      '{"id":"\\udc00\\ud800"}',
      "<html>Bad Gateway</html>",
      "\239\187\191{}",
      '{"id":"x"}\0',
      '{"id":"x"}\0{"id":"y"}',
      '\0{"id":"x"}',
      '{"id":"a\0b"}',
    }
    for _, body in ipairs(bodies) do
      local value, message = decode(body)
      assert.is_nil(value, body)
      assert.matches("^invalid JSON: .* at byte %d+$", message)
      assert.is_nil(message:find("\n", 1, true))
    end
  end)

  it("refuses ill-formed UTF-8", function()
    for _, bytes in ipairs { "\255", "\192\128", "\237\160\128", "\244\144\128\128", "\226\130" } do
      refuses("invalid JSON: not UTF-8", '{"id":"' .. bytes .. '"}')
    end
    assert.equal("\226\130\169 \237\149\156", field("id", '"\226\130\169 \237\149\156"'))
    assert.equal("\240\159\152\128", field("id", '"\\ud83d\\ude00"'))
    assert.equal("a\0b", field("id", '"a\\u0000b"'))
    assert.equal("a\nb\1", field("id", '"a\nb\1"'))
  end)

  it("takes 64 levels, and not one more", function()
    local function nested(levels)
      return ("["):rep(levels) .. ("]"):rep(levels)
    end
    assert.is_table(core.decode(nested(64)))
    local value, message = core.decode(nested(65))
    assert.is_nil(value)
    assert.matches("nested deeper than 64 levels$", message)
    assert.is_table(core.decode(('{"a":'):rep(64) .. "1" .. ("}"):rep(64)))
    assert.is_nil((core.decode(('{"a":'):rep(65) .. "1" .. ("}"):rep(65))))
    assert.is_nil((core.decode(nested(200000))))
    assert.is_nil((core.decode(("["):rep(200000))))
  end)

  it("cuts what it quotes, and keeps it on one line", function()
    local long = ("x"):rep(500)
    refuses(
      'owner.age: expected an integer, got "' .. ("x"):rep(32) .. '..."',
      '{"owner":{"age":"' .. long .. '"}}'
    )
    local exact = ("x"):rep(32)
    refuses('owner.age: expected an integer, got "' .. exact .. '"', '{"owner":{"age":"' .. exact .. '"}}')
    refuses('owner.age: expected an integer, got "a\\010b\\000c"', '{"owner":{"age":"a\\nb\\u0000c"}}')
    -- 31 bytes, then a character of three: it is left out whole
    refuses(
      'owner.age: expected an integer, got "' .. ("x"):rep(31) .. '..."',
      '{"owner":{"age":"' .. ("x"):rep(31) .. '\226\130\169"}}'
    )
    local _, message = decode('{"' .. long .. '":1e999}')
    assert.equal(("x"):rep(32) .. "...: expected a number, got 1e999", message)
    _, message = decode('{"extra":' .. ('{"a\\nbcdefgh":'):rep(60) .. "1e999" .. ("}"):rep(61))
    assert.is_true(#message < 400)
    assert.matches("^%.%.%..*a\\nbcdefgh: expected a number, got 1e999$", message)
    local control = ("\\u0001"):rep(40)
    _, message = decode('{"owner":{"age":"' .. control .. '"}}')
    assert.equal('owner.age: expected an integer, got "' .. ("\\001"):rep(32) .. '..."', message)
  end)

  it("raises for a body that is no string", function()
    for _, bad in ipairs { 1, true, {}, print } do
      assert.has_error(function()
        core.decode(bad, shape)
      end)
    end
    assert.has_error(function()
      core.decode(nil, shape)
    end)
  end)

  it("decodes big lists in full", function()
    local parts = {}
    for i = 1, 5000 do
      parts[i] = ('{"id":%d,"disabled":"false","quotas":{"spaceTb":"%d"},"n":%d}'):format(i, i, i)
    end
    local body = '{"total":"5000","contents":[' .. table.concat(parts, ",") .. "]}"
    local list = assert(core.decode(body, {
      object = "List",
      fields = { { name = "total", type = "integer" }, { name = "contents", type = { array = account } } },
    }))
    assert_whole(5000, list.total)
    assert.equal(5000, #list.contents)
    for i, item in ipairs(list.contents) do
      assert.equal(tostring(i), item.id)
      assert.is_false(item.disabled)
      assert.equal(i, item.quotas[1].spaceTb)
      assert.equal(i, item.n)
    end
  end)

  it("gives what cjson and the conversion of its tables give", function()
    local cjson = require("cjson").new()
    cjson.decode_invalid_numbers(false)
    cjson.decode_max_depth(64)
    local state = 12345
    local function random(n)
      state = (state * 16807) % 2147483647
      return state % n + 1
    end
    local function pick(list)
      return list[random(#list)]
    end
    local blanks = { "", "", "", "", " ", "\n", "\t \r\n" }
    local scalars = {
      string = { '"a"', '"\\""', '""', '"\\\\"', '"\\\\\\""', '"\226\130\169"', '"{\\"id\\":1}"', '"7"' },
      integer = { "0", "-0", "7", "-12", "123456789012345", "1234567890123456", "7.0", "7.5", "1e3", '"7"' },
      number = { "0", "1", "1.5", "-2e-2", '"1.5"', "100" },
      boolean = { "true", "false", '"true"' },
      any = { '"x"', "1", "1.5", "true", "{}", "[]", '{"a":[1,null,{"b":2}]}', '[1,"x"]' },
    }
    local odd = { "null", '""', "[]", "{}", "1", '"x"', "true", "[1]", '{"id":1}' }
    local names = { "new", "i\\u0064", "created", "createAt", "createdA", "createdAtt", "i", "" }

    local write
    local function write_object(type)
      local members, taken = {}, {}
      for _, f in ipairs(type.fields) do
        if random(3) > 1 then
          taken[f.name] = true
          table.insert(
            members,
            random(#members + 1),
            ('"%s"%s:%s'):format(f.name, pick(blanks), write(f.type))
          )
        end
      end
      for _ = 1, random(8) - 6 do -- a strange name, or one that has another type
        local name = random(2) == 1 and pick(names) or pick(type.fields).name
        taken["i\\u0064"] = taken.id
        name = taken[name] and "new" .. #members or name
        taken[name], taken.id = true, taken.id or name == "i\\u0064"
        table.insert(members, random(#members + 1), ('"%s":%s'):format(name, write(pick { "any", "string" })))
      end
      return "{" .. pick(blanks) .. table.concat(members, pick(blanks) .. "," .. pick(blanks)) .. "}"
    end
    function write(type)
      local text
      if random(100) == 1 then
        text = pick(odd)
      elseif type.fields then
        text = write_object(type)
      elseif type.array then
        local items = {}
        for i = 1, random(3) - 1 do
          items[i] = write(type.array)
        end
        text = "[" .. pick(blanks) .. table.concat(items, pick(blanks) .. "," .. pick(blanks)) .. "]"
      elseif type.map then
        text = '{"a":' .. write(type.map) .. "}"
      else
        local list = scalars[type]
        text = list[random(random(12) == 1 and #list or 2)]
      end
      return pick(blanks) .. text .. pick(blanks)
    end

    local function show(value)
      if type(value) ~= "table" then
        return (number_type and number_type(value) or type(value))
          .. ":"
          .. tostring(value == 0 and 0 or value)
      end
      local keys, parts = {}, {}
      for key in pairs(value) do
        keys[#keys + 1] = key
      end
      table.sort(keys, function(a, b)
        return tostring(a) < tostring(b)
      end)
      for i, key in ipairs(keys) do
        parts[i] = show(key) .. "=" .. show(value[key])
      end
      return "{" .. table.concat(parts, ",") .. "}"
    end

    local type = { object = "Both", fields = { { name = "list", type = { array = account } } } }
    for _, f in ipairs(account.fields) do
      type.fields[#type.fields + 1] = f
    end
    local same_shape, refused = core.shape(type), 0
    local function convert(body)
      local parsed, result = pcall(cjson.decode, body)
      if not parsed or not core.valid_utf8(body) then
        return nil, tostring(result)
      end
      return core.coerce(result, same_shape)
    end

    -- One byte is taken out, doubled, or another.
    local bytes = { ",", ":", '"', "{", "}", "[", "]", "0", "-", ".", "e", " ", "\\", "\1", "t", "n" }
    local function damage(body)
      local at, how = random(#body), random(3)
      local byte = how == 1 and "" or how == 2 and body:sub(at, at):rep(2) or pick(bytes)
      return body:sub(1, at - 1) .. byte .. body:sub(at + 1)
    end

    for round = 1, 8000 do
      local body = write(type)
      if round % 2 == 0 then
        body = damage(body)
      end
      local value, message = core.decode(body, same_shape)
      local walked, walked_message = convert(body)
      if value == nil then
        refused = refused + 1
        assert.is_nil(walked, body .. tostring(message))
        assert.is_string(message)
        assert.is_string(walked_message)
      else
        assert.is_not_nil(walked, ("%q: %s"):format(body, tostring(walked_message)))
        assert.equal(show(walked), show(value), body)
      end
    end
    assert.is_true(refused > 2000 and refused < 7000, refused)
  end)

  it("leaves other users of cjson alone", function()
    local cjson = require "cjson"
    assert.equal(1000, #cjson.decode(("["):rep(999) .. "1" .. ("]"):rep(999)) and 1000)
    assert.has_no_error(function()
      cjson.decode "[nan]"
    end)
    assert.is_nil((core.decode "[nan]"))
  end)

  it("works under a locale with a decimal comma, where there is one", function()
    local before = os.setlocale()
    local comma = os.setlocale "de_DE.UTF-8" or os.setlocale "fr_FR.UTF-8"
    local value = field("ratio", '"1.5"')
    local text = field("id", "1.5")
    os.setlocale(before)
    assert.is_true(comma == nil or type(comma) == "string")
    assert.equal(1.5, value)
    assert.equal("1.5", text)
  end)
end)

describe("core.shape", function()
  it("shows what it is, and is reusable", function()
    local shape = core.shape { array = "integer" }
    assert.equal("dataforest.shape", tostring(shape))
    assert.same({ 1 }, core.decode('["1"]', shape))
    assert.same({ 2 }, core.decode("2", shape))
  end)

  it("outlives the type that it was made of", function()
    local shapes = {}
    for i = 1, 50 do
      local name = "field" .. i
      shapes[i] = core.shape { object = "X", fields = { { name = name, type = "string" } } }
    end
    collectgarbage()
    collectgarbage()
    for i = 1, 50 do
      assert.same({ ["field" .. i] = "1" }, core.decode(('{"field%d":1}'):format(i), shapes[i]))
    end
  end)

  it("raises for malformed types", function()
    local deep, cyclic = "string", {}
    for _ = 1, 65 do
      deep = { array = deep }
    end
    cyclic.array = cyclic
    local broad = { object = "B", fields = {} }
    broad.fields[1] = { name = "a", type = broad }
    broad.fields[2] = { name = "b", type = broad }
    local malformed = {
      1,
      true,
      "strange",
      "array",
      {},
      { "string" },
      { array = "strange" },
      { array = 1 },
      { array = "string", map = "string" },
      { array = "string", fields = {} },
      { object = "X" },
      { object = "X", fields = "id" },
      { object = "X", fields = { "id" } },
      { object = "X", fields = { { type = "string" } } },
      { object = "X", fields = { { name = "", type = "string" } } },
      { object = "X", fields = { { name = 'a"b', type = "string" } } },
      { object = "X", fields = { { name = "a\\b", type = "string" } } },
      { object = "X", fields = { { name = "a\0b", type = "string" } } },
      { object = "X", fields = { { name = 1, type = "string" } } },
      { object = "X", fields = { { name = "id" } } },
      { object = "X", fields = { { name = "id", type = "string", aliases = "x" } } },
      { object = "X", fields = { { name = "id", type = "string", aliases = { 1 } } } },
      { object = "X", fields = { { name = "id", type = "string", aliases = { "id" } } } },
      { object = "X", fields = { { name = "id", type = "string" }, { name = "id", type = "string" } } },
      deep,
      cyclic,
      broad,
    }
    for i, type in ipairs(malformed) do
      local ok, message = pcall(core.shape, type)
      assert.is_false(ok, "malformed type " .. i)
      assert.matches("bad argument #1", message)
      ok = pcall(core.decode, "{}", type)
      assert.is_false(ok, "malformed type " .. i)
    end
    assert.is_false((pcall(core.shape)))
    assert.is_false((pcall(core.shape, nil)))
  end)

  it("takes 64 levels", function()
    local deep = "integer"
    for _ = 1, 64 do
      deep = { array = deep }
    end
    local value = core.decode(("["):rep(64) .. '"5"' .. ("]"):rep(64), core.shape(deep))
    for _ = 1, 64 do
      value = value[1]
    end
    assert.equal(5, value)
  end)

  it("takes an object without fields", function()
    assert.same({ a = 1 }, core.decode('{"a":1}', { object = "Empty", fields = {} }))
  end)
end)

describe("core.coerce", function()
  local account = core.shape {
    object = "Account",
    fields = {
      { name = "id", type = "string" },
      { name = "disabled", type = "boolean" },
      { name = "spaceTb", type = "integer" },
      { name = "names", type = { array = "string" }, aliases = { "name" } },
      {
        name = "inner",
        type = { object = "Inner", fields = { { name = "list", type = { array = "any" } } } },
      },
    },
  }

  it("coerces a table in place", function()
    local value = { id = 5, spaceTb = "7" }
    assert.equal(value, core.coerce(value, account))
    assert.same({ id = "5", spaceTb = 7, names = {} }, value)
    assert_whole(7, value.spaceTb)
  end)

  it("adds the arrays that XML leaves out", function()
    assert.same({ names = {} }, core.coerce({}, account, true))
    assert.same({ names = { "a" } }, core.coerce({ name = "a" }, account, true))
    assert.same({ names = {}, inner = { list = {} } }, core.coerce({ inner = "" }, account, true))
    assert.same(
      { names = { "a" }, inner = { list = { "x" } } },
      core.coerce({ names = "a", inner = { list = "x" } }, account, true)
    )
    assert.same(
      { names = {}, inner = { list = {} } },
      core.coerce({ inner = "\n  ", names = " " }, account, true)
    )
    assert.same({ names = { " " } }, core.coerce({ names = " " }, account))
    assert.same({ names = {} }, core.coerce({}, account, false))
    assert.same({ names = {} }, core.coerce({}, account))
  end)

  it("takes an empty element of XML for null, and white space around values for nothing", function()
    local value = core.coerce({ id = "", disabled = "", spaceTb = "" }, account, true)
    assert.same({ id = "", names = {} }, value)
    value = core.coerce({ id = " x ", disabled = "\n true ", spaceTb = " 7\t" }, account, true)
    assert.same({ id = " x ", disabled = true, spaceTb = 7, names = {} }, value)
    local none, message = core.coerce({ spaceTb = " 7" }, account)
    assert.is_nil(none)
    assert.equal('spaceTb: expected an integer, got " 7"', message)
    none, message = core.coerce("", "integer", true)
    assert.is_nil(none)
    assert.equal("expected an integer, got null", message)
  end)

  it("coerces what is no table", function()
    assert.equal(5, core.coerce("5", "integer"))
    assert.same({ "5" }, core.coerce("5", { array = "string" }))
    assert.is_false(core.coerce("false", "boolean"))
    local none, message = core.coerce(nil, account)
    assert.is_nil(none)
    assert.equal("expected an object, got null", message)
  end)

  it("refuses what no decoder yields", function()
    for name, bad in pairs {
      ["function"] = print,
      thread = coroutine.create(function() end),
      userdata = io.stdout,
    } do
      local none, message = core.coerce({ x = { bad } }, account)
      assert.is_nil(none)
      assert.equal("x[1]: expected a value, got a " .. name, message)
    end
    local none, message = core.coerce({ x = { [true] = 1 } }, account)
    assert.is_nil(none)
    assert.equal("x: a key is not a string", message)
    none, message = core.coerce({ [1.5] = 1 }, account)
    assert.is_nil(none)
    assert.equal("a key is not a string", message)
    none, message = core.coerce({ x = 0 / 0 }, account)
    assert.is_nil(none)
    assert.equal("x: expected a number, got nan", message)
  end)

  it("does not follow a table that holds itself forever", function()
    local cyclic = {}
    cyclic.x = cyclic
    local none, message = core.coerce(cyclic, account)
    assert.is_nil(none)
    assert.matches("nested deeper than 64 levels$", message)
    local array = {}
    array[1] = array
    none, message = core.coerce(array)
    assert.is_nil(none)
    assert.matches("nested deeper than 64 levels$", message)
  end)

  it("raises without a value", function()
    assert.has_error(function()
      core.coerce()
    end)
  end)

  if number_type then
    it("refuses integers beyond 2^53, unless text was asked for", function()
      for _, value in ipairs {
        { x = max_integer },
        { spaceTb = min_integer },
        { inner = { list = { max_integer } } },
      } do
        local none, message = core.coerce(value, account)
        assert.is_nil(none)
        assert.matches("%d+ is beyond 2%^53, and would be rounded$", message)
      end
      assert.equal(tostring(max_integer), core.coerce({ id = max_integer }, account).id)
    end)
  end
end)

describe("core.base64", function()
  it("encodes with padding", function()
    local samples =
      { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foobar = "Zm9vYmFy", ["\251\255\254"] = "+//+" }
    for bytes, text in pairs(samples) do
      assert.equal(text, core.base64(bytes))
    end
    assert.equal(("AAAA"):rep(2000), core.base64(("\0"):rep(6000)))
    assert.has_error(function()
      core.base64()
    end)
  end)
end)

describe("core.valid_utf8 and core.utf8_length", function()
  it("count characters", function()
    local lengths = { [""] = 0, abc = 3, ["a\0b"] = 3, ["\226\130\169"] = 1, ["8\237\149\156!"] = 3 }
    for text, length in pairs(lengths) do
      assert.is_true(core.valid_utf8(text))
      assert_whole(length, core.utf8_length(text))
    end
  end)

  it("know what is no UTF-8", function()
    for _, text in ipairs { "\255", "a\192\128", "\237\160\128", "\226\130", "\244\144\128\128" } do
      assert.is_false(core.valid_utf8(text))
      assert.is_nil(core.utf8_length(text))
    end
    assert.has_error(function()
      core.valid_utf8(nil)
    end)
    assert.has_error(function()
      core.utf8_length {}
    end)
  end)
end)

describe("core.load", function()
  it("reads a regular file up to a limit, and nothing else", function()
    local path = os.tmpname()
    files.write(path, "a\0b\r\n")
    assert.equal("a\0b\r\n", core.load(path, 5))
    local text, message = core.load(path, 4)
    assert.is_nil(text)
    assert.equal(path .. ": too large for such a file", message)
    os.remove(path)
    text, message = core.load(path, 5)
    assert.is_nil(text)
    assert.equal(path .. ": No such file or directory", message)
    text, message = core.load("/dev/zero", 5)
    assert.is_nil(text)
    assert.equal("/dev/zero: not a regular file", message)
    for _, limit in ipairs { 0, -1, 2 ^ 20 + 1, 0 / 0, math.huge } do
      assert.is_false((pcall(core.load, path, limit)))
    end
    assert.is_false((pcall(core.load, "a\0b", 5)))
  end)
end)

describe("core.save", function()
  local folder

  before_each(function()
    folder = files.new_folder()
  end)

  after_each(function()
    files.remove(folder)
  end)

  it("writes bytes that only their owner may read", function()
    local path = folder .. "/keytab"
    assert.is_true(core.save(path, "\5\2\0\n\r\255"))
    local file = assert(io.open(path, "rb"))
    assert.equal("\5\2\0\n\r\255", file:read "*a")
    file:close()
    assert.equal("-rw-------", output_of("ls -l '" .. path .. "'"):match "^%S+")
    assert.equal("keytab\n", output_of("ls -A '" .. folder .. "'"))
  end)

  it("replaces a file whole", function()
    local path = folder .. "/keytab"
    assert.is_true(core.save(path, ("old"):rep(1000)))
    assert.is_true(core.save(path, "new"))
    local file = assert(io.open(path, "rb"))
    assert.equal("new", file:read "*a")
    file:close()
  end)

  it("returns nil and a message with the path, and leaves nothing behind", function()
    local path = folder .. "/none/keytab"
    local saved, message = core.save(path, "x")
    assert.is_nil(saved)
    assert.equal(path .. ": No such file or directory", message)
    assert.is_nil((core.save(folder, "x")))
    assert.equal("", output_of("ls -A '" .. folder .. "'"))
  end)

  it("can be tried, which changes nothing", function()
    assert.is_true(core.can_save(folder .. "/keytab"))
    assert.equal("", output_of("ls -A '" .. folder .. "'"))
    local fine, message = core.can_save(folder .. "/none/keytab")
    assert.is_nil(fine)
    assert.equal(folder .. "/none/keytab: No such file or directory", message)
    assert.is_false((pcall(core.can_save, "")))
  end)

  it("raises for a path that cannot be", function()
    for _, bad in ipairs { "", "a\0b" } do
      local ok, message = pcall(core.save, bad, "x")
      assert.is_false(ok)
      assert.matches("path", message)
    end
    assert.has_error(function()
      core.save(nil, "x")
    end)
    assert.has_error(function()
      core.save(folder .. "/x")
    end)
  end)
end)

describe("core's clock", function()
  it("tells the time with fractions", function()
    local before = os.time()
    local now = core.now()
    assert.is_true(now >= before and now <= before + 10)
    local first = core.monotonic()
    assert.is_true(core.monotonic() >= first)
  end)

  it("sleeps", function()
    local before = core.monotonic()
    core.sleep(0.02)
    core.sleep(0)
    core.sleep(-1)
    local slept = core.monotonic() - before
    assert.is_true(slept >= 0.02 and slept < 5)
    assert.has_error(function()
      core.sleep(0 / 0)
    end)
    assert.has_error(function()
      core.sleep "long"
    end)
  end)
end)

describe("core.kinds", function()
  it("lists each kind once, in one order, with its occasion", function()
    local names = {}
    for i, kind in ipairs(core.kinds) do
      names[i] = kind.name
      assert.is_string(kind.when)
    end
    assert.same({
      "argument",
      "credentials",
      "auth",
      "forbidden",
      "not_found",
      "invalid",
      "quota",
      "throttled",
      "refused",
      "server",
      "timeout",
      "network",
      "tls",
      "protocol",
      "limit",
      "closed",
    }, names)
  end)
end)

describe("core.version", function()
  it("is that of the file VERSION", function()
    local file = assert(io.open "VERSION")
    assert.equal(file:read "*l", core.version)
    file:close()
  end)
end)
