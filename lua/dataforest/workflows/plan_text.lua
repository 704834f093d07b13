--- A plan as text for people: one line a step, like a diff, and below it what changes. The same plan is
-- always the same text, so that two of them can be compared.
-- @module dataforest.workflows.plan_text

local one_line = require "dataforest.util.one_line"
local specs = require "dataforest.workflows.spec"

local plan_text = {}

local SIGNS = { create = "+", update = "~", start = "~", stop = "~", replace = "-/+", delete = "-" }
local ARROW = " \226\134\146 "

local function joined(values)
  local words = {}
  for index, value in ipairs(values) do
    words[index] = one_line(value)
  end
  return #words > 0 and table.concat(words, ", ") or "none"
end

local function add_changes(lines, prefix, before, after)
  for _, name in ipairs(specs.names(before, after)) do
    local old, new = before[name], after[name]
    local path = prefix .. one_line(name)
    if name == "dependsOn" or name == "dependentIds" then
      lines[#lines + 1] = path .. " " .. joined(new)
    elseif type(old) == "table" or type(new) == "table" then
      add_changes(lines, path .. ".", old or {}, new or {})
    elseif old == nil then
      lines[#lines + 1] = path .. " " .. one_line(new)
    elseif new == nil then
      lines[#lines + 1] = path .. " " .. one_line(old)
    else
      lines[#lines + 1] = path .. " " .. one_line(old) .. ARROW .. one_line(new)
    end
  end
  return lines
end

--- What a step does, in three words.
-- @tparam table step
-- @treturn string such as `create app dev1`
function plan_text.name(step)
  return ("%s %s %s"):format(step.action, step.kind, one_line(step.name))
end

local function headline(step)
  local line = ("%s %s"):format(SIGNS[step.action], plan_text.name(step))
  if step.destructive then
    line = line .. " (destructive)"
  end
  if step.reason then
    line = line .. ": " .. one_line(step.reason)
  end
  return line
end

--- A step in one line.
-- @tparam table step
-- @treturn string
function plan_text.step(step)
  local changes = add_changes({}, "", step.before or {}, step.after or {})
  local line = headline(step)
  if step.action ~= "delete" and step.action ~= "create" and #changes > 0 then
    line = line .. ": " .. table.concat(changes, ", ")
  end
  return line
end

local COUNTED = { "create", "update", "start", "stop", "replace", "delete" }

local function summary(steps)
  local counts, words = {}, {}
  for _, step in ipairs(steps) do
    counts[step.action] = (counts[step.action] or 0) + 1
  end
  for _, action in ipairs(COUNTED) do
    if counts[action] then
      words[#words + 1] = ("%d to %s"):format(counts[action], action)
    end
  end
  return table.concat(words, ", ")
end

--- The whole plan.
-- @tparam table plan
-- @treturn string several lines, without a line's end behind the last
function plan_text.plan(plan)
  local lines = {}
  for _, step in ipairs(plan.steps) do
    lines[#lines + 1] = headline(step)
    for _, change in ipairs(add_changes({}, "", step.before or {}, step.after or {})) do
      lines[#lines + 1] = "    " .. change
    end
  end
  if #plan.steps == 0 then
    lines[1] = "Nothing to do: what is there is what the spec says."
  else
    lines[#lines + 1] = summary(plan.steps)
  end
  local function add(format, things)
    for _, thing in ipairs(things) do
      lines[#lines + 1] = format:format(thing.kind, one_line(thing.name), one_line(thing.state))
    end
  end
  add("waiting: %s %s is %s", plan.pending)
  add("left alone: %s %s (%s) is not in the spec", plan.unmanaged)
  for _, warning in ipairs(plan.warnings) do
    lines[#lines + 1] = "warning: " .. one_line(warning)
  end
  return table.concat(lines, "\n")
end

--- What `on_step` is given, in one line.
-- @tparam table event
-- @treturn string
function plan_text.event(event)
  local step = event.step
  local line = plan_text.name(step)
  if event.index then
    line = ("[%d/%d] %s"):format(event.index, event.total, line)
  end
  line = line .. ": " .. event.event
  if event.state then
    line = line .. ", " .. one_line(event.state)
  end
  if event.error then
    line = line .. ": " .. one_line(event.error)
  end
  return ("%s (%.0f s)"):format(line, event.seconds)
end

--- What apply reports, in a few lines.
-- @tparam table report
-- @treturn string
function plan_text.report(report)
  local lines =
    { ("%d done, %d not done, %d in doubt"):format(#report.done, #report.undone, #report.in_doubt) }
  for _, name in ipairs { "in_doubt", "undone" } do
    for _, step in ipairs(report[name]) do
      lines[#lines + 1] = ("%s: %s"):format(name == "undone" and "not done" or "in doubt", headline(step))
    end
  end
  return table.concat(lines, "\n")
end

return plan_text
