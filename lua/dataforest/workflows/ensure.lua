--- Making sure that an account is there, whatever happens on the way.
-- @module dataforest.workflows.ensure

local arguments = require "dataforest.workflows.arguments"
local deadline_of = require "dataforest.workflows.deadline"
local errors = require "dataforest.errors"
local lookup = require "dataforest.workflows.lookup"
local operations = require "dataforest.operations"
local options_of = require "dataforest.request.options"
local retry = require "dataforest.request.retry"
local validate = require "dataforest.api.validate"

local CREATE = operations.by_name["accounts/create"]

-- A create may take this part of the time left, so that there is time to look afterwards.
local SHARE_OF_CREATE = 0.5

--- The account of that name.
-- @return entry or nil, error or nil, the list
local function look(deadline, name)
  local list, err = deadline:run "accounts/getList"
  if not list then
    return nil, err
  end
  local entry = lookup.entry(list, "name", name)
  if entry and entry.disabled then
    return nil, lookup.no_permission(CREATE.id, name)
  end
  return entry, nil, list
end

--- Completes a refusal with the accounts that may be the reason for it. (429 is about calls.)
local function explained(err, list)
  if err.kind ~= errors.REFUSED and err.kind ~= errors.QUOTA or err.status == 429 then
    return err
  end
  local names = {}
  for _, account in ipairs(list.contents or {}) do
    if not account.disabled then
      names[#names + 1] = tostring(account.name)
    end
  end
  if #names > 0 then
    err.kind = errors.REFUSED
    err.message = ("%s; there is another account: %s"):format(err.message, table.concat(names, ", "))
  end
  return err
end

--- The account that was just created, as the list has it; where it cannot be asked, what is known.
local function created_entry(deadline, created, name)
  local list = deadline:run "accounts/getList"
  return list and lookup.entry(list, "name", name) or { id = created.id, name = name }
end

--- Pauses before another try, if there is time for it.
-- @treturn boolean false where code cannot wait here
local function pause_for(client, deadline, policy, round)
  local pause = retry.pause(policy, round)
  return pause >= deadline:left() or client:sleep(pause) == true
end

--- See `accounts:ensure`.
-- @tparam table client
-- @tparam table params `name` and `password`
-- @tparam ?table options of the call
return function(client, params, options)
  local wrong
  options, wrong = arguments.options(CREATE.id, options)
  if options then
    params, wrong = validate.check(CREATE, params, client.settings)
  end
  if wrong then
    return nil, wrong
  end
  local deadline = deadline_of.new(client, options, 2 * client.settings.timeout)
  local policy = options_of.retry_policy(options.retry, client.settings.retry)
  local failure
  local in_doubt = false -- whether a create of this call may have been carried out
  local function failed(err)
    err.in_doubt = err.in_doubt or in_doubt
    return nil, err
  end
  for round = 1, policy.attempts + 1 do
    local entry, err, list = look(deadline, params.name)
    if entry then
      return entry, nil, in_doubt
    elseif err then
      -- Unless something was sent there is nothing to clear up, and the look was retried already.
      if not (failure and retry.is_passing(err)) then
        return failed(err)
      end
    elseif failure and not retry.is_passing(failure) then
      return failed(explained(failure, list))
    elseif round <= policy.attempts then
      local created
      created, failure = deadline:run(CREATE.id, params, SHARE_OF_CREATE)
      if created and created.id then
        return created_entry(deadline, created, params.name), nil, true
      end
      failure = failure
        or errors.new {
          kind = errors.PROTOCOL,
          operation = CREATE.id,
          message = "the response names no account",
          sent = true,
          in_doubt = true,
        }
      if retry.is_final(failure) then
        return failed(failure)
      end
      in_doubt = in_doubt or failure.in_doubt
    end
    if failure and retry.is_passing(failure) and not pause_for(client, deadline, policy, round) then
      break
    end
  end
  return failed(failure)
end
