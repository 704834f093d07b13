--- Retry-After, Date, and the times of the API.

local checks = require "spec.fuzz.checks"
local time = require "dataforest.util.time"

local NOW = 1700000000

local function is_time(value)
  return type(value) == "number" and value > -1e11 and value < 1e12
end

return function(bytes)
  local wait = time.retry_after(bytes, NOW)
  assert(wait == nil or type(wait) == "number" and wait >= 0 and wait <= 1e12, "Retry-After")
  local date = time.http_date(bytes)
  if date then
    assert(is_time(date) and date % 1 == 0, "Date")
    assert(time.http_date(time.to_http_date(date)) == date, "a Date that is not read back")
    assert(wait == math.max(0, date - NOW), "a Date that Retry-After does not take")
  end
  local at, message = time.iso8601(bytes)
  if at then
    assert(is_time(at), "a time")
  else
    checks.message((message:gsub("[%c\128-\255]", "?"))) -- it quotes the beginning of the text
  end
end
