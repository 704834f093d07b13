--- Base64 (RFC 4648), for the emulator: it does not check the client's signer with the client's signer.
-- @module dataforest.emulator.base64

local floor = math.floor

local base64 = {}

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

--- Base64, with padding.
-- @tparam string bytes
-- @treturn string
function base64.encode(bytes)
  local out = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    for i = 3, 0, -1 do
      local digit = floor(n / 64 ^ i) % 64 + 1
      out[#out + 1] = DIGITS:sub(digit, digit)
    end
    out[#out - 1] = b and out[#out - 1] or "="
    out[#out] = c and out[#out] or "="
  end
  return table.concat(out)
end

--- What base64 stands for; nil where the text is none.
-- @tparam string text
-- @treturn ?string
function base64.decode(text)
  if #text % 4 ~= 0 or not text:find "^[%w+/]*=?=?$" then
    return nil
  end
  local out = {}
  for at = 1, #text, 4 do
    local n, digits = 0, 0
    for i = at, at + 3 do
      local char = text:sub(i, i)
      local value = char ~= "=" and DIGITS:find(char, 1, true)
      n = n * 64 + (value and value - 1 or 0)
      digits = digits + (value and 1 or 0)
    end
    out[#out + 1] = string.char(floor(n / 65536), floor(n / 256) % 256, n % 256):sub(1, digits - 1)
  end
  return table.concat(out)
end

return base64
