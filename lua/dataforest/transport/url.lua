--- URLs, hosts and ports: the one parser of them.
--
-- Hosts come out in lower case and without a trailing dot; IPv6 addresses keep their brackets.
--
-- @module dataforest.transport.url

local ascii = require "dataforest.util.ascii"

local url = {}

local PORTS = { http = 80, https = 443 }

-- The longest name that DNS knows (bytes).
local LONGEST_NAME = 253

local function ipv4_bytes(text)
  local parts = { text:match "^([0-9]+)%.([0-9]+)%.([0-9]+)%.([0-9]+)$" }
  for index, digits in ipairs(parts) do
    local value = tonumber(digits)
    if #digits > 3 or value > 255 or (#digits > 1 and digits:find "^0") then
      return nil
    end
    parts[index] = string.char(value)
  end
  return parts[1] and table.concat(parts)
end

--- The bytes of groups of hexadecimal digits.
local function group_bytes(text)
  local bytes = {}
  for group in (text == "" and "" or text .. ":"):gmatch "(.-):" do
    if not group:find "^[0-9a-fA-F][0-9a-fA-F]?[0-9a-fA-F]?[0-9a-fA-F]?$" then
      return nil
    end
    local value = tonumber(group, 16)
    bytes[#bytes + 1] = string.char(math.floor(value / 256), value % 256)
  end
  return table.concat(bytes)
end

local function ipv6_bytes(text)
  local front, tail = text:match "^(.*:)([^:]*%.[^:]*)$"
  if tail then
    local four = ipv4_bytes(tail)
    if not four then
      return nil
    end
    text = front .. ("%02x%02x:%02x%02x"):format(four:byte(1, 4))
  end
  local before, after = text:match "^(.-)::(.*)$"
  local first, last = group_bytes(before or text), group_bytes(after or "")
  if not first or not last then
    return nil
  end
  local missing = 16 - #first - #last
  if missing < 0 or (before and missing == 0) or (not before and missing > 0) then
    return nil
  end
  return first .. ("\0"):rep(missing) .. last
end

--- The bytes of an IP address.
-- @tparam string host an IPv4 address, or an IPv6 address with or without brackets
-- @treturn ?string 4 or 16 bytes; nil where the text is no address
function url.address_bytes(host)
  if host:find("%", 1, true) then
    return nil
  end
  local inner = host:match "^%[(.*)%]$" or host
  if inner:find(":", 1, true) then
    return ipv6_bytes(inner)
  end
  return inner == host and ipv4_bytes(host) or nil
end

local function check_host(host)
  if host:find("%", 1, true) and host:find "^%[" then
    return nil, "has an IPv6 zone id (%...): use a name, or an address without a zone"
  elseif host:find "^%[" then
    if not url.address_bytes(host) then
      return nil, "has brackets around something that is not an IPv6 address"
    end
    return ascii.lower(host)
  end
  host = ascii.lower(host):gsub("%.$", "")
  if host == "" or #host > LONGEST_NAME or host:find "[^a-z0-9%-._]" or host:find("..", 1, true) then
    return nil, "does not name a host"
  elseif host:find "^[0-9.]+$" and not url.address_bytes(host) then
    return nil, "has a host of digits that is not an IPv4 address (four numbers from 0 to 255)"
  end
  return host
end

--- Takes `host`, `host:port`, `[address]` or `[address]:port` apart.
-- @tparam string text
-- @treturn[1] string host
-- @treturn[1] ?integer port; nil where none is given
-- @treturn[2] nil
-- @treturn[2] string what is wrong, to go behind the name of what holds the text
function url.authority(text)
  local host, rest = text:match "^(%[[^%]]*%])(.*)$"
  if not host then
    host, rest = text:match "^([^:]*)(.*)$"
  end
  local digits = rest:match "^:([0-9]+)$"
  local port = digits and #digits <= 5 and tonumber(digits) or nil
  if rest ~= "" and not (port and port >= 1 and port <= 65535) then
    if rest:find("^:[^:]*:") and not host:find "^%[" then
      return nil, "has an IPv6 address without brackets: write [address]:port"
    end
    return nil, "must have a port from 1 to 65535 after the host"
  end
  local message
  host, message = check_host(host)
  if not host then
    return nil, message
  end
  return host, port
end

--- Takes an http or https URL apart.
-- @tparam string text
-- @treturn[1] table `scheme`, `host`, `port` (the scheme's own where none is given), `authority` (host, and
--   the port where it is not the scheme's own), `target` (path and query, `/` at least)
-- @treturn[2] nil
-- @treturn[2] string what is wrong, to go behind the name of what holds the text
function url.parse(text)
  local scheme, rest = text:match "^([A-Za-z][A-Za-z0-9+.-]*)://(.*)$"
  scheme = scheme and ascii.lower(scheme)
  if not PORTS[scheme] then
    return nil, "must begin with https://"
  elseif rest:find "[%z\1-\32\127]" then
    return nil, "holds a blank or a control character"
  end
  local authority, target = rest:match "^([^/?#\\]*)(.*)$"
  if authority:find("@", 1, true) then
    return nil, "must name a host without user and password"
  elseif target:find("#", 1, true) then
    return nil, "has a fragment (#), which is never sent: remove it"
  elseif target:find "^\\" then
    return nil, "has a backslash after its host"
  end
  local host, port = url.authority(authority)
  if not host then
    return nil, port
  end
  local own = PORTS[scheme]
  port = port or own
  return {
    scheme = scheme,
    host = host,
    port = port,
    authority = port == own and host or host .. ":" .. ("%d"):format(port),
    target = target:find "^/" and target or "/" .. target,
  }
end

return url
