--- What the service of the tests answers. Runs inside nginx.

local cjson = require "cjson"
local emulator = require("dataforest.emulator").new()
local reset = require "spec.nginx.reset"
local serve = require("dataforest.emulator.nginx").serve

local handlers = {}

local SLOW_SECONDS = 0.5

--- Counts connections and requests, under the name of the port.
local function count()
  local counts, port = ngx.shared.counts, ngx.var.server_port
  counts:incr(port .. " requests", 1, 0)
  if counts:add(port .. " connection " .. ngx.var.connection, true) then
    counts:incr(port .. " connections", 1, 0)
  end
end

function handlers.counts()
  local counts, port = ngx.shared.counts, ngx.var.arg_port
  ngx.say(cjson.encode {
    connections = counts:get(port .. " connections") or 0,
    requests = counts:get(port .. " requests") or 0,
  })
end

-- What the suites do in process and the control interface does not offer.
local tests = {}

function tests.fail_next(given) -- for bodies that JSON cannot hold
  emulator:fail_next(given)
end

function tests.judge_clock(given) -- by the emulator's own, which a suite may set apart from the clients'
  emulator.options.strict_clock = given.strict
end

function handlers.api()
  count()
  local name = ngx.var.uri:match "^/_test/(.*)"
  if name then
    ngx.req.read_body()
    tests[name](cjson.decode(ngx.req.get_body_data()))
    return ngx.print '{"result":true}'
  end
  serve(emulator, { control = true })
end

--- The body of a list that names who asked for it, with blanks up to so many bytes.
local function list_for_caller()
  local body = ('{"total":0,"contents":[],"token":"%s"}'):format(ngx.var.http_x_token or "")
  return body .. (" "):rep((tonumber(ngx.var.http_x_bytes) or 0) - #body)
end

function handlers.slow()
  count()
  ngx.req.read_body()
  ngx.sleep(tonumber(ngx.var.http_x_seconds) or SLOW_SECONDS)
  ngx.header["content-type"] = "application/json"
  ngx.print(list_for_caller())
end

-- Misbehaviour -------------------------------------------------------------------------

local HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

-- For each fault: what is done with the raw socket. `body` is the right body.
local faults = {
  head_half = function(send)
    send "HTTP/1.1 200 OK\r\nContent-Ty"
  end,
  head_reset = function(send)
    send "HTTP/1.1 200 OK\r\nContent-Ty"
    ngx.sleep(0.05)
    reset()
  end,
  body_half = function(send, body)
    send(HEAD .. "Content-Length: " .. #body .. "\r\n\r\n" .. body:sub(1, 10))
  end,
  body_reset = function(send, body)
    send(HEAD .. "Content-Length: " .. #body .. "\r\n\r\n" .. body:sub(1, 10))
    ngx.sleep(0.05)
    reset()
  end,
  length_too_small = function(send, body)
    send(HEAD .. "Content-Length: " .. (#body - 5) .. "\r\n\r\n" .. body)
    ngx.sleep(0.2)
  end,
  length_too_large = function(send, body)
    send(HEAD .. "Content-Length: " .. (#body + 5) .. "\r\n\r\n" .. body)
  end,
  chunk_broken = function(send, body)
    send(HEAD .. "Transfer-Encoding: chunked\r\n\r\nzz\r\n" .. body .. "\r\n0\r\n\r\n")
    ngx.sleep(0.2)
  end,
  chunk_half = function(send, body)
    send(HEAD .. ("Transfer-Encoding: chunked\r\n\r\n%x\r\n"):format(#body) .. body:sub(1, 10))
  end,
  chunks_without_end = function(send, body)
    send(HEAD .. ("Transfer-Encoding: chunked\r\n\r\n%x\r\n"):format(#body) .. body .. "\r\n")
  end,
  head_without_end = function(send)
    send(HEAD)
    for number = 1, 100000 do
      if not send(("X-%d: %s\r\n"):format(number, ("x"):rep(1000))) then
        break
      end
    end
  end,
  body_without_end = function(send)
    send(HEAD .. "\r\n")
    for _ = 1, 100000 do
      if not send(("x"):rep(10000)) then
        break
      end
    end
  end,
  chunks_endless = function(send)
    send(HEAD .. "Transfer-Encoding: chunked\r\n\r\n")
    for _ = 1, 100000 do
      if not send("400\r\n" .. ("x"):rep(1024) .. "\r\n") then
        break
      end
    end
  end,
  informational_without_end = function(send)
    for _ = 1, 100000 do
      if not send "HTTP/1.1 100 Continue\r\n\r\n" then
        break
      end
    end
  end,
  informational = function(send, body)
    send "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    send(HEAD .. "Content-Length: " .. #body .. "\r\n\r\n" .. body)
  end,
  drip = function(send, body)
    send(HEAD .. "Content-Length: " .. #body .. "\r\n\r\n")
    for position = 1, #body do
      if not send(body:sub(position, position)) then
        break
      end
      ngx.sleep(0.1)
    end
  end,
  silence = function()
    ngx.sleep(5)
  end,
  nothing = function() end,
  nothing_reset = reset,
  answer_twice = function(send)
    local stale = '{"total":0,"contents":[],"token":"stale"}'
    local response = HEAD .. "Content-Length: " .. #stale .. "\r\n\r\n" .. stale
    send(HEAD .. "Content-Length: " .. #list_for_caller() .. "\r\n\r\n" .. list_for_caller())
    ngx.sleep(0.02)
    send(response)
    ngx.sleep(0.2)
  end,
  -- A response that fills nginx's buffer of 4096 bytes, with the next one in the same TLS record.
  answer_twice_at_once = function(send)
    local stale = '{"total":0,"contents":[],"token":"stale"}'
    local body = list_for_caller()
    local head = HEAD .. "X-Padding: %s\r\nContent-Length: " .. #body .. "\r\n\r\n"
    head = head:format(("x"):rep(4096 - #body - #head + 2))
    assert(#head + #body == 4096)
    send(head .. body .. HEAD .. "Content-Length: " .. #stale .. "\r\n\r\n" .. stale)
    ngx.sleep(0.2)
  end,
  -- The same, where the response comes in two pieces and only the second fills the buffer.
  answer_twice_in_pieces = function(send)
    local stale = '{"total":0,"contents":[],"token":"stale"}'
    local body = list_for_caller() .. (" "):rep(4096)
    send(HEAD .. "Content-Length: " .. #body .. "\r\n\r\n" .. body:sub(1, -4097))
    ngx.sleep(0.05)
    send(body:sub(-4096) .. HEAD .. "Content-Length: " .. #stale .. "\r\n\r\n" .. stale)
    ngx.sleep(0.2)
  end,
  close_delimited = function(send, body)
    send(HEAD .. "\r\n" .. body)
  end,
  conflicting = function(send, body)
    send(HEAD .. "Content-Length: 3\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body)
    ngx.sleep(0.2)
  end,
  both_framings = function(send, body)
    send(
      HEAD .. "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" .. ("%x\r\n"):format(#body) .. body
    )
    send "\r\n0\r\n\r\n"
    ngx.sleep(0.2)
  end,
  not_http = function(send)
    send "220 mail.example ESMTP ready\r\n\r\n"
    ngx.sleep(0.2)
  end,
  http_2_preface = function(send)
    send "HTTP/2 200\r\n\r\n"
    ngx.sleep(0.2)
  end,
}

--- Answers as the header X-Fault says; with `reused-` before it, only on a connection's second request
-- and later ones.
function handlers.fault()
  count()
  ngx.req.read_body()
  local name = ngx.var.http_x_fault
  local only_reused = name and name:match "^reused%-(.*)$"
  if only_reused then
    name = tonumber(ngx.var.connection_requests) > 1 and only_reused or nil
  end
  local body = list_for_caller()
  if not name then
    ngx.header["content-type"] = "application/json"
    ngx.header["content-length"] = #body
    return ngx.print(body)
  end
  local act = assert(faults[name], "no such fault")
  local socket = assert(ngx.req.socket(true))
  act(function(text)
    return socket:send(text)
  end, body)
end

return handlers
