-- Each documented example, from the caller's table to the request's bytes, and from the response's
-- bytes to the caller's table, in JSON and in XML.
--
-- labels: collector

local core = require "dataforest.core"
local dataforest = require "dataforest"
local examples = require "spec.support.examples"
local with_empty_lists = require "spec.support.with_empty_lists"
local json = require "dataforest.codec.json"
local operations = require "dataforest.operations"
local schema = require "dataforest.api.schema"
local scripted = require "spec.support.scripted_transport"
local xml = require "dataforest.codec.xml"

local CONTENT_TYPES = { json = "application/json;charset=UTF-8", xml = "application/xml;charset=UTF-8" }

-- The kind that each status and code stand for, spelled out.
local KINDS = {
  ["200"] = "refused",
  ["400"] = "invalid",
  ["401 200"] = "auth",
  ["401 210"] = "forbidden",
  ["403"] = "forbidden",
  ["404"] = "not_found",
  ["413"] = "invalid",
  ["429 400"] = "quota",
  ["429 410"] = "throttled",
  ["429 420"] = "throttled",
  ["500"] = "server",
  ["503"] = "server",
  ["504"] = "server",
}

local function kind_of(status, response)
  if response.message == "exceeded limit on resource quota" then
    return "quota"
  end
  local code = response.error and response.error.errorCode
  return code and KINDS[status .. " " .. code] or KINDS[tostring(status)]
end

local function call(example, format, body)
  local response = example.response
  local headers = { ["content-type"] = CONTENT_TYPES[format] }
  local transport = scripted.new { { status = response.status, headers = headers, body = body } }
  local df = dataforest.new {
    access_key = "AK_TEST",
    secret_key = "SK_TEST",
    transport = transport,
    format = format,
    retry = false,
    validate = not example.request.breaks,
  }
  local value, err = df:call(example.operation, example.request.json)
  assert.equal(1, #transport.requests)
  return value, err, transport.requests[1]
end

local function assert_sent(example, format, request)
  local operation = operations.by_name[example.operation]
  local sent
  if format == "json" then
    sent = core.decode(request.body)
  else
    assert.equal("<" .. operation.xml.request, request.body:match("^<%?xml.-%?>(<%w+)"))
    -- Lists and numbers come back as the types of the parameters; those inside an object as texts.
    local fields = {}
    for _, field in ipairs(operation.params) do
      if not field.within then
        fields[#fields + 1] = { name = field.name, type = field.type }
      end
    end
    sent = xml.decode(request.body, { object = "Request", fields = fields })
  end
  assert.same(example.request.json, sent)
  assert.equal("application/" .. format, request.headers["Content-Type"])
  local accept = operation.binary and "application/octet-stream" or "application/" .. format
  assert.equal(accept, request.headers.Accept)
end

--- What the caller gets: the response without its envelope.
local function expected_value(response)
  local value = core.decode(json.encode(response))
  value.success = nil
  if value.message == "success" then
    value.message = nil
  end
  value.lifetimeSeconds = value.lifetime and tonumber(value.lifetime:match "%((%d+) seconds%)")
  return value
end

describe("the documented example", function()
  for _, example in ipairs(examples) do
    if example.request and example.response then
      for _, format in ipairs { "json", "xml" } do
        it(("%s, in %s"):format(example.title, format), function()
          local response, result = example.response.json, operations.by_name[example.operation].result
          if example.response.binary then
            local value, err, request = call(example, format, "\5\2\0\0bytes\0\255")
            assert.is_nil(err)
            assert.equal("\5\2\0\0bytes\0\255", value)
            return assert_sent(example, format, request)
          end
          local body = format == "json" and json.encode(response, schema.of(result)) or example.response.xml
          local value, err, request = call(example, format, body)
          assert_sent(example, format, request)
          if example.response.status == 200 and response.success then
            assert.is_nil(err)
            local expected = with_empty_lists(expected_value(response), result)
            for name, member in pairs(expected) do
              assert.same(member, value[name])
            end
            for name, member in pairs(value) do
              assert.same(expected[name], member)
            end
          else
            assert.is_nil(value)
            assert.equal(kind_of(example.response.status, response), err.kind)
            assert.equal(example.response.status, err.status)
            local inner = response.error or response
            local password = example.request.json.password
            local message = inner.message
            if password and message:find(password, 1, true) then
              message = message:match "^(.-)'" -- the password that it quotes is taken out
              assert.is_nil(err.message:find(password, 1, true))
            end
            assert.equal(message, err.message:sub(1, #message))
            assert.equal(inner.errorCode and tostring(inner.errorCode), err.code)
            assert.equal(inner.requestId, err.request_id)
            assert.equal(inner.details, err.details)
          end
        end)
      end
    end
  end
end)
