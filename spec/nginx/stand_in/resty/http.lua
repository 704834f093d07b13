--- A stand-in for lua-resty-http, which Debian does not have: what the adapter in docs/openresty.md uses
-- of it, for plain HTTP. Where the real one is installed, the tests take that.

local http_answer = require "dataforest.transport.cosocket.http_answer"

local Http = {}
Http.__index = Http

function Http:set_timeouts(connect, send, read)
  self.sock:settimeouts(connect, send, read)
end

local function head_of(params, host, target)
  local lines = { params.method .. " " .. target .. " HTTP/1.1", "Host: " .. host }
  for name, value in pairs(params.headers) do
    lines[#lines + 1] = name .. ": " .. value
  end
  lines[#lines + 1] = "Content-Length: " .. #params.body
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

function Http:request_uri(uri, params)
  local host, port, target = uri:match "^http://([^:/]+):(%d+)(.*)$"
  local ok, reason = self.sock:connect(host, tonumber(port), { pool = params.pool or uri })
  if not ok then
    return nil, reason
  end
  ok, reason = self.sock:send(head_of(params, host, target) .. params.body)
  if not ok then
    return nil, reason
  end
  local answer, reusable, failed = http_answer.read(function()
    local bytes, why = self.sock:receiveany(65536)
    return bytes, { message = why, ended = why == "closed" }
  end, params.method, math.huge)
  if not answer then
    self.sock:close()
    return nil, failed.message
  elseif reusable and params.keepalive ~= false then
    self.sock:setkeepalive()
  else
    self.sock:close()
  end
  return answer
end

return {
  new = function()
    return setmetatable({ sock = ngx.socket.tcp() }, Http)
  end,
}
