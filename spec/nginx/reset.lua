--- Resets the connection of the request that runs, as a crash or a firewall does: RST, no farewell.
-- nginx offers no such thing to Lua once a raw socket was used, hence FFI. Linux.

local ffi = require "ffi"

ffi.cdef [[
int getpeername(int socket, void *address, unsigned int *length);
int connect(int socket, const void *address, unsigned int length);
]]

local ADDRESS_BYTES = 128
local LAST_DESCRIPTOR = 4096

local function port_of_peer(descriptor, address, length)
  length[0] = ADDRESS_BYTES
  if ffi.C.getpeername(descriptor, address, length) ~= 0 then
    return nil
  end
  return address[2] * 256 + address[3]
end

return function()
  local address, length = ffi.new("unsigned char[?]", ADDRESS_BYTES), ffi.new "unsigned int[1]"
  local port = tonumber(ngx.var.remote_port)
  for descriptor = 3, LAST_DESCRIPTOR do
    if port_of_peer(descriptor, address, length) == port then
      ffi.fill(address, ADDRESS_BYTES) -- AF_UNSPEC: the socket is disconnected, with RST
      assert(ffi.C.connect(descriptor, address, 16) == 0, "the connection could not be reset")
      return
    end
  end
  error "the connection was not found"
end
