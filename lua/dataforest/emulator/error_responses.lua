--- What the emulator can return besides a value: the documented error responses.
--
-- Each function returns `{ status =, body =, type =, root =, wrap = }`: `type` gives the order of
-- the members, `root` is the name of the XML root element (nil: the operation's own), `wrap` the
-- member that JSON puts the body into.
-- @module dataforest.emulator.error_responses

local errors = {}

local function ordered(...)
  local fields = {}
  for i, name in ipairs { ... } do
    fields[i] = { name = name, type = "any" }
  end
  return { object = "Error", fields = fields }
end

local GATEWAY = ordered("errorCode", "message", "details")
local OBJECT = ordered("errorCode", "requestId", "message")
local FLAT = ordered("message", "success")
local REFUSAL = ordered("success", "message")

--- The gateway's errors by status: code and message.
errors.gateway_errors = {
  { status = 400, code = "100", message = "Bad Request Exception" },
  { status = 401, code = "200", message = "Authentication Failed" },
  { status = 401, code = "210", message = "Permission Denied" },
  { status = 403, code = "230", message = "Forbidden" },
  { status = 404, code = "300", message = "Not Found Exception" },
  { status = 429, code = "410", message = "Throttle Limited" },
  { status = 429, code = "420", message = "Rate Limited" },
  { status = 429, code = "400", message = "Quota Exceeded" },
  { status = 413, code = "430", message = "Request Entity Too Large" },
  { status = 503, code = "500", message = "Endpoint Error" },
  { status = 504, code = "510", message = "Endpoint Timeout" },
  { status = 500, code = "900", message = "Unexpected Error" },
}

local function first(field, value)
  for _, entry in ipairs(errors.gateway_errors) do
    if entry[field] == value then
      return entry
    end
  end
end

--- The gateway's error for a code, or for a status.
-- @tparam[opt] string code such as `"410"`
-- @tparam[opt] integer status such as `429`
-- @treturn table|nil `{ status =, code =, message = }`
function errors.find(code, status)
  if code then
    return first("code", code)
  end
  return first("status", status)
end

--- An error of the API Gateway.
function errors.gateway(code, details, message, status)
  local known = first("code", code) or {}
  return {
    status = status or known.status,
    type = GATEWAY,
    root = "error",
    wrap = "error",
    body = { errorCode = code, message = message or known.message, details = details },
  }
end

--- An error of Data Forest itself: `{"message":"...","success":false}`.
function errors.flat(status, message)
  return {
    status = status,
    type = FLAT,
    root = "ErrorResponse",
    body = { message = message, success = false },
  }
end

--- 400: a parameter breaks a limit.
function errors.invalid(what, why)
  local message = what and ("invalid request parameter (%s)%s"):format(what, why or "")
  return errors.flat(400, message or "invalid request parameters")
end

--- HTTP 200 with `success` false.
function errors.refused(message)
  return { status = 200, type = REFUSAL, body = { success = false, message = message } }
end

--- 400: a limit on the number of resources is reached.
function errors.quota()
  return errors.flat(400, "exceeded limit on resource quota")
end

--- An id that does not exist, or belongs to somebody else.
-- @tparam string id the id
-- @tparam integer status 403 (the older example of getDetail) or 404 (the table of the overview)
-- @tparam string request_id a UUID
function errors.unknown(id, status, request_id)
  if status == 404 then
    return errors.flat(404, "no such element")
  end
  return {
    status = 403,
    type = OBJECT,
    root = "error",
    wrap = "error",
    body = {
      errorCode = "10002",
      requestId = request_id,
      message = ("resource ('%s') is not allowed or not exists"):format(id),
    },
  }
end

return errors
