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

--- The members of lists as the keys of a table.
-- @tparam table ... lists
-- @treturn table true by member
function tables.set(...)
  local set = {}
  for _, list in ipairs { ... } do
    for _, member in ipairs(list) do
      set[member] = true
    end
  end
  return set
end

--- The words of a text as the keys of a table.
-- @tparam string text words with blanks between them
-- @treturn table true by word
function tables.words(text)
  local set = {}
  for word in text:gmatch "%S+" do
    set[word] = true
  end
  return set
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
