--- Signed requests to an emulator, one layer below the client: what goes over the wire is written out.

local cjson = require "cjson"
local core = require "dataforest.core"

local signed = {}

--- Headers that sign a POST to a target.
-- @tparam Emulator emulator whose first key signs, unless `options` has another
-- @tparam string target path and query
-- @tparam[opt] table options `access_key`, `secret_key`, `timestamp` (milliseconds)
function signed.headers(emulator, target, options)
  options = options or {}
  local access_key = options.access_key or emulator.access_key
  local secret_key = options.secret_key or emulator.secret_key
  local timestamp = ("%.0f"):format(options.timestamp or math.floor(emulator:signing_clock() * 1000))
  return {
    ["x-ncp-apigw-timestamp"] = timestamp,
    ["x-ncp-iam-access-key"] = access_key,
    ["x-ncp-apigw-signature-v2"] = core.signer(access_key, secret_key):sign("POST", target, timestamp),
  }
end

--- Sends bytes to an operation, signed.
-- @tparam Emulator emulator
-- @tparam string operation such as `"accounts/create"`
-- @tparam[opt] string body the bytes
-- @tparam[opt] table headers more headers, or `false` for the place of one that is to be left out
-- @tparam[opt] table options of `signed.headers`, and `method`
-- @treturn table the emulator's response
function signed.send(emulator, operation, body, headers, options)
  local target = "/api/v2/" .. operation
  local all = signed.headers(emulator, target, options)
  all["content-type"] = "application/json"
  for name, value in pairs(headers or {}) do
    all[name] = value or nil
  end
  return emulator:handle {
    method = options and options.method or "POST",
    target = target,
    headers = all,
    body = body,
  }
end

--- Sends parameters as JSON and reads the response.
-- @treturn table the decoded body
-- @treturn integer the status
-- @treturn table the response
function signed.call(emulator, operation, params, options)
  local body = params and (next(params) == nil and "{}" or cjson.encode(params)) or nil
  local response = signed.send(emulator, operation, body, nil, options)
  return cjson.decode(response.body), response.status, response
end

return signed
