--- The accounts, as the pages of this application want them.

local cache = require "cache"
local dataforest = require "dataforest"

local accounts = {}

-- One client a worker. It opens nothing before its first call; keys and address come from the environment.
-- DATAFOREST_CONNECT_TO ("address:port") is for a service that nginx's resolver cannot find.
local df = dataforest.new {
  timeout = 10,
  connect_to = os.getenv "DATAFOREST_CONNECT_TO",
}

--- An account with its details. Where those cannot be had, it says why.
local function with_detail(account, detail, err)
  account.quotas = detail and detail.quotas or {}
  if err then
    account.problem = err.message
  end
  return account
end

--- All accounts with their quotas: one call for the list, then one for each account, all at once.
local function fetch_all()
  local list, err = df.accounts:get_list()
  if not list then
    return nil, err
  end
  local threads = {}
  for i, account in ipairs(list.contents) do
    if not account.disabled then
      threads[i] = ngx.thread.spawn(df.accounts.get_detail, df.accounts, account.id)
    end
  end
  for i, account in ipairs(list.contents) do
    if threads[i] then
      local _, detail, problem = ngx.thread.wait(threads[i])
      with_detail(account, detail, problem)
    else
      with_detail(account, nil, { message = "these keys may not look at this account" })
    end
  end
  return list.contents
end

--- All accounts, from the cache.
-- @return what `cache.get` returns
function accounts.all()
  return cache.get("all", fetch_all)
end

--- One account, from the cache.
-- @return what `cache.get` returns
function accounts.one(id)
  return cache.get("account " .. id, function()
    return df.accounts:get_detail(id)
  end)
end

return accounts
