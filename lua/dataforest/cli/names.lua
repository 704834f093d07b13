--- Accounts and apps by their names: people have names, the service wants identifiers.
--
-- An exact identifier wins over a name. What has the form of an identifier is taken for one without a
-- look: names are shorter.
--
-- @module dataforest.cli.names

local exit = require "dataforest.cli.exit"
local nearest = require "dataforest.util.nearest"
local session = require "dataforest.cli.session"
local text = require "dataforest.cli.output.text"

local names = {}

local ID_LENGTH = 22
local MOST_CANDIDATES = 8
local NO_ACCOUNTS = "dataforest accounts create --name NAME makes one"

--- Whether a text has the form of an identifier.
local function is_id(given)
  return #given == ID_LENGTH and given:find "^%w+$" ~= nil
end

--- Whether a text could be a name or an identifier at all.
-- @tparam string given
-- @treturn boolean
function names.is_plausible(given)
  return #given <= ID_LENGTH and given:find "^[%w-]+$" ~= nil
end

local function call(context, operation, params)
  local value, err = session.client(context):call(operation, params)
  if not value then
    session.fail(context, err)
  end
  return value
end

--- The accounts, asked for once in a run.
local function accounts(context)
  context.accounts = context.accounts or call(context, "accounts/getList").contents or {}
  return context.accounts
end

--- The apps of an account, or of all accounts that the keys may look into.
local function apps(context, account_id)
  local found = {}
  for _, account in ipairs(account_id and { { id = account_id } } or accounts(context)) do
    if not account.disabled then
      for _, app in ipairs(call(context, "apps/getList", { accountId = account.id }).contents or {}) do
        found[#found + 1] = { id = app.id, name = app.name, owner = account.name }
      end
    end
  end
  return found
end

local function described(entry)
  local owner = entry.owner and " of " .. entry.owner or ""
  return ("%s (%s%s)"):format(entry.name or "-", entry.id, owner)
end

local function candidates(entries, noun)
  local shown = {}
  for i = 1, math.min(#entries, MOST_CANDIDATES) do
    shown[i] = described(entries[i])
  end
  local more = #entries > #shown and (" and %d more"):format(#entries - #shown) or ""
  return shown[1] and ("the %ss are %s%s"):format(noun, table.concat(shown, ", "), more)
    or ("there are no %ss"):format(noun)
end

local function near_name(entries, given)
  local known = {}
  for i, entry in ipairs(entries) do
    known[i] = entry.name
  end
  local near = nearest(given, known)
  return near and ("did you mean %s? "):format(near) or ""
end

--- The entry that is meant by a name or an identifier.
local function choose(context, entries, noun, given, optional)
  local named = {}
  for _, entry in ipairs(entries) do
    if entry.id == given then
      return entry
    elseif entry.name == given then
      named[#named + 1] = entry
    end
  end
  if named[2] then
    context:fail(
      exit.USAGE,
      ("%d %ss have the name %s"):format(#named, noun, given),
      "give the identifier: " .. candidates(named, noun)
    )
  elseif not named[1] and not optional then
    context:fail(
      exit.REFUSED,
      ("no %s has the name or the identifier %s"):format(noun, given),
      near_name(entries, given) .. candidates(entries, noun)
    )
  end
  return named[1]
end

--- The account that is meant.
-- @tparam table context
-- @tparam ?string given name or identifier; by default DATAFOREST_ACCOUNT, else the only one there is
-- @tparam[opt] boolean optional nil in place of an error where there is none of that name
-- @treturn table `id`, and `name` where it was looked up
function names.account(context, given, optional)
  given = given or context:variable "DATAFOREST_ACCOUNT"
  if given and is_id(given) then
    return { id = given }
  elseif given then
    return choose(context, accounts(context), "account", given, optional)
  end
  local list = accounts(context)
  if #list == 1 then
    return list[1]
  elseif #list == 0 then
    context:fail(exit.REFUSED, "there are no accounts", NO_ACCOUNTS)
  end
  context:usage("--account is missing, and there is more than one", candidates(list, "account"))
end

--- The app that is meant.
-- @tparam table context
-- @tparam string given name or identifier
-- @tparam ?string account its account, by name or identifier; by default DATAFOREST_ACCOUNT, else any
-- @tparam[opt] boolean optional nil in place of an error where there is none of that name
-- @treturn table `id`, and `name` where it was looked up
function names.app(context, given, account, optional)
  if is_id(given) then
    return { id = given }
  end
  account = account or context:variable "DATAFOREST_ACCOUNT"
  local owner = account and names.account(context, account)
  return choose(context, apps(context, owner and owner.id), "app", given, optional)
end

--- The account or the app that is meant.
-- @tparam table context
-- @tparam string noun `"account"` or `"app"`
-- @tparam string given name or identifier
-- @tparam ?string account of an app
-- @tparam[opt] boolean optional nil in place of an error where there is none of that name
-- @treturn table `id`, `noun`, and `name` where it was looked up
function names.find(context, noun, given, account, optional)
  local found
  if noun == "app" then
    found = names.app(context, given, account, optional)
  else
    found = names.account(context, given, optional)
  end
  return found and { noun = noun, id = found.id, name = found.name }
end

--- What a question calls an account or an app: its name and its identifier.
-- @tparam table context
-- @tparam table subject `noun`, `id`, perhaps `name`
-- @treturn string such as `account cloud1 (axE7wU9ERm8fTc7e17vNvu)`
function names.spoken(context, subject)
  local name = subject.name
  if not name then
    local detail = session.client(context):call(subject.noun .. "s/getDetail", { id = subject.id })
    name = detail and detail.name
  end
  local words = name and ("%s (%s)"):format(name, subject.id) or subject.id
  return subject.noun .. " " .. text.safe(words)
end

return names
