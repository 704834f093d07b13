--- Prints an answer in the form that was asked for: JSON, the wire's XML, or a table for people.
-- @module dataforest.cli.output.file

local pretty = require "dataforest.cli.output.pretty"
local render = require "dataforest.cli.output.render"
local text = require "dataforest.cli.output.text"

local output = {}

--- The answer as it came over the wire; on a terminal, with its control characters made visible.
local function print_wire(context)
  local body = context.transport.last and context.transport.last.body or ""
  if context.system:is_terminal "stdout" then
    body = text.safe(body, true)
  end
  if body:sub(-1) ~= "\n" then
    body = body .. "\n"
  end
  context:print(body)
end

--- Names of the columns that the question gives away: the account's, where one was asked about.
local function hidden_columns(params)
  return { accountId = params ~= nil and params.accountId ~= nil }
end

--- Prints an answer.
-- @tparam table context of `dataforest.cli.context`
-- @tparam table operation whose answer it is; without a known type the answer is JSON for people, too
-- @param value the answer
-- @tparam[opt] table params what was asked
function output.answer(context, operation, value, params)
  local args, kind = context.args, operation.result
  local known = type(kind) == "table" and kind.fields ~= nil and type(value) == "table"
  if args.xml and not args.json then
    print_wire(context)
  elseif args.json or not known then
    context:print(pretty.json(value, known and kind or nil))
  else
    local lines, notes = render.answer(kind, value, {
      style = context:style "stdout",
      what = operation.group,
      hidden = hidden_columns(params),
    })
    context:print(lines)
    for _, note in ipairs(notes) do
      context:note(note, "dim")
    end
  end
end

return output
