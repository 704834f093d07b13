--- core.decode: JSON into the types that a shape names.

local checks = require "spec.fuzz.checks"
local core = require "dataforest.core"
local json = require "dataforest.codec.json"

local types = checks.types()

return function(bytes)
  local chosen, body = checks.choose(types, bytes)
  local value, message = core.decode(body, chosen.shape)
  if value == nil then
    checks.message(message)
    return
  end
  checks.conforms(chosen.type, value)
  local text = assert(json.encode(value, type(value) == "table" and chosen.type or nil))
  checks.same(value, (core.decode(text, chosen.shape)))
  checks.same(value, (core.coerce(value, chosen.shape)))
end
