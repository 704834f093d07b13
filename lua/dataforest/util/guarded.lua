--- Calls code that is not the library's own: what it raises comes back, as from `pcall`.
-- @module dataforest.util.guarded

-- Lua 5.1 cannot yield across a pcall. There, what a coroutine calls goes unguarded, lest an
-- event loop's transport, or one that calls libcurl's within `df:map`, could not wait.
local YIELDS_ACROSS_PCALL = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

--- Lets Ctrl-C through, which the `lua` program raises wherever the script happens to be.
local function unless_interrupted(ok, raised, ...)
  if not ok and type(raised) == "string" and raised:find "interrupted!$" then
    error(raised, 0)
  end
  return ok, raised, ...
end

return function(callee, ...)
  if YIELDS_ACROSS_PCALL or not coroutine.running() then
    return unless_interrupted(pcall(callee, ...))
  end
  return true, callee(...)
end
