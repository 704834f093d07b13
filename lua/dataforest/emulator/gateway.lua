--- The API Gateway in front of the emulator: addresses, signatures, clocks, sizes. For a refusal it knows
-- more
-- than the real one tells: the reason goes into the record of calls.
-- @module dataforest.emulator.gateway

local answers = require "dataforest.emulator.error_responses"
local ascii = require "dataforest.util.ascii"
local core = require "dataforest.core"
local hmac = require "dataforest.emulator.hmac"
local nearest = require "dataforest.util.nearest"
local operations = require "dataforest.operations"

local MISSING = "Authentication information are missing."
local INVALID = "Invalid authentication information."
local MAX_SKEW_MS = 300000

local TIMESTAMP = "x-ncp-apigw-timestamp"
local ACCESS_KEY = "x-ncp-iam-access-key"
local SIGNATURE = "x-ncp-apigw-signature-v2"

local by_path, paths = {}, {}
for _, operation in ipairs(operations.list) do
  if operation.status == "current" then
    by_path[operation.path] = operation
    paths[#paths + 1] = operation.path
  end
end

local Gate = {}
Gate.__index = Gate

local gate = {}

--- The gateway of one emulator.
-- @tparam Emulator emulator
-- @tparam {[string]=table,...} keys access key to `{ secret =, user = }`
function gate.new(emulator, keys)
  local self = setmetatable({ emulator = emulator, users = {}, secrets = {}, macs = {} }, Gate)
  for access_key, key in pairs(keys) do
    self:add_key(access_key, key.secret, key.user)
  end
  return self
end

--- Makes a key known.
-- @tparam string access_key
-- @tparam string secret_key
-- @tparam string user
function Gate:add_key(access_key, secret_key, user)
  self.users[access_key] = user
  self.secrets[access_key] = secret_key
  self.macs[access_key] = hmac.keyed(secret_key)
end

--- The answer where nothing is behind a target.
-- @tparam[opt] string reason for the record of calls
-- @treturn table
function gate.not_there(reason)
  local answer = answers.gateway("300", "URL not found.")
  answer.reason = reason
  return answer
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
-- @treturn ?table the answer where there is none
function gate.route(method, target)
  local path = target:match "^[^?]*"
  local operation = by_path[path]
  if not operation then
    return nil, gate.not_there(unknown_path(path))
  elseif method ~= "POST" then
    return nil, gate.not_there(("%s instead of POST"):format(method))
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

-- Mistakes of signers that can be told from the signature: what was signed instead.
local function mistakes(method, target, timestamp, access_key, headers)
  local path, query = target:match "^([^?]*)(.*)$"
  local text = "%s %s\n%s\n%s"
  local url = ("https://%s%s"):format(headers.host or "", target)
  local right = text:format(method, target, timestamp, access_key)
  local list = {
    { "the text ends with a line feed, which it should not", right .. "\n" },
    { "its lines end with CR LF, not LF", (right:gsub("\n", "\r\n")) },
    { "the whole URL was signed, not the path", text:format(method, url, timestamp, access_key) },
    { "the method is in lower case", text:format(ascii.lower(method), target, timestamp, access_key) },
    { "the path was signed without its first /", text:format(method, target:sub(2), timestamp, access_key) },
    { "there is no access key in the text", ("%s %s\n%s"):format(method, target, timestamp) },
  }
  for _, other in ipairs { "GET", "PUT", "DELETE" } do
    list[#list + 1] =
      { ("%s was signed, not %s"):format(other, method), text:format(other, target, timestamp, access_key) }
  end
  if query ~= "" then
    list[#list + 1] = { "the query was left out", text:format(method, path, timestamp, access_key) }
  end
  local without_prefix = target:match "^/api/v2(/.*)$"
  if without_prefix then
    list[#list + 1] = { "/api/v2 was left out", text:format(method, without_prefix, timestamp, access_key) }
  end
  return list
end

local function to_hex(bytes)
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

-- What is wrong with a signature, as far as it shows.
local function signature_problem(mac, right, signature, request)
  local bytes = mac(right)
  if ascii.lower(signature) == to_hex(bytes) then
    return "wrong signature: it is in hexadecimal; it must be in base64"
  elseif signature:gsub("[=%s]+$", "") == hmac.base64(bytes):gsub("=+$", "") then
    return "wrong signature: its padding (=) is missing"
  end
  for _, mistake in
    ipairs(mistakes(request.method, request.target, request.timestamp, request.access_key, request.headers))
  do
    if signature == hmac.base64(mac(mistake[2])) then
      return "wrong signature: " .. mistake[1]
    end
  end
  return "wrong signature: another secret key, or another text than string_to_sign"
end

local function refusal(details, reason, string_to_sign)
  local answer = answers.gateway("200", details)
  answer.reason, answer.string_to_sign = reason, string_to_sign
  return nil, answer
end

--- Whom a request comes from.
-- @tparam string method
-- @tparam string target path and query as sent
-- @tparam table headers by lower-case name
-- @tparam number now seconds since the epoch, by the clock that signatures are judged by
-- @treturn string|nil the user
-- @treturn ?table the answer where the signature does not hold, with `reason` and `string_to_sign`
function Gate:user(method, target, headers, now)
  for _, name in ipairs { TIMESTAMP, ACCESS_KEY, SIGNATURE } do
    if not headers[name] then
      return refusal(MISSING, ("the header %s is missing"):format(name))
    end
  end
  local timestamp, access_key, signature = headers[TIMESTAMP], headers[ACCESS_KEY], headers[SIGNATURE]
  local mac = self.macs[access_key]
  if not mac then
    return refusal(INVALID, ("unknown access key '%s'"):format(access_key))
  end
  local problem = stamp_problem(timestamp, math.floor(now * 1000 + 0.5))
  if problem then
    return refusal(INVALID, problem)
  end
  local right = ("%s %s\n%s\n%s"):format(method, target, timestamp, access_key)
  if signature ~= hmac.base64(mac(right)) then
    return refusal(
      INVALID,
      signature_problem(mac, right, signature, {
        method = method,
        target = target,
        timestamp = timestamp,
        access_key = access_key,
        headers = headers,
      }),
      right
    )
  end
  return self.users[access_key]
end

local function bad_request(details)
  return answers.gateway("100", details)
end

--- What is wrong with a request before its parameters are looked at.
-- @treturn ?table the answer that refuses it
function Gate:refusal(operation, headers, body)
  local strict = self.emulator.options.strict
  if #body > self.emulator.options.max_request_bytes then
    local answer = answers.gateway("430")
    answer.reason = ("the body has %d bytes; at most %d are allowed"):format(
      #body,
      self.emulator.options.max_request_bytes
    )
    return answer
  elseif not core.valid_utf8(body) then
    return bad_request "The body is not UTF-8."
  elseif strict and operation.id == "accounts/getList" and not headers["content-type"] then
    return bad_request "Content-Type is required."
  elseif operation.binary then
    local accept = ascii.lower(headers["accept"] or "*/*")
    local fits = accept:find("application/octet-stream", 1, true)
    if not fits and (strict or not accept:find("*/*", 1, true)) then
      return bad_request "Accept: application/octet-stream is required."
    end
  end
end

return gate
