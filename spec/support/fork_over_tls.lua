-- Run by LuaJIT, with the address, the CA's file and the URL of a server: uses an engine, forks, uses it in
-- the child and goes on in the parent. Prints what each saw.

local curl = require "dataforest.curl"
local ffi = require "ffi"

ffi.cdef [[
int fork(void);
int waitpid(int pid, int *status, int options);
void _exit(int status);
]]

local address, ca_file, url = arg[1], arg[2], arg[3]
local engine = curl.engine { ca_file = ca_file }

local function ask(who)
  local response, err = engine:perform {
    method = "GET",
    url = url,
    connect_to = address,
    timeout = 5,
    connect_timeout = 5,
    max_response_bytes = 1000,
  }
  print(who, response and response.status or err.message, response and response.reused)
  io.stdout:flush()
end

ask "parent"
ask "parent"
for _ = 1, 2 do
  local pid = ffi.C.fork()
  if pid == 0 then
    ask "child"
    ask "child"
    engine:close()
    ffi.C._exit(0)
  end
  ffi.C.waitpid(pid, nil, 0)
  ask "parent"
end
engine:close()
