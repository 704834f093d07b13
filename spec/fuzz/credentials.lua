--- The parser of the key file, ~/.ncloud/configure.

local credentials = require "dataforest.credentials"

local function check(values)
  for name, value in pairs(values) do
    assert(name:find "^[%w_.-]+$", "a name")
    assert(not value:find "[\r\n]" and not value:find "^%s" and not value:find "%s$", "a value")
  end
end

return function(bytes)
  local all = credentials.parse_file(bytes)
  local of_profile = credentials.parse_file(bytes, "default")
  check(all)
  check(of_profile)
  for name in pairs(of_profile) do
    assert(all[name], "a name that is nowhere else")
  end
  local alone = credentials.parse_file("[default]\n" .. bytes:gsub("[%[%]]", ""), "default")
  check(alone)
end
