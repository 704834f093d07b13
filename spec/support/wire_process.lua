-- The process of spec/support/wire.lua: luajit wire_process.lua FOLDER PARENT
--
-- FOLDER/plan says of each response of spec/vectors/http how its connection goes on: "hold", "close" or
-- "reset". FOLDER/port is written once the port is open. It ends when PARENT does, or on a signal.

local helper = require "spec.support.helper"
local socket = require "socket"
local vectors = require "spec.support.http1_vectors"

local TURN_SECONDS = 0.5
local HEAD_BYTES = 65536

local folder, parent = arg[1], arg[2]
local cases, plan = vectors.all(), {}
for line in io.lines(folder .. "/plan") do
  plan[#plan + 1] = line
end

local server = assert(socket.bind("127.0.0.1", 0, 128))
server:settimeout(0)
local links, readable = {}, { server }

local function forget(link)
  link.client:close()
  links[link.client] = nil
  for index, client in ipairs(readable) do
    if client == link.client then
      table.remove(readable, index)
      return
    end
  end
end

--- Sends all, or as much as the client wants to have.
local function send(link, text)
  link.client:settimeout(5)
  link.client:send(text)
  link.client:settimeout(0)
end

local function numbered(token)
  return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#token, token)
end

local function respond(link, target)
  local token = target:match "^/probe/(.*)$"
  if token then
    return send(link, numbered(token))
  end
  token = target:match "^/late/(.*)$" -- a response that nobody asked for comes behind the one that is due
  if token then
    send(link, numbered(token))
    socket.sleep(0.002)
    return send(link, numbered "late")
  end
  local number = tonumber(target:match "^/case/(%d+)")
  local case, what = cases[number], plan[number]
  local split = target:find("?", 1, true) and 1 + #case.bytes * 7 % math.max(1, #case.bytes) or #case.bytes
  send(link, case.bytes:sub(1, split))
  send(link, case.bytes:sub(split + 1))
  if what == "reset" then
    socket.sleep(0.002)
    link.client:setoption("linger", { on = true, timeout = 0 })
  end
  if what ~= "hold" then
    forget(link)
  end
end

local function serve(link)
  local bytes, reason, part = link.client:receive(HEAD_BYTES)
  link.buffer = link.buffer .. (bytes or part)
  while true do
    local head, rest = link.buffer:match "^(.-\r\n\r\n)(.*)$"
    if not head or not links[link.client] then
      break
    end
    link.buffer = rest
    respond(link, head:match "^%u+ (%S+)")
  end
  if reason == "closed" and links[link.client] then
    forget(link)
  end
end

local _, port = server:getsockname()
helper.publish(folder .. "/port", port)

while helper.is_alive(parent) do
  for _, ready in ipairs(socket.select(readable, nil, TURN_SECONDS)) do
    if ready == server then
      local client = server:accept()
      if client then
        client:settimeout(0)
        client:setoption("tcp-nodelay", true)
        links[client] = { client = client, buffer = "" }
        readable[#readable + 1] = client
      end
    elseif links[ready] then
      serve(links[ready])
    end
  end
end
