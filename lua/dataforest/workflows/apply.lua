--- Carrying a plan out: looks before it acts, resolves doubts by looking, waits for states, and can be
-- interrupted anywhere and run again.
-- @module dataforest.workflows.apply

local arguments = require "dataforest.workflows.arguments"
local compare = require "dataforest.workflows.compare"
local defaults = require "dataforest.request.defaults"
local deadline_of = require "dataforest.workflows.deadline"
local errors = require "dataforest.errors"
local events = require "dataforest.request.events"
local observe = require "dataforest.workflows.observe"
local options_of = require "dataforest.request.options"
local plans = require "dataforest.workflows.plan"
local retry = require "dataforest.request.retry"
local specs = require "dataforest.workflows.spec"
local states = require "dataforest.api.states"
local tables = require "dataforest.util.tables"
local text = require "dataforest.workflows.plan_text"
local wait = require "dataforest.workflows.wait"

local apply = {}

-- Seconds in all where the caller gives none: an account takes minutes, and apps follow one another.
local DEFAULT_TIMEOUT = 1800

-- How often one change is sent where its outcome stays unknown and a look shows that it was not made.
local ROUNDS = 4

-- An app may show its old state this long after a start was taken up (seconds).
local GRACE = 30

-- One run ------------------------------------------------------------------------------------

local Run = {}
Run.__index = Run

-- An event as one line of text, for `on_step = print`.
local Event = {}
function Event:__tostring()
  return text.event(self)
end

function Run:tell(name, step, more)
  if not self.options.on_step then
    return
  end
  local event = tables.copy({
    event = name,
    step = step,
    index = self.index[step],
    total = self.total,
    seconds = self.deadline:elapsed(),
  }, more)
  events.call(self.client, "on_step", self.options.on_step, setmetatable(event, Event))
end

--- Calls a workflow in what is left of the time.
-- @tparam table rules of the options that it takes
-- @tparam function workflow is given those that the caller gave
-- @return what the workflow returns; nil and an error of kind `timeout` where no time is left
function Run:call(rules, workflow)
  local left = self.deadline:left()
  if left <= 0 then
    return nil,
      errors.new {
        kind = errors.TIMEOUT,
        message = ("the %g seconds of apply are over; apply again, or with a longer timeout"):format(
          self.deadline.seconds
        ),
        sent = false,
      }
  end
  local options = {}
  for name in pairs(rules) do
    options[name] = self.options[name]
  end
  options.timeout = left
  return workflow(options)
end

--- Waits until a thing is as it should be, and tells of each look at one that is not.
-- @tparam string group `"accounts"` or `"apps"`
-- @tparam string id
-- @tparam table step that this is about
-- @tparam function is_so called with the detail
function Run:wait(group, id, step, is_so)
  return self:call(wait.OPTIONS, function(options)
    return self.client[group]:wait(id, function(detail)
      if is_so(detail) then
        return true
      end
      self:tell("waiting", step, { state = detail.status or detail.state })
      return false
    end, options)
  end)
end

function Run:pause(round)
  local pause = retry.pause(defaults.retry, round)
  if pause < self.deadline:left() then
    self.client.transport:sleep(pause)
  end
end

--- Makes one change as often as it takes: looks whether it is needed, sends it, and looks again where the
-- outcome is unknown or the service refuses.
-- @tparam function look returns true where there is nothing to do (any more); false where there is; or
--   nil and an error
-- @tparam function act sends the change; nil and an error where that failed
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error
function Run:ensure(look, act)
  local failure
  for round = 1, ROUNDS do
    local done, err = look()
    if done then
      return true
    elseif done == nil then
      -- A look that fails is repeated only where there is a doubt to resolve.
      local doubt = failure ~= nil and failure.in_doubt
      if not (doubt and retry.is_waited_out(err)) or round == ROUNDS then
        err.in_doubt = err.in_doubt or doubt
        return nil, err
      end
    elseif failure and not (failure.in_doubt or retry.is_waited_out(failure)) or round == ROUNDS then
      return nil, failure
    else
      local ok
      ok, failure = act()
      if ok then
        return true
      elseif not (failure.in_doubt or retry.is_refusal(failure) or retry.is_waited_out(failure)) then
        return nil, failure
      end
    end
    self:pause(round)
  end
  return nil, failure
end

-- Accounts -----------------------------------------------------------------------------------

function Run:wait_for_account(step, id)
  return self:wait("accounts", id, step, function(detail)
    return states.is_running(detail.status)
  end)
end

function Run:set_quotas(step, id)
  local wanted = self.spec.account.quotas
  local detail
  -- Each namespace by itself: the operation takes both numbers of one.
  for namespace in pairs(wanted or {}) do
    local ok, err = self:ensure(function()
      local failure
      detail, failure = self.deadline:run("accounts/getDetail", { id = id })
      if not detail then
        return nil, failure
      end
      return compare.quotas({ [namespace] = wanted[namespace] }, observe.quotas(detail)) == nil
    end, function()
      local there = observe.quotas(detail)[namespace] or {}
      return self.deadline:run("accounts/setQuota", {
        id = id,
        namespace = namespace,
        spaceTb = wanted[namespace].spaceTb or there.spaceTb,
        fileCountMillion = wanted[namespace].fileCountMillion or there.fileCountMillion,
      })
    end)
    if not ok then
      return nil, err
    end
    ok, err = self:wait_for_account(step, id)
    if not ok then
      return nil, err
    end
  end
  return true
end

function Run:create_account(step)
  local account, err = self:call(options_of.CALL, function(options)
    local params = { name = self.spec.account.name, password = self.password }
    return self.client.accounts:ensure(params, options)
  end)
  if not account then
    return nil, err
  end
  step.id = account.id
  local ok
  ok, err = self:wait_for_account(step, account.id)
  if ok then
    ok, err = self:set_quotas(step, account.id)
  end
  return ok and true, err
end

function Run:update_account(step)
  local ok, err = self:wait_for_account(step, step.id)
  if not ok then
    return nil, err
  elseif step.after.quotas then
    return self:set_quotas(step, step.id)
  end
  -- Nobody can look at a password: it is set again where the outcome is unknown, which does no harm.
  ok, err = self:ensure(function()
    return false
  end, function()
    return self.deadline:run("accounts/resetPassword", { id = step.id, password = self.password })
  end)
  if not ok then
    return nil, err
  end
  return self:wait_for_account(step, step.id)
end

function Run:remove(group, params)
  return self:call(wait.OPTIONS, function(options)
    options.ignore_missing = true
    return self.client[group]:remove(params, options)
  end)
end

-- Apps ---------------------------------------------------------------------------------------

--- The entry of an app by its name.
-- @treturn[1] table|boolean entry, or false where there is none
-- @treturn[2] nil
-- @treturn[2] table error
function Run:find_app(name)
  local entries, err = observe.list(self.deadline, "apps/getList", { accountId = self.account_id })
  if not entries then
    return nil, err
  end
  return tables.named(entries, name) or false
end

--- Whether an app is at rest.
-- @treturn[1] boolean
-- @treturn[2] nil
-- @treturn[2] table error
function Run:app_is_at_rest(id)
  local detail, err = self.deadline:run("apps/getDetail", { id = id })
  if not detail then
    return nil, err
  end
  return states.app_is_at_rest(detail.state)
end

--- Waits until an app is RUNNING.
-- @tparam table step that this is about
-- @tparam string id
-- @tparam boolean started whether it was just started, and may still show that it was at rest
-- @tparam[opt] boolean may_rest whether an app at rest will do, too
function Run:wait_for_app(step, id, started, may_rest)
  local began = self.deadline:elapsed()
  local detail, err = self:wait("apps", id, step, function(seen)
    local may_come = started and self.deadline:elapsed() - began < GRACE
    return states.is_running(seen.state) or states.app_is_at_rest(seen.state) and (may_rest or not may_come)
  end)
  if not detail then
    return nil, err
  elseif not (states.is_running(detail.state) or may_rest) then
    return nil,
      errors.new {
        kind = errors.REFUSED,
        operation = "apps/getDetail",
        message = ("the app %s is %s, and does not become RUNNING by itself"):format(
          id,
          tostring(detail.state)
        ),
        state = detail.state,
      }
  end
  return detail
end

function Run:start_app(step)
  local started = false
  local ok, err = self:ensure(function()
    local rests, failure = self:app_is_at_rest(step.id)
    if rests == nil then
      return nil, failure
    end
    return not rests
  end, function()
    started = true
    return self.deadline:run("apps/start", { id = step.id })
  end)
  if not ok then
    return nil, err
  end
  return self:wait_for_app(step, step.id, started)
end

function Run:stop_app(step)
  local ok, err = self:ensure(function()
    return self:app_is_at_rest(step.id)
  end, function()
    return self.deadline:run("apps/stop", { id = step.id })
  end)
  if not ok then
    return nil, err
  end
  return self:wait("apps", step.id, step, function(detail)
    return states.app_is_at_rest(detail.state)
  end)
end

--- Changes in place what differs: container counts and the lifetime.
function Run:update_app(step, app)
  local id, after = step.id, nil
  local function look()
    local detail, failure = self.deadline:run("apps/getDetail", { id = id })
    if not detail then
      return nil, failure
    end
    local difference = compare.app(app, detail)
    after = difference.update.after
    return not difference.update.any
  end
  return self:ensure(look, function()
    for _, name in ipairs(tables.sorted_keys(after.components or {})) do
      local ok, err = self.deadline:run(
        "apps/setContainerCount",
        { id = id, componentName = name, containerCount = after.components[name].containerCount }
      )
      if not ok then
        return nil, err
      end
    end
    if after.lifetime then
      return self.deadline:run("apps/setLifetime", { id = id, lifetime = after.lifetime })
    end
    return true
  end)
end

--- The parameters of apps/create for an app of the spec.
function Run:create_params(app)
  local ids = app.dependentIds
  local names = app.dependsOn or self.inferred[app.name]
  if names then
    local entries, err = observe.list(self.deadline, "apps/getList", { accountId = self.account_id })
    if not entries then
      return nil, err
    end
    ids = {}
    for index, name in ipairs(names) do
      local entry = tables.named(entries, name)
      if not entry then
        return nil,
          errors.new {
            kind = errors.REFUSED,
            operation = "apps/create",
            message = ("%s, which %s depends on, is not there"):format(name, app.name),
            sent = false,
          }
      end
      ids[index] = entry.id
    end
  end
  return {
    accountId = self.account_id,
    name = app.name,
    type = app.type,
    queueName = app.queue,
    lifetime = app.lifetime,
    description = app.description,
    components = app.components,
    dependentIds = ids,
  }
end

--- Goes on with an app that was found where one was to be created: the response was lost, or somebody else
-- applies the same spec, and may have stopped it again already.
function Run:take_over(step, app)
  local detail, err = self.deadline:run("apps/getDetail", { id = step.id })
  if not detail then
    return nil, err
  elseif not states.app_is_at_rest(detail.state) then
    return self:wait_for_app(step, step.id, false, app.state == "STOPPED")
  elseif app.state ~= "STOPPED" then
    return self:start_app(step)
  end
  return detail
end

--- Creates an app unless one of that name is there, and finds out its id.
function Run:create_app(step, app, old_id)
  local entry
  local ok, err = self:ensure(function()
    local failure
    entry, failure = self:find_app(app.name)
    if entry and entry.id == old_id then
      return nil,
        errors.new {
          kind = errors.REFUSED,
          operation = "apps/create",
          message = ("the app %s that is to be replaced is still there"):format(app.name),
          sent = false,
        }
    elseif entry == nil then
      return nil, failure
    end
    return entry ~= false
  end, function()
    local params, failure = self:create_params(app)
    if not params then
      return nil, failure
    end
    local made
    made, failure = self:call(options_of.CALL, function(options)
      options.defaults = true
      return self.client.apps:create(params, options)
    end)
    if made and made.id then
      entry = { id = made.id, made_here = true }
      return true
    end
    return nil,
      failure or errors.new {
        kind = errors.PROTOCOL,
        operation = "apps/create",
        message = "the response names no app",
        sent = true,
        in_doubt = true,
      }
  end)
  if not ok then
    return nil, err
  end
  step.id = entry.id
  local detail
  if entry.made_here then
    -- One that is to be stopped may have been, by somebody else who applies the same spec.
    detail, err = self:wait_for_app(step, entry.id, true, app.state == "STOPPED")
  else
    detail, err = self:take_over(step, app)
  end
  if not detail then
    return nil, err
  end
  local difference = compare.app(app, detail)
  if difference.replace.any then
    return nil,
      errors.new {
        kind = errors.REFUSED,
        operation = "apps/create",
        message = ("an app named %s came meanwhile, and it is not as the spec says; plan again"):format(
          app.name
        ),
      }
  elseif difference.update.any then
    ok, err = self:update_app(step, app)
    if not ok then
      return nil, err
    end
  end
  if app.state == "STOPPED" then
    return self:stop_app(step)
  end
  return true
end

function Run:remove_app(task)
  return self:remove("apps", { id = task.id, accountId = self.account_id })
end

-- Steps --------------------------------------------------------------------------------------

local ACTIONS = {
  account = {
    create = Run.create_account,
    update = Run.update_account,
    delete = function(self, step)
      return self:remove("accounts", { id = step.id })
    end,
  },
  app = {
    create = function(self, step, app)
      return self:create_app(step, app)
    end,
    update = Run.update_app,
    start = Run.start_app,
    stop = Run.stop_app,
    -- `delete` is for `prune` to do; what is replaced is gone when this is called.
    replace = function(self, step, app, task)
      return self:create_app(step, app, task.id)
    end,
  },
}

function Run:begin(step)
  local entry = self.entries[step]
  if entry.status == "planned" then
    entry.status = "started"
    self:tell("started", step)
  end
end

--- Notes what a step ended with.
function Run:ended(step, ok, err)
  local entry = self.entries[step]
  if ok then
    entry.status = "done"
    self:tell("done", step)
    return true
  end
  entry.status, entry.error = err.in_doubt and "in_doubt" or "failed", err
  self:tell("failed", step, { error = err, in_doubt = err.in_doubt })
  if not self.failure then
    self.failure, self.failed_step = err, step
  end
  return false
end

--- Removes an app that is to be deleted or replaced. Where the service refuses, another app may depend on
-- this one: its `refusal` says so.
function Run:clear(task)
  local step = task.steps[1]
  self:begin(step)
  local ok, err = self:remove_app(task)
  task.removed = ok and true or nil
  task.refusal = not ok and retry.is_refusal(err) and err or nil
  if not task.refusal and (not ok or step.action == "delete") then
    self:ended(step, ok, err)
  end
end

local function refused(tasks)
  local list = {}
  for _, task in ipairs(tasks) do
    list[#list + 1] = task.refusal and task or nil
  end
  return list
end

--- Removes apps, in rounds as long as one of them can be removed: which depends on which, the service does
-- not tell.
-- @treturn table the tasks that the service refused in the end
function Run:clear_all(tasks)
  local count
  repeat
    count = #tasks
    observe.each(self.client, tasks, function(task)
      if not self.failure then
        self:clear(task)
      end
      return true
    end, self.options.concurrency)
    tasks = refused(tasks)
  until #tasks == 0 or #tasks == count or self.failure
  return tasks
end

--- Everything that is to be replaced and is still there, and other tasks.
function Run:still_there(tasks)
  local all = {}
  for _, task in ipairs(tasks) do
    all[#all + 1] = task
  end
  for _, batch in ipairs(self.batches) do
    for _, task in ipairs(batch.kind == "app" and batch.tasks or {}) do
      if task.steps[1].action == "replace" and not task.removed then
        all[#all + 1] = task
      end
    end
  end
  return all
end

--- Deletes what is not in the spec. Where that is refused, an app that is to be replaced may depend on it.
function Run:prune(tasks)
  local left = self:clear_all(tasks)
  if #left > 0 and not self.failure then
    left = self:clear_all(self:still_there(left))
  end
  for _, task in ipairs(left) do
    local step = task.steps[1]
    if step.action == "delete" and not self.failure then
      self:ended(step, nil, task.refusal)
    end
  end
end

--- Whether a task goes on. Where something else has failed, only what was removed to be replaced is made
-- anew: not where the next run will replace what it depends on, unless the service refuses that.
function Run:goes_on(task)
  if not self.failure then
    return true
  elseif not task.removed then
    return false
  end
  for _, name in ipairs(task.app.dependsOn or self.inferred[task.name] or {}) do
    local entry = self.entries[self.replaces[name]]
    if entry and entry.status ~= "done" and not (entry.error and retry.is_refusal(entry.error)) then
      return false
    end
  end
  return true
end

--- Carries out the steps of one task, one after another.
-- @treturn boolean true; what went wrong stands in the run
function Run:task(task)
  for _, step in ipairs(task.steps) do
    if not self:goes_on(task) then
      break
    end
    self:begin(step)
    if step.action == "replace" and not task.removed then
      self:clear(task)
      if not task.removed then
        break
      end
    end
    if not self:ended(step, ACTIONS[step.kind][step.action](self, step, task.app, task)) then
      break
    end
  end
  return true
end

function Run:tasks(tasks)
  observe.each(self.client, tasks, function(task)
    return self:task(task)
  end, self.options.concurrency)
end

--- Carries out tasks of one level. An app that cannot be removed may be needed by another one that is to be
-- replaced: those go first then.
function Run:level(tasks)
  self:tasks(tasks)
  local blocked = refused(tasks)
  if #blocked == 0 or self.failure then
    return
  end
  self:clear_all(self:still_there {})
  for _, task in ipairs(blocked) do
    if not task.removed and not self.failure then
      self:ended(task.steps[1], nil, task.refusal)
    end
  end
  self:tasks(blocked)
end

function Run:batch(batch)
  if batch.kind == "prune" then
    if not self.failure then
      self:prune(batch.tasks)
    end
  elseif batch.kind == "removal" then
    -- What is refused here is tried again when its turn comes.
    if not self.failure then
      self:clear_all(batch.tasks)
    end
  else
    self:level(batch.tasks)
  end
end

--- Waits for what is on its way without a step.
-- @tparam string kind `"account"`, without which nothing can be done, or `"app"`
function Run:settle(kind)
  for _, thing in ipairs(self.plan.pending) do
    if thing.kind == kind and not self.failure then
      local step = { kind = thing.kind, name = thing.name, id = thing.id, action = "wait" }
      local ok, err
      if kind == "account" then
        ok, err = self:wait_for_account(step, thing.id)
      else
        ok, err = self:wait_for_app(step, thing.id, false)
      end
      if not ok then
        self.failure, self.failed_step = err, step
      end
    end
  end
end

--- Takes a plan as the one to carry out.
function Run:adopt(plan)
  local context = plans.context(plan)
  self.plan, self.spec = plan, context.spec
  self.inferred = context.inferred
  self.account_id = plan.account.id
  self.batches = context.batches
  self.replaces = {}
  for _, step in ipairs(plan.steps) do
    if step.action == "replace" then
      self.replaces[step.name] = step
    end
    if not self.entries[step] then
      self.entries[step] = { status = "planned", step = step }
      self.order[#self.order + 1] = step
    end
    self.index[step] = self.index[step] or #self.order
  end
end

--- Makes the account, and plans the rest anew: what the apps need can be asked for only now.
-- @treturn boolean whether there is more to do
function Run:first_account()
  local batch = self.batches[1]
  local step = batch and batch.tasks[1].steps[1]
  if not (step and step.kind == "account" and step.action == "create") then
    return true
  end
  self:batch(batch)
  if self.failure then
    return false
  end
  local before = self.plan
  local options = tables.copy(plans.context(before).options, { rotate = false })
  local plan, err = plans.make(self.deadline, self.spec, options)
  if plan then
    local fits
    fits, err = plans.fits(before, plan)
    plan = fits and plan
  end
  if not plan then
    self.failure = err
    return false
  end
  -- The steps that were planned before give way to those made now.
  local order = { step }
  for _, old in ipairs(before.steps) do
    if old ~= step then
      self.entries[old] = nil
    end
  end
  self.order = order
  self:adopt(plan)
  return true
end

local Report = {}
function Report:__tostring()
  return text.report(self)
end

function Run:report()
  local report = {
    account = { name = self.plan.account.name, id = self.plan.account.id },
    done = {},
    undone = {},
    in_doubt = {},
    unmanaged = self.plan.unmanaged,
    warnings = self.plan.warnings,
    seconds = self.deadline:elapsed(),
  }
  for _, step in ipairs(self.order) do
    table.insert(report[self.entries[step].status] or report.undone, step)
  end
  return setmetatable(report, Report)
end

function Run:finish()
  local report = self:report()
  local err = self.failure
  if not err then
    return report
  end
  if self.failed_step then
    err.message = ("%s: %s"):format(text.name(self.failed_step), err.message)
    err.step = self.failed_step
  end
  err.report = report
  return nil, err, report
end

function Run:go()
  if self:first_account() then
    self:settle "account"
    for _, batch in ipairs(self.batches) do
      self:batch(batch)
    end
    self:settle "app"
  end
  return self:finish()
end

-- Starting -----------------------------------------------------------------------------------

--- The spec and the options of a plan that is given in place of a spec.
local function of_plan(plan, given, options)
  local context = plans.context(plan)
  for _, name in ipairs { "prune", "rotate" } do
    if given and given[name] ~= nil and given[name] ~= context.options[name] then
      return arguments.error(nil, name .. " is decided when the plan is made: give it to df:plan", name)
    end
    options[name] = context.options[name]
  end
  options.replace = options.replace or context.options.replace
  return context.spec
end

local function needs_replace(plan)
  local names = {}
  for _, step in ipairs(plan.steps) do
    if step.action == "replace" then
      names[#names + 1] = text.step(step)
    end
  end
  if #names > 0 then
    return errors.new {
      kind = errors.REFUSED,
      field = "replace",
      message = "nothing was changed: this needs the option replace = true, since it deletes an app: "
        .. table.concat(names, "; "),
      sent = false,
    }
  end
end

--- The password, where this plan needs it: before anything is changed.
local function password_for(plan, spec, settings)
  for _, step in ipairs(plan.steps) do
    local sets_it = step.action == "create" or step.after and step.after.password
    if step.kind == "account" and step.action ~= "delete" and sets_it then
      return specs.password(spec.account.password, settings.password_rule)
    end
  end
  return ""
end

--- See `df:apply`.
function apply.run(client, what, given)
  local options, err = plans.options(given, plans.OPTIONS)
  if not options then
    return nil, err
  end
  local planned = plans.context(what) and what or nil
  local spec
  if planned then
    spec, err = of_plan(planned, given, options)
  else
    spec, err = specs.check(what, client.settings.password_rule)
  end
  if not spec then
    return nil, err
  end
  local deadline = deadline_of.new(client, options, DEFAULT_TIMEOUT)
  local plan
  plan, err = plans.make(deadline, spec, options)
  if not plan then
    return nil, err
  elseif planned then
    local fits
    fits, err = plans.fits(planned, plan)
    if not fits then
      return nil, err
    end
  end
  if not options.replace then
    err = needs_replace(plan)
    if err then
      return nil, err
    end
  end
  local password
  password, err = password_for(plan, spec, client.settings)
  if not password then
    return nil, err
  end
  local run = setmetatable({
    client = client,
    deadline = deadline,
    options = options,
    password = password,
    entries = {},
    order = {},
    index = {},
  }, Run)
  run:adopt(plan)
  run.total = #plan.steps
  return run:go()
end

return apply
