--- The parameters of an operation, out of the words of a command line.
-- @module dataforest.cli.parameters

local api = require "dataforest.cli.api"
local arguments = require "dataforest.api.validate"
local json = require "dataforest.codec.json"
local names = require "dataforest.cli.names"
local tables = require "dataforest.util.tables"
local values = require "dataforest.cli.values"

local parameters = {}

-- What stands for values that come later, while the rest is checked: both pass every rule.
local PLACEHOLDER, PASSWORD_PLACEHOLDER = "placeholder", "Placeholder-1"

--- How the command line calls a parameter: `--space-tb`, or `ACCOUNT`.
local function spoken_name(context, param)
  for _, argument in ipairs(context.args.command.arguments or {}) do
    if argument.param == param then
      return argument.label
    end
  end
  return api.option_name(param)
end

--- An argument error's message with the command line's names in place of the API's.
local function in_words(context, operation, err)
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
      return part and ("%s: %s%s"):format(name, part, rest) or name .. rest
    end
  end
  return message
end

--- Ends the run with an argument error, told with the command line's names in place of the API's.
-- @tparam table context
-- @tparam table operation
-- @tparam table err
function parameters.fail(context, operation, err)
  context:usage(in_words(context, operation, err))
end

-- From files --------------------------------------------------------------------------------

--- One JSON object a line.
local function read_lines(content)
  local list = {}
  for line in content:gmatch "[^\r\n]*%S[^\r\n]*" do
    local object, message = json.decode(line)
    if not object then
      return nil, message
    end
    list[#list + 1] = object
  end
  return list
end

--- The objects in a file: one, a list of them, or one a line.
-- @treturn {table,...}
-- @treturn boolean whether they are a list
local function from_file(context)
  local path = context.args.from
  if not path then
    return { {} }, false
  end
  local content = context:read_file(path)
  local list, message
  local many = content:find "^%s*%[" ~= nil
  if many then
    list, message = json.decode(content)
  elseif content:find "}%s*\n%s*{" and not json.decode(content) then
    many, list, message = true, read_lines(content)
  else
    list, message = json.decode(content)
    list = list and { list }
  end
  for i = 1, list and math.max(#list, 1) or 1 do
    local object = list and list[i]
    if type(object) ~= "table" or object[1] ~= nil then
      context:usage(
        ("--from %s: %s"):format(path, message or "it must hold one JSON object, or a list of objects")
      )
    end
  end
  return list, many
end

-- From the words ----------------------------------------------------------------------------

--- The value of one parameter out of the words of the command line.
local function parameter_value(context, param)
  local given = context.args[api.target(param)]
  if type(given) ~= "table" then
    given = { given }
  end
  if given[1] == nil then
    return nil
  end
  local many = type(param.type) == "table" and param.type.array
  local list = {}
  for i, word in ipairs(given) do
    local value, fault = values.from_text(many or param.type, word)
    if value == nil then
      context:usage(("%s %s"):format(spoken_name(context, param), fault))
    end
    list[i] = value
  end
  return many and list or list[1]
end

--- The parameters that the command line gives: a table for each call that is to be made.
-- @tparam table context
-- @tparam table operation
-- @treturn {table,...}
-- @treturn boolean whether they came as a list
function parameters.given(context, operation)
  local list, many = from_file(context)
  for _, param in ipairs(operation.params) do
    local value = parameter_value(context, param)
    for _, params in ipairs(value ~= nil and list or {}) do
      params[param.name] = value
    end
  end
  return list, many
end

-- Checks ------------------------------------------------------------------------------------

--- What stands in for a name or an identifier while the rest is checked.
local function stand_in(context, param, given)
  for _, one in ipairs(type(given) == "table" and given or { given }) do
    if type(one) == "string" and not names.is_plausible(one) then
      context:usage(("%s must be a name or an identifier, got %q"):format(spoken_name(context, param), one))
    end
  end
  return type(given) == "table" and given or PLACEHOLDER
end

--- Checks all that is known before anybody is asked for anything.
-- @tparam table context
-- @tparam table operation
-- @tparam table params
-- @tparam[opt] number number of these parameters in a list
function parameters.check(context, operation, params, number)
  local trial = tables.copy(params)
  for _, param in ipairs(operation.params) do
    local given = trial[param.name]
    if param.secret and given == nil then
      trial[param.name] = PASSWORD_PLACEHOLDER
    elseif api.names(operation, param) and (given ~= nil or param.name == "accountId") then
      trial[param.name] = stand_in(context, param, given)
    end
  end
  local checked, err = arguments.check(operation, trial, { password_rule = context.args.password_rule })
  if not checked then
    local which = number and ("number %d in %s: "):format(number, context.args.from) or ""
    context:usage(which .. in_words(context, operation, err))
  end
end

--- Puts identifiers in the place of names.
-- @tparam table context
-- @tparam table operation
-- @tparam table params
-- @treturn ?table the account or the app that the operation is about: `noun`, `id`, perhaps `name`
function parameters.resolve(context, operation, params)
  local subject
  for _, param in ipairs(operation.params) do
    local noun, given = api.names(operation, param), params[param.name]
    if param.name == "accountId" then
      params.accountId = names.account(context, given).id
    elseif noun and param.name == "id" then
      subject = names.find(context, noun, given, context.args.account)
      params.id = subject.id
    elseif noun and given then
      for i, one in ipairs(given) do
        given[i] = names.app(context, one, params.accountId).id
      end
    end
  end
  return subject
end

return parameters
