--- Answers as the cosocket transport reads them: heads, chunks and bodies, in pieces of any size.

local checks = require "spec.fuzz.checks"
local http_answer = require "dataforest.transport.cosocket.http_answer"
local http_head = require "dataforest.transport.cosocket.http_head"

local MAX_BYTES = 2000
local METHODS = { "POST", "GET", "HEAD" }
local KINDS = { protocol = true, limit = true }

--- Reads an answer that comes in pieces of some size.
local function read(bytes, method, size)
  local at = 1
  return http_answer.read(function()
    if at > #bytes then
      return nil, { kind = "protocol", message = "the connection was closed", sent = true, ended = true }
    end
    local piece = bytes:sub(at, at + size - 1)
    at = at + size
    return piece
  end, method, MAX_BYTES)
end

local function check_head(text)
  local head, message, kind = http_head.parse(text)
  if not head then
    checks.message(message)
    assert(KINDS[kind])
    return
  end
  assert(head.status >= 100 and head.status <= 999 and (head.minor == 0 or head.minor == 1))
  for name, value in pairs(head.headers) do
    assert(name:find "^[^%c%s:A-Z]+$", "the name of a field")
    -- An empty value that was repeated leaves ", ".
    assert(not value:find "[%z\r\n]" and not value:find "^[ \t]" and not value:find "[^,][ \t]$", "its value")
  end
end

return function(bytes)
  local choice = bytes:byte(1) or 0
  local method, size = METHODS[choice % 3 + 1], math.floor(choice / 3) + 1
  bytes = bytes:sub(2)
  local last = http_head.find_end(bytes)
  check_head(last and bytes:sub(1, last) or bytes)
  local whole, whole_keeps, whole_failed = read(bytes, method, math.max(#bytes, 1))
  local pieces, pieces_keep, failed = read(bytes, method, size)
  if pieces and not whole then
    -- What comes behind an answer is seen only where it comes together with it.
    local message = whole_failed.message
    assert(message:find "goes on" or message:find "longer", message)
  elseif whole then
    assert(whole_keeps == pieces_keep)
    checks.same(whole, pieces or failed)
    assert(#whole.body <= MAX_BYTES)
  else
    assert(KINDS[whole_failed.kind] and KINDS[failed.kind] and failed.sent)
    checks.message(whole_failed.message)
    checks.message(failed.message)
  end
end
