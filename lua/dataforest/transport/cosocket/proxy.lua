--- Proxies for the cosocket transport: which one to take, and a tunnel through it (CONNECT).
--
-- Plain `http://` proxies only: nginx's sockets do no TLS inside TLS, and no SOCKS.
--
-- @module dataforest.transport.cosocket.proxy

local core = require "dataforest.core"
local http_head = require "dataforest.transport.cosocket.http_head"

local proxies = {}

-- What libcurl takes where the address names none.
local DEFAULT_PORT = 1080

local VARIABLES = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }
local EXCEPTIONS = { "no_proxy", "NO_PROXY" }

local function first_set(names)
  for _, name in ipairs(names) do
    local value = os.getenv(name)
    if value and value ~= "" then
      return value
    end
  end
end

--- Tells whether a host is among those that are reached without a proxy: `*`, or names and the domains
-- that they stand for, with commas or blanks between them.
-- @tparam string list such as `localhost, .internal.example`
-- @tparam string host in lower case
-- @treturn boolean
function proxies.is_exception(list, host)
  for entry in list:lower():gmatch "[^,%s]+" do
    local domain = entry:gsub("^%.", "")
    if entry == "*" or host == domain or host:sub(-#domain - 1) == "." .. domain then
      return true
    end
  end
  return false
end

local function decoded(text)
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

--- Takes the address of a proxy apart.
-- @tparam string address such as `http://user:password@proxy.example:3128`
-- @treturn[1] table `host`, `port`, `label`, and `authorization` where there is a user
-- @treturn[2] nil
-- @treturn[2] string what is wrong; the address is not repeated, since it may hold a password
function proxies.parse(address)
  local scheme, rest = address:match "^(%a[%w+.-]*)://([^/?#]+)/?$"
  if not scheme then
    scheme, rest = "http", address:match "^([^/?#]+)/?$"
  end
  if not rest or scheme:lower() ~= "http" then
    return nil, "inside nginx, a proxy must be of the form http://host:port"
  end
  local user, place = rest:match "^(.*)@([^@]*)$"
  place = place or rest
  local host, port = place:match "^(%[[%x:.]+%]):?(%d*)$"
  if not host then
    host, port = place:match "^([%w%-._]+):?(%d*)$"
  end
  if not host then
    return nil, "the host of the proxy cannot be read"
  end
  port = tonumber(port) or DEFAULT_PORT
  return {
    host = host,
    port = port,
    label = ("%s:%d"):format(host, port),
    authorization = user
      and "Basic " .. core.base64(decoded(user:find(":", 1, true) and user or user .. ":")),
  }
end

--- The proxy for a host, as the option `proxy` says.
-- @tparam ?string option an address, `"env"`, or nil
-- @tparam string host in lower case
-- @treturn[1] ?table see `proxies.parse`; nil for none
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function proxies.find(option, host)
  if option == "env" then
    option = first_set(VARIABLES)
    local exceptions = first_set(EXCEPTIONS)
    if option and exceptions and proxies.is_exception(exceptions, host) then
      return nil
    end
  end
  if option then
    return proxies.parse(option)
  end
end

local function failure(proxy, kind, reason)
  return nil, { kind = kind, message = ("the proxy %s %s"):format(proxy.label, reason), sent = false }
end

local function read_head(connection, proxy, deadline)
  local text = ""
  while not http_head.find_end(text) do
    local bytes, reason = nil, "timeout"
    if connection:begin_step(deadline) then
      bytes, reason = connection.sock:receiveany(http_head.MAX_BYTES)
    end
    if not bytes and reason == "timeout" then
      return failure(proxy, "timeout", "gave no connection in time")
    elseif not bytes then
      return failure(proxy, "network", "hung up: " .. tostring(reason))
    end
    text = text .. bytes
    if #text > http_head.MAX_BYTES then
      return failure(proxy, "protocol", "gave an endless answer")
    end
  end
  return text
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
  local sent, reason = nil, "timeout"
  if connection:begin_step(deadline) then
    sent, reason = connection.sock:send(table.concat(lines, "\r\n"))
  end
  if not sent then
    return failure(
      proxy,
      reason == "timeout" and "timeout" or "network",
      "took no request: " .. tostring(reason)
    )
  end
  local text, failed = read_head(connection, proxy, deadline)
  if not text then
    return nil, failed
  end
  local last = http_head.find_end(text)
  local head, message = http_head.parse(text, last)
  if not head then
    return failure(proxy, "protocol", "gave no answer of HTTP: " .. message)
  elseif head.status < 200 or head.status > 299 then
    return failure(
      proxy,
      "network",
      ("gave no connection to %s: HTTP %d"):format(route.tunnel_to, head.status)
    )
  elseif last < #text then
    return failure(proxy, "protocol", "spoke before it was asked")
  end
  return true
end

return proxies
