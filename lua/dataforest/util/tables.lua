--- Small helpers for tables.
-- @module dataforest.util.tables

local tables = {}

--- A shallow copy.
-- @tparam table given
-- @tparam[opt] table changes fields that replace or add to those of `given`
-- @treturn table
function tables.copy(given, changes)
  local copy = {}
  for key, value in pairs(given) do
    copy[key] = value
  end
  for key, value in pairs(changes or {}) do
    copy[key] = value
  end
  return copy
end

--- The keys of a table, sorted.
-- @tparam table given its keys are strings
-- @treturn {string,...}
function tables.sorted_keys(given)
  local keys = {}
  for key in pairs(given) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

--- The entry of a list that has a name.
-- @tparam {table,...} list
-- @tparam string name
-- @treturn ?table
function tables.named(list, name)
  for _, entry in ipairs(list) do
    if entry.name == name then
      return entry
    end
  end
end

return tables
