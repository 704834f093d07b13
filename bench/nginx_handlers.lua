--- Inside the bench's other nginx: handlers that make one call for each request.

local answers = require "bench.answers"
local cjson = require "cjson.safe"
local core = require "dataforest.core"
local dataforest = require "dataforest"

local handlers = {}

local ACCESS_KEY, SECRET_KEY = os.getenv "BENCH_ACCESS_KEY", os.getenv "BENCH_SECRET_KEY"
local TARGET = os.getenv "BENCH_TARGET"
local HOST, PORT = os.getenv("BENCH_URL"):match "^https://([^:/]+):(%d+)"
local ADDRESS = "127.0.0.1" -- nginx asks no /etc/hosts for localhost
local POOL_SIZE = 256 -- as many as the load has connections at most

local function reply(account, err)
  if not (account and answers.is_account(account)) then
    ngx.log(ngx.ERR, "the call failed: ", tostring(err))
    return ngx.exit(ngx.HTTP_BAD_GATEWAY)
  end
  ngx.print(account.name)
end

local df = dataforest.new {
  access_key = ACCESS_KEY,
  secret_key = SECRET_KEY,
  base_url = ("https://%s:%s"):format(HOST, PORT),
  connect_to = ("%s:%s"):format(ADDRESS, PORT),
  pool_size = POOL_SIZE,
}

--- With the library.
function handlers.library()
  reply(df.accounts:get_detail(answers.id))
end

local signer = core.signer(ACCESS_KEY, SECRET_KEY)

local function read_answer(sock)
  local line, err = sock:receive "*l"
  if not line then
    return nil, err
  end
  local status, length = line:match "^HTTP/1%.1 (%d+)", nil
  repeat
    line, err = sock:receive "*l"
    if not line then
      return nil, err
    end
    length = line:match "^[Cc]ontent%-[Ll]ength: (%d+)" or length
  until line == ""
  local body
  body, err = sock:receive(tonumber(length))
  if not body then
    return nil, err
  end
  return status == "200" and body, "status " .. tostring(status)
end

local function timestamp_of_now()
  ngx.update_time()
  return ("%.0f"):format(ngx.now() * 1000)
end

local function call_by_hand()
  local sock = ngx.socket.tcp()
  sock:settimeout(30000)
  local ok, err = sock:connect(ADDRESS, tonumber(PORT), { pool = "by hand" })
  if not ok then
    return nil, err
  end
  if sock:getreusedtimes() == 0 then
    ok, err = sock:sslhandshake(false, HOST, true)
    if not ok then
      return nil, err
    end
  end
  local body = cjson.encode { id = answers.id }
  local timestamp = timestamp_of_now()
  ok, err = sock:send {
    "POST ",
    TARGET,
    " HTTP/1.1\r\nHost: ",
    HOST,
    ":",
    PORT,
    "\r\nContent-Type: application/json\r\nAccept: application/json\r\nUser-Agent: by hand",
    "\r\nx-ncp-apigw-timestamp: ",
    timestamp,
    "\r\nx-ncp-iam-access-key: ",
    ACCESS_KEY,
    "\r\nx-ncp-apigw-signature-v2: ",
    signer:sign("POST", TARGET, timestamp),
    "\r\nContent-Length: ",
    #body,
    "\r\n\r\n",
    body,
  }
  if not ok then
    return nil, err
  end
  body, err = read_answer(sock)
  if not body then
    sock:close()
    return nil, err
  end
  sock:setkeepalive(60000, POOL_SIZE)
  return cjson.decode(body)
end

--- Without the library: the same on ngx.socket.tcp.
function handlers.by_hand()
  reply(call_by_hand())
end

local resty_http

local function call_by_resty_http()
  local client = resty_http.new()
  client:set_timeout(30000)
  local ok, err = client:connect {
    scheme = "https",
    host = ADDRESS,
    port = tonumber(PORT),
    ssl_server_name = HOST,
    ssl_verify = true,
    pool_size = POOL_SIZE,
  }
  if not ok then
    return nil, err
  end
  local timestamp = timestamp_of_now()
  local response
  response, err = client:request {
    method = "POST",
    path = TARGET,
    headers = {
      Host = HOST .. ":" .. PORT,
      ["Content-Type"] = "application/json",
      Accept = "application/json",
      ["x-ncp-apigw-timestamp"] = timestamp,
      ["x-ncp-iam-access-key"] = ACCESS_KEY,
      ["x-ncp-apigw-signature-v2"] = signer:sign("POST", TARGET, timestamp),
    },
    body = cjson.encode { id = answers.id },
  }
  if not response then
    return nil, err
  end
  local body
  body, err = response:read_body()
  if not body or response.status ~= 200 then
    client:close()
    return nil, err or "status " .. response.status
  end
  client:set_keepalive(60000, POOL_SIZE)
  return cjson.decode(body)
end

--- With lua-resty-http, where BENCH_RESTY_HTTP names the folder that it is in.
function handlers.resty_http()
  reply(call_by_resty_http())
end

local resty_folder = os.getenv "BENCH_RESTY_HTTP"
if resty_folder then
  package.path = resty_folder .. "/?.lua;" .. package.path
  -- OpenResty's lua-resty-string, which Debian lacks: used for the pools of client certificates only.
  package.preload["resty.string"] = function()
    return {
      to_hex = function(bytes)
        return (bytes:gsub(".", function(byte)
          return ("%02x"):format(byte:byte())
        end))
      end,
    }
  end
  resty_http = require "resty.http"
end

return handlers
