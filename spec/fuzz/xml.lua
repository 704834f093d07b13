--- The XML codec's input side: XML into the types that a shape names.

local checks = require "spec.fuzz.checks"
local schema = require "dataforest.api.schema"
local xml = require "dataforest.codec.xml"

local types = checks.types()

return function(bytes)
  local chosen, body = checks.choose(types, bytes)
  local value, name = xml.decode(body, chosen.shape)
  if value == nil then
    checks.message(name)
    return
  end
  assert(type(name) == "string" and name ~= "")
  checks.conforms(chosen.type, value)
  -- Names that XML has and this codec does not write are left at that.
  local text = chosen.type and xml.encode("Root", value, schema.of(chosen.type))
  if text then
    checks.same(value, (xml.decode(text, chosen.shape, "Root")))
  end
end
