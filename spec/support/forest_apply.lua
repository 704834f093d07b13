-- Applies a spec in a process of its own, for specs that kill it or run two of them:
-- forest_apply.lua BASE_URL CA_FILE ACCESS_KEY SECRET_KEY SPEC_FILE. Ends with status 0 where it is done;
-- else it prints why not.
local dataforest = require "dataforest"
local spec_file = require "dataforest.workflows.spec_file"

local df = dataforest.new {
  base_url = arg[1],
  ca_file = arg[2],
  access_key = arg[3],
  secret_key = arg[4],
}
local report, err = df:apply(assert(spec_file.load(arg[5], "lua")), {
  prune = true,
  replace = true,
  interval = 0.1,
  max_interval = 0.2,
  timeout = 60,
})
if not report then
  print(err)
  os.exit(1)
end
print(report)
