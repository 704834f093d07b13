-- Whether code may yield or pause, by what a stand-in for nginx says.

--- A fresh copy of the module, with a global `ngx` of this kind while `body` runs inside a coroutine.
local function inside_nginx(ngx, body)
  local loaded = package.loaded["dataforest.transport.phase"]
  package.loaded["dataforest.transport.phase"] = nil
  local phase = require "dataforest.transport.phase"
  package.loaded["dataforest.transport.phase"] = loaded
  rawset(_G, "ngx", ngx)
  local thread = coroutine.create(body)
  local ok, message = coroutine.resume(thread, phase)
  rawset(_G, "ngx", nil)
  assert(ok, message)
end

local function nginx_in(phase, has_cosockets)
  return {
    socket = {
      tcp = function()
        assert(has_cosockets, "API disabled in the current context")
      end,
    },
    get_phase = function()
      return phase
    end,
  }
end

--- Calls `body` where Lua cannot yield.
local function unyieldably(body)
  string.gsub("x", "x", function()
    body()
  end)
end

describe("phase", function()
  it("lets code yield where nginx has cosockets, whatever the phase is called", function()
    for _, name in ipairs { "content", "precontent", "preread", "proxy_ssl_verify", "timer" } do
      inside_nginx(nginx_in(name, true), function(phase)
        local may_yield, has_cosockets = phase.may_yield()
        assert.is_true(may_yield)
        assert.is_true(has_cosockets)
        assert.is_false(phase.may_pause())
        assert.equal(name, phase.name())
      end)
    end
  end)

  it("does not where nginx has none", function()
    for _, name in ipairs { "init", "init_worker", "set", "log", "header_filter", "balancer" } do
      inside_nginx(nginx_in(name, false), function(phase)
        local may_yield, has_cosockets = phase.may_yield()
        assert.is_false(may_yield)
        assert.is_false(has_cosockets)
        assert.equal(name == "init" or name == "init_worker", phase.may_pause())
        assert.matches(
          "no cosockets in its phase " .. name .. ": call from ngx.timer",
          phase.reason(),
          1,
          true
        )
      end)
    end
  end)

  it("does not where Lua cannot", function()
    inside_nginx(nginx_in("content", true), function(phase)
      unyieldably(function()
        local may_yield, has_cosockets = phase.may_yield()
        assert.is_false(may_yield)
        assert.is_true(has_cosockets)
        assert.matches("Lua cannot yield here", phase.reason(), 1, true)
      end)
    end)
  end)

  it("knows plain Lua, and a worker thread of nginx", function()
    for _, ngx in ipairs { false, { thread = {} } } do
      inside_nginx(ngx or nil, function(phase)
        assert.is_false(phase.may_yield())
        assert.is_true(phase.may_pause())
        assert.is_nil(phase.name())
        assert.matches("inside nginx only", phase.reason(), 1, true)
      end)
    end
  end)
end)
