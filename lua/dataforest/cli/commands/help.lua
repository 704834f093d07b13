--- `dataforest help`: the help of a command.
-- @module dataforest.cli.commands.help

local exit = require "dataforest.cli.exit"
local help = require "dataforest.cli.help"
local nearest = require "dataforest.util.nearest"
local parser = require "dataforest.cli.parser"

local command = {}

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function command.run(context)
  local words = context.args.words or {}
  local found = parser.scan(context.root, words)
  if found.unknown or found.words[1] then
    local names, wrong = {}, found.unknown or found.words[1]
    for _, child in ipairs(found.command.commands or {}) do
      names[#names + 1] = child.name
    end
    local near = nearest(wrong, names)
    context:usage(
      ("there is no command %s %s"):format(found.command.path, wrong),
      near and ("dataforest help %s"):format(near) or "dataforest help lists them"
    )
  end
  context:print(help.shown(context, found.command, "stdout"))
  return exit.OK
end

return command
