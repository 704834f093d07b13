--- A helper for busted: `--helper=spec/support/gc_stress.lua`. While a function of the C modules runs, Lua's
-- collector goes through all memory wherever Lua looks whether that is due, which is at nearly each
-- allocation: what C forgot to anchor is gone before it is used. In between it works as ever, or the
-- specs would take days. (Lua 5.4.)

local core = require "dataforest.core"
local curl = require "dataforest.curl"

local set = collectgarbage
local STEP_WITHOUT_END = 100 -- a power of two: a step is a whole collection

--- The functions of the C modules, with those of what they make.
local stressed = {}
local function add(functions)
  for _, value in pairs(functions) do
    if type(value) == "function" and debug.getinfo(value, "S").what == "C" then
      stressed[value] = true
    end
  end
end
local engine = curl.engine()
local transfer =
  assert(engine:start { method = "GET", url = "http://127.0.0.1:1/", timeout = 1, connect_timeout = 1 })
add(core)
add(curl)
for _, made in ipairs { core.signer("a", "b"), core.shape "any", engine, transfer } do
  local metatable = debug.getmetatable(made)
  add(metatable)
  add(metatable.__index or {})
end
engine:close()

local is_on = false
local function switch(on)
  if on ~= is_on then
    is_on = on
    if on then
      set("incremental", 1, 1000, STEP_WITHOUT_END)
      set("step", 0) -- the settings hold from the next collection on
    else
      set("incremental", 200, 100, 13)
    end
  end
end

-- An error leaves such a function without an event: the next one that is called ends it.
local function on_event(event)
  switch(event ~= "return" and stressed[debug.getinfo(2, "f").func] or false)
end

debug.sethook(on_event, "cr")
local create = coroutine.create
function coroutine.create(run) -- luacheck: ignore (on purpose)
  local thread = create(run)
  debug.sethook(thread, on_event, "cr")
  return thread
end
