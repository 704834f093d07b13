--- The careful delete: what stands in the way is dealt with or named, and it is over when the thing
-- is gone. Each look at the state of things decides what is done next, so that a lost answer does
-- no harm.
-- @module dataforest.workflows.remove

local errors = require "dataforest.errors"
local lookup = require "dataforest.workflows.lookup"
local options_of = require "dataforest.request.options"
local states = require "dataforest.api.states"
local wait = require "dataforest.workflows.wait"

local remove = {}

-- The service says no.
local REFUSALS = { refused = true, invalid = true }

local PARAMS = {
  id = { "string" },
  force = { "boolean" },
}
for name, rule in pairs(wait.OPTIONS) do
  PARAMS[name] = rule
end

local APP_PARAMS = { accountId = { "string" } }
for name, rule in pairs(PARAMS) do
  APP_PARAMS[name] = rule
end

local function argument_error(operation, message, field)
  return nil, errors.new { kind = errors.ARGUMENT, message = message, field = field, operation = operation }
end

--- Checks what the caller gave, and makes one table of it.
local function given(operation, params, options, rules)
  if type(params) == "string" then
    params = { id = params }
  end
  if type(params) ~= "table" then
    return argument_error(operation, "expected a table with id, got a " .. type(params), "id")
  elseif options ~= nil and type(options) ~= "table" then
    return argument_error(operation, "options of a call must be a table, got a " .. type(options), "options")
  end
  local message, field = options_of.check(params, rules)
  if not message and options then
    message, field = options_of.check(options, wait.OPTIONS)
  end
  if message then
    return argument_error(operation, message, field)
  elseif not params.id or params.id == "" then
    return argument_error(operation, "id is missing: it names what to remove", "id")
  end
  local all = {}
  for _, source in ipairs { options or {}, params } do
    for name, value in pairs(source) do
      all[name] = value
    end
  end
  return all
end

-- After these a request that was sent may have been carried out all the same.
local UNCLEAR = { network = true, timeout = true, server = true }

--- Sends a delete, and says whether it was taken up. One whose outcome is unknown may have been:
-- that the next one is refused is no surprise then.
local function send_delete(deadline, operation, task)
  local ok, err = deadline:run(operation, { id = task.id })
  if ok or lookup.absence(err) == "gone" or (task.unclear and REFUSALS[err.kind]) then
    task.deleted, task.acted = true, true
    return true
  end
  if UNCLEAR[err.kind] and err.sent ~= false then
    task.unclear, task.acted = true, true
  end
  return nil, err
end

-- Apps -------------------------------------------------------------------------------

--- Stops an app that still runs, so that it can put its things in order before it is deleted.
-- @return true where that is done or cannot be done; else nil and the error
local function stop_app(deadline, task)
  local ok, err = deadline:run("apps/stop", { id = task.id })
  if ok then
    task.stopped, task.acted = "sent", true
  elseif REFUSALS[err.kind] then
    -- It came to rest by itself meanwhile, or is in a state that no page names.
    task.stopped = "refused"
  else
    return nil, err
  end
  return true
end

--- Does what comes next for an app, and what comes after that as far as nothing needs time.
-- @return the value at the end; or nil, error or nil, and the state
local function app_step(deadline, task)
  local state
  while true do
    local value, err = deadline:run("apps/getDetail", { id = task.id })
    if value then
      task.seen, state = true, value.state
      local runs = state ~= nil and not states.app_is_at_rest(state)
      if task.deleted or (runs and task.stopped == "sent") then
        return nil, nil, state
      elseif runs and not task.stopped then
        value, err = stop_app(deadline, task)
      else
        value, err = send_delete(deadline, "apps/delete", task)
      end
    end
    if not value then
      local gone, reason = lookup.app_is_gone(deadline, err, task.id, task.account_id, task.seen)
      if gone then
        return { id = task.id }
      end
      return nil, reason, state
    end
  end
end

local function remove_app(deadline, id, account_id, options)
  local task = { id = id, account_id = account_id }
  local value, err = wait.poll(deadline, {
    look = function()
      return app_step(deadline, task)
    end,
    operation = "apps/getDetail",
    id = id,
    subject = "the app " .. id,
    wanted = "gone",
  }, options)
  if not value then
    return nil, err
  end
  return value, task.acted or false
end

--- See `apps:remove`.
function remove.app(client, params, options)
  local all, err = given("apps/delete", params, options, APP_PARAMS)
  if not all then
    return nil, err
  end
  return remove_app(wait.deadline(client, all), all.id, all.accountId, all)
end

-- Accounts ---------------------------------------------------------------------------

local function unclear_error()
  return errors.new {
    kind = errors.PROTOCOL,
    operation = "accounts/checkHasResource",
    message = "the answer does not say whether the account has resources: nothing was deleted",
  }
end

local function resources_error(id, apps)
  local names = {}
  for index, app in ipairs(apps) do
    names[index] = ("%s (%s)"):format(tostring(app.name), tostring(app.state))
  end
  local account = apps[1] and apps[1].accountName or id
  local message, details
  if #names > 0 then
    details = "apps: " .. table.concat(names, ", ")
    message = ("the account %s still has %s; remove them first, or pass force = true"):format(
      account,
      details
    )
  else
    message = ("the account %s still has resources that are no apps; remove them first"):format(account)
  end
  return errors.new {
    kind = errors.REFUSED,
    operation = "accounts/delete",
    message = message,
    details = details,
    apps = apps,
  }
end

--- Removes the apps of an account, the newest first. One that others depend on is refused as long as
-- those are there: the next round comes back to it.
-- @return true where something was done; false where all were gone already; or nil and the error
local function remove_apps(deadline, apps, account_id, options)
  table.sort(apps, function(a, b)
    return (a.startedAt or "") > (b.startedAt or "")
  end)
  local done, failure = false, nil
  for _, app in ipairs(apps) do
    local value, acted = remove_app(deadline, app.id, account_id, options)
    if value then
      done = done or acted
    elseif not REFUSALS[acted.kind] then
      return nil, acted
    else
      failure = failure or acted
    end
  end
  if failure and not done then
    return nil, failure
  end
  return done
end

--- Deals with what an account has. Each round removes an app at least, so that there is an end.
-- @return true where it has nothing any more; false where that needs time; or nil and the error
local function clear_account(deadline, task, options)
  repeat
    local check, err = deadline:run("accounts/checkHasResource", { id = task.id })
    if not check then
      return nil, err
    elseif check.hasResource == false then
      return true
    elseif check.hasResource == nil then
      return nil, unclear_error()
    end
    local list
    list, err = deadline:run("apps/getList", { accountId = task.id })
    if not list then
      return nil, err
    end
    local apps = list.contents or {}
    if #apps == 0 and task.cleared then
      return false -- the last of them may still be on its way out
    elseif #apps == 0 or not task.force then
      return nil, resources_error(task.id, apps)
    end
    task.cleared = true
    local done
    done, err = remove_apps(deadline, apps, task.id, options)
    if done == nil then
      return nil, err
    end
    task.acted = task.acted or done
  until not done
  return false
end

--- Does what comes next for an account.
-- @return the value at the end; or nil, error or nil, and the state
local function account_step(deadline, task, options)
  local value, err = true, nil
  if not task.deleted then
    value, err = clear_account(deadline, task, options)
    if value then
      value, err = send_delete(deadline, "accounts/delete", task)
    end
  end
  if value ~= nil then
    value, err = deadline:run("accounts/getDetail", { id = task.id })
    if value then
      return nil, nil, value.status
    end
  end
  local gone, reason = lookup.account_is_gone(deadline, err, task.id)
  if gone then
    return { id = task.id }
  end
  return nil, reason
end

--- See `accounts:remove`.
function remove.account(client, params, options)
  local all, err = given("accounts/delete", params, options, PARAMS)
  if not all then
    return nil, err
  end
  local deadline = wait.deadline(client, all)
  local task = { id = all.id, force = all.force }
  local value
  value, err = wait.poll(deadline, {
    look = function()
      return account_step(deadline, task, all)
    end,
    operation = "accounts/getDetail",
    id = all.id,
    subject = "the account " .. all.id,
    wanted = "gone",
  }, all)
  if not value then
    return nil, err
  end
  return value, task.acted or false
end

return remove
