--- How an app that is there differs from what a spec says of it. What the spec leaves out is not compared.
-- @module dataforest.workflows.compare

local ascii = require "dataforest.util.ascii"
local states = require "dataforest.api.states"

local compare = {}

-- What the service says of a lifetime that never ends, where it says no number; no page shows it.
local ENDLESS = { infinite = true, unlimited = true }

--- The lifetime that an app's detail tells.
-- @tparam table detail as of apps/getDetail
-- @treturn ?number seconds; -1 for no end; nil where the text cannot be read
function compare.lifetime(detail)
  if detail.lifetimeSeconds then
    return detail.lifetimeSeconds
  elseif type(detail.lifetime) == "string" and ENDLESS[ascii.lower(detail.lifetime)] then
    return -1
  end
end

--- How many containers a component has been asked to have.
local function containers(component)
  if component.containerCount or component.desired then
    return component.containerCount or component.desired
  elseif component.state == "STABLE" and component.containers then
    return #component.containers
  end
end

--- The components that an app's detail tells, by name.
-- @tparam table detail as of apps/getDetail
-- @treturn table each `memoryMb`, `cpuCount`, `containerCount`, as far as they are told
function compare.components(detail)
  local out = {}
  for _, component in ipairs(detail.components or {}) do
    if component.name then
      out[component.name] = {
        memoryMb = component.memoryMb,
        cpuCount = component.cpuCount,
        containerCount = containers(component),
      }
    end
  end
  return out
end

local Difference = {}
Difference.__index = Difference

local function put(tree, path, value)
  for index = 1, #path - 1 do
    tree[path[index]] = tree[path[index]] or {}
    tree = tree[path[index]]
  end
  tree[path[#path]] = value
end

--- Notes a difference, if there is one.
-- @tparam string kind `"replace"` or `"update"`
function Difference:note(kind, path, before, after)
  if after == nil or before == after then
    return
  elseif before == nil then
    self.untold[#self.untold + 1] = table.concat(path, ".")
    return
  end
  local side = self[kind]
  side.any = true
  put(side.before, path, before)
  put(side.after, path, after)
end

function Difference:components(wanted, detail)
  local there = compare.components(detail)
  for name, component in pairs(wanted or {}) do
    local has = there[name]
    if not has then
      if next(there) == nil then
        self.untold[#self.untold + 1] = "components." .. name
      else
        self.unknown[#self.unknown + 1] = name
      end
    else
      for _, field in ipairs { "memoryMb", "cpuCount" } do
        self:note("replace", { "components", name, field }, has[field], component[field])
      end
      local path = { "components", name, "containerCount" }
      self:note("update", path, has.containerCount, component.containerCount)
    end
  end
  table.sort(self.unknown)
  table.sort(self.untold)
end

--- Compares.
-- @tparam table app of a spec, checked
-- @tparam table detail as of apps/getDetail
-- @treturn table `replace` and `update` (each `any`, `before`, `after`), `unknown` (components of the spec
--   that the app does not have), `untold` (fields that the service does not tell), and `state`: `"ready"`,
--   `"pending"` (on its way there), `"start"` or `"stop"`
function compare.app(app, detail)
  local found = setmetatable({
    replace = { before = {}, after = {} },
    update = { before = {}, after = {} },
    unknown = {},
    untold = {},
  }, Difference)
  found:note("replace", { "type" }, detail.appTypeId, app.type)
  found:note("replace", { "queue" }, detail.queueName, app.queue)
  -- Text that is empty and text that is not there are one in XML.
  found:note("replace", { "description" }, detail.description or "", app.description)
  local lifetime = compare.lifetime(detail)
  -- apps/setLifetime takes no -1, which apps/create does.
  found:note(app.lifetime == -1 and "replace" or "update", { "lifetime" }, lifetime, app.lifetime)
  -- Another type has other components.
  if detail.appTypeId == nil or detail.appTypeId == app.type then
    found:components(app.components, detail)
  end
  local rests = states.app_is_at_rest(detail.state)
  if app.state == "STOPPED" then
    found.state = rests and "ready" or "stop"
  elseif rests then
    found.state = "start"
  else
    found.state = states.is_running(detail.state) and "ready" or "pending"
  end
  return found
end

--- The quotas that differ.
-- @tparam ?table wanted by namespace, as of a spec
-- @tparam table there by namespace
-- @treturn ?table before, or nil where none differs
-- @treturn ?table after
function compare.quotas(wanted, there)
  local before, after
  for namespace, quota in pairs(wanted or {}) do
    for field, value in pairs(quota) do
      local has = there[namespace] and there[namespace][field]
      if has ~= value then
        before, after = before or {}, after or {}
        put(before, { namespace, field }, has)
        put(after, { namespace, field }, value)
      end
    end
  end
  return before, after
end

return compare
