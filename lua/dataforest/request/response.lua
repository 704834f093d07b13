--- What an HTTP response means: the value of a call, or its error.
--
-- Two layers can respond (the gateway and Data Forest), in several shapes, and HTTP 200 can
-- be a refusal. The format is told by the body's first character and not by its label:
-- the gateway has been seen to send JSON as `text/plain`.
--
-- @module dataforest.request.response

local ascii = require "dataforest.util.ascii"
local core = require "dataforest.core"
local headers_of = require "dataforest.api.headers"
local json = require "dataforest.codec.json"
local schema = require "dataforest.api.schema"
local xml = require "dataforest.codec.xml"

local decode_json = core.decode

local response_of = {}

-- The errors are taken as they come: what one of them looks like is settled below.
local ENVELOPE = {
  { name = "success", type = "boolean" },
  { name = "message", type = "string" },
  { name = "error", type = "any" },
  { name = "responseError", type = "any" },
}

local error_shape = schema.shape {
  object = "Error",
  fields = { { name = "success", type = "boolean" } },
}

-- Without an operation that is known, the envelope is all that is.
local unknown_shape = schema.shape { object = "Response", fields = ENVELOPE }

local shapes = setmetatable({}, { __mode = "k" })

--- The shape of an operation's response: its result in the envelope that carries it. Made once.
local function new_shape(operation)
  local result, shape = operation.result, unknown_shape
  if type(result) == "table" and result.fields then
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
    shape = schema.shape { object = result.object, fields = fields }
  end
  shapes[operation] = shape
  return shape
end

local function first_character(body)
  return body:match "^\239?\187?\191?%s*(%S)"
end

local function is_html(body)
  local head = ascii.lower(body:sub(1, 512))
  return head:find("<html", 1, true) ~= nil or head:find("<!doctype html", 1, true) ~= nil
end

--- Reads a body in the format that it is in.
-- @treturn[1] ?table value
-- @treturn[2] nil
-- @treturn[2] string what is wrong
-- @treturn[2] ?string the kind of error, where it is not `protocol`
local function decode(body, shape, content_type)
  local first = first_character(body)
  if first == "{" or first == "[" then
    return json.decode(body, shape)
  elseif first == "<" and not is_html(body) then
    return xml.decode(body, shape)
  elseif first == "<" then
    return nil, "an HTML page came in place of a response, as a proxy or a wrong base_url sends one"
  end
  return nil, ("expected JSON or XML, got %s"):format(content_type or "text without a content type")
end

-- HTTP statuses that mean one kind whatever the code. 408, 421 and 425 say "not now" or "not here".
local KIND_BY_STATUS = {
  [401] = "auth",
  [403] = "forbidden",
  [404] = "not_found",
  [408] = "server",
  [421] = "server",
  [425] = "server",
  [429] = "throttled",
}

local KIND_BY_STATUS_AND_CODE = { ["401 210"] = "forbidden", ["429 400"] = "quota" }

--- The kind of error that a status stands for.
-- @tparam integer status not 200 to 299
-- @tparam ?string code
-- @tparam ?string message
-- @treturn string
function response_of.kind(status, code, message)
  local kind = code and KIND_BY_STATUS_AND_CODE[status .. " " .. code] or KIND_BY_STATUS[status]
  if kind then
    return kind
  elseif status >= 500 then
    return "server"
  elseif status >= 400 then
    local text = ascii.lower(message or "")
    return text:find("exceeded limit on resource quota", 1, true) and "quota" or "invalid"
  end
  return "protocol"
end

-- Texts for responses that bring none of their own.
local MESSAGES = {
  [400] = "invalid request parameters",
  [401] = "authentication failed",
  [403] = "not allowed to access",
  [404] = "no such element",
  [408] = "the service did not wait for the whole request",
  [413] = "the request is too large",
  [421] = "the request reached a server that is not meant for it",
  [425] = "too early",
  [429] = "too many requests",
  [500] = "unexpected error",
  [502] = "bad gateway",
  [503] = "service unavailable",
  [504] = "the gateway had no response in time",
}

--- Text out of a field that should be text, and may be a number or a table.
local function text_of(value)
  if type(value) == "table" then
    return json.encode(value)
  end
  return value ~= nil and tostring(value) or nil
end

-- The names of an error's fields in the envelopes of this gateway, the service and others of their family,
-- in lower case and without underscores; those that win first.
local FIELD_NAMES = {
  code = { "errorcode", "code", "returncode" },
  message = { "message", "msg", "errormessage", "returnmessage", "errordescription" },
  details = { "details" },
  request_id = { "requestid", "traceid" },
}

-- Where those fields stand: in the first of these that is a table and has a code or a message.
local HOLDERS = { "error", "responseerror", "status" }

local function by_plain_name(values)
  local plain = {}
  for name, value in pairs(values) do
    if type(name) == "string" then
      plain[ascii.lower(name):gsub("_", "")] = value
    end
  end
  return plain
end

--- Adds the fields that are not there yet.
local function take(fields, values)
  for field, names in pairs(FIELD_NAMES) do
    for _, name in ipairs(names) do
      if fields[field] == nil and values[name] ~= "" and type(values[name]) ~= "boolean" then
        fields[field] = text_of(values[name])
      end
    end
  end
end

--- The fields of an error out of an envelope of any shape.
local function error_fields(envelope, response)
  local fields = {}
  local outer = by_plain_name(envelope)
  for _, name in ipairs(HOLDERS) do
    if type(outer[name]) == "table" then
      take(fields, by_plain_name(outer[name]))
    end
  end
  take(fields, outer) -- XML may put them right under its root
  if type(outer.error) == "string" then
    if fields.message then
      fields.code = fields.code or outer.error
    else
      fields.message = outer.error
    end
  end
  fields.request_id = fields.request_id or response.headers[headers_of.TRACE_ID]
  return fields
end

-- Bytes of a body that a message shows.
local LONGEST_EXCERPT = 200

--- The beginning of a body that nobody recognises; of a page, its title. Not tidied up here: secrets are
-- taken out first.
local function excerpt(body)
  if is_html(body) then
    body = body:sub(1, 4096):match "<[Tt][Ii][Tt][Ll][Ee][^>]*>%s*([^<]-)%s*</" or ""
  end
  local text = body:sub(1, LONGEST_EXCERPT)
  if not core.valid_utf8(text) then
    if #text < #body then -- the last character may be cut
      text = text:gsub("[\192-\255][\128-\191]*$", "")
    end
    if not core.valid_utf8(text) then
      text = text:gsub("[\128-\255]", "?")
    end
  end
  return #text < #body and text .. "..." or text
end

local function coding(response)
  local value = response.headers["content-encoding"]
  return value and value ~= "" and ascii.lower(tostring(value)) ~= "identity" and tostring(value) or nil
end

local function failed(response)
  local status, body = response.status, response.body
  local encoding = coding(response)
  local envelope = body ~= "" and not encoding and decode(body, error_shape) or nil
  local fields = error_fields(type(envelope) == "table" and envelope or {}, response)
  fields.status = status
  fields.kind = response_of.kind(status, fields.code, fields.message)
  if status >= 300 and status < 400 then
    fields.message = "the service sent a redirect, which is never followed: check base_url"
  elseif not fields.message then
    fields.message = MESSAGES[status] or "the service gave no reason"
    local shown = encoding and ("(a body in Content-Encoding: %s)"):format(encoding) or excerpt(body)
    if shown:find "%S" and not fields.code then
      fields.message = fields.message .. ": " .. shown
    end
  end
  return nil, fields
end

local function malformed(response, message, kind)
  return nil,
    {
      kind = kind or "protocol",
      message = "the response cannot be read: " .. message,
      status = response.status,
      request_id = response.headers[headers_of.TRACE_ID],
    }
end

local function is_refusal(value)
  return value.success == false or value.error ~= nil or value.errorCode ~= nil or value.responseError ~= nil
end

local function refused(response, value)
  local fields = error_fields(value, response)
  fields.kind = "refused"
  fields.status = response.status
  fields.message = fields.message or "the service refused the call and gave no reason"
  return nil, fields
end

--- A response whose value is its bytes, unless those are an error in disguise.
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

--- Whether a body that ended with the connection is whole. Text shows it by its last bracket; bytes, and
-- nothing at all, do not.
local function may_be_cut(operation, body)
  return operation.binary or not body:find "[%]}>]%s*$"
end

--- Tells what a response means.
-- @tparam table operation an entry of `dataforest.operations`
-- @tparam table response `status`, `headers` with lower-case names, and `body`; `end_uncertain` where the
--   body may be a part of what was sent
-- @treturn[1] table|string the value of the call
-- @treturn[2] nil
-- @treturn[2] table the fields of an error, before secrets are taken out of it: `auth`, `forbidden`,
--   `not_found`, `invalid`, `quota`, `throttled`, `refused`, `server`, `network` or `protocol`
function response_of.read(operation, response)
  local status, body = response.status, response.body
  if status < 200 or status > 299 then
    return failed(response)
  elseif status == 206 then
    return malformed(response, "it is a part (HTTP 206), which was not asked for")
  elseif response.headers["content-encoding"] and coding(response) then
    return malformed(
      response,
      ("it comes with Content-Encoding: %s, which was not asked for"):format(coding(response))
    )
  elseif response.end_uncertain and may_be_cut(operation, body) then
    local _, fields =
      malformed(response, "it may be cut short, since it has neither Content-Length nor chunks")
    fields.kind = "network"
    return nil, fields
  elseif operation.binary then
    return bytes(response)
  elseif body == "" then
    if type(operation.result) == "table" then
      return malformed(response, "it is empty")
    end
    return {}
  end
  local shape = shapes[operation] or new_shape(operation)
  local value = decode_json(body, shape) -- what nearly every response is
  if type(value) ~= "table" then
    local message, kind
    value, message, kind = decode(body, shape, response.headers["content-type"])
    if value == nil then
      return malformed(response, message, kind)
    elseif type(value) ~= "table" then
      return malformed(response, "expected an object")
    end
  end
  if is_refusal(value) then
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

return response_of
