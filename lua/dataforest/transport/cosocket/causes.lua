--- Why nginx could not make a connection, and what fixes it.
--
-- Pure: nginx's words in, failures (`kind`, `message`, `sent`) out.
--
-- @module dataforest.transport.cosocket.causes

local url = require "dataforest.transport.url"

local causes = {}

-- OpenSSL's words for a chain that ends in no trusted certificate.
local UNTRUSTED = {
  "issuer certificate",
  "self.signed",
  "verify the first certificate",
  "untrusted",
  "chain too long",
}

local function failure(kind, message)
  return { kind = kind, message = message, sent = false }
end

--- Why a connection could not be opened.
-- @tparam string reason nginx's words
-- @tparam table route `dial_label`: host and port
-- @treturn table failure
function causes.of_connect(reason, route)
  if reason == "timeout" then
    return failure("timeout", ("no connection to %s in time"):format(route.dial_label))
  end
  local fix = ""
  if reason:find("no resolver defined", 1, true) then
    fix = '; set the directive resolver (such as "resolver 127.0.0.53;"), or the option'
      .. ' connect_to = "address:port"'
  elseif reason:find("could not be resolved", 1, true) then
    fix = "; nginx asks its resolver only and knows no /etc/hosts: for a name from there, set the option"
      .. ' connect_to = "address:port"'
  end
  return failure("network", ("cannot connect to %s: %s%s"):format(route.dial_label, reason, fix))
end

local function is_untrusted(reason)
  for _, pattern in ipairs(UNTRUSTED) do
    if reason:find(pattern) then
      return true
    end
  end
  return false
end

--- Whether the name to be verified is an address, which no certificate passes for.
local function is_nameless(route)
  return url.address_bytes(route.server_name) ~= nil
end

local function fix_of_mismatch(route)
  if is_nameless(route) then
    return "; nginx verifies no IP addresses: put the certificate's name into base_url, and the address into"
      .. ' the option connect_to = "address:port"'
  end
  return "; check the host in base_url (connect_to changes where to dial, and not the name that is verified)"
end

local function fix_of_handshake(reason, route, settings)
  if reason == "certificate host mismatch" then
    return fix_of_mismatch(route)
  elseif reason == "certificate refused" and is_nameless(route) then
    return fix_of_mismatch(route)
  elseif reason == "certificate refused" then
    return " (nginx does not say why); check the directives lua_ssl_trusted_certificate and"
      .. " lua_ssl_verify_depth, the host in base_url, and the certificate's dates"
  elseif is_untrusted(reason) then
    -- A chain that is too deep is told in the same words as one whose end is not trusted.
    return "; set the directives lua_ssl_trusted_certificate, to a file with its authority's certificate"
      .. " (Debian has /etc/ssl/certs/ca-certificates.crt), and lua_ssl_verify_depth, to 3 or more"
      .. (
        settings.ca_file and not settings.store and "; ca_file does not reach the sockets of this nginx" or ""
      )
  elseif reason:find("has expired", 1, true) or reason:find("not yet valid", 1, true) then
    return "; check the dates of the server's certificate, and this machine's clock"
  elseif reason == "handshake failed" then
    return "; the server closed the connection, or has none of the protocols of the directive"
      .. " lua_ssl_protocols (TLSv1.2 TLSv1.3)"
  end
  return ""
end

--- Why a TLS handshake failed.
-- @tparam string reason nginx's words
-- @tparam table route `server_name`, and `label`: host and port
-- @tparam table settings of the client, of which `ca_file` matters
-- @treturn table failure
function causes.of_handshake(reason, route, settings)
  -- lua-resty-core puts OpenSSL's number in front, and now and then that of an earlier failure.
  reason = reason:gsub("^%d+: ", "")
  if reason == "timeout" then
    return failure("timeout", ("no TLS connection to %s in time"):format(route.label))
  end
  return failure(
    "tls",
    ("no TLS with %s, as %s: %s%s"):format(
      route.label,
      route.server_name,
      reason,
      fix_of_handshake(reason, route, settings)
    )
  )
end

return causes
