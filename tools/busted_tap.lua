-- An output handler for busted: TAP, a line as each test ends, for tools/tap.sh.
--
-- busted reports a failed setup once and leaves out the tests behind it without a word. Here each of those
-- tests is a failure of its own.

return function()
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()
  local cases = 0

  local function say(verdict, name, note)
    cases = cases + 1
    io.write(verdict, " ", cases, " - ", (name:gsub("[#\n]", " ")), "\n")
    if note then
      io.write("#   ", (note:gsub("\n", "\n#   ")), "\n")
    end
    io.flush()
  end

  local function text_of(problem)
    local message = problem.message
    if type(message) ~= "string" then
      message = message == nil and "an error without a message" or require("pl.pretty").write(message)
    end
    local traceback = problem.trace and problem.trace.traceback
    return message .. (traceback and "\n" .. traceback:gsub("^\n", "") or "")
  end

  -- The tests of a describe or a file whose setup failed. A describe in it was not entered and counts once.
  local function fail_unrun(context, reason)
    for _, child in ipairs(busted.children(context)) do
      if child.descriptor == "it" or child.descriptor == "describe" then
        say("not ok", handler.getFullName(child), reason)
      end
    end
  end

  busted.subscribe({ "test", "end" }, function(_, _, status)
    local list = { success = handler.successes, pending = handler.pendings, failure = handler.failures }
    local case = (list[status] or handler.errors)
    case = case[#case]
    if status == "success" then
      say("ok", case.name)
    elseif status == "pending" then
      cases = cases + 1
      local reason = type(case.message) == "string" and ": " .. case.message:gsub("^[^\n]-:%d+: ", "") or ""
      io.write(("ok %d # SKIP %s%s\n"):format(cases, case.name, reason))
    else
      say("not ok", case.name, text_of(case))
    end
    return nil, true
  end)

  busted.subscribe({ "error" }, function(element, parent)
    if element.descriptor ~= "it" then
      local name = parent and handler.getFullName(parent) or element.name
      local what = ("%s: %s"):format(name or "a file", element.descriptor)
      say("not ok", what, text_of(handler.errors[#handler.errors]))
      if element.descriptor == "strict_setup" or element.descriptor == "lazy_setup" then
        fail_unrun(parent, "was not run: the setup failed")
      end
    end
    return nil, true
  end)

  busted.subscribe({ "suite", "end" }, function()
    io.write("1..", cases, "\n")
    return nil, true
  end)

  return handler
end
