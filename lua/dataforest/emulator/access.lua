--- Who may steer an emulator: whom its control API and its page serve.
--
-- A policy is a table: `token`, which each request must bring in the header `x-emulator-token`; `names`, the
-- host
-- names that are the emulator's (addresses always are); `closed`, why there is no control at all.
--
-- Web pages of other origins are refused: by `Origin`, and by `Host`, since a name of an attacker's can lead
-- to
-- 127.0.0.1 (DNS rebinding).
--
-- @module dataforest.emulator.access

local ascii = require "dataforest.util.ascii"

local access = {}

--- The host part of `host:port`, lower case, without brackets and a dot at the end.
local function host_of(authority)
  local host = authority:match "^%[([%x:.]+)%]" or authority:match "^([^:]*)"
  return (ascii.lower(host):gsub("%.$", ""))
end

local function is_address(host)
  return host:find "^%d+%.%d+%.%d+%.%d+$" ~= nil or (host:find ":" ~= nil and host:find "^[%x:.]+$" ~= nil)
end

--- Whether an address is this machine's own.
-- @tparam string address without brackets
function access.is_loopback(address)
  address = ascii.lower(address):gsub("^::ffff:", "")
  return address == "::1" or address:find "^127%.%d+%.%d+%.%d+$" ~= nil or address:find "^unix:" ~= nil
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
  local host = host_of(authority)
  if host == "localhost" or is_address(host) then
    return true
  end
  for _, name in ipairs(names or {}) do
    if host == ascii.lower(name) then
      return true
    end
  end
  return false
end

local function lower_names(headers)
  local out = {}
  for name, value in pairs(headers or {}) do
    out[ascii.lower(name)] = value
  end
  return out
end

--- Why a request for control is refused.
-- @tparam table request with `method` and `headers`
-- @tparam table policy see above
-- @tparam boolean is_open whether it asks for something that holds no data, such as the page itself
-- @tparam[opt] boolean is_ready whether it only asks if the emulator is ready
-- @treturn ?integer the status; nil where it may
-- @treturn ?string why
function access.refusal(request, policy, is_open, is_ready)
  if is_ready then
    return nil
  end
  local headers = lower_names(request.headers)
  local host, origin = headers.host, headers.origin
  if host and not is_own_name(host, policy.names) then
    return 403,
      ("the host name %s is not the emulator's; add it with --host"):format(host_of(host):gsub("%c", "?"))
  elseif origin and (not host or origin:match "^https?://(.*)$" ~= host) then
    return 403, "requests from web pages of another origin are refused"
  elseif not is_open and headers["sec-fetch-site"] == "cross-site" then
    return 403, "requests from web pages of another origin are refused"
  elseif policy.closed and not is_open then
    return 403, policy.closed
  elseif policy.token and not is_open then
    local token = headers["x-emulator-token"]
    if not token then
      return 403, "the header x-emulator-token is missing"
    elseif not is_same(token, policy.token) then
      return 403, "the header x-emulator-token has another token than --control-token"
    end
  end
end

return access
