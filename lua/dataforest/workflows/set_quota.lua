--- The quota of one namespace, with what is left out kept as it is.
-- @module dataforest.workflows.set_quota

local arguments = require "dataforest.workflows.arguments"
local deadline_of = require "dataforest.workflows.deadline"
local operations = require "dataforest.operations"
local tables = require "dataforest.util.tables"

local OPERATION = operations.by_name["accounts/setQuota"]
local OPTIONS = arguments.rules { merge = { "boolean" } }

--- Fills in what was left out, from getDetail.
local function fill(deadline, request)
  local account, err = deadline:run("accounts/getDetail", { id = request.id })
  if not account then
    return nil, err
  end
  for _, quota in ipairs(account.quotas or {}) do
    if quota.namespace == request.namespace then
      request.fileCountMillion = request.fileCountMillion or quota.fileCountMillion
      request.spaceTb = request.spaceTb or quota.spaceTb
    end
  end
  return true
end

--- See `accounts:set_quota`.
return function(client, params, options)
  local checked
  checked, params = arguments.apart(OPERATION.id, params, options, OPTIONS, { "merge" })
  if not checked then
    return nil, params
  elseif not checked.merge or type(params) ~= "table" then
    return client:run(OPERATION, params, arguments.of_call(checked))
  end
  local deadline = deadline_of.new(client, checked)
  local request = tables.copy(params)
  if not (request.fileCountMillion and request.spaceTb) then
    local ok, err = fill(deadline, request)
    if not ok then
      return nil, err
    end
  end
  return deadline:run(OPERATION.id, request)
end
