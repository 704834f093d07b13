--- The password of an operation: asked for twice without echo, or read from standard input.
-- @module dataforest.cli.terminal.password

local arguments = require "dataforest.api.validate"
local exit = require "dataforest.cli.exit"

local password = {}

local TRIES = 3

local function from_input(context)
  local content = context:read_file("-"):gsub("\r?\n$", "")
  if content:find "\n" then
    context:usage "--password-stdin: standard input holds more than one line"
  end
  return content
end

local function ask_once(context, question)
  local typed, reason = context.system:ask(question)
  if typed then
    return typed
  elseif reason == "no terminal" then
    context:usage("there is no terminal to ask for the password on", "give it through --password-stdin")
  end
  context:fail(exit.USAGE, "no password was given: nothing was sent")
end

--- Asks twice, and again where the two differ or the rules are not met.
local function ask(context, fault_of)
  for try = 1, TRIES do
    local typed = ask_once(context, "Password: ")
    local fault = fault_of(typed)
    if not fault then
      if ask_once(context, "Password again: ") == typed then
        return typed
      end
      fault = "the two passwords differ"
    end
    if try == TRIES then
      context:usage(fault)
    end
    context:note(fault, "yellow")
  end
end

--- What is wrong with a password by the rules of its parameter.
local function fault_of(context, param, typed)
  local options = { password_rule = context.args.password_rule }
  local checked, err = arguments.check({ params = { param } }, { [param.name] = typed }, options)
  if not checked then
    return (err.message:gsub('set password_rule = "current"', "give --password-rule current"))
  end
end

--- Adds the password that an operation takes, if it is not there.
-- @tparam table context
-- @tparam table operation
-- @tparam table params
function password.add(context, operation, params)
  for _, param in ipairs(operation.params) do
    if param.secret and params[param.name] == nil then
      if context.args.password_stdin and not context.system:is_terminal "stdin" then
        params[param.name] = from_input(context)
      else
        params[param.name] = ask(context, function(typed)
          return fault_of(context, param, typed)
        end)
      end
    end
  end
end

return password
