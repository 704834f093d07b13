-- `dataforest emulator`: a real nginx, real TLS, real signals.

local cjson = require "cjson"
local control = require "dataforest.emulator.control"
local core = require "dataforest.core"
local emulators = require "dataforest.emulator"
local files = require "spec.support.files"
local read_file = require "dataforest.util.read_file"
local servers = require "spec.support.server"
local tables = require "dataforest.util.tables"

local function exists(path)
  return read_file(path) ~= nil
end

-- The processes whose command line names the folder.
local function processes_of(folder)
  return servers.output_of(("pgrep -f -- '%s' | grep -v $$"):format(folder))
end

describe("dataforest emulator #full", function()
  local server

  setup(function()
    server = servers.start { access_key = "AK_TEST", secret_key = "it's a secret", creation_delay = 100 }
  end)

  teardown(function()
    server:stop()
  end)

  before_each(function()
    server:reset()
  end)

  -- Signed by hand, sent by the curl tool.
  local function send(operation, body, headers, arguments)
    local target = "/api/v2/" .. operation
    local timestamp = ("%.0f"):format(core.now() * 1000)
    local all = tables.copy({
      ["x-ncp-apigw-timestamp"] = timestamp,
      ["x-ncp-iam-access-key"] = server.access_key,
      ["x-ncp-apigw-signature-v2"] = core
        .signer(server.access_key, server.secret_key)
        :sign("POST", target, timestamp),
      ["content-type"] = "application/json",
    }, headers)
    local words = { "-i", "-d", "'" .. body .. "'", arguments or "" }
    for name, value in pairs(all) do
      words[#words + 1] = ("-H '%s: %s'"):format(name, value)
    end
    local text = server:curl(target, table.concat(words, " "))
    local head, response = text:match "^(.-)\r\n\r\n(.*)$"
    return response or text, head
  end

  it("prints lines for a shell", function()
    assert.matches("^https://127.0.0.1:%d+$", server.base_url)
    assert.are.equal(
      (
        "export DATAFOREST_BASE_URL='%s'\nexport DATAFOREST_CA_FILE='%s'\n"
        .. "export NCLOUD_ACCESS_KEY='AK_TEST'\nexport NCLOUD_SECRET_KEY='it'\\''s a secret'\n"
      ):format(server.base_url, server.ca_file),
      server.said
    )
  end)

  it("answers over TLS that is verified", function()
    local response, head = send("accounts/create", '{"name":"df001","password":"8ghmuu8x"}')
    local id = response:match '^{"success":true,"id":"(%w+)"}$'
    assert.are.equal(22, #id)
    assert.matches("^HTTP/1.1 200 OK\r\n", head)
    assert.matches("\r\n[Dd]ate: %a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT", head)
    assert.are.equal(1, select(2, head:lower():gsub("\r\ndate:", "")))
    assert.are.equal(1, select(2, head:lower():gsub("\r\ncontent%-type:", "")))
    assert.matches("\r\nx%-ncp%-trace%-id: %x+", head)

    response = send(
      "accounts/getDetail",
      "<GetAccountDetailRequest><id>" .. id .. "</id></GetAccountDetailRequest>",
      { ["content-type"] = "application/xml" }
    )
    assert.matches("<name>df001</name><quotas>.*<status>ACCEPTED</status>", response)
    server:advance(100)
    assert.are.equal("RUNNING", cjson.decode((send("accounts/getDetail", ('{"id":"%s"}'):format(id)))).status)

    response, head =
      send("accounts/getKerberosKeytab", ('{"id":"%s"}'):format(id), { accept = "application/octet-stream" })
    assert.are.equal("\5\2", response:sub(1, 2))
    assert.matches("\r\ncontent%-type: application/octet%-stream", head:lower())
    assert.matches('filename="df001.keytab"', head)

    assert.matches("curl: %(60%)", server:curl("/", "--cacert /etc/ssl/certs/ca-certificates.crt"))
    local wrong_name = server:curl(
      "/",
      ("--connect-to other.example:%d:127.0.0.1:%d -o /dev/null " .. "https://other.example:%d/"):format(
        server.port,
        server.port,
        server.port
      )
    )
    assert.matches("no alternative certificate subject name matches", wrong_name)
    for _, host in ipairs { "localhost", "127.0.0.1" } do
      local fine = servers.output_of(
        ("curl -sS --cacert '%s' -o /dev/null -w '%%{http_code}' https://%s:%d/ 2>&1"):format(
          server.ca_file,
          host,
          server.port
        )
      )
      assert.are.equal("404", fine)
    end
  end)

  it("takes bodies that nginx keeps in a file, and refuses larger ones itself", function()
    local path = os.tmpname()
    local function send_file(bytes)
      files.write(path, '{"id":"', ("a"):rep(bytes), '"}')
      return send("accounts/getDetail", "@" .. path, nil, "-H 'expect:'")
    end
    assert.are.equal(
      '{"message":"invalid request parameter (constraint violation Size, id): size must be between 1 '
        .. 'and 22","success":false}',
      (send_file(200000))
    )
    assert.matches('"errorCode":"430"', (send_file(1100000)))
    os.remove(path)
  end)

  it("is steered over HTTP", function()
    server:fail_next { operation = "accounts/getList", code = "410", headers = { ["retry-after"] = "2" } }
    local response, head = send("accounts/getList", "{}")
    assert.matches("^HTTP/1.1 429 ", head)
    assert.matches("\r\nretry%-after: 2", head:lower())
    assert.are.equal('{"error":{"errorCode":"410","message":"Throttle Limited"}}', response)
    local id = server:add_account { name = "df002" }
    assert.are.equal(id, cjson.decode((send("accounts/getList", "{}"))).contents[1].id)
    local calls = server:calls()
    assert.are.equal(429, calls[1].status)
    assert.are.equal("accounts/getList", calls[2].operation)
    assert.error_matches(function()
      server:fail_next { status = 500, whne = "after" }
    end, "^fail_next does not know the field whne %(perhaps when%?%)$")
  end)

  it("delays responses, and closes connections without one", function()
    server:fail_next { delay = 0.3 }
    local started = core.monotonic()
    assert.matches("total", (send("accounts/getList", "{}")))
    assert.is_true(core.monotonic() - started >= 0.3)
    server:fail_next { kind = "network", when = "after", operation = "accounts/create" }
    local response = send("accounts/create", '{"name":"df001","password":"8ghmuu8x"}')
    -- curl's words, or OpenSSL's since 3.2.
    assert.is_truthy(response:find "Empty reply from server" or response:find "unexpected eof", response)
    assert.are.equal(1, cjson.decode((send("accounts/getList", "{}"))).total)
    server:fail_next { kind = "timeout", operation = "accounts/getList" }
    assert.matches("timed out", (send("accounts/getList", "{}", nil, "--max-time 0.5")))
    assert.matches("total", (send("accounts/getList", "{}")))
  end)
end)

describe("the end of dataforest emulator #full", function()
  for _, signal in ipairs { "INT", "TERM", "HUP" } do
    it("leaves nothing behind on SIG" .. signal, function()
      local server = servers.start()
      assert.is_true(exists(server.ca_file))
      assert.matches("%d", processes_of(server.folder))
      server:stop(signal)
      assert.is_false(exists(server.folder))
      assert.are.equal("", processes_of(server.folder))
    end)
  end

  it("comes soon even if the script is killed", function()
    local server = servers.start()
    server:stop "KILL"
    assert.is_true(servers.wait_until(function()
      return not exists(server.folder) and processes_of(server.folder) == ""
    end, 5))
  end)

  it("comes with the process that it was told", function()
    local other = tonumber(servers.output_of "sleep 60 >/dev/null 2>&1 & echo $!")
    local server = servers.start { parent = other }
    os.execute("kill " .. other)
    assert.is_true(servers.wait_until(function()
      return not servers.is_running(server.pid) and not exists(server.folder)
    end, 5))
    assert.are.equal("", processes_of(server.folder))
  end)
end)

describe("what dataforest emulator says #full", function()
  local function said(arguments)
    return servers.output_of(
      ('timeout 10 bin/dataforest emulator %s 2>&1; echo "status $?"'):format(arguments)
    )
  end

  it("is short if the port is taken", function()
    local server = servers.start()
    local text = said("--listen 127.0.0.1:" .. server.port)
    server:stop()
    assert.are.equal(
      (
        "dataforest emulator: port %d is taken; choose another with --listen, or port 0 for one that "
        .. "is free\nstatus 1\n"
      ):format(server.port),
      text
    )
  end)

  it("names the packages if there is no nginx with Lua", function()
    local text = said "--nginx /bin/true"
    assert.matches("^dataforest emulator: /bin/true is no nginx with the Lua module", text)
    assert.matches("apt%-get install nginx%-light libnginx%-mod%-http%-lua", text)
    assert.matches("\nstatus 1\n$", text)
  end)

  it("is about the arguments if they are wrong", function()
    for arguments, pattern in pairs {
      ["--listen 8443"] = "%-%-listen takes an address such as",
      ["--listen 127.0.0.1:65536"] = "%-%-listen takes an address such as",
      ["--listen 1.2.3.256:8443"] = "%-%-listen takes an address such as",
      ["--listen [::::]:8443"] = "%-%-listen takes an address such as",
      ["--host 1:::2"] = "%-%-host takes a host name or an address",
      ["--creation-delay soon"] = "%-%-creation%-delay takes a number",
      ["--latency=-1"] = "%-%-latency takes a number of at least 0",
      ["--change-delay=-1"] = "change%-delay must be at least 0",
      ["--max-apps=1e999"] = "max%-apps must be a finite number",
      ["--unknown-id 405"] = "unknown%-id must be 403 or 404",
      ["--fast"] = "there is no option %-%-fast",
    } do
      local text = said(arguments)
      assert.matches("^dataforest emulator: " .. pattern, text)
      assert.matches("\nstatus 2\n$", text)
    end
    assert.matches("^Usage: dataforest emulator .*\nstatus 0\n$", said "--help")
  end)
end)

describe("the emulator in one's own nginx #full", function()
  local server = require "dataforest.emulator.server"
  local folder

  local function write(name, text)
    files.write(folder .. "/" .. name, text)
  end

  local function configuration(workers, serve)
    local nginx = assert(server.find_nginx(os.getenv "DATAFOREST_NGINX"))
    local modules = {}
    for i, path in ipairs(nginx.modules) do
      modules[i] = ("load_module %s;"):format(path)
    end
    local here = servers.output_of("pwd"):match "[^\n]*"
    return nginx,
      table.concat(modules, "\n") .. ([[
      daemon off; master_process %s; worker_processes %d; pid nginx.pid; error_log error.log warn;
      events { worker_connections 100; }
      http {
        access_log off;
        client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
        uwsgi_temp_path uwsgi; scgi_temp_path scgi;
        lua_package_path "%s/lua/?.lua;%s/lua/?/init.lua;;";
        lua_package_cpath "%s/build/luajit/?.so;;";
        init_by_lua_block {
          emulator = require("dataforest.emulator").new()
          require "dataforest.emulator.nginx" -- now, since workers may not be allowed to read it
        }
        server {
          listen unix:%s/socket;
          location / { content_by_lua_block { %s } }
        }
      }]]):format(workers > 1 and "on" or "off", workers, here, here, here, folder, serve)
  end

  -- Runs nginx while `use(ask)` runs; `ask(path, arguments)` asks it with the curl tool.
  local function with_nginx(workers, serve, use)
    local nginx, text = configuration(workers, serve)
    write("nginx.conf", text)
    local pid = tonumber(
      servers.output_of(
        ("%s -p %s/ -c %s/nginx.conf >%s/said 2>&1 </dev/null & echo $!"):format(
          nginx.path,
          folder,
          folder,
          folder
        )
      )
    )
    local listens = servers.wait_until(function()
      return exists(folder .. "/nginx.pid")
    end, 10)
    local ok, message = pcall(use, function(path, arguments)
      return servers.output_of(
        ("curl -sS --max-time 10 --unix-socket %s/socket %s http://localhost%s 2>&1"):format(
          folder,
          arguments or "",
          path
        )
      )
    end)
    os.execute(("kill -TERM %d"):format(pid))
    servers.wait_until(function()
      return not servers.is_running(pid)
    end, 10)
    assert(listens, servers.output_of(("cat %s/said %s/error.log"):format(folder, folder)))
    assert(ok, message)
  end

  before_each(function()
    folder = files.new_folder()
  end)

  after_each(function()
    files.remove(folder)
  end)

  it("answers, and has no control unless told so", function()
    with_nginx(1, 'require("dataforest.emulator.nginx").serve(emulator)', function(ask)
      assert.matches(
        '"details":"Authentication information are missing."',
        ask("/api/v2/accounts/getList", "-d '{}'")
      )
      assert.matches('"errorCode":"300"', ask("/_emulator/now", "-d '{}'"))
      local target = "/api/v2/accounts/getList?a=%20b"
      local arguments = { "-d '{}'" }
      local signed = require("spec.support.signed").headers(emulators.new(), target)
      for name, value in pairs(signed) do
        arguments[#arguments + 1] = ("-H '%s: %s'"):format(name, value)
      end
      assert.are.equal('{"success":true,"total":0,"contents":[]}', ask(target, table.concat(arguments, " ")))
    end)
    local log = files.read(folder .. "/error.log")
    assert.are.equal("", log)
  end)

  it("has control for this machine, under its own names, if told so", function()
    local serve =
      'require("dataforest.emulator.nginx").serve(emulator, { control = true, names = { "df.test" } })'
    with_nginx(1, serve, function(ask)
      assert.matches('^{"result":%d', ask("/_emulator/now", "-d '{}'"))
      assert.matches('^{"result":%d', ask("/_emulator/now", "-d '{}' -H 'host: df.test'"))
      assert.matches(
        "rebound.test is not the emulator's",
        ask("/_emulator/now", "-d '{}' -H 'host: rebound.test'")
      )
      assert.matches("another origin", ask("/_emulator/now", "-d '{}' -H 'origin: https://other.test'"))
    end)
  end)

  it("logs its own mistakes, and responds with the gateway's error", function()
    local serve = [[emulator.handle = function() error "a mistake of its own" end
      require("dataforest.emulator.nginx").serve(emulator, { control = true })]]
    with_nginx(1, serve, function(ask)
      local body = cjson.decode(ask("/api/v2/accounts/getList", "-d '{}'"))
      assert.are.same({
        error = {
          errorCode = "900",
          message = "Unexpected Error",
          details = "The emulator failed; its output says more.",
        },
      }, body)
    end)
    local log = files.read(folder .. "/error.log")
    assert.matches("dataforest.emulator: .*a mistake of its own\nstack traceback:", log)
  end)

  it("wants its memory to be one worker's", function()
    with_nginx(2, 'require("dataforest.emulator.nginx").serve(emulator)', function(ask)
      assert.matches("500 Internal Server Error", ask("/api/v2/accounts/getList", "-d '{}'"))
    end)
    local log = files.read(folder .. "/error.log")
    assert.matches("dataforest.emulator: its memory is one worker's: set worker_processes 1", log)
  end)
end)

describe("the demo #full", function()
  it("shows five calls and leaves nothing behind", function()
    local text = servers.output_of "tools/demo.sh 2>&1; echo status $?"
    for _, pattern in ipairs {
      "^Data Forest at https://127.0.0.1:%d+\n",
      "\n  1  Is the name cloud1 free%?    yes +[%d.]+ ms\n",
      "\n  2  Create the account          %w+ +[%d.]+ ms\n",
      "\n  3  List the accounts           1 account +[%d.]+ ms\n",
      "\n       cloud1      ACCEPTED    cloud1@KR%.DF%.NAVERNCP%.COM\n",
      "\n  4  Look at it closely          %d%d%d%d%-",
      "\n       koya        1 million files, 200 TB\n       tata        1 million files, 200 TB\n",
      "\n  5  Create a second one         refused +[%d.]+ ms\n",
      "\n       Data Forest can only create and use one account per user%.\n",
      "\nstatus 0\n$",
    } do
      assert.matches(pattern, text)
    end
    assert.is_nil(text:find("\27", 1, true)) -- no colours, since this is no terminal
  end)
end)

describe("the control of an emulator", function()
  local emulator

  before_each(function()
    emulator = emulators.new {
      clock = function()
        return 1700000000
      end,
    }
  end)

  local function control_with(what, body, method)
    local request = { method = method or "POST", target = "/_emulator/" .. what, headers = {}, body = body }
    local response = control.handle(emulator, request)
    return cjson.decode(response.body), response.status
  end

  it("moves the clock", function()
    assert.are.same({ result = 1700000180 }, (control_with("advance", '{"seconds":180}')))
    assert.are.same({ result = 1600000000 }, (control_with("set_clock", '{"seconds":1600000000}')))
    assert.are.same({ result = 1600000000 }, (control_with "now"))
    assert.are.same({ result = true }, (control_with("reset", "{}")))
    assert.are.equal(1700000000, emulator:now())
  end)

  it("says what is wrong", function()
    local response, status = control_with("advance", "{}")
    assert.are.equal(400, status)
    assert.are.same({ error = "seconds: advance takes a number of seconds, not a nil" }, response)
    response, status = control_with("advance", "{")
    assert.are.equal(400, status)
    assert.are.same({ error = "malformed JSON" }, response)
    assert.are.equal(404, (select(2, control_with("stop", "{}"))))
    assert.are.equal(404, (select(2, control_with("now", "", "GET"))))
  end)

  it("leaves other addresses alone", function()
    assert.is_nil(
      control.handle(emulator, { method = "POST", target = "/api/v2/accounts/getList", headers = {} })
    )
  end)
end)
