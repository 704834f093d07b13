--- A process's first error comes when nothing can be loaded any more: no file descriptor is left, or the
-- folder has changed. Here the module paths are emptied once a client is made and one call went well.

local files = require "spec.support.files"
local server = require "spec.support.server"

local PROGRAM = [[
local response
local dataforest = require "dataforest"
local df = dataforest.new {
  access_key = "AK", secret_key = "SK", retry = { base_delay = 0 },
  transport = function() return response end,
}
response = { status = 200, body = '{"contents":[]}' }
assert(df.accounts:get_list())
package.path, package.cpath = "", ""
package.preload, package.searchers, package.loaders = {}, nil, nil
local DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
local function fails(kind, how, name, params)
  response = how
  local ok, value, err = pcall(df.accounts[name or "get_list"], df.accounts, params)
  assert(ok, value)
  assert(value == nil and err.kind == kind, kind .. ": " .. tostring(err))
  assert(type(tostring(err)) == "string")
end
fails("server", { status = 503, headers = { ["retry-after"] = DATE }, body = "<html><title>x</title>" })
fails("auth", { status = 401, headers = { date = DATE }, body = '{"error":{"errorCode":"200"}}' })
fails("forbidden", { status = 403, body = '{"error":{"errorCode":"10002","details":[1,{"a":null}]}}' })
fails("not_found", { status = 404, body = "\255\254" })
fails("protocol", { status = 200, body = "{" })
fails("protocol", { status = 200, body = "" })
fails("refused", { status = 200, body = '{"success":false,"message":"no"}' })
fails("network", nil)
fails("argument", nil, "get_detail", { id = "?" })
fails("argument", nil, "create", { name = "DF", password = "short" })
fails("argument", nil, "wait", "axE7wU9ERm8fTc7e17vNvu")
fails("argument", nil, "ensure", { name = "df001" })
local ok, raised = pcall(function() return df.accounts:getList() end)
assert(not ok and raised:find "did you mean")
ok, raised = pcall(dataforest.new, { tiemout = 1 })
assert(not ok and raised:find "did you mean timeout")
df:close()
fails("closed", nil)
io.write "well"
]]

describe("the first error of a process", function()
  it("needs nothing that was not loaded with the client", function()
    files.with(PROGRAM, function(path)
      assert.are.equal("well", server.output_of(("%s %s 2>&1"):format(server.LUA, path)))
    end)
  end)
end)
