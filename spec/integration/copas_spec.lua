-- The transport for Copas, as docs/event-loops.md has it: Debian has Copas for Lua 5.1, 5.2 and LuaJIT.
--
-- labels: wire

local core = require "dataforest.core"
local dataforest = require "dataforest"
local docs = require "spec.support.docs"
local server_of = require "spec.support.server"
local tables = require "dataforest.util.tables"

local has_copas, copas = pcall(require, "copas")

local function code_of(file)
  for _, block in ipairs(docs.blocks "docs/event-loops.md") do
    if block.file == file then
      return block.text
    end
  end
  error("the page has no " .. file)
end

describe("the transport for Copas", function()
  local server, transport, df

  setup(function()
    if has_copas then
      server = server_of.start { creation_delay = 0 }
      transport = assert((rawget(_G, "loadstring") or load)(code_of "copas_transport.lua"))() {
        ca_file = server.options.ca_file,
      }
      local options = tables.copy({ transport = transport }, server.options)
      df = dataforest.new(options)
    end
  end)

  teardown(function()
    if has_copas then
      df:close()
      transport:close()
      server:stop()
    end
  end)

  --- Runs functions as threads of Copas until all have ended, or the time has run out.
  local function run(functions)
    local left, problem = #functions, nil
    for _, each in ipairs(functions) do
      copas.addthread(function()
        copas.setErrorHandler(function(raised)
          problem, left = raised, left - 1
        end)
        each()
        left = left - 1
      end)
    end
    local deadline = core.monotonic() + 20
    while left > 0 and core.monotonic() < deadline do
      copas.step(0.02)
    end
    assert.is_nil(problem)
    assert.equal(0, left)
  end

  it("makes calls at once, of which each gets its own response", function()
    if not has_copas then
      pending "there is no Copas for this Lua"
      return
    end
    local values, calls, at_once, most = {}, {}, 0, 0
    for index = 1, 12 do
      calls[index] = function()
        at_once = at_once + 1
        most = math.max(most, at_once)
        values[index] = assert(df.accounts:check_available_name("copas" .. index))
        at_once = at_once - 1
      end
    end
    run(calls)
    assert.equal(12, #values)
    assert.equal(12, most)
    assert.is_nil(next(transport.calls))
  end)

  it("notices the end of a call's time, and goes on with others", function()
    if not has_copas then
      pending "there is no Copas for this Lua"
      return
    end
    local socket = require "socket"
    local silent = assert(socket.bind("127.0.0.1", 0))
    local _, port = silent:getsockname()
    local response, failure, other
    run {
      function()
        response, failure = transport:send {
          method = "POST",
          url = ("http://127.0.0.1:%d/"):format(port),
          headers = {},
          body = "{}",
          timeout = 0.3,
          connect_timeout = 0.3,
        }
      end,
      function()
        other = assert(df.accounts:check_available_name "copas")
      end,
    }
    silent:close()
    assert.is_nil(response)
    assert.equal("timeout", failure.kind)
    assert.is_table(other)
  end)
end)
