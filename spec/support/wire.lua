--- The responses of spec/vectors/http over the wire: a server that sends them, and a run that checks what a
-- transport makes of each, and that the next call gets its own response whatever came before.

local core = require "dataforest.core"
local files = require "spec.support.files"
local helper_process = require "spec.support.helper_process"
local vectors = require "spec.support.http1_vectors"

-- What a call may take (seconds): a verdict never waits for a deadline.
local CALL_SECONDS = 5

local wire = {}

local Server = {}
Server.__index = Server

--- Whether a case can be played over plain TCP.
local function is_playable(case)
  return case.ending == "clean" or case.ending == "reset"
end

--- What becomes of a connection behind a response: it is closed only where the response needs that, so that
-- every other verdict is seen to come by itself.
local function ending_of(case)
  if case.ending == "reset" then
    return "reset"
  end
  local reader = core.http_reader()
  reader:start(case.method, case.max)
  return reader:feed(case.bytes) == false and "close" or "hold"
end

--- Starts the server.
-- @treturn table `port`
function wire.start()
  local self = setmetatable({}, Server)
  self.folder = files.new_folder()
  local plan = {}
  for number, case in ipairs(vectors.all()) do
    plan[number] = ending_of(case) .. "\n"
  end
  files.write(self.folder .. "/plan", table.concat(plan))
  self.process = helper_process.start("wire_process.lua", self.folder, "port")
  self.port = tonumber(self.process.ready)
  return self
end

--- Stops it. What it complained of is an error.
function Server:stop()
  self.process:stop(true)
end

local function call(transport, port, target, case, once)
  return transport:send {
    method = case and case.method or "GET",
    url = ("http://127.0.0.1:%d%s"):format(port, target),
    target = target,
    headers = {},
    once = once,
    deadline = core.monotonic() + CALL_SECONDS,
    timeout = CALL_SECONDS,
    connect_timeout = CALL_SECONDS,
    max_response_bytes = case and case.max or 1000,
  }
end

--- Asks for a numbered response, and says what is wrong with the one that comes.
local function probe(transport, port, token, keeps)
  local response, failure = call(transport, port, "/probe/" .. token)
  if not response then
    return ("the next call failed: %s"):format(failure.message)
  elseif response.body ~= token then
    return ("the next call got another's response: %q"):format(response.body:sub(1, 100))
  elseif keeps ~= nil and response.reused ~= keeps then
    return keeps and "the connection was not used again" or "the connection was used again"
  end
end

local function play(transport, port, case, number, split, token)
  local started = core.monotonic()
  local response, failure = call(transport, port, ("/case/%d%s"):format(number, split and "?" or ""), case)
  local problem = vectors.difference(case, response, failure)
  if not problem and core.monotonic() - started > CALL_SECONDS / 2 then
    problem = "it waited for its deadline"
  end
  return problem or probe(transport, port, token, case.keep == true)
end

local function told(case, problem)
  return ("%s: %s"):format(case.name, problem)
end

--- Each case once.
-- @tparam table transport
-- @tparam integer port of the server
-- @treturn integer cases
-- @treturn table list of what is wrong
function wire.each(transport, port)
  local problems, count = {}, 0
  for number, case in ipairs(vectors.all()) do
    if is_playable(case) then
      count = count + 1
      local problem = play(transport, port, case, number, false, "number-" .. number)
      problems[#problems + 1] = problem and told(case, problem)
    end
  end
  return count, problems
end

--- So many random sequences: a few responses of any kind, then numbered ones.
-- @tparam table transport
-- @tparam integer port of the server
-- @tparam integer count
-- @tparam integer seed
-- @treturn table list of what is wrong
function wire.sequences(transport, port, count, seed)
  local cases, problems, state = vectors.all(), {}, seed
  local function random(most)
    state = state * 16807 % 2147483647
    return state % most + 1
  end
  for sequence = 1, count do
    for step = 1, random(3) do
      local number = random(#cases)
      local case = cases[number]
      local token = ("%d-%d"):format(sequence, step)
      local problem
      if random(50) == 1 then
        local response = call(transport, port, "/late/" .. token)
        problem = (not response or response.body ~= token) and "the late one's own response is wrong" or nil
        -- The server does one thing after the other: once this one has its response, the late one is out.
        -- (One that came when the next request is under way could not be told from that one's response.)
        problem = problem
          or (not call(transport, port, "/probe/x", nil, true) and "the server is gone")
          or nil
        transport:sleep(0.01)
      elseif is_playable(case) and #case.bytes < 20000 then
        problem = play(transport, port, case, number, random(2) == 1, token)
      end
      problem = problem or probe(transport, port, token .. "-probe")
      problems[#problems + 1] = problem and told(case, problem)
    end
  end
  return problems
end

return wire
