-- The process of a fault server (see fault_server.lua): luajit fault_process.lua FOLDER PARENT
--
-- FOLDER/cases.json is read; FOLDER/ports is written once all ports are open (a line "name port" for
-- each case, and one for the port "control"), and FOLDER/log as things happen. A line "fix NAME" to the
-- control port is answered by a line "done". It ends when PARENT does, or on a signal.

local bit = require "bit"
local cjson = require "cjson"
local ffi = require "ffi"
local helper = require "spec.support.helper"
local socket = require "socket"
local ssl = require "ssl"

ffi.cdef [[
int open(const char *path, int flags);
int dup2(int from, int to);
int close(int fd);
struct df_linger { int on; int seconds; };
int setsockopt(int fd, int level, int name, const void *value, unsigned size);
long recv(int fd, void *bytes, unsigned long room, int flags);
struct df_pollfd { int fd; short events; short revents; };
int poll(struct df_pollfd *fds, unsigned long count, int milliseconds);
]]

local SOL_SOCKET, SO_LINGER, O_RDWR, MSG_PEEK, MSG_DONTWAIT = 1, 13, 2, 2, 64
local POLLERR, POLLHUP = 8, 16
local HOLD_SECONDS = 60
local TURN_SECONDS = 0.5
local LOGGED_BYTES = 65536

local folder, parent = arg[1], arg[2]
local cases, by_name, log_file

local function log(link, event, fields)
  fields = fields or {}
  fields.case, fields.connection, fields.event, fields.at =
    link.case.name, link.number, event, socket.gettime()
  log_file:write(cjson.encode(fields), "\n")
  log_file:flush()
end

-- Waiting ---------------------------------------------------------------------------------------------

-- Task -> what it waits for: { socket =, mode = "read" | "write" | nil, until_ = time }.
local tasks = {}

--- Gives way until the link's socket is ready; false if the time is over first.
local function wait(link, mode, seconds)
  return coroutine.yield { socket = link.socket, mode = mode, until_ = socket.gettime() + seconds }
end

local function sleep(seconds)
  coroutine.yield { until_ = socket.gettime() + seconds }
end

local function resume(task, ready)
  local ok, waiting = coroutine.resume(task, ready)
  if not ok then
    io.stderr:write(debug.traceback(task, tostring(waiting)), "\n")
  end
  tasks[task] = coroutine.status(task) ~= "dead" and waiting or nil
end

local function start(run)
  resume(coroutine.create(run))
end

-- One connection --------------------------------------------------------------------------------------

-- Leaves the script of a connection: it is over.
local OVER = {}

local function wanted(problem)
  return problem == "wantwrite" and "write" or "read"
end

local function is_patience(problem)
  return problem == "timeout" or problem == "wantread" or problem == "wantwrite"
end

local one_byte = ffi.new "char[1]"
local polled = ffi.new "struct df_pollfd"

--- Whether a connection was reset.
local function is_gone(link)
  polled.fd, polled.revents = link.socket:getfd(), 0
  return ffi.C.poll(polled, 1, 0) > 0 and bit.band(polled.revents, POLLERR + POLLHUP) ~= 0
end

--- Whether a connection has ended. LuaSec 1.2 would read for ever from one that ended within a record.
local function has_ended(link)
  return ffi.C.recv(link.socket:getfd(), one_byte, 1, MSG_PEEK + MSG_DONTWAIT) == 0
    and not link.socket:dirty()
end

--- Reads what is there, or waits for it. Returns false at the end of the connection.
local function fill(link, seconds)
  if has_ended(link) then
    log(link, "eof", { problem = "closed" })
    return false
  end
  local bytes, problem, partial = link.socket:receive(262144)
  bytes = bytes or partial
  link.broken = link.broken or problem and not is_patience(problem)
  if bytes and #bytes > 0 then
    link.input = link.input .. bytes
    return true
  end
  if not is_patience(problem) then
    log(link, "eof", { problem = problem })
    return false
  end
  if not wait(link, wanted(problem), seconds) then
    log(link, "silence")
    return false
  end
  return true
end

local function need(link, condition)
  while not condition() do
    if not fill(link, HOLD_SECONDS) then
      error(OVER, 0)
    end
  end
end

local function handshake(link, given)
  local wrapped, problem = ssl.wrap(link.socket, {
    mode = "server",
    protocol = given.protocol or "any",
    ciphers = given.protocol and "ALL:@SECLEVEL=0" or nil,
    certificate = given.certificate,
    key = given.key,
    options = given.options,
    alpn = given.alpn and function()
      return given.alpn
    end,
  })
  assert(wrapped, problem)
  link.socket = wrapped
  wrapped:settimeout(0)
  while true do
    local done
    done, problem = wrapped:dohandshake()
    if done then
      link.tls = true
      log(link, "handshake", { sni = wrapped:getsniname(), protocol = wrapped:info "protocol" })
      return
    end
    if not is_patience(problem) or not wait(link, wanted(problem), HOLD_SECONDS) then
      log(link, "no handshake", { problem = problem })
      error(OVER, 0)
    end
  end
end

local function header(link, name)
  for other, value in link.head:gmatch "\r\n([^:\r]+): *([^\r]*)" do
    if other:lower() == name then
      return value
    end
  end
  return ""
end

--- What is known only when it is sent: @DATE+2@ (in so many seconds), @PORT name of a case@ (with slashes
-- behind it, up to the same length), and @HEADER name@ of the request.
local function filled_in(link, bytes)
  if not bytes:find "@%u" then
    return bytes
  end
  bytes = bytes:gsub("@DATE([+-]%d+)@", function(seconds)
    return os.date("!%a, %d %b %Y %H:%M:%S GMT", math.ceil(socket.gettime() + tonumber(seconds)))
  end)
  bytes = bytes:gsub("@PORT ([^@]*)@", function(name)
    local port = tostring(by_name[name].port)
    return port .. ("/"):rep(#"@PORT @" + #name - #port)
  end)
  bytes = bytes:gsub("@HEADER ([^@]*)@", function(name)
    return header(link, name)
  end)
  return bytes
end

local function send(link, bytes)
  local from = 1
  while from <= #bytes do
    if link.broken or is_gone(link) then -- LuaSec 1.2 would write for ever
      log(link, "cannot send", { problem = "broken" })
      error(OVER, 0)
    end
    local sent, problem, last = link.socket:send(bytes, from)
    if sent then
      return
    end
    from = last + 1
    if
      not is_patience(problem)
      or not wait(link, wanted(problem) == "read" and link.tls and "read" or "write", 10)
    then
      log(link, "cannot send", { problem = problem })
      error(OVER, 0)
    end
  end
end

--- Takes the descriptor away from TLS, which would otherwise say goodbye.
local function drop(link, with_reset)
  local fd = link.socket:getfd()
  if with_reset then
    local linger = ffi.new("struct df_linger", 1, 0)
    ffi.C.setsockopt(fd, SOL_SOCKET, SO_LINGER, linger, ffi.sizeof(linger))
  end
  local null = ffi.C.open("/dev/null", O_RDWR)
  ffi.C.dup2(null, fd)
  ffi.C.close(null)
  link.socket:close()
  link.closed = true
end

local steps = {}

--- { "tls" }: the handshake, where the case says `raw = true` and does without it at the start.
function steps.tls(link)
  handshake(link, link.case.tls)
end

--- { "read" }: a whole request, body and all. What came is in the log.
function steps.read(link)
  local head_end
  need(link, function()
    head_end = select(2, link.input:find("\r\n\r\n", 1, true))
    return head_end
  end)
  local head = link.input:sub(1, head_end)
  local length = tonumber(head:lower():match "\r\ncontent%-length: *(%d+)" or 0)
  need(link, function()
    return #link.input >= head_end + length
  end)
  local body = link.input:sub(head_end + 1, head_end + math.min(length, LOGGED_BYTES))
  log(link, "request", { head = head, size = length, body = body })
  link.input = link.input:sub(head_end + length + 1)
  link.head = head
end

--- { "read_bytes", count }
function steps.read_bytes(link, count)
  need(link, function()
    return #link.input >= count
  end)
  log(link, "bytes", { count = #link.input })
  link.input = link.input:sub(count + 1)
end

--- { "read_text", text }: until what came holds the text. All of it is in the log.
function steps.read_text(link, text)
  need(link, function()
    return link.input:find(text, 1, true)
  end)
  log(link, "text", { bytes = link.input:sub(1, LOGGED_BYTES) })
end

--- { "send", bytes, times, pause }: so many times (1), with so many seconds in between (0).
function steps.send(link, bytes, times, pause)
  bytes = filled_in(link, bytes)
  for turn = 1, times or 1 do
    if turn > 1 and pause then
      sleep(pause)
    end
    send(link, bytes)
  end
end

--- { "sleep", seconds }
function steps.sleep(_, seconds)
  sleep(seconds)
end

--- { "hold" }: says nothing more until the client goes away.
function steps.hold(link)
  while fill(link, HOLD_SECONDS) do
    link.input = ""
  end
  error(OVER, 0)
end

--- { "close" }: in good order, TLS included.
function steps.close(link)
  link.socket:close()
  link.closed = true
end

--- { "cut" }: closes without TLS's goodbye.
function steps.cut(link)
  drop(link, false)
end

--- { "reset" }
function steps.reset(link)
  drop(link, true)
end

local function run_script(link, script)
  local at = 1
  while script[at] and not link.closed do
    local step = script[at]
    if link.case.is_fixed and not link.is_fixed and link.head and step[1] ~= "read" then
      -- A request that came over a connection from before: this one is answered well, too.
      link.is_fixed = true
      script, at = link.case.fixed, 2
    elseif step[1] == "again" then -- { "again", step }: goes on there
      at = step[2] or 1
    else
      local run = steps[step[1]] or error("no step is called " .. tostring(step[1]))
      run(link, unpack(step, 2, 5))
      at = at + 1
    end
  end
end

local function serve(case, client, number)
  local link = { case = case, socket = client, number = number, input = "" }
  client:settimeout(0)
  client:setoption("tcp-nodelay", true)
  log(link, "accept")
  local scripts = case.connections
  local ok, problem = pcall(function()
    if case.tls and not case.raw then
      handshake(link, case.tls)
    end
    if case.is_fixed then
      link.is_fixed = true
      run_script(link, case.fixed)
    else
      run_script(link, scripts[number] or scripts[#scripts])
    end
  end)
  if not ok and problem ~= OVER then
    io.stderr:write(case.name, ": ", tostring(problem), "\n")
  end
  if not link.closed then
    link.socket:close()
  end
  log(link, "end")
end

-- Ports -----------------------------------------------------------------------------------------------

--- Takes every connection from now on.
local function accept_all(listener, take)
  listener:settimeout(0)
  start(function()
    local number = 0
    while true do
      coroutine.yield { socket = listener, mode = "read", until_ = math.huge }
      local client = listener:accept()
      if client then
        number = number + 1
        local this = number
        start(function()
          take(client, this)
        end)
      end
    end
  end)
end

local function accept_for(case)
  accept_all(case.listener, function(client, number)
    serve(case, client, number)
  end)
end

--- Opens the port of a case. A port that refuses is bound and does not listen; one that is full
-- listens, and responds to nobody, since its queue is taken up.
local function open(case)
  local listener = assert(socket.tcp4())
  assert(listener:bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  case.listener, case.port = listener, port
  if case.refuse then
    return
  end
  assert(listener:listen(case.full and 0 or 1024))
  if not case.full then
    accept_for(case)
    return
  end
  case.fillers = {}
  for index = 1, 4 do
    local filler = assert(socket.tcp4())
    filler:settimeout(0)
    filler:connect("127.0.0.1", port)
    case.fillers[index] = filler
  end
end

--- From now on a case does nothing wrong.
local function fix(case)
  case.is_fixed = true
  case.tls = case.good or case.tls
  for _, filler in ipairs(case.fillers or {}) do
    filler:close()
  end
  if case.full then
    case.listener:settimeout(0)
    while case.listener:accept() do -- those that took up the queue
    end
  elseif case.refuse then
    assert(case.listener:listen(1024))
  end
  if case.refuse or case.full then
    accept_for(case)
  end
end

--- Opens the port over which cases are fixed.
local function open_control()
  local listener = assert(socket.bind("127.0.0.1", 0))
  accept_all(listener, function(client)
    client:settimeout(1)
    fix(assert(by_name[(client:receive "*l" or ""):match "^fix (.*)$"]))
    client:send "done\n"
    client:close()
  end)
  return select(2, listener:getsockname())
end

local function turn()
  local readers, writers, owner = {}, {}, {}
  local first = socket.gettime() + TURN_SECONDS
  for task, waiting in pairs(tasks) do
    if waiting.mode then
      local list = waiting.mode == "read" and readers or writers
      list[#list + 1] = waiting.socket
      owner[waiting.socket] = task
    end
    first = math.min(first, waiting.until_)
  end
  local now = socket.gettime()
  local readable, writable = socket.select(readers, writers, math.max(0, first - now))
  for _, list in ipairs { readable, writable } do
    for _, ready in ipairs(list) do
      resume(owner[ready], true)
    end
  end
  now = socket.gettime()
  local late = {}
  for task, waiting in pairs(tasks) do
    if waiting.until_ <= now then
      late[#late + 1] = task
    end
  end
  for _, task in ipairs(late) do
    resume(task, false)
  end
end

local file = assert(io.open(folder .. "/cases.json", "rb"))
cases, by_name = cjson.decode(file:read "*a"), {}
file:close()
log_file = assert(io.open(folder .. "/log", "ab"))
local ports = { ("control %d\n"):format(open_control()) }
for _, case in ipairs(cases) do
  by_name[case.name] = case
  open(case)
  ports[#ports + 1] = ("%s %d\n"):format(case.name, case.port)
end
helper.publish(folder .. "/ports", table.concat(ports))
while helper.is_alive(parent) do
  turn()
end
