--- What the encoders share: numbers, and the order of a table's members.
--
-- @module dataforest.codec.common

local common = {}

local format = string.format

local LARGEST_INTEGER = 2 ^ 53

--- A number as JSON and XML write it: whole ones up to 2^53 without exponent and point.
-- @tparam number number
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function common.number(number)
  if number % 1 == 0 and number >= -LARGEST_INTEGER and number <= LARGEST_INTEGER then
    return format("%.0f", number + 0) -- the sum turns -0 into 0
  elseif number ~= number or number == math.huge or number == -math.huge then
    return nil, "a number is not finite"
  end
  local text = format("%.14g", number)
  if tonumber(text) ~= number then
    text = format("%.17g", number)
  end
  -- The decimal point follows the host program's locale; ours does not.
  return (text:gsub("[^0-9eE+-]", "."))
end

--- Calls a function for each member of a table: those that its node names, in that order, then the others
-- in the order of their names.
-- @tparam table value
-- @tparam ?table node of `dataforest.api.schema`
-- @tparam function write called with the name, the value, the member's node, and what else was given;
-- returns nothing,
--   or what is wrong and where in the value
-- @treturn ?string what is wrong
-- @treturn ?string where
function common.each_member(value, node, write, ...)
  local by_name = node and node.by_name
  local others
  for key in pairs(value) do
    if not (by_name and by_name[key]) then
      if type(key) ~= "string" then
        return "a list must have no gaps, and a table no numbers among its keys"
      end
      others = others or {}
      others[#others + 1] = key
    end
  end
  local fields = node and node.fields
  for index = 1, fields and #fields or 0 do
    local name = fields[index].name
    local member = value[name]
    if member ~= nil then
      local fault, path = write(name, member, fields[index], ...)
      if fault then
        return fault, path
      end
    end
  end
  if others then
    table.sort(others)
    for index = 1, #others do
      local name = others[index]
      local fault, path = write(name, value[name], node and node.element, ...)
      if fault then
        return fault, path
      end
    end
  end
end

return common
