--- The API Gateway in front of the emulator: addresses, signatures, clocks, sizes. For a refusal it knows
-- more than the real one tells: the reason goes into the record of calls.
-- @module dataforest.emulator.gateway

local ascii = require "dataforest.util.ascii"
local base64 = require "dataforest.emulator.base64"
local core = require "dataforest.core"
local errors = require "dataforest.emulator.error_responses"
local names = require "dataforest.api.headers"
local nearest = require "dataforest.util.nearest"
local operations = require "dataforest.operations"

local MISSING = "Authentication information are missing."
local INVALID = "Invalid authentication information."
local MAX_SKEW_MS = 300000

local by_path, paths = {}, {}
for _, operation in ipairs(operations.list) do
  if operation.status == "current" then
    by_path[operation.path] = operation
    paths[#paths + 1] = operation.path
  end
end

local Gateway = {}
Gateway.__index = Gateway

local gateway = {}

--- The gateway of one emulator.
-- @tparam Emulator emulator
-- @tparam {[string]=table,...} keys access key to `{ secret =, user = }`
function gateway.new(emulator, keys)
  local self = setmetatable({ emulator = emulator, users = {}, secrets = {} }, Gateway)
  for access_key, key in pairs(keys) do
    self:add_key(access_key, key.secret, key.user)
  end
  return self
end

--- Makes a key known.
-- @tparam string access_key
-- @tparam string secret_key
-- @tparam string user
function Gateway:add_key(access_key, secret_key, user)
  self.users[access_key] = user
  self.secrets[access_key] = secret_key
end

--- The response where nothing is behind a target.
-- @tparam[opt] string reason for the record of calls
-- @treturn table
function gateway.not_there(reason)
  local response = errors.gateway("300", "URL not found.")
  response.reason = reason
  return response
end

local function unknown_path(path)
  local meant
  for _, known in ipairs(paths) do
    if known == path .. "/" or ascii.lower(known) == ascii.lower(path) or known == "/api/v2" .. path then
      meant = known
    end
  end
  meant = meant or nearest(path, paths)
  return ("unknown path %s%s"):format(path, meant and "; the nearest is " .. meant or "")
end

--- The operation that a method and target lead to.
-- @treturn table|nil the operation
-- @treturn ?table the response where there is none
function gateway.route(method, target)
  local path = target:match "^[^?]*"
  local operation = by_path[path]
  if not operation then
    return nil, gateway.not_there(unknown_path(path))
  elseif method ~= "POST" then
    return nil, gateway.not_there(("%s instead of POST"):format(method))
  end
  return operation
end

-- Why a time stamp is refused, or nil.
local function stamp_problem(timestamp, now_ms)
  if not timestamp:find "^%d+$" then
    return ("the timestamp '%s' is not a number of milliseconds"):format(timestamp)
  elseif #timestamp > 15 then
    return ("the timestamp %s is not in milliseconds"):format(timestamp)
  end
  local given = tonumber(timestamp)
  if math.abs(given - now_ms) < MAX_SKEW_MS then
    return nil
  elseif math.abs(given * 1000 - now_ms) < MAX_SKEW_MS then
    return ("the timestamp %s is in seconds; it must be in milliseconds"):format(timestamp)
  end
  local off = (given - now_ms) / 1000
  return ("the timestamp %s is %.0f seconds %s; less than 300 are allowed"):format(
    timestamp,
    math.abs(off),
    off < 0 and "old" or "in the future"
  )
end

local function text_to_sign(method, target, headers)
  return ("%s %s\n%s\n%s"):format(method, target, headers[names.TIMESTAMP], headers[names.ACCESS_KEY])
end

-- Mistakes of signers that can be told from the signature: what was signed instead.
local function mistakes(method, target, headers)
  local right = text_to_sign(method, target, headers)
  local url = ("https://%s%s"):format(headers.host or "", target)
  local list = {
    { "the text ends with a line feed, which it should not", right .. "\n" },
    { "its lines end with CR LF, not LF", (right:gsub("\n", "\r\n")) },
    { "the whole URL was signed, not the path", text_to_sign(method, url, headers) },
    { "the method is in lower case", text_to_sign(ascii.lower(method), target, headers) },
    { "the path was signed without its first /", text_to_sign(method, target:sub(2), headers) },
    { "there is no access key in the text", (right:gsub("\n[^\n]*$", "")) },
  }
  for _, other in ipairs { "GET", "PUT", "DELETE" } do
    list[#list + 1] =
      { ("%s was signed, not %s"):format(other, method), text_to_sign(other, target, headers) }
  end
  local path = target:match "^([^?]*)%?"
  if path then
    list[#list + 1] = { "the query was left out", text_to_sign(method, path, headers) }
  end
  local without_prefix = target:match "^/api/v2(/.*)$"
  if without_prefix then
    list[#list + 1] = { "/api/v2 was left out", text_to_sign(method, without_prefix, headers) }
  end
  return list
end

local function to_hex(bytes)
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

local function signed(secret, text)
  return base64.encode(core.hmac_sha256(secret, text))
end

-- What is wrong with a signature, as far as it shows.
local function signature_problem(secret, right, method, target, headers)
  local signature = headers[names.SIGNATURE]
  if ascii.lower(signature) == to_hex(core.hmac_sha256(secret, right)) then
    return "wrong signature: it is in hexadecimal; it must be in base64"
  elseif signature:gsub("[=%s]+$", "") == signed(secret, right):gsub("=+$", "") then
    return "wrong signature: its padding (=) is missing"
  end
  for _, mistake in ipairs(mistakes(method, target, headers)) do
    if signature == signed(secret, mistake[2]) then
      return "wrong signature: " .. mistake[1]
    end
  end
  return "wrong signature: another secret key, or another text than string_to_sign"
end

local function refusal(details, reason, string_to_sign)
  local response = errors.gateway("200", details)
  response.reason, response.string_to_sign = reason, string_to_sign
  return nil, response
end

--- Whom a request comes from.
-- @tparam string method
-- @tparam string target path and query as sent
-- @tparam table headers by lower-case name
-- @tparam number now seconds since the epoch, by the clock that signatures are judged by
-- @treturn string|nil the user
-- @treturn ?table the response where the signature does not hold, with `reason` and `string_to_sign`
function Gateway:user(method, target, headers, now)
  for _, name in ipairs { names.TIMESTAMP, names.ACCESS_KEY, names.SIGNATURE } do
    if not headers[name] then
      return refusal(MISSING, ("the header %s is missing"):format(name))
    end
  end
  local access_key = headers[names.ACCESS_KEY]
  local secret = self.secrets[access_key]
  if not secret then
    return refusal(INVALID, ("unknown access key '%s'"):format(access_key))
  end
  local problem = stamp_problem(headers[names.TIMESTAMP], math.floor(now * 1000 + 0.5))
  if problem then
    return refusal(INVALID, problem)
  end
  local right = text_to_sign(method, target, headers)
  if headers[names.SIGNATURE] ~= signed(secret, right) then
    return refusal(INVALID, signature_problem(secret, right, method, target, headers), right)
  end
  return self.users[access_key]
end

--- What is wrong with a request before its parameters are looked at.
-- @treturn ?table the response that refuses it
function Gateway:refusal(operation, headers, body)
  local strict = self.emulator.options.strict
  if #body > self.emulator.options.max_request_bytes then
    local response = errors.gateway("430")
    response.reason = ("the body has %d bytes; at most %d are allowed"):format(
      #body,
      self.emulator.options.max_request_bytes
    )
    return response
  elseif not core.valid_utf8(body) then
    return errors.gateway("100", "The body is not UTF-8.")
  elseif strict and operation.id == "accounts/getList" and not headers["content-type"] then
    return errors.gateway("100", "Content-Type is required.")
  elseif operation.binary then
    local accept = ascii.lower(headers["accept"] or "*/*")
    local fits = accept:find("application/octet-stream", 1, true)
    if not fits and (strict or not accept:find("*/*", 1, true)) then
      return errors.gateway("100", "Accept: application/octet-stream is required.")
    end
  end
end

return gateway
