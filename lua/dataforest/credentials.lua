--- Where keys come from: given ones, the environment, the key file, a server's role.
--
-- A provider is a function: called with a context, it returns `{ access_key =, secret_key =, expires =,
-- source = }`, or nil and a message. `expires` (seconds since the epoch) is optional: without it the provider
-- is asked for each attempt. Any function of that form can be given as the option `credentials`.
--
-- Both halves of a pair come from one source and one naming. Nothing is read before the first call that needs
-- it.
--
-- @module dataforest.credentials

--- Keys, as a provider gives them.
-- @table Keys
-- @tfield string access_key
-- @tfield string secret_key
-- @tfield ?number expires seconds since the epoch; without it the provider is asked for each attempt
-- @tfield ?string source where they come from, for messages

--- What a provider is called with.
-- @table Context
-- @tfield Transport transport of the client, for providers that ask a server
-- @tfield number deadline of the call, seconds by the transport's `monotonic`
-- @tfield number timeout seconds that are left until then
-- @tfield table retry `attempts`, `base_delay` and `max_delay` of the call
-- @tfield ?string refused the access key that the service has just refused: the keys may have been revoked,
--   and what a provider remembers of them is of no use

local core = require "dataforest.core"
local defaults = require "dataforest.request.defaults"
local environment = require "dataforest.util.environment"
local json = require "dataforest.codec.json"
local response_of = require "dataforest.request.response"
local retry = require "dataforest.request.retry"
local route = require "dataforest.transport.route"
local time = require "dataforest.util.time"
local transports = require "dataforest.transport"
local trim = require "dataforest.util.trim"

local credentials = {}

-- How long a caller waits before it looks again whether another one has the keys (seconds).
local LOOK_AGAIN = 0.02

--- The environment's names for the two keys, those that win first.
credentials.ACCESS_KEY_NAMES = { "NCLOUD_ACCESS_KEY_ID", "NCLOUD_ACCESS_KEY" }
credentials.SECRET_KEY_NAMES = { "NCLOUD_SECRET_ACCESS_KEY", "NCLOUD_SECRET_KEY" }

local ACCESS_KEY_NAMES, SECRET_KEY_NAMES = credentials.ACCESS_KEY_NAMES, credentials.SECRET_KEY_NAMES

local METADATA_PATH = "/latest/meta-data/iam/security-credentials/"
local METADATA_NAMES = { "NCLOUD_METADATA_ENDPOINT", "NCLOUD_METADATA_API_ENDPOINT" }
local METADATA_TIMEOUT = 3
local MAX_BYTES = 64 * 1024 -- of a key file, and of a response of the metadata service

-- What comes along when a key is copied, and is in none: the characters and what to call them.
local STRAY = {
  { "\194\160", "a no-break space" },
  { "\226\128[\139-\143]", "a character that is not seen" },
  { "\239\187\191", "a byte order mark" },
  { "[\r\n]", "a line break" },
  { "\t", "a tab" },
  { " ", "a blank" },
  { "^[\"'`]", "a quotation mark" }, -- around a key: inside of one it may belong to it
  { "[\"'`]$", "a quotation mark" },
  { "[%z\1-\31\127]", "a control character" },
}

--- What is in a key that cannot belong to it.
-- @treturn ?string such as "a blank"
local function stray_in(key)
  for _, each in ipairs(STRAY) do
    if key:find(each[1]) then
      return each[2]
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

--- Why half of a pair is no pair.
local function half_set(complete)
  local set, missing = {}, {}
  for index, access_name in ipairs(ACCESS_KEY_NAMES) do
    local secret_name = SECRET_KEY_NAMES[index]
    if complete[access_name] then
      set[#set + 1], missing[#missing + 1] = access_name, secret_name
    elseif complete[secret_name] then
      set[#set + 1], missing[#missing + 1] = secret_name, access_name
    end
  end
  if #set == 1 then
    return ("the environment: only %s is set, and %s is not"):format(set[1], missing[1])
  end
  return ("the environment: %s do not go together: set %s with the first, or %s with the second"):format(
    table.concat(set, " and "),
    missing[1],
    missing[2]
  )
end

--- Keys from the environment: `NCLOUD_ACCESS_KEY_ID` with `NCLOUD_SECRET_ACCESS_KEY`, or else
-- `NCLOUD_ACCESS_KEY` with `NCLOUD_SECRET_KEY`. Half a pair is an error, and so is a key with blanks or
-- quotation marks: no other source is asked then.
-- @treturn Provider a provider
function credentials.environment()
  return function()
    local set = {}
    for index, access_name in ipairs(ACCESS_KEY_NAMES) do
      local secret_name = SECRET_KEY_NAMES[index]
      set[access_name], set[secret_name] =
        environment.first { access_name }, environment.first { secret_name }
      if set[access_name] and set[secret_name] then
        for _, name in ipairs { access_name, secret_name } do
          local stray = stray_in(set[name])
          if stray then
            return nil, ("the environment: %s holds %s, which no key does"):format(name, stray), true
          end
        end
        return {
          access_key = set[access_name],
          secret_key = set[secret_name],
          source = ("the environment (%s)"):format(access_name),
        }
      end
    end
    if next(set) then
      return nil, half_set(set), true
    end
    local looked = ("the environment (%s; %s)"):format(
      table.concat(ACCESS_KEY_NAMES, " or "),
      table.concat(SECRET_KEY_NAMES, " or ")
    )
    if rawget(_G, "ngx") then
      looked = looked .. ' (nginx hides it from workers: it needs a line such as "env NCLOUD_ACCESS_KEY;")'
    end
    return nil, looked
  end
end

local ACCESS_KEY_LINE, SECRET_KEY_LINE = "ncloud_access_key_id", "ncloud_secret_access_key"

--- The sections of a key file, in their order; the first has no name.
local function sections_of(text)
  local section = { values = {} }
  local sections = { section }
  for line in text:gsub("^\239\187\191", ""):gmatch "[^\r\n]+" do
    local heading = line:match "^%s*%[(.-)%]%s*$"
    local name, value = line:match "^%s*([%w_%.%-]+)%s*=(.*)$"
    if heading then
      section = { name = trim(heading), values = {} }
      sections[#sections + 1] = section
    elseif name then
      section.values[name] = trim(value)
    end
  end
  return sections
end

--- Reads the text of a key file: `key = value` lines, with `#` comments and, optionally, `[profile]`
-- headings. Without a profile the last section with a key in it counts, as in NAVER's own SDKs; a heading
-- that comes twice goes on with its section. Keys of different sections are never mixed.
-- @tparam string text
-- @tparam[opt] string profile heading under which to look
-- @treturn table the values by name
-- @treturn ?string name of the section
function credentials.parse_file(text, profile)
  local values, found, has_keys = {}, nil, false
  for _, section in ipairs(sections_of(text)) do
    local counts = section.name == profile
    if not profile then
      local has_key = section.values[ACCESS_KEY_LINE] ~= nil or section.values[SECRET_KEY_LINE] ~= nil
      if has_key and section.name ~= found then
        values = {}
      end
      counts = has_key or not has_keys
      has_keys = has_keys or has_key
    end
    if counts then
      found = section.name
      for name, value in pairs(section.values) do
        values[name] = value
      end
    end
  end
  return values, found
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
    local text, reason = core.load(path, MAX_BYTES)
    if not text then
      return nil, reason
    end
    local values, section = credentials.parse_file(text, options.profile)
    local missing = {}
    for _, name in ipairs { ACCESS_KEY_LINE, SECRET_KEY_LINE } do
      if (values[name] or "") == "" then
        missing[#missing + 1] = name
      end
    end
    section = section or options.profile
    local where = section and (" under [%s]"):format(section) or ""
    if #missing > 0 then
      local other = #missing == 1 and " (keys of different sections are not mixed)" or ""
      return nil,
        ("%s: no %s%s%s"):format(path, table.concat(missing, " and "), where, section and other or "")
    end
    for _, name in ipairs { ACCESS_KEY_LINE, SECRET_KEY_LINE } do
      local stray = stray_in(values[name])
      if stray then
        return nil, ("%s: %s%s holds %s, which no key does"):format(path, name, where, stray)
      end
    end
    return { access_key = values[ACCESS_KEY_LINE], secret_key = values[SECRET_KEY_LINE], source = path }
  end
end

--- Asks providers in turn, and takes the keys of the first that has any. A provider whose third result is
-- true ends the search: what it found is wrong, and other keys would hide that.
-- @tparam {function,...} providers
-- @treturn Provider a provider
function credentials.chain(providers)
  return function(context)
    local looked = {}
    for _, provider in ipairs(providers) do
      local keys, message, is_wrong = provider(context)
      if keys then
        return keys
      elseif is_wrong then
        return nil, message, true
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

-- The server role ---------------------------------------------------------------------

--- Asks the metadata service, as often as any read is tried.
-- @tparam table context of a provider
-- @tparam table state its `busy_until` says until when others wait for this caller
-- @treturn[1] string body
-- @treturn[2] nil
-- @treturn[2] string what is wrong
local function get(context, state, endpoint, target)
  local transport = context.transport
  local policy = context.retry or defaults.retry
  local deadline = context.deadline or transports.monotonic(transport) + defaults.timeout
  local history = {}
  while true do
    local now = transports.monotonic(transport)
    -- A time and not a flag: a caller that was killed meanwhile holds up no one for good.
    state.busy_until = now + METADATA_TIMEOUT + policy.max_delay + 1
    local response, err = transport:send {
      method = "GET",
      url = endpoint .. target,
      target = target,
      headers = { Accept = "*/*" },
      deadline = math.min(deadline, now + METADATA_TIMEOUT),
      timeout = math.min(deadline - now, METADATA_TIMEOUT),
      connect_timeout = METADATA_TIMEOUT,
      max_response_bytes = MAX_BYTES,
      once = false,
    }
    if response and response.status == 200 then
      return response.body
    elseif response then
      err = {
        kind = response_of.kind(response.status),
        status = response.status,
        message = ("HTTP %d"):format(response.status),
      }
    end
    local pause = retry.pause_after(policy, "read", err, history)
    if
      not pause
      or transports.monotonic(transport) + pause >= deadline
      or transport:sleep(pause) == false
    then
      return nil, ("%s%s: %s"):format(endpoint, response and target or "", err.message)
    end
  end
end

local function fetch_role(context, state, options)
  local endpoint = options.endpoint or environment.first(METADATA_NAMES) or "http://" .. route.METADATA
  endpoint = endpoint:gsub("/+$", "")
  local role, message = options.role
  if not role then
    local list
    list, message = get(context, state, endpoint, METADATA_PATH)
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
  body, message = get(context, state, endpoint, METADATA_PATH .. role)
  if not body then
    return nil, message
  end
  local detail = json.decode(body)
  if
    type(detail) ~= "table"
    or type(detail.AccessKeyId) ~= "string"
    or type(detail.SecretAccessKey) ~= "string"
  then
    return nil, ("%s: no keys in the response for the role %s"):format(endpoint, role)
  end
  local expires
  if detail.Expiration then
    expires, message = time.iso8601(detail.Expiration)
    if not expires then
      return nil, ("%s: Expiration of the role's keys: %s"):format(endpoint, message)
    end
  end
  return {
    access_key = detail.AccessKeyId,
    secret_key = detail.SecretAccessKey,
    expires = expires,
    source = "the server role " .. role,
  }
end

--- Keys of the role of the server that the program runs on. They expire, and are taken anew five minutes
-- before, or when the service refuses them: once for all callers, while those go on with the old ones.
-- @tparam[opt] table options `role`: its name, by default the first one listed;
--   `endpoint`: in place of `NCLOUD_METADATA_ENDPOINT`, `NCLOUD_METADATA_API_ENDPOINT` or
--   the link-local address
-- @treturn Provider a provider
function credentials.server_role(options)
  options = options or {}
  local keys
  local state = {}
  return function(context)
    local transport = context.transport
    while true do
      local date, now = transport:now(), transports.monotonic(transport)
      local is_refused = keys and keys.access_key == context.refused
      local valid = keys and not is_refused and (not keys.expires or date < keys.expires)
      local early = keys and keys.expires and date >= keys.expires - defaults.key_renewal
      local busy = state.busy_until and now < state.busy_until
      if valid and (not early or busy) then
        return keys
      elseif not busy then
        state.busy_until = now + METADATA_TIMEOUT + 1
        local fresh, message = fetch_role(context, state, options)
        state.busy_until = nil
        if fresh then
          keys = fresh
          return keys
        elseif valid then
          return keys
        end
        return nil, "the server role: " .. message
      elseif now >= (context.deadline or 0) then
        return nil, "the server role: the deadline passed while another call was asking for it"
      elseif transport:sleep(LOOK_AGAIN) == false then
        return nil, "the server role: another call is asking for it, and no code can wait here"
      end
    end
  end
end

return credentials
