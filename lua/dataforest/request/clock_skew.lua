--- The difference between this machine's clock and the service's, which refuses signatures that are more
-- than five minutes old or ahead.
-- @module dataforest.request.clock_skew

local time = require "dataforest.util.time"

local clock_skew = {}

-- The difference from which on a 401 is put down to it, and the most that is taken over (seconds).
local SMALLEST = 240
local LARGEST = 86400

--- The difference, where a refused signature can be put down to it. Taken over verified TLS only, and never
-- where the clocks agree.
-- @tparam table client
-- @tparam number signed_by the offset that this attempt was signed by: another call may have set the client's
--   right since
-- @tparam ?table response the 401
-- @treturn ?number seconds to add to this machine's time
function clock_skew.find(client, signed_by, response)
  if not response or client.settings.origin:find("https://", 1, true) ~= 1 then
    return nil
  end
  local date = time.http_date(response.headers.date)
  local offset = date and date - client.transport:now()
  if offset and math.abs(offset - signed_by) > SMALLEST and math.abs(offset) <= LARGEST then
    return offset
  end
end

--- The difference in words.
-- @tparam number offset seconds
-- @treturn string
function clock_skew.describe(offset)
  return ("this machine's clock is %d seconds %s the service's"):format(
    math.floor(math.abs(offset) + 0.5),
    offset > 0 and "behind" or "ahead of"
  )
end

return clock_skew
