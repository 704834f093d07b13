--- Words for what operations.lua holds as data: types, limits, effects.
-- @module tools.docs.describe

local describe = {}

--- A type in words, such as `list of Quota`.
-- @tparam string|table kind as `dataforest.operations` describes it
-- @treturn string
function describe.type(kind)
  if type(kind) == "string" then
    return kind
  elseif kind.array then
    return "list of " .. describe.type(kind.array)
  elseif kind.map then
    return "table of " .. describe.type(kind.map)
  end
  return kind.object
end

local function quoted(values)
  local list = {}
  for index, value in ipairs(values) do
    list[index] = type(value) == "string" and ('"%s"'):format(value) or tostring(value)
  end
  return table.concat(list, ", ")
end

local function length(field)
  local low, high = field.min_length, field.max_length
  local words
  if low and high then
    words = ("%d to %d characters"):format(low, high)
  elseif high then
    words = ("at most %d characters"):format(high)
  elseif low then
    words = low == 1 and "not empty" or ("at least %d characters"):format(low)
  end
  if words and field.charset_doc then
    words = words .. " of " .. field.charset_doc
  end
  return words
end

local function range(field)
  local words
  if field.minimum and field.maximum then
    words = ("%d to %d"):format(field.minimum, field.maximum)
  elseif field.minimum then
    words = ("%d or more"):format(field.minimum)
  end
  if words and field.multiple_of then
    words = ("%s in steps of %d"):format(words, field.multiple_of)
  end
  if words and field.also then
    words = words .. ", or " .. quoted(field.also)
  end
  return words
end

--- The limits of a parameter, in words.
-- @tparam table field
-- @treturn {string,...} one phrase each
function describe.limits(field)
  local list = {}
  local function add(words)
    list[#list + 1] = words or nil
  end
  add(length(field))
  add(range(field))
  add(field.values and "one of " .. quoted(field.values))
  add(field.edges_doc and "begins and ends with " .. field.edges_doc)
  add(field.no_double and ("no %s%s"):format(field.no_double, field.no_double))
  add(field.rule == "password" and "as the option password_rule says")
  add(field.default ~= nil and "sent where it is left out: " .. quoted { field.default })
  add(
    field.service_default ~= nil
      and "where it is left out, the service takes " .. quoted { field.service_default }
  )
  return list
end

--- What an effect means for retries.
describe.effects = {
  read = "It changes nothing, so that a call is tried again after network faults, the timeout of an attempt, "
    .. "throttling, and HTTP 500 (once), 502, 503 and 504.",
  idempotent = "Doing it twice leaves the same state as once. A call is tried again after throttling, after "
    .. "the gateway's own HTTP 503 (code 500), and where nothing of it was sent; not where it may have been "
    .. "carried out: look first, then repeat it yourself.",
  once = "Doing it twice would not be the same as once. A call is tried again after throttling and where "
    .. "nothing of it was sent, and never where it may have reached the service.",
}

--- Splits a name of a group or an operation into words of the kind that classes have.
-- @tparam string name such as `"getDetail"`
-- @treturn string such as `"GetDetail"`
function describe.camel(name)
  return (name:gsub("^%l", string.upper))
end

return describe
