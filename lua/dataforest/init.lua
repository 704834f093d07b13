--- A client for NAVER Cloud Platform's Data Forest API.
--
--     local dataforest = require "dataforest"
--     local df = dataforest.new() -- keys from the environment
--     local account, err = df.accounts:get_detail "axE7wU9ERm8fTc7e17vNvu"
--     if not account then return nil, err end
--     for _, quota in ipairs(account.quotas) do
--       print(quota.namespace, quota.spaceTb)
--     end
--
-- @module dataforest

local found, core = pcall(require, "dataforest.core")
if not found then
  error(
    "dataforest: its part in C for this Lua cannot be loaded: build it with make, or name its folder in "
      .. "package.cpath\n"
      .. tostring(core),
    0
  )
end
local Client = require "dataforest.client"
local time = require "dataforest.util.time"

local dataforest = { _VERSION = require "dataforest.version" }

--- Makes a client. Nothing is opened or read before its first call.
-- @tparam[opt] table options
-- @tparam[opt] string options.access_key together with `secret_key`; without the two, see
--   `dataforest.credentials`
-- @tparam[opt] string options.secret_key goes with `access_key`; it is copied into C once, and wiped there
-- @tparam[opt] function|table options.credentials a provider of keys: a function, see
--   `dataforest.credentials`, or a table with such a method `get`
-- @tparam[opt="https://df.apigw.ntruss.com"] string options.base_url address of the service; or
--   `DATAFOREST_BASE_URL`
-- @tparam[opt="json"] string options.format what to speak, `"json"` or `"xml"`
-- @tparam[opt=30] number options.timeout seconds for the whole call, retries included
-- @tparam[opt=5] number options.connect_timeout seconds for making a connection
-- @tparam[opt] number options.attempt_timeout seconds for one attempt
-- @tparam[opt=8388608] number options.max_response_bytes the largest response, in bytes; a larger one is an
--   error of kind `limit`
-- @tparam[opt] table|boolean options.retry what differs from `{ attempts = 3, base_delay = 0.5, max_delay =
--   20 }` (seconds), or false for one attempt
-- @tparam[opt=true] boolean options.validate false turns the checks of parameters off
-- @tparam[opt="strict"] string options.password_rule what a password must have: `"strict"`, upper and lower
--   case, a digit and a special character; `"current"`, a letter, a digit and a special character
-- @tparam[opt] table|function options.headers more headers of each request, by name; or a function that
--   returns them, called before each attempt with a table (`operation`, `method`, `url`, `target`, `attempt`)
-- @tparam[opt] string options.ca_file certificates to trust, PEM; or `DATAFOREST_CA_FILE`
-- @tparam[opt] string options.connect_to `"host:port"` to dial in place of the base address's; or
--   `DATAFOREST_CONNECT_TO`
-- @tparam[opt] string options.proxy address of a proxy, or `"env"`: what `https_proxy` and the like say; or
--   `DATAFOREST_PROXY`; none by default
-- @tparam[opt="auto"] string|Transport|function options.transport `"auto"` (cosockets where nginx
--   can wait, else libcurl), `"curl"`, `"cosocket"`, or one's own
-- @tparam[opt] function options.on_event called with a table for each attempt, retry, success and failure
-- @tparam[opt] function options.on_error called once, with a message and the event, where `on_event` raises;
--   without it nginx's log or stderr gets the message
-- @tparam[opt] string options.user_agent put in front of the library's own
-- @tparam[opt=64] number options.pool_size idle connections kept
-- @tparam[opt=60] number options.pool_idle_timeout seconds that they are kept
-- @tparam[opt] string options.pool_name clients of nginx that give the same name share connections;
--   they must trust the same authorities (cosocket transport; without it, each location has its own)
-- @treturn Client a client; raises at the caller's line where an option is unknown or wrong
function dataforest.new(options)
  -- Not a tail call, which would hide the caller's line from the error.
  local client = Client.new(options, 3)
  return client
end

local SIGN_FIELDS = { "method", "target", "timestamp", "access_key", "secret_key" }

--- Signs a request by hand.
-- @tparam table fields
-- @tparam string fields.method such as `"POST"`
-- @tparam string fields.target path and query exactly as sent
-- @tparam number|string fields.timestamp milliseconds since the epoch
-- @tparam string fields.access_key
-- @tparam string fields.secret_key
-- @treturn string the signature, for the header `x-ncp-apigw-signature-v2`
-- @treturn string the exact text that was signed
-- @see https://api.ncloud-docs.com/docs/en/common-ncpapi
function dataforest.sign(fields)
  if type(fields) ~= "table" then
    error("dataforest.sign takes a table, got a " .. type(fields), 2)
  end
  for _, name in ipairs(SIGN_FIELDS) do
    local value = fields[name]
    if type(value) ~= "string" and not (name == "timestamp" and type(value) == "number") then
      error(("dataforest.sign: field %s is missing or of the wrong type (%s)"):format(name, type(value)), 2)
    end
  end
  local signer, message = core.signer(fields.access_key, fields.secret_key)
  if not signer then
    error("dataforest.sign: " .. message, 2)
  end
  local ok, signature = pcall(signer.sign, signer, fields.method, fields.target, fields.timestamp)
  signer:close()
  if not ok then
    error("dataforest.sign: " .. tostring(signature):gsub("^.-: ", "", 1), 2)
  end
  return signature, core.string_to_sign(fields.method, fields.target, fields.timestamp, fields.access_key)
end

--- Seconds since the epoch of a time as the API writes it.
-- @tparam string text such as `2023-05-26T11:35:01+09:00` or `2023-04-20T06:52:38.645Z`
-- @treturn[1] number seconds, with the fraction
-- @treturn[2] nil
-- @treturn[2] string what is wrong with the text
function dataforest.time(text)
  return time.iso8601(text)
end

-- The rest is loaded when first used: a script that only reads accounts needs no emulator.
local LAZY = {
  credentials = "dataforest.credentials",
  emulator = "dataforest.emulator",
  errors = "dataforest.errors",
  operations = "dataforest.operations",
  testing = "dataforest.testing",
}

return setmetatable(dataforest, {
  __index = function(_, name)
    return LAZY[name] and require(LAZY[name])
  end,
})
