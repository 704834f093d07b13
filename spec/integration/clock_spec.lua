-- A service whose clock is set apart from the client's: in process, and over TLS. The same cases run inside
-- nginx over cosockets (spec/nginx).

local core = require "dataforest.core"
local dataforest = require "dataforest"
local emulated = require "spec.support.emulated"
local process = require "spec.support.server"
local suite = require "spec.support.clock_suite"
local tables = require "dataforest.util.tables"

describe("clocks, in process:", function()
  emulated.declare(it, suite)
end)

describe("clocks, over TLS: #full", function()
  local server
  local context = {
    emulator = {
      calls = function()
        return server:calls()
      end,
    },
    advance_service_clock = function(seconds)
      server:control("set_clock", { seconds = server:control "now" + seconds })
    end,
    client = function(options)
      return dataforest.new(tables.copy(tables.copy({ transport = "curl" }, server.options), options))
    end,
  }

  setup(function()
    server = process.start { creation_delay = 0, strict_clock = true }
  end)

  teardown(function()
    server:stop()
  end)

  for _, case in ipairs(suite) do
    it(case.name, function()
      server:reset()
      server:control("set_clock", { seconds = core.now() })
      case.run(context)
    end)
  end

  it("a clock that goes wrong twice in a call is corrected once", function()
    server:reset()
    server:control("set_clock", { seconds = core.now() + 3600 })
    local names = {}
    local df = context.client {
      on_event = function(event)
        names[#names + 1] = event.name
        if event.name == "clock" and #names == 2 then
          server:advance(3600)
        end
      end,
    }
    local value, err = df.accounts:get_list()
    assert.is_nil(value)
    assert.are.equal("auth", err.kind)
    assert.are.equal("attempt clock attempt failure", table.concat(names, " "))
    assert.matches(
      "this machine's clock is 7[12]%d%d seconds behind the service's: set it right",
      err.message
    )
    -- The next call starts from there.
    assert(df.accounts:get_list())
    df:close()
  end)

  it("a clock that was set right is taken back", function()
    server:reset()
    server:control("set_clock", { seconds = core.now() + 3600 })
    local offsets = {}
    local df = context.client {
      on_event = function(event)
        offsets[#offsets + 1] = event.offset
      end,
    }
    assert(df.accounts:get_list())
    server:control("set_clock", { seconds = core.now() })
    assert(df.accounts:get_list())
    assert.are.equal(2, #offsets)
    assert.is_true(math.abs(offsets[1] - 3600) < 3)
    assert.is_true(math.abs(offsets[2]) < 3)
    df:close()
  end)
end)
