local cjson = require "cjson"
local arguments = require "dataforest.api.validate"
local json = require "dataforest.codec.json"
local lists = require "dataforest.util.lists"
local operations = require "dataforest.operations"
local xml = require "dataforest.codec.xml"

describe("lists", function()
  it("are told from other tables", function()
    assert.are.equal(0, lists.length {})
    assert.are.equal(2, lists.length { 1, 2 })
    assert.is_nil(lists.length { 1, nil, 3 })
    assert.is_nil(lists.length { 1, x = 2 })
    assert.is_nil(lists.length { x = 1 })
    assert.is_nil(lists.length { [0] = 1 })
    assert.is_nil(lists.length { [1.5] = 1 })
  end)

  it("are known by the marks of cjson and of dkjson", function()
    assert.is_false(lists.is_list {})
    assert.is_false(lists.is_list(setmetatable({}, {})))
    assert.is_false(lists.is_list(setmetatable({}, { __metatable = "hidden" })))
    assert.is_true(lists.is_list(lists.list {}))
    assert.is_true(lists.is_list(setmetatable({}, { __jsontype = "array" })))
    assert.is_false(lists.is_list(setmetatable({}, { __jsontype = "object" })))
  end)
end)

-- Lua's cjson has none of OpenResty's values here: they are put in, and the modules are loaded anew.
describe("the values of OpenResty's cjson", function()
  local NAMES = {
    "dataforest.util.lists",
    "dataforest.api.schema",
    "dataforest.api.validate",
    "dataforest.codec.json",
    "dataforest.codec.xml",
  }
  local old, check, encode, to_xml = {}, nil, nil, nil

  setup(function()
    for _, name in ipairs { "array_mt", "empty_array_mt", "empty_array" } do
      old[name] = cjson[name]
    end
    cjson.array_mt, cjson.empty_array_mt, cjson.empty_array = {}, {}, io.stdout -- a userdata of its own
    for _, name in ipairs(NAMES) do
      old[name], package.loaded[name] = package.loaded[name], nil
    end
    check = require("dataforest.api.validate").check
    encode, to_xml = require("dataforest.codec.json").encode, require("dataforest.codec.xml").encode
  end)

  teardown(function()
    for _, name in ipairs(NAMES) do
      package.loaded[name] = old[name]
    end
    cjson.array_mt, cjson.empty_array_mt, cjson.empty_array =
      old.array_mt, old.empty_array_mt, old.empty_array
  end)

  it("are encoded as lists, documented or not", function()
    for _, empty in ipairs {
      cjson.empty_array,
      setmetatable({}, cjson.array_mt),
      setmetatable({}, cjson.empty_array_mt),
    } do
      local wire = assert(check({ id = "foo/bar" }, { a = empty, b = { empty } }))
      assert.are.equal('{"a":[],"b":[[]]}', encode(wire))
      wire = assert(check(operations.by_name["apps/create"], {
        accountId = "a",
        appTypeId = "DEV-1.0.0",
        name = "dev001",
        components = empty,
      }))
      assert.are.same({}, wire.components)
      assert.matches(
        "</name><lifetime>604800</lifetime></R>",
        to_xml("R", wire, require("dataforest.api.schema").request(operations.by_name["apps/create"])),
        1,
        true
      )
    end
    local wire = assert(check({ id = "foo/bar" }, { a = setmetatable({ 1, 2 }, cjson.array_mt) }))
    assert.are.equal('{"a":[1,2]}', encode(wire))
  end)

  it("are refused where a table of names belongs", function()
    for _, empty in ipairs { cjson.empty_array, setmetatable({}, cjson.array_mt) } do
      local _, err =
        check(operations.by_name["aiworkspaces/setConfiguration"], { id = "a", configuration = empty })
      assert.are.equal("configuration", err.field)
    end
    local _, err = check({ id = "foo/bar" }, { a = setmetatable({ x = 1 }, cjson.array_mt) })
    assert.are.equal("a is marked as a list: give it values 1 to n, without gaps and names", err.message)
  end)
end)

describe("values of other libraries", function()
  local function fault(value, name)
    local operation = operations.by_name[name or "foo/bar"] or { id = "foo/bar" }
    local _, err = arguments.check(operation, { id = value })
    return err and err.message
  end

  it("are null, or refused by name", function()
    assert.are.equal(
      '{"id":null}',
      json.encode(assert(arguments.check({ id = "foo/bar" }, { id = cjson.null })))
    )
    assert.is_nil(xml.encode("R", { id = io.stdout }))
    assert.are.equal("id cannot be sent: it is a userdata", fault(io.stdout))
    assert.are.equal(
      "id must be a string, got a userdata: pass it through tostring()",
      fault(io.stdout, "accounts/getDetail")
    )
    assert.are.equal("id cannot be sent: it is a thread", fault(coroutine.create(function() end)))
  end)

  if rawget(_G, "jit") then
    it("such as 64-bit integers and string buffers, are refused by name", function()
      local wide = require("ffi").new("int64_t", 5)
      assert.are.equal(
        "id cannot be sent: it is a cdata: pass it through tonumber() or tostring()",
        fault(wide)
      )
      assert.are.equal(
        "id must be a string, got a cdata: pass it through tostring()",
        fault(wide, "accounts/getDetail")
      )
      local _, err = arguments.check(operations.by_name["apps/setLifetime"], { id = "a", lifetime = wide })
      assert.are.equal("lifetime must be an integer, got a cdata: pass it through tonumber()", err.message)
      local found, buffer = pcall(require, "string.buffer")
      if found then
        assert.matches("cannot be sent: it is a ", fault(buffer.new():put "x"), 1, true)
      end
    end)
  end
end)
