--- What is there, as a spec that plans to nothing.
-- @module dataforest.workflows.export

local arguments = require "dataforest.workflows.arguments"
local compare = require "dataforest.workflows.compare"
local deadline_of = require "dataforest.workflows.deadline"
local errors = require "dataforest.errors"
local observe = require "dataforest.workflows.observe"
local plans = require "dataforest.workflows.plan"
local specs = require "dataforest.workflows.spec"
local states = require "dataforest.api.states"
local tables = require "dataforest.util.tables"

local OPTIONS = arguments.rules { account = { "string" }, concurrency = plans.OPTIONS.concurrency }

local Export = {}
Export.__index = Export

function Export:omit(path, why)
  self.omitted[#self.omitted + 1] = { path = path, message = why }
end

--- Puts a field into the spec, unless no spec can say it.
function Export:field(out, group, path, name, value)
  local checked, why = specs.check_field(group, name, value)
  if checked == nil then
    self:omit(path .. "." .. name, why)
  end
  out[name] = checked
end

function Export:app(path, entry)
  local detail = entry.detail
  local out = {}
  local given = { name = entry.name, type = detail.appTypeId }
  for _, name in ipairs { "name", "type" } do
    local checked, why = specs.check_field("app", name, given[name])
    if checked == nil then
      self:omit(
        ("app %s"):format(tostring(entry.name)),
        ("its %s is none that a spec can have: %s"):format(name, why)
      )
      return nil
    end
    out[name] = checked
  end
  self:field(out, "app", path, "queue", detail.queueName)
  self:field(out, "app", path, "lifetime", compare.lifetime(detail))
  if detail.description and detail.description ~= "" then
    self:field(out, "app", path, "description", detail.description)
  end
  local components = compare.components(detail)
  for _, name in ipairs(tables.sorted_keys(components)) do
    out.components = out.components or {}
    local component, here = {}, ("%s.components.%s"):format(path, name)
    for _, field in ipairs { "memoryMb", "cpuCount", "containerCount" } do
      self:field(component, "component", here, field, components[name][field])
    end
    out.components[name] = component
  end
  out.state = states.app_is_at_rest(detail.state) and "STOPPED" or "RUNNING"
  return out
end

--- See `df:export`.
return function(client, given)
  local options, err = plans.options(given, OPTIONS)
  if not options then
    return nil, err
  end
  local seen
  seen, err = observe.forest(deadline_of.new(client, options), options.account, function()
    return true
  end, options.concurrency)
  if not seen then
    return nil, err
  end
  local export = setmetatable({ omitted = {} }, Export)
  local account = seen.account
  if not account then
    return { account = false, apps = {} }, nil, export.omitted
  end
  local name, why = specs.check_field("account", "name", account.name)
  if not name then
    return nil,
      errors.new {
        kind = errors.PROTOCOL,
        operation = "accounts/getList",
        message = "the account's name is none that a spec can have: it " .. why,
      }
  end
  local spec = { account = { name = name }, apps = {} }
  export:omit("account.password", "the service never returns it")
  for _, namespace in ipairs(tables.sorted_keys(account.quotas)) do
    local quota = {}
    for _, field in ipairs { "spaceTb", "fileCountMillion" } do
      export:field(quota, "quota", "account.quotas." .. namespace, field, account.quotas[namespace][field])
    end
    spec.account.quotas = spec.account.quotas or {}
    spec.account.quotas[namespace] = quota
  end
  table.sort(seen.apps, function(a, b)
    return tostring(a.name) < tostring(b.name)
  end)
  for _, entry in ipairs(seen.apps) do
    local path = ("apps[%d]"):format(#spec.apps + 1)
    if entry.disabled then
      export:omit("app " .. tostring(entry.name), "these keys have no permission on it")
    else
      spec.apps[#spec.apps + 1] = export:app(path, entry)
    end
  end
  if #spec.apps > 0 then
    export:omit("apps[*].dependsOn", "the service does not say which apps an app depends on")
  end
  return spec, nil, export.omitted
end
