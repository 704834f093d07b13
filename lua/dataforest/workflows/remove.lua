--- The careful delete: what stands in the way is dealt with or named, and it is over when the thing
-- is gone. Each look at the state of things decides what is done next, so that a lost response does
-- no harm.
-- @module dataforest.workflows.remove

local arguments = require "dataforest.workflows.arguments"
local errors = require "dataforest.errors"
local lookup = require "dataforest.workflows.lookup"
local options_of = require "dataforest.request.options"
local retry = require "dataforest.request.retry"
local states = require "dataforest.api.states"
local tables = require "dataforest.util.tables"
local wait = require "dataforest.workflows.wait"

local remove = {}

local OPTIONS = tables.copy(wait.OPTIONS, { force = { "boolean" }, ignore_missing = { "boolean" } })

-- All of them may stand among the parameters, where version 0.1 had them.
local OPTION_NAMES = tables.sorted_keys(OPTIONS)

local ACCOUNT_PARAMS = { id = { "string" } }
local APP_PARAMS = { id = { "string" }, accountId = { "string" } }

--- Checks what the caller gave.
-- @return options and parameters; or nil and the error
local function given(operation, params, options, rules)
  local checked
  checked, params = arguments.apart(operation, params, options, OPTIONS, OPTION_NAMES)
  if not checked then
    return nil, params
  elseif type(params) == "string" then
    params = { id = params }
  elseif type(params) ~= "table" then
    return arguments.error(operation, "expected a table with id, got a " .. type(params), "id")
  end
  local message, field = options_of.check(params, rules, "parameter")
  if message then
    return arguments.error(operation, message, field)
  elseif not params.id or params.id == "" then
    return arguments.error(operation, "id is missing: it names what to remove", "id")
  end
  return checked, params
end

--- Sends a delete. One that is in doubt may have been carried out: that the next one is refused is no
-- surprise then.
-- @return true where the next look at the thing decides what comes next; else nil and the error
local function send_delete(deadline, operation, task)
  local ok, err = deadline:run(operation, { id = task.id })
  if ok or lookup.absence(err) == "gone" or (task.in_doubt and retry.is_refusal(err)) then
    task.deleted, task.acted = true, true
    return true
  end
  if err.in_doubt then
    local first = not task.in_doubt
    task.in_doubt, task.acted = true, true
    if first and not retry.is_waited_out(err) then
      return true
    end
  end
  return nil, err
end

--- What `remove` returns in the end.
local function result(task, options, noun, operation, value, err)
  if value == nil then
    err.in_doubt = err.in_doubt or task.deleted or task.in_doubt or false
    return nil, err
  elseif not task.acted and not options.ignore_missing then
    local message = ("there is no %s with the id %s"):format(noun, task.id)
    if task.namesake then
      message = ("%s; the %s named %s has the id %s"):format(
        message,
        noun,
        task.id,
        tostring(task.namesake.id)
      )
    end
    return nil, errors.new { kind = errors.NOT_FOUND, operation = operation, message = message }
  end
  return value, nil, task.acted or false
end

-- Apps -------------------------------------------------------------------------------

--- Stops an app that still runs, so that it can put its things in order before it is deleted.
-- @return true where that is done or cannot be done; else nil and the error
local function stop_app(deadline, task)
  local ok, err = deadline:run("apps/stop", { id = task.id })
  if ok then
    task.stopped, task.acted = "sent", true
  elseif retry.is_refusal(err) then
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
        task.namesake = reason
        return { id = task.id }
      end
      return nil, reason, state
    end
  end
end

--- Takes step after step until something is gone.
-- @return the value, or nil; the error, or nil; and the task
local function poll(deadline, noun, task, step, options)
  local value, err = wait.poll(deadline, {
    look = function()
      return step(deadline, task, options)
    end,
    operation = noun .. "s/getDetail",
    id = task.id,
    subject = ("the %s %s"):format(noun, task.id),
    wanted = "gone",
  }, options)
  return value, err, task
end

local function remove_app(deadline, id, account_id, options)
  return poll(deadline, "app", { id = id, account_id = account_id }, app_step, options)
end

--- See `apps:remove`.
function remove.app(client, params, options)
  local checked
  checked, params = given("apps/delete", params, options, APP_PARAMS)
  if not checked then
    return nil, params
  end
  local value, err, task = remove_app(wait.deadline(client, checked), params.id, params.accountId, checked)
  return result(task, checked, "app", "apps/delete", value, err)
end

-- Accounts ---------------------------------------------------------------------------

local function unclear_error()
  return errors.new {
    kind = errors.PROTOCOL,
    operation = "accounts/checkHasResource",
    message = "the response does not say whether the account has resources: nothing was deleted",
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
    message = ("the account %s still has %s; remove them first, or give the option force = true"):format(
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
    local value, err, task = remove_app(deadline, app.id, account_id, options)
    if value then
      done = done or task.acted or false
    elseif not retry.is_refusal(err) then
      return nil, err
    else
      failure = failure or err
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
    task.namesake = reason
    return { id = task.id }
  end
  return nil, reason
end

--- See `accounts:remove`.
function remove.account(client, params, options)
  local checked
  checked, params = given("accounts/delete", params, options, ACCOUNT_PARAMS)
  if not checked then
    return nil, params
  end
  local task = { id = params.id, force = checked.force }
  local value, err = poll(wait.deadline(client, checked), "account", task, account_step, checked)
  return result(task, checked, "account", "accounts/delete", value, err)
end

return remove
