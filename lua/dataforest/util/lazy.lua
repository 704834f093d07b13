--- Modules that are loaded when they are first used, so that a program pays for what it uses. One that
-- cannot be loaded then (no file descriptor is left, the folder has changed) is an error of the call.
-- @module dataforest.util.lazy

local errors = require "dataforest.errors"

local function failed(message)
  return nil,
    errors.new {
      kind = errors.ARGUMENT,
      message = "a part of the library cannot be loaded: " .. tostring(message):match "^[^\n]*",
    }
end

--- Stands for a module until one of its functions is called.
-- @tparam string name of a module that is a function, or a table of functions; they return nil and an error
--   where they fail
-- @treturn table
return function(name)
  return setmetatable({}, {
    __index = function(_, key)
      local loaded, module = pcall(require, name)
      if loaded then
        return module[key]
      end
      return function()
        return failed(module)
      end
    end,
    __call = function(_, ...)
      local loaded, module = pcall(require, name)
      if not loaded then
        return failed(module)
      end
      return module(...)
    end,
  })
end
