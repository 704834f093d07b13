--- Calls code that is not the library's own: what it raises comes back, as from `pcall`.
-- @module dataforest.util.guarded

local guarded = {}

-- Lua 5.1 cannot yield across a pcall.
local YIELDS_ACROSS_PCALL = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

--- Lets Ctrl-C through, which the `lua` program raises wherever the script happens to be.
local function unless_interrupted(ok, raised, ...)
  if not ok and type(raised) == "string" and raised:find "interrupted!$" then
    error(raised, 0)
  end
  return ok, raised, ...
end

local function to_string(value)
  return tostring(value)
end

--- The text of a value that is not the library's own, whatever its metatable does.
-- @param value
-- @treturn string
function guarded.text(value)
  local ok, text = pcall(to_string, value)
  return ok and type(text) == "string" and text or "a " .. type(value)
end

--- Calls what has no need to wait. In Lua 5.1 it cannot yield.
-- @tparam function callee
-- @param ... its arguments
-- @return as of `pcall`
function guarded.protected(callee, ...)
  return unless_interrupted(pcall(callee, ...))
end

--- Goes on with a coroutine until it has ended, and passes on what it yields.
local function relay(thread, ok, ...)
  if ok and coroutine.status(thread) == "suspended" then
    return relay(thread, coroutine.resume(thread, coroutine.yield(...)))
  end
  return unless_interrupted(ok, ...)
end

--- Calls what may yield: in Lua 5.1, where a coroutine calls, in a coroutine of its own. (So a call of this
-- library in it does not know that it is within a `df:map`, and blocks.)
-- @tparam function callee
-- @param ... its arguments
-- @return as of `pcall`
function guarded.relayed(callee, ...)
  if YIELDS_ACROSS_PCALL or not coroutine.running() then
    return unless_interrupted(pcall(callee, ...))
  end
  local thread = coroutine.create(function(...) -- which takes no C function
    return callee(...)
  end)
  return relay(thread, coroutine.resume(thread, ...))
end

--- Calls what may yield, and is to do so itself: in Lua 5.1, what a coroutine calls goes unguarded, lest an
-- event loop's transport, or one that calls libcurl's within `df:map`, could not wait.
-- @tparam function callee
-- @param ... its arguments
-- @return as of `pcall`
function guarded.direct(callee, ...)
  if YIELDS_ACROSS_PCALL or not coroutine.running() then
    return unless_interrupted(pcall(callee, ...))
  end
  return true, callee(...)
end

return guarded
