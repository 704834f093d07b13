-- labels: collector valgrind
local dataforest = require "dataforest"
local scripted = require "spec.support.scripted_transport"

local function client()
  local script = setmetatable({}, {
    __index = function()
      return { body = '{"success":true,"id":"a"}' }
    end,
  })
  return dataforest.new { access_key = "AK", secret_key = "SK", transport = scripted.new(script) }
end

describe("df:map", function()
  local df = client()

  it("returns the values, indexed as the items are", function()
    local values, errors = df:map({ "a", "b", "c" }, function(item, index)
      return item .. index
    end)
    assert.are.same({ "a1", "b2", "c3" }, values)
    assert.is_nil(errors)
  end)

  it("makes calls as always", function()
    local values, errors = df:map({ "x", "y" }, function(id)
      return df.accounts:get_detail(id)
    end, { concurrency = 1 })
    assert.are.same({ { id = "a", quotas = {} }, { id = "a", quotas = {} } }, values)
    assert.is_nil(errors)
  end)

  it("takes what a method returns beside nil for the item's error", function()
    local values, errors = df:map({ "x", "not base62" }, function(id)
      return df.accounts:get_detail(id)
    end)
    assert.are.same({ id = "a", quotas = {} }, values[1])
    assert.is_nil(values[2])
    assert.is_nil(errors[1])
    assert.are.equal("argument", errors[2].kind)
  end)

  it("takes what the function raises for the item's error, with its traceback", function()
    local raised = { code = 7 }
    local values, errors = df:map({ 1, 2, 3, 4 }, function(item)
      if item == 2 then
        error "broken"
      elseif item == 3 then
        error(raised)
      end
      return item
    end, { concurrency = 2 })
    assert.are.same({ [1] = 1, [4] = 4 }, values)
    assert.matches("map_spec.lua:%d+: broken\n", errors[2])
    assert.matches("stack traceback:", errors[2], 1, true)
    assert.are.equal(raised, errors[3])
    assert.matches("map_spec.lua", errors[3].traceback, 1, true)
  end)

  it("keeps false, and knows nil without an error from one with", function()
    local values, errors = df:map({ 1, 2 }, function(item)
      if item == 1 then
        return false
      end
    end)
    assert.are.same({ [1] = false }, values)
    assert.is_nil(errors)
  end)

  it("has nothing to do for an empty list", function()
    local values, errors = df:map({}, error)
    assert.are.same({}, values)
    assert.is_nil(errors)
  end)

  it("never has more at work than asked for", function()
    local at_work, most = 0, 0
    df:map({ 1, 2, 3, 4, 5, 6, 7 }, function()
      at_work = at_work + 1
      most = math.max(most, at_work)
      df:map({ 1 }, function() end) -- gives the others their turn
      at_work = at_work - 1
    end, { concurrency = 3 })
    assert.are.equal(3, most)
    assert.are.equal(0, at_work)
  end)

  it("can be called within itself, and within a coroutine of the caller's", function()
    local values = df:map({ 1, 2, 3 }, function(outer)
      return (df:map({ 10, 20 }, function(inner)
        return outer + inner
      end))
    end)
    assert.are.same({ { 11, 21 }, { 12, 22 }, { 13, 23 } }, values)

    local own = coroutine.wrap(function()
      coroutine.yield "first"
      return (df:map({ 1 }, function()
        return df.accounts:get_detail("x").id
      end))
    end)
    assert.are.equal("first", own())
    assert.are.same({ "a" }, own())
  end)

  it("works within a coroutine that the function makes", function()
    local values, errors = df:map({ 1, 2 }, function(item)
      return coroutine.wrap(function()
        return df.accounts:get_detail("x").id .. item
      end)()
    end)
    assert.are.same({ "a1", "a2" }, values)
    assert.is_nil(errors)
  end)

  it("calls it an error where the function yields by itself", function()
    local values, errors = df:map({ 1, 2 }, function(item)
      if item == 1 then
        coroutine.yield()
      end
      return item
    end)
    assert.are.same({ [2] = 2 }, values)
    assert.matches("must not yield by itself", errors[1], 1, true)
  end)

  it("raises at the caller's line where it is called wrongly", function()
    for _, call in ipairs {
      function()
        df:map(7, print)
      end,
      function()
        df:map({}, "print")
      end,
      function()
        df:map({}, print, 5)
      end,
      function()
        df:map({}, print, { concurrency = 0 })
      end,
      function()
        df:map({}, print, { concurrency = 1.5 })
      end,
      function()
        df:map({}, print, { parallel = 3 })
      end,
    } do
      local ok, message = pcall(call)
      assert.is_false(ok)
      assert.matches("map_spec.lua:%d+: df:map", message)
    end
  end)
end)
