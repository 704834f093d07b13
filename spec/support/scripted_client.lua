--- A client over a transport that plays responses from a list, and the responses that specs have in common.

local dataforest = require "dataforest"
local scripted = require "spec.support.scripted_transport"
local tables = require "dataforest.util.tables"

local scripted_client = {
  ID = "axE7wU9ERm8fTc7e17vNvu",
  DETAIL = { body = '{"success":true,"id":"axE7wU9ERm8fTc7e17vNvu","name":"df001","quotas":[]}' },
  THROTTLED = { status = 429, body = '{"error":{"errorCode":"410","message":"Throttle Limited"}}' },
  UNAVAILABLE = { status = 503, body = '{"error":{"errorCode":"500","message":"Endpoint Error"}}' },
  BROKEN = { status = 500, body = '{"message":"unexpected error","success":false}' },
  RESET = { kind = "network", message = "connection reset", sent = true },
  UNSENT = { kind = "network", message = "connection refused", sent = false },
}

--- @tparam table script see `spec.support.scripted_transport`
-- @tparam[opt] table options of the client
-- @treturn table client
-- @treturn table its transport
function scripted_client.new(script, options)
  local transport = scripted.new(script)
  local all = tables.copy({ access_key = "AK_TEST", secret_key = "SK_TEST", transport = transport }, options)
  return dataforest.new(all), transport
end

return scripted_client
