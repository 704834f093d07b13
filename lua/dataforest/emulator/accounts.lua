--- The accounts of the emulator: one a user, with quotas, a keytab and a status that moves.
-- @module dataforest.emulator.accounts

local answers = require "dataforest.emulator.error_responses"
local keytab = require "dataforest.emulator.keytab"
local limits = require "dataforest.emulator.validation"
local operations = require "dataforest.operations"
local time = require "dataforest.emulator.time"

local REALM = "KR.DF.NAVERNCP.COM"
local NAMESPACES = { "koya", "tata" }
local ONE_A_USER = "Data Forest can only create and use one account per user."

local function name_param()
  for _, param in ipairs(operations.by_name["accounts/checkAvailableName"].params) do
    if param.name == "name" then
      return param
    end
  end
end

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

-- Operations: each takes the checked parameters and the user, and returns a value, or nil and an answer --

local handlers = {}

handlers["accounts/checkAvailableName"] = function(self, params)
  local problem = limits.problem(name_param(), params.name)
  if problem then
    return { availableName = false, message = problem.body.message }
  elseif self:find("name", params.name) then
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
  elseif self:find("name", params.name) then
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
