--- A spec: what should be there, as `df:plan` and `df:apply` take it. Checked whole, so that one run names
-- every mistake in it.
--
--     { account = { name = "df001", password = { env = "DF_PASSWORD" },
--                   quotas = { koya = { spaceTb = 300, fileCountMillion = 2 } } },
--       apps = { { name = "dev1", type = "DEV-1.0.0", queue = "longlived", lifetime = 604800,
--                  components = { shell = { containerCount = 1 } }, state = "RUNNING" } } }
--
-- The limits of every field are those of the operations that it goes to.
--
-- @module dataforest.workflows.spec

local errors = require "dataforest.errors"
local guarded = require "dataforest.util.guarded"
local lists = require "dataforest.util.lists"
local operations = require "dataforest.operations"
local read_file = require "dataforest.util.read_file"
local tables = require "dataforest.util.tables"
local validate = require "dataforest.api.validate"
local words = require "dataforest.util.words"

local spec = {}

-- A message names so many mistakes; `problems` holds all.
local NAMED = 20

-- Far more than an account can have; a bound for what a file can make this module do.
local MOST_APPS = 1000

-- Bytes. The longest password has 20 characters; a line's end may follow it.
local LONGEST_PASSWORD_FILE = 4096

-- Fields ---------------------------------------------------------------------------------

local function copy_of(field, changes)
  local copy = tables.copy(field, changes)
  -- Whether a field must be there is for this module to say; the service's defaults are for the template.
  copy.required, copy.default = nil, nil
  return copy
end

local function param(operation, name)
  return tables.named(operations.by_name[operation].params, name)
end

--- A list of fields, as something that `validate.check` takes one at a time.
local function set_of(fields)
  local set = { fields = fields, by_name = {}, names = {} }
  for index, field in ipairs(fields) do
    set.by_name[field.name] = { id = "plan", params = { field } }
    set.names[index] = field.name
  end
  return set
end

local function create_field(name, changes)
  return copy_of(param("apps/create", name), changes)
end

local ACCOUNT = set_of {
  copy_of(param("accounts/create", "name")),
  { name = "password" },
  { name = "quotas" },
}

local PASSWORD = set_of { copy_of(param("accounts/create", "password")) }.by_name.password

local QUOTA = set_of {
  copy_of(param("accounts/setQuota", "spaceTb")),
  copy_of(param("accounts/setQuota", "fileCountMillion")),
}
local NAMESPACES = param("accounts/setQuota", "namespace").values

local APP = set_of {
  create_field "name",
  create_field("appTypeId", { name = "type" }),
  create_field("queueName", { name = "queue" }),
  create_field "lifetime",
  create_field "description",
  { name = "components" },
  { name = "dependsOn", type = { array = "string" } },
  create_field "dependentIds",
  { name = "state", type = "string", values = { "RUNNING", "STOPPED" } },
}

-- The operations' own names of what has a short one here.
local LONG_NAMES = { appTypeId = "type", queueName = "queue" }

local COMPONENT = {}
for index, field in ipairs(param("apps/create", "components").type.array.fields) do
  COMPONENT[index] = copy_of(field)
end
COMPONENT = set_of(COMPONENT)

local SOURCE = set_of {
  { name = "env", type = "string", min_length = 1 },
  { name = "file", type = "string", min_length = 1 },
  { name = "rotate", type = "boolean" },
}

local TOP = { names = { "account", "apps" } }

-- The order of fields in what people read.
local RANK, rank = {}, 0
for _, set in ipairs { TOP, APP, ACCOUNT, COMPONENT, QUOTA } do
  for _, name in ipairs(set.names) do
    rank = rank + 1
    RANK[name] = RANK[name] or rank
  end
end

--- Whether a name is that of a field.
-- @tparam string name
-- @treturn boolean
function spec.is_field(name)
  return RANK[name] ~= nil
end

--- The names in tables, in the order in which people read them: fields first, others by name.
-- @tparam table ...
-- @treturn {string,...}
function spec.names(...)
  local names, seen = {}, {}
  for _, source in ipairs { ... } do
    for name in pairs(source) do
      names[#names + 1] = not seen[name] and name or nil
      seen[name] = true
    end
  end
  table.sort(names, function(a, b)
    local first, second = RANK[a] or math.huge, RANK[b] or math.huge
    if first == second then
      return tostring(a) < tostring(b)
    end
    return first < second
  end)
  return names
end

-- Checking -------------------------------------------------------------------------------

local Check = {}
Check.__index = Check

function Check:add(path, message)
  self.problems[#self.problems + 1] = { path = path, message = message }
end

local function joined(path, name)
  return path == "" and name or path .. "." .. name
end

local function given(value)
  if value == lists.null then
    return nil
  end
  return value
end

local function wrong_type(value)
  return "got " .. (value == nil and "nothing" or "a " .. type(value))
end

--- Whether a value is a table, as it must be.
function Check:is_table(path, value, what)
  if type(value) ~= "table" then
    self:add(path, ("must be %s, %s"):format(what, wrong_type(value)))
    return false
  end
  return true
end

--- Names the keys that a table should not have, in the order of their names.
function Check:unknown(path, value, names, also)
  local known, wrong = tables.set(names), {}
  for key in next, value do
    if not known[key] and not (also and also[key]) then
      wrong[#wrong + 1] = key
    end
  end
  table.sort(wrong, function(a, b)
    return guarded.text(a) < guarded.text(b)
  end)
  for _, key in ipairs(wrong) do
    if type(key) == "string" then
      local shown = key:gsub("[^%w_.-]", "?"):sub(1, 40)
      self:add(joined(path, shown), "is not a field here: " .. words.hint(key, names))
    else
      self:add(
        path == "" and "spec" or path,
        ("must be a table of names, got the key %s"):format(guarded.text(key))
      )
    end
  end
end

--- One value against the rules of its field.
-- @return the value as it is sent, or nil
function Check:value(path, field, name, value)
  value = given(value)
  if value == nil then
    return nil
  end
  local out, err = validate.check(field, { [name] = value }, { password_rule = self.password_rule })
  if out then
    return out[name]
  end
  local message = err.message
  local where = err.field or name
  if message:sub(1, #where + 1) == where .. " " then
    message = message:sub(#where + 2)
  end
  self:add(joined(path, where), message)
  return nil
end

--- The plain fields of a table.
function Check:fields(path, set, value, out)
  for _, field in ipairs(set.fields) do
    if field.type then
      out[field.name] = self:value(path, set.by_name[field.name], field.name, value[field.name])
    end
  end
  return out
end

function Check:missing(path, out, name, why)
  if out[name] == nil then
    for _, problem in ipairs(self.problems) do
      if problem.path == joined(path, name) then
        return
      end
    end
    self:add(joined(path, name), "is missing: " .. why)
  end
end

function Check:password(path, value)
  value = given(value)
  if value == nil then
    return nil
  elseif type(value) == "function" then
    return { call = value }
  elseif type(value) == "string" then
    local text = self:value(path, PASSWORD, "password", value)
    return text and { literal = text }
  elseif type(value) ~= "table" then
    self:add(
      joined(path, "password"),
      'must be { env = "NAME" }, { file = "path" }, a function or a text, ' .. wrong_type(value)
    )
    return nil
  end
  path = joined(path, "password")
  self:unknown(path, value, SOURCE.names)
  local source = self:fields(path, SOURCE, value, {})
  if given(value.env) ~= nil and given(value.file) ~= nil then
    self:add(path, "must have env or file, not both")
  elseif given(value.env) == nil and given(value.file) == nil then
    self:add(path, 'must have env or file: { env = "NAME" } or { file = "path" }')
  elseif source.env and source.env:find "=" then
    self:add(path .. ".env", "must be the name of an environment variable: no =")
  end
  return source
end

function Check:quotas(path, value)
  value = given(value)
  path = joined(path, "quotas")
  if value == nil or not self:is_table(path, value, "a table of namespaces") then
    return nil
  end
  self:unknown(path, value, NAMESPACES)
  local quotas = {}
  for _, namespace in ipairs(NAMESPACES) do
    local quota = given(value[namespace])
    local here = joined(path, namespace)
    if quota ~= nil and self:is_table(here, quota, "a table with spaceTb and fileCountMillion") then
      self:unknown(here, quota, QUOTA.names)
      quotas[namespace] = self:fields(here, QUOTA, quota, {})
    end
  end
  return quotas
end

function Check:account(value)
  value = given(value)
  if value == false then
    return false
  elseif value == nil then
    self:add("account", 'is missing: write account = { name = "..." }, or account = false for none')
    return nil
  elseif not self:is_table("account", value, "a table, or false for no account") then
    return nil
  end
  self:unknown("account", value, ACCOUNT.names)
  local account = self:fields("account", ACCOUNT, value, {})
  self:missing("account", account, "name", "it says which account")
  account.password = self:password("account", value.password)
  account.quotas = self:quotas("account", value.quotas)
  return account
end

--- One component, and its name.
function Check:component(path, value, name)
  if not self:is_table(path, value, "a table") then
    return nil
  end
  self:unknown(path, value, COMPONENT.names)
  local component = self:fields(path, COMPONENT, value, {})
  if name and component.name and component.name ~= name then
    self:add(path .. ".name", "must be left out, or be the same name")
  elseif not name then
    self:missing(path, component, "name", "it says which component")
  end
  name, component.name = name or component.name, nil
  return name, component
end

--- The components by name, whichever way they are given.
function Check:components(path, value)
  value = given(value)
  path = joined(path, "components")
  if value == nil or not self:is_table(path, value, "a table of components by name") then
    return nil
  end
  local components = {}
  local length = next(value) ~= nil and lists.length(value)
  if length then
    for index = 1, length do
      local here = ("%s[%d]"):format(path, index)
      local name, component = self:component(here, value[index])
      if name and components[name] then
        self:add(here .. ".name", ("%s is there twice"):format(name))
      elseif name then
        components[name] = component
      end
    end
    return components
  end
  local names = {}
  for name in next, value do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b)
    return guarded.text(a) < guarded.text(b)
  end)
  local rule = COMPONENT.by_name.name
  for _, name in ipairs(names) do
    if type(name) ~= "string" then
      self:add(path, "must be a table of components by name, or a list without gaps")
    elseif given(value[name]) ~= nil then
      local before = #self.problems
      self:value(path, rule, "name", name)
      if #self.problems == before then
        local _, component = self:component(joined(path, name), value[name], name)
        components[name] = component
      end
    end
  end
  return components
end

function Check:app(path, value)
  if not self:is_table(path, value, "a table") then
    return nil
  end
  self:unknown(path, value, APP.names, LONG_NAMES)
  local app = self:fields(path, APP, value, {})
  for long, short in pairs(LONG_NAMES) do
    local named = given(value[long])
    if named ~= nil and given(value[short]) ~= nil and named ~= value[short] then
      self:add(joined(path, long), ("is the long name of %s: leave out one of them"):format(short))
    elseif named ~= nil and app[short] == nil then
      app[short] = self:value(path, APP.by_name[short], short, named)
    end
  end
  self:missing(path, app, "name", "it says which app")
  self:missing(path, app, "type", "such as KAFKA-2.4.0, from apps/getAppTypeIdList")
  if app.dependsOn and app.dependentIds then
    self:add(joined(path, "dependentIds"), "goes without dependsOn: leave out one of them")
  end
  app.components = self:components(path, value.components)
  app.state = app.state or "RUNNING"
  app.path = path
  return app
end

--- What is wrong between the apps: names that are there twice, and circles.
function Check:among(apps)
  local by_name = {}
  for _, app in ipairs(apps) do
    local other = app.name and by_name[app.name]
    if other then
      self:add(app.path .. ".name", ("%s is the name of %s, too"):format(app.name, other.path))
    elseif app.name then
      by_name[app.name] = app
    end
  end
  local done = {}
  -- Follows the chain as far as it goes: 1 while an app is on it, 2 when all behind it is known.
  local function follow(app)
    done[app] = 1
    for index, name in ipairs(app.dependsOn or {}) do
      local needed = by_name[name]
      if needed and done[needed] == 1 then
        self:add(
          ("%s.dependsOn[%d]"):format(app.path, index),
          ("makes a circle: %s needs %s"):format(name, app.name)
        )
      elseif needed and not done[needed] then
        follow(needed)
      end
    end
    done[app] = 2
  end
  for _, app in ipairs(apps) do
    if not done[app] then
      follow(app)
    end
  end
end

function Check:apps(value, account)
  value = given(value)
  if value == nil then
    return nil
  elseif type(value) ~= "table" or not lists.length(value) then
    self:add(
      "apps",
      "must be a list of apps, " .. (type(value) == "table" and "without gaps and names" or wrong_type(value))
    )
    return nil
  end
  if #value > MOST_APPS then
    self:add("apps", ("must be %d apps at most, got %d"):format(MOST_APPS, #value))
    return nil
  end
  local apps = {}
  for index = 1, #value do
    apps[#apps + 1] = self:app(("apps[%d]"):format(index), value[index])
  end
  if account == false and #value > 0 then
    self:add("apps", "must be empty where account is false: an app needs an account")
  end
  self:among(apps)
  return apps
end

local function failure(problems)
  local lines = {}
  for index, problem in ipairs(problems) do
    if index > NAMED then
      lines[index] = ("and %d more"):format(#problems - NAMED)
      break
    end
    lines[index] = problem.path .. " " .. problem.message
  end
  local text = table.concat(lines, "; ")
  if #problems > 1 then
    text = ("the spec has %d errors: %s"):format(#problems, text)
  end
  return errors.new {
    kind = errors.ARGUMENT,
    field = problems[1].path,
    message = text,
    problems = problems,
    sent = false,
  }
end

--- An error about fields of a spec.
-- @tparam {table,...} problems each `path` and `message`
-- @treturn table error of kind `argument`, with all of them in `problems`
spec.error = failure

--- Checks a spec.
-- @tparam table value what the caller wrote; it stays as it is
-- @tparam[opt="strict"] string password_rule of the client
-- @treturn[1] table spec: `account` (false, or `name`, `password`, `quotas`) and `apps` (nil where none were
--   given), in one form whatever the caller wrote
-- @treturn[2] nil
-- @treturn[2] table error of kind `argument`; `problems` lists every mistake: `path`, `message`
function spec.check(value, password_rule)
  local check = setmetatable({ problems = {}, password_rule = password_rule }, Check)
  if not check:is_table("spec", value, "a table with account and apps") then
    return nil, failure(check.problems)
  end
  check:unknown("", value, TOP.names)
  local checked = {}
  checked.account = check:account(value.account)
  checked.apps = check:apps(value.apps, checked.account)
  if #check.problems > 0 then
    return nil, failure(check.problems)
  end
  return checked
end

local SETS = { account = ACCOUNT, app = APP, component = COMPONENT, quota = QUOTA }

--- Checks one field by itself: `df:export` leaves out what no spec can say.
-- @tparam string group `"account"`, `"app"`, `"component"` or `"quota"`
-- @tparam string name
-- @param value
-- @treturn[1] any the value
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function spec.check_field(group, name, value)
  local set = SETS[group]
  local check = setmetatable({ problems = {} }, Check)
  local out = check:value("", set.by_name[name], name, value)
  if out == nil then
    return nil, check.problems[1] and check.problems[1].message or "the service does not return it"
  end
  return out
end

-- Passwords ------------------------------------------------------------------------------

--- Fetches the password that a spec speaks of, and checks it.
-- @tparam table source `env`, `file`, `call` or `literal`
-- @tparam[opt] string password_rule of the client
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] table error of kind `argument` with field `account.password`; it never shows the password
function spec.password(source, password_rule)
  local text, problem
  if source.literal then
    text = source.literal
  elseif source.env then
    text = os.getenv(source.env)
    problem = ("needs the environment variable %s, which is not set"):format(source.env)
  elseif source.file then
    text, problem = read_file(source.file, LONGEST_PASSWORD_FILE)
    text = text and text:gsub("\r?\n$", "")
    problem = problem and "cannot be read: " .. problem
  else
    local ok, value, message = guarded.relayed(source.call)
    text = ok and value or nil
    problem = ok
        and "has a function that gave none" .. (message ~= nil and ": " .. guarded.text(message) or "")
      or "has a function that raised: " .. guarded.text(value)
  end
  if type(text) ~= "string" or text == "" then
    return nil, failure { { path = "account.password", message = problem or "is empty" } }
  end
  local check = setmetatable({ problems = {}, password_rule = password_rule }, Check)
  check:value("account", PASSWORD, "password", text)
  if check.problems[1] then
    return nil, failure(check.problems)
  end
  return text
end

return spec
