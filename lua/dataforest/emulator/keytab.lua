--- Kerberos keytab files, in the layout of MIT Kerberos (version 0x502), so that `klist -k` reads them.
-- @module dataforest.emulator.keytab

local floor = math.floor

local NT_PRINCIPAL = 1
local KEY_TYPES = {
  { number = 18, bytes = 32 }, -- aes256-cts-hmac-sha1-96
  { number = 17, bytes = 16 }, -- aes128-cts-hmac-sha1-96
}

local function u16(n)
  return string.char(floor(n / 256) % 256, n % 256)
end

local function u32(n)
  return u16(floor(n / 65536)) .. u16(n % 65536)
end

local function counted(bytes)
  return u16(#bytes) .. bytes
end

local keytab = {}

--- Makes a keytab of one principal, with made-up keys.
-- @tparam string principal `name@REALM`
-- @tparam integer version key version number; a reset makes the next one
-- @tparam number seconds time of the keys, since the epoch
-- @tparam Random random where the keys come from
-- @treturn string the bytes of the file
function keytab.make(principal, version, seconds, random)
  local name, realm = principal:match("^(.-)@(.*)$")
  local out = { "\5\2" }
  for _, key in ipairs(KEY_TYPES) do
    local entry = table.concat {
      u16(1),
      counted(realm),
      counted(name),
      u32(NT_PRINCIPAL),
      u32(floor(seconds)),
      string.char(version % 256),
      u16(key.number),
      counted(random:bytes(key.bytes)),
      u32(version),
    }
    out[#out + 1] = u32(#entry) .. entry
  end
  return table.concat(out)
end

return keytab
