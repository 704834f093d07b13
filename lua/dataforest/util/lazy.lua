--- Modules that are loaded when they are first used, so that a program pays for what it uses.
-- @module dataforest.util.lazy

--- Stands for a module until one of its functions is called.
-- @tparam string name of a module that is a table of functions, or a function
-- @treturn table
return function(name)
  return setmetatable({}, {
    __index = function(_, key)
      return require(name)[key]
    end,
    __call = function(_, ...)
      return require(name)(...)
    end,
  })
end
