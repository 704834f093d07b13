--- The head of an HTTP/1.1 answer: status line and fields, and what they say of the body.
--
-- Pure functions over text: no socket, no state. Strict where a lenient reading could make
-- two parties see two different answers in the same bytes.
--
-- @module dataforest.http_head

local http_head = {}

--- The most bytes of all heads of one answer, those of 1xx included.
http_head.MAX_BYTES = 64 * 1024

--- The most fields of one head.
http_head.MAX_FIELDS = 128

-- Up to 15 digits: what a Lua number holds exactly on every Lua.
local MAX_DIGITS = 15

local NAME = "^([%w!#$%%&'*+%-.^_`|~]+):(.*)$"

--- Finds the end of a head.
-- @tparam string text what came so far
-- @tparam[opt=1] number from where to look; an end that began earlier is not seen
-- @treturn ?number position of the head's last byte, or nil where the end has not come
function http_head.find_end(text, from)
  -- Bare line feeds end a head here so that it is refused at once, and not waited for.
  local _, last = text:find("\n\r?\n", from)
  return last
end

-- In two steps: one pattern for both ends would take time with the square of a run of blanks.
local function trim(value)
  local first = value:find "[^ \t]"
  return first and value:match("^.*[^ \t]", first) or ""
end

local function read_fields(text, first)
  local headers, count = {}, 0
  for line in text:sub(first, -3):gmatch "([^\n]*)\r\n" do
    count = count + 1
    if count > http_head.MAX_FIELDS then
      return nil, ("the answer's head has more than %d fields"):format(http_head.MAX_FIELDS), "limit"
    end
    local name, value = line:match(NAME)
    if not name then
      return nil, ("the answer's head has a %s field"):format(line:find "^[ \t]" and "folded" or "malformed")
    end
    name, value = name:lower(), trim(value)
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
  return headers
end

--- Reads a head.
-- @tparam string text from the status line to the empty line, both included
-- @treturn[1] table `status` (number), `headers` (lower-case names; repeated ones joined with
--   `", "`), and `minor`: 0 or 1, of the HTTP version
-- @treturn[2] nil
-- @treturn[2] string what is wrong
-- @treturn[2] string error kind: `protocol` or `limit`
function http_head.parse(text)
  if #text > http_head.MAX_BYTES then
    return nil, ("the answer's head is larger than %d bytes"):format(http_head.MAX_BYTES), "limit"
  end
  local minor, status, after = text:match "^HTTP/1%.([01]) ([1-9]%d%d)([ \r])"
  if not minor then
    return nil, "the answer is not HTTP/1.1", "protocol"
  end
  -- After this, CR and LF stand side by side only, and no other control byte but the tab.
  if text:find "[%z\1-\8\11\12\14-\31\127]" or text:gsub("\r\n", ""):find "[\r\n]" then
    return nil, "the answer's head holds control characters", "protocol"
  end
  local _, line_end = text:find("\r\n", 1, true)
  if after == "\r" and line_end ~= #"HTTP/1.1 200\r\n" or text:sub(-4) ~= "\r\n\r\n" then
    return nil, "the answer's head is malformed", "protocol"
  end
  local headers, message, kind = read_fields(text, line_end + 1)
  if not headers then
    return nil, message, kind or "protocol"
  end
  return { status = tonumber(status), headers = headers, minor = tonumber(minor) }
end

--- The length that Content-Length names, where every repetition names the same.
local function content_length(value)
  local length
  for part in (value .. ","):gmatch "([^,]*)," do
    part = trim(part)
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
  end
  for token in ((tokens or "") .. ","):gmatch "([^,]*)," do
    if trim(token):lower() == "close" then
      return false
    end
  end
  return true
end

return http_head
