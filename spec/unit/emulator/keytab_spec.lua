-- The layout of MIT Kerberos's keytab files, version 0x502.

local keytab = require "dataforest.emulator.keytab"
local random = require "dataforest.emulator.random"

local function number(bytes)
  local value = 0
  for i = 1, #bytes do
    value = value * 256 + bytes:byte(i)
  end
  return value
end

--- Reads one entry: a function gives the next bytes of it.
local function read_entry(entry)
  local at = 1
  local function take(count)
    local bytes = entry:sub(at, at + count - 1)
    assert(#bytes == count, "the entry is too short")
    at = at + count
    return bytes
  end
  local function counted()
    return take(number(take(2)))
  end
  local out = { components = number(take(2)), realm = counted(), name = counted() }
  out.kind, out.time, out.short_version = number(take(4)), number(take(4)), number(take(1))
  out.key_type, out.key, out.version = number(take(2)), counted(), number(take(4))
  assert(at == #entry + 1, "the entry is too long")
  return out
end

local function read(bytes)
  assert.equal("\5\2", bytes:sub(1, 2))
  local entries, at = {}, 3
  while at <= #bytes do
    local length = number(bytes:sub(at, at + 3))
    entries[#entries + 1] = read_entry(bytes:sub(at + 4, at + 3 + length))
    at = at + 4 + length
  end
  return entries
end

describe("the emulator's keytab", function()
  it("has an entry for each kind of key", function()
    local entries = read(keytab.make("df001@KR.DF.NAVERNCP.COM", 300, 1740011575.5, random.new(1)))
    assert.equal(2, #entries)
    for i, expected in ipairs { { 18, 32 }, { 17, 16 } } do
      local entry = entries[i]
      assert.equal(expected[2], #entry.key)
      entry.key = nil
      assert.same({
        components = 1,
        realm = "KR.DF.NAVERNCP.COM",
        name = "df001",
        kind = 1,
        time = 1740011575,
        short_version = 300 % 256,
        key_type = expected[1],
        version = 300,
      }, entry)
    end
  end)

  it("has other keys for another version", function()
    local source = random.new(1)
    local first = read(keytab.make("a@B", 1, 0, source))[1].key
    assert.are_not.equal(first, read(keytab.make("a@B", 2, 0, source))[1].key)
  end)
end)
