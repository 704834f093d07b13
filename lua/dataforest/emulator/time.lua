--- Times as the service writes them.
-- @module dataforest.emulator.time

local utc = require("dataforest.util.time").utc

local time = {}

--- Seconds east of Greenwich of a zone, or nil where the text is none.
-- @tparam string zone `"+09:00"`, `"-03:30"` or `"Z"`
function time.zone_seconds(zone)
  if zone == "Z" then
    return 0
  end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):(%d%d)$")
  if not sign or tonumber(hours) > 14 or tonumber(minutes) > 59 then
    return nil
  end
  local seconds = tonumber(hours) * 3600 + tonumber(minutes) * 60
  return sign == "-" and -seconds or seconds
end

--- ISO 8601 with a zone: `2025-02-20T09:32:55+09:00`.
-- @tparam number seconds since the epoch
-- @tparam string zone as above
function time.iso(seconds, zone)
  local date = utc(seconds + time.zone_seconds(zone))
  return ("%04d-%02d-%02dT%02d:%02d:%02d%s"):format(
    date.year,
    date.month,
    date.day,
    date.hour,
    date.min,
    date.sec,
    zone
  )
end

return time
