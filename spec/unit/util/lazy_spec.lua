local lazy = require "dataforest.util.lazy"

describe("a module that is loaded later", function()
  after_each(function()
    package.preload["spec.lazy"], package.loaded["spec.lazy"] = nil, nil
  end)

  it("is loaded with its first use, as a function or as a table of functions", function()
    local loads = 0
    package.preload["spec.lazy"] = function()
      loads = loads + 1
      return setmetatable({
        double = function(number)
          return 2 * number
        end,
      }, {
        __call = function(_, number)
          return number + 1
        end,
      })
    end
    local module = lazy "spec.lazy"
    assert.are.equal(0, loads)
    assert.are.equal(4, module.double(2))
    assert.are.equal(3, module(2))
    assert.are.equal(1, loads)
  end)

  it("is an error, and raises nothing, where it cannot be loaded", function()
    local module = lazy "spec.lazy"
    for _, call in ipairs { module, module.double } do
      local value, err = call(2)
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.matches(
        "a part of the library cannot be loaded: module 'spec.lazy' not found",
        err.message,
        1,
        true
      )
    end
  end)
end)
