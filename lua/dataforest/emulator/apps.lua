--- The apps of the emulator: types and templates, states that move, lifetimes that run out.
--
-- States are worked out from times when somebody looks, so that moving the clock is all it takes:
--
--     ACCEPTED --app_delay--> RUNNING --lifetime--> FINISHED
--        RUNNING --stop--> STOPPED --start--> ACCEPTED (from FINISHED too)
--
-- @module dataforest.emulator.apps

local app_types = require "dataforest.emulator.app_types"
local errors = require "dataforest.emulator.error_responses"
local fields = require "dataforest.emulator.fields"
local json = require "dataforest.emulator.json"
local store = require "dataforest.emulator.store"
local tables = require "dataforest.util.tables"
local time = require "dataforest.emulator.time"
local validation = require "dataforest.emulator.validation"

local floor = math.floor

local DOMAIN = "kr.df.naverncp.com"
local PUBLIC_QUEUES = { "longlived", "dev", "batch" }
local IS_QUEUE = tables.set(PUBLIC_QUEUES)
local JOINT_NAME_LENGTH = 20 -- of the account's name and the app's, says the console guide

local NAME = validation.param("apps/create", "name")

local Apps = store.class { noun = "app" }

function Apps.owner(app)
  return app.account.user
end

local apps = {}

--- The apps of one emulator.
-- @tparam Emulator emulator options, clock and made-up values come from there
function apps.new(emulator)
  return setmetatable({
    emulator = emulator,
    list = {},
    started = 0,
    cluster = floor(emulator:now() * 1000),
  }, Apps)
end

-- Looking ----------------------------------------------------------------------------------------------

--- The apps of an account, in any state.
function Apps:of(account)
  local list = {}
  for _, app in ipairs(self:all()) do
    if app.account == account then
      list[#list + 1] = app
    end
  end
  return list
end

function Apps:named(account, name)
  return tables.named(self:of(account), name)
end

function Apps:count(account)
  return #self:of(account)
end

-- The state of an app, and the time of its end where it has ended.
function Apps:state(app)
  local now = self.emulator:now()
  if app.stopped_at then
    return "STOPPED", app.stopped_at
  elseif app.gone_at then
    return "STOPPED", now
  elseif app.expires_at and now >= app.expires_at then
    return "FINISHED", app.expires_at
  elseif now < app.ready_at then
    return "ACCEPTED"
  end
  return "RUNNING"
end

function Apps:alive(app)
  local state = self:state(app)
  return state == "ACCEPTED" or state == "RUNNING"
end

function Apps:summary(app)
  local zone = self.emulator.options.zone
  local state, ended_at = self:state(app)
  return {
    id = app.id,
    name = app.name,
    state = state,
    queueName = app.queue,
    accountId = app.account.id,
    accountName = app.account.name,
    startedAt = time.iso(app.started_at, zone),
    finishedAt = ended_at and time.iso(ended_at, zone) or nil,
    lifetimeMillis = app.lifetime, -- seconds, as in the pages' example
    disabled = false,
  }
end

local function lifetime_text(seconds)
  if seconds < 0 then
    return "infinite"
  end
  return ("%d days, %d:%d:%d (%d seconds)"):format(
    floor(seconds / 86400),
    floor(seconds / 3600) % 24,
    floor(seconds / 60) % 60,
    seconds % 60,
    seconds
  )
end

function Apps:containers(app, component)
  local now, out = self.emulator:now(), {}
  local all_ready = true
  for i, container in ipairs(self:alive(app) and component.containers or {}) do
    if now >= container.launched_at then
      local name = component.name .. "-" .. (i - 1)
      local ready = now >= container.ready_at
      out[#out + 1] = {
        id = container.id,
        name = name,
        state = ready and "READY" or "RUNNING_BUT_UNREADY",
        launchedAt = time.iso(container.launched_at, self.emulator.options.zone),
        hostName = ("%s.%s.%s.%s"):format(name, app.name, app.account.name, DOMAIN),
      }
      all_ready = all_ready and ready
    end
  end
  return out, all_ready and #out == #component.containers
end

function Apps:components(app)
  local out = {}
  for i, component in ipairs(app.components) do
    local containers, stable = self:containers(app, component)
    out[i] = {
      name = component.name,
      state = not self:alive(app) and "STOPPED" or stable and "STABLE" or "FLEXING",
      desired = component.desired,
      allocated = #containers,
      memoryMb = component.memoryMb,
      cpuCount = component.cpuCount,
      image = app.type.image,
      containerCount = #component.containers,
      containers = containers,
    }
  end
  return out
end

local function links_of(app)
  local out = {}
  app_types.each_link(app.type, function(name, component, port)
    out[name] = ("https://%s--%s--%s--%d.df-proxy.%s"):format(
      app.account.name,
      app.name,
      component,
      port,
      DOMAIN
    )
  end)
  return out
end

function Apps:detail(app)
  return {
    id = app.id,
    appId = app.id,
    name = app.name,
    appTypeId = app.type.id,
    version = "v1",
    lifetime = lifetime_text(app.lifetime),
    queueName = app.queue,
    description = app.description,
    state = (self:state(app)),
    links = links_of(app),
    components = self:components(app),
  }
end

-- Changing ---------------------------------------------------------------------------------------------

function Apps:new_container(app, launched_at, ready_at)
  app.last_container = app.last_container + 1
  return {
    id = ("container_e01_%.0f_%04d_%02d_%06d"):format( -- a long has 32 bits on some systems
      self.cluster,
      app.sequence,
      app.attempt,
      app.last_container
    ),
    launched_at = launched_at,
    ready_at = ready_at,
  }
end

-- Makes a component have `count` containers; those that are new take their time.
function Apps:resize(app, component, count)
  local now, delay = self.emulator:now(), self.emulator.options.container_delay
  local starting = now < app.ready_at
  for i = #component.containers, count + 1, -1 do
    component.containers[i] = nil
  end
  for i = #component.containers + 1, count do
    component.containers[i] =
      self:new_container(app, starting and app.ready_at or now, starting and app.ready_at or now + delay)
  end
end

local function expire_in(app, now, lifetime)
  app.lifetime = lifetime
  app.expires_at = lifetime >= 0 and now + lifetime or nil
end

function Apps:launch(app)
  local now = self.emulator:now()
  self.started = self.started + 1
  app.sequence, app.attempt, app.last_container = self.started, 1, 1 -- the first is the application master
  app.started_at, app.ready_at, app.stopped_at = now, now + self.emulator.options.app_delay, nil
  expire_in(app, now, app.lifetime)
  for _, component in ipairs(app.components) do
    local count = component.count or #component.containers
    component.containers, component.count = {}, nil
    self:resize(app, component, count)
  end
end

-- The components of a new app: those asked for, and the type's defaults for the others.
local function components_of(app_type, wanted)
  local asked, out, total = {}, {}, 0
  for i, component in ipairs(wanted) do
    if not app_type.by_name[component.name] or asked[component.name] then
      return nil, errors.invalid(("components[%d].name, '%s'"):format(i - 1, component.name))
    end
    asked[component.name] = component
  end
  for i, default in ipairs(app_type.components) do
    local component = asked[default.name] or default
    out[i] = {
      name = default.name,
      memoryMb = component.memoryMb,
      cpuCount = component.cpuCount,
      desired = component.containerCount,
      count = component.containerCount,
    }
    total = total + component.containerCount
  end
  return out, nil, total
end

-- The response that refuses the dependencies of a new app, if any.
function Apps:dependency_problem(account, app_type, ids)
  local found = app_type.depends_on == nil
  for _, id in ipairs(ids) do
    local app = self:owned(id, account.user)
    if not app or app.account ~= account then
      return self.emulator:unknown(id)
    end
    found = found or app.type.id == app_type.depends_on
  end
  if not found and self.emulator.options.strict then
    return errors.invalid(
      "dependentIds",
      (". %s needs an app of %s."):format(app_type.id, app_type.depends_on)
    )
  end
end

function Apps:name_problem(account, name)
  local problem = validation.problem(NAME, name)
  if problem then
    return problem
  elseif self.emulator.options.strict and #account.name + #name > JOINT_NAME_LENGTH then
    return errors.invalid(
      ("name, '%s'"):format(name),
      (". The names of account and app are longer than %d characters together."):format(JOINT_NAME_LENGTH)
    )
  elseif self:named(account, name) then
    return errors.invalid(("name, '%s'"):format(name), ". The name is already in use.")
  end
end

local function unknown_type(id)
  return errors.invalid(("appTypeId, '%s'"):format(id))
end

function Apps:create_problem(account, app_type, params)
  if not app_type then
    return unknown_type(params.appTypeId)
  elseif not IS_QUEUE[params.queueName] then
    return errors.invalid(("queueName, '%s'"):format(params.queueName))
  elseif self.emulator.options.strict and self.emulator.accounts:status(account) == "ACCEPTED" then
    return errors.invalid(("accountId, '%s'"):format(account.id), ". The account is not running yet.")
  end
  return self:name_problem(account, params.name)
    or self:dependency_problem(account, app_type, params.dependentIds or {})
    or (self:count(account) >= self.emulator.options.max_apps and errors.quota() or nil)
end

-- Arranging --------------------------------------------------------------------------------------------

local ADD = {
  name = { "string", required = true },
  accountId = { "string" },
  appTypeId = { "string", default = "DEV-1.0.0" },
  queueName = { "string", default = "longlived" },
  lifetime = { "number", default = 604800 },
  description = { "string" },
  components = { "table" },
  dependentIds = { "table" },
  id = { "string", check = fields.id },
  state = {
    "string",
    check = fields.one_of("ACCEPTED", "RUNNING", "STOPPED", "FINISHED"),
    default = "RUNNING",
  },
}

-- The account of an app that somebody wrote down.
function Apps:account_for(id)
  local all = self.emulator.accounts:all()
  if id then
    for _, account in ipairs(all) do
      if account.id == id or account.name == id then
        return account
      end
    end
    return nil, ("accountId: there is no account %s"):format(id)
  elseif #all == 1 then
    return all[1]
  end
  return nil, ("accountId: there are %d accounts; which one is meant must be said"):format(#all)
end

-- Moves the times of a new app so that it is in a state.
function Apps:put_in_state(app, state)
  local now = self.emulator:now()
  if state == "ACCEPTED" then
    return
  end
  local earlier = now - app.ready_at
  if state == "FINISHED" then
    earlier = math.min(earlier, now - (app.expires_at or now))
  end
  app.started_at, app.ready_at = app.started_at + earlier, app.ready_at + earlier
  app.expires_at = app.expires_at and state == "FINISHED" and now or app.expires_at
  for _, component in ipairs(app.components) do
    for _, container in ipairs(component.containers) do
      container.launched_at, container.ready_at = app.ready_at, app.ready_at
    end
  end
  if state == "STOPPED" then
    app.stopped_at = now
  end
end

--- Puts an app in that somebody wrote down.
-- @tparam table given the argument of `emulator:add_app`
-- @tparam string what names it in messages
-- @tparam string path text before the names of fields in messages
-- @treturn table|nil the app
-- @treturn ?string what is wrong
function Apps:add_checked(given, what, path)
  local checked, message = fields.check(ADD, given, what, { path = path })
  if not checked then
    return nil, message
  end
  local account
  account, message = self:account_for(checked.accountId)
  if not account then
    return nil, path .. message
  end
  message = self:id_problem(checked.id, path)
  if message then
    return nil, message
  elseif checked.state == "FINISHED" and checked.lifetime < 0 then
    return nil, path .. "state: an app without end does not become FINISHED"
  end
  local id, state = checked.id, checked.state
  checked.id, checked.state, checked.accountId = nil, nil, account.id
  if not checked.components then
    local app_type = app_types.by_id[checked.appTypeId]
    if not app_type then
      return nil, ("%sappTypeId: there is no app type %s"):format(path, checked.appTypeId)
    end
    checked.components = app_types.default_components(app_type)
  end
  local types = self.emulator.request_types["apps/create"]
  local params, problem = validation.request(types, checked, self.emulator.options.strict)
  local app
  if params then
    app, problem = self:make(account, params, id)
  end
  if not app then
    return nil, ("%s: %s"):format(what, problem.body.message)
  end
  self:put_in_state(app, state)
  return app
end

local KEPT = {
  queue = "queueName",
  lifetime = "lifetime",
  sequence = "sequence",
  attempt = "attempt",
  last_container = "last_container",
  started_at = "started_at",
  ready_at = "ready_at",
  stopped_at = "stopped_at",
  expires_at = "expires_at",
  gone_at = "gone_at",
}

--- What getDetail shows, and in `emulator` what it does not.
function Apps:dumped(app)
  local out = self:detail(app)
  local inner = { accountId = app.account.id, dependentIds = json.list {}, components = json.list {} }
  for name, shown in pairs(KEPT) do
    inner[shown] = app[name]
  end
  for i, id in ipairs(app.depends_on) do
    inner.dependentIds[i] = id
  end
  for i, component in ipairs(app.components) do
    local containers = json.list {}
    for k, container in ipairs(component.containers) do
      containers[k] =
        { id = container.id, launched_at = container.launched_at, ready_at = container.ready_at }
    end
    inner.components[i] = {
      name = component.name,
      memoryMb = component.memoryMb,
      cpuCount = component.cpuCount,
      desired = component.desired,
      containers = containers,
    }
  end
  out.emulator = inner
  return out
end

local whole = fields.integer(0)

-- What getDetail shows besides comes from `emulator`, so that only the types are looked at.
Apps.LOAD = {
  id = { "string", required = true, check = fields.id },
  appId = { "string" },
  name = {
    "string",
    required = true,
    check = function(value)
      local problem = validation.problem(NAME, value)
      return not problem, problem and problem.body.message
    end,
  },
  appTypeId = {
    "string",
    required = true,
    check = function(value)
      return app_types.by_id[value] ~= nil, "names no app type"
    end,
  },
  version = { "string" },
  lifetime = { "string" },
  queueName = { "string" },
  description = { "string", required = true },
  state = { "string" },
  links = { "table" },
  components = { "table" },
  emulator = { "table", required = true },
}

Apps.INNER = {
  accountId = { "string", required = true },
  dependentIds = { "table", required = true },
  components = { "table", required = true },
  queueName = { "string", required = true },
  lifetime = { "number", required = true },
  sequence = { "number", required = true, check = whole },
  attempt = { "number", required = true, check = whole },
  last_container = { "number", required = true, check = whole },
  started_at = { "number", required = true, check = fields.moment },
  ready_at = { "number", required = true },
  stopped_at = { "number", check = fields.moment },
  expires_at = { "number", check = fields.moment },
  gone_at = { "number" },
}

local COMPONENT = {
  name = { "string", required = true },
  memoryMb = { "number", required = true, check = whole },
  cpuCount = { "number", required = true, check = whole },
  desired = { "number", required = true, check = whole },
  containers = { "table", required = true },
}

local CONTAINER = {
  id = { "string", required = true },
  launched_at = { "number", required = true, check = fields.moment },
  ready_at = { "number", required = true },
}

local function check_each(rules, list, path)
  local out = {}
  for i, entry in ipairs(list) do
    local here = ("%s[%d]"):format(path, i)
    local checked, message = fields.check(rules, entry, here, { path = here .. "." })
    if not checked then
      return nil, message
    end
    out[i] = checked
  end
  return out
end

local function load_components(app_type, given, path)
  local out, message = check_each(COMPONENT, given, path)
  for i, component in ipairs(out or {}) do
    local here = ("%s[%d]"):format(path, i)
    if not app_type.by_name[component.name] then
      return nil, ("%s.name: %s has no component %s"):format(here, app_type.id, component.name)
    end
    component.containers, message = check_each(CONTAINER, component.containers, here .. ".containers")
    if not component.containers then
      return nil, message
    end
  end
  return out, message
end

--- Puts an app in that `dumped` gave.
function Apps:restore(checked, inner, path)
  local account = self.emulator.accounts:find("id", inner.accountId)
  if not account then
    return nil, ("%semulator.accountId: there is no account %s"):format(path, inner.accountId)
  end
  local app_type = app_types.by_id[checked.appTypeId]
  local app = {
    id = checked.id,
    name = checked.name,
    account = account,
    type = app_type,
    description = checked.description,
    depends_on = inner.dependentIds,
  }
  for name, shown in pairs(KEPT) do
    app[name] = inner[shown]
  end
  local message
  app.components, message = load_components(app_type, inner.components, path .. "emulator.components")
  if not app.components then
    return nil, message
  end
  self.list[#self.list + 1] = app
  return app
end

-- Operations -------------------------------------------------------------------------------------------

local handlers = {}

local function in_account(handler)
  return function(self, params, user)
    local id = params.search and params.search.accountId or params.accountId
    local account, refusal = self.emulator.accounts:owned(id, user)
    if not account then
      return nil, refusal
    end
    return handler(self, account, params)
  end
end

handlers["apps/checkAvailableName"] = in_account(function(self, account, params)
  local problem = self:name_problem(account, params.name)
  return { availableName = not problem, message = problem and problem.body.message }
end)

handlers["apps/getAppTypeIdList"] = function()
  local ids = {}
  for i, app_type in ipairs(app_types.list) do
    ids[i] = app_type.id
  end
  return { contents = ids }
end

handlers["apps/getAppTypeTemplate"] = function(_, params)
  local app_type = app_types.by_id[params.appTypeId]
  if not app_type then
    return nil, unknown_type(params.appTypeId)
  end
  return { template = app_types.template(app_type, "integer") }
end

local function dependable_app(self, account, app_type)
  local needed = app_types.by_id[app_type.depends_on or ""]
  if not needed then
    return nil
  end
  local candidates = {}
  for _, app in ipairs(self:of(account)) do
    if app.type == needed and self:state(app) == "RUNNING" then
      candidates[#candidates + 1] = self:summary(app)
    end
  end
  return { appTypeName = needed.name, appTypeVersion = needed.version, candidates = candidates }
end

handlers["apps/getAppBasicSetting"] = in_account(function(self, account, params)
  local app_type = app_types.by_id[params.appTypeId]
  if not app_type then
    return nil, unknown_type(params.appTypeId)
  end
  return {
    template = app_types.template(app_type, "604800"),
    dependableApp = dependable_app(self, account, app_type),
    appMasterCpuCount = 1,
    appMasterMemoryMb = 1024,
    publicQueueNames = PUBLIC_QUEUES,
    privateQueueNames = {},
  }
end)

--- Makes an app of checked parameters of apps/create.
-- @tparam table account
-- @tparam table params
-- @tparam[opt] string id
-- @treturn table|nil the app
-- @treturn ?table the response that refuses it
function Apps:make(account, params, id)
  local app_type = app_types.by_id[params.appTypeId]
  local problem = self:create_problem(account, app_type, params)
  if problem then
    return nil, problem
  end
  local components, refusal, containers = components_of(app_type, params.components)
  if not components then
    return nil, refusal
  elseif containers > self.emulator.options.max_containers then
    return nil, errors.quota()
  end
  local app = {
    id = id or self.emulator:new_id(),
    name = params.name,
    account = account,
    type = app_type,
    queue = params.queueName,
    lifetime = params.lifetime,
    description = params.description or app_type.id,
    depends_on = params.dependentIds or {},
    components = components,
  }
  self:launch(app)
  self.list[#self.list + 1] = app
  return app
end

handlers["apps/create"] = in_account(function(self, account, params)
  local app, problem = self:make(account, params)
  if not app then
    return nil, problem
  end
  return { id = app.id }
end)

handlers["apps/getList"] = in_account(function(self, account)
  local contents = {}
  for i, app in ipairs(self:of(account)) do
    contents[i] = self:summary(app)
  end
  return { total = #contents, contents = contents }
end)

handlers["apps/getDetail"] = store.on(Apps.detail)

local function not_running(app)
  return errors.invalid(("id, '%s'"):format(app.id), ". The app is not running.")
end

local function on_living_app(change)
  return store.change(function(self, app, params)
    if not self:alive(app) then
      return not_running(app)
    end
    return change(self, app, params)
  end)
end

local function total_containers(app)
  local total = 0
  for _, component in ipairs(app.components) do
    total = total + #component.containers
  end
  return total
end

handlers["apps/setContainerCount"] = on_living_app(function(self, app, params)
  if params.containerCount < 1 then
    return errors.invalid(("containerCount, '%.0f'"):format(params.containerCount))
  end
  for _, component in ipairs(app.components) do
    if component.name == params.componentName then
      local more = params.containerCount - #component.containers
      if total_containers(app) + more > self.emulator.options.max_containers then
        return errors.quota()
      end
      return self:resize(app, component, params.containerCount)
    end
  end
  return errors.flat(404, "no such element")
end)

handlers["apps/setLifetime"] = on_living_app(function(self, app, params)
  expire_in(app, self.emulator:now(), params.lifetime)
end)

handlers["apps/killContainer"] = on_living_app(function(self, app, params)
  local now = self.emulator:now()
  for _, component in ipairs(app.components) do
    for i, container in ipairs(component.containers) do
      if params.containerName == component.name .. "-" .. (i - 1) and now >= container.launched_at then
        local ready_at = now + self.emulator.options.container_delay
        component.containers[i] = self:new_container(app, now, ready_at)
        return nil
      end
    end
  end
  return errors.flat(404, "no such element")
end)

-- A new application master takes over; the containers go on.
handlers["apps/killMaster"] = on_living_app(function(self, app)
  app.attempt = app.attempt + 1
  app.ready_at = math.max(app.ready_at, self.emulator:now() + self.emulator.options.container_delay)
end)

handlers["apps/start"] = store.change(function(self, app)
  if not self:alive(app) then
    return self:launch(app)
  elseif self.emulator.options.strict then
    return errors.refused "The app is running already."
  end
end)

handlers["apps/stop"] = store.change(function(self, app)
  if self:alive(app) then
    app.stopped_at = self.emulator:now()
  elseif self.emulator.options.strict then
    return not_running(app)
  end
end)

function Apps:is_needed(app)
  for _, other in ipairs(self:all()) do
    for _, id in ipairs(other.depends_on) do
      if id == app.id then
        return true
      end
    end
  end
  return false
end

handlers["apps/delete"] = store.change(function(self, app)
  if self.emulator.options.strict and self:alive(app) then
    return errors.invalid(("id, '%s'"):format(app.id), ". Stop the app first.")
  elseif self.emulator.options.strict and self:is_needed(app) then
    return errors.invalid(("id, '%s'"):format(app.id), ". Other apps depend on it.")
  end
  app.gone_at = app.gone_at or self.emulator:now() + self.emulator.options.deletion_delay
end)

apps.handlers = handlers

return apps
