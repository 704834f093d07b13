--- What an HTTP answer means: the value of a call, or its error.
--
-- Two layers can answer (the gateway and Data Forest), in several shapes, and HTTP 200 can
-- be a refusal. The format is told by the body's first character and not by its label:
-- the gateway has been seen to send JSON as `text/plain`.
--
-- @module dataforest.request.response

local core = require "dataforest.core"
local errors = require "dataforest.errors"
local json = require "dataforest.codec.json"
local lazy = require "dataforest.util.lazy"

local xml = lazy "dataforest.codec.xml"

local byte = string.byte

local answer = {}

-- The errors are taken as they come: what one of them looks like is settled below.
local ENVELOPE = {
  { name = "success", type = "boolean" },
  { name = "message", type = "string" },
  { name = "error", type = "any" },
  { name = "responseError", type = "any" },
}

local error_shape = core.shape {
  object = "Error",
  fields = { { name = "success", type = "boolean" } },
}

-- Without an operation that is known, the envelope is all that is.
local unknown_shape = core.shape { object = "Answer", fields = ENVELOPE }

local shapes = setmetatable({}, { __mode = "k" })

--- The shape of an operation's answer: its result in the envelope that carries it.
local function shape_of(operation)
  local result = operation.result
  if type(result) ~= "table" or not result.fields then
    return unknown_shape
  end
  local shape = shapes[operation]
  if not shape then
    local fields, taken = {}, {}
    for _, field in ipairs(result.fields) do
      fields[#fields + 1] = field
      taken[field.name] = true
    end
    for _, field in ipairs(ENVELOPE) do
      if not taken[field.name] then
        fields[#fields + 1] = field
      end
    end
    shape = core.shape { object = result.object, fields = fields }
    shapes[operation] = shape
  end
  return shape
end

local function first_character(body)
  return body:match "^\239?\187?\191?%s*(%S)"
end

local function is_html(body)
  local head = body:sub(1, 512):lower()
  return head:find("<html", 1, true) ~= nil or head:find("<!doctype html", 1, true) ~= nil
end

local BRACE = 123

--- Reads a body in the format that it is in.
-- @treturn[1] ?table value
-- @treturn[2] nil
-- @treturn[2] string what is wrong
local function decode(body, shape, content_type)
  if byte(body) == BRACE then -- as nearly every answer begins
    return json.decode(body, shape)
  end
  local first = first_character(body)
  if first == "{" or first == "[" then
    return json.decode(body, shape)
  elseif first == "<" and not is_html(body) then
    return xml.decode(body, shape)
  elseif first == "<" then
    return nil, "an HTML page came in place of an answer, as a proxy or a wrong base_url sends one"
  end
  return nil, ("expected JSON or XML, got %s"):format(content_type or "text without a content type")
end

-- HTTP statuses that mean one kind whatever the code.
local KIND_BY_STATUS = { [401] = "auth", [403] = "forbidden", [404] = "not_found", [429] = "throttled" }

local KIND_BY_STATUS_AND_CODE = { ["401 210"] = "forbidden", ["429 400"] = "quota" }

local function kind_of(status, code, message)
  local kind = code and KIND_BY_STATUS_AND_CODE[status .. " " .. code] or KIND_BY_STATUS[status]
  if kind then
    return kind
  elseif status >= 500 then
    return "server"
  elseif status >= 400 then
    local text = (message or ""):lower()
    return text:find("exceeded limit on resource quota", 1, true) and "quota" or "invalid"
  end
  return "protocol"
end

-- Texts for answers that bring none of their own.
local MESSAGES = {
  [400] = "invalid request parameters",
  [401] = "authentication failed",
  [403] = "not allowed to access",
  [404] = "no such element",
  [413] = "the request is too large",
  [429] = "too many requests",
  [500] = "unexpected error",
  [502] = "bad gateway",
  [503] = "service unavailable",
  [504] = "the gateway had no answer in time",
}

--- Text out of a field that should be text, and may be a number or a table.
local function text_of(value)
  if type(value) == "table" then
    return json.encode(value)
  end
  return value ~= nil and tostring(value) or nil
end

--- The fields of an error out of an envelope of any shape.
local function error_fields(envelope, response)
  -- The gateway's XML puts the fields right under its root.
  local inner = type(envelope.error) == "table" and envelope.error or envelope
  local classic = type(envelope.responseError) == "table" and envelope.responseError or {}
  local message = text_of(inner.message or classic.returnMessage or envelope.message)
  local details = text_of(inner.details)
  if not message and type(envelope.error) == "string" then
    message = envelope.error
  end
  return {
    message = message,
    details = details,
    code = text_of(inner.errorCode or classic.returnCode),
    request_id = text_of(inner.requestId) or response.headers["x-ncp-trace-id"],
  }
end

local function failed(response)
  local status = response.status
  local envelope = response.body ~= "" and decode(response.body, error_shape) or nil
  local fields = error_fields(type(envelope) == "table" and envelope or {}, response)
  fields.status = status
  fields.kind = kind_of(status, fields.code, fields.message)
  if status >= 300 and status < 400 then
    fields.message = "the service answered with a redirect, which is never followed: check base_url"
  elseif not fields.message or fields.message == "" then
    fields.message = MESSAGES[status] or "the service gave no reason"
  end
  return nil, errors.new(fields)
end

local function malformed(response, message)
  return nil,
    errors.new {
      kind = "protocol",
      message = "the answer cannot be read: " .. message,
      status = response.status,
      request_id = response.headers["x-ncp-trace-id"],
    }
end

local function is_refusal(value)
  return value.success == false or value.error ~= nil or value.errorCode ~= nil or value.responseError ~= nil
end

local function refused(response, value)
  local fields = error_fields(value, response)
  fields.kind = "refused"
  fields.status = response.status
  if not fields.message or fields.message == "" then
    fields.message = "the service refused the call and gave no reason"
  end
  return nil, errors.new(fields)
end

--- An answer whose value is its bytes, unless those are an error in disguise.
local function bytes(response)
  local body = response.body
  if body == "" then
    return malformed(response, "it is empty where bytes were expected")
  end
  local first = first_character(body)
  if first == "{" or first == "<" then
    local value = decode(body, error_shape)
    if type(value) == "table" and is_refusal(value) then
      return refused(response, value)
    elseif type(value) == "table" or is_html(body) then
      return malformed(response, "text came where bytes were expected")
    end
  end
  return body
end

local SECONDS = "%((%d+) seconds?%)"

--- Fills the fields that are read out of others.
local function derive(operation, value)
  for _, field in ipairs(operation.result.fields) do
    local text = field.seconds_as and value[field.name]
    if text then
      local seconds = text:match(SECONDS) or text:match "^(%-?%d+)$"
      value[field.seconds_as] = seconds and math.floor(tonumber(seconds)) or nil
    end
  end
end

-- What older pages put in `message` beside `success: true`; it says nothing.
local EMPTY_MESSAGES = { success = true, [""] = true }

--- Tells what an answer means.
-- @tparam table operation an entry of `dataforest.operations`
-- @tparam table response `status`, `headers` with lower-case names, and `body`; `end_uncertain` where the
--   body may be a part of what was sent
-- @treturn[1] table|string the value of the call
-- @treturn[2] nil
-- @treturn[2] table an error: `auth`, `forbidden`, `not_found`, `invalid`, `quota`, `throttled`,
--   `refused`, `server` or `protocol`
function answer.read(operation, response)
  local status = response.status
  if status < 200 or status > 299 then
    return failed(response)
  elseif response.end_uncertain and (operation.binary or response.body == "") then
    -- A text that is whole shows it by its last bracket; bytes and nothing at all do not.
    return malformed(response, "it may be cut short, since it has neither Content-Length nor chunks")
  elseif operation.binary then
    return bytes(response)
  elseif response.body == "" then
    return {}
  end
  local value, message = decode(response.body, shape_of(operation), response.headers["content-type"])
  if value == nil then
    return malformed(response, message)
  elseif type(value) ~= "table" then
    return malformed(response, "expected an object")
  elseif is_refusal(value) then
    return refused(response, value)
  end
  value.success = nil
  if EMPTY_MESSAGES[value.message] then
    value.message = nil
  end
  if operation.derives then
    derive(operation, value)
  end
  return value
end

return answer
