--- What `df.accounts` offers beyond the operations themselves, which are methods, too.
-- @module dataforest.accounts

local arguments = require "dataforest.workflows.arguments"
local core = require "dataforest.core"
local ensure = require "dataforest.workflows.ensure"
local lazy = require "dataforest.util.lazy"
local lookup = require "dataforest.workflows.lookup"
local set_quota = require "dataforest.workflows.set_quota"
local states = require "dataforest.api.states"

local remove = lazy "dataforest.workflows.remove"
local wait = lazy "dataforest.workflows.wait"

local accounts = {}

local KEYTAB = "accounts/getKerberosKeytab"

--- Goes through the accounts.
--
--     for account in assert(df.accounts:each()) do
--       print(account.id, account.name)
--     end
--
-- The list is asked for at once, in one call, before the loop. Where that fails there is no
-- iterator: a loop without `assert` raises as well, only with a poorer message.
-- @tparam[opt] table params none
-- @tparam[opt] table options of the call
-- @treturn[1] fun():Account? iterator over the entries of `get_list`
-- @treturn[2] nil
-- @treturn[2] Error as of `get_list`
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getlist
function accounts:each(params, options)
  return lookup.each(self:get_list(params, options))
end

--- Finds an account by its name.
-- @tparam string|table params the name, or `{ name = }`
-- @tparam[opt] table options of the call
-- @treturn[1] Account the entry of `get_list`
-- @treturn[2] nil
-- @treturn[2] Error `not_found` where there is no such account; `argument` where no name is given;
--   `protocol` where the name is not found in a list that is not whole; else as of `get_list`
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getlist
function accounts:find(params, options)
  return lookup.find(self, "account", params, options)
end

--- Makes sure that there is an account of that name, and tells its id whatever happens on the way.
--
-- It looks first, creates the account where there is none, and looks again where the outcome is
-- unknown (a lost response, a timeout, a server error) or the service says that one exists.
-- The service keeps to one account a user, so that callers who do this at once end with the same
-- account, and a call that failed can be made again. The password of an account that is there
-- already is neither compared nor changed.
-- @tparam table params `name` and `password`, as `create` takes them
-- @tparam[opt] table options of the call; `timeout` (seconds) is for all of it, twice the client's
--   where it is not given; `retry` says how often a create is tried
-- @treturn[1] Account the entry of `get_list`; of a new account that could not be listed, `id` and `name`
-- @treturn[1] nil
-- @treturn[1] boolean whether this call created the account; true as well where the account appeared
--   after a create of this call whose outcome is unknown
-- @treturn[2] nil
-- @treturn[2] Error `argument`; `refused` where the user has another account, which the message
--   names; `forbidden` where the account is there without permission for these keys; else as of
--   `get_list` and `create`
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-create
function accounts:ensure(params, options)
  return ensure(self.client, params, options)
end

--- Waits until an account is in a state.
--
--     local account, err = df.accounts:wait(id, "RUNNING", { timeout = 300 })
--
-- Looks at once, then with growing pauses of random length. Network faults, throttling and server
-- errors are waited out; any other error ends the wait. Each look is told to `on_event` (`wait`).
-- @tparam string|table id account identifier, or a table with `id`
-- @tparam string|table|function state such as `"RUNNING"`, a list of such, or a function that is given
--   the detail and says whether it will do
-- @tparam[opt] table options
-- @tparam[opt=300] number options.timeout seconds in all
-- @tparam[opt=2] number options.interval seconds, the longest that the first pause is
-- @tparam[opt=15] number options.max_interval seconds, the longest that any pause is
-- @tparam[opt] table|boolean options.retry as in every call, with `format` and `headers`: of each look
-- @treturn[1] AccountDetail the detail, as of `get_detail`
-- @treturn[2] nil
-- @treturn[2] Error `timeout` where the time is over; `refused`, at once, where the account is in a
--   state that the wanted one cannot follow (both with the last state in the message and in field
--   `state`); else as of `get_detail`
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getdetail
function accounts:wait(id, state, options)
  return wait.for_state(self.client, states.accounts, id, state, options)
end

--- Removes an account, and returns once it is gone.
--
-- Where the account still has resources, nothing is deleted: the error is of kind `refused` and names
-- them. With `force = true` its apps are stopped and removed first. (`delete` is the operation alone.)
-- @tparam string|table params account identifier, or a table
-- @tparam string params.id account identifier
-- @tparam[opt] table options as of every call, and:
-- @tparam[opt=false] boolean options.force whether to remove the account's apps, too
-- @tparam[opt=false] boolean options.ignore_missing whether an account that is not there is no error
-- @tparam[opt=300] number options.timeout seconds in all
-- @tparam[opt] number options.interval seconds, as of `wait`, with `max_interval`
-- @treturn[1] AccountChanged `id`
-- @treturn[1] nil
-- @treturn[1] boolean whether this call removed something; false where the account was not there
-- @treturn[2] nil
-- @treturn[2] Error `not_found` where there is no such account and this call did not remove it; `refused`
--   where there are resources (`details` names them, `apps` is the list of them); `timeout` where the
--   account is still there when the time is over; else as of the operations
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-delete
function accounts:remove(params, options)
  return remove.account(self.client, params, options)
end

--- Changes the HDFS quota of one namespace of an account.
-- @tparam table params as of the operation: `id`, `namespace`, `fileCountMillion`, `spaceTb`
-- @tparam[opt] table options as of every call; with `merge`, `timeout` is for both calls
-- @tparam[opt=false] boolean options.merge whether what is left out stays as `get_detail` tells it; without
--   it all are required. Between the two calls a change by somebody else can be lost.
-- @treturn[1] AccountChanged `id`
-- @treturn[2] nil
-- @treturn[2] Error as of the operation
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-setquota
function accounts:set_quota(params, options)
  return set_quota(self.client, params, options)
end

--- Downloads the account's Kerberos keytab into a file that only its owner can read
-- (mode 0600). The file is written whole or not at all; one that is there is replaced.
-- @tparam table params `id`: account identifier; `path`: of the file
-- @tparam[opt] table options of the call, as in every method
-- @treturn[1] string the path
-- @treturn[2] nil
-- @treturn[2] Error an error; of kind `argument` with field `path` where the file cannot be written
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getkerberoskeytab
function accounts:save_kerberos_keytab(params, options)
  local path = type(params) == "table" and params.path or nil
  if type(path) ~= "string" or path == "" or path:find "%z" then
    return arguments.error(KEYTAB, "path must name the file to write", "path")
  end
  local keytab, err = self:get_kerberos_keytab({ id = params.id }, options)
  if not keytab then
    return nil, err
  end
  local ok, message = core.save(path, keytab)
  if not ok then
    return arguments.error(KEYTAB, "the keytab was not saved: " .. message, "path")
  end
  return path
end

return accounts
