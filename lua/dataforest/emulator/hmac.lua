--- HMAC-SHA-256 and base64 in Lua: the emulator's own, so that it does not check the client's signer with the
-- client's signer (FIPS 180-4, RFC 2104, RFC 4648).
-- @module dataforest.emulator.hmac

local floor = math.floor

local WORD = 4294967296

-- Bit operations ---------------------------------------------------------------------------------------

-- Lua 5.3 and later have operators that older ones cannot even read; LuaJIT and 5.2 have a library.
local function operations_of_this_lua()
  local compile = rawget(_G, "loadstring") or load
  local make = compile [[
    return { xor = function(a, b) return a ~ b end,
      both = function(a, b) return a & b end,
      ror = function(a, n) return (a >> n | a << 32 - n) & 0xffffffff end,
      shr = function(a, n) return a >> n end }
  ]]
  if make then
    return make()
  end
  local found, library = pcall(require, "bit")
  if not found then
    library = rawget(_G, "bit32")
  end
  return library
    and {
      xor = library.bxor,
      both = library.band,
      ror = library.ror or library.rrotate,
      shr = library.rshift,
    }
end

-- Without any of these: exclusive or by a table of bytes, the others by arithmetic.
local function arithmetic()
  local rows = {}
  for a = 0, 255 do
    local row = {}
    for b = 0, 255 do
      local x, y, bit, out = a, b, 1, 0
      while x > 0 or y > 0 do
        if x % 2 ~= y % 2 then
          out = out + bit
        end
        x, y, bit = floor(x / 2), floor(y / 2), bit * 2
      end
      row[b] = out
    end
    rows[a] = row
  end
  local function xor(a, b)
    local a2, b2 = floor(a / 65536), floor(b / 65536)
    local a1, b1 = a % 65536, b % 65536
    local a3, b3, a0, b0 = floor(a2 / 256), floor(b2 / 256), floor(a1 / 256), floor(b1 / 256)
    return rows[a3][b3] * 16777216
      + rows[a2 - a3 * 256][b2 - b3 * 256] * 65536
      + rows[a0][b0] * 256
      + rows[a1 - a0 * 256][b1 - b0 * 256]
  end
  return {
    xor = xor,
    both = function(a, b)
      return (a + b - xor(a, b)) / 2
    end,
    ror = function(a, n)
      local low = a % 2 ^ n
      return (a - low) / 2 ^ n + low * 2 ^ (32 - n)
    end,
    shr = function(a, n)
      return floor(a / 2 ^ n)
    end,
  }
end

local bits = operations_of_this_lua() or arithmetic()
local xor, both, ror, shr = bits.xor, bits.both, bits.ror, bits.shr

-- SHA-256 ----------------------------------------------------------------------------------------------

-- stylua: ignore
local K = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}

-- stylua: ignore
local START = {
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

local function compress(state, block, at)
  local w = {}
  for i = 1, 16 do
    local a, b, c, d = block:byte(at + i * 4 - 4, at + i * 4 - 1)
    w[i] = ((a * 256 + b) * 256 + c) * 256 + d
  end
  for i = 17, 64 do
    local x, y = w[i - 15], w[i - 2]
    local s0 = xor(xor(ror(x, 7), ror(x, 18)), shr(x, 3))
    local s1 = xor(xor(ror(y, 17), ror(y, 19)), shr(y, 10))
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) % WORD
  end
  local a, b, c, d, e, f, g, h =
    state[1], state[2], state[3], state[4], state[5], state[6], state[7], state[8]
  for i = 1, 64 do
    local s1 = xor(xor(ror(e, 6), ror(e, 11)), ror(e, 25))
    local choice = xor(g, both(e, xor(f, g)))
    local t1 = h + s1 + choice + K[i] + w[i]
    local s0 = xor(xor(ror(a, 2), ror(a, 13)), ror(a, 22))
    local majority = xor(both(a, b), both(c, xor(a, b)))
    h, g, f, e, d, c, b, a = g, f, e, (d + t1) % WORD, c, b, a, (t1 + s0 + majority) % WORD
  end
  local out = { a, b, c, d, e, f, g, h }
  for i = 1, 8 do
    out[i] = (out[i] + state[i]) % WORD
  end
  return out
end

local function bytes_of(state)
  local out = {}
  for i = 1, 8 do
    local word = state[i]
    out[i] = string.char(
      floor(word / 16777216) % 256,
      floor(word / 65536) % 256,
      floor(word / 256) % 256,
      word % 256
    )
  end
  return table.concat(out)
end

-- The digest of `before` bytes that made `state`, and of a text.
local function finish(state, before, text)
  local length = (before + #text) * 8
  local zeros = (55 - before - #text) % 64
  text = text
    .. "\128"
    .. ("\0"):rep(zeros + 3)
    .. string.char(
      floor(length / WORD) % 256,
      floor(length / 16777216) % 256,
      floor(length / 65536) % 256,
      floor(length / 256) % 256,
      length % 256
    )
  for at = 1, #text, 64 do
    state = compress(state, text, at)
  end
  return bytes_of(state)
end

local hmac = {}

--- SHA-256.
-- @tparam string text
-- @treturn string 32 bytes
function hmac.sha256(text)
  return finish(START, 0, text)
end

local function padded(key, byte)
  local out = {}
  for i = 1, 64 do
    out[i] = string.char((xor(key:byte(i) or 0, byte)) % 256)
  end
  return table.concat(out)
end

--- A function that makes the HMAC-SHA-256 of texts with one key.
-- @tparam string key
-- @treturn function takes a text, returns 32 bytes
function hmac.keyed(key)
  if #key > 64 then
    key = hmac.sha256(key)
  end
  local inner = compress(START, padded(key, 0x36), 1)
  local outer = compress(START, padded(key, 0x5c), 1)
  return function(text)
    return finish(outer, 64, finish(inner, 64, text))
  end
end

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

--- Base64, with padding.
-- @tparam string bytes
-- @treturn string
function hmac.base64(bytes)
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
function hmac.from_base64(text)
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

return hmac
