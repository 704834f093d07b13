local arguments = require "dataforest.api.validate"
local describe_type = require "tools.docs.describe"
local json = require "dataforest.codec.json"
local operations = require "dataforest.operations"
local schema = require "dataforest.api.schema"
local tables = require "dataforest.util.tables"
local validation = require "dataforest.emulator.validation"
local values = require "dataforest.cli.values"
local xml = require "dataforest.codec.xml"

local function entry(changes)
  local operation = tables.copy({
    group = "accounts",
    name = "doThings",
    summary = "Does things.",
    effect = "read",
    params = { { name = "id", type = "string", doc = "Identifier." } },
    result = "any",
  }, changes)
  return operation
end

describe("schema.check", function()
  local function refused(changes)
    local ok, message = pcall(schema.check, entry(changes))
    assert.is_false(ok)
    assert.matches("^dataforest.operations: accounts/doThings", message)
    return message
  end

  local function field(changes)
    local given = tables.copy({ name = "id", type = "string", doc = "Identifier." }, changes)
    return { params = { given } }
  end

  it("passes an entry, and all that there are", function()
    schema.check(entry())
    for _, operation in ipairs(operations.list) do
      schema.check(operation)
    end
  end)

  it("refuses keys that nobody knows, and names the nearest", function()
    assert.matches("has no key delets: did you mean deletes?", refused { delets = true }, 1, true)
    assert.matches("has no key colour: known are", refused { colour = 1 }, 1, true)
    assert.matches(
      "field id has no key maxlength: did you mean max_length?",
      refused(field { maxlength = 5 }),
      1,
      true
    )
    assert.matches(
      "field id has no key secrets: did you mean secret?",
      refused(field { secrets = true }),
      1,
      true
    )
    assert.matches("has no key 1", refused(field { "stray" }), 1, true)
    assert.matches("xml has no key respnse", refused { xml = { respnse = "R" } }, 1, true)
    local inner =
      { array = { object = "Thing", fields = { { name = "a", type = "string", doc = "A.", min = 1 } } } }
    assert.matches("field id: field a has no key min", refused(field { type = inner }), 1, true)
    assert.matches("has no key of", refused(field { type = { array = "string", of = 1 } }), 1, true)
  end)

  it("refuses what is missing or strange", function()
    for what, changes in pairs {
      ["must have the effect read, idempotent or once"] = { effect = "reads" },
      ["must have the status current or older"] = { status = "new" },
      ["must have a summary"] = { summary = 5 },
      ["must have a list of fields"] = { params = "none" },
      ["has a field without a name (number 1)"] = { params = { { type = "string", doc = "X." } } },
      ["says nothing of its field id"] = { params = { { name = "id", type = "string" } } },
      ["has the unknown type text"] = field { type = "text" },
      ["must name its object"] = field { type = { fields = {} } },
      ["has two fields a"] = {
        params = { { name = "a", type = "string", doc = "A." }, { name = "a", type = "string", doc = "A." } },
      },
    } do
      assert.matches(what, refused(changes), 1, true)
    end
  end)
end)

describe("the walk", function()
  it("gives each part to the function for it, and tells where a fault is", function()
    local of = {
      object = "Thing",
      fields = {
        {
          name = "list",
          type = { array = { object = "Item", fields = { { name = "n", type = "integer" } } } },
        },
        { name = "map", type = { map = "string" } },
        { name = "absent", type = "boolean" },
      },
    }
    local seen = {}
    local how = {
      scalar = function(node, value)
        seen[#seen + 1] = (node.name or "?") .. "=" .. tostring(value)
        if value == "bad" then
          return nil, "is bad"
        end
        return value
      end,
      mismatch = function(node)
        return nil, "is no " .. node.kind
      end,
      is_absent = function()
        return false
      end,
      absent = function(node)
        return "no " .. node.name
      end,
      unknown = function(_, name, value)
        if value == "bad" then
          return nil, "is unknown", name
        end
        return value
      end,
    }
    assert.are.same(
      { list = { { n = 1 }, { n = 2 } }, map = { a = "b" }, absent = "no absent", more = 3 },
      (schema.walk(schema.of(of), { list = { { n = 1 }, { n = 2 } }, map = { a = "b" }, more = 3 }, how))
    )
    assert.are.same({ "n=1", "n=2", "map=b" }, seen)
    for path, value in pairs {
      ["list[2].n"] = { list = { { n = 1 }, { n = "bad" } } },
      ["map.a"] = { map = { a = "bad" } },
      ["list"] = { list = 5 },
      ["list[1]"] = { list = { 5 } },
      ["map"] = { map = { "x" } },
      ["more"] = { more = "bad" },
      [""] = 7,
    } do
      local out, fault, where = schema.walk(schema.of(of), value, how)
      assert.is_nil(out)
      assert.matches("^is ", fault)
      assert.are.equal(path, where or "")
    end
  end)
end)

describe("a scalar type", function()
  before_each(function()
    schema.scalars.even = {
      kind = "integer",
      noun = "an even number",
      annotation = "integer",
      sample = function()
        return 4
      end,
      from_text = function(text)
        local number = tonumber(text)
        if not number or number % 2 ~= 0 then
          return nil, "must be an even number"
        end
        return number
      end,
      fits = function(value)
        return value % 2 == 0
      end,
    }
  end)

  after_each(function()
    schema.scalars.even = nil
  end)

  it("is added in one place, and taken from there by all", function()
    local params = {
      { name = "n", type = "even", required = true, minimum = 2, maximum = 8, doc = "Number." },
      { name = "all", type = { array = "even" }, doc = "More." },
    }
    local operation = entry { params = params, result = { object = "R", fields = params } }
    schema.check(operation)
    operation.id = "accounts/doThings"

    local wire = assert(arguments.check(operation, { n = 4, all = { 2, 6 } }))
    local function message(given)
      local _, err = arguments.check(operation, given)
      return err.message
    end
    assert.are.equal("n must be an even number, got 3", message { n = 3 })
    assert.are.equal("all[2] must be an even number, got 5", message { n = 2, all = { 4, 5 } })
    assert.are.equal(
      'n must be an even number, got the string "4": pass it through tonumber()',
      message { n = "4" }
    )
    assert.are.equal("n must be 2 to 8, got 10", message { n = 10 })

    local node = schema.request(operation)
    assert.are.equal('{"n":4,"all":[2,6]}', json.encode(wire, node))
    local text = xml.encode("R", wire, node)
    assert.matches("<R><n>4</n><all>2</all><all>6</all></R>", text, 1, true)
    local shape = schema.shape(operation.result)
    assert.are.same(wire, json.decode('{"n":"4","all":[2,6]}', shape))
    assert.are.same(wire, (xml.decode(text, shape)))
    assert.is_nil((json.decode('{"n":"four"}', shape)))

    local request_type = validation.request_type(operation, true)
    assert.are.same(wire, (validation.request(request_type, { n = 4, all = { 2, 6 } }, true)))
    local _, response = validation.request(request_type, { n = 10 }, true)
    assert.matches("constraint violation Max, n", response.body.message, 1, true)

    assert.are.equal(4, values.from_text("even", "4"))
    local _, fault = values.from_text("even", "3")
    assert.are.equal('must be an even number, got "3"', fault)
    assert.are.equal("even", describe_type.type "even")
  end)
end)

describe("an operation", function()
  local operation = entry {
    group = "things",
    name = "make",
    params = {
      { name = "kind", type = "string", required = true, within = "search", doc = "Kind." },
      { name = "limit", type = "integer", default = 5, within = "paging", doc = "Most." },
    },
  }

  it(
    "has its containers in the form in which it travels, and a bare string for the only one needed",
    function()
      local node = schema.request(operation)
      assert.are.same({ "kind", "limit" }, node.names)
      assert.are.equal("kind", schema.single(node).name)
      assert.are.same(
        { search = { kind = "x" }, paging = { limit = 5 } },
        (arguments.check({ id = "things/make", params = operation.params }, "x"))
      )
      assert.is_nil(schema.request(nil))
      assert.is_nil(schema.request { id = "things/unknown" })
    end
  )
end)
