--- The command line: `dataforest`.
--
-- `commands` is the whole of it as data; `parser`, `help`, `completion` and the man pages are made from
-- that. Errors are one line on standard error and a hint on a second one; what they mean to a program is
-- in `exit`.
--
-- @module dataforest.cli

local commands = require "dataforest.cli.commands"
local context_of = require "dataforest.cli.context"
local exit = require "dataforest.cli.exit"
local help = require "dataforest.cli.help"
local parser = require "dataforest.cli.parser"
local system_of = require "dataforest.cli.terminal.system"

local cli = {
  --- What `main` returns where Ctrl-C ended the run.
  INTERRUPTED = exit.INTERRUPTED,
}

--- What is done in place of a command: help, version, or telling what is wrong with the words.
local function instead(context, early)
  if early.what == "help" then
    context:print(help.shown(context, early.command, "stdout"))
    return exit.OK
  elseif early.what == "version" then
    context:print(("dataforest %s\n"):format(require "dataforest.version"))
    return exit.OK
  end
  if early.message == "a command is required" then
    context.system.stderr:write(help.shown(context, early.command, "stderr"), "\n")
  end
  context.args.command = early.command
  context:usage(early.message)
end

local function run(context, argv)
  if argv[1] == "__complete" then
    return require("dataforest.cli.complete").run(context, argv)
  end
  local root = commands.tree()
  context.root = root
  context:read_ahead(argv)
  local args, early = parser.parse(root, argv)
  if not args then
    return instead(context, early)
  end
  context.args = args
  context:check()
  local command = args.command
  if command.first then
    context:usage(("%s must be the first word"):format(command.name), command.path .. " [OPTIONS]")
  end
  return require("dataforest.cli.commands." .. command.run).run(context)
end

--- What a raised value means. What nobody foresaw is told in one line, too, with where it came from.
local function code_of(context, raised)
  if context_of.is_failure(raised) then
    if raised.message then
      context:report(raised)
    end
    return raised.code
  end
  local message = tostring(raised)
  if message:find "interrupted!$" then
    context:report_interruption()
    return exit.INTERRUPTED
  end
  context:report {
    code = exit.UNEXPECTED,
    message = "unexpected: " .. message,
    hint = "this is a fault of dataforest itself: please report it",
  }
  return exit.UNEXPECTED
end

--- Runs a command line.
-- @tparam {string,...} argv words after the command's own name
-- @tparam[opt] table system of `dataforest.cli.terminal.system`; the real machine by default
-- @treturn number exit status: see `dataforest.cli.exit`
function cli.main(argv, system)
  system = system or system_of.real()
  local context = context_of.new(system, {})
  local ok, result = pcall(run, context, argv)
  local code = ok and result or code_of(context, result)
  if context.client then
    context.client:close()
  end
  return code
end

return cli
