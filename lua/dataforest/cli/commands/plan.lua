--- `dataforest plan`, `apply` and `export`: a forest that is written down (`docs/forest-as-code.md`).
-- @module dataforest.cli.commands.plan

local exit = require "dataforest.cli.exit"
local session = require "dataforest.cli.session"
local specs = require "dataforest.cli.specs"

local plan = {}

--- Runs `dataforest plan`.
-- @tparam table context
-- @treturn number exit status
function plan.run(context)
  local client = session.client(context)
  local made, err = client:plan(specs.load(context), specs.options(context))
  if not made then
    specs.fail(context, err)
  end
  specs.print_plan(context, made)
  return context.args.exit_code and not made.empty and exit.DIFFERS or exit.OK
end

return plan
