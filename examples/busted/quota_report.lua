--- Somebody's application: one line an account, with its quotas; and its quotas doubled on demand.

local quota_report = {}

--- One line an account.
-- @param df a client
-- @return a list of lines; or nil and the reason, for a person
function quota_report.lines(df)
  local list, err = df.accounts:get_list()
  if not list then
    if err.kind == "auth" then
      return nil, "The keys were refused. Are they this month's?"
    end
    return nil, tostring(err)
  end
  local lines = {}
  for index, account in ipairs(list.contents) do
    local detail
    detail, err = df.accounts:get_detail(account.id)
    if not detail then
      return nil, tostring(err)
    elseif detail.status ~= "RUNNING" then
      lines[index] = ("%s: not ready (%s)"):format(detail.name, detail.status)
    else
      local parts = {}
      for place, quota in ipairs(detail.quotas) do
        parts[place] = ("%s %d TB"):format(quota.namespace, quota.spaceTb)
      end
      lines[index] = ("%s: %s"):format(detail.name, table.concat(parts, ", "))
    end
  end
  return lines
end

--- Doubles the space of one namespace, up to what the service gives.
-- @return the new space in TB; or nil and an error
function quota_report.double(df, id, namespace)
  local detail, err = df.accounts:get_detail(id)
  if not detail then
    return nil, err
  end
  for _, quota in ipairs(detail.quotas) do
    if quota.namespace == namespace then
      local space = math.min(500, quota.spaceTb * 2)
      local changed
      changed, err = df.accounts:set_quota {
        id = id,
        namespace = namespace,
        fileCountMillion = quota.fileCountMillion,
        spaceTb = space,
      }
      return changed and space, err
    end
  end
end

return quota_report
