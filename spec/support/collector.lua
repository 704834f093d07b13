--- Settings of Lua's collector, by one name for all versions: 5.5 has other words for them.

local collector = {}

local WORDS = { pause = "setpause", stepmul = "setstepmul" }

--- Sets a parameter of the incremental collector.
-- @tparam string name `pause` or `stepmul`, in percent
-- @tparam number value
-- @treturn number what it was
function collector.set(name, value)
  if _VERSION == "Lua 5.5" then
    return collectgarbage("param", name, value)
  end
  return collectgarbage(WORDS[name], value)
end

return collector
