--- Who may steer an emulator: whom its control API and its page serve.
--
-- A policy is a table: `token`, which each request must bring in the header `x-emulator-token`; `names`, the
-- host names that are the emulator's (addresses always are); `closed`, why there is no control at all.
--
-- Web pages of other origins are refused: by `Origin`, and by `Host`, since a name of an attacker's can lead
-- to 127.0.0.1 (DNS rebinding).
--
-- @module dataforest.emulator.access

local ascii = require "dataforest.util.ascii"
local one_line = require "dataforest.util.one_line"
local route = require "dataforest.transport.route"
local url = require "dataforest.transport.url"
local wire = require "dataforest.emulator.wire"

local access = {}

--- Whether an address is this machine's own.
-- @tparam string address without brackets
function access.is_loopback(address)
  address = ascii.lower(address):gsub("^::ffff:", "")
  return address:find "^unix:" ~= nil or (url.address_bytes(address) ~= nil and route.is_loopback(address))
end

-- No early end at the first difference, which would tell by its time how much was right.
local function is_same(a, b)
  local different = #a == #b and 0 or 1
  for i = 1, #b do
    if a:byte(i) ~= b:byte(i) then
      different = different + 1
    end
  end
  return different == 0
end

local function is_own_name(authority, names)
  local host = url.authority(authority)
  if host == "localhost" or host and url.address_bytes(host) then
    return true
  end
  for _, name in ipairs(names or {}) do
    if host == ascii.lower(name) then
      return true
    end
  end
  return false
end

local OTHER_ORIGIN = "requests from web pages of another origin are refused"

--- Why a request for control is refused.
-- @tparam table request with `headers`
-- @tparam table policy see above
-- @tparam boolean is_open whether it asks for something that holds no data, such as the page itself
-- @treturn ?string why, for a response with status 403; nil if it is not refused
function access.refusal(request, policy, is_open)
  local headers = wire.headers(request.headers)
  local host, origin = headers.host, headers.origin
  if host and not is_own_name(host, policy.names) then
    local name = url.authority(host) or one_line(host)
    return ("the host name %s is not the emulator's; add it with --host"):format(name)
  elseif origin and (not host or origin:match "^https?://(.*)$" ~= host) then
    return OTHER_ORIGIN
  elseif is_open then
    return nil
  elseif headers["sec-fetch-site"] == "cross-site" then
    return OTHER_ORIGIN
  elseif policy.closed then
    return policy.closed
  elseif policy.token then
    local token = headers["x-emulator-token"]
    if not token then
      return "the header x-emulator-token is missing"
    elseif not is_same(token, policy.token) then
      return "the header x-emulator-token has another token than --control-token"
    end
  end
end

return access
