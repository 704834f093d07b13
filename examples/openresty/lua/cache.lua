--- Values that all workers share for a few seconds, and that one request at a time renews.

local cjson = require "cjson.safe"

local cache = {}

local FRESH = 5 -- seconds that a value is good for
local KEPT = 600 -- seconds that it is kept, in case the service does not respond
local FAILED = 1 -- seconds that a failure is returned to everyone without another call
local RENEWING = 15 -- seconds that a renewal may take: more than the client's timeout
local LOOK = 0.02 -- how often a request looks whether another one has brought the value

local shared = ngx.shared.accounts

local function read(key)
  local text = shared:get(key)
  return text and cjson.decode(text)
end

local function write(key, entry, seconds)
  local ok, message = shared:set(key, cjson.encode(entry), seconds)
  if not ok then
    ngx.log(ngx.WARN, "the cache took nothing: ", message)
  end
end

local function is_fresh(entry)
  return entry and ngx.now() - entry.at < FRESH
end

--- Makes the value anew. Whatever happens, the next one can try.
local function renew(key, make)
  local ok, value, err = pcall(make)
  if not ok then
    ngx.log(ngx.ERR, value)
    value, err = nil, { kind = "internal", message = "an error in this application; see nginx's log" }
  end
  if value then
    write(key, { value = value, at = ngx.now() }, KEPT)
  else
    write(key .. " failed", { kind = err.kind, message = err.message, status = err.status }, FAILED)
  end
  shared:delete(key .. " renewing")
  return value, err
end

--- Waits for the value, or the failure, of the request that makes it. Nothing where that one takes too long.
local function wait(key)
  local deadline = ngx.now() + RENEWING
  repeat
    ngx.sleep(LOOK)
    local entry, failed = read(key), read(key .. " failed")
    if is_fresh(entry) then
      return entry
    elseif failed then
      return nil, failed
    end
  until ngx.now() > deadline
  return nil, { kind = "timeout", message = "another request was to bring the value, and did not" }
end

--- A value: from the cache while it is fresh, made anew by the first who finds it old. The others get
-- the old one meanwhile; where there is none, they wait for the new one.
-- @tparam string key
-- @tparam function make returns a value that JSON can hold, or nil and an error (`kind`, `message`)
-- @return the value, or nil
-- @return the time of the value (seconds since the epoch), or nil
-- @return the error, where the value is old or missing because of it
function cache.get(key, make)
  local entry = read(key)
  if is_fresh(entry) then
    return entry.value, entry.at
  end
  local failed = read(key .. " failed")
  if not failed and shared:add(key .. " renewing", true, RENEWING) then
    local value, err = renew(key, make)
    if value then
      return value, ngx.now()
    end
    failed = err
  elseif not failed and not entry then
    entry, failed = wait(key)
  end
  if entry then
    return entry.value, entry.at, failed
  end
  return nil, nil, failed
end

return cache
