--- Steering an emulator that runs as a server, over HTTP: its clock, its faults, what it remembers.
--
-- `POST /_emulator/<what>` with a JSON object, without a signature:
--
--     advance      {"seconds": 180}
--     set_clock    {"seconds": 1700000000}
--     fail_next    the table of emulator:fail_next
--     add_account  the table of emulator:add_account; the result is the id
--     reset, now, calls, dump   {}
--
-- The answer is a line, `{"result": ...}`, or `{"error": "..."}` with status 400.
--
--     curl --cacert "$DATAFOREST_CA_FILE" "$DATAFOREST_BASE_URL/_emulator/advance" -d '{"seconds":180}'
--
-- @module dataforest.emulator.control

local wire = require "dataforest.emulator.wire"

local PREFIX = "/_emulator/"

local control = {}

local actions = {
  advance = function(emulator, given)
    emulator:advance(given.seconds)
    return emulator:now()
  end,
  set_clock = function(emulator, given)
    emulator:set_clock(given.seconds)
    return emulator:now()
  end,
  fail_next = function(emulator, given)
    return emulator:fail_next(given)
  end,
  add_account = function(emulator, given)
    return emulator:add_account(given)
  end,
  reset = function(emulator)
    return emulator:reset()
  end,
  now = function(emulator)
    return emulator:now()
  end,
  calls = function(emulator)
    return emulator.calls
  end,
  dump = function(emulator)
    return emulator:dump()
  end,
}

local function answer(status, body)
  return {
    status = status,
    headers = { ["content-type"] = "application/json;charset=UTF-8" },
    body = wire.json(body, { object = "Answer", fields = {} }) .. "\n", -- for terminals
  }
end

--- Answers a request that steers the emulator.
-- @tparam Emulator emulator
-- @tparam table request as `emulator:handle` takes it
-- @treturn table|nil the response; nil where the request is for Data Forest
function control.handle(emulator, request)
  if request.target:sub(1, #PREFIX) ~= PREFIX then
    return nil
  end
  local name = request.target:sub(#PREFIX + 1):match "^[^?]*"
  local action = actions[name]
  if not action or request.method ~= "POST" then
    return answer(
      404,
      { error = "POST /_emulator/<advance, set_clock, fail_next, add_account, reset, now, calls, dump>" }
    )
  end
  local given, message = wire.read(request.body or "", "json")
  if not given then
    return answer(400, { error = message })
  end
  local ok, result = pcall(action, emulator, given)
  if not ok then
    return answer(400, { error = (tostring(result):gsub("^.-dataforest%.emulator: ", "")) })
  end
  return answer(200, { result = result == nil and true or result })
end

return control
