--- What people write today, with LuaSocket, LuaSec and luaossl: `luasocket.lua request|kept CALLS`.
--
-- `request` is ssl.https.request, which opens a connection for each call. `kept` keeps one connection
-- and speaks HTTP by hand. (LuaSec verifies the certificate's chain, and not its name.)

local answers = require "bench.answers"
local cjson = require "cjson"
local hmac = require "openssl.hmac"
local https = require "ssl.https"
local ltn12 = require "ltn12"
local mime = require "mime"
local socket = require "socket"
local ssl = require "ssl"
local timing = require "bench.contenders.timing"

local ACCESS_KEY, SECRET_KEY = timing.setting "BENCH_ACCESS_KEY", timing.setting "BENCH_SECRET_KEY"
local URL, TARGET = timing.setting "BENCH_URL", timing.setting "BENCH_TARGET"
local HOST, PORT = URL:match "^https://([^:/]+):(%d+)"

local tls = {
  mode = "client",
  protocol = "any",
  options = { "all", "no_sslv2", "no_sslv3", "no_tlsv1", "no_tlsv1_1" },
  verify = "peer",
  cafile = timing.setting "BENCH_CA",
}

local function headers_for(body)
  local timestamp = ("%.0f"):format(math.floor(socket.gettime() * 1000))
  local text = ("POST %s\n%s\n%s"):format(TARGET, timestamp, ACCESS_KEY)
  return {
    ["Content-Type"] = "application/json",
    ["Content-Length"] = #body,
    ["x-ncp-apigw-timestamp"] = timestamp,
    ["x-ncp-iam-access-key"] = ACCESS_KEY,
    ["x-ncp-apigw-signature-v2"] = (mime.b64(hmac.new(SECRET_KEY, "sha256"):final(text))),
  }
end

local function check(status, body)
  assert(status == 200, body)
  assert(answers.is_account(cjson.decode(body)))
end

local function request()
  local body = cjson.encode { id = answers.id }
  local parts = {}
  local ok, status = https.request {
    method = "POST",
    url = URL,
    headers = headers_for(body),
    source = ltn12.source.string(body),
    sink = ltn12.sink.table(parts),
    mode = tls.mode,
    protocol = tls.protocol,
    options = tls.options,
    verify = tls.verify,
    cafile = tls.cafile,
  }
  assert(ok, status)
  check(status, table.concat(parts))
end

local connection

local function connect()
  local plain = assert(socket.tcp())
  assert(plain:connect(HOST, PORT))
  plain:setoption("tcp-nodelay", true)
  connection = assert(ssl.wrap(plain, tls))
  connection:sni(HOST)
  assert(connection:dohandshake())
end

local function kept()
  if not connection then
    connect()
  end
  local body = cjson.encode { id = answers.id }
  local lines = { ("POST %s HTTP/1.1"):format(TARGET), "Host: " .. HOST .. ":" .. PORT }
  for name, value in pairs(headers_for(body)) do
    lines[#lines + 1] = name .. ": " .. value
  end
  lines[#lines + 1] = "\r\n" .. body
  assert(connection:send(table.concat(lines, "\r\n")))
  local status = tonumber((assert(connection:receive "*l"):match "^HTTP/1.1 (%d+)"))
  local length
  repeat
    local line = assert(connection:receive "*l")
    length = tonumber(line:match "^[Cc]ontent%-[Ll]ength: (%d+)") or length
  until line == ""
  check(status, assert(connection:receive(length)))
end

local call = arg[1] == "request" and request or kept

timing.run(function(count)
  for _ = 1, count do
    call()
  end
end)
