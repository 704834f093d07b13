--- The responses of spec/vectors/http over the wire: a server that sends them, and a run that checks what a
-- transport makes of each, and that the next call gets its own response whatever came before.

local core = require "dataforest.core"
local process = require "spec.support.server"
local vectors = require "spec.support.http1_vectors"

local START_SECONDS, STOP_SECONDS = 20, 5

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

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text
end

--- Starts the server.
-- @treturn table `port`
function wire.start()
  local self = setmetatable({}, Server)
  self.folder = process.output_of("mktemp -d"):match "[^\n]+"
  local file = assert(io.open(self.folder .. "/plan", "w"))
  for _, case in ipairs(vectors.all()) do
    file:write(ending_of(case), "\n")
  end
  file:close()
  local command = "env -u LUA_PATH -u LUA_CPATH -u LD_PRELOAD luajit spec/support/wire_process.lua"
  self.pid = tonumber(
    process.output_of(
      ("%s '%s' %s >'%s/said' 2>&1 </dev/null & echo $!"):format(
        command,
        self.folder,
        process.own_pid(),
        self.folder
      )
    )
  )
  process.wait_until(function()
    return read(self.folder .. "/port") or not process.is_running(self.pid)
  end, START_SECONDS)
  self.port = tonumber(read(self.folder .. "/port"))
  if not self.port then
    error("the wire server did not start: " .. (read(self.folder .. "/said") or ""), 2)
  end
  return self
end

--- Stops it. What it complained of is an error.
function Server:stop()
  os.execute(("kill %d 2>/dev/null"):format(self.pid))
  process.wait_until(function()
    return not process.is_running(self.pid)
  end, STOP_SECONDS)
  local said = read(self.folder .. "/said")
  os.execute(("rm -rf '%s'"):format(self.folder))
  if said and said ~= "" then
    error("the wire server complained: " .. said, 2)
  end
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
