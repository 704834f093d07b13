--- Where keys come from: given ones, the environment, the key file, a server's role.
--
-- A provider is a function: called with a context (`transport`, `deadline`), it returns
-- `{ access_key =, secret_key =, expires =, source = }`, or nil and a message. `expires`
-- (seconds since the epoch) is optional: without it the provider is asked for each call.
-- Any function of that form can be given as the option `credentials`.
--
-- Nothing is read before the first call that needs it.
--
-- @module dataforest.credentials

--- Keys, as a provider gives them. A provider is called with a context (`transport`, `deadline`).
-- @table Keys
-- @tfield string access_key
-- @tfield string secret_key
-- @tfield ?number expires seconds since the epoch; without it the provider is asked for each call
-- @tfield ?string source where they come from, for messages

local core = require "dataforest.core"
local json = require "dataforest.codec.json"
local time = require "dataforest.time"
local trim = require "dataforest.util.trim"

local credentials = {}

-- Keys are taken anew this long before they run out (seconds).
local EARLY = 300

-- How long a caller waits before it looks again whether another one has the keys (seconds).
local LOOK_AGAIN = 0.02

--- The environment's names for the two keys, those that win first.
credentials.ACCESS_KEY_NAMES = { "NCLOUD_ACCESS_KEY_ID", "NCLOUD_ACCESS_KEY" }
credentials.SECRET_KEY_NAMES = { "NCLOUD_SECRET_ACCESS_KEY", "NCLOUD_SECRET_KEY" }

local ACCESS_KEY_NAMES, SECRET_KEY_NAMES = credentials.ACCESS_KEY_NAMES, credentials.SECRET_KEY_NAMES

local METADATA_ENDPOINT = "http://169.254.169.254"
local METADATA_PATH = "/latest/meta-data/iam/security-credentials/"
local METADATA_NAMES = { "NCLOUD_METADATA_ENDPOINT", "NCLOUD_METADATA_API_ENDPOINT" }
local METADATA_TIMEOUT = 3
local METADATA_MAX_BYTES = 64 * 1024

local function first_set(names)
  for _, name in ipairs(names) do
    local value = os.getenv(name)
    if value and value ~= "" then
      return value, name
    end
  end
end

--- Keys that are known already.
-- @tparam string access_key
-- @tparam string secret_key
-- @treturn Provider a provider
function credentials.static(access_key, secret_key)
  return function()
    return { access_key = access_key, secret_key = secret_key, source = "given keys" }
  end
end

--- Keys from the environment: `NCLOUD_ACCESS_KEY_ID` or `NCLOUD_ACCESS_KEY`, and
-- `NCLOUD_SECRET_ACCESS_KEY` or `NCLOUD_SECRET_KEY`.
-- @treturn Provider a provider
function credentials.environment()
  return function()
    local access_key, access_name = first_set(ACCESS_KEY_NAMES)
    local secret_key, secret_name = first_set(SECRET_KEY_NAMES)
    if access_key and secret_key then
      return { access_key = access_key, secret_key = secret_key, source = "the environment" }
    end
    local looked = ("the environment (%s; %s)"):format(
      table.concat(ACCESS_KEY_NAMES, " or "),
      table.concat(SECRET_KEY_NAMES, " or ")
    )
    if access_key or secret_key then
      looked = looked .. (": only %s is set"):format(access_name or secret_name)
    elseif rawget(_G, "ngx") then
      looked = looked .. ' (nginx hides it from workers: it needs a line such as "env NCLOUD_ACCESS_KEY;")'
    end
    return nil, looked
  end
end

--- Reads the text of a key file: `key = value` lines, with `#` comments and, optionally,
-- `[profile]` headings. Without a profile every line counts, and the last one wins, as in
-- NAVER's own SDKs.
-- @tparam string text
-- @tparam[opt] string profile heading under which to look
-- @treturn table the values by name
function credentials.parse_file(text, profile)
  local values = {}
  local section
  for line in text:gmatch "[^\r\n]+" do
    local heading = line:match "^%s*%[(.-)%]%s*$"
    local name, value = line:match "^%s*([%w_%.%-]+)%s*=(.*)$"
    if heading then
      section = trim(heading)
    elseif name and (not profile or section == profile) then
      values[name] = trim(value)
    end
  end
  return values
end

--- The key file that is read where no other is named.
-- @treturn ?string path; nil without a home folder
function credentials.default_path()
  local home = os.getenv "HOME" or os.getenv "USERPROFILE"
  return home and (home .. "/.ncloud/configure")
end

--- Keys from a file, by default `~/.ncloud/configure`, with the lines
-- `ncloud_access_key_id = ...` and `ncloud_secret_access_key = ...`.
-- @tparam[opt] table options `path`, and `profile`: a `[heading]` in the file
-- @treturn Provider a provider
function credentials.file(options)
  options = options or {}
  return function()
    local path = options.path or credentials.default_path()
    if not path then
      return nil, "~/.ncloud/configure (HOME is not set)"
    end
    local handle, reason = io.open(path, "rb")
    if not handle then
      return nil, reason
    end
    local text = handle:read(METADATA_MAX_BYTES)
    handle:close()
    if not text then
      return nil, path .. ": empty, or not a file"
    end
    local values = credentials.parse_file(text, options.profile)
    local access_key, secret_key = values.ncloud_access_key_id, values.ncloud_secret_access_key
    if not access_key or access_key == "" or not secret_key or secret_key == "" then
      local where = options.profile and (" under [%s]"):format(options.profile) or ""
      return nil, ("%s: no ncloud_access_key_id and ncloud_secret_access_key%s"):format(path, where)
    end
    return { access_key = access_key, secret_key = secret_key, source = path }
  end
end

--- Asks providers in turn; the first that has keys is the answer.
-- @tparam {function,...} providers
-- @treturn Provider a provider
function credentials.chain(providers)
  return function(context)
    local looked = {}
    for _, provider in ipairs(providers) do
      local keys, message = provider(context)
      if keys then
        return keys
      end
      looked[#looked + 1] = message
    end
    return nil, "no keys found; looked at " .. table.concat(looked, ", and at ")
  end
end

--- The order in which a client looks that was given no keys.
-- @treturn Provider a provider
function credentials.default()
  return credentials.chain {
    function()
      return nil, "the options access_key and secret_key"
    end,
    credentials.environment(),
    credentials.file(),
  }
end

local function monotonic(transport)
  return transport.monotonic and transport:monotonic() or core.monotonic()
end

local function get(context, endpoint, target)
  local response, failure = context.transport:send {
    method = "GET",
    url = endpoint .. target,
    target = target,
    headers = { Accept = "*/*" },
    deadline = math.min(context.deadline, monotonic(context.transport) + METADATA_TIMEOUT),
    connect_timeout = METADATA_TIMEOUT,
    max_response_bytes = METADATA_MAX_BYTES,
    once = false,
  }
  if not response then
    return nil, ("%s: %s"):format(endpoint, failure.message)
  end
  if response.status ~= 200 then
    return nil, ("%s%s: HTTP %d"):format(endpoint, target, response.status)
  end
  return response.body
end

local function fetch_role(context, options)
  local endpoint = options.endpoint or first_set(METADATA_NAMES) or METADATA_ENDPOINT
  endpoint = endpoint:gsub("/+$", "")
  local role, message = options.role
  if not role then
    local list
    list, message = get(context, endpoint, METADATA_PATH)
    if not list then
      return nil, message
    end
    role = list:match "[^\r\n]+"
    role = role and trim(role)
    if not role or not role:find "^[%w%-_%.]+$" then
      return nil, endpoint .. ": this server has no role"
    end
  end
  local body
  body, message = get(context, endpoint, METADATA_PATH .. role)
  if not body then
    return nil, message
  end
  local detail = json.decode(body)
  if type(detail) ~= "table" or not detail.AccessKeyId or not detail.SecretAccessKey then
    return nil, ("%s: no keys in the answer for the role %s"):format(endpoint, role)
  end
  local expires
  if detail.Expiration then
    expires, message = time.iso8601(detail.Expiration)
    if not expires then
      return nil, ("%s: Expiration of the role's keys: %s"):format(endpoint, message)
    end
  end
  return {
    access_key = tostring(detail.AccessKeyId),
    secret_key = tostring(detail.SecretAccessKey),
    expires = expires,
    source = "the server role " .. role,
  }
end

--- Keys of the role of the server that the program runs on. They run out, and are taken
-- anew five minutes before: once for all callers, while those go on with the old ones.
-- @tparam[opt] table options `role`: its name, by default the first one listed;
--   `endpoint`: in place of `NCLOUD_METADATA_ENDPOINT`, `NCLOUD_METADATA_API_ENDPOINT` or
--   the link-local address
-- @treturn Provider a provider
function credentials.server_role(options)
  options = options or {}
  local keys, fetching
  return function(context)
    local transport = context.transport
    while true do
      local date, now = transport:now(), monotonic(transport)
      local valid = keys and (not keys.expires or date < keys.expires)
      local early = keys and keys.expires and date >= keys.expires - EARLY
      if valid and (not early or (fetching and now < fetching)) then
        return keys
      end
      if not fetching or now >= fetching then
        -- A time and not a flag: a caller that was killed in mid-fetch holds up no one for good.
        fetching = now + 2 * METADATA_TIMEOUT + 1
        local fresh, message = fetch_role(context, options)
        fetching = nil
        if fresh then
          keys = fresh
          return keys
        end
        if valid then
          return keys
        end
        return nil, "the server role: " .. message
      end
      if now >= context.deadline then
        return nil, "the server role: the deadline passed while another call was asking for it"
      end
      transport:sleep(LOOK_AGAIN)
    end
  end
end

return credentials
