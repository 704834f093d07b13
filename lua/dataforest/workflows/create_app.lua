--- The shorthand of `apps:create`, and its defaults.
-- @module dataforest.workflows.create_app

local arguments = require "dataforest.workflows.arguments"
local deadline_of = require "dataforest.workflows.deadline"
local errors = require "dataforest.errors"
local operations = require "dataforest.operations"
local tables = require "dataforest.util.tables"
local template = require "dataforest.api.template"

local OPERATION = operations.by_name["apps/create"]
local PARTS = { "memoryMb", "cpuCount", "containerCount" }
local QUEUE = "longlived"
local LIFETIME = tables.named(OPERATION.params, "lifetime")

local OPTIONS = arguments.rules { defaults = { "boolean" } }

local function argument_error(field, message)
  return arguments.error(OPERATION.id, field .. " " .. message, field)
end

local function by_name(a, b)
  return a.name < b.name
end

--- Makes a list of components that were given by name, sorted so that equal calls send equal bytes.
local function listed_components(given)
  local list = {}
  for name, component in pairs(given) do
    if type(name) ~= "string" then
      return argument_error("components", "must be a list of components, or a table of them by name")
    elseif type(component) ~= "table" then
      return argument_error("components." .. name, "must be a table, got a " .. type(component))
    elseif component.name ~= nil and component.name ~= name then
      return argument_error("components." .. name .. ".name", "must be left out, or be the same name")
    end
    local entry = tables.copy(component)
    entry.name = name
    list[#list + 1] = entry
  end
  table.sort(list, by_name)
  return list
end

--- Turns the shorthand into the documented form.
-- @return request without `type`, and whether components were given by name
local function expand(params)
  local request = tables.copy(params)
  request.type = nil
  if params.type ~= nil then
    if params.appTypeId ~= nil and params.appTypeId ~= params.type then
      return argument_error("type", "is the short name of appTypeId: leave out one of them")
    end
    request.appTypeId = params.type
  end
  local components = params.components
  local named = type(components) == "table" and next(components) ~= nil and components[1] == nil
  if named then
    local list, err = listed_components(components)
    if not list then
      return nil, err
    end
    request.components = list
  end
  return request, named
end

-- Defaults ---------------------------------------------------------------------------

local function is_complete(components)
  for _, component in ipairs(components) do
    for _, part in ipairs(PARTS) do
      if type(component) ~= "table" or component[part] == nil then
        return false
      end
    end
  end
  return #components > 0
end

--- Fills in the components, and what is missing of them. `added` are those that were not given.
local function fill_components(request, setting, named)
  local known = template.components(setting.template)
  local given = request.components or {}
  if type(given) ~= "table" then
    return true
  elseif not known then
    if is_complete(given) then
      return true
    end
    return argument_error(
      "components",
      ("must be given in full, since the template of %s cannot be read: for each component, "):format(
        request.appTypeId
      ) .. "{ name = { memoryMb =, cpuCount =, containerCount = } }"
    )
  end
  local defaults, filled = {}, {}
  for _, component in ipairs(known) do
    defaults[component.name] = component
  end
  for index, component in ipairs(given) do
    filled[index] = component
    local default = type(component) == "table" and defaults[component.name]
    if default then
      local entry = tables.copy(component)
      for _, part in ipairs(PARTS) do
        if entry[part] == nil then
          entry[part] = default[part]
        end
      end
      filled[index] = entry
      defaults[component.name] = nil
    end
  end
  table.sort(known, by_name)
  for _, component in ipairs(known) do
    if defaults[component.name] then
      filled[#filled + 1] = component
    end
  end
  if named or #given == 0 then
    table.sort(filled, by_name)
  end
  request.components = filled
  return true
end

--- The documented queue, unless the service lists queues and that one is not among them.
local function queue_of(setting)
  local first
  for _, names in ipairs { setting.publicQueueNames or {}, setting.privateQueueNames or {} } do
    for _, name in ipairs(names) do
      if name == QUEUE then
        return QUEUE
      end
      first = first or name
    end
  end
  return first
end

--- The only app that this one can depend on. Which of several is meant, nobody can guess.
local function fill_dependencies(request, setting)
  local candidates = setting.dependableApp and setting.dependableApp.candidates or {}
  if #candidates == 1 then
    request.dependentIds = { candidates[1].id }
  elseif #candidates > 1 then
    local names = {}
    for index, app in ipairs(candidates) do
      names[index] = ("%s (%s)"):format(tostring(app.name), tostring(app.id))
    end
    return argument_error(
      "dependentIds",
      "must name one of several apps: " .. table.concat(names, ", ") .. "; or be {} for none"
    )
  end
  return true
end

--- Fills in what was left out, from getAppBasicSetting.
local function fill(deadline, request, named)
  local setting, err =
    deadline:run("apps/getAppBasicSetting", { accountId = request.accountId, appTypeId = request.appTypeId })
  if not setting then
    return nil, err
  end
  if request.queueName == nil then
    request.queueName = queue_of(setting)
  end
  local lifetime = template.lifetime(setting.template)
  if
    request.lifetime == nil
    and lifetime
    and lifetime >= LIFETIME.minimum
    and lifetime <= LIFETIME.maximum
  then
    request.lifetime = lifetime
  end
  local ok = true
  if request.dependentIds == nil then
    ok, err = fill_dependencies(request, setting)
  end
  if ok then
    ok, err = fill_components(request, setting, named)
  end
  return ok, err
end

--- Names a component in an error by its name, as the caller wrote it, and not by its number.
local function rename(err, request)
  if err.kind ~= errors.ARGUMENT or type(err.field) ~= "string" then
    return err
  end
  local index = tonumber(err.field:match "^components%[(%d+)%]")
  local component = index and request.components[index]
  local name = type(component) == "table" and component.name
  if type(name) == "string" then
    local function by_its_name(text)
      return (text:gsub("^components%[%d+%]", function()
        return "components." .. name
      end))
    end
    err.field, err.message = by_its_name(err.field), by_its_name(err.message)
  end
  return err
end

--- See `apps:create`.
return function(client, params, options)
  local checked, request, named, value, err
  checked, params = arguments.apart(OPERATION.id, params, options, OPTIONS, { "defaults" })
  if not checked then
    return nil, params
  elseif type(params) ~= "table" then
    return client:run(OPERATION, params, arguments.of_call(checked))
  end
  request, named = expand(params)
  if not request then
    return nil, named
  elseif checked.defaults then
    local deadline = deadline_of.new(client, checked)
    value, err = fill(deadline, request, named)
    if not value then
      return nil, err
    end
    value, err = deadline:run(OPERATION.id, request)
  else
    value, err = client:run(OPERATION, request, arguments.of_call(checked))
  end
  if value == nil then
    local given = type(params.components) == "table" and not named and #params.components or 0
    local index = type(err.field) == "string" and tonumber(err.field:match "^components%[(%d+)%]")
    return nil, index and index > given and rename(err, request) or err
  end
  return value
end
