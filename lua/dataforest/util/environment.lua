--- Environment variables.
-- @module dataforest.util.environment

local environment = {}

--- The first of some variables that is set and not empty.
-- @tparam {string,...} names
-- @treturn ?string its value
-- @treturn ?string its name
function environment.first(names)
  for _, name in ipairs(names) do
    local value = os.getenv(name)
    if value and value ~= "" then
      return value, name
    end
  end
end

return environment
