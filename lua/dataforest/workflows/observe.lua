--- What is there: the account, its apps, and as many of their details as are asked for.
-- @module dataforest.workflows.observe

local errors = require "dataforest.errors"
local lookup = require "dataforest.workflows.lookup"

local observe = {}

--- Runs a function for each item, several at a time where the transport can do that.
-- What a function raises goes on to the caller.
-- @tparam table client
-- @tparam table items a list
-- @tparam function fn called with an item; nil and a second result are its error
-- @tparam number concurrency how many at a time
-- @treturn[1] table values, indexed as the items are
-- @treturn[2] nil
-- @treturn[2] table the first error, by the order of the items
function observe.each(client, items, fn, concurrency)
  local values = {}
  -- A transport of the user's own is called one after another, and outside of `map` it may yield.
  if #items < 2 or concurrency < 2 or type(client.settings.transport) ~= "string" then
    for index, item in ipairs(items) do
      local value, err = fn(item)
      if value == nil then
        return nil, err
      end
      values[index] = value
    end
    return values
  end
  local failures
  values, failures = client:map(items, fn, { concurrency = concurrency })
  if failures then
    for index = 1, #items do
      local err = failures[index]
      if err ~= nil and not errors.is(err) then
        error(err, 0)
      end
    end
    for index = 1, #items do
      if failures[index] ~= nil then
        return nil, failures[index]
      end
    end
  end
  return values
end

--- A list that holds everything.
local function whole(deadline, operation, params)
  local list, err = deadline:run(operation, params)
  if not list then
    return nil, err
  end
  local contents = list.contents or {}
  if not lookup.is_whole(list) then
    return nil,
      errors.new {
        kind = errors.PROTOCOL,
        operation = operation,
        message = ("the service listed %d of %d entries: nothing is planned on a part of them"):format(
          #contents,
          list.total
        ),
      }
  end
  return contents
end

observe.list = whole

local function two_error(operation, noun, name)
  return errors.new {
    kind = errors.REFUSED,
    operation = operation,
    message = ("there are two %ss named %s, and a spec cannot tell them apart"):format(noun, tostring(name)),
  }
end

local function by_name(contents, operation, noun)
  local names = {}
  for _, entry in ipairs(contents) do
    if entry.name ~= nil then
      if names[entry.name] and not (entry.disabled or names[entry.name].disabled) then
        return nil, two_error(operation, noun, entry.name)
      elseif not names[entry.name] or names[entry.name].disabled then
        names[entry.name] = entry
      end
    end
  end
  return names
end

--- The quotas of an account's detail, by namespace.
-- @tparam table detail as of accounts/getDetail
-- @treturn table
function observe.quotas(detail)
  local quotas = {}
  for _, quota in ipairs(detail.quotas or {}) do
    if quota.namespace then
      quotas[quota.namespace] = { spaceTb = quota.spaceTb, fileCountMillion = quota.fileCountMillion }
    end
  end
  return quotas
end

--- The entry that a spec's account means: the one of that name, or the only one that is there.
local function chosen(entries, names, name)
  if name then
    local entry = names[name]
    if entry and entry.disabled then
      return nil, lookup.no_permission("accounts/getList", name)
    end
    return entry
  end
  local only
  for _, entry in ipairs(entries) do
    if not entry.disabled then
      if only then
        return nil,
          errors.new {
            kind = errors.REFUSED,
            operation = "accounts/getList",
            message = ("there are several accounts, %s and %s among them: name the one that is meant"):format(
              tostring(only.name),
              tostring(entry.name)
            ),
          }
      end
      only = entry
    end
  end
  return only
end

local function account_of(entry, deadline)
  local detail, err = deadline:run("accounts/getDetail", { id = entry.id })
  if detail then
    return {
      id = entry.id,
      name = entry.name,
      status = detail.status,
      quotas = observe.quotas(detail),
    }
  end
  local gone, reason = lookup.account_is_gone(deadline, err, entry.id)
  if gone then
    return nil
  end
  return nil, reason
end

--- Looks at what is there.
-- @tparam table deadline
-- @tparam[opt] string name of the account; the only one where it is left out
-- @tparam function wanted called with an app's entry: whether its detail is wanted
-- @tparam number concurrency how many details are asked for at a time
-- @treturn[1] table `account` (nil where there is none; `id`, `name`, `status`, `quotas`), `others` (names of
--   other accounts), `apps` (list of entries of apps/getList, with `detail` where it was wanted), `by_name`
-- @treturn[2] nil
-- @treturn[2] table error
function observe.forest(deadline, name, wanted, concurrency)
  local entries, err = whole(deadline, "accounts/getList")
  if not entries then
    return nil, err
  end
  local names
  names, err = by_name(entries, "accounts/getList", "account")
  if not names then
    return nil, err
  end
  local seen = { others = {}, apps = {}, by_name = {} }
  local entry
  entry, err = chosen(entries, names, name)
  if err then
    return nil, err
  end
  for _, other in ipairs(entries) do
    if other ~= entry and not other.disabled then
      seen.others[#seen.others + 1] = tostring(other.name)
    end
  end
  if entry then
    seen.account, err = account_of(entry, deadline)
    if err then
      return nil, err
    end
  end
  if not seen.account then
    return seen
  end
  seen.apps, err = whole(deadline, "apps/getList", { accountId = entry.id })
  if not seen.apps then
    return nil, err
  end
  local asked = {}
  for _, app in ipairs(seen.apps) do
    if not app.disabled and wanted(app) then
      asked[#asked + 1] = app
    end
  end
  local details
  details, err = observe.each(deadline.client, asked, function(app)
    local detail, failure = deadline:run("apps/getDetail", { id = app.id })
    if detail then
      return detail
    end
    local gone, reason = lookup.app_is_gone(deadline, failure, app.id, entry.id, true)
    if gone then
      return false
    end
    return nil, reason
  end, concurrency)
  if not details then
    return nil, err
  end
  for index, app in ipairs(asked) do
    app.detail = details[index]
  end
  local there = {}
  for _, app in ipairs(seen.apps) do
    there[#there + 1] = app.detail ~= false and app or nil
  end
  seen.apps = there
  seen.by_name, err = by_name(seen.apps, "apps/getList", "app")
  if not seen.by_name then
    return nil, err
  end
  return seen
end

return observe
