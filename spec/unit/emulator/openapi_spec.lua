local cjson = require "cjson"
local files = require "spec.support.files"
local openapi = require "dataforest.emulator.openapi"
local operations = require "dataforest.operations"

local document = cjson.decode(openapi.text())

local function each_table(value, visit)
  visit(value)
  for _, member in pairs(value) do
    if type(member) == "table" then
      each_table(member, visit)
    end
  end
end

local function body_of(id)
  return document.paths["/api/v2/" .. id].post.requestBody.content["application/json"].schema
end

describe("the OpenAPI document", function()
  it("has every operation, and marks the older ones", function()
    assert.are.equal("3.1.0", document.openapi)
    local count, ids = 0, {}
    for _, operation in ipairs(operations.list) do
      local post = assert(document.paths[operation.path], operation.path).post
      assert.are.equal(operation.status ~= "current", post.deprecated or false)
      assert.are.equal(operation.page, post.externalDocs.url)
      assert.is_nil(ids[post.operationId])
      ids[post.operationId] = true
      count = count + 1
    end
    for _ in pairs(document.paths) do
      count = count - 1
    end
    assert.are.equal(0, count)
  end)

  it("refers to nothing that is not there", function()
    local count = 0
    each_table(document, function(value)
      local reference = rawget(value, "$ref")
      if reference then
        local at = document
        for name in reference:sub(3):gmatch "[^/]+" do
          at = assert(at[name], reference)
        end
        count = count + 1
      end
    end)
    assert.is_true(count > 100)
  end)

  it("has the limits of parameters, with those inside objects in their place", function()
    local create = body_of "accounts/create"
    assert.are.same({ "name", "password" }, create.required)
    local name = body_of("accounts/checkAvailableName").properties.name
    assert.are.equal("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", name.pattern)
    assert.are.equal(2, name.minLength)
    assert.are.equal(16, name.maxLength)
    assert.are.equal("password", create.properties.password.format)
    assert.is_true(create.properties.password.writeOnly)
    local quota = body_of "accounts/setQuota"
    assert.are.same({ "koya", "tata" }, quota.properties.namespace.enum)
    assert.are.equal(500, quota.properties.spaceTb.maximum)
    local list = body_of "apps/getList"
    assert.are.same({ "search" }, list.required)
    assert.are.same({ "accountId" }, list.properties.search.required)
    assert.are.same(
      { { minimum = 300, maximum = 604800 }, { const = -1 } },
      body_of("apps/create").properties.lifetime.anyOf
    )
    assert.is_nil(body_of("accounts/getList").required)
  end)

  it("has the file of the keytab as a file, and every security header", function()
    local keytab = document.paths["/api/v2/accounts/getKerberosKeytab"].post.responses["200"]
    assert.is_table(keytab.content["application/octet-stream"])
    local schemes = document.components.securitySchemes
    assert.are.equal("x-ncp-apigw-signature-v2", schemes.signature.name)
    assert.are.equal("x-ncp-apigw-timestamp", schemes.timestamp.name)
    assert.are.equal("x-ncp-iam-access-key", schemes.accessKey.name)
  end)

  it("is the one in the docs", function()
    local text = files.read("docs/public/openapi.json")
    local same = text == openapi.text()
    assert.is_true(same, "docs/public/openapi.json is out of date: tools/openapi.sh")
  end)
end)
