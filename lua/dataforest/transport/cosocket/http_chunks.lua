--- A body in chunks (`Transfer-Encoding: chunked`), read from pieces of any size.
--
-- Pure: it is fed bytes, and never sees a socket.
--
-- @module dataforest.transport.cosocket.http_chunks

local Chunks = {}
Chunks.__index = Chunks

-- The most bytes of a line that gives a chunk's size, and of all lines after the last chunk.
local MAX_LINE = 256
local MAX_TRAILER = 8 * 1024

-- Up to 12 digits: more than any ceiling, and exact on every Lua.
local MAX_DIGITS = 12

--- The line that begins at a position: nil where its end has not come yet.
-- @treturn ?string the line, or nil
-- @treturn ?number position after it; without a line: an error message, or nil
local function take_line(text, position, ceiling)
  local line_end = text:find("\n", position, true)
  if (line_end or #text) - position + 1 > ceiling then
    return nil, "a line between the answer's chunks has no end"
  elseif not line_end then
    return nil
  elseif line_end == position or text:byte(line_end - 1) ~= 13 then
    return nil, "a line between the answer's chunks has a bare line feed"
  end
  return text:sub(position, line_end - 2), line_end + 1
end

local States = {}

--- A chunk's size, with an extension that says nothing to us.
function States.size(self, text, position)
  local line, after = take_line(text, position, MAX_LINE)
  if not line then
    return nil, after
  end
  local digits = line:match "^(%x+)$" or line:match "^(%x+)[ \t]*;[^%c]*$"
  if not digits or #digits > MAX_DIGITS then
    return nil, "the answer has a malformed chunk size"
  end
  self.left = tonumber(digits, 16)
  self.size = self.size + self.left
  if self.size > self.max_bytes then
    return nil, ("the answer is larger than %.0f bytes"):format(self.max_bytes), "limit"
  end
  self.state = self.left == 0 and "trailer" or "data"
  return after
end

function States.data(self, text, position)
  local count = math.min(self.left, #text - position + 1)
  if count == 0 then
    return nil
  end
  self.pieces[#self.pieces + 1] = text:sub(position, position + count - 1)
  self.left = self.left - count
  if self.left == 0 then
    self.state = "data_end"
  end
  return position + count
end

function States.data_end(self, text, position)
  local ending = text:sub(position, position + 1)
  if ending == "\r\n" then
    self.state = "size"
    return position + 2
  elseif ending == "" or ending == "\r" then
    return nil
  end
  return nil, "a chunk of the answer is longer than its size"
end

--- Lines after the last chunk; they are read and left out.
function States.trailer(self, text, position)
  local line, after = take_line(text, position, MAX_TRAILER - self.trailer_bytes)
  if not line then
    return nil, after
  elseif line == "" then
    self.state = "done"
  end
  self.trailer_bytes = self.trailer_bytes + after - position
  return after
end

--- Takes the next bytes in.
-- @tparam string bytes
-- @treturn[1] boolean true once the body is complete, false while more is needed
-- @treturn[2] nil
-- @treturn[2] string what is wrong
-- @treturn[2] string error kind: `protocol` or `limit`
function Chunks:feed(bytes)
  local text, position = self.rest .. bytes, 1
  while self.state ~= "done" do
    local after, message, kind = States[self.state](self, text, position)
    if message then
      return nil, message, kind or "protocol"
    elseif not after then
      self.rest = text:sub(position)
      return false
    end
    position = after
  end
  if position <= #text then
    return nil, "the answer goes on after its last chunk", "protocol"
  end
  self.rest = ""
  return true
end

--- The body, once `feed` returned true.
-- @treturn string
function Chunks:body()
  return table.concat(self.pieces)
end

local http_chunks = {}

--- Makes a reader for one body.
-- @tparam number max_bytes the most bytes that the body may have
-- @treturn table with `feed(bytes)` and `body()`
function http_chunks.new(max_bytes)
  return setmetatable(
    { max_bytes = max_bytes, state = "size", rest = "", pieces = {}, size = 0, left = 0, trailer_bytes = 0 },
    Chunks
  )
end

return http_chunks
