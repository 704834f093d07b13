-- labels: collector valgrind
local arguments = require "dataforest.api.validate"
local cjson = require "cjson"
local core = require "dataforest.core"
local examples = require "spec.support.examples"
local with_empty_lists = require "spec.support.with_empty_lists"
local json = require "dataforest.codec.json"
local operations = require "dataforest.operations"
local responses = require "dataforest.request.response"
local schema = require "dataforest.api.schema"
local xml = require "dataforest.codec.xml"

local DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
local HAN = "\237\149\156"
local ID = "axE7wU9ERm8fTc7e17vNvu"

local number_type = rawget(math, "type")

local function result_of(name)
  return operations.by_name[name].result
end

local function node_of(name)
  return schema.of(result_of(name))
end

--- Asserts that a body is refused, and returns the message.
local function assert_refused(body, shape)
  local value, message = xml.decode(body, shape)
  assert.is_nil(value)
  assert.equal("string", type(message))
  assert.is_nil(message:find "[%z\1-\31]")
  assert.is_true(#message < 300)
  return message
end

--- Asserts that two values are the same, their number types included.
local function assert_identical(expected, value)
  assert.same(expected, value)
  local function compare(a, b)
    if type(a) == "table" then
      for key in pairs(a) do
        compare(a[key], b[key])
      end
    elseif number_type then
      assert.equal(number_type(a), number_type(b))
    end
  end
  compare(expected, value)
end

describe("xml.encode", function()
  it("writes the fields in the order of the parameters", function()
    local params = {
      components = {
        { containerCount = 1, cpuCount = 4, memoryMb = 2048, name = "broker" },
        { containerCount = 2, cpuCount = 1, memoryMb = 1024, name = "kafka-manager" },
      },
      dependentIds = { "one", "two" },
      description = "a & b",
      lifetime = -1,
      name = "kafka001",
      appTypeId = "KAFKA-2.4.0",
      queueName = "longlived",
      accountId = ID,
    }
    local expected = DECLARATION
      .. "<CreateAppRequest><accountId>axE7wU9ERm8fTc7e17vNvu</accountId><queueName>longlived</queueName>"
      .. "<appTypeId>KAFKA-2.4.0</appTypeId><name>kafka001</name><lifetime>-1</lifetime>"
      .. "<description>a &amp; b</description>"
      .. "<dependentIds>one</dependentIds><dependentIds>two</dependentIds>"
      .. "<components><name>broker</name><memoryMb>2048</memoryMb><cpuCount>4</cpuCount>"
      .. "<containerCount>1</containerCount></components>"
      .. "<components><name>kafka-manager</name><memoryMb>1024</memoryMb><cpuCount>1</cpuCount>"
      .. "<containerCount>2</containerCount></components></CreateAppRequest>"
    local create = operations.by_name["apps/create"]
    assert.equal(expected, xml.encode("CreateAppRequest", params, schema.request(create)))
    assert.equal(expected, xml.encode("CreateAppRequest", params, schema.of(create.params)))
  end)

  it("writes responses: maps by name, lists repeated, empty ones left out, booleans as words", function()
    assert.equal(
      DECLARATION .. "<R><total>0</total><success>true</success></R>",
      xml.encode("R", { success = true, total = 0, contents = {} }, node_of "accounts/getList")
    )
    local links = { links = { shell = "https://a?b&c", ["a.b-c_d"] = "x" }, success = false, id = "1" }
    assert.equal(
      DECLARATION
        .. "<R><id>1</id><links><a.b-c_d>x</a.b-c_d><shell>https://a?b&amp;c</shell></links>"
        .. "<success>false</success></R>",
      xml.encode("R", links, node_of "apps/getDetail")
    )
    assert.equal(DECLARATION .. "<R><links/></R>", xml.encode("R", { links = {} }, node_of "apps/getDetail"))
    assert.equal(DECLARATION .. "<R/>", xml.encode("R", {}, schema.of {}))
    assert.equal(DECLARATION .. "<R><message/></R>", xml.encode("R", { message = "", gone = cjson.null }))
    assert.equal(
      DECLARATION .. "<R><search><accountId>x</accountId></search></R>",
      xml.encode("R", { search = { accountId = "x" } }, schema.request(operations.by_name["apps/getList"]))
    )
  end)

  it("writes names that the type does not know after those that it does, in order", function()
    assert.equal(
      DECLARATION .. "<R><id>1</id><b>2</b><c>3</c></R>",
      xml.encode("R", { c = 3, b = 2, id = 1 }, node_of "accounts/delete")
    )
  end)

  it("writes numbers as JSON does", function()
    for _, case in ipairs {
      { 200.0, "200" },
      { -0.0, "0" },
      { 2 ^ 53, "9007199254740992" },
      { 1e15, "1000000000000000" },
      { 0.5, "0.5" },
    } do
      assert.equal(DECLARATION .. "<R><n>" .. case[2] .. "</n></R>", xml.encode("R", { n = case[1] }))
    end
  end)

  it("carries every character that XML 1.0 knows, as it is", function()
    for _, text in ipairs {
      "<&>\"'",
      "]]>",
      "<![CDATA[x]]>",
      "<!-- x -->",
      "&amp;&#10;",
      " edges ",
      "\t",
      "\n",
      "\r",
      "\r\n",
      "a\r\nb\nc\td",
      "\127",
      HAN,
      "\240\159\140\178",
      "\239\191\189",
    } do
      local value = xml.decode(xml.encode("R", { id = text }), result_of "accounts/delete")
      assert.same({ id = text }, value)
    end
  end)

  it("refuses what XML cannot carry, and says where", function()
    local cycle = {}
    cycle.again = cycle
    for _, case in ipairs {
      { { a = { b = "x\0" } }, "a.b: XML cannot carry the control character \\0" },
      { { l = { "x", "\27" } }, "l[2]: XML cannot carry the control character \\27" },
      { { a = "\239\191\190" }, "a: XML cannot carry U+FFFE and U+FFFF" },
      { { a = "\255" }, "a: a string is not valid UTF-8" },
      { { a = print }, "a: a function has no form in XML" },
      { { a = 0 / 0 }, "a: a number is not finite" },
      { { a = { { 1 } } }, "a[1]: a list or null inside a list has no form in XML" },
      { { a = { 1, x = 2 } }, "a: a list must have no gaps, and a table no numbers among its keys" },
      { { ["a b"] = 1 }, "a b: its name cannot name an XML element" },
      { { ["a><x/"] = 1 }, "a><x/: its name cannot name an XML element" },
      { { [""] = 1 }, ": its name cannot name an XML element" },
    } do
      local text, message = xml.encode("R", case[1])
      assert.is_nil(text)
      assert.equal(case[2], message)
    end
    for byte = 0, 31 do
      local text = xml.encode("R", { a = "x" .. string.char(byte) })
      assert.equal(byte == 9 or byte == 10 or byte == 13, text ~= nil)
    end
    local text, message = xml.encode("R", cycle)
    assert.is_nil(text)
    assert.is_truthy(message:find "nested more than 64 deep")
    assert.is_nil(xml.encode("R", "text"))
    assert.is_nil(xml.encode("R", { 1, 2 }))
    assert.is_nil(xml.encode("R><x", {}))
  end)
end)

describe("xml.decode", function()
  local list, detail = result_of "accounts/getList", result_of "accounts/getDetail"

  it("gives each field the type that the shape names", function()
    local value, root = xml.decode(
      "<GetAccountListResponse><contents><id>1</id><disabled>true</disabled></contents>"
        .. "<total>1</total></GetAccountListResponse>",
      core.shape(list)
    )
    assert_identical({ total = 1, contents = { { id = "1", disabled = true } } }, value)
    assert.equal("GetAccountListResponse", root)
  end)

  it("makes a list of one element, of several, and of none", function()
    assert.same({ contents = {} }, (xml.decode("<R/>", list)))
    assert.same({ contents = {} }, (xml.decode("<R></R>", list)))
    assert.same({ contents = {} }, (xml.decode("<R>\n</R>", list)))
    assert.same({ contents = {} }, (xml.decode("<R><contents/></R>", list)))
    assert.same({ contents = {} }, (xml.decode("<R><contents>\n  </contents></R>", list)))
    local one = "<contents><id>%d</id></contents>"
    for _, count in ipairs { 1, 2, 3, 7 } do
      local parts, expected = {}, {}
      for i = 1, count do
        parts[i], expected[i] = one:format(i), { id = tostring(i) }
      end
      -- Elements of other names between them change nothing.
      local body = "<R>" .. table.concat(parts, "<total>1</total>", 1, math.min(count, 2))
      body = body .. table.concat(parts, "", 3) .. "</R>"
      assert.same(expected, xml.decode(body, list).contents)
    end
  end)

  it("keeps names apart from Lua's own, and from the fields of a table", function()
    local value = xml.decode "<R><__index>1</__index><__gc/><__newindex>3</__newindex><n>4</n><n>5</n></R>"
    assert.same({ __index = "1", __gc = "", __newindex = "3", n = { "4", "5" } }, value)
    assert.is_nil(getmetatable(value))
  end)

  it("takes what XML writers add: comments, CDATA, character references, attributes, prefixes", function()
    local value, root = xml.decode(
      "\239\187\191<?xml version='1.0' encoding='utf-8' standalone=\"yes\"?>\n<!-- x -->\n"
        .. "<n:R xmlns:n='urn:x' a='1'>\n  <!-- y -->\n"
        .. "  <n:id kind='z'>a<![CDATA[<b>&amp;]]>&#99;&#x64;&lt;</n:id>\n"
        .. "  <name/>\n</n:R>\n<!-- z -->\n",
      result_of "accounts/getDetail"
    )
    assert.same({ id = "a<b>&amp;cd<", name = "", quotas = {} }, value)
    assert.equal("R", root)
  end)

  it("leaves a name alone that has a colon and nothing behind it", function()
    local value, root = xml.decode "<:><a:>1</a:></:>"
    assert.same({ ["a:"] = "1" }, value)
    assert.equal(":", root)
  end)

  it("keeps the white space of a text, and takes text beside elements for layout", function()
    assert.same(
      { id = " a \n b " },
      (xml.decode("<R>\n <id> a \n b </id>\n</R>", result_of "accounts/delete"))
    )
    assert.same({ id = "1" }, (xml.decode("<R>text<id>1</id>more</R>", result_of "accounts/delete")))
    local value = xml.decode("<R><quotas><spaceTb>\n 200\n</spaceTb></quotas></R>", detail)
    assert.same({ quotas = { { spaceTb = 200 } } }, value)
  end)

  it("takes the empty element for no value, where the type has no empty one", function()
    assert.same({ contents = {} }, (xml.decode("<R><total/></R>", list)))
    assert.same(
      { contents = { { id = "" } } },
      (xml.decode("<R><contents><id/><disabled/></contents></R>", list))
    )
  end)

  it("reads long and much-divided texts in reasonable time", function()
    local text = ("&amp;\n"):rep(200000)
    assert.equal(("&\n"):rep(200000), xml.decode("<R><id>" .. text .. "</id></R>").id)
    local many = "<R>" .. ("<contents><id>1</id></contents>"):rep(50000) .. "</R>"
    assert.equal(50000, #xml.decode(many, list).contents)
  end)

  it("refuses a value of the wrong type, and names it", function()
    assert.equal('total: expected an integer, got "abc"', assert_refused("<R><total>abc</total></R>", list))
    local body = "<R><quotas/><quotas><spaceTb>1.5</spaceTb></quotas></R>"
    assert.equal('quotas[2].spaceTb: expected an integer, got "1.5"', assert_refused(body, detail))
    assert_refused("<R>text</R>", list)
    assert_refused("<R><total>1</total><total>2</total></R>", list)
    assert_refused("<R><contents><id><x/></id></contents></R>", list)
  end)

  it("refuses a DTD before it is read", function()
    local laughs = { '<?xml version="1.0"?><!DOCTYPE R [<!ENTITY l0 "lol">' }
    for i = 1, 30 do
      laughs[#laughs + 1] = ('<!ENTITY l%d "%s">'):format(i, ("&l%d;"):format(i - 1):rep(10))
    end
    laughs[#laughs + 1] = "]><R><id>&l30;</id></R>"
    for _, body in ipairs {
      table.concat(laughs),
      "<!DOCTYPE R><R/>",
      '<!DOCTYPE R SYSTEM "file:///etc/passwd"><R/>',
      '<!DOCTYPE R SYSTEM "http://127.0.0.1:1/x.dtd"><R/>',
      '<!DOCTYPE R PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://127.0.0.1:1/x.dtd"><R/>',
      '<!DOCTYPE R [<!ENTITY x SYSTEM "file:///etc/passwd">]><R><id>&x;</id></R>',
      '<!DOCTYPE R [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><R/>',
      '<!DOCTYPE R [<!ATTLIST R a CDATA "x">]><R/>',
      '<!DOCTYPE R [<!ENTITY a "' .. ("a"):rep(100000) .. '">]><R>' .. ("&a;"):rep(100000) .. "</R>",
      "<!-- before --> <!DOCTYPE html><html/>",
    } do
      assert.equal("invalid XML: it has a DTD, which is never read", assert_refused(body))
    end
  end)

  it("refuses entities, processing instructions, broken and doubled documents", function()
    for _, body in ipairs {
      "",
      " ",
      "text",
      "<",
      "<R",
      "<R>",
      "<R></R",
      "<R><id>x</id>",
      "<R><id>x</R></id>",
      "<R></r>",
      "<R/><R/>",
      "<R/>text",
      "<R/>\0",
      "<R>&nope;</R>",
      "<R>&nbsp;</R>",
      "<R>&</R>",
      "<R>&#0;</R>",
      "<R>&#8;</R>",
      "<R>&#xFFFE;</R>",
      "<R>&#x110000;</R>",
      "<R>a\0b</R>",
      "<R>a\8b</R>",
      "<R a='1' a='2'/>",
      "<R a=1/>",
      "<R>]]></R>",
      "<R><![CDATA[</R>",
      "<R><!-- -- --></R>",
      "<1/>",
      "<R><?php system('x') ?></R>",
      "<?xml-stylesheet href='x'?><R/>",
      "x<?xml version='1.0'?><R/>",
      '{"success":true}',
    } do
      assert.equal("invalid XML: ", assert_refused(body):sub(1, 13))
    end
  end)

  it("reads white space before the declaration, and nil elements as null", function()
    local shape = schema.shape(result_of "accounts/getDetail")
    for _, before in ipairs { "\n", " ", "\239\187\191", "\239\187\191\r\n", "\t\n " } do
      local value = xml.decode(before .. '<?xml version="1.0" encoding="UTF-8"?>\n<r><id>a</id></r>', shape)
      assert.equal("a", value.id)
    end
    local body =
      [[<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:i="x"><id>a</id><name xsi:nil="true"/>
      <status i:nil="1"></status><createdAt xsi:nil="false">t</createdAt><quotas xsi:nil="true"/>
      <quotas><spaceTb xsi:nil="true"/><namespace nil="true">koya</namespace></quotas></r>]]
    assert.same({ id = "a", createdAt = "t", quotas = { { namespace = "koya" } } }, (xml.decode(body, shape)))
    assert.same({ quotas = {} }, (xml.decode('<r><a x:nil="true">b</a></r>', shape)))
  end)

  it("takes no more than eight times its size in memory, and 4 MB", function()
    for _, unit in ipairs { "<a/>", "<a><b/></a>", "&lt;", "<a>x</a>", "<c/>x" } do
      local body = "<R>" .. unit:rep(math.floor(1024 * 1024 / #unit)) .. "</R>"
      collectgarbage()
      collectgarbage()
      collectgarbage "stop"
      local before = collectgarbage "count"
      local value, _, kind = xml.decode(body)
      local grown = (collectgarbage "count" - before) * 1024
      collectgarbage "restart"
      assert.is_true(grown < 2.5 * (8 * #body + 4 * 1024 * 1024), unit .. ": " .. grown / #body)
      assert.is_true(value ~= nil or kind == "limit")
    end
  end)

  it("refuses depth beyond 64", function()
    local function nested(depth)
      return ("<a>"):rep(depth) .. "x" .. ("</a>"):rep(depth)
    end
    assert.is_truthy(xml.decode(nested(64)))
    assert.equal("invalid XML: elements are nested more than 64 deep", assert_refused(nested(65)))
    assert_refused(nested(100000))
    assert_refused(("<a>"):rep(1000000))
  end)

  it("refuses every encoding but UTF-8", function()
    local long = ("z"):rep(1000)
    for _, name in ipairs { "EUC-KR", "euc-kr", "ISO-8859-1", "UTF-16", "windows-949", "x'y", long } do
      local body = ('<?xml version="1.0" encoding="%s"?><R><id>abc</id></R>'):format(name)
      local message = assert_refused(body)
      assert.is_truthy(message:find("only UTF-8 is read", 1, true), message)
    end
    assert.equal(
      "invalid XML: it is in EUC-KR, and only UTF-8 is read",
      assert_refused '<?xml version="1.0" encoding="EUC-KR"?><R><name>\200\192</name></R>'
    )
    for _, body in ipairs {
      "<R>\200\192</R>",
      "<R>\192\128</R>",
      "<R>\237\160\128</R>",
      "<R>\226\130</R>",
      "\255\254<\0R\0/\0>\0",
      "\254\255\0<\0R\0/\0>",
      "<\0R\0/\0>\0",
      "\0<\0R\0/\0>",
    } do
      assert.equal("invalid XML: it is not in UTF-8", assert_refused(body))
    end
    for _, name in ipairs { "UTF-8", "utf-8", "US-ASCII" } do
      assert.same(
        { id = "x" },
        (xml.decode(("<?xml version='1.0' encoding='%s'?><R><id>x</id></R>"):format(name)))
      )
    end
  end)

  it("shows no more of a body than a name and a short value", function()
    local secret = "TOPSECRETTOPSECRET"
    for _, body in ipairs {
      "<R>" .. secret .. "<R/>",
      "<R>" .. secret .. "&" .. secret .. ";</R>",
      "<!DOCTYPE " .. secret .. "><R/>",
      "<R/>" .. secret,
    } do
      assert.is_nil(assert_refused(body):find(secret, 1, true))
    end
  end)

  it("reads on after any failure", function()
    for _ = 1, 50 do
      assert_refused "<R><id>x"
      assert_refused "<!DOCTYPE R><R/>"
      assert.same({ id = "x" }, (xml.decode "<R><id>x</id></R>"))
    end
  end)
end)

describe("lua-expat", function()
  local function reload()
    package.loaded["dataforest.codec.xml"] = nil
    local fresh = require "dataforest.codec.xml"
    package.loaded["dataforest.codec.xml"] = xml
    return fresh
  end

  it("is loaded at first use", function()
    local lxp = require "lxp"
    package.loaded.lxp = nil
    local fresh = reload()
    assert.is_nil(package.loaded.lxp)
    fresh.encode("R", {})
    assert.is_truthy(package.loaded.lxp)
    package.loaded.lxp = lxp
  end)

  it("is missed before a request is sent, with the names of the packages", function()
    local lxp = require "lxp"
    package.loaded.lxp = nil
    package.preload.lxp = function()
      error "module 'lxp' not found:\n\tno file"
    end
    local fresh = reload()
    local text, encode_message = fresh.encode("R", {})
    local value, decode_message = fresh.decode "<R/>"
    package.preload.lxp = nil
    package.loaded.lxp = lxp
    assert.is_nil(text)
    assert.is_nil(value)
    assert.equal(encode_message, decode_message)
    for _, words in ipairs { "lua-expat", "luarocks install luaexpat", "apt-get install" } do
      assert.is_truthy(decode_message:find(words, 1, true))
    end
    assert.is_nil(decode_message:find "\n")
  end)
end)

describe("each documented example in XML", function()
  for _, example in ipairs(examples) do
    local operation = operations.by_name[example.operation]

    if example.request then
      it("sends " .. example.title, function()
        local options = { validate = not example.request.breaks }
        local wire = arguments.check(operation, example.request.json, options)
        local text = xml.encode(operation.xml.request, wire, schema.request(operation))
        local start = DECLARATION .. "<" .. operation.xml.request
        assert.equal(start, text:sub(1, #start))
        -- The pages' own form and ours are read into the parameters alike.
        local params = { object = "Request", fields = {} }
        for i, field in ipairs(operation.params) do
          params.fields[i] = field
        end
        if operation.params[1] and operation.params[1].within then
          params = nil
        end
        local expected =
          with_empty_lists(json.decode(json.encode(example.request.json, schema.request(operation))), params)
        for _, body in ipairs { text, example.request.xml } do
          local value, root = xml.decode(body, params)
          assert.equal(operation.xml.request, root)
          assert.same(expected, value)
        end
      end)
    end

    if example.response and not example.response.binary then
      it("reads " .. example.title, function()
        local result, response = operation.result, example.response
        local from_json = with_empty_lists(json.decode(json.encode(response.json), result), result)
        local from_xml = xml.decode(response.xml, result)
        -- Not in the shape: the envelope, whose words and numbers stay texts without it.
        for _, name in ipairs { "success", "error" } do
          from_json[name], from_xml[name] = nil, nil
        end
        assert_identical(from_json, from_xml)
      end)

      it("understands " .. example.title .. " as its JSON", function()
        local response = example.response
        local values, errors = {}, {}
        for i, body in ipairs { json.encode(response.json), response.xml } do
          values[i], errors[i] =
            responses.read(operation, { status = response.status, headers = {}, body = body })
        end
        assert.same(errors[1], errors[2])
        if values[1] then
          assert_identical(with_empty_lists(values[1], operation.result), values[2])
        else
          assert.is_truthy(errors[2].kind)
        end
      end)

      it("writes the response of " .. example.title, function()
        local response = example.response
        local text = xml.encode(operation.xml.response, response.json, schema.of(operation.result))
        local own, pages = xml.decode(text, operation.result), xml.decode(response.xml, operation.result)
        assert.same(pages, own)
      end)
    end
  end
end)
