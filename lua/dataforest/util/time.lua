--- Times as the API and HTTP write them, as seconds since the epoch.
-- @module dataforest.util.time

local trim = require "dataforest.util.trim"

local time = {}

local MONTH_NAMES = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }
local DAY_NAMES = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" }

local MONTHS = {}
for index, name in ipairs(MONTH_NAMES) do
  MONTHS[name] = index
end

local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function days_in(year, month)
  if month == 2 and (year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)) then
    return 29
  end
  return MONTH_DAYS[month]
end

--- Seconds since the epoch of a date and time in UTC; nil where there is no such moment.
-- The day count starts the year in March, so that the leap day comes last.
local function epoch(year, month, day, hour, minute, second)
  if month < 1 or month > 12 or day < 1 or day > days_in(year, month) then
    return nil
  end
  if hour > 23 or minute > 59 or second > 60 then
    return nil
  end
  local y = month <= 2 and year - 1 or year
  local era = math.floor(y / 400)
  local year_of_era = y - era * 400
  local day_of_year = math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  local day_of_era = year_of_era * 365
    + math.floor(year_of_era / 4)
    - math.floor(year_of_era / 100)
    + day_of_year
  local days = era * 146097 + day_of_era - 719468
  return days * 86400 + hour * 3600 + minute * 60 + second
end

--- The number that the digits behind a point stand for. (`tonumber` asks the locale for the point.)
local function fraction_of(digits)
  digits = digits:sub(1, 9)
  return digits == "" and 0 or tonumber(digits) / 10 ^ #digits
end

--- Reads an ISO 8601 time as the API writes it, with `Z` or an offset, with or without
-- a fraction: `2023-05-26T11:35:01+09:00`, `2023-04-20T06:52:38.645Z`.
-- @tparam string text
-- @treturn[1] number seconds since the epoch, with the fraction
-- @treturn[2] nil
-- @treturn[2] string what is wrong with the text
function time.iso8601(text)
  if type(text) ~= "string" then
    return nil, "expected a time as text, got " .. type(text)
  end
  local year, month, day, hour, minute, second, fraction, zone =
    text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt ](%d%d):(%d%d):(%d%d)(%.?%d*)(.+)$"
  local offset
  if zone == "Z" or zone == "z" then
    offset = 0
  elseif zone then
    local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d%d)$"
    if sign and tonumber(hours) < 24 and tonumber(minutes) < 60 then
      offset = (tonumber(hours) * 60 + tonumber(minutes)) * 60 * (sign == "-" and -1 or 1)
    end
  end
  local seconds = offset
    and fraction ~= "."
    and (fraction == "" or fraction:sub(1, 1) == ".")
    and epoch(
      tonumber(year),
      tonumber(month),
      tonumber(day),
      tonumber(hour),
      tonumber(minute),
      tonumber(second)
    )
  if not seconds then
    return nil, "not an ISO 8601 time with a zone: " .. text:sub(1, 40)
  end
  seconds = seconds - offset
  if fraction ~= "" then
    seconds = seconds + fraction_of(fraction:sub(2))
  end
  return seconds
end

local HTTP_DATES = {
  -- Sun, 06 Nov 1994 08:49:37 GMT
  { "^%a%a%a, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$", "dmy" },
  -- Sunday, 06-Nov-94 08:49:37 GMT
  { "^%a+day, (%d%d)%-(%a%a%a)%-(%d%d) (%d%d):(%d%d):(%d%d) GMT$", "dmy" },
  -- Sun Nov  6 08:49:37 1994
  { "^%a%a%a (%a%a%a) ([ %d]%d) (%d%d):(%d%d):(%d%d) (%d%d%d%d)$", "asctime" },
}

--- Reads a time as HTTP headers write it (RFC 9110, all three forms).
-- @tparam string text
-- @treturn ?number seconds since the epoch, or nil where the text is no such time
function time.http_date(text)
  if type(text) ~= "string" then
    return nil
  end
  for _, form in ipairs(HTTP_DATES) do
    local day, month, year, hour, minute, second = text:match(form[1])
    if day then
      if form[2] == "asctime" then
        day, month, hour, minute, second, year = month, day, year, hour, minute, second
      end
      year = tonumber(year)
      if year < 100 then
        year = year + (year < 70 and 2000 or 1900)
      end
      month = MONTHS[month]
      return month and epoch(year, month, tonumber(day), tonumber(hour), tonumber(minute), tonumber(second))
        or nil
    end
  end
  return nil
end

-- So many seconds stand for what is longer.
local LONGEST = 1e9

local function retry_after_part(part, following, now)
  local whole, fraction = part:match "^%s*(%d+)%s*$", ""
  if not whole then
    whole, fraction = part:match "^%s*(%d+)%.(%d+)%s*$"
  end
  if whole then
    return #whole <= 9 and tonumber(whole) + fraction_of(fraction) or LONGEST
  end
  local at = time.http_date(trim(part)) or following and time.http_date(trim(part .. "," .. following))
  return at and math.max(0, at - now)
end

--- Reads a `Retry-After` header in either form. Of several values the longest counts.
-- @tparam string|table text a number of seconds, with a fraction or without, or an HTTP date; several with
--   commas between them, or as a list
-- @tparam number now seconds since the epoch
-- @treturn ?number seconds to wait, 0 or more; nil where the text is neither form
function time.retry_after(text, now)
  if type(text) == "table" then
    text = table.concat(text, ",")
  elseif type(text) ~= "string" then
    return nil
  end
  local parts, longest = {}, nil
  for part in text:gmatch "[^,]+" do
    parts[#parts + 1] = part
  end
  for index, part in ipairs(parts) do
    local seconds = retry_after_part(part, parts[index + 1], now)
    if seconds and seconds > (longest or -1) then
      longest = seconds
    end
  end
  return longest
end

--- Tells a moment in UTC. (`os.date` ends in 2038 where the system's `time_t` has 32 bits.)
-- @tparam number seconds since the epoch
-- @treturn table `year`, `month`, `day`, `hour`, `min`, `sec` and `wday` (1: Sunday), as in `os.date "!*t"`
function time.utc(seconds)
  local whole = math.floor(seconds)
  local days = math.floor(whole / 86400)
  local of_day = whole - days * 86400
  -- As in `epoch`: eras of 400 years, and years that start in March.
  local era = math.floor((days + 719468) / 146097)
  local day_of_era = days + 719468 - era * 146097
  local year_of_era = math.floor(
    (
      day_of_era
      - math.floor(day_of_era / 1460)
      + math.floor(day_of_era / 36524)
      - math.floor(day_of_era / 146096)
    ) / 365
  )
  local day_of_year = day_of_era
    - (365 * year_of_era + math.floor(year_of_era / 4) - math.floor(year_of_era / 100))
  local from_march = math.floor((5 * day_of_year + 2) / 153)
  local month = (from_march + 2) % 12 + 1
  return {
    year = year_of_era + era * 400 + (month <= 2 and 1 or 0),
    month = month,
    day = day_of_year - math.floor((153 * from_march + 2) / 5) + 1,
    hour = math.floor(of_day / 3600),
    min = math.floor(of_day / 60) % 60,
    sec = of_day % 60,
    wday = (days + 4) % 7 + 1,
  }
end

--- Writes a time as the `Date` header does.
-- @tparam number seconds since the epoch
-- @treturn string such as `Sun, 06 Nov 1994 08:49:37 GMT`
function time.to_http_date(seconds)
  local date = time.utc(seconds)
  return ("%s, %02d %s %04d %02d:%02d:%02d GMT"):format(
    DAY_NAMES[date.wday],
    date.day,
    MONTH_NAMES[date.month],
    date.year,
    date.hour,
    date.min,
    date.sec
  )
end

return time
