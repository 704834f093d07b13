--- The accounts of the emulator: one a user, with quotas, a keytab and a status that moves.
-- @module dataforest.emulator.accounts

local base64 = require "dataforest.emulator.base64"
local errors = require "dataforest.emulator.error_responses"
local fields = require "dataforest.emulator.fields"
local guarded = require "dataforest.util.guarded"
local keytab = require "dataforest.emulator.keytab"
local store = require "dataforest.emulator.store"
local time = require "dataforest.emulator.time"
local validation = require "dataforest.emulator.validation"

local REALM = "KR.DF.NAVERNCP.COM"
local NAMESPACES = { "koya", "tata" }
local ONE_A_USER = "Data Forest can only create and use one account per user."

local NAME = validation.param("accounts/checkAvailableName", "name")
local CREATE_NAME = validation.param("accounts/create", "name")
local QUOTA = {
  fileCountMillion = validation.param("accounts/setQuota", "fileCountMillion"),
  spaceTb = validation.param("accounts/setQuota", "spaceTb"),
}

local Accounts = store.class { noun = "account" }

function Accounts.owner(account)
  return account.user
end

local accounts = {}

--- The accounts of one emulator.
-- @tparam Emulator emulator options, clock and made-up values come from there
function accounts.new(emulator)
  return setmetatable({ emulator = emulator, list = {} }, Accounts)
end

-- Looking ----------------------------------------------------------------------------------------------

--- The account that has a name already, as far as a user can tell: users share one emulator without noticing
-- each other. A strict one holds names to be unique, as the real service probably does.
function Accounts:named(name, user)
  for _, account in ipairs(self:all()) do
    if account.name == name and (account.user == user or self.emulator.options.strict) then
      return account
    end
  end
end

function Accounts:status(account)
  local now = self.emulator:now()
  if now < account.ready_at then
    return "ACCEPTED"
  elseif now < account.changed_at or account.gone_at then
    return "CHANGING"
  end
  return "RUNNING"
end

local function quotas_of(account)
  local out = {}
  for i, namespace in ipairs(NAMESPACES) do
    local quota = account.quotas[namespace]
    out[i] = {
      namespace = namespace,
      fileCountMillion = quota.fileCountMillion,
      spaceTb = quota.spaceTb,
    }
  end
  return out
end

function Accounts:summary(account)
  return {
    id = account.id,
    name = account.name,
    principal = account.name .. "@" .. REALM,
    status = self:status(account),
    createdAt = time.iso(account.created_at, self.emulator.options.zone),
    disabled = false,
  }
end

function Accounts:detail(account)
  local detail = self:summary(account)
  detail.principal, detail.disabled = nil, nil
  detail.quotas = quotas_of(account)
  return detail
end

-- Changing ---------------------------------------------------------------------------------------------

--- Puts an account in, whoever asks for it.
-- @tparam table given `name`, `user`, and where wanted `id`, `created_at`, `ready_at`, `quotas`
function Accounts:add(given)
  local now = self.emulator:now()
  local created_at = given.created_at or now
  local account = {
    id = given.id or self.emulator:new_id(),
    name = given.name,
    user = given.user,
    created_at = created_at,
    ready_at = given.ready_at or created_at + self.emulator.options.creation_delay,
    changed_at = 0,
    keytab_version = 0,
    quotas = {},
  }
  for _, namespace in ipairs(NAMESPACES) do
    local quota = given.quotas and given.quotas[namespace] or {}
    account.quotas[namespace] = {
      fileCountMillion = quota.fileCountMillion or 1,
      spaceTb = quota.spaceTb or 200,
    }
  end
  self:make_keytab(account)
  self.list[#self.list + 1] = account
  return account
end

function Accounts:make_keytab(account)
  account.keytab_version = account.keytab_version + 1
  account.keytab = keytab.make(
    account.name .. "@" .. REALM,
    account.keytab_version,
    self.emulator:now(),
    self.emulator.random
  )
end

function Accounts:mark_changing(account)
  account.changed_at = self.emulator:now() + self.emulator.options.change_delay
end

-- Arranging --------------------------------------------------------------------------------------------

local function is_name(value)
  local problem = validation.problem(CREATE_NAME, value)
  return not problem, problem and ("'%s': %s"):format(value, problem.body.message)
end

-- What is wrong with the name of a new account.
function Accounts:name_problem(name, user, path)
  return self:named(name, user) and ("%sname: there is an account %s already"):format(path, name) or nil
end

-- The quotas as `{ koya = {...}, tata = {...} }`; given so, or as the list that getDetail shows.
local function quotas_by_namespace(given, path)
  local out = {}
  for key, quota in pairs(given) do
    local namespace = key
    if type(key) == "number" and type(quota) == "table" then
      namespace = quota.namespace
    end
    if namespace ~= "koya" and namespace ~= "tata" then
      return nil, ("%squotas: there is no namespace %s"):format(path, guarded.text(namespace))
    elseif type(quota) ~= "table" then
      return nil, ("%squotas.%s must be a table"):format(path, namespace)
    end
    out[namespace] = {}
    for name, value in pairs(quota) do
      local field = ("%squotas.%s.%s"):format(path, namespace, guarded.text(name))
      if name ~= "namespace" then
        if not QUOTA[name] then
          return nil, field .. " is no field of a quota"
        elseif type(value) ~= "number" or validation.problem(QUOTA[name], value) then
          return nil,
            ("%s must be a whole number from %d to %d"):format(
              field,
              QUOTA[name].minimum,
              QUOTA[name].maximum
            )
        end
        out[namespace][name] = value
      end
    end
  end
  return out
end

local ADD = {
  name = { "string", required = true, check = is_name },
  user = { "string" },
  access_key = { "string" },
  id = { "string", check = fields.id },
  status = { "string", check = fields.one_of("RUNNING", "ACCEPTED") },
  created_at = { "number", check = fields.moment },
  quotas = { "table" },
}

--- Puts an account in that somebody wrote down.
-- @tparam table given the argument of `emulator:add_account`
-- @tparam string what names it in messages
-- @tparam string path text before the names of fields in messages
-- @treturn table|nil the account
-- @treturn ?string what is wrong
function Accounts:add_checked(given, what, path)
  local checked, message = fields.check(ADD, given, what, { path = path })
  if not checked then
    return nil, message
  end
  local user
  user, message = self.emulator:user_of(checked)
  if not user then
    return nil, path .. message
  end
  message = self:id_problem(checked.id, path)
    or self:name_problem(checked.name, user, path)
    or checked.status and checked.created_at and path .. "status and created_at exclude each other"
  if message then
    return nil, message
  end
  local quotas
  quotas, message = quotas_by_namespace(checked.quotas or {}, path)
  if not quotas then
    return nil, message
  end
  local now = self.emulator:now()
  local created_at = checked.created_at
    or (checked.status == "ACCEPTED" and now)
    or now - self.emulator.options.creation_delay
  return self:add {
    name = checked.name,
    user = user,
    id = checked.id,
    created_at = created_at,
    quotas = quotas,
  }
end

--- What getDetail shows, and in `emulator` what it does not.
function Accounts:dumped(account)
  local out = self:detail(account)
  out.emulator = {
    user = account.user,
    created_at = account.created_at,
    ready_at = account.ready_at,
    changed_at = account.changed_at,
    gone_at = account.gone_at,
    keytab_version = account.keytab_version,
    keytab = base64.encode(account.keytab),
  }
  return out
end

Accounts.LOAD = {
  id = { "string", required = true, check = fields.id },
  name = ADD.name,
  status = { "string" },
  createdAt = { "string" },
  quotas = { "table", required = true },
  emulator = { "table", required = true },
}

Accounts.INNER = {
  user = { "string", required = true, check = fields.filled },
  created_at = { "number", required = true, check = fields.moment },
  ready_at = { "number", required = true },
  changed_at = { "number", required = true },
  gone_at = { "number" },
  keytab_version = { "number", required = true, check = fields.integer(1) },
  keytab = {
    "string",
    required = true,
    check = function(value)
      return base64.decode(value) ~= nil, "must be in base64"
    end,
  },
}

--- Puts an account in that `dumped` gave.
function Accounts:restore(checked, inner, path)
  local quotas, message = quotas_by_namespace(checked.quotas, path)
  message = self:name_problem(checked.name, inner.user, path) or message
  if message then
    return nil, message
  end
  local account = self:add {
    name = checked.name,
    user = inner.user,
    id = checked.id,
    created_at = inner.created_at,
    ready_at = inner.ready_at,
    quotas = quotas,
  }
  account.changed_at, account.gone_at = inner.changed_at, inner.gone_at
  account.keytab_version, account.keytab = inner.keytab_version, base64.decode(inner.keytab)
  return account
end

-- Operations -------------------------------------------------------------------------------------------

local handlers = {}

handlers["accounts/checkAvailableName"] = function(self, params, user)
  local problem = validation.problem(NAME, params.name)
  if problem then
    return { availableName = false, message = problem.body.message }
  elseif self:named(params.name, user) then
    return { availableName = false, message = ("The name '%s' is already in use."):format(params.name) }
  end
  return { availableName = true }
end

handlers["accounts/checkHasResource"] = store.on(function(self, account)
  return { hasResource = self.emulator.apps:count(account) > 0 }
end)

handlers["accounts/create"] = function(self, params, user)
  if self:find("user", user) then
    if self.emulator.options.second_account == 400 then
      return nil, errors.quota()
    end
    return nil, errors.refused(ONE_A_USER)
  elseif self:named(params.name, user) then
    return nil, errors.invalid(("name, '%s'"):format(params.name), ". The name is already in use.")
  end
  return { id = self:add({ name = params.name, user = user }).id }
end

handlers["accounts/getList"] = function(self, _, user)
  local contents = {}
  for _, account in ipairs(self:all()) do
    if account.user == user then
      contents[#contents + 1] = self:summary(account)
    end
  end
  return { total = #contents, contents = contents }
end

handlers["accounts/getDetail"] = store.on(Accounts.detail)

handlers["accounts/getKerberosKeytab"] = store.on(function(_, account)
  return account.keytab,
    nil,
    { ["content-disposition"] = ('attachment; filename="%s.keytab"'):format(account.name) }
end)

handlers["accounts/resetKerberosKeytab"] = store.change(function(self, account)
  self:make_keytab(account)
end)

handlers["accounts/resetPassword"] = store.change(function(self, account)
  self:mark_changing(account)
end)

handlers["accounts/setQuota"] = store.change(function(self, account, params)
  account.quotas[params.namespace] = {
    fileCountMillion = params.fileCountMillion,
    spaceTb = params.spaceTb,
  }
  self:mark_changing(account)
end)

handlers["accounts/delete"] = store.change(function(self, account)
  if self.emulator.apps:count(account) > 0 then
    return errors.invalid(("id, '%s'"):format(account.id), ". The account has resources. Delete them first.")
  end
  account.gone_at = account.gone_at or self.emulator:now() + self.emulator.options.deletion_delay
end)

accounts.handlers = handlers

return accounts
