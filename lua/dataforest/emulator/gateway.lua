--- The API Gateway in front of the emulator: addresses, signatures, clocks, sizes.
-- @module dataforest.emulator.gateway

local answers = require "dataforest.emulator.error_responses"
local core = require "dataforest.core"
local operations = require "dataforest.operations"

local floor = math.floor

local MISSING = "Authentication information are missing."
local INVALID = "Invalid authentication information."
local MAX_SKEW_MS = 300000

local by_path = {}
for _, operation in ipairs(operations.list) do
  if operation.status == "current" then
    by_path[operation.path] = operation
  end
end

local Gate = {}
Gate.__index = Gate

local gate = {}

--- The gateway of one emulator.
-- @tparam Emulator emulator
-- @tparam {[string]=table,...} keys access key to `{ secret =, user = }`
function gate.new(emulator, keys)
  local self = setmetatable({ emulator = emulator, users = {}, signers = {} }, Gate)
  for access_key, key in pairs(keys) do
    self.users[access_key] = key.user
    self.signers[access_key] = assert(core.signer(access_key, key.secret))
  end
  return self
end

--- The answer where nothing is behind a target.
-- @treturn table
function gate.not_there()
  return answers.gateway("300", "URL not found.")
end

--- The operation that a method and target lead to.
-- @treturn table|nil the operation
-- @treturn ?table the answer where there is none
function gate.route(method, target)
  local operation = by_path[target:match("^[^?]*")]
  if not operation or method ~= "POST" then
    return nil, gate.not_there()
  end
  return operation
end

local function same_moment(timestamp, now)
  if not timestamp:find("^%d+$") or #timestamp > 15 then
    return false
  end
  return math.abs(tonumber(timestamp) - floor(now * 1000 + 0.5)) < MAX_SKEW_MS
end

local function signature_of(signer, method, target, timestamp)
  local ok, signature = pcall(signer.sign, signer, method, target, timestamp)
  return ok and signature or nil
end

--- Whom a request comes from.
-- @treturn string|nil the user
-- @treturn ?table the answer where the signature does not hold
function Gate:user(method, target, headers)
  local timestamp = headers["x-ncp-apigw-timestamp"]
  local access_key = headers["x-ncp-iam-access-key"]
  local signature = headers["x-ncp-apigw-signature-v2"]
  if not (timestamp and access_key and signature) then
    return nil, answers.gateway("200", MISSING)
  end
  local signer = self.signers[access_key]
  if
    not signer
    or not same_moment(timestamp, self.emulator:now())
    or signature ~= signature_of(signer, method, target, timestamp)
  then
    return nil, answers.gateway("200", INVALID)
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
    return answers.gateway("430")
  elseif not core.valid_utf8(body) then
    return bad_request("The body is not UTF-8.")
  elseif strict and operation.id == "accounts/getList" and not headers["content-type"] then
    return bad_request("Content-Type is required.")
  elseif operation.binary then
    local accept = (headers["accept"] or "*/*"):lower()
    local fits = accept:find("application/octet-stream", 1, true)
    if not fits and (strict or not accept:find("*/*", 1, true)) then
      return bad_request("Accept: application/octet-stream is required.")
    end
  end
end

return gate
