-- A host program has called setlocale: with a decimal comma, and in Turkish, where capitals and small letters
-- are others. The modules are loaded under the locale, since some take names apart while they are loaded.

local files = require "spec.support.files"
local process = require "spec.support.server"

--- What each locale is made of for localedef, where the machine has neither it nor its sources.
local LOCALES = { ["de_DE.UTF-8"] = { "de_DE", "UTF-8" }, ["tr_TR"] = { "tr_TR", "ISO-8859-9" } }

local SCRIPT = [[
assert(os.setlocale(%q))
local dataforest = require "dataforest"
local errors = require "dataforest.errors"
local body, url
local df = dataforest.new {
  access_key = "A", secret_key = "S", retry = false, base_url = "https://DF.APIGW.INTRUSS.COM",
  transport = function(request)
    url = request.url
    return { status = 200, headers = {}, body = body }
  end,
}
local function same(want, got) if want ~= got then error(tostring(want) .. " / " .. tostring(got), 2) end end
same(645, math.floor((dataforest.time "2023-04-20T06:52:38.645Z" %% 1) * 1000 + 0.5))
body = '{"x":0.25,"y":-1.5e-3,"z":"0.5"}'
local value = assert(df:call("foo/getBar", {}))
same(0.25, value.x)
same(-0.0015, value.y)
same("https://df.apigw.intruss.com/", url:match "^https://[^/]*/")
local core = require "dataforest.core"
same(0.5, core.decode('"0.5"', "number"))
same("0.25", core.coerce(0.25, "string"))
local json = require "dataforest.codec.json"
same('{"x":0.25,"y":1e+300}', json.encode { x = 0.25, y = 1e300 })
same("function", type(df.apps.get_app_type_id_list))
same("invalid", errors.INVALID)
same("limit", errors.LIMIT)
for _, name in ipairs { "Expect\253", "\221f-Match", "TRANSFER-ENCODING", "Content-Length" } do
  local _, err = df:call("foo/getBar", {}, { headers = { [name] = "x" } })
  same("argument", err and err.kind)
end
local _, err = df.accounts:check_available_name "DF\221I"
same(true, tostring(err):find "UTF%%-8" ~= nil)
_, err = df.accounts:check_available_name "INDIA"
same('name must be of a-z, 0-9 and -, got "INDIA": write it in lower case', err.message)
body = '<?xml version="1.0" encoding="utf-8"?><r><id>I</id></r>'
same("I", assert(df.accounts:get_detail "axE7wU9ERm8fTc7e17vNvu").id)
print "well"
]]

describe("under a locale #full", function()
  local folder

  setup(function()
    folder = files.new_folder()
    for name, source in pairs(LOCALES) do
      os.execute(
        ("localedef -i %s -f %s '%s/%s' >'%s/log' 2>&1"):format(source[1], source[2], folder, name, folder)
      )
    end
  end)

  teardown(function()
    files.remove(folder)
  end)

  for name in pairs(LOCALES) do
    it("such as " .. name .. ", all that is read and written is as ever", function()
      local interpreter = arg and arg[-1]
      local listed = interpreter and process.output_of(("cd '%s' && ls */LC_CTYPE 2>&1"):format(folder)) or ""
      if not listed:find(name, 1, true) then
        pending "there is no localedef, or it has not the sources of this locale"
        return
      end
      local path = folder .. "/script.lua"
      files.write(path, SCRIPT:format(name))
      local said = process.output_of(("LOCPATH='%s' '%s' '%s' 2>&1"):format(folder, interpreter, path))
      assert.are.equal("well\n", said)
    end)
  end
end)
