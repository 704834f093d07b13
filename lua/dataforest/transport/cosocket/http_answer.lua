--- An HTTP/1.1 answer, read from its first byte to its last, under ceilings.
--
-- It asks for bytes and never sees a socket.
--
-- @module dataforest.transport.cosocket.http_answer

local http_chunks = require "dataforest.transport.cosocket.http_chunks"
local http_head = require "dataforest.transport.cosocket.http_head"

local http_answer = {}

-- Informational answers (1xx) before the one that counts.
local MAX_INFORMATIONAL = 16

local function failure_of(message, kind)
  return { kind = kind or "protocol", message = message, sent = true }
end

local function failure(message, kind)
  return nil, failure_of(message, kind)
end

--- Goes on reading heads up to the one of the answer itself.
-- @tparam function receive
-- @param source what `receive` is called with
-- @tparam string buffer the first bytes
-- @treturn ?table head
-- @treturn string|table the bytes that came after it; without a head, the failure
local function read_heads(receive, source, buffer)
  local from, spent, informational = 1, 0, 0
  while true do
    local last = http_head.find_end(buffer, from)
    if last then
      local head, message, kind = http_head.parse(buffer, last)
      if not head then
        return failure(message, kind)
      end
      buffer, from, spent = buffer:sub(last + 1), 1, spent + last
      if head.status >= 200 then
        return head, buffer
      end
      informational = informational + 1
      if head.status == 101 then
        return failure "the answer goes over to another protocol"
      elseif informational > MAX_INFORMATIONAL then
        return failure(
          ("the answer's head is too large: more than %d informational ones"):format(MAX_INFORMATIONAL),
          "limit"
        )
      end
    elseif spent + #buffer > http_head.MAX_BYTES then
      return failure(("the answer's head is larger than %d bytes"):format(http_head.MAX_BYTES), "limit")
    else
      local bytes, failed = receive(source)
      if not bytes then
        return nil, failed
      end
      from = math.max(1, #buffer - 1)
      buffer = buffer .. bytes
    end
  end
end

--- Reads the head of the answer.
local function read_head(receive, source)
  local bytes, failed = receive(source)
  if not bytes then
    return nil, failed
  end
  local last = http_head.find_end(bytes)
  local head = last and http_head.parse(bytes, last)
  if head and head.status >= 200 then -- as nearly always, the first bytes hold all of it
    return head, bytes:sub(last + 1)
  end
  return read_heads(receive, source, bytes)
end

local function too_large(max_bytes)
  return failure(("the answer is larger than %.0f bytes (max_response_bytes)"):format(max_bytes), "limit")
end

-- For each framing: reads the body, of which the first bytes may have come already.
local Bodies = {}

function Bodies.none(_, _, bytes)
  if bytes ~= "" then
    return failure "the answer goes on where it has no body"
  end
  return ""
end

function Bodies.length(receive, source, bytes, max_bytes, length)
  if length > max_bytes then
    return too_large(max_bytes)
  elseif #bytes == length then -- it came in one piece with the head
    return bytes
  end
  local pieces, count = {}, 0
  while true do
    pieces[#pieces + 1] = bytes
    count = count + #bytes
    if count > length then
      return failure "the answer is longer than its Content-Length"
    elseif count == length then
      return table.concat(pieces)
    end
    local failed
    bytes, failed = receive(source)
    if not bytes then
      return nil, failed
    end
  end
end

function Bodies.chunked(receive, source, bytes, max_bytes)
  local chunks = http_chunks.new(max_bytes)
  while true do
    local done, message, kind = chunks:feed(bytes)
    if done then
      return chunks:body()
    elseif kind == "limit" then
      return too_large(max_bytes)
    elseif message then
      return failure(message)
    end
    local failed
    bytes, failed = receive(source)
    if not bytes then
      return nil, failed
    end
  end
end

function Bodies.close(receive, source, bytes, max_bytes)
  local pieces, count = {}, 0
  while true do
    pieces[#pieces + 1] = bytes
    count = count + #bytes
    if count > max_bytes then
      return too_large(max_bytes)
    end
    local failed
    bytes, failed = receive(source)
    if not bytes and failed.ended then
      return table.concat(pieces)
    elseif not bytes then
      return nil, failed
    end
  end
end

--- Reads one answer.
-- @tparam function receive returns the next bytes; or nil and a failure (`kind`, `message`,
--   `sent`), with `ended` set where the server closed the connection in good order
-- @tparam string method of the request
-- @tparam number max_bytes the most bytes that the body may have
-- @tparam[opt] boolean end_is_uncertain the end of a connection may be a cut (over TLS, nginx does not tell)
-- @param[opt] source what `receive` is called with
-- @treturn[1] table `status`, `headers` (lower-case names), `body`, and `end_uncertain`: true where nothing
--   but such an end told the end of the body
-- @treturn[1] boolean whether the connection can carry another request
-- @treturn[2] nil
-- @treturn[2] boolean false
-- @treturn[2] table failure: that of `receive`, or one of kind `protocol` or `limit`
function http_answer.read(receive, method, max_bytes, end_is_uncertain, source)
  local head, rest = read_head(receive, source)
  if not head then
    return nil, false, rest
  end
  local framing, length = http_head.framing(head, method)
  if not framing then
    return nil, false, failure_of(length)
  end
  local body, failed = Bodies[framing](receive, source, rest, max_bytes, length)
  if not body then
    return nil, false, failed
  end
  local reusable = framing ~= "close" and http_head.keeps_alive(head)
  head.minor = nil
  head.body = body
  head.end_uncertain = framing == "close" and end_is_uncertain or nil
  return head, reusable
end

return http_answer
