--- `dataforest apply`: makes the service as a spec says.
-- @module dataforest.cli.commands.apply

local confirm = require "dataforest.cli.confirm"
local exit = require "dataforest.cli.exit"
local hints = require "dataforest.cli.hints"
local printer = require "dataforest.cli.output.printer"
local session = require "dataforest.cli.session"
local shell = require "dataforest.util.shell"
local specs = require "dataforest.cli.specs"
local words_of = require "dataforest.util.words"

local apply = {}

local function again(context)
  local words = { "dataforest apply", shell.word(context.args.file) }
  for _, name in ipairs { "prune", "replace", "rotate" } do
    words[#words + 1] = context.args[name] and "--" .. name or nil
  end
  return table.concat(words, " ") .. " goes on from there"
end

local function step_words(step)
  return ("%s %s %s"):format(step.action, step.kind, step.name)
end

local function listed(words)
  return words[1] and words_of.listed(words, "and") or "nothing"
end

local OUTCOMES = { "done", "failed", "in doubt", "not begun" }

--- What became of the steps of a plan, in words. A step that was begun and has not ended is in doubt.
local function told(steps, became)
  local lists = {}
  for _, outcome in ipairs(OUTCOMES) do
    lists[outcome] = {}
  end
  for _, step in ipairs(steps) do
    local words = step_words(step)
    table.insert(lists[became[words] or "not begun"], words)
  end
  local parts = {}
  for _, outcome in ipairs(OUTCOMES) do
    if lists[outcome][1] or outcome == "done" then
      parts[#parts + 1] = ("%s: %s"):format(outcome, listed(lists[outcome]))
    end
  end
  return table.concat(parts, "; ")
end

local function outcome_of(event)
  if event.event == "failed" then
    return event.error and event.error.in_doubt and "in doubt" or "failed"
  end
  return event.event == "done" and "done" or "in doubt"
end

local COLOURS = { done = "green", failed = "red" }

--- Tells each step as a line with the time since the start; while it waits, each new state.
local function listener(context, became)
  local states = {}
  return function(event)
    local what = step_words(event.step) -- by its words: apply looks anew, and has steps of its own
    became[what] = outcome_of(event)
    if event.event == "waiting" and states[what] == event.state then
      return
    end
    states[what] = event.state
    local words = event.event .. (event.state and ", " .. tostring(event.state) or "")
    context:note(
      ("%.1f s  %d/%d %s: %s"):format(event.seconds, event.index or 0, event.total or 0, what, words),
      COLOURS[event.event]
    )
  end
end

local function question(plan)
  local destructive = 0
  for _, step in ipairs(plan.steps) do
    destructive = destructive + (step.destructive and 1 or 0)
  end
  return ("Carry out %s%s?"):format(
    words_of.counted(#plan.steps, "step"),
    destructive > 0 and (", %d of which delete something"):format(destructive) or ""
  )
end

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function apply.run(context)
  local client = session.client(context)
  local plan, err = client:plan(specs.load(context), specs.options(context))
  if not plan then
    specs.fail(context, err)
  end
  if context:format() == "table" then
    specs.print_plan(context, plan)
  end
  if plan.empty and context:format() == "table" then
    return exit.OK
  elseif not plan.empty then
    confirm.person(context, function()
      return question(plan)
    end)
  end
  local became = {}
  context.begun = function()
    return { message = "interrupted; " .. told(plan.steps, became), hint = again(context) }
  end
  local options = specs.options(context)
  options.on_step = listener(context, became)
  local report
  report, err = client:apply(plan, options)
  context.begun = nil
  if not report and not err.report then -- nothing was begun
    session.fail(context, err)
  elseif not report then
    local message = ("%s; %s"):format(session.spoken(tostring(err)), told(plan.steps, became))
    local hint = hints.of(context, err)
    context:fail(exit.of(err.kind), message, (hint and hint .. "; then " or "") .. again(context), err)
  end
  if context:format() == "table" then
    context:note(("done in %.1f s"):format(report.seconds or 0))
  else
    printer.response(context, { result = specs.REPORT }, report)
  end
  return exit.OK
end

return apply
