-- What the transport over libcurl does where connections, proxies, authorities or the host program are
-- not as they should be.
--
-- labels: wire

local core = require "dataforest.core"
local curl = require "dataforest.transport.curl"
local dataforest = require "dataforest"
local fault_server = require "spec.support.fault_server"
local files = require "spec.support.files"
local process = require "spec.support.server"
local tables = require "dataforest.util.tables"

local whole_response, responding, saying =
  fault_server.whole_response, fault_server.responding, fault_server.saying

local LIST = '{"success":true,"total":0,"contents":[]}'
local HOLD = { { { "hold" } } }

local CASES = {
  { name = "ok", connections = { responding(LIST) } },
  { name = "tls", tls = "good", connections = { responding(LIST) } },
  -- The second request of the first connection meets silence.
  {
    name = "dies silently",
    connections = {
      { { "read" }, { "send", whole_response(LIST) }, { "read" }, { "hold" } },
      responding(LIST),
    },
  },
  {
    name = "is slow",
    connections = {
      {
        { "read" },
        { "send", whole_response(LIST) },
        { "read" },
        { "sleep", 1.5 },
        { "send", whole_response(LIST) },
        { "hold" },
      },
    },
  },
  {
    name = "gives up with 408",
    connections = {
      {
        { "read" },
        { "send", whole_response(LIST) },
        { "read" },
        {
          "send",
          whole_response("{}", { status = "408 Request Timeout", headers = "Connection: close\r\n" }),
        },
        { "close" },
      },
      responding(LIST),
    },
  },
  {
    name = "cut in the body",
    connections = {
      { { "read" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{" }, { "close" } },
      responding(LIST),
    },
  },
  {
    name = "cut in a header",
    connections = { { { "read" }, { "send", "HTTP/1.1 200 OK\r\nConte" }, { "close" } }, responding(LIST) },
  },
  {
    name = "answers early",
    connections = {
      {
        { "read_bytes", 1000 },
        {
          "send",
          whole_response('{"a":1}', { status = "413 Content Too Large", headers = "Connection: close\r\n" }),
        },
        { "sleep", 0.2 },
        { "close" },
      },
    },
  },
  {
    name = "slow",
    connections = { { { "read" }, { "sleep", 0.1 }, { "send", whole_response(LIST) }, { "again" } } },
  },
  { name = "hold", connections = HOLD },
  {
    name = "proxy asks for a password",
    connections = saying "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
  },
  { name = "proxy refuses", connections = saying "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" },
  {
    name = "proxy over TLS",
    tls = "good",
    connections = saying "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
  },
  {
    name = "untrusted proxy over TLS",
    tls = "untrusted",
    connections = saying "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
  },
  { name = "dead proxy", refuse = true },
}

describe("the transport over libcurl", function()
  local server, opened

  setup(function()
    server = fault_server.start(CASES)
  end)

  teardown(function()
    server:stop()
  end)

  before_each(function()
    opened = {}
  end)

  after_each(function()
    for _, each in ipairs(opened) do
      each:close()
    end
  end)

  local function new_transport(options)
    options = options or {}
    options.ca_file = options.ca_file or server.ca_file
    local transport = curl.new(options)
    opened[#opened + 1] = transport
    return transport
  end

  local function request_of(case, more)
    local request = tables.copy({
      method = "POST",
      url = server:url(case),
      headers = {},
      body = "{}",
      timeout = 12,
      connect_timeout = 10,
      max_response_bytes = 10000,
      connect_to = server.cases[case].tls and server:address(case) or nil,
    }, more)
    return request
  end

  local function new_client(case, more)
    local options = tables.copy({
      access_key = "AK",
      secret_key = "SK",
      base_url = server:url(case):match "^%w+://[^/]+",
      ca_file = server.ca_file,
      timeout = 5,
      retry = { attempts = 3, base_delay = 0.01 },
    }, more)
    local df = dataforest.new(options)
    opened[#opened + 1] = df
    return df
  end

  local function count(case, event)
    return #server:events(case, event or "accept")
  end

  describe("and a kept connection", function()
    it("that has died silently costs a read a few seconds", function()
      local transport = new_transport()
      assert(transport:send(request_of "dies silently"))
      local started = core.monotonic()
      local response = assert(transport:send(request_of "dies silently"))
      local seconds = core.monotonic() - started
      assert.equal(LIST, response.body)
      assert.is_false(response.reused)
      assert.is_true(seconds > 4 and seconds < 9, seconds)
      assert.equal(2, count "dies silently")
    end)

    it("that is merely slow is waited for if little time is left for another", function()
      local transport = new_transport()
      assert(transport:send(request_of "is slow"))
      assert.is_true(assert(transport:send(request_of("is slow", { timeout = 3 }))).reused)
      assert.equal(1, count "is slow")
    end)

    it("that the server gives up with 408 is replaced", function()
      local transport = new_transport()
      assert(transport:send(request_of "gives up with 408"))
      local response = assert(transport:send(request_of "gives up with 408"))
      assert.equal(200, response.status)
      assert.is_false(response.reused)
    end)

    it("is kept for so long, and not longer", function()
      local transport = new_transport { pool_idle_timeout = 0.3 }
      assert(transport:send(request_of "ok"))
      assert.is_true(assert(transport:send(request_of "ok")).reused)
      core.sleep(0.4)
      assert.is_false(assert(transport:send(request_of "ok")).reused)
    end)

    it("is one of so many", function()
      local transport = new_transport { pool_size = 2 }
      assert(transport:send(request_of "ok"))
      local engine, before, transfers = transport.engine, count "slow", {}
      for index = 1, 6 do
        transfers[index] = assert(engine:start(request_of "slow"))
      end
      while engine:step(1) > 0 do
      end
      for _, transfer in ipairs(transfers) do
        assert(transfer:result())
      end
      assert.equal(before + 6, count "slow")
      assert.is_true(process.wait_until(function()
        return count("slow", "end") == before + 4
      end, 5))
      core.sleep(0.1)
      assert.equal(before + 4, count("slow", "end"))
    end)
  end)

  describe("and a response", function()
    for _, case in ipairs { "cut in the body", "cut in a header" } do
      it("that is " .. case .. " is asked for again, if it is a read's", function()
        assert(new_client(case).accounts:get_list())
        assert.equal(2, count(case, "request"))
      end)
    end

    it("that comes while the request is being sent is read", function()
      local body = ("x"):rep(8 * 1024 * 1024)
      local response, err = new_transport():send(request_of("answers early", { body = body }))
      assert.equal(413, response and response.status, err and err.message)
    end)
  end)

  describe("and a proxy", function()
    local function through(case, more)
      local options = tables.copy({
        base_url = "https://service.example",
        proxy = (server.cases[case].tls and "https://" or "http://") .. server:address(case),
      }, more)
      local value, err = new_client(case, options).accounts:get_list()
      assert.is_nil(value)
      assert.is_false(err.sent)
      return err
    end

    it("that wants a password is named, and not asked again", function()
      local err = through "proxy asks for a password"
      assert.equal("argument", err.kind)
      assert.matches("the proxy " .. server:address "proxy asks for a password", err.message, 1, true)
      assert.matches("HTTP 407", err.message, 1, true)
      assert.equal(1, count("proxy asks for a password", "request"))
      local head = server:events("proxy asks for a password", "request")[1].head
      assert.matches("^CONNECT service.example:443 HTTP/1.1\r\n", head)
    end)

    it("gets the password of its address, which no message holds", function()
      local address = server:address "proxy asks for a password"
      local err = through("proxy asks for a password", { proxy = "http://us%40er:p%2FMARKED@" .. address })
      local events = server:events("proxy asks for a password", "request")
      local expected = "Proxy-Authorization: Basic " .. core.base64 "us@er:p/MARKED"
      assert.matches(expected, events[#events].head, 1, true)
      assert.not_matches("MARKED", err.message, 1, true)
    end)

    it("that refuses or is not there is named", function()
      local err = through "proxy refuses"
      assert.equal("network", err.kind)
      assert.matches(
        server:address "proxy refuses" .. " refused a tunnel to service.example:443",
        err.message,
        1,
        true
      )
      err = through "dead proxy"
      assert.equal("network", err.kind)
      assert.matches("the proxy " .. server:address "dead proxy", err.message, 1, true)
    end)

    it("over TLS is verified with the same authorities", function()
      local err =
        through("proxy over TLS", { proxy = "https://localhost:" .. server.ports["proxy over TLS"] })
      assert.matches("HTTP 403", err.message, 1, true)
      err = through("untrusted proxy over TLS", {
        proxy = "https://localhost:" .. server.ports["untrusted proxy over TLS"],
      })
      assert.equal("tls", err.kind)
      assert.matches("no TLS with the proxy localhost:", err.message, 1, true)
    end)

    it("never sees plain http", function()
      local transport = new_transport { proxy = "http://" .. server:address "proxy refuses" }
      local before = count "proxy refuses"
      assert(transport:send(request_of "ok"))
      assert.equal(before, count "proxy refuses")
    end)
  end)

  describe("and authorities", function()
    local function copy(from, to)
      assert.equal("", process.output_of(("cp '%s' '%s' 2>&1"):format(from, to)))
    end

    it("that were taken out of ca_file vouch for no new connection, nor for a resumed session", function()
      local ca_file = server.folder .. "/changing.pem"
      copy(server.ca_file, ca_file)
      local transport = new_transport { ca_file = ca_file }
      for _ = 1, 3 do
        assert(transport:send(request_of("tls", { once = true })))
      end
      copy(server.certificates.self_signed.certificate, ca_file)
      local response, err = transport:send(request_of("tls", { once = true }))
      assert.is_nil(response)
      assert.equal("tls", err.kind)
      assert.is_nil((transport:send(request_of "tls")), "a kept connection outlived its authority")
      copy(server.ca_file, ca_file)
      assert(transport:send(request_of "tls"))
    end)

    it("of the system do not count beside ca_file", function()
      -- In a mount namespace of its own, where the system trusts the authority of the server.
      local script = [[
        mkdir -p '%s/certs' && cp '%s' '%s/certs/ca-certificates.crt' && openssl rehash '%s/certs' || exit 9
        mount --bind '%s/certs' /etc/ssl/certs || exit 9
        cat >'%s/asks.lua' <<'LUA'
          local ca_file, url, connect_to = (table.unpack or unpack)(arg)
          local curl = require "dataforest.transport.curl"
          local transport = curl.new { ca_file = ca_file ~= "" and ca_file or nil }
          local request = { method = "GET", url = url, connect_to = connect_to, timeout = 5 }
          local response, err = transport:send(request)
          print(response and response.status or err.kind)
LUA
        lua5.4 '%s/asks.lua' '' '%s' '%s'; lua5.4 '%s/asks.lua' '%s' '%s' '%s'
      ]]
      local folder = server.folder
      script = script:format(
        folder,
        server.ca_file,
        folder,
        folder,
        folder,
        folder,
        folder,
        server:url "tls",
        server:address "tls",
        folder,
        server.certificates.self_signed.certificate,
        server:url "tls",
        server:address "tls"
      )
      local path = folder .. "/apart.sh"
      files.write(path, process.output_of "tools/env.sh lua5.4", "\n", script)
      local said = process.output_of("unshare -rm sh '" .. path .. "' 2>&1; echo $?")
      if said:find "9\n$" or said:find "unshare" then
        pending "no mount namespace can be had here"
        return
      end
      assert.equal("200\ntls\n0\n", said)
    end)
  end)

  describe("and the host program", function()
    --- Runs a script in Lua 5.4 that hangs, sends it a signal, and returns how long it still lived.
    local function seconds_after_signal(script)
      local path = server.folder .. "/hangs.lua"
      files.write(path, 'io.open(arg[1] .. ".started", "w"):close()\n', script)
      local command = [[%s
        rm -f '%s.started'
        lua5.4 '%s' '%s' '%s' >/dev/null 2>&1 & pid=$!
        for _ in $(seq 100); do [ -e '%s.started' ] && break; sleep 0.05; done
        sleep 0.4; kill -INT $pid; start=$(cut -d' ' -f1 /proc/uptime)
        wait $pid; echo "$start $(cut -d' ' -f1 /proc/uptime)"]]
      local said = process.output_of(
        command:format(process.output_of "tools/env.sh lua5.4", path, path, path, server:url "hold", path)
      )
      local from, to = said:match "([%d.]+) ([%d.]+)"
      return tonumber(to) - tonumber(from)
    end

    local CLIENT = [[
      local df = require("dataforest").new { access_key = "a", secret_key = "b", timeout = 10, retry = false,
        base_url = arg[2]:match "^%w+://[^/]+" }
    ]]

    it("that gets Ctrl-C during a call ends within a second", function()
      assert.is_true(seconds_after_signal(CLIENT .. "df.accounts:get_list()") < 1.5)
    end)

    it("that gets Ctrl-C during df:map ends within a second", function()
      local script = CLIENT .. "df:map({ 1, 2, 3 }, function() return df.accounts:get_list() end)"
      assert.is_true(seconds_after_signal(script) < 2)
    end)

    it("that gets Ctrl-C during a pause ends within a second", function()
      assert.is_true(seconds_after_signal "require('dataforest.core').sleep(10)" < 1.5)
    end)

    it("may call where Lua cannot yield, within df:map", function()
      local df = new_client "slow"
      local values, errors = df:map({ 1, 2, 3, 4 }, function(item)
        local inner
        string.gsub("x", "x", function()
          inner = df.accounts:get_list()
        end)
        local list = assert(df.accounts:get_list())
        return inner and inner.total == 0 and list.total == 0 and item
      end, { concurrency = 3 })
      assert.is_nil(errors)
      assert.same({ 1, 2, 3, 4 }, values)
    end)

    it("may call from a hook, within df:map", function()
      local df
      local inner = 0
      df = new_client("slow", {
        on_event = function(event)
          if event.name == "success" and event.operation == "accounts/getList" then
            local list = df.apps:get_list { accountId = "axE7wU9ERm8fTc7e17vNvu" }
            inner = inner + (list and 1 or 0)
          end
        end,
      })
      for _ = 1, 3 do
        local values, errors = df:map({ 1, 2, 3, 4 }, function(item)
          local list, err = df.accounts:get_list()
          return list and item, err
        end)
        assert.is_nil(errors)
        assert.same({ 1, 2, 3, 4 }, values)
      end
      assert.equal(12, inner)
    end)

    it("may use df:map within df:map where Lua cannot yield", function()
      local df = new_client "slow"
      local values, errors = df:map({ 1, 2 }, function(item)
        local inner
        string.gsub("x", "x", function()
          inner = df:map({ 1, 2, 3 }, function()
            return df.accounts:get_list()
          end)
        end)
        return #inner == 3 and item
      end)
      assert.is_nil(errors)
      assert.same({ 1, 2 }, values)
    end)
  end)
end)
