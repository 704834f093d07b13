--- core.decode: JSON into the types that a shape names. What cjson refuses is refused; what is read is of the
-- type, and stays the same when it is written and read again.

local cjson = require("cjson").new()
local checks = require "spec.fuzz.checks"
local core = require "dataforest.core"
local json = require "dataforest.codec.json"
local schema = require "dataforest.api.schema"

local types = checks.types()

cjson.decode_invalid_numbers(false)
cjson.decode_max_depth(64)

return function(bytes)
  local chosen, body = checks.choose(types, bytes)
  local value, message = core.decode(body, chosen.shape)
  if value == nil then
    checks.message(message)
    return
  end
  assert(pcall(cjson.decode, body), "read what is not JSON")
  checks.conforms(chosen.type, value)
  local text =
    assert(json.encode(value, type(value) == "table" and chosen.type and schema.of(chosen.type) or nil))
  checks.same(value, (core.decode(text, chosen.shape)))
  checks.same(value, (core.coerce(value, chosen.shape)))
end
