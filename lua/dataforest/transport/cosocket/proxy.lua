--- A tunnel through a proxy (CONNECT), for the cosocket transport. Which proxy to use, the module
-- `dataforest.transport.route` says.
--
-- Plain `http://` proxies only: nginx's sockets do no TLS inside TLS, and no SOCKS.
--
-- @module dataforest.transport.cosocket.proxy

local core = require "dataforest.core"

local proxies = {}

-- A proxy's response to CONNECT has no body that is of use.
local MAX_BODY = 64 * 1024

--- What is wrong with a proxy inside nginx.
-- @tparam table proxy
-- @treturn ?string message; nil where it can be used
function proxies.problem(proxy)
  if proxy.scheme ~= "http" then
    return "proxy: inside nginx it must be of the form http://host:port"
  end
end

local function failure(proxy, kind, reason)
  return nil, { kind = kind, message = ("the proxy %s %s"):format(proxy.label, reason), sent = false }
end

--- Asks a proxy for a tunnel, over a connection to it that is new.
-- @tparam table connection
-- @tparam table route `proxy`, and `tunnel_to`: host and port
-- @tparam number deadline
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table failure
function proxies.open_tunnel(connection, route, deadline)
  local proxy = route.proxy
  local lines = { ("CONNECT %s HTTP/1.1"):format(route.tunnel_to), "Host: " .. route.tunnel_to }
  if proxy.authorization then
    lines[#lines + 1] = "Proxy-Authorization: " .. proxy.authorization
  end
  lines[#lines + 1] = "\r\n"
  local sent, reason = connection:write(table.concat(lines, "\r\n"), deadline)
  if not sent then
    return failure(
      proxy,
      reason == "timeout" and "timeout" or "network",
      "did not take the request: " .. tostring(reason)
    )
  end
  local reader = core.http_reader()
  reader:start("CONNECT", MAX_BODY)
  local done = false
  while not done do
    local bytes
    bytes, reason = connection:read(deadline)
    if reason == "timeout" then
      return failure(proxy, "timeout", "opened no tunnel in time")
    elseif not bytes then
      return failure(proxy, "network", "closed the connection: " .. tostring(reason))
    end
    done = reader:feed(bytes)
    local status = reader:status()
    if status and (status < 200 or status > 299) then
      -- Wrong credentials stay wrong: trying again may lock a user out.
      return failure(
        proxy,
        status == 407 and "argument" or "network",
        ("refused a tunnel to %s: HTTP %d%s"):format(
          route.tunnel_to,
          status,
          status == 407 and ": check the user and password in the option proxy" or ""
        )
      )
    elseif done == nil then
      return failure(proxy, "protocol", "sent no HTTP response: " .. reader:failure("it").message)
    end
  end
  if reader:surplus() then
    return failure(proxy, "protocol", "sent data before any was asked for")
  end
  return true
end

return proxies
