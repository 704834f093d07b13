--- What `df.apps` offers beyond the operations themselves, which are methods, too.
-- @module dataforest.apps

local lazy = require "dataforest.util.lazy"
local lookup = require "dataforest.workflows.lookup"
local states = require "dataforest.api.states"

local create_app = lazy "dataforest.workflows.create_app"
local remove = lazy "dataforest.workflows.remove"
local wait = lazy "dataforest.workflows.wait"

local apps = {}

--- Goes through the apps of an account.
--
--     for app in assert(df.apps:each { accountId = id }) do
--       print(app.id, app.name)
--     end
--
-- The list is asked for at once, in one call, before the loop. Where that fails there is no
-- iterator: a loop without `assert` raises as well, only with a poorer message.
-- @tparam string|table params `accountId`, as of `get_list`
-- @tparam[opt] table options of the call
-- @treturn[1] fun():App? iterator over the entries of `get_list`
-- @treturn[2] nil
-- @treturn[2] Error as of `get_list`
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getlist
function apps:each(params, options)
  return lookup.each(self:get_list(params, options))
end

--- Finds an app of an account by its name.
-- @tparam table params `accountId` and `name`
-- @tparam[opt] table options of the call
-- @treturn[1] App the entry of `get_list`
-- @treturn[2] nil
-- @treturn[2] Error `not_found` where there is no such app; `argument` where no name is given;
--   `protocol` where the name is not found in a list that is not whole; else as of `get_list`
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getlist
function apps:find(params, options)
  return lookup.find(self, "app", params, options, "accountId")
end

--- Creates an app. Takes the documented form and a shorthand, in which components go by their names:
--
--     df.apps:create({
--       accountId = account.id,
--       name = "kafka",
--       type = "KAFKA-2.4.0",
--       components = {
--         broker = { memoryMb = 2048, cpuCount = 4, containerCount = 3 },
--       },
--     }, { defaults = true })
--
-- With `defaults = true` what is left out comes from `get_app_basic_setting`: the queue, the lifetime,
-- components and parts of them as far as the template can be read, and the app to depend on where there
-- is exactly one. Several, or a template that cannot be read, are an `argument` error that says what to give.
-- @tparam table params as of the operation, with `type` for `appTypeId`
-- @tparam[opt] string params.type application type such as `"KAFKA-2.4.0"`, in place of `appTypeId`
-- @tparam[opt] table params.components a list, or a table by name, sent in the order of the names
-- @tparam[opt] table options as of every call; with `defaults`, `timeout` is for both calls
-- @tparam[opt=false] boolean options.defaults whether to ask for what was left out
-- @treturn[1] AppChanged `id`
-- @treturn[2] nil
-- @treturn[2] Error as of the operation
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-create
function apps:create(params, options)
  return create_app(self.client, params, options)
end

--- Waits until an app is in a state.
--
--     local app, err = df.apps:wait(id, "RUNNING", { timeout = 300, interval = 2 })
--     app, err = df.apps:wait(id, function(detail)
--       return detail.components[1].state == "STABLE"
--     end)
--
-- Looks at once, then with growing pauses of random length. Network faults, throttling and server
-- errors are waited out; any other error ends the wait. Each look is told to `on_event` (`wait`).
-- @tparam string|table id app identifier, or a table with `id`
-- @tparam string|table|function state such as `"RUNNING"`, a list of such, or a function that is given
--   the detail and says whether it will do
-- @tparam[opt] table options
-- @tparam[opt=300] number options.timeout seconds in all
-- @tparam[opt=2] number options.interval seconds, the longest that the first pause is
-- @tparam[opt=15] number options.max_interval seconds, the longest that any pause is
-- @tparam[opt] table|boolean options.retry as in every call, with `format` and `headers`: of each look
-- @treturn[1] AppDetail the detail, as of `get_detail`
-- @treturn[2] nil
-- @treturn[2] Error `timeout` where the time is over; `refused`, at once, where the app is in a state
--   that the wanted one cannot follow, such as STOPPED where RUNNING is wanted (both with the last state
--   in the message and in field `state`); else as of `get_detail`. A function is never refused.
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getdetail
function apps:wait(id, state, options)
  return wait.for_state(self.client, states.apps, id, state, options)
end

--- Removes an app, and returns once it is gone. One that runs is stopped first. (`delete` is the operation
-- alone.)
-- @tparam string|table params app identifier, or a table
-- @tparam string params.id app identifier
-- @tparam[opt] string params.accountId of the app's account; saves calls where the service does not tell
--   an app that is gone from one that is not allowed
-- @tparam[opt] table options as of every call, and:
-- @tparam[opt=false] boolean options.ignore_missing whether an app that is not there is no error
-- @tparam[opt] boolean options.force taken for the likeness to accounts; it changes nothing
-- @tparam[opt=300] number options.timeout seconds in all
-- @tparam[opt] number options.interval seconds, as of `wait`, with `max_interval`
-- @treturn[1] AppChanged `id`
-- @treturn[1] nil
-- @treturn[1] boolean whether this call removed it; false where it was not there
-- @treturn[2] nil
-- @treturn[2] Error `not_found` where there is no such app and this call did not remove it; `timeout` where
--   the app is still there when the time is over; else as of the operations
-- @see https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-delete
function apps:remove(params, options)
  return remove.app(self.client, params, options)
end

return apps
