--- Where a request goes: which hosts plain http may reach, what is dialled, and through which proxy. One
-- rule for both transports, for the options and for the command.
--
-- @module dataforest.transport.route

local ascii = require "dataforest.util.ascii"
local core = require "dataforest.core"
local environment = require "dataforest.util.environment"
local url = require "dataforest.transport.url"

local route = {}

local LOOPBACK_V6 = ("\0"):rep(15) .. "\1"

-- What `localhost` means, without asking DNS.
local LOCALHOST = { "127.0.0.1", "[::1]" }

-- Schemes of proxies, and the ports that libcurl uses where none is given.
local PROXY_PORTS = { http = 1080, https = 443, socks4 = 1080, socks4a = 1080, socks5 = 1080, socks5h = 1080 }

--- The environment's names for a proxy, those that win first.
route.PROXY_VARIABLES = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }
local EXCEPTIONS = { "no_proxy", "NO_PROXY" }

--- The cloud's metadata service.
route.METADATA = "169.254.169.254"

-- Hosts --------------------------------------------------------------------------------

--- Whether a host is this machine.
-- @tparam string host as `url.parse` gives it
-- @treturn boolean
function route.is_loopback(host)
  if host == "localhost" then
    return true
  end
  local bytes = url.address_bytes(host)
  return bytes ~= nil and (bytes == LOOPBACK_V6 or (#bytes == 4 and bytes:byte() == 127))
end

--- Whether plain http may go to a host: this machine, or the cloud's metadata service, whose address is
-- not routed and which speaks no TLS.
-- @tparam string host as `url.parse` gives it
-- @treturn boolean
function route.may_be_plain(host)
  return host == route.METADATA or route.is_loopback(host)
end

--- Takes the address of a service apart.
-- @tparam string text such as `https://df.apigw.ntruss.com`
-- @treturn[1] table see `url.parse`
-- @treturn[2] nil
-- @treturn[2] string what is wrong, to go behind the name of what holds the text
function route.parse_url(text)
  local parts, message = url.parse(text)
  if not parts then
    return nil, message
  elseif parts.scheme == "http" and not route.may_be_plain(parts.host) then
    return nil, "must begin with https:// (http:// is for loopback hosts only)"
  end
  return parts
end

--- Takes `host:port` apart, which is to be dialled in place of a URL's host.
-- @tparam string text
-- @tparam[opt] table parts of the URL: where it is plain http, this stays on the machine too
-- @treturn[1] string host
-- @treturn[1] integer port
-- @treturn[2] nil
-- @treturn[2] string what is wrong, to go behind the name of what holds the text
function route.parse_connect_to(text, parts)
  local host, port = url.authority(text)
  if not host then
    return nil, port
  elseif not port then
    return nil, 'must be "host:port"'
  elseif parts and parts.scheme == "http" and not route.is_loopback(host) and host ~= parts.host then
    return nil, "must be a loopback host where the URL begins with http://"
  end
  return host, port
end

-- Exceptions from proxies --------------------------------------------------------------

local function same_bits(a, b, bits)
  local whole = math.floor(bits / 8)
  if a:sub(1, whole) ~= b:sub(1, whole) then
    return false
  end
  local shift = 2 ^ (8 - bits % 8)
  return bits % 8 == 0 or math.floor(a:byte(whole + 1) / shift) == math.floor(b:byte(whole + 1) / shift)
end

local function is_in_range(entry, address)
  local base, bits = entry:match "^(.-)/([0-9]+)$"
  local bytes = url.address_bytes(base or entry)
  if not bytes or #bytes ~= #address then
    return false
  end
  bits = base and tonumber(bits) or #bytes * 8
  return bits <= #bytes * 8 and same_bits(bytes, address, bits)
end

local function covers(entry, host, port)
  if entry == "*" then
    return true
  end
  -- A port: behind a name, an IPv4 address, or brackets.
  local name, digits = entry:match "^(.*[^:]):([0-9]+)$"
  if name and (not name:find(":", 1, true) or name:find "^%[.*%]$") then
    if tonumber(digits) ~= port then
      return false
    end
    entry = name
  end
  local address = url.address_bytes(host)
  if address then
    return is_in_range(entry, address)
  end
  local domain = entry:gsub("^%*?%.", ""):gsub("%.$", "")
  return domain ~= "" and (host == domain or host:sub(-#domain - 1) == "." .. domain)
end

--- Whether a list such as that of `NO_PROXY` names a host: `*`; names, with all below them; addresses and
-- ranges of them (`10.0.0.0/8`, `[::1]`, `fd00::/8`); each perhaps with a port.
-- @tparam string list with commas or blanks between its entries
-- @tparam string host as `url.parse` gives it
-- @tparam integer port
-- @treturn boolean
function route.is_exception(list, host, port)
  for entry in ascii.lower(list):gmatch "[^,%z\1-\32]+" do
    if covers(entry, host, port) then
      return true
    end
  end
  return false
end

-- Proxies ------------------------------------------------------------------------------

local function decoded(text)
  return (
    text:gsub("%%([0-9a-fA-F][0-9a-fA-F])", function(digits)
      return string.char(tonumber(digits, 16))
    end)
  )
end

--- Takes the address of a proxy apart. No message repeats it, since it may hold a password.
local function parse_proxy(text)
  local scheme, rest = text:match "^([A-Za-z][A-Za-z0-9+.-]*)://(.*)$"
  scheme, rest = ascii.lower(scheme or "http"), rest or text
  if not PROXY_PORTS[scheme] then
    return nil, "must begin with http://, https:// or socks5://"
  elseif rest:find "[%z\1-\32\127]" then
    return nil, "holds a blank or a control character"
  end
  rest = rest:gsub("/$", "")
  local user, after = rest:match "^(.*)@([^@]*)$"
  if rest:find "[/?#\\]" then
    return nil,
      "must be of the form http://user:password@host:port, with / ? # @ % in user and password"
        .. " written as %2F %3F %23 %40 %25"
  end
  local host, port = url.authority(after or rest)
  if not host then
    return nil, port
  end
  local name, password
  if user then
    name, password = user:match "^([^:]*):?(.*)$"
    name, password = decoded(name), decoded(password)
    if (name .. password):find "[%z\1-\31\127]" or name:find(":", 1, true) then
      return nil, "has a user or a password with a control character, or a colon in the user"
    end
  end
  port = port or PROXY_PORTS[scheme]
  return {
    scheme = scheme,
    host = host,
    port = port,
    label = ("%s:%d"):format(host, port),
    user = name,
    password = password,
    authorization = name and "Basic " .. core.base64(name .. ":" .. password),
  }
end

local Proxy = {}
Proxy.__index = Proxy
Proxy.__name = "dataforest.proxy"

-- What a setting stands for: kept away from the client's tables, which people print.
local secrets = setmetatable({}, { __mode = "k" })

function Proxy:__tostring()
  local parsed = secrets[self]
  if parsed == "env" then
    return "env"
  end
  local user = parsed.user and parsed.user .. ":***@" or ""
  return ("%s://%s%s"):format(parsed.scheme, user, parsed.label)
end

--- Whether what this stands for may change between calls.
-- @treturn boolean
function Proxy:is_env()
  return secrets[self] == "env"
end

--- The proxy to use for a host.
-- @tparam table parts of a URL, see `url.parse`
-- @treturn[1] ?table `scheme`, `host`, `port`, `label` (host:port), and where it has a user `user`,
--   `password` and `authorization` (the header's value); nil for none
-- @treturn[2] nil
-- @treturn[2] string what is wrong, naming the variable
function Proxy:find(parts)
  if parts.scheme == "http" then
    return nil -- a proxy could read it
  end
  local parsed = secrets[self]
  if parsed ~= "env" then
    return parsed
  end
  local text, name = environment.first(route.PROXY_VARIABLES)
  local exceptions = environment.first(EXCEPTIONS)
  if not text or (exceptions and route.is_exception(exceptions, parts.host, parts.port)) then
    return nil
  end
  local found, message = parse_proxy(text)
  if not found then
    return nil, ("environment variable %s %s"):format(name, message)
  end
  return found
end

--- Makes a setting of the option `proxy`. Its password can be seen in none of its fields; tostring shows
-- the address without it.
-- @tparam string|table option an address, `"env"` (`https_proxy` or `all_proxy`, and `no_proxy`), or what
--   this function made before
-- @treturn[1] table `find(parts)`, `is_env()`
-- @treturn[2] nil
-- @treturn[2] string what is wrong, to go behind the option's name
function route.proxy(option)
  if getmetatable(option) == Proxy then
    return option
  end
  local parsed = option
  if option ~= "env" then
    local message
    parsed, message = parse_proxy(option)
    if not parsed then
      return nil, message
    end
  end
  local self = setmetatable({}, Proxy)
  secrets[self] = parsed
  return self
end

--- The hosts to dial for a host until one works: `localhost` means loopback, whatever DNS says.
-- @tparam string host as `url.parse` gives it
-- @treturn table list
function route.hosts(host)
  return host == "localhost" and LOCALHOST or { host }
end

-- Routes -------------------------------------------------------------------------------

--- Where a request goes.
-- @tparam string address of the request
-- @tparam ?string connect_to `"host:port"` to dial in place of the address's
-- @tparam ?table proxy see `route.proxy`
-- @treturn[1] table all of `url.parse`, and `dial` (hosts to dial until one works: for `localhost` the
--   addresses of loopback), `dial_port`, `label` (host:port that errors name), `server_name` (to verify; nil
--   for plain http; an IPv6 address without brackets), `proxy` (see `Proxy:find`)
-- @treturn[2] nil
-- @treturn[2] string what is wrong, naming the field
function route.find(address, connect_to, proxy)
  local found, message = route.parse_url(tostring(address))
  if not found then
    return nil, "url " .. message
  end
  local host, port = found.host, found.port
  if connect_to and connect_to ~= "" then
    host, port = route.parse_connect_to(connect_to, found)
    if not host then
      return nil, "connect_to " .. port
    end
  end
  found.dial = route.hosts(host)
  found.dial_port = port
  found.label = ("%s:%d"):format(host, port)
  found.server_name = found.scheme == "https" and (found.host:match "^%[(.*)%]$" or found.host) or nil
  if proxy then
    found.proxy, message = proxy:find(found)
    if message then
      return nil, message
    end
  end
  return found
end

--- The same in the words of libcurl, for the engine.
-- @tparam string address of the request
-- @tparam ?string connect_to
-- @tparam ?table proxy see `route.proxy`
-- @treturn[1] string target of the request: path and query
-- @treturn[1] string,... the parts of a route, in the order of `src/net/route.h`
-- @treturn[2] nil
-- @treturn[2] string what is wrong, naming the field
function route.parts(address, connect_to, proxy)
  local found, message = route.find(address, connect_to, proxy)
  if not found then
    return nil, message
  end
  local chosen = found.proxy or {}
  local dial, host = found.dial[1], found.host
  local resolve = ""
  if found.dial[2] then
    dial = "localhost"
    resolve = ("localhost:%d:%s"):format(found.dial_port, table.concat(found.dial, ","))
  end
  local is_elsewhere = dial ~= host or found.dial_port ~= found.port
  return found.target,
    ("%s://%s:%d/"):format(found.scheme, host, found.port),
    found.authority,
    ("%s:%d"):format(host, found.port) .. (is_elsewhere and (" (connect_to %s)"):format(found.label) or ""),
    is_elsewhere and ("::%s:%d"):format(dial, found.dial_port) or "",
    resolve,
    found.proxy and ("%s://%s"):format(chosen.scheme, chosen.label) or "",
    chosen.label or "",
    chosen.user or "",
    chosen.password or ""
end

return route
