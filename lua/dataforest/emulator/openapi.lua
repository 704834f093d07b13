--- The operations as an OpenAPI 3.1 document, made from `dataforest.operations`.
--
-- The emulator serves it at `/_emulator/openapi.json`; `tools/openapi.sh` writes it for the docs.
-- Operations that only older pages know are marked `deprecated`; the emulator does not have them.
-- @module dataforest.emulator.openapi

local errors = require "dataforest.emulator.error_responses"
local headers = require "dataforest.api.headers"
local json = require "dataforest.emulator.json"
local operations = require "dataforest.operations"
local tables = require "dataforest.util.tables"
local validation = require "dataforest.emulator.validation"
local version = require "dataforest.version"

local list = json.list

local openapi = {}

-- Schemas ----------------------------------------------------------------------------------------------

-- The classes of the type language read the same in regular expressions.
local function pattern_of(field)
  local any = ("[%s]*"):format(field.charset)
  local pattern = any
  if field.edges then
    pattern = ("[%s](%s[%s])?"):format(field.edges, any, field.edges)
  end
  if field.no_double then
    pattern = ("(?!.*%s)%s"):format(field.no_double:rep(2), pattern)
  end
  return "^" .. pattern .. "$"
end

local Schemas = {}
Schemas.__index = Schemas

-- A named object becomes a component; two that share a name and nothing else get numbers.
function Schemas:reference(type_)
  local name = self.names[type_]
  if not name then
    name = type_.object
    local number = 1
    while self.all[name] do
      number = number + 1
      name = type_.object .. number
    end
    self.names[type_] = name
    self.all[name] = true -- which holds the place while its members are looked at
    self.all[name] = self:object(type_)
  end
  return { ["$ref"] = "#/components/schemas/" .. name }
end

function Schemas:plain(type_)
  if type_ == "any" or type_ == nil then
    return {}
  elseif type(type_) == "string" then
    return { type = type_ }
  elseif type_.array then
    return { type = "array", items = self:plain(type_.array) }
  elseif type_.map then
    return { type = "object", additionalProperties = self:plain(type_.map) }
  end
  return type_.object and self:reference(type_) or self:object(type_, true)
end

local function with_range(schema, field)
  local range = { minimum = field.minimum, maximum = field.maximum }
  if not field.also then
    return tables.copy(schema, range)
  end
  schema.anyOf = list { range }
  for i, value in ipairs(field.also) do
    schema.anyOf[i + 1] = { const = value }
  end
  return schema
end

--- The schema of a field with its limits.
-- @tparam table field
-- @tparam boolean is_request limits are for what clients send; a service may grow
function Schemas:field(field, is_request)
  local schema = self:plain(field.type)
  schema.description = field.doc
  if not is_request then
    return schema
  end
  schema = with_range(schema, field) -- no multipleOf: one documented example breaks it
  schema.minLength, schema.maxLength = field.min_length, field.max_length
  schema.pattern = field.charset and pattern_of(field) or nil
  schema.enum = field.values and list(tables.copy(field.values)) or nil
  schema.default = field.service_default
  if field.secret then
    schema.format, schema.writeOnly = "password", true
  end
  return schema
end

function Schemas:object(type_, is_request)
  local schema = { type = "object", properties = {}, required = list {} }
  for _, field in ipairs(type_.fields) do
    if not field.derived then
      schema.properties[field.name] = self:field(field, is_request or field.required ~= nil)
      if field.required and field.service_default == nil then
        schema.required[#schema.required + 1] = field.name
      end
    end
  end
  if #schema.required == 0 then
    schema.required = nil
  end
  return schema
end

-- Operations -------------------------------------------------------------------------------------------

local function response_schema(schemas, operation)
  if type(operation.result) ~= "table" then
    return { type = "object" }
  end
  local schema = schemas:object { fields = operation.result.fields or {} }
  schema.properties.success = { type = "boolean", description = "False where the service refused the call." }
  schema.properties.message = schema.properties.message
    or { type = "string", description = "Why it was refused." }
  schema.required = list { "success" }
  return schema
end

local function json_content(schema)
  return { ["application/json"] = { schema = schema } }
end

local function responses_of(schemas, operation)
  local out = {}
  for _, status in ipairs { "400", "401", "403", "404", "413", "429", "500", "503", "504" } do
    out[status] = { ["$ref"] = "#/components/responses/Error" .. status }
  end
  if operation.binary then
    out["200"] = {
      description = "The file.",
      content = { ["application/octet-stream"] = { schema = { type = "string", format = "binary" } } },
    }
  else
    out["200"] = {
      description = "Done, or with `success` false: refused.",
      content = json_content(response_schema(schemas, operation)),
    }
  end
  return out
end

local function path_item(schemas, operation)
  local is_older = operation.status ~= "current"
  local body = schemas:object(validation.body_type(operation.params), true)
  return {
    post = {
      operationId = operation.group .. "_" .. operation.name,
      tags = list { operation.group },
      summary = operation.summary,
      description = is_older and "Known from pages up to November 2024 only. The emulator does not have it."
        or nil,
      deprecated = is_older or nil,
      externalDocs = { url = operation.page },
      requestBody = { required = body.required ~= nil, content = json_content(body) },
      responses = responses_of(schemas, operation),
    },
  }
end

local ERRORS = {
  GatewayError = {
    type = "object",
    description = "An error of the API Gateway.",
    required = list { "error" },
    properties = {
      error = {
        type = "object",
        required = list { "errorCode", "message" },
        properties = {
          errorCode = { type = list { "string", "integer" } },
          message = { type = "string" },
          details = { type = "string" },
          requestId = { type = "string" },
        },
      },
    },
  },
  ServiceError = {
    type = "object",
    description = "An error of Data Forest itself.",
    required = list { "message", "success" },
    properties = { message = { type = "string" }, success = { type = "boolean", const = false } },
  },
}

local function error_responses()
  local out = {}
  for _, known in ipairs(errors.gateway_errors) do
    local name = "Error" .. known.status
    local before = out[name] and out[name].description .. "; " or ""
    out[name] = {
      description = ("%s%s (%s)"):format(before, known.message, known.code),
      content = json_content {
        anyOf = list {
          { ["$ref"] = "#/components/schemas/GatewayError" },
          { ["$ref"] = "#/components/schemas/ServiceError" },
        },
      },
    }
  end
  return out
end

local function header(name, description)
  return { type = "apiKey", ["in"] = "header", name = name, description = description }
end

local SECURITY = {
  timestamp = header(headers.TIMESTAMP, "Milliseconds since the epoch, at most five minutes off."),
  accessKey = header(headers.ACCESS_KEY, "The access key."),
  signature = header(
    headers.SIGNATURE,
    "Base64 of the HMAC-SHA-256, with the secret key, of "
      .. "`POST <path and query>\\n<timestamp>\\n<access key>`."
  ),
}

local function document()
  local schemas = setmetatable({ all = tables.copy(ERRORS), names = {} }, Schemas)
  local paths = {}
  local tags = list {}
  for i, group in ipairs(operations.groups) do
    tags[i] = { name = group, description = ("Operations of %s."):format(group) }
  end
  for _, operation in ipairs(operations.list) do
    paths[operation.path] = path_item(schemas, operation)
  end
  return {
    openapi = "3.1.0",
    info = {
      title = "Data Forest",
      version = version,
      summary = "NAVER Cloud Platform's Data Forest API, version 2.",
      description = "Made from the operations of dataforest, a client library for Lua; not NAVER's own. "
        .. "Requests and responses may also be XML.",
      license = { name = "MIT", identifier = "MIT" },
    },
    servers = list { { url = "/" } },
    security = list { { timestamp = list {}, accessKey = list {}, signature = list {} } },
    tags = tags,
    paths = paths,
    components = {
      schemas = schemas.all,
      responses = error_responses(),
      securitySchemes = SECURITY,
    },
  }
end

local ORDER = { fields = {} }
for i, name in ipairs { "openapi", "info", "servers", "security", "tags", "paths", "components" } do
  ORDER.fields[i] = { name = name }
end

local text

--- The document as JSON.
-- @treturn string
function openapi.text()
  text = text or json.encode(document(), ORDER) .. "\n"
  return text
end

return openapi
