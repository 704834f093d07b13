-- Makes the forest of forest.lua, next to this file:
--
--     lua5.4 examples/forest/apply.lua           in an emulator in process
--     DATAFOREST_BASE_URL=... lua5.4 ...         at that address, with keys from the environment

local dataforest = require "dataforest"
local spec_file = require "dataforest.workflows.spec_file"

local folder = arg[0]:match "^(.*/)" or "./"
local spec = assert(spec_file.load(folder .. "forest.lua"))

local df
if (os.getenv "DATAFOREST_BASE_URL" or "") ~= "" then
  df = dataforest.new()
else
  df = require("dataforest.testing").client()
  spec.account.password = function()
    return "Forest-7-emulated"
  end
end

local plan = assert(df:plan(spec))
print(plan)

local report = assert(df:apply(plan, {
  on_step = function(event)
    if event.event ~= "waiting" then
      print(event)
    end
  end,
}))
print(report)
print(assert(df:plan(spec)))
