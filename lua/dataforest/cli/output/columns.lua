--- Which fields of an entry are shown, and how a field is called and written for people.
-- @module dataforest.cli.output.columns

local common = require "dataforest.codec.common"
local text = require "dataforest.cli.output.text"
local words_of = require "dataforest.util.words"

local columns = {}

-- The longest lifetime of an app, in seconds: what is more was milliseconds.
local LONGEST_LIFETIME = 604800

-- Fields whose API name tells the wrong unit: the service sends seconds, as its pages' examples show.
local TRUE_UNITS = {
  lifetimeMillis = {
    label = "lifetime seconds",
    value = function(given)
      return given > LONGEST_LIFETIME and given / 1000 or given
    end,
  },
}

--- A field's name in words: `fileCountMillion` is `file count million`.
-- @tparam table field
-- @treturn string
function columns.label(field)
  local unit = TRUE_UNITS[field.name]
  return unit and unit.label or text.safe(text.words(field.name))
end

--- A number as people are shown it.
-- @tparam table field
-- @tparam number value
-- @treturn string
function columns.number(field, value)
  local unit = TRUE_UNITS[field.name]
  return common.number(unit and unit.value(value) or value) or tostring(value)
end

--- The fields that were asked for, in that order.
-- @tparam {table,...} fields of an entry
-- @tparam ?{string,...} wanted names, in the API's spelling or with hyphens; nil for all
-- @treturn[1] {table,...}
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function columns.chosen(fields, wanted)
  if not wanted then
    return fields
  end
  local known, names, chosen = {}, {}, {}
  for i, field in ipairs(fields) do
    names[i] = field.name
    known[text.kebab(field.name)] = field
  end
  for i, name in ipairs(wanted) do
    chosen[i] = known[text.kebab(name)] or known[name:lower():gsub("_", "-")]
    if not chosen[i] then
      local hint = words_of.hint(name, names, "there are " .. words_of.listed(names, "and"))
      return nil, ("--columns: there is no column %s: %s"):format(name, hint)
    end
  end
  return chosen
end

return columns
