-- A soak inside nginx: calls in every phase, clients that leave, light threads that are killed, a service
-- that misbehaves, reloads, and a wall clock that jumps. SOAK_SECONDS says how long (default 15), SOAK_CALLS
-- how many calls it takes at least, if that takes longer.

local core = require "dataforest.core"
local folders = require "spec.support.files"
local nginx = require "spec.support.nginx"
local shell = require "dataforest.util.shell"

local SECONDS = tonumber(os.getenv "SOAK_SECONDS") or 15
local CALLS = tonumber(os.getenv "SOAK_CALLS") or 0
local DAY = 86400
local CLIENTS = 32
local LUA = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"
local POOL = 32 -- as in app.lua
local WORKERS = 2
local MAX_GROWTH = 16 * 1024 -- kB, of a worker, in the time without reloads

local SERVICE = [[
  lua_shared_dict counts 1m;
  ssl_certificate server.pem;
  ssl_certificate_key server.key;
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  init_by_lua_block { service = require "spec.soak.service" }
  server {
    listen 127.0.0.1:@service@ ssl;
    location / { content_by_lua_block { service.serve() } }
  }
  server {
    listen 127.0.0.1:@control@;
    location = /calm { content_by_lua_block { ngx.shared.counts:set("calm", true) ngx.say "calm" } }
    location = /connections { content_by_lua_block { ngx.say(ngx.var.connections_active) } }
  }
]]

local APP = [[
  lua_shared_dict counts 1m;
  lua_ssl_trusted_certificate ca.pem;
  lua_ssl_verify_depth 3;
  lua_socket_log_errors off;
  lua_check_client_abort on;
  lua_max_pending_timers 100000;
  lua_max_running_timers 10000;
  keepalive_requests 100000000;
  init_by_lua_block { service_port = SERVICE_PORT app = require "spec.soak.app" }
  server {
    listen 127.0.0.1:@http@ backlog=4096;
    location /access/ { access_by_lua_block { app.run() } content_by_lua_block { ngx.exit(500) } }
    location /rewrite/ { rewrite_by_lua_block { app.run() } content_by_lua_block { ngx.exit(500) } }
    location /log/ {
      content_by_lua_block { ngx.print("ok ", (ngx.var.uri:match "%d+$")) }
      log_by_lua_block { app.aside() }
    }
    location /header/ {
      content_by_lua_block { ngx.print("ok ", (ngx.var.uri:match "%d+$")) }
      header_filter_by_lua_block { app.aside() }
    }
    location = /counts { content_by_lua_block { app.counts() } }
    location / { content_by_lua_block { app.run() } }
  }
]]

local CLIENTS_CONF = [[
  lua_shared_dict counts 1m;
  lua_socket_log_errors off;
  lua_max_running_timers 1000;
  init_by_lua_block { clients = require "spec.soak.clients" }
  server {
    listen 127.0.0.1:@control@;
    location = /start {
      content_by_lua_block { clients.start(tonumber(ngx.var.arg_port), tonumber(ngx.var.arg_many)) }
    }
    location = /stop { content_by_lua_block { ngx.shared.counts:set("stop", true) } }
    location = /counts {
      content_by_lua_block {
        for _, key in ipairs(ngx.shared.counts:get_keys(0)) do
          ngx.say(key, "\t", ngx.shared.counts:get(key))
        end
      }
    }
  }
]]

local function counts_of(its_nginx, port)
  local counts = setmetatable({}, {
    __index = function()
      return 0
    end,
  })
  local status, text = its_nginx:get(port, "/counts")
  assert(status == 200, "no counts")
  for key, value in text:gmatch "([^\t\n]+)\t(%S+)" do
    counts[key] = tonumber(value)
  end
  return counts
end

local function resident(pid)
  return tonumber(nginx.read_file(("/proc/%d/status"):format(pid)):match "VmRSS:%s+(%d+)")
end

--- Makes the certificates at a time at which the clock has not come to its earliest yet.
local function make_certificates(folder)
  local script = 'assert(require("dataforest.emulator.server").make_certificates(%q, %s))'
  local hosts = '{ "df.test", "localhost", "127.0.0.1", "::1" }'
  local said = nginx.output_of(
    ("LD_PRELOAD=%s/shim.so CLOCK_SHIM=%s/offset %s -e %s 2>&1; echo $?"):format(
      folder,
      folder,
      LUA,
      shell.quoted(script:format(folder, hosts))
    )
  )
  assert.are.equal("0", said)
end

local function sorted(list)
  table.sort(list)
  return list
end

describe("a soak in nginx #full", function()
  local its_service, its_app, its_clients, folder

  local function jump(seconds)
    local bytes = {}
    for i = 1, 8 do
      bytes[i] = string.char(math.floor(seconds / 2 ^ (8 * (i - 1))) % 256)
    end
    local file = assert(io.open(folder .. "/offset", "r+b"))
    file:write(table.concat(bytes))
    file:close()
  end

  setup(function()
    folder = folders.new_folder()
    local compiled = nginx.output_of(
      ("cc -shared -fPIC -O2 -o %s/shim.so spec/soak/clock_shim.c -ldl 2>&1; echo $?"):format(folder)
    )
    assert.are.equal("0", compiled)
    assert(io.open(folder .. "/offset", "wb")):close()
    jump(-2 * DAY)
    make_certificates(folder)
    jump(0)
    local files = {}
    for _, name in ipairs { "ca.pem", "server.pem", "server.key" } do
      files[name] = nginx.read_file(folder .. "/" .. name)
    end
    its_service = nginx.start { http = SERVICE, ports = { "service", "control" }, files = files, workers = 1 }
  end)

  teardown(function()
    for _, each in ipairs { its_clients or false, its_app or false, its_service or false } do
      if each then
        each:stop()
      end
    end
    folders.remove(folder)
  end)

  it(("of %d seconds harms nobody"):format(SECONDS), function()
    its_app = nginx.start {
      http = APP:gsub("SERVICE_PORT", its_service.ports.service),
      ports = { "http" },
      files = { ["ca.pem"] = nginx.read_file(folder .. "/ca.pem") },
      workers = WORKERS,
      preload = ("LD_PRELOAD=%s/shim.so CLOCK_SHIM=%s/offset"):format(folder, folder),
    }
    its_clients = nginx.start { http = CLIENTS_CONF, ports = { "control" } }
    local started = its_clients:get("control", ("/start?port=%s&many=%d"):format(its_app.ports.http, CLIENTS))
    assert.are.equal(200, started)

    local begun = core.monotonic()
    local reload_until, measure_from = begun + SECONDS * 0.5, begun + SECONDS * 0.65
    local workers, before = nil, nil
    local reloads, jumps = 0, 0
    while core.monotonic() < begun + SECONDS or counts_of(its_app, "http").calls < CALLS do
      core.sleep(math.min(1, SECONDS / 20))
      local now = core.monotonic()
      if now < reload_until and math.random() < 0.2 then
        its_app:signal "HUP"
        reloads = reloads + 1
      elseif math.random() < 0.4 then
        jump(math.random(-DAY, DAY))
        jumps = jumps + 1
      end
      if now > measure_from and not workers then
        workers = sorted(its_app:workers())
        before = {}
        for i, pid in ipairs(workers) do
          before[i] = resident(pid)
        end
      end
    end
    assert.are.equal(WORKERS, #workers)
    assert.are.same(workers, sorted(its_app:workers())) -- the same processes: none has ended
    for i, pid in ipairs(workers) do
      local after = resident(pid)
      print(("worker %d: %d kB, then %d kB"):format(i, before[i], after))
      assert.is_true(after - before[i] < MAX_GROWTH, ("worker %d grew by %d kB"):format(i, after - before[i]))
    end

    its_clients:get("control", "/stop")
    local deadline = core.monotonic() + 10
    while counts_of(its_clients, "control").running > 0 and core.monotonic() < deadline do
      core.sleep(0.1)
    end
    local asked, answered = counts_of(its_clients, "control"), counts_of(its_app, "http")
    print(
      ("%.0f s: %d requests, %d calls, %d reloads, %d clock jumps"):format(
        core.monotonic() - begun,
        asked.answered,
        answered.calls,
        reloads,
        jumps
      )
    )
    if os.getenv "SOAK_VERBOSE" then
      for _, counts in ipairs { asked, answered } do
        for key, value in pairs(counts) do
          print(key, value)
        end
      end
      print(its_clients:log():sub(-2000), its_app:log():sub(-3000))
    end
    assert.are.equal(0, asked.running)
    assert.are.equal(0, asked.wrong)
    assert.are.equal(0, answered.mismatches)
    assert.are.equal(0, answered["error tls"])
    assert.are.equal(0, asked.refused)
    assert.are.equal(0, asked["status 500"])
    -- A reload may close a connection that waits for its next request, and nothing else may.
    assert.is_true(asked.unanswered <= reloads * CLIENTS, asked.unanswered .. " requests without a response")
    assert.is_true(answered.calls > SECONDS * 50, answered.calls .. " calls")

    -- With the service calm and the clock right, all is as at the start: every call goes well, at once.
    jump(0)
    its_service:get("control", "/calm")
    core.sleep(0.5)
    local from = core.monotonic()
    for number = 1, 64 do
      local status, body = its_app:get("http", "/map/" .. number)
      assert.are.equal(200, status)
      assert.are.equal("ok " .. number, body)
    end
    assert.is_true(core.monotonic() - from < 5, "calls are slow afterwards")
    local _, connections = its_service:get("control", "/connections")
    assert.is_true(tonumber(connections) <= WORKERS * POOL + 4, connections .. " connections")

    local log = its_app:log()
    assert.is_nil(log:find("exited on signal", 1, true), log:match "[^\n]*exited on signal[^\n]*")
    assert.is_nil(log:find("panic", 1, true))
    assert.is_nil(log:find("attempt to", 1, true), log:match "[^\n]*attempt to[^\n]*")
    assert.is_nil(log:find("lua entry thread aborted", 1, true), log:match "[^\n]*aborted[^\n]*")
  end)
end)
