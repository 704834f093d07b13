-- Every module loads, on every Lua, and leaves no global variable behind.

local lfs = require "lfs"

-- Runs inside nginx, and needs the ffi of its LuaJIT.
local LUAJIT_ONLY = { ["dataforest.emulator.nginx_process"] = true }

local function modules(folder, prefix, found)
  for entry in lfs.dir(folder) do
    local path = folder .. "/" .. entry
    if lfs.attributes(path, "mode") == "directory" and not entry:match "^%." then
      modules(path, prefix .. entry .. ".", found)
    elseif entry == "init.lua" then
      found[#found + 1] = prefix:gsub("%.$", "")
    elseif entry:match "%.lua$" then
      found[#found + 1] = prefix .. entry:gsub("%.lua$", "")
    end
  end
  table.sort(found)
  return found
end

local function names_of_globals()
  local names = {}
  for name in pairs(_G) do
    names[name] = true
  end
  return names
end

describe("each module", function()
  for _, name in ipairs(modules("lua", "", { "dataforest.core", "dataforest.curl" })) do
    if rawget(_G, "jit") or not LUAJIT_ONLY[name] then
      it("loads: " .. name, function()
        local before = names_of_globals()
        local module = require(name)
        assert.is_truthy(module)
        for global in pairs(names_of_globals()) do
          assert.is_true(before[global], "a new global variable: " .. tostring(global))
        end
      end)
    end
  end
end)
