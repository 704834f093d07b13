--- Made-up identifiers, keys and bytes for the emulator: the same for the same seed, on every Lua.
--
-- Nothing here is fit for real secrets.
-- @module dataforest.emulator.random

local read_file = require "dataforest.util.read_file"

local floor = math.floor

local BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
local MODULUS, MULTIPLIER = 2147483647, 48271

local Random = {}
Random.__index = Random

local function seed_of_this_run()
  local bytes = read_file("/dev/urandom", 4)
  if bytes and #bytes == 4 then
    local a, b, c, d = bytes:byte(1, 4)
    return ((a * 256 + b) * 256 + c) * 256 + d
  end
  return os.time()
end

--- A source of made-up values.
-- @tparam[opt] number seed the same seed gives the same values; none: other values each time
-- @treturn Random
local function new(seed)
  local self = setmetatable({ state = floor(seed or seed_of_this_run()) % (MODULUS - 1) + 1 }, Random)
  for _ = 1, 8 do
    self:below(2)
  end
  return self
end

--- A whole number from 0 to `limit - 1`.
function Random:below(limit)
  self.state = (self.state * MULTIPLIER) % MODULUS
  return floor(self.state / MODULUS * limit)
end

--- An identifier of 22 base62 characters, as accounts and apps have them.
function Random:id()
  local out = {}
  for i = 1, 22 do
    local digit = self:below(62) + 1
    out[i] = BASE62:sub(digit, digit)
  end
  return table.concat(out)
end

--- Bytes.
-- @tparam integer count how many
-- @treturn string
function Random:bytes(count)
  local out = {}
  for i = 1, count do
    out[i] = string.char(self:below(256))
  end
  return table.concat(out)
end

--- Lower-case hexadecimal digits.
-- @tparam integer count how many
-- @treturn string
function Random:hex(count)
  local out = {}
  for i = 1, math.ceil(count / 7) do
    out[i] = ("%07x"):format(self:below(268435456))
  end
  return table.concat(out):sub(1, count)
end

--- A random UUID, as `requestId` has it.
function Random:uuid()
  return ("%s-%s-4%s-%x%s-%s"):format(
    self:hex(8),
    self:hex(4),
    self:hex(3),
    8 + self:below(4),
    self:hex(3),
    self:hex(12)
  )
end

return { new = new }
