--- Words for what operations.lua holds as data: types, limits, effects.
-- @module tools.docs.describe

local limits = require "dataforest.api.limits"

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

--- The limits of a parameter, in words.
-- @tparam table field
-- @treturn {string,...} one phrase each
describe.limits = limits.words

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
    return ("Look for the %s with `df.%s:find` before you repeat it, or let `df.%s:ensure` do both."):format(
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
