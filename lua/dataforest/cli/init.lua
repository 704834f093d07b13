--- The command line: `dataforest`.
--
-- `commands` is the whole of it as data; `parser`, `help`, `completion` and the man page are made from
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

local function show_help(context, command, stream)
  local style, system = context:style(stream), context.system
  return help.of(command, {
    -- Through a pager, too, it is read on the terminal.
    width = style.width or system:is_terminal "stderr" and system:columns() or nil,
    bold = function(title)
      return style:paint("bold", title)
    end,
  })
end

--- What is done in place of a command: help, version, or telling what is wrong with the words.
local function instead(context, early)
  if early.what == "help" then
    context:print(show_help(context, early.command, "stdout"))
    return exit.OK
  elseif early.what == "version" then
    context:print(("dataforest %s\n"):format(require "dataforest.version"))
    return exit.OK
  end
  if early.message == "a command is required" then
    context.system.stderr:write(show_help(context, early.command, "stderr"), "\n")
  end
  context:report(early.message, ("%s --help shows what it takes"):format(early.command.path))
  return exit.USAGE
end

local function run(context, root, argv)
  if not pcall(require, "argparse") then
    context:fail(
      exit.UNEXPECTED,
      "the Lua module argparse is not installed",
      "apt-get install lua-argparse, or luarocks install argparse"
    )
  end
  local args, early = parser.parse(root, argv)
  if not args then
    return instead(context, early)
  end
  context.args = args
  return args.command.run(context, args)
end

--- What a raised value means. What nobody foresaw is told in one line, too, with where it came from.
local function code_of(context, raised)
  if context_of.is_failure(raised) then
    if raised.message then
      context:report(raised.message, raised.hint)
    end
    return raised.code
  end
  local message = tostring(raised)
  if message:find "interrupted!$" then
    -- Closes the pipe of a question that was open: its shell has the terminal to restore.
    collectgarbage()
    return exit.INTERRUPTED
  end
  context:report("unexpected: " .. message, "this is a fault of dataforest itself: please report it")
  return exit.UNEXPECTED
end

--- Runs a command line.
-- @tparam {string,...} argv words after the command's own name
-- @tparam[opt] table system of `dataforest.cli.terminal.system`; the real machine by default
-- @treturn number exit code: see `dataforest.cli.exit`
function cli.main(argv, system)
  system = system or system_of.real()
  local context = context_of.new(system, {})
  local ok, result = pcall(run, context, commands.tree(), argv)
  local code = ok and result or code_of(context, result)
  if context.client then
    context.client:close()
  end
  return code
end

return cli
