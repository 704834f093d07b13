--- The values by which JSON libraries mark null and lists: what lua-cjson, OpenResty and dkjson have.
-- @module dataforest.util.lists

local cjson = require "cjson"

local lists = {}

--- Stands for null in the values that callers give. In OpenResty it is `ngx.null` too.
lists.null = cjson.null

-- OpenResty's lua-cjson has these; Debian's has not.
local array_mt, empty_array_mt = rawget(cjson, "array_mt"), rawget(cjson, "empty_array_mt")
local empty_array = rawget(cjson, "empty_array")

--- The metatable that lists carry: cjson's own, where it has one.
lists.array_mt = array_mt or empty_array_mt

-- What copies of marked lists carry where cjson has none: other libraries' way.
local LIST = lists.array_mt or { __jsontype = "array" }

--- Tells whether a table is marked as a list, empty or not.
-- @tparam table value
-- @treturn boolean
function lists.is_list(value)
  local metatable = getmetatable(value)
  if type(metatable) ~= "table" then
    return false
  end
  return metatable == LIST
    or metatable == array_mt
    or metatable == empty_array_mt
    or rawget(metatable, "__jsontype") == "array"
end

--- Marks a table as a list.
-- @tparam table value
-- @treturn table the same
function lists.list(value)
  return setmetatable(value, LIST)
end

--- Tells whether a value that is no table stands for an empty list.
-- @param value
-- @treturn boolean
function lists.is_empty_list(value)
  return empty_array ~= nil and value == empty_array
end

--- The length of a table that is a list and nothing but a list, without gaps.
-- @tparam table value
-- @treturn ?integer nil for every other table; 0 for an empty one
function lists.length(value)
  local length = 0
  for key in pairs(value) do
    if type(key) ~= "number" then
      return nil
    end
    length = length + 1
  end
  return length == #value and length or nil
end

return lists
