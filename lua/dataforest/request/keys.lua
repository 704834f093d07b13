--- The keys of a client, as signers: made, kept, replaced and closed.
--
-- A signer holds the secret key in libcrypto's memory. Each is closed when another takes its place, and with
-- the client; one that is used once is closed by whoever asked for it.
--
-- @module dataforest.request.keys

local core = require "dataforest.core"
local defaults = require "dataforest.request.defaults"
local guarded = require "dataforest.util.guarded"

local Keys = {}
Keys.__index = Keys

local keys = {}

--- Makes the keys of a client.
-- @tparam table settings `access_key` and `secret_key`, or `credentials`, or none: the default providers
-- @tparam table transport of the client, for providers that ask a server
-- @treturn[1] table the keys
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function keys.new(settings, transport)
  local self = setmetatable({
    transport = transport,
    provider = settings.credentials,
    access_key = settings.access_key,
  }, Keys)
  if settings.access_key then
    local message
    self.signer, message = core.signer(settings.access_key, settings.secret_key)
    if not self.signer then
      return nil, message
    end
    self.is_fixed = true
  elseif not self.provider then
    -- Loaded here, and not at the first call, which may find no file any more.
    self.default = require("dataforest.credentials").default()
  end
  return self
end

local function provider_error(message)
  return nil, "the provider " .. message
end

local function fields_of(given)
  return given.access_key, given.secret_key, given.expires, given.source
end

--- What a provider gave, as the rest of the library may rely on it.
local function checked(given)
  if type(given) ~= "table" then
    return provider_error("gave no table of keys but a " .. type(given))
  end
  local ok, access_key, secret_key, expires, source = guarded.protected(fields_of, given)
  if not ok then
    return provider_error("gave keys that cannot be read: " .. guarded.text(access_key))
  elseif type(access_key) ~= "string" or type(secret_key) ~= "string" then
    return provider_error "gave no access_key and secret_key as text"
  elseif expires ~= nil and (type(expires) ~= "number" or expires ~= expires) then
    local what = type(expires) == "number" and "not a number" or "a " .. type(expires)
    return provider_error("gave an expires that is not seconds since the epoch, but " .. what)
  end
  return {
    access_key = access_key,
    secret_key = secret_key,
    expires = expires,
    source = type(source) == "string" and source or "the provider",
  }
end

--- Asks the provider, or the default ones.
-- @return keys as a provider gives them; or nil and what is wrong
local function ask(self, deadline, policy, refused)
  local provider = self.provider or self.default
  local context = {
    transport = self.transport,
    deadline = deadline,
    timeout = deadline - self.transport:monotonic(),
    retry = policy,
    refused = refused,
  }
  local ok, given, message
  if type(provider) == "table" then
    ok, given, message = guarded.relayed(provider.get, provider, context)
  else
    ok, given, message = guarded.relayed(provider, context)
  end
  if not ok then
    return provider_error("raised: " .. guarded.text(given))
  elseif given == nil or given == false then
    return nil, message ~= nil and guarded.text(message) or "the provider gave no keys and no reason"
  end
  return checked(given)
end

--- Makes a signer out of what a provider gave.
local function signer_of(given)
  local signer, message = core.signer(given.access_key, given.secret_key)
  if not signer then
    return nil, given.source .. ": " .. message
  end
  return signer
end

--- Keeps a signer in place of the one before.
local function keep(self, signer, given)
  local before = self.signer
  self.signer, self.access_key, self.expires = signer, given.access_key, given.expires
  if before then
    before:close()
  end
end

--- Whether what the provider gave is kept: where it is of the default providers, and where it expires. Other
-- providers are asked each time, since they may hand out other keys.
local function is_kept(self, given)
  return not self.closed and (self.default ~= nil or given.expires ~= nil)
end

--- The signer for one attempt. It is to be used at once, before anything yields.
-- @tparam number deadline seconds, by the transport's `monotonic`
-- @tparam table policy of the call's retries, for providers that ask a server
-- @treturn[1] userdata signer
-- @treturn[1] string access key
-- @treturn[1] boolean whether the caller has to close it after use
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function Keys:get(deadline, policy)
  local signer, expires = self.signer, self.expires
  if signer and not (expires and self.transport:now() >= expires - defaults.key_renewal) then
    return signer, self.access_key, false
  end
  local given, message = ask(self, deadline, policy)
  if not given then
    return nil, message
  end
  signer, message = signer_of(given)
  if not signer then
    return nil, message
  end
  local kept = is_kept(self, given)
  if kept then
    keep(self, signer, given)
  end
  return signer, given.access_key, not kept
end

--- Whether two signers hold the same keys.
local function are_equal(a, b)
  return a:sign("POST", "/", "0") == b:sign("POST", "/", "0")
end

--- Asks once more for keys that were kept, after the service refused them: they may have been revoked or
-- rotated.
-- @tparam userdata used the signer whose signature was refused
-- @tparam number deadline seconds, by the transport's `monotonic`
-- @tparam table policy of the call's retries
-- @treturn boolean whether there are other keys now
function Keys:renew(used, deadline, policy)
  if self.is_fixed or not self.signer or self.closed then
    return false
  elseif self.signer ~= used then
    return true -- another call was faster
  end
  local given = ask(self, deadline, policy, self.access_key)
  local signer = given and signer_of(given)
  if not signer then
    return false
  elseif self.closed or self.signer ~= used then
    signer:close()
    return not self.closed
  end
  local differ = not are_equal(signer, used)
  if is_kept(self, given) then
    keep(self, signer, given)
  else
    signer:close()
    keep(self, nil, {})
  end
  return differ
end

--- Closes the signer that is kept. Closing again does nothing.
function Keys:close()
  self.closed = true
  if self.signer then
    self.signer:close()
    self.signer = nil
  end
end

return keys
