--- `dataforest export`: what is there, as a spec.
-- @module dataforest.cli.commands.export

local exit = require "dataforest.cli.exit"
local session = require "dataforest.cli.session"
local spec_text = require "dataforest.workflows.spec_text"
local specs = require "dataforest.cli.specs"

local export = {}

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function export.run(context)
  local args = context.args
  local client = session.client(context)
  local spec, err, omitted = client:export {
    account = args.account or context:variable "DATAFOREST_ACCOUNT",
    concurrency = args.concurrency,
    timeout = args.wait_timeout,
  }
  if not spec then
    specs.fail(context, err)
  end
  local kind = args.format or "lua"
  local content = spec_text.write(spec, kind, omitted)
  context:print_foreign(content)
  if kind == "json" then
    for _, one in ipairs(omitted) do
      context:note(("left out: %s: %s"):format(one.path, one.message), "dim")
    end
  end
  return exit.OK
end

return export
