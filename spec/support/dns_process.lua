-- A name server of one's own, for specs: luajit dns_process.lua FOLDER PARENT ADDRESS...
--
-- It says of every name that it has these IPv4 addresses. FOLDER/dns is written with its port once it
-- listens. It ends when PARENT does, or on a signal.

local helper = require "spec.support.helper"
local socket = require "socket"

local TURN_SECONDS = 0.5

local folder, parent = arg[1], arg[2]

local records = {}
for index = 3, #arg do
  local bytes = arg[index]:gsub("(%d+)%.?", function(digits)
    return string.char(tonumber(digits))
  end)
  -- The name of the question, type A, class IN, 1 s to live, 4 bytes.
  records[#records + 1] = "\192\12\0\1\0\1\0\0\0\1\0\4" .. bytes
end

local server = assert(socket.udp())
assert(server:setsockname("127.0.0.1", 0))
server:settimeout(TURN_SECONDS)
local _, port = server:getsockname()
helper.publish(folder .. "/dns", port)

while helper.is_alive(parent) do
  local query, address, from = server:receivefrom()
  if query and #query > 12 then
    local name_end = assert(query:find("\0", 13, true))
    local question = query:sub(13, name_end + 4)
    local is_ipv4 = query:sub(name_end + 1, name_end + 2) == "\0\1"
    local found = is_ipv4 and records or {}
    local header = query:sub(1, 2) .. "\129\128\0\1\0" .. string.char(#found) .. "\0\0\0\0"
    server:sendto(header .. question .. table.concat(found), address, from)
  end
end
