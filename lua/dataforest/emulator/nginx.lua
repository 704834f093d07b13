--- The emulator inside nginx: for one's own `nginx.conf`, and for `dataforest emulator`.
--
--     worker_processes 1;
--     http {
--       init_by_lua_block { emulator = require("dataforest.emulator").new() }
--       server {
--         listen 127.0.0.1:8443 ssl;
--         # ssl_certificate, ssl_certificate_key
--         keepalive_requests 1000000;
--         location / {
--           content_by_lua_block { require("dataforest.emulator.nginx").serve(emulator) }
--         }
--       }
--     }
--
-- The emulator's memory is that of one worker, so that `worker_processes` must be 1. With
-- `lua_code_cache off` it would forget everything after each request.
--
-- @module dataforest.emulator.nginx

local control = require "dataforest.emulator.control"

local HOLD = 60 -- seconds that an answer which never comes keeps its connection open

local nginx = {}

local function read_file(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local bytes = file:read "*a"
  file:close()
  return bytes
end

local function read_body()
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body then
    return body
  end
  local path = ngx.req.get_body_file()
  return path and assert(read_file(path)) or ""
end

local function read_headers()
  local headers = {}
  for name, value in pairs(ngx.req.get_headers(0)) do
    headers[name] = type(value) == "table" and table.concat(value, ", ") or value
  end
  return headers
end

local function drop(response)
  if response.drop.kind == "timeout" then
    ngx.sleep(response.delay or HOLD)
  elseif response.delay then
    ngx.sleep(response.delay)
  end
  ngx.exit(444) -- nginx's own: close the connection, send nothing
end

--- Answers the current request: for `content_by_lua`.
--
-- A fault that loses the answer closes the connection without one; with kind `timeout` it is held
-- open first, for the fault's `delay` or a minute.
--
-- @tparam Emulator emulator made in `init_by_lua`
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.control answer `/_emulator/...` too, see `dataforest.emulator.control`:
-- for anyone who reaches the server, without a signature
function nginx.serve(emulator, options)
  if ngx.worker.count() > 1 then
    error("dataforest.emulator: its memory is one worker's: set worker_processes 1", 2)
  end
  local request = {
    method = ngx.req.get_method(),
    target = ngx.var.request_uri,
    headers = read_headers(),
    body = read_body(),
  }
  local response = options and options.control and control.handle(emulator, request)
    or emulator:handle(request)
  if response.drop then
    drop(response)
    return
  elseif response.delay then
    ngx.sleep(response.delay)
  end
  ngx.status = response.status
  for name, value in pairs(response.headers) do
    ngx.header[name] = value
  end
  ngx.header["content-length"] = #response.body
  ngx.print(response.body)
end

return nginx
