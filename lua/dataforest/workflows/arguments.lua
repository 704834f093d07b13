--- What a caller gives to a method of several calls: parameters and options, apart and checked.
-- @module dataforest.workflows.arguments

local errors = require "dataforest.errors"
local options_of = require "dataforest.request.options"
local tables = require "dataforest.util.tables"

local arguments = {}

--- An error of kind `argument`, as a method returns it.
-- @tparam ?string operation that it is about
-- @tparam string message
-- @tparam[opt] string field
-- @return nil
-- @treturn table error
function arguments.error(operation, message, field)
  return nil, errors.new { kind = errors.ARGUMENT, message = message, field = field, operation = operation }
end

--- Checks the options of a method.
-- @tparam string operation that an error is about
-- @param options what the caller gave
-- @tparam[opt] table rules of `options.check`, by default those of a call
-- @treturn[1] table options, empty where none were given
-- @treturn[2] nil
-- @treturn[2] table error
function arguments.options(operation, options, rules)
  if options == nil then
    return {}
  elseif type(options) ~= "table" then
    return arguments.error(operation, "options must be a table, got a " .. type(options), "options")
  end
  local message, field = options_of.check(options, rules or options_of.CALL)
  if message then
    return arguments.error(operation, message, field)
  end
  return options
end

--- Moves options out of the parameters, where version 0.1 had them, and checks all options.
-- @tparam string operation that an error is about
-- @param params what the caller gave; only a table can hold options
-- @param options what the caller gave
-- @tparam table rules of `options.check`
-- @tparam {string,...} names of the options that may stand among the parameters
-- @treturn[1] table options, with those
-- @treturn[1] any params, without those
-- @treturn[2] nil
-- @treturn[2] table error; where an option is given twice, too
function arguments.apart(operation, params, options, rules, names)
  local moved, rest = {}, nil
  if type(params) == "table" and (options == nil or type(options) == "table") then
    for _, name in ipairs(names) do
      if params[name] ~= nil then
        if options and options[name] ~= nil then
          return arguments.error(
            operation,
            ("%s is given twice: as an option, and among the parameters; leave out the latter"):format(name),
            name
          )
        end
        rest = rest or tables.copy(params)
        rest[name], moved[name] = nil, params[name]
      end
    end
  end
  local checked, err = arguments.options(operation, rest and tables.copy(moved, options) or options, rules)
  if not checked then
    return nil, err
  end
  return checked, rest or params
end

--- Those of a method's options that each of its calls takes.
-- @tparam table options
-- @treturn table
function arguments.of_call(options)
  local rest = {}
  for name in pairs(options_of.CALL) do
    rest[name] = options[name]
  end
  return rest
end

--- The rules of a call's options, and more.
-- @tparam table more rules by name
-- @treturn table
function arguments.rules(more)
  return tables.copy(options_of.CALL, more)
end

return arguments
