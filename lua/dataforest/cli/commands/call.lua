--- `dataforest call`: any operation by its API name.
-- @module dataforest.cli.commands.call

local api = require "dataforest.cli.api"
local confirm = require "dataforest.cli.confirm"
local exit = require "dataforest.cli.exit"
local json = require "dataforest.codec.json"
local one_line = require "dataforest.util.one_line"
local operations = require "dataforest.operations"
local printer = require "dataforest.cli.output.printer"
local secrets = require "dataforest.secrets"
local session = require "dataforest.cli.session"

local call = {}

local function parameters(context, operation)
  local given = context.args.parameters or "{}"
  local from_input = given == "-"
  local params, message = json.decode(from_input and context:read_file "-" or given)
  if type(params) ~= "table" then
    -- The text itself may hold a password: it is not shown.
    context:usage("the parameters must be a JSON object" .. (message and ": " .. message or ""))
  end
  local name = not from_input and secrets.gather(operation, params).name
  if name then
    context:usage(
      ("a secret (%s) is not taken as an argument, where others can see it"):format(one_line(name)),
      "give the parameters on standard input: dataforest call GROUP/OPERATION - < params.json"
    )
  end
  return params
end

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function call.run(context)
  local args = context.args
  local operation = operations.by_name[args.operation]
  local params = parameters(context, operation)
  local client = session.client(context)
  if operation and operation.binary and context.system:is_terminal "stdout" then
    context:usage("binary data is not printed on a terminal", "send standard output to a file")
  end
  if operation and type(params.id) == "string" then
    confirm.ask(context, operation, { noun = api.noun(operation.group), id = params.id })
  end
  if args.dry_run then
    printer.dry_run(context, operation or { id = args.operation, params = {} }, params)
    return exit.OK
  end
  local value, err = client:call(args.operation, params)
  if value == nil then
    session.fail(context, err, operation, params)
  elseif type(value) == "string" then
    context:print(value)
  else
    printer.response(context, operation or { result = "any", group = "entries" }, value, params)
  end
  return exit.OK
end

return call
