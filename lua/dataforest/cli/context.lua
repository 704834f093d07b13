--- One run of the command: its machine, its options, what it prints, and its client.
-- @module dataforest.cli.context

local exit = require "dataforest.cli.exit"
local pretty = require "dataforest.cli.output.pretty"
local read_file = require "dataforest.util.read_file"
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

--- Ends the run with an error line, a hint line and an exit status.
-- @tparam number code of `dataforest.cli.exit`
-- @tparam ?string message one line; what others sent is made harmless when it is printed
-- @tparam ?string hint what to do about it
-- @tparam ?table err the library's error behind it, for programs
function Context.fail(_, code, message, hint, err)
  error(setmetatable({ code = code, message = message, hint = hint, err = err }, Failure), 0)
end

--- Ends the run as a wrong command line.
-- @tparam string message
-- @tparam ?string hint by default, how to get help
function Context:usage(message, hint)
  local path = self.args.command and self.args.command.path or "dataforest"
  self:fail(exit.USAGE, message, hint or ("%s --help shows what it takes"):format(path))
end

-- Options -----------------------------------------------------------------------------------

--- Looks whether errors are to be JSON, before it is known whether the words are right.
function Context:read_ahead(argv)
  for i, word in ipairs(argv) do
    if word == "--" then
      return
    elseif word == "--json" or word == "--format=json" or word == "json" and argv[i - 1] == "--format" then
      self.errors_as_json = true
    end
  end
end

--- Checks what no option can tell by itself.
function Context:check()
  local args = self.args
  if args.json and args.format and args.format ~= "json" then
    self:usage(("--json and --format %s exclude each other"):format(args.format))
  end
  args.format = args.json and "json" or args.format
  self.errors_as_json = args.format == "json"
  for name, option in pairs { output = "--output", profile = "--profile", from = "--from" } do
    if args[name] == "" then
      self:usage(option .. " must not be empty")
    end
  end
end

--- A variable of the environment; nil where it is empty.
-- @tparam string name
-- @treturn ?string
function Context:variable(name)
  local value = self.system.getenv(name)
  return value ~= "" and value or nil
end

--- The heading in the key file under which the keys are.
-- @treturn ?string
function Context:profile()
  return self.args.profile or self:variable "DATAFOREST_PROFILE"
end

--- The form in which responses are printed.
-- @treturn string `"table"`, `"json"`, `"yaml"`, `"csv"` or `"xml"`
function Context:format()
  return self.args.format or self.args.xml and "xml" or "table"
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

--- Prints text that came from elsewhere; on a terminal, with its control characters made visible.
function Context:print_foreign(content)
  self:print(self.system:is_terminal "stdout" and text.safe(content, true) or content)
end

--- Prints a line to standard error; on a terminal, broken between words. Programs that asked for JSON
-- get errors alone there.
-- @tparam string line
-- @tparam[opt] string colour
function Context:note(line, colour)
  if self.errors_as_json and not (self.args.verbose or self.args.debug) then
    return
  end
  if self.progress then
    self.progress:clear()
  end
  local style = self:style "stderr"
  for _, part in ipairs(text.wrap(text.safe(line), style.width or math.huge)) do
    self.system.stderr:write(style:paint(colour, part), "\n")
  end
  self.system.stderr:flush()
end

local ERROR_FIELDS = {
  "kind",
  "operation",
  "status",
  "code",
  "request_id",
  "details",
  "attempts",
  "retryable",
  "retry_after",
  "field",
  "sent",
  "in_doubt",
  "problems",
}

local function error_table(failure)
  local err = failure.err or {}
  local fields = {
    message = err.message or failure.message,
    hint = failure.hint,
    exit_status = failure.code,
    kind = failure.code == exit.USAGE and "usage" or nil,
    begun = failure.begun,
  }
  for _, name in ipairs(ERROR_FIELDS) do
    if err[name] ~= nil then
      fields[name] = err[name]
    end
  end
  return { error = fields }
end

--- Prints an error and its hint to standard error: a line each, or one JSON object.
-- @tparam table failure `code`, `message`, and perhaps `hint` and `err`
function Context:report(failure)
  local stderr = self.system.stderr
  if self.errors_as_json then
    stderr:write(pretty.json(error_table(failure)))
  else
    local style = self:style "stderr"
    stderr:write(style:paint("red", "dataforest:"), " ", text.safe(failure.message), "\n")
    if failure.hint then
      stderr:write(style:paint("cyan", "hint:"), " ", text.safe(failure.hint), "\n")
    end
  end
  stderr:flush()
end

--- Says what was begun when Ctrl-C came: `begun` has a `message` and the `hint` how to go on, or is a
-- function that gives them.
function Context:report_interruption()
  local begun = self.begun
  if type(begun) == "function" then
    begun = begun()
  end
  if begun then
    self:report { code = exit.INTERRUPTED, message = begun.message, hint = begun.hint, begun = begun.id }
  end
end

-- Input -----------------------------------------------------------------------------------

local MOST_INPUT = 16 * 1024 * 1024
local BYTE_ORDER_MARK = "^\239\187\191"

--- Reads a file, or standard input where the path is `-`. A byte order mark is skipped.
-- @tparam string path
-- @treturn string
function Context:read_file(path)
  local content, message
  if path == "-" then
    content, message = self.system.stdin:read(MOST_INPUT)
  else
    content, message = read_file(path, MOST_INPUT)
  end
  if message then
    self:usage(message)
  end
  return ((content or ""):gsub(BYTE_ORDER_MARK, ""))
end

--- Makes a context.
-- @tparam table system of `dataforest.cli.terminal.system`
-- @tparam table args parsed arguments
-- @treturn table
function context.new(system, args)
  return setmetatable({ system = system, args = args, styles = {} }, Context)
end

return context
