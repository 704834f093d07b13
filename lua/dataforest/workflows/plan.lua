--- The plan: the steps from what is there to what a spec says, in the order in which they are carried out.
-- Making one only reads.
-- @module dataforest.workflows.plan

local arguments = require "dataforest.workflows.arguments"
local compare = require "dataforest.workflows.compare"
local deadline_of = require "dataforest.workflows.deadline"
local errors = require "dataforest.errors"
local lists = require "dataforest.util.lists"
local observe = require "dataforest.workflows.observe"
local options_of = require "dataforest.request.options"
local retry = require "dataforest.request.retry"
local specs = require "dataforest.workflows.spec"
local states = require "dataforest.api.states"
local tables = require "dataforest.util.tables"
local template = require "dataforest.api.template"
local text = require "dataforest.workflows.plan_text"
local wait = require "dataforest.workflows.wait"

local plan = {}

local DEFAULT_CONCURRENCY = 8

--- The options of `df:plan` and `df:apply`, as rules for `options.check`: one table does for both.
plan.OPTIONS = tables.copy(wait.OPTIONS, {
  prune = { "boolean" },
  replace = { "boolean" },
  rotate = { "boolean" },
  concurrency = options_of.WHOLE,
  on_step = { "function" },
})

local Plan = {}
Plan.__index = Plan
Plan.__name = "dataforest.plan"

-- What a plan is made of, apart from the plan itself, which may be printed and encoded: the spec with
-- its passwords, what was seen, and the batches.
local contexts = setmetatable({}, { __mode = "k" })

--- What is behind a plan.
-- @param value anything
-- @treturn ?table context, or nil where the value is no plan
function plan.context(value)
  return type(value) == "table" and contexts[value] or nil
end

-- Steps --------------------------------------------------------------------------------------

local function new_step(action, kind, name, id, before, after)
  return {
    action = action,
    kind = kind,
    name = name,
    id = id,
    before = before,
    after = after,
    destructive = action == "delete" or action == "replace",
  }
end

--- What of an app's spec shows in a plan.
local function shown(app)
  local out = tables.copy(app)
  out.name, out.path = nil, nil
  for _, name in ipairs { "dependsOn", "dependentIds" } do
    out[name] = out[name] and lists.list(out[name])
  end
  return out
end

local function merged(...)
  local out = {}
  for _, source in ipairs { ... } do
    for name, value in pairs(source) do
      if type(value) == "table" then
        out[name] = merged(out[name] or {}, value)
      else
        out[name] = value
      end
    end
  end
  return out
end

-- Making -------------------------------------------------------------------------------------

local Maker = {}
Maker.__index = Maker

function Maker:problem(path, message)
  self.problems[#self.problems + 1] = { path = path, message = message }
end

function Maker:warn(path, message)
  self.warnings[#self.warnings + 1] = path .. ": " .. message
end

--- Asks for what the service says of the types that are to be created.
-- @treturn ?table settings by type: `template`, queues and `dependableApp`, as far as they are told
-- @treturn ?table error
function Maker:fetch_settings()
  local types, apps = {}, {}
  for _, app in ipairs(self.spec.apps or {}) do
    if self.created[app.name] and not apps[app.type] then
      types[#types + 1] = app.type
      apps[app.type] = app
    end
  end
  local account = self.seen.account
  local settings, err = observe.each(self.client, types, function(type_id)
    local setting, failure
    if account then
      setting, failure =
        self.deadline:run("apps/getAppBasicSetting", { accountId = account.id, appTypeId = type_id })
    else
      setting, failure = self.deadline:run("apps/getAppTypeTemplate", { appTypeId = type_id })
    end
    if setting then
      return setting
    elseif retry.is_refusal(failure) or failure.kind == errors.NOT_FOUND then
      return { refusal = failure }
    elseif failure.kind == errors.FORBIDDEN then
      return {} -- keys that may create need not be allowed to ask
    end
    return nil, failure
  end, self.options.concurrency)
  if not settings then
    return nil, err
  end
  self.settings = {}
  for index, type_id in ipairs(types) do
    self.settings[type_id] = settings[index]
  end
  return self.settings
end

--- Checks an app that is to be created against what the service says of its type: better now than when
-- the old one is gone.
function Maker:check_create(app)
  local setting = self.settings[app.type] or {}
  if setting.refusal then
    self:problem(app.path .. ".type", ("%s cannot be created: %s"):format(app.type, setting.refusal.message))
    return
  end
  local queues = tables.set(setting.publicQueueNames or {}, setting.privateQueueNames or {})
  if app.queue and next(queues) and not queues[app.queue] then
    self:problem(app.path .. ".queue", ("%s is none of the account's queues"):format(app.queue))
  end
  local known = {}
  for _, component in ipairs(template.components(setting.template) or {}) do
    known[component.name] = true
  end
  for name in pairs(next(known) and app.components or {}) do
    if not known[name] then
      self:problem(
        app.path .. ".components." .. name,
        ("is no component of %s: it has %s"):format(app.type, table.concat(tables.sorted_keys(known), ", "))
      )
    end
  end
  self:infer(app, setting.dependableApp)
end

--- The app that a new one depends on where the spec does not say so: the only one of the type that the
-- service names.
function Maker:infer(app, dependable)
  if app.dependsOn or app.dependentIds or not (dependable and dependable.appTypeName) then
    return
  end
  local needed = ("%s-%s"):format(dependable.appTypeName, tostring(dependable.appTypeVersion))
  local names = {}
  for _, other in ipairs(self.spec.apps) do
    if other.type == needed and other ~= app then
      names[#names + 1] = other.name
    end
  end
  if #names == 1 then
    self.inferred[app.name] = names
  elseif #names > 1 then
    self:problem(
      app.path .. ".dependsOn",
      ("must name one of several apps: %s; or be {} for none"):format(table.concat(names, ", "))
    )
  end
end

--- Sees to it that what an app depends on will be there.
function Maker:check_dependencies(app)
  for index, name in ipairs(app.dependsOn or {}) do
    local path = ("%s.dependsOn[%d]"):format(app.path, index)
    if not self.wanted[name] then
      local entry = self.seen.by_name[name]
      if not entry then
        self:problem(path, ("%s is neither in the spec nor there"):format(name))
      elseif self.options.prune then
        self:problem(path, ("%s is not in the spec, and prune would delete it"):format(name))
      end
    end
  end
end

--- How many apps of the spec must be there before this one, counted along the longest chain.
function Maker:level(app)
  local known = self.levels[app.name]
  if known then
    return known
  end
  self.levels[app.name] = 1 -- a circle among inferred ones ends here
  local level = 1
  for _, name in ipairs(app.dependsOn or self.inferred[app.name] or {}) do
    local needed = self.wanted[name]
    if needed then
      level = math.max(level, self:level(needed) + 1)
    end
  end
  self.levels[app.name] = level
  return level
end

--- Marks the apps that must be replaced, and those whose spec says that they depend on one of them: what
-- is needed cannot be deleted under the one that needs it.
function Maker:mark_replaced()
  local function is_replaced(app, names)
    for _, name in ipairs(names or {}) do
      if self.replaced[name] then
        self.replaced[app.name] = name
        return true
      end
    end
    return false
  end
  for name, difference in pairs(self.differences) do
    if difference.replace.any then
      self.replaced[name] = true
    end
  end
  repeat
    local changed = false
    for _, app in ipairs(self.spec.apps or {}) do
      if self.differences[app.name] and not self.replaced[app.name] then
        changed = is_replaced(app, app.dependsOn) or changed
      end
    end
  until not changed
end

function Maker:compare()
  for _, app in ipairs(self.spec.apps or {}) do
    local entry = self.seen.by_name[app.name]
    if not entry then
      self.created[app.name] = true
    elseif entry.disabled then
      self:problem(
        app.path .. ".name",
        ("%s is there, and these keys have no permission on it"):format(app.name)
      )
    else
      local difference = compare.app(app, entry.detail)
      self.differences[app.name] = difference
      for _, name in ipairs(difference.unknown) do
        self:problem(app.path .. ".components." .. name, ("is no component of the app %s"):format(app.name))
      end
      for _, path in ipairs(difference.untold) do
        self:warn(app.path .. "." .. path, "the service does not return it, so it is not compared")
      end
    end
  end
  self:mark_replaced()
  for name in pairs(self.replaced) do
    self.created[name] = true
  end
end

function Maker:account_task()
  local spec, seen = self.spec.account, self.seen.account
  local steps = {}
  if not spec then
    return steps
  elseif not seen then
    steps[1] = new_step("create", "account", spec.name, nil, nil, { quotas = spec.quotas })
    if not spec.password then
      self:problem("account.password", "is missing: the account is not there, and creating it takes one")
    end
    for _, other in ipairs(self.seen.others) do
      self:warn("account.name", ("%s is there, and the service keeps to one account a user"):format(other))
    end
    return steps
  end
  local before, after = compare.quotas(spec.quotas, seen.quotas)
  if before then
    steps[1] = new_step("update", "account", spec.name, seen.id, { quotas = before }, { quotas = after })
  end
  if self.options.rotate then
    if not spec.password then
      self:problem("account.password", "is missing: rotate sets it anew")
    end
    steps[#steps + 1] = new_step(
      "update",
      "account",
      spec.name,
      seen.id,
      { password = "(set)" },
      { password = "(reset)" }
    )
  end
  if not states.is_running(seen.status) then
    self:wait_for("account", spec.name, seen.id, seen.status)
  end
  return steps
end

function Maker:wait_for(kind, name, id, state)
  self.pending[#self.pending + 1] = { kind = kind, name = name, id = id, state = state }
end

local function state_step(action, app, entry, detail)
  return new_step(
    action,
    "app",
    app.name,
    entry.id,
    { state = detail.state },
    { state = action == "start" and "RUNNING" or "STOPPED" }
  )
end

--- The steps of an app that stays, or becomes, what the spec says.
function Maker:app_steps(app)
  local entry, difference = self.seen.by_name[app.name], self.differences[app.name]
  if not difference then
    return { new_step("create", "app", app.name, nil, nil, shown(app)) }
  end
  local detail = entry.detail
  local because = self.replaced[app.name]
  if because then
    local step = new_step(
      "replace",
      "app",
      app.name,
      entry.id,
      merged(difference.replace.before, difference.update.before),
      merged(difference.replace.after, difference.update.after)
    )
    if because ~= true then
      step.reason = ("it depends on %s, which is replaced"):format(because)
    end
    return { step }
  end
  local steps = {}
  local changes, rests = difference.update.any, states.app_is_at_rest(detail.state)
  -- The service changes what runs: an app at rest is started for it, and stopped again.
  if difference.state == "start" or changes and rests then
    steps[#steps + 1] = state_step("start", app, entry, detail)
  end
  if changes then
    local update = difference.update
    steps[#steps + 1] = new_step("update", "app", app.name, entry.id, update.before, update.after)
  end
  if difference.state == "stop" or changes and app.state == "STOPPED" then
    local step = state_step("stop", app, entry, detail)
    step.before = { state = rests and "RUNNING" or detail.state }
    steps[#steps + 1] = step
  end
  if difference.state == "pending" then
    self:wait_for("app", app.name, entry.id, detail.state)
  end
  return steps
end

--- The apps that are there and not in the spec: deleted with `prune`, else named.
function Maker:extras()
  local extras = {}
  for _, entry in ipairs(self.seen.apps) do
    if not self.wanted[entry.name] then
      extras[#extras + 1] = entry
    end
  end
  -- The newest first: it may depend on older ones.
  table.sort(extras, function(a, b)
    local first, second = a.startedAt or "", b.startedAt or ""
    if first == second then
      return tostring(a.id) < tostring(b.id)
    end
    return first > second
  end)
  local tasks = {}
  for _, entry in ipairs(extras) do
    local name = tostring(entry.name or entry.id)
    if self.options.prune and not entry.disabled then
      local step = new_step("delete", "app", name, entry.id, { state = entry.state })
      tasks[#tasks + 1] = { name = name, id = entry.id, steps = { step } }
    else
      self.unmanaged[#self.unmanaged + 1] = { kind = "app", name = name, id = entry.id, state = entry.state }
      if self.options.prune then
        self:warn("app " .. name, "these keys have no permission on it, so it is left alone")
      end
    end
  end
  return tasks
end

--- Groups tasks by the level of their apps.
local function by_level(maker, tasks, reverse)
  local levels, batches = {}, {}
  for _, task in ipairs(tasks) do
    local level = maker:level(task.app)
    if not batches[level] then
      batches[level] = {}
      levels[#levels + 1] = level
    end
    table.insert(batches[level], task)
  end
  table.sort(levels, reverse and function(a, b)
    return a > b
  end or nil)
  local out = {}
  for index, level in ipairs(levels) do
    out[index] = batches[level]
  end
  return out
end

function Maker:batches()
  local batches = {}
  local function add(kind, tasks)
    if #tasks > 0 then
      batches[#batches + 1] = { kind = kind, tasks = tasks }
    end
  end
  local account_steps = self:account_task()
  add("account", #account_steps > 0 and { { name = self.spec.account.name, steps = account_steps } } or {})
  add("prune", self:extras())
  local stops, removals, main = {}, {}, {}
  for _, app in ipairs(self.spec.apps or {}) do
    local steps = self:app_steps(app)
    local entry = self.seen.by_name[app.name]
    local task = { app = app, name = app.name, id = entry and entry.id, steps = steps }
    if #steps > 0 then
      local is_stop = app.state == "STOPPED" and steps[1].kind == "app" and not steps[1].destructive
      local list_of = is_stop and steps[1].action ~= "create" and stops or main
      list_of[#list_of + 1] = task
      for _, name in ipairs(self.replaced[app.name] and app.dependsOn or {}) do
        if self.replaced[name] and not task.removed_first then
          task.removed_first = true
          removals[#removals + 1] = task
        end
      end
    end
  end
  for _, tasks in ipairs(by_level(self, stops, true)) do
    add("app", tasks)
  end
  for _, tasks in ipairs(by_level(self, removals, true)) do
    add("removal", tasks)
  end
  for _, tasks in ipairs(by_level(self, main)) do
    add("app", tasks)
  end
  if self.spec.account == false and self.seen.account then
    local account = self.seen.account
    if self.options.prune then
      local step =
        new_step("delete", "account", tostring(account.name), account.id, { status = account.status })
      add("account", { { name = account.name, id = account.id, steps = { step } } })
    else
      table.insert(
        self.unmanaged,
        1,
        { kind = "account", name = tostring(account.name), id = account.id, state = account.status }
      )
    end
  end
  return batches
end

--- Puts the plan together.
function Maker:finish()
  local batches = self:batches()
  if #self.problems > 0 then
    return nil, specs.error(self.problems)
  end
  local steps = lists.list {}
  for _, batch in ipairs(batches) do
    for _, task in ipairs(batch.kind ~= "removal" and batch.tasks or {}) do
      for _, step in ipairs(task.steps) do
        steps[#steps + 1] = step
      end
    end
  end
  local seen, spec = self.seen.account, self.spec.account
  local made = setmetatable({
    account = { name = spec and spec.name or seen and seen.name or nil, id = seen and seen.id or nil },
    steps = steps,
    pending = lists.list(self.pending),
    unmanaged = lists.list(self.unmanaged),
    warnings = lists.list(self.warnings),
    empty = #steps == 0,
  }, Plan)
  contexts[made] = {
    spec = self.spec,
    options = self.options,
    seen = self.seen,
    batches = batches,
    inferred = self.inferred,
  }
  return made
end

--- Makes a plan out of a spec that was checked.
-- @tparam table deadline
-- @tparam table spec of `spec.check`
-- @tparam table options `prune`, `replace`, `rotate`, `concurrency`
-- @treturn[1] table plan
-- @treturn[2] nil
-- @treturn[2] table error
function plan.make(deadline, spec, options)
  local maker = setmetatable({
    client = deadline.client,
    deadline = deadline,
    spec = spec,
    options = options,
    problems = {},
    warnings = {},
    pending = {},
    unmanaged = {},
    wanted = {},
    created = {},
    differences = {},
    replaced = {},
    inferred = {},
    levels = {},
  }, Maker)
  for _, app in ipairs(spec.apps or {}) do
    maker.wanted[app.name] = app
  end
  if options.rotate == nil then
    options.rotate = spec.account and spec.account.password and spec.account.password.rotate or false
  end
  if spec.account and spec.account.password and spec.account.password.literal then
    maker:warn(
      "account.password",
      'stands in the spec for all to read: use { env = "NAME" } or { file = "path" }'
    )
  end
  if options.prune and spec.account and not spec.apps then
    return nil,
      specs.error {
        { path = "apps", message = "is missing: with prune, write apps = {} if every app is to be deleted" },
      }
  end
  local err
  maker.seen, err = observe.forest(deadline, spec.account and spec.account.name or nil, function(entry)
    return maker.wanted[entry.name] ~= nil
  end, options.concurrency)
  if not maker.seen then
    return nil, err
  end
  maker:compare()
  maker.settings, err = maker:fetch_settings()
  if not maker.settings then
    return nil, err
  end
  for _, app in ipairs(spec.apps or {}) do
    maker:check_dependencies(app)
    if maker.created[app.name] then
      maker:check_create(app)
    end
  end
  return maker:finish()
end

--- Checks options, and makes those of a plan.
-- @param given what the caller gave
-- @tparam table rules of `options.check`
-- @treturn[1] table options, with defaults
-- @treturn[2] nil
-- @treturn[2] table error
function plan.options(given, rules)
  local checked, err = arguments.options(nil, given, rules)
  if not checked then
    return nil, err
  end
  return tables.copy({ prune = false, replace = false, concurrency = DEFAULT_CONCURRENCY }, checked)
end

--- See `df:plan`.
function plan.of(client, given, options)
  local checked, err = plan.options(options, plan.OPTIONS)
  if not checked then
    return nil, err
  end
  local spec
  spec, err = specs.check(given, client.settings.password_rule)
  if not spec then
    return nil, err
  end
  return plan.make(deadline_of.new(client, checked), spec, checked)
end

-- Whether a plan still fits ------------------------------------------------------------------

local function is_part(part, whole)
  if type(part) ~= "table" or type(whole) ~= "table" then
    return part == whole
  end
  for name, value in pairs(part) do
    if not is_part(value, whole[name]) then
      return false
    end
  end
  return true
end

--- Whether a step that is left to do was planned, or follows from one that was and is half done.
local function is_covered(step, planned)
  for _, other in ipairs(planned) do
    if other.kind == step.kind and other.name == step.name then
      local makes_it = other.action == "create" or other.action == "replace"
      if other.action == step.action and other.id == step.id then
        -- States move by themselves; what an update or a replace rests on does not.
        local is_of_state = step.action == "delete" or step.action == "start" or step.action == "stop"
        if is_of_state or (is_part(step.before, other.before) and is_part(step.after, other.after)) then
          return true
        end
      elseif step.action == "create" then
        if other.action == "replace" then
          return true
        end
      elseif makes_it and not step.destructive and step.id ~= other.id then
        return true -- on what the step has made
      end
    end
  end
  return false
end

--- Tells whether what is left to do is a part of what was planned: nothing else has changed meanwhile, and a
-- plan that was carried out in part goes on.
-- @tparam table planned plan
-- @tparam table fresh plan of the same spec, made now
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error of kind `refused` that names what has changed
function plan.fits(planned, fresh)
  local changed = {}
  if
    planned.account.id
    and planned.account.id ~= fresh.account.id
    and contexts[fresh].spec.account ~= false
  then
    changed[1] = ("the account %s is another one, or gone"):format(tostring(planned.account.name))
  end
  for _, step in ipairs(fresh.steps) do
    if not is_covered(step, planned.steps) then
      changed[#changed + 1] = text.step(step)
    end
  end
  if #changed == 0 then
    return true
  end
  return nil,
    errors.new {
      kind = errors.REFUSED,
      message = "the plan no longer fits what is there; plan again. Not in the plan: "
        .. table.concat(changed, "; "),
      sent = false,
    }
end

function Plan:__tostring()
  return text.plan(self)
end

return plan
