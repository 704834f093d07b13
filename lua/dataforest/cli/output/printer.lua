--- Prints a response in the form that was asked for.
-- @module dataforest.cli.output.printer

local csv = require "dataforest.cli.output.csv"
local operations = require "dataforest.operations"
local pretty = require "dataforest.cli.output.pretty"
local render = require "dataforest.cli.output.render"
local tables = require "dataforest.util.tables"
local yaml = require "dataforest.cli.output.yaml"

local printer = {}

--- The type of a list of entries, as the API's own lists have it.
-- @tparam table entry type of an entry
-- @treturn table
function printer.list_of(entry)
  return {
    object = "List",
    fields = {
      { name = "total", type = "integer", doc = "Number of entries." },
      { name = "contents", type = { array = entry }, doc = "The entries." },
    },
  }
end

--- The type of the entries of a group's list.
-- @tparam string group
-- @treturn table
function printer.entry_of(group)
  return tables.named(operations.by_name[group .. "/getList"].result.fields, "contents").type.array
end

--- The response as it came over the wire.
local function print_wire(context)
  local body = context.transport.last and context.transport.last.body or ""
  context:print_foreign(body:find "\n$" and body or body .. "\n")
end

local function print_table(context, operation, value, kind, params)
  local lines, notes = render.response(kind, value, {
    style = context:style "stdout",
    what = operation.group,
    -- The account is no news where one was asked about.
    hidden = { accountId = params ~= nil and params.accountId ~= nil },
    columns = context.args.columns,
  })
  if not lines then
    context:usage(notes)
  end
  context:print(lines)
  for _, note in ipairs(notes) do
    context:note(note, "dim")
  end
end

local function print_csv(context, value, kind)
  local content, message = csv.text(value, kind, context.args.columns)
  if not content then
    context:usage(message)
  end
  context:print_foreign(content)
end

--- Prints a response.
-- @tparam table context of `dataforest.cli.context`
-- @tparam table operation whose response it is: `group` and `result`, its type; without a known type, the
--   response is JSON for people, too
-- @param value the response
-- @tparam[opt] table params what was asked
function printer.response(context, operation, value, params)
  local kind, format = operation.result, context:format()
  local known = type(kind) == "table" and kind.fields ~= nil and type(value) == "table" and kind or nil
  if format == "xml" then
    print_wire(context)
  elseif format == "yaml" then
    context:print(yaml.text(value, known))
  elseif format == "csv" then
    print_csv(context, value, known)
  elseif format == "json" or not known then
    context:print(pretty.json(value, known))
  else
    print_table(context, operation, value, known, params)
  end
end

--- Prints what a call would send, for --dry-run: without its secrets.
-- @tparam table context
-- @tparam table operation
-- @tparam table params
function printer.dry_run(context, operation, params)
  local shown = tables.copy(params)
  for _, param in ipairs(operation.params) do
    if param.secret then
      shown[param.name] = "[not shown]"
    end
  end
  if context:format() == "table" then
    context:print(("nothing was sent; this would be %s with\n%s"):format(operation.id, pretty.json(shown)))
  else
    printer.response(context, {}, { dryRun = true, operation = operation.id, parameters = shown })
  end
end

return printer
