--- What `df.accounts` offers beyond the operations themselves.
-- @module dataforest.accounts

local core = require "dataforest.core"
local errors = require "dataforest.errors"

local accounts = {}

--- Downloads the account's Kerberos keytab into a file that only its owner can read
-- (mode 0600). The file is written whole or not at all; one that is there is replaced.
-- @tparam table params `id`: account identifier; `path`: of the file
-- @tparam[opt] table options of the call, as in every method
-- @treturn[1] string the path
-- @treturn[2] nil
-- @treturn[2] table an error; of kind `argument` with field `path` where the file cannot be written
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getkerberoskeytab
function accounts:save_kerberos_keytab(params, options)
  local function argument_error(message)
    return nil,
      errors.new {
        kind = "argument",
        field = "path",
        message = message,
        operation = "accounts/getKerberosKeytab",
      }
  end
  local path = type(params) == "table" and params.path or nil
  if type(path) ~= "string" or path == "" or path:find "%z" then
    return argument_error "path must name the file to write"
  end
  local keytab, err = self:get_kerberos_keytab({ id = params.id }, options)
  if not keytab then
    return nil, err
  end
  local ok, message = core.save(path, keytab)
  if not ok then
    return argument_error("the keytab was not saved: " .. message)
  end
  return path
end

return accounts
