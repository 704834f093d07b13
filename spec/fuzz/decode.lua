--- core.decode: JSON into the types that a shape names. Read straight into tables or not, it comes out as
-- cjson and the conversion have it.

local cjson = require("cjson").new()
local checks = require "spec.fuzz.checks"
local core = require "dataforest.core"
local json = require "dataforest.codec.json"
local schema = require "dataforest.api.schema"

local types = checks.types()

cjson.decode_invalid_numbers(false)
cjson.decode_max_depth(64)

local function converted(body, shape)
  local parsed, value = pcall(cjson.decode, body)
  if not parsed or body:find("\0", 1, true) or not core.valid_utf8(body) then
    return nil
  end
  return (core.coerce(value, shape))
end

return function(bytes)
  local chosen, body = checks.choose(types, bytes)
  local value, message = core.decode(body, chosen.shape)
  checks.same(converted(body, chosen.shape), value)
  if value == nil then
    checks.message(message)
    return
  end
  checks.conforms(chosen.type, value)
  local text = assert(json.encode(value, type(value) == "table" and schema.of(chosen.type) or nil))
  checks.same(value, (core.decode(text, chosen.shape)))
  checks.same(value, (core.coerce(value, chosen.shape)))
end
