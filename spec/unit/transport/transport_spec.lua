-- Which way a request goes, and the transport over libcurl.
--
-- labels: collector valgrind wire

local core = require "dataforest.core"
local fault_server = require "spec.support.fault_server"
local files = require "spec.support.files"
local process = require "spec.support.server"
local tables = require "dataforest.util.tables"
local transports = require "dataforest.transport"

--- Runs a script in a Lua 5.4 of its own; returns what it prints.
local function run(script, environment, arguments)
  local path = os.tmpname()
  files.write(path, script)
  local said = process.output_of(
    ("%s\n%s lua5.4 %s %s 2>&1"):format(
      process.output_of "tools/env.sh lua5.4",
      environment or "",
      path,
      arguments or ""
    )
  )
  os.remove(path)
  return said
end

describe("a transport", function()
  describe("is chosen", function()
    it("by its name", function()
      for _, name in ipairs { "auto", "curl", "cosocket" } do
        local transport = assert(transports.resolve(name, {}))
        for _, method in ipairs { "send", "sleep", "now" } do
          assert.is_function(transport[method])
        end
      end
    end)

    it("as auto where nothing is named", function()
      assert.is_function(assert(transports.resolve()).send)
    end)

    it("never by a name that nobody knows", function()
      for _, option in ipairs { "Curl", "", 5, true } do
        local transport, message = transports.resolve(option, {})
        assert.is_nil(transport)
        assert.is_truthy(message:find('option transport must be "auto", "curl", "cosocket"', 1, true))
      end
    end)
  end)

  describe("of one's own", function()
    it("may be a function", function()
      local transport = assert(transports.resolve(function(request)
        return { status = 200, headers = {}, body = request.body }
      end))
      assert.equal("x", transport:send({ body = "x" }).body)
      assert.is_true(math.abs(transport:now() - core.now()) < 5)
      local started = core.monotonic()
      transport:sleep(0.02)
      assert.is_true(core.monotonic() - started >= 0.02)
    end)

    it("may be a table, whose functions get it as self", function()
      local own = {}
      local seen, sent
      local response = { status = 200, headers = {}, body = "" }
      function own:send(request)
        seen, sent = self, request
        return response
      end
      function own:sleep(seconds)
        self.slept = seconds
      end
      function own:now()
        return self == own and 5 or 0
      end
      function own:close()
        self.closed = true
      end
      local transport = assert(transports.resolve(own))
      local request = {}
      assert.equal(response, transport:send(request))
      assert.equal(own, seen)
      assert.equal(request, sent)
      transport:sleep(3)
      assert.equal(3, own.slept)
      assert.equal(5, transport:now())
      -- A sleep that took no time counts for deadlines all the same.
      local before = transport:monotonic()
      transport:sleep(100)
      assert.is_true(transport:monotonic() - before >= 100)
      function own:monotonic()
        return self == own and 6 or 0
      end
      assert.equal(6, assert(transports.resolve(own)):monotonic())
      if transport.close then
        transport:close()
      end
      assert.is_nil(own.closed) -- who made it closes it
    end)

    it("may raise or give garbage in any of its functions: the call fails, and says so", function()
      local dataforest = require "dataforest"
      local CASES = {
        { "now", "the transport's now raised: .*no clock" },
        { "monotonic", "the transport's monotonic raised: .*no clock" },
        { "now", "the transport's now gave no number but a table", {} },
        { "monotonic", "the transport's monotonic gave %-?nan, which is no time", 0 / 0 },
        { "now", "the transport's now gave %-?inf, which is no time", -math.huge },
        { "now", "the transport's now gave %-1, which is no time", -1 },
        { "sleep", "too many requests; no further attempt, since the transport's sleep raised: .*no clock" },
      }
      for _, case in ipairs(CASES) do
        local sends = 0
        local own = {
          send = function()
            sends = sends + 1
            return { status = 429 }
          end,
        }
        own[case[1]] = function()
          if case[3] == nil then
            error "no clock"
          end
          return case[3]
        end
        local df = dataforest.new { access_key = "A", secret_key = "S", transport = own }
        local value, err = df.accounts:get_list()
        assert.is_nil(value)
        assert.matches(case[2], err.message)
        assert.equal(case[1] == "sleep" and 1 or 0, sends)
      end
    end)

    it("needs no more than send", function()
      local transport = assert(transports.resolve {
        send = function()
          return nil, { kind = "network", message = "no", sent = false }
        end,
      })
      local response, err = transport:send {}
      assert.is_nil(response)
      assert.equal("network", err.kind)
      assert.is_number(transport:now())
      transport:sleep(0)
    end)

    it("may leave out headers and body, and say no more than why it failed", function()
      local given
      local transport = assert(transports.resolve(function()
        return (table.unpack or unpack)(given, 1, 2)
      end))
      given = { { status = 204 } }
      assert.same({ status = 204, headers = {}, body = "" }, transport:send {})
      for _, case in ipairs {
        { { nil, { kind = "tls", message = "m", sent = false } }, "tls", "m", false },
        { { nil, { kind = "tls" } }, "tls", "tls", true },
        { { nil, { kind = "weird", message = "m" } }, "network", "m", true },
        { { nil, {} }, "network", "the transport gave no reason", true },
        { { nil, "connection refused" }, "network", "connection refused", true },
        { {}, "network", "the transport gave no reason", true },
      } do
        given = { nil, case[1][2] }
        local response, err = transport:send {}
        assert.is_nil(response)
        assert.same({ kind = case[2], message = case[3], sent = case[4] }, err)
      end
    end)

    it("cannot bring a call down", function()
      local given
      local transport = assert(transports.resolve(function()
        return given()
      end))
      for _, case in ipairs {
        { "text", "is no table" },
        { {}, "has no number as its status" },
        { { status = "200" }, "has no number as its status" },
        { { status = 200, headers = "x" }, "has headers that are no table" },
        { { status = 200, body = {} }, "has a body that is no string" },
      } do
        given = function()
          return case[1]
        end
        local response, err = transport:send {}
        assert.is_nil(response)
        assert.equal("protocol", err.kind)
        assert.equal("the transport's response " .. case[2], err.message)
      end
      given = function()
        error "the library underneath raised"
      end
      local response, err = transport:send {}
      assert.is_nil(response)
      assert.equal("network", err.kind)
      assert.is_true(err.sent)
      assert.matches("the transport raised: .*the library underneath raised", err.message)
    end)

    it("must have functions where functions belong", function()
      local transport, message = transports.resolve {}
      assert.is_nil(transport)
      assert.equal("option transport: its send must be a function, got a nil", message)
      transport, message = transports.resolve { send = print, now = 5 }
      assert.is_nil(transport)
      assert.equal("option transport: its now must be a function, got a number", message)
    end)
  end)

  describe("over libcurl", function()
    local server, transport

    setup(function()
      server = fault_server.start {
        { name = "ok", tls = "good", connections = { fault_server.responding '{"a":1}' } },
        { name = "hold", tls = "good", connections = { { { "hold" } } } },
        -- A proxy that lets nobody through, and what it is asked for.
        {
          name = "proxy",
          connections = { { { "read" }, { "send", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" } } },
        },
        { name = "refuse", refuse = true },
      }
    end)

    teardown(function()
      server:stop()
    end)

    before_each(function()
      transport = assert(transports.resolve("curl", { ca_file = server.ca_file }))
    end)

    after_each(function()
      transport:close()
    end)

    local function request_of(case, more)
      local request = tables.copy({
        method = "POST",
        url = server:url(case),
        target = "/api/v2/accounts/getDetail",
        headers = {},
        body = "{}",
        once = false,
        deadline = core.monotonic() + 30, -- far more than a slow machine needs
        connect_timeout = 30,
        max_response_bytes = 1000,
        connect_to = server:address(case),
      }, more)
      return request
    end

    it("sends and keeps its connection", function()
      local before = #server:events("ok", "accept")
      for _ = 1, 5 do
        local response = assert(transport:send(request_of "ok"))
        assert.equal(200, response.status)
        assert.equal('{"a":1}', response.body)
      end
      assert.equal(before + 1, #server:events("ok", "accept"))
    end)

    it("keeps to the deadline", function()
      local started = core.monotonic()
      local response, err = transport:send(request_of("hold", { deadline = core.monotonic() + 1 }))
      local seconds = core.monotonic() - started
      assert.is_nil(response)
      assert.equal("timeout", err.kind)
      assert.is_true(err.sent)
      assert.is_true(seconds > 0.95 and seconds < 3)
      response, err = transport:send(request_of("ok", { deadline = core.monotonic() - 1 }))
      assert.is_nil(response)
      assert.equal("timeout", err.kind)
      assert.is_false(err.sent)
    end)

    it("is closed once and for all, used before or not", function()
      assert(transport:send(request_of "ok"))
      for _, closed in ipairs { transport, (transports.resolve("curl", {})) } do
        closed:close()
        closed:close()
        local response, err = closed:send(request_of "ok")
        assert.is_nil(response)
        assert.equal("closed", err.kind)
        assert.is_false(err.sent)
      end
    end)

    it("opens nothing, and loads no engine, before the first call", function()
      local script = [[
        local transport = require("dataforest.transport").resolve("auto", {})
        transport:now()
        transport:monotonic()
        transport:sleep(0)
        print(package.loaded["dataforest.curl"], package.loaded["dataforest.transport.curl"])
        transport:close()
        print(select(2, transport:send { method = "GET", url = "https://df.test/", headers = {} }).kind)
      ]]
      assert.equal("nil\tnil\nclosed\n", run(script))
    end)

    it("goes through a proxy where one is named, and says nothing to the server without it", function()
      local through = assert(transports.resolve("curl", {
        ca_file = server.ca_file,
        proxy = "http://" .. server:address "proxy",
      }))
      local response, err = through:send(request_of "ok")
      through:close()
      assert.is_nil(response)
      assert.equal("network", err.kind)
      assert.is_false(err.sent)
      local head = server:events("proxy", "request")[1].head
      assert.equal("CONNECT " .. server:address "ok" .. " HTTP/1.1", head:match "^[^\r]+")
    end)

    it("says that a proxy cannot be reached", function()
      local through = assert(transports.resolve("curl", { proxy = "http://" .. server:address "refuse" }))
      local response, err = through:send(request_of "ok")
      through:close()
      assert.is_nil(response)
      assert.equal("network", err.kind)
      assert.is_false(err.sent)
    end)

    it("heeds the proxies of the environment only when asked", function()
      local script = ([[
        local transport = require("dataforest.transport").resolve("curl", { ca_file = %q, proxy = arg[1] })
        local response, err = transport:send {
          method = "GET", url = "https://df.test/x", headers = {}, connect_to = %q, connect_timeout = 2,
          deadline = os.time() + 5, max_response_bytes = 1000,
        }
        print(response and response.status or err.kind, err and err.sent)
      ]]):format(server.ca_file, server:address "ok")
      local proxy = "http://" .. server:address "refuse"
      local environment = ("https_proxy=%s HTTPS_PROXY=%s all_proxy=%s"):format(proxy, proxy, proxy)
      assert.equal("200\tnil\n", run(script, environment))
      assert.equal("network\tfalse\n", run(script, environment, "env"))
    end)

    it("leaves the parent's connections alone after a fork #full", function()
      local before = #server:events("ok", "accept")
      local said = process.output_of(
        ("%s\nluajit spec/support/fork_over_tls.lua %s %s %s 2>&1"):format(
          process.output_of "tools/env.sh luajit",
          server:address "ok",
          server.ca_file,
          server:url "ok"
        )
      )
      assert.equal(
        table.concat({
          "parent\t200\tfalse",
          "parent\t200\ttrue",
          "child\t200\tfalse",
          "child\t200\ttrue",
          "parent\t200\ttrue",
          "child\t200\tfalse",
          "child\t200\ttrue",
          "parent\t200\ttrue",
          "",
        }, "\n"),
        said
      )
      assert.equal(before + 3, #server:events("ok", "accept"))
    end)
  end)
end)
