--- Whether the running code may yield, and whether it may block: asked of Lua and of nginx at each call,
-- since one client serves all phases of a worker.
--
-- @module dataforest.transport.phase

local core = require "dataforest.core"

local is_yieldable = core.is_yieldable

local phase = {}

-- Phases in which nginx serves no requests yet, or no more: there a pause delays nobody.
local IDLE = { init = true, init_worker = true, exit_worker = true, exit_process = true }

-- By name of the phase, whether it has cosockets.
local cosockets = {}

--- The table `ngx` where it has sockets. (That of a worker thread has none.)
local function nginx()
  local ngx = rawget(_G, "ngx")
  if ngx and ngx.socket and ngx.socket.tcp and ngx.get_phase then
    return ngx
  end
end

--- The phase of nginx.
-- @treturn ?string its name, such as `"content"`; nil outside nginx
function phase.name()
  local ngx = nginx()
  return ngx and ngx.get_phase()
end

local function has_cosockets(ngx)
  local name = ngx.get_phase()
  local known = cosockets[name]
  if known == nil then
    -- nginx refuses to make a socket in phases where none works.
    known = pcall(ngx.socket.tcp)
    cosockets[name] = known
  end
  return known
end

--- Whether a call can go through cosockets here and now.
-- @treturn boolean
-- @treturn boolean whether the phase has cosockets: where it has and the first result is false, code
--   that Lua cannot yield across is running, such as a module's main chunk or a sort's comparison
function phase.may_yield()
  local ngx = nginx()
  if not ngx or not has_cosockets(ngx) then
    return false, false
  end
  return is_yieldable(), true
end

--- Whether a pause may block: outside nginx, and where nginx serves no requests.
-- @treturn boolean
function phase.may_pause()
  local name = phase.name()
  return name == nil or IDLE[name] or false
end

--- Waits where code may yield.
-- @tparam number seconds
function phase.sleep(seconds)
  nginx().sleep(math.max(0.001, seconds)) -- nginx without OpenResty's patches warns of a sleep of 0
end

--- Why no call can go through cosockets here and now, and what to do.
-- @treturn string
function phase.reason()
  local name = phase.name()
  if not name then
    return 'transport "cosocket" works inside nginx only: use "auto" or "curl"'
  elseif cosockets[name] then
    return "Lua cannot yield here: call from outside of require, table.sort, string.gsub and the like"
  end
  return ("nginx has no cosockets in its phase %s: call from ngx.timer.at(0, ...),"):format(name)
    .. ' or use transport "auto", which blocks there'
end

return phase
