--- A service that answers each account's request with that account's name, and often misbehaves. Runs inside
-- nginx.

local reset = require "spec.nginx.reset"

local service = {}

local counts = ngx.shared.counts

local function body_of(id)
  return ('{"success":true,"id":"%s","name":"account-%d","quotas":[]}'):format(id, tonumber(id:sub(-12)))
end

local function ok(body)
  ngx.header["content-type"] = "application/json"
  ngx.header["content-length"] = #body
  ngx.print(body)
end

local HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

local function raw(...)
  local socket = assert(ngx.req.socket(true))
  socket:send(table.concat { ... })
end

local function length(body)
  return "Content-Length: " .. #body .. "\r\n\r\n"
end

-- What happens, and how often (per thousand).
local FAULTS = {
  {
    40,
    function(body)
      ngx.sleep(math.random() * 0.05)
      ok(body)
    end,
  },
  {
    15,
    function()
      ngx.status = 503
      ok '{"error":{"errorCode":"500","message":"Endpoint Error"}}'
    end,
  },
  {
    15,
    function()
      ngx.status = 500
      ok '{"message":"unexpected","success":false}'
    end,
  },
  {
    10,
    function()
      ngx.status = 429
      ok '{"error":{"errorCode":"410","message":"Throttle Limited"}}'
    end,
  },
  {
    15,
    function(body)
      raw(HEAD, length(body), body:sub(1, 10))
    end,
  },
  {
    10,
    function(body)
      raw(HEAD, length(body), body:sub(1, 10))
      ngx.sleep(0.01)
      reset()
    end,
  },
  {
    10,
    function(body)
      raw(HEAD, length(body), body, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
      ngx.sleep(0.05)
    end,
  },
  {
    10,
    function(body)
      raw("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", HEAD, length(body), body)
      ngx.sleep(0.05)
    end,
  },
  {
    10,
    function()
      ngx.sleep(0.4)
      reset()
    end,
  },
  {
    20,
    function(body)
      ngx.header["connection"] = "close"
      ok(body)
    end,
  },
  {
    40,
    function(body) -- in chunks
      ngx.header["content-type"] = "application/json"
      ngx.print(body:sub(1, 20))
      ngx.flush(true)
      ngx.print(body:sub(21))
    end,
  },
  {
    5,
    function()
      raw "SSH-2.0-OpenSSH_9.2\r\n"
    end,
  },
}

function service.serve()
  ngx.req.read_body()
  local id = (ngx.req.get_body_data() or ""):match '"id":"(%d+)"'
  if not id then
    ngx.status = 400
    return ok '{"message":"no id","success":false}'
  end
  counts:incr("requests", 1, 0)
  local body = body_of(id)
  local chance = counts:get "calm" and 1000 or math.random(0, 999)
  for _, fault in ipairs(FAULTS) do
    if chance < fault[1] then
      return fault[2](body)
    end
    chance = chance - fault[1]
  end
  ok(body)
end

return service
