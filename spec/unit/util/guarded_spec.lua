local guarded = require "dataforest.util.guarded"

local WAYS = { guarded.direct, guarded.protected, guarded.relayed }

describe("code that is not the library's own", function()
  it("gives its results, or what it raised", function()
    for _, way in ipairs(WAYS) do
      assert.are.same({ true, 1, nil, 3 }, {
        way(function(...)
          return ...
        end, 1, nil, 3),
      })
      local raised = {}
      assert.are.same({ false, raised }, {
        way(function()
          error(raised)
        end),
      })
      assert.are.equal("number", select(2, way(type, 1)))
    end
  end)

  it("cannot keep an interrupt from the program", function()
    for _, way in ipairs(WAYS) do
      assert.is_false((pcall(way, function()
        error("interrupted!", 0)
      end)))
    end
  end)

  it("may yield, also where it raises afterwards", function()
    local results
    local thread = coroutine.create(function()
      results = {
        guarded.relayed(function(first)
          local second = coroutine.yield(first + 1)
          coroutine.yield(second + 1)
          error("late", 0)
        end, 1),
        guarded.relayed(type, {}),
      }
    end)
    assert.are.same({ true, 2 }, { coroutine.resume(thread) })
    assert.are.same({ true, 11 }, { coroutine.resume(thread, 10) })
    assert.are.same({ true }, { coroutine.resume(thread) })
    assert.are.equal("dead", coroutine.status(thread))
    assert.are.same({ false, true, "table" }, results)
  end)

  it("has a text, whatever its metatable does", function()
    local function with(tostring_of)
      return setmetatable({}, { __tostring = tostring_of })
    end
    assert.are.equal("x", guarded.text "x")
    assert.are.equal("nil", guarded.text(nil))
    assert.are.equal(
      "mine",
      guarded.text(with(function()
        return "mine"
      end))
    )
    assert.are.equal(
      "a table",
      guarded.text(with(function()
        error "no"
      end))
    )
  end)
end)
