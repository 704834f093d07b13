--- The parameters of an operation, out of the words of a command line.
-- @module dataforest.cli.parameters

local arguments = require "dataforest.api.validate"
local api = require "dataforest.cli.api"
local exit = require "dataforest.cli.exit"
local json = require "dataforest.codec.json"
local session = require "dataforest.cli.session"
local values = require "dataforest.cli.values"

local parameters = {}

-- What stands for values that come later, while the rest is checked: both pass every rule.
local PLACEHOLDERS = { password = "Placeholder-1", accountId = "placeholder" }

--- How the command line calls a parameter: `--space-tb`, or `ID`.
local function spoken_name(context, param)
  for _, argument in ipairs(context.args.command.arguments or {}) do
    if argument.param == param then
      return argument.label
    end
  end
  return api.option_name(param)
end

--- Ends the run with an argument error, told with the command line's names in place of the API's.
-- @tparam table context
-- @tparam table operation
-- @tparam table err
function parameters.fail(context, operation, err)
  local message = err.message:gsub('or set password_rule = "current"', "or give --password-rule current")
  for _, param in ipairs(operation.params) do
    local path = param.within and param.within .. "." .. param.name or param.name
    local field = err.field or ""
    local inside = field:sub(#path + 1)
    if field:sub(1, #path) == path and (inside == "" or inside:find "^[%[%.]") then
      local rest = message:sub(#field + 1)
      local part = inside:match "%.(.+)$"
      local number = inside:match "^%[(%d+)%]"
      local name = spoken_name(context, param) .. (number and " (number " .. number .. ")" or "")
      context:usage(part and ("%s: %s%s"):format(name, part, rest) or name .. rest)
    end
  end
  context:usage(message)
end

local function parameters_from_file(context)
  local path = context.args.from_json
  if not path then
    return {}
  end
  local params, message = json.decode(context:read_file(path))
  if type(params) ~= "table" or params[1] ~= nil then
    context:usage(("--from-json %s: %s"):format(path, message or "it must hold one JSON object"))
  end
  return params
end

--- The value of one parameter out of the words of the command line.
local function parameter_value(context, param)
  local given = context.args[api.target(param)]
  if type(given) == "table" and not given[1] then
    return nil
  elseif given == nil then
    return nil
  end
  local list = type(given) == "table" and {} or nil
  local kind = list and param.type.array or param.type
  for i, word in ipairs(list and given or { given }) do
    local value, fault = values.from_text(kind, word)
    if value == nil then
      context:usage(("%s %s"):format(spoken_name(context, param), fault))
    end
    if not list then
      return value
    end
    list[i] = value
  end
  return list
end

--- The parameters that the command line gives.
-- @tparam table context
-- @tparam table operation
-- @treturn table
function parameters.given(context, operation)
  local params = parameters_from_file(context)
  for _, param in ipairs(operation.params) do
    local value = parameter_value(context, param)
    if value ~= nil then
      params[param.name] = value
    end
  end
  return params
end

local function param_named(operation, name)
  for _, param in ipairs(operation.params) do
    if param.name == name then
      return param
    end
  end
end

--- Checks all that is known before anybody is asked for anything.
-- @tparam table context
-- @tparam table operation
-- @tparam table params
function parameters.check(context, operation, params)
  local trial = {}
  for name, value in pairs(params) do
    trial[name] = value
  end
  for name, placeholder in pairs(PLACEHOLDERS) do
    local known = param_named(operation, name)
    if known and (known.secret or trial[name] ~= nil) then
      trial[name] = placeholder
    end
  end
  local checked, err = arguments.check(operation, trial, { password_rule = context.args.password_rule })
  if not checked then
    parameters.fail(context, operation, err)
  end
end

local ID_LENGTH = 22

--- The id of the account that a name or an id means. Names have 16 characters at most, so that
-- what has the length of an id is one, and nothing is asked.
local function account_id(context, given)
  if #given == ID_LENGTH and given:find "^%w+$" then
    return given
  end
  local client = session.client(context)
  local list, err = client:call "accounts/getList"
  if not list then
    session.fail(context, err)
  end
  for _, key in ipairs { "name", "id" } do
    for _, account in ipairs(list.contents or {}) do
      if account[key] == given then
        return account.id
      end
    end
  end
  context:fail(
    exit.REFUSED,
    ("no account has the name or the id %s"):format(given),
    "dataforest accounts list shows what there is"
  )
end

--- Puts the id of the account in the place of its name.
-- @tparam table context
-- @tparam table operation
-- @tparam table params
function parameters.resolve_account(context, operation, params)
  local param = param_named(operation, "accountId")
  if param and type(params.accountId) == "string" and context.args[api.target(param)] then
    params.accountId = account_id(context, params.accountId)
  end
end

return parameters
