--- What is known about the states of accounts and apps, as data for waiting and removing.
--
-- For each group: the `operation` that tells the state, the `field` that it stands in, the `noun` for
-- messages; `known`: all states that there are, to tell a misspelt one; `unreachable`: for a state, the
-- set of those that cannot follow unless somebody does something, or `"others"`; and `fix`: for a state,
-- what that something is.
--
-- @module dataforest.api.states

local ascii = require "dataforest.util.ascii"

local states = {}

--- An account is ACCEPTED once, when it is created; CHANGING passes. No page names a state that an
-- account does not leave.
states.accounts = {
  operation = "accounts/getDetail",
  noun = "account",
  field = "status",
  known = { "ACCEPTED", "RUNNING", "CHANGING" },
  unreachable = { RUNNING = { ACCEPTED = true }, CHANGING = { ACCEPTED = true } },
  fix = {},
}

--- An app that is at rest stays as it is until it is started. The pages name RUNNING alone; the others
-- are those of YARN's applications and services.
states.apps = {
  operation = "apps/getDetail",
  noun = "app",
  field = "state",
  known = {
    "RUNNING",
    "ACCEPTED",
    "STOPPED",
    "FINISHED",
    "SUCCEEDED",
    "FAILED",
    "KILLED",
    "NEW",
    "NEW_SAVING",
    "SUBMITTED",
    "STARTED",
    "STABLE",
    "FLEX",
    "FLEXING",
    "UPGRADING",
    "UPGRADING_AUTO_FINALIZE",
    "EXPRESS_UPGRADING",
    "CANCEL_UPGRADING",
  },
  unreachable = {},
  fix = {},
}

for _, state in ipairs { "STOPPED", "FINISHED", "SUCCEEDED", "FAILED", "KILLED" } do
  states.apps.unreachable[state] = "others"
  states.apps.fix[state] = "start it first, with df.apps:start"
end

--- Whether an account or an app is running.
-- @param state its state
-- @treturn boolean
function states.is_running(state)
  return ascii.upper(tostring(state)) == "RUNNING"
end

--- Tells whether an app is at rest.
-- @tparam ?string state
-- @treturn boolean
function states.app_is_at_rest(state)
  return state ~= nil and states.apps.unreachable[ascii.upper(state)] == "others"
end

return states
