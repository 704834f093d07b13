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
--           content_by_lua_block {
--             require("dataforest.emulator.nginx").serve(emulator)
--           }
--         }
--       }
--     }
--
-- The emulator's memory is that of one worker, so that `worker_processes` must be 1. With
-- `lua_code_cache off` it would forget everything after each request.
--
-- @module dataforest.emulator.nginx

local access = require "dataforest.emulator.access"
local control = require "dataforest.emulator.control"
local errors = require "dataforest.emulator.error_responses"
local read_file = require "dataforest.util.read_file"
local wire = require "dataforest.emulator.wire"

local HOLD = 60 -- seconds that a response which never comes keeps its connection open

local nginx = {}

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

local CLOSED = "there is no control here: without --control-token it is for requests from this machine to a "
  .. "loopback address"

-- The policy for this request: without a token, control is for this machine alone, judged by the addresses
-- of the connection.
local function policy_of(given)
  local policy = { token = given.token, names = given.names }
  local is_local = not given.everywhere
    and access.is_loopback(ngx.var.server_addr)
    and access.is_loopback(ngx.var.remote_addr)
  if not policy.token and not is_local then
    policy.closed = CLOSED
  end
  return policy
end

local function send(response)
  ngx.status = response.status
  for name, value in pairs(response.headers) do
    ngx.header[name] = value
  end
  ngx.header["content-length"] = #response.body
  ngx.print(response.body)
end

-- What nginx would refuse itself, as the gateway does.
local OWN_REFUSALS = {
  [400] = { "100", "The request is malformed." },
  [404] = { "300", "URL not found." },
  [405] = { "300", "URL not found." },
  [408] = { "100", "The request did not arrive in time." },
  [411] = { "100", "Content-Length is required." },
  [413] = { "430", nil, "the body is larger than nginx takes" },
  [414] = { "100", "The request line is too long." },
  [417] = { "100", "Expectation failed." },
  [431] = { "100", "The headers are too long." },
  [494] = { "100", "The headers are too long." },
  [495] = { "100", "The client certificate is not valid." },
  [496] = { "100", "A client certificate is required." },
  [497] = { "100", "Plain HTTP was sent to an HTTPS port." },
  [500] = { "900" },
  [501] = { "100", "The transfer encoding is not supported." },
}

local function gateway_error(code, details)
  local response = errors.gateway(code, details)
  local body, content_type = wire.write(response, nil, "json")
  return { status = response.status, headers = { ["content-type"] = content_type }, body = body }
end

local SHOWN = 2048 -- bytes of a target that nginx refused

--- Responds to a request that nginx refuses by itself: for a location that `error_page` leads to. It must not
-- be a named one, since a request may have no URI that nginx understands.
--
-- @tparam Emulator emulator
-- @usage error_page 400 404 405 408 411 413 414 417 431 495 496 500 501 /.refused;
-- error_page 494 /.refused?494; -- for which $status is 400
-- error_page 497 /.refused?497;
-- location = /.refused {
--   internal;
--   content_by_lua_block { require("dataforest.emulator.nginx").refuse(emulator) }
-- }
function nginx.refuse(emulator)
  local status = tonumber(ngx.var.args) or tonumber(ngx.var.status)
  local known = OWN_REFUSALS[status] or OWN_REFUSALS[500]
  local response = gateway_error(known[1], known[2])
  local method, target = (ngx.var.request or ""):match "^(%u+) ([^ ]+)"
  emulator:record {
    time = emulator:now(),
    method = method or "",
    target = (target or ""):sub(1, SHOWN),
    params = {},
    status = response.status,
    reason = known[3] or known[2] or "nginx could not respond; see its output",
    format = "json",
  }
  send(response)
end

local function handle(emulator, request, options)
  if options.control then
    local response = control.handle(emulator, request, policy_of(options))
    if response then
      return response
    end
  end
  return emulator:handle(request)
end

--- Responds to the current request: for `content_by_lua`.
--
-- A fault that loses the response closes the connection without one; with kind `timeout` it is held open
-- first, for the fault's `delay` or a minute. A mistake inside the emulator goes into nginx's log, and the
-- response is the gateway's error 900.
--
-- @tparam Emulator emulator made in `init_by_lua`
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.control serve `/_emulator/...` too, see `dataforest.emulator.control`
-- @tparam[opt] string options.token which a request for control must bring in the header `x-emulator-token`;
-- without one, only this machine is served, over a loopback address
-- @tparam[opt] {string,...} options.names host names of the emulator; requests for control under other names
-- are refused, see `dataforest.emulator.access`
-- @tparam[opt=false] boolean options.everywhere the server listens on all addresses: no control without a
-- token
-- @tparam[opt] function options.before_response called before a response goes out
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
  local ok, response = xpcall(handle, debug.traceback, emulator, request, options or {})
  if not ok then
    ngx.log(ngx.ERR, "dataforest.emulator: ", response)
    response = gateway_error("900", "The emulator failed; its output says more.")
  end
  if options and options.before_response then
    options.before_response()
  end
  if response.drop then
    drop(response)
    return
  elseif response.delay then
    ngx.sleep(response.delay)
  end
  send(response)
end

return nginx
