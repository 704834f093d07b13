--- The clients of the application: they ask, check what they get, and often leave early. Runs inside nginx.

local clients = {}

local counts = ngx.shared.counts
local ABORTS = 0.05 -- how many leave before the response

-- How often each kind is asked for.
local KINDS = {}
for kind, weight in pairs {
  content = 12,
  access = 3,
  rewrite = 3,
  map = 2,
  kill = 2,
  timer = 2,
  log = 1,
  header = 1,
  sort = 1,
  gsub = 1,
  chunk = 1,
} do
  for _ = 1, weight do
    KINDS[#KINDS + 1] = kind
  end
end

local function request(port, kind, number)
  local socket = ngx.socket.tcp()
  socket:settimeout(5000)
  local connected, reason = socket:connect("127.0.0.1", port)
  if not connected then
    ngx.log(ngx.ERR, "no connection: ", reason)
    return counts:incr("refused", 1, 0)
  end
  socket:send(("GET /%s/%d HTTP/1.1\r\nHost: localhost\r\n\r\n"):format(kind, number))
  if math.random() < ABORTS then
    ngx.sleep(math.random() * 0.02)
    socket:close()
    return counts:incr("aborted", 1, 0)
  end
  local status = socket:receive()
  if not status then
    socket:close()
    return counts:incr("unanswered", 1, 0) -- a reload may close a connection that waits
  end
  local length
  repeat
    local line = socket:receive()
    length = line and line:match "^Content%-Length: (%d+)" or length
  until not line or line == ""
  local body
  if length then
    body = socket:receive(tonumber(length))
    socket:setkeepalive(1000, 64)
  else
    local size = socket:receive()
    body = size and socket:receive(tonumber(size, 16) or 0)
    socket:close()
  end
  if not status:find " 200 " then
    counts:incr("status " .. status:sub(10, 12), 1, 0)
  elseif body ~= "ok " .. number and not (body or ""):find "^error %l" then
    counts:incr("wrong", 1, 0)
    ngx.log(ngx.ERR, "asked for ", kind, " ", number, ", got ", body)
  end
  counts:incr("answered", 1, 0)
end

local function loop(premature, port, first)
  local number = first
  while not premature and not ngx.worker.exiting() and not counts:get "stop" do
    request(port, KINDS[math.random(#KINDS)], number)
    number = number + 10
  end
  counts:incr("running", -1)
end

--- Starts so many clients, which go on until `stop`.
function clients.start(port, many)
  counts:set("running", many)
  for i = 1, many do
    assert(ngx.timer.at(0, loop, port, i * 100000000))
  end
end

return clients
