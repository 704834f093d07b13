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
  add(
    field.rule == "password"
      and "with upper and lower case, a digit and a special character (or as the option "
        .. "`password_rule` says)"
  )
  add(field.default ~= nil and "default: " .. quoted { field.default })
  add(field.service_default ~= nil and "the service's default: " .. quoted { field.service_default })
  return list
end

--- What an effect means for retries.
describe.effects = {
  read = "It changes nothing. The call is retried after network errors, an attempt's timeout, throttling, "
    .. "and HTTP 500 (once), 502, 503 and 504.",
  idempotent = "Doing it twice leaves the same state as doing it once. The call is retried after throttling, "
    .. "after the gateway's own HTTP 503 (code 500), and if nothing of it was sent; not if it may have been "
    .. "carried out.",
  once = "Doing it twice is not the same as doing it once. The call is retried after throttling and if "
    .. "nothing of it was sent, and never if it may have reached the service.",
}

--- How to find out whether a change was made that the call reports as in doubt.
-- @tparam table operation
-- @treturn string
function describe.doubt(operation)
  local noun = operation.group == "accounts" and "account" or "app"
  if operation.name == "create" then
    return ("Look for the %s with `df.%s:find` before repeating the call, or let `df.%s:ensure` do both."):format(
      noun,
      operation.group,
      operation.group
    )
  elseif operation.name == "delete" then
    return ("Look whether the %s is still in `df.%s:get_list`, or let `df.%s:remove` do both."):format(
      noun,
      operation.group,
      operation.group
    )
  elseif operation.id == "accounts/resetKerberosKeytab" then
    return "The old keytab may be invalid: fetch the present one with `df.accounts:get_kerberos_keytab`."
  end
  return ("Look at the state of the %s with `get_detail` before you repeat the call."):format(noun)
end

--- Splits a name of a group or an operation into words of the kind that classes have.
-- @tparam string name such as `"getDetail"`
-- @treturn string such as `"GetDetail"`
function describe.camel(name)
  return (name:gsub("^%l", string.upper))
end

return describe
