--- Looking things up in the lists of the API, and telling whether something is gone.
-- @module dataforest.workflows.lookup

local arguments = require "dataforest.workflows.arguments"
local errors = require "dataforest.errors"
local guarded = require "dataforest.util.guarded"

local lookup = {}

-- Code of the 403 about an id that does not exist or is not allowed: the two
-- cannot be told apart.
local NOT_ALLOWED_OR_NOT_THERE = "10002"

--- Goes through the entries of a list.
-- @tparam ?table list response of a getList
-- @tparam ?table err its error
-- @treturn[1] function iterator
-- @treturn[2] nil
-- @treturn[2] table the error
function lookup.each(list, err)
  if not list then
    return nil, err
  end
  local contents, index = list.contents or {}, 0
  return function()
    index = index + 1
    return contents[index]
  end
end

--- The first entry of a list in which a field has a value.
-- @tparam table list response of a getList
-- @tparam string field
-- @param value
-- @treturn ?table the entry
function lookup.entry(list, field, value)
  for _, entry in ipairs(list.contents or {}) do
    if entry[field] == value then
      return entry
    end
  end
end

--- The error about an account that is there, and that these keys may not use.
-- @tparam string operation
-- @tparam string name
-- @treturn table
function lookup.no_permission(operation, name)
  return errors.new {
    kind = errors.FORBIDDEN,
    operation = operation,
    message = ("an account named %s exists, and these keys have no permission on it"):format(name),
  }
end

--- The name that is looked for.
local function wanted_name(params, operation, known)
  local name, message, field = params, nil, "name"
  if type(params) == "table" then
    name = params.name
    for key in pairs(params) do
      if not known[key] then
        field = guarded.text(key)
        message = field .. " is not a parameter of find"
      end
    end
  end
  if not message and (type(name) ~= "string" or name == "") then
    message = "name is missing: it says what to find"
  end
  if message then
    return arguments.error(operation, message, field)
  end
  return name
end

--- Tells whether a list holds all that it counts. No page speaks of lists that come in parts, and no page
-- rules them out.
-- @tparam table list response of a getList
-- @treturn boolean
function lookup.is_whole(list)
  return not (list.total and list.total > #(list.contents or {}))
end

--- The entry of that name, out of a list that must be whole for a no to be believed.
local function named(list, name, noun, operation)
  local entry = lookup.entry(list, "name", name)
  if entry then
    return entry
  end
  local length = #(list.contents or {})
  local kind, message = errors.NOT_FOUND, ("there is no %s named %s"):format(noun, name)
  if not lookup.is_whole(list) then
    kind = errors.PROTOCOL
    message = ("%s is not among the %d of %d entries that the service listed"):format(
      name,
      length,
      list.total
    )
  end
  return nil, errors.new { kind = kind, operation = operation, message = message }
end

--- Finds an entry by its name. See `accounts:find` and `apps:find`.
-- @tparam table group of the client: `get_list` gives its entries
-- @tparam string noun `"account"` or `"app"`
-- @tparam string|table params
-- @tparam ?table options of the call
-- @tparam[opt] string parent the parameter of `get_list`
-- @treturn[1] table the entry
-- @treturn[2] nil
-- @treturn[2] table error: `argument`; `not_found`; `protocol` where the list is not whole; that of the list
function lookup.find(group, noun, params, options, parent)
  local operation, known, wanted = noun .. "s/getList", { name = true }, {}
  if parent then
    known[parent] = true
    wanted[parent] = type(params) == "table" and params[parent] or nil
  end
  local name, err = wanted_name(params, operation, known)
  if not name then
    return nil, err
  end
  local list
  list, err = group:get_list(wanted, options)
  if not list then
    return nil, err
  end
  return named(list, name, noun, operation)
end

--- Tells what an error says about whether the thing asked for is there.
-- @tparam table err
-- @treturn ?string `"gone"`, `"unclear"` (it is gone, or not allowed), or nil
function lookup.absence(err)
  if err.kind == errors.NOT_FOUND then
    return "gone"
  elseif err.kind == errors.FORBIDDEN and err.code == NOT_ALLOWED_OR_NOT_THERE then
    return "unclear"
  end
end

--- Tells whether an account is gone, after an error about it. Where the error leaves that unclear,
-- the list of accounts decides: it holds those without permission, too.
-- @tparam table deadline
-- @tparam table err
-- @tparam string id
-- @treturn boolean
-- @treturn ?table where it is not gone: the error, or that of the list; where it is gone: the account that
--   has this for its name
function lookup.account_is_gone(deadline, err, id)
  local absence = lookup.absence(err)
  if absence ~= "unclear" then
    return absence == "gone", absence ~= "gone" and err or nil
  end
  local list, list_err = deadline:run "accounts/getList"
  if not list then
    return false, list_err
  end
  if lookup.entry(list, "id", id) then
    return false, err
  end
  return true, lookup.entry(list, "name", id)
end

--- Tells whether an app is gone, after an error about it. Where the error leaves that unclear, the
-- lists of apps decide.
-- @tparam table deadline
-- @tparam table err
-- @tparam string id
-- @tparam ?string account_id of the account that it belongs to, where that is known
-- @tparam ?boolean seen whether these keys have seen the app before; if not, it may be in an account
--   that they have no permission on
-- @treturn boolean
-- @treturn ?table where it is not gone: the error, or that of a list; where it is gone: an app that has this
--   for its name
function lookup.app_is_gone(deadline, err, id, account_id, seen)
  local absence = lookup.absence(err)
  if absence ~= "unclear" then
    return absence == "gone", absence ~= "gone" and err or nil
  end
  local accounts, list_err = deadline:run "accounts/getList"
  if not accounts then
    return false, list_err
  end
  local namesake
  for _, account in ipairs(accounts.contents or {}) do
    if account.disabled then
      if not seen then
        return false, err
      end
    elseif account_id == nil or account_id == account.id then
      local apps
      apps, list_err = deadline:run("apps/getList", { accountId = account.id })
      if not apps then
        return false, list_err
      elseif lookup.entry(apps, "id", id) then
        return false, err
      end
      namesake = namesake or lookup.entry(apps, "name", id)
    end
  end
  return true, namesake
end

return lookup
