--- The accounts of the emulator: one a user, with quotas, a keytab and a status that moves.
-- @module dataforest.emulator.accounts

local answers = require "dataforest.emulator.error_responses"
local fields = require "dataforest.emulator.fields"
local guarded = require "dataforest.util.guarded"
local hmac = require "dataforest.emulator.hmac"
local keytab = require "dataforest.emulator.keytab"
local limits = require "dataforest.emulator.validation"
local operations = require "dataforest.operations"
local tables = require "dataforest.util.tables"
local time = require "dataforest.emulator.time"

local REALM = "KR.DF.NAVERNCP.COM"
local NAMESPACES = { "koya", "tata" }
local ONE_A_USER = "Data Forest can only create and use one account per user."

local function param_of(operation, name)
  return tables.named(operations.by_name[operation].params, name)
end

local NAME = param_of("accounts/checkAvailableName", "name")
local CREATE_NAME = param_of("accounts/create", "name")
local QUOTA = {
  fileCountMillion = param_of("accounts/setQuota", "fileCountMillion"),
  spaceTb = param_of("accounts/setQuota", "spaceTb"),
}

local Accounts = {}
Accounts.__index = Accounts

local accounts = {}

--- The accounts of one emulator.
-- @tparam Emulator emulator options, clock and made-up values come from there
function accounts.new(emulator)
  return setmetatable({ emulator = emulator, list = {} }, Accounts)
end

-- Looking ----------------------------------------------------------------------------------------------

local function forget_gone(list, now)
  for i = #list, 1, -1 do
    if list[i].gone_at and now >= list[i].gone_at then
      table.remove(list, i)
    end
  end
end

accounts.forget_gone = forget_gone

function Accounts:all()
  forget_gone(self.list, self.emulator:now())
  return self.list
end

function Accounts:find(field, value)
  for _, account in ipairs(self:all()) do
    if account[field] == value then
      return account
    end
  end
end

--- The account that has a name already, as far as a user can tell: users share one emulator without noticing
-- each
-- other. A strict one holds names to be unique, as the real service probably does.
function Accounts:named(name, user)
  for _, account in ipairs(self:all()) do
    if account.name == name and (account.user == user or self.emulator.options.strict) then
      return account
    end
  end
end

--- The user's account of that id, or the answer for an id that is unknown or somebody else's.
function Accounts:owned(id, user)
  local account = self:find("id", id)
  if account and account.user == user then
    return account
  end
  return nil, self.emulator:unknown(id)
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

--- Forgets the accounts of a user at once.
function Accounts:remove_of(user)
  for i = #self.list, 1, -1 do
    if self.list[i].user == user then
      table.remove(self.list, i)
    end
  end
end

local function is_name(value)
  local problem = limits.problem(CREATE_NAME, value)
  return not problem, problem and ("'%s': %s"):format(value, problem.body.message)
end

--- A rule for `fields.check`: an id.
accounts.ID = {
  "string",
  check = function(value)
    return #value <= 22 and value:find "^%w+$" ~= nil, "must have 1 to 22 letters and digits"
  end,
}

local MOMENT = {
  "number",
  check = function(value)
    return value >= 0 and value <= 253402300799, "must be seconds since the epoch, up to the year 9999"
  end,
}

accounts.MOMENT = MOMENT

-- The quotas as `{ koya = {...}, tata = {...} }`; given so, or as the list that getDetail shows.
local function quotas_by_namespace(given, what)
  local out = {}
  for key, quota in pairs(given) do
    local namespace = key
    if type(key) == "number" and type(quota) == "table" then
      namespace = quota.namespace
    end
    if namespace ~= "koya" and namespace ~= "tata" then
      return nil, ("%squotas: there is no namespace %s"):format(what, guarded.text(namespace))
    elseif type(quota) ~= "table" then
      return nil, ("%squotas.%s must be a table"):format(what, namespace)
    end
    out[namespace] = {}
    for name, value in pairs(quota) do
      local path = ("%squotas.%s.%s"):format(what, namespace, guarded.text(name))
      if name ~= "namespace" then
        if not QUOTA[name] then
          return nil, path .. " is no field of a quota"
        elseif type(value) ~= "number" or limits.problem(QUOTA[name], value) then
          return nil,
            ("%s must be a whole number from %d to %d"):format(path, QUOTA[name].minimum, QUOTA[name].maximum)
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
  id = accounts.ID,
  status = { "string", check = fields.one_of("RUNNING", "ACCEPTED") },
  created_at = MOMENT,
  quotas = { "table" },
}

--- Puts an account in that somebody wrote down.
-- @tparam table given the argument of `emulator:add_account`
-- @tparam string what names it in messages
-- @treturn table|nil the account
-- @treturn ?string what is wrong
function Accounts:add_checked(given, what, words)
  local checked, message = fields.check(ADD, given, what, words)
  if not checked then
    return nil, message
  end
  local path = words and words.path or ""
  local user
  user, message = self.emulator:user_of(checked)
  if not user then
    return nil, path .. message
  elseif checked.id and self:find("id", checked.id) then
    return nil, ("%sid: there is an account with the id %s already"):format(path, checked.id)
  elseif self:named(checked.name, user) then
    return nil, ("%sname: there is an account %s already"):format(path, checked.name)
  elseif checked.status and checked.created_at then
    return nil, path .. "status and created_at exclude each other"
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
    keytab = hmac.base64(account.keytab),
  }
  return out
end

local LOAD = {
  id = { "string", required = true, check = accounts.ID.check },
  name = ADD.name,
  status = { "string" },
  createdAt = { "string" },
  quotas = { "table", required = true },
  emulator = { "table", required = true },
}

local INNER = {
  user = { "string", required = true, check = fields.filled },
  created_at = { "number", required = true, check = MOMENT.check },
  ready_at = { "number", required = true },
  changed_at = { "number", required = true },
  gone_at = { "number" },
  keytab_version = { "number", required = true, check = fields.integer(1) },
  keytab = {
    "string",
    required = true,
    check = function(value)
      return hmac.from_base64(value) ~= nil, "must be in base64"
    end,
  },
}

--- Puts an account in that `dumped` gave, or that somebody wrote down.
-- @treturn table|nil the account
-- @treturn ?string what is wrong
function Accounts:load(given, what)
  local words = { path = what .. "." }
  if type(given) ~= "table" or given.emulator == nil then
    return self:add_checked(given, what, words)
  end
  local checked, message = fields.check(LOAD, given, what, words)
  local inner = checked
  if checked then
    inner, message = fields.check(INNER, checked.emulator, what, { path = what .. ".emulator." })
  end
  if not inner then
    return nil, message
  elseif self:find("id", checked.id) then
    return nil, ("%s.id: there is an account with the id %s already"):format(what, checked.id)
  elseif self:named(checked.name, inner.user) then
    return nil, ("%s.name: there is an account %s already"):format(what, checked.name)
  end
  local quotas
  quotas, message = quotas_by_namespace(checked.quotas, what .. ".")
  if not quotas then
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
  account.keytab_version, account.keytab = inner.keytab_version, hmac.from_base64(inner.keytab)
  return account
end

-- Operations: each takes the checked parameters and the user, and returns a value, or nil and an answer --

local handlers = {}

handlers["accounts/checkAvailableName"] = function(self, params, user)
  local problem = limits.problem(NAME, params.name)
  if problem then
    return { availableName = false, message = problem.body.message }
  elseif self:named(params.name, user) then
    return { availableName = false, message = ("The name '%s' is already in use."):format(params.name) }
  end
  return { availableName = true }
end

handlers["accounts/checkHasResource"] = function(self, params, user)
  local account, answer = self:owned(params.id, user)
  if not account then
    return nil, answer
  end
  return { hasResource = self.emulator.apps:count(account) > 0 }
end

handlers["accounts/create"] = function(self, params, user)
  if self:find("user", user) then
    if self.emulator.options.second_account == 400 then
      return nil, answers.quota()
    end
    return nil, answers.refused(ONE_A_USER)
  elseif self:named(params.name, user) then
    return nil, answers.invalid(("name, '%s'"):format(params.name), ". The name is already in use.")
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

-- An operation on one account that answers with its id, if `change` does not refuse.
local function on_account(change)
  return function(self, params, user)
    local account, answer = self:owned(params.id, user)
    if not account then
      return nil, answer
    end
    answer = change(self, account, params)
    if answer then
      return nil, answer
    end
    return { id = account.id }
  end
end

handlers["accounts/getDetail"] = function(self, params, user)
  local account, answer = self:owned(params.id, user)
  if not account then
    return nil, answer
  end
  return self:detail(account)
end

handlers["accounts/getKerberosKeytab"] = function(self, params, user)
  local account, answer = self:owned(params.id, user)
  if not account then
    return nil, answer
  end
  return account.keytab,
    nil,
    { ["content-disposition"] = ('attachment; filename="%s.keytab"'):format(account.name) }
end

handlers["accounts/resetKerberosKeytab"] = on_account(function(self, account)
  self:make_keytab(account)
end)

handlers["accounts/resetPassword"] = on_account(function(self, account)
  self:mark_changing(account)
end)

handlers["accounts/setQuota"] = on_account(function(self, account, params)
  account.quotas[params.namespace] = {
    fileCountMillion = params.fileCountMillion,
    spaceTb = params.spaceTb,
  }
  self:mark_changing(account)
end)

handlers["accounts/delete"] = on_account(function(self, account)
  if self.emulator.apps:count(account) > 0 then
    return answers.invalid(("id, '%s'"):format(account.id), ". The account has resources. Delete them first.")
  end
  account.gone_at = account.gone_at or self.emulator:now() + self.emulator.options.deletion_delay
end)

accounts.handlers = handlers

return accounts
