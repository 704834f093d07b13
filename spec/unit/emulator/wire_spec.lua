-- The emulator's own reading and writing of headers, JSON and XML.

local json = require "dataforest.emulator.json"
local operations = require "dataforest.operations"
local wire = require "dataforest.emulator.wire"

local HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'

--- What an operation's success is written as.
local function written(id, body, format)
  local operation = operations.by_name[id]
  body.success = true
  return (wire.write({ body = body, type = wire.response_type(operation) }, operation, format))
end

describe("the emulator", function()
  it("takes headers in any case, and values of any kind", function()
    assert.same({ ["content-type"] = "a", age = "5" }, wire.headers { ["Content-TYPE"] = "a", AGE = 5 })
    assert.same({}, wire.headers(nil))
  end)

  for _, case in ipairs {
    { nil, nil, "json", "json" },
    { "application/xml", nil, "xml", "xml" },
    { "application/json", "application/xml", "json", "xml" },
    { "text/XML; charset=utf-8", "application/json", "xml", "json" },
    { nil, "*/*", "json", "json" },
    { nil, "application/xml, application/json", "json", "xml" },
    { nil, "application/json, application/xml", "json", "json" },
  } do
    it(
      ("speaks %s and %s for Content-Type %s and Accept %s"):format(
        case[3],
        case[4],
        tostring(case[1]),
        tostring(case[2])
      ),
      function()
        local request, response = wire.formats { ["content-type"] = case[1], accept = case[2] }
        assert.same({ case[3], case[4] }, { request, response })
      end
    )
  end

  it("writes success first in JSON, and in the order of the pages in XML", function()
    local name = { availableName = false, message = "no" }
    assert.equal(
      '{"success":true,"availableName":false,"message":"no"}',
      written("accounts/checkAvailableName", name, "json")
    )
    assert.equal(
      HEAD
        .. "<CheckAccountAvailableNameResponse><success>true</success><message>no</message>"
        .. "<availableName>false</availableName></CheckAccountAvailableNameResponse>",
      written("accounts/checkAvailableName", name, "xml")
    )
    assert.equal(
      HEAD .. "<CreateAccountResponse><id>x</id><success>true</success></CreateAccountResponse>",
      written("accounts/create", { id = "x" }, "xml")
    )
  end)

  it("writes what XML and JSON have other signs for", function()
    local body = { list = json.list { "<a&b>", "\1" }, none = json.null, empty = json.list {} }
    assert.equal(
      HEAD .. "<R><list>&lt;a&amp;b&gt;</list><list>?</list><none/></R>",
      (wire.write({ root = "R", body = body }, nil, "xml"))
    )
    assert.equal(
      '{"error":{"empty":[],"list":["<a&b>","\\u0001"],"none":null}}',
      (wire.write({ wrap = "error", body = body }, nil, "json"))
    )
  end)

  it("says what the body is", function()
    for kind, response in pairs {
      ["application/octet-stream"] = { bytes = "\5\2" },
      ["application/json;charset=UTF-8"] = { body = "<html>" },
      ["application/xml;charset=UTF-8"] = { root = "R", body = {} },
    } do
      local _, content_type = wire.write(response, nil, "xml")
      assert.equal(kind, content_type)
    end
  end)

  it("reads XML along the type of the request, and nothing but its root", function()
    local request = {
      fields = {
        { name = "id", type = "string" },
        { name = "flag", type = "boolean" },
        { name = "count", type = "integer" },
        { name = "all", type = { array = "string" } },
      },
    }
    local text = "<Q><id> a </id><flag>true</flag><count> 5 </count><all>x</all><all>y</all></Q>"
    assert.same(
      { id = " a ", flag = true, count = "5", all = { "x", "y" } },
      wire.read(text, "xml", request, "Q")
    )
    local value, message = wire.read(text, "xml", request, "R")
    assert.is_nil(value)
    assert.equal("the root element is Q, not R", message)
    for _, broken in ipairs { "<Q>", "<!DOCTYPE Q><Q/>", ("<Q>"):rep(70) .. ("</Q>"):rep(70) } do
      assert.is_nil((wire.read(broken, "xml", request)))
    end
    assert.same({}, wire.read(" ", "xml", request))
    assert.same({}, wire.read("null", "json", request))
    assert.is_nil((wire.read("[]", "json", request)))
  end)
end)
