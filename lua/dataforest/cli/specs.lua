--- What `plan`, `apply` and `export` share: specs in files, plans for people and programs.
-- @module dataforest.cli.specs

local exit = require "dataforest.cli.exit"
local printer = require "dataforest.cli.output.printer"
local session = require "dataforest.cli.session"
local spec_file = require "dataforest.workflows.spec_file"
local text = require "dataforest.cli.output.text"
local words_of = require "dataforest.util.words"

local specs = {}

--- Reads the spec that the command line names.
-- @tparam table context
-- @treturn table spec, not checked yet
function specs.load(context)
  local path, kind = context.args.file, context.args.input
  local spec, err
  if path == "-" and kind then
    spec, err = spec_file.parse(context:read_file "-", kind, "standard input")
  else
    spec, err = spec_file.load(path, kind)
  end
  if not spec then
    local is_told = kind or spec_file.kind_of(path)
    context:fail(
      exit.USAGE,
      err.message,
      not is_told and "--input lua, json or yaml says what it is" or nil,
      err
    )
  end
  return spec
end

--- The options of `df:plan` that the command line gave.
-- @tparam table context
-- @treturn table
function specs.options(context)
  local args = context.args
  return {
    prune = args.prune,
    replace = args.replace,
    rotate = args.rotate,
    concurrency = args.concurrency,
    timeout = args.wait_timeout,
  }
end

--- Ends the run with an error of a plan. A spec's mistakes come all at once, a line each.
-- @tparam table context
-- @tparam table err
function specs.fail(context, err)
  local problems = err.kind == "argument" and err.problems
  if not problems then
    session.fail(context, err)
  end
  if not context.errors_as_json then
    for _, problem in ipairs(problems) do
      context:note(("%s: %s"):format(problem.path, problem.message))
    end
  end
  context:fail(
    exit.USAGE,
    ("%s has %s"):format(context.args.file, words_of.counted(#problems, "mistake")),
    "correct what is listed above; nothing was changed",
    err
  )
end

local COLOURS = { ["+"] = "green", ["~"] = "yellow", ["-"] = "red", ["-/+"] = "red" }

--- Prints a plan.
-- @tparam table context
-- @tparam table made of `df:plan`
function specs.print_plan(context, made)
  if context:format() ~= "table" then
    local steps = {}
    for i, step in ipairs(made.steps) do
      steps[i] = step
    end
    printer.response(context, { result = specs.PLAN }, {
      account = made.account,
      empty = made.empty,
      steps = steps,
      pending = made.pending,
      unmanaged = made.unmanaged,
      warnings = made.warnings,
    })
    return
  end
  local style = context:style "stdout"
  for line in (tostring(made):gsub("\n*$", "") .. "\n"):gmatch "(.-)\n" do
    context:print(style:paint(COLOURS[line:match "^%s*(%S+)"], text.safe(line)) .. "\n")
  end
end

-- What of a plan and a report is a list, for those that are empty.
local LIST = { array = "any" }
local function lists(...)
  local fields = {}
  for i, name in ipairs { ... } do
    fields[i] = { name = name, type = LIST }
  end
  return { fields = fields }
end

--- The types of a plan and of a report, as far as JSON needs them.
specs.PLAN = lists("steps", "pending", "unmanaged", "warnings")
specs.REPORT = lists("done", "undone", "in_doubt", "unmanaged", "warnings")

return specs
