--- The head of an HTTP/1.1 answer: status line and fields, and what they say of the body.
--
-- Pure functions over text: no socket, no state. Strict where a lenient reading could make
-- two parties see two different answers in the same bytes. The reading itself is done in C.
--
-- @module dataforest.transport.cosocket.http_head

local core = require "dataforest.core"
local trim = require "dataforest.util.trim"

local read = core.http_head

local http_head = {}

--- The most bytes of all heads of one answer, those of 1xx included.
http_head.MAX_BYTES = 64 * 1024

--- The most fields of one head.
http_head.MAX_FIELDS = 128

local NO_BLANK = "[^ \t]"

-- Up to 15 digits: what a Lua number holds exactly on every Lua.
local MAX_DIGITS = 15

--- Finds the end of a head. Bare line feeds end one too: it is refused at once, and not waited for.
-- @function http_head.find_end
-- @tparam string text what came so far
-- @tparam[opt=1] number from where to look; an end that began earlier is not seen
-- @treturn ?number position of the head's last byte, or nil where the end has not come
http_head.find_end = core.http_head_end

--- Reads a head.
-- @tparam string text from the status line to the empty line, both included; more may follow
-- @tparam[opt] number last position of the head's last byte: by default that of the text
-- @treturn[1] table `status` (number), `headers` (lower-case names; repeated ones joined with
--   `", "`), and `minor`: 0 or 1, of the HTTP version
-- @treturn[2] nil
-- @treturn[2] string what is wrong
-- @treturn[2] string error kind: `protocol` or `limit`
function http_head.parse(text, last)
  last = last or #text
  if last > http_head.MAX_BYTES then
    return nil, ("the answer's head is larger than %d bytes"):format(http_head.MAX_BYTES), "limit"
  end
  return read(text, last, http_head.MAX_FIELDS)
end

--- The length that Content-Length names, where every repetition names the same.
local function content_length(value)
  if #value <= MAX_DIGITS and value:find "^%d+$" then -- as nearly always
    return tonumber(value)
  end
  local length
  for part in (value .. ","):gmatch "([^,]*)," do
    part = trim(part, NO_BLANK)
    if not part:find "^%d+$" or #part > MAX_DIGITS or (length and length ~= part) then
      return nil
    end
    length = part
  end
  return tonumber(length)
end

--- Tells how the body of an answer ends.
-- @tparam table head from `http_head.parse`
-- @tparam string method of the request
-- @treturn[1] string `"none"`, `"length"`, `"chunked"` or `"close"`
-- @treturn[1] ?number bytes, for `"length"`
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function http_head.framing(head, method)
  local status, encoding = head.status, head.headers["transfer-encoding"]
  local length = head.headers["content-length"]
  if encoding and length then
    return nil, "the answer has both Content-Length and Transfer-Encoding"
  elseif encoding and (encoding:lower() ~= "chunked" or head.minor == 0) then
    return nil, "the answer has a Transfer-Encoding other than chunked"
  end
  local bytes = length and content_length(length)
  if length and not bytes then
    return nil, "the answer's Content-Length is malformed, or there are several"
  elseif method == "HEAD" or status < 200 or status == 204 or status == 304 then
    return "none"
  elseif encoding then
    return "chunked"
  elseif bytes then
    return "length", bytes
  end
  return "close"
end

--- Tells whether the connection can carry another request once the answer was read.
-- @tparam table head from `http_head.parse`
-- @treturn boolean
function http_head.keeps_alive(head)
  local tokens = head.headers.connection
  if head.minor == 0 then
    return false
  elseif not tokens or tokens == "keep-alive" then -- as nearly always
    return true
  end
  for token in (tokens .. ","):gmatch "([^,]*)," do
    if trim(token, NO_BLANK):lower() == "close" then
      return false
    end
  end
  return true
end

return http_head
