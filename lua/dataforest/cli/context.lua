--- One run of the command: its machine, its options, what it prints, and its client.
-- @module dataforest.cli.context

local exit = require "dataforest.cli.exit"
local style_of = require "dataforest.cli.terminal.style"
local text = require "dataforest.cli.output.text"

local context = {}

local Context = {}
Context.__index = Context

-- Raised to end a run from anywhere: `code`, and for people `message` and `hint`.
local Failure = {}

--- Whether a raised value is the end of a run; `code`, `message` and `hint` tell more.
function context.is_failure(value)
  return getmetatable(value) == Failure
end

--- Ends the run with an error line, a hint line and an exit code.
-- @tparam number code of `dataforest.cli.exit`
-- @tparam ?string message one line; what others sent is made harmless when it is printed
-- @tparam ?string hint what to do about it
function Context.fail(_, code, message, hint)
  error(setmetatable({ code = code, message = message, hint = hint }, Failure), 0)
end

--- Ends the run as a wrong command line.
function Context:usage(message, hint)
  local path = self.args.command and self.args.command.path or "dataforest"
  self:fail(exit.USAGE, message, hint or ("%s --help shows what it takes"):format(path))
end

-- Printing --------------------------------------------------------------------------------

--- The style of a stream, found out when first asked for.
function Context:style(stream)
  if not self.styles[stream] then
    self.styles[stream] = style_of.of(self.system, stream)
  end
  return self.styles[stream]
end

--- Prints to standard output. A reader that has gone away ends the run without a word.
function Context:print(content)
  local stdout = self.system.stdout
  local ok, message = stdout:write(content)
  if ok then
    ok, message = stdout:flush()
  end
  if not ok then
    message = tostring(message)
    if message:find "Broken pipe" then
      self:fail(exit.UNEXPECTED)
    end
    self:fail(exit.UNEXPECTED, "standard output: " .. message)
  end
end

--- Prints a line to standard error; on a terminal, broken between words.
-- @tparam string line
-- @tparam[opt] string colour
function Context:note(line, colour)
  if self.progress then
    self.progress:clear()
  end
  local style = self:style "stderr"
  for _, part in ipairs(text.wrap(text.safe(line), style.width or math.huge)) do
    self.system.stderr:write(style:paint(colour, part), "\n")
  end
  self.system.stderr:flush()
end

--- Prints an error and its hint, each a line of its own, to standard error.
function Context:report(message, hint)
  local style = self:style "stderr"
  local stderr = self.system.stderr
  stderr:write(style:paint("red", "dataforest:"), " ", text.safe(message), "\n")
  if hint then
    stderr:write(style:paint("cyan", "hint:"), " ", text.safe(hint), "\n")
  end
  stderr:flush()
end

-- Input -----------------------------------------------------------------------------------

local MOST_INPUT = 16 * 1024 * 1024

--- Reads a file, or standard input where the path is `-`.
-- @tparam string path
-- @treturn string
function Context:read_file(path)
  local handle, reason = self.system.stdin, nil
  if path ~= "-" then
    handle, reason = io.open(path, "rb")
  end
  if not handle then
    self:usage(reason)
  end
  local content, message = handle:read(MOST_INPUT)
  if path ~= "-" then
    handle:close()
  end
  if message then
    self:usage(("%s: %s"):format(path, message))
  end
  return content or ""
end

--- Makes a context.
-- @tparam table system of `dataforest.cli.terminal.system`
-- @tparam table args parsed arguments
-- @treturn table
function context.new(system, args)
  return setmetatable({ system = system, args = args, styles = {} }, Context)
end

return context
