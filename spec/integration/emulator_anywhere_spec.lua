-- `dataforest emulator` for everyone: any address, any certificate, any language, and what outlives it.

local cjson = require "cjson"
local core = require "dataforest.core"
local files = require "spec.support.files"
local nginx = require "spec.support.nginx"
local servers = require "spec.support.server"

local quoted = require("dataforest.util.shell").quoted
local output_of = servers.output_of

local has_python = servers.has "python3"
local has_ipv6 = (nginx.read_file "/proc/net/if_inet6"):find "00000000000000000000000000000001" ~= nil

describe("dataforest emulator, anywhere #full", function()
  local server, folder

  local function start(options)
    server = servers.start(options)
    return server
  end

  local function write(name, text)
    files.write(folder .. "/" .. name, text)
    return folder .. "/" .. name
  end

  -- Status and body of a command of control.
  local function control(command, arguments)
    local text = server:curl("/_emulator/" .. command, "-d '{}' -w '\\n%{http_code}' " .. (arguments or ""))
    local body, status = text:match "^(.*)\n(%d+)$"
    return tonumber(status), body
  end

  -- What the server has printed, once that has some text in it.
  local function printed(pattern)
    servers.wait_until(function()
      return server:printed():find(pattern)
    end, 5)
    return server:printed()
  end

  before_each(function()
    folder = files.new_folder()
  end)

  after_each(function()
    if server then
      server:stop()
      server = nil
    end
    files.remove(folder)
  end)

  describe("on all addresses", function()
    it("has control for those with the token", function()
      start { listen = "0.0.0.0:0", control_token = "open-sesame" }
      assert.matches("^https://127.0.0.1:%d+$", server.base_url)
      assert.matches("export DATAFOREST_EMULATOR_TOKEN='open%-sesame'\n", server.said)
      assert.matches(
        "open to everyone who reaches this machine; control .* want the token",
        printed "open to"
      )
      local status, body = control "now"
      assert.are.equal(403, status)
      assert.matches("x%-emulator%-token is missing", body)
      assert.are.equal(403, (control("now", "-H 'x-emulator-token: open'")))
      assert.are.equal(200, (control("now", "-H 'x-emulator-token: open-sesame'")))
      assert.are.equal('{"result":true}\n', server:curl "/_emulator/ready")
      assert.matches("<title>Data Forest emulator", server:curl "/_emulator/")
    end)

    it("has none without one, and says so", function()
      start { listen = "0.0.0.0:0" }
      assert.matches("there is no control over it %(%-%-control%-token TOKEN gives one%)", printed "open to")
      local status, body = control "now"
      assert.are.equal(403, status)
      assert.matches("without %-%-control%-token", body)
      assert.are.equal('{"result":true}\n', server:curl "/_emulator/ready")
    end)

    it("of IPv6", function()
      if not has_ipv6 then
        pending "there is no IPv6 here"
        return
      end
      start { listen = "[::]:0", control_token = "t" }
      assert.matches("^https://%[::1%]:%d+$", server.base_url)
      assert.are.equal(200, (control("now", "-H 'x-emulator-token: t'")))
      local v4 = server.base_url:gsub("%[::1%]", "127.0.0.1")
      local text = output_of(("curl -sS --cacert %s %s/_emulator/ready 2>&1"):format(server.ca_file, v4))
      assert.are.equal('{"result":true}\n', text)
    end)
  end)

  it("judges loopback by the address, not by its text", function()
    for _, listen in ipairs { "LOCALHOST:0", "localhost:0", "127.0.0.2:0", has_ipv6 and "[::1]:0" or nil } do
      start { listen = listen }
      assert.are.equal(200, (control "now"), listen)
      assert.matches("open to programs on this machine; so are control", printed "open to")
      server:stop()
      server = nil
    end
    for _, listen in ipairs { "127.1:0", "0x7f000001:0", "2130706433:0", "0:0", "127.0.0.256:0", "a b:0" } do
      local text =
        output_of(("timeout 10 bin/dataforest emulator --listen %s 2>&1; echo =$?"):format(quoted(listen)))
      assert.matches("%-%-listen takes an address such as", text)
      assert.matches("=2\n$", text)
    end
  end)

  it("has more names, in its certificate and for control", function()
    start { host = { "emulator.test", "10.1.2.3" } }
    local function at(name)
      return output_of(
        ("curl -sS --cacert %s --resolve '%s:%d:127.0.0.1' -d '{}' https://%s:%d/_emulator/now 2>&1"):format(
          server.ca_file,
          name,
          server.port,
          name,
          server.port
        )
      )
    end
    assert.matches('^{"result":%d', at "emulator.test")
    assert.matches("no alternative certificate subject name matches", at "other.test")
    local status, body = control("now", "-H 'host: rebound.test'")
    assert.are.equal(403, status)
    assert.matches("rebound.test is not the emulator's; add it with %-%-host", body)
    assert.are.equal(403, (control("reset", "-H 'origin: https://other.example'")))
    local names = output_of(
      ("openssl s_client -connect 127.0.0.1:%d </dev/null 2>/dev/null | openssl x509 -noout -text"):format(
        server.port
      )
    )
    assert.matches("DNS:emulator.test, IP Address:10.1.2.3", names, 1, true)
    assert.matches("X509v3 Authority Key Identifier", names)
  end)

  it("keeps its authority if told to", function()
    local ca = folder .. "/my ca.pem"
    start { ca_file = ca }
    assert.are.equal(ca, server.ca_file)
    assert.are.equal(200, (control "now"))
    local first = nginx.read_file(ca)
    assert.is_nil(first:find "PRIVATE")
    assert.are.equal("600", nginx.output_of("stat -c %a " .. quoted(ca .. ".key")))
    assert.are.equal("644", nginx.output_of("stat -c %a " .. quoted(ca)))
    server:stop()
    start { ca_file = ca }
    assert.are.equal(first, nginx.read_file(ca))
    assert.are.equal(200, (control "now"))
    server:stop()
    server = nil
    os.remove(ca .. ".key")
    local text =
      output_of(("bin/dataforest emulator --listen 127.0.0.1:0 --ca-file %s 2>&1"):format(quoted(ca)))
    assert.matches("exists, but not its key", text)
    assert.are.equal(first, nginx.read_file(ca))
  end)

  it("takes a certificate of one's own", function()
    local certificates = require("spec.support.certificates").make(folder)
    local good = certificates.good
    start { cert = good.certificate, key = { good.key, "AK2:SK2:second" }, ca_file = certificates.ca }
    assert.are.equal(certificates.ca, server.ca_file)
    assert.are.equal(200, (control "now"))
    assert.matches(
      '"result":"second"',
      (select(2, control("add_key", [[-d '{"access_key":"AK3","secret_key":"x","user":"second"}' -d '']])))
        .. '"result":"second"'
    )
    for arguments, pattern in pairs {
      ["--cert " .. good.certificate] = "%-%-cert needs %-%-key",
      ["--key " .. good.key] = "needs %-%-cert",
      ["--cert /nowhere --key " .. good.key] = "cannot read /nowhere",
      ["--http --cert " .. good.certificate .. " --key " .. good.key] = "%-%-http has no place for %-%-cert",
      ["--key AK2"] = "%-%-key takes ACCESS:SECRET",
      ["--key :SK"] = "%-%-key takes ACCESS:SECRET",
    } do
      local text = output_of(("timeout 10 bin/dataforest emulator %s 2>&1; echo =$?"):format(arguments))
      assert.matches(pattern, text)
      assert.matches("=2\n$", text)
    end
  end)

  it("speaks plain HTTP", function()
    start { http = true }
    assert.matches("^http://127.0.0.1:%d+$", server.base_url)
    assert.is_nil(server.ca_file)
    assert.are.equal(200, (control "now"))
  end)

  it("gives the gateway's documented errors for what nginx refuses", function()
    start { verbose = true }
    local function status_and_body(path, arguments)
      local text = server:curl(path, "-w '\\n%{http_code}' " .. arguments)
      local body, status = text:match "^(.*)\n(%d+)$"
      assert.matches('^{"error":', body)
      return tonumber(status), cjson.decode(body).error
    end
    local large = folder .. "/large"
    nginx.output_of(("head -c 17000000 /dev/zero >%s"):format(large))
    local status, err = status_and_body("/api/v2/accounts/getList", "-H 'expect:' --data-binary @" .. large)
    assert.are.equal(413, status)
    assert.are.same({ errorCode = "430", message = "Request Entity Too Large" }, err)
    status, err =
      status_and_body("/api/v2/accounts/getList", "-H \"x: $(head -c 40000 /dev/zero | tr '\\0' a)\" -d x")
    assert.are.equal(400, status)
    assert.are.same(
      { errorCode = "100", message = "Bad Request Exception", details = "The headers are too long." },
      err
    )
    status, err = status_and_body("/" .. ("a"):rep(40000), "")
    assert.are.equal(400, status)
    assert.are.equal("The request line is too long.", err.details)
    status, err = status_and_body("/x", "-X TRACE")
    assert.are.equal(404, status)
    assert.are.equal("300", err.errorCode)
    local plain = output_of(("curl -sS http://127.0.0.1:%d/ 2>&1"):format(server.port))
    assert.matches('"errorCode":"100".*Plain HTTP was sent to an HTTPS port', plain)
    assert.matches(
      "400 POST /api/v2/accounts/getList %(no key%) %- The headers are too long",
      server:printed()
    )
    assert.matches("413 POST .* %- the body is larger than nginx takes", server:printed())
    assert.matches("\n%S+ 404 TRACE /x ", server:printed())
  end)

  it("prints a line a request, one line whatever comes", function()
    start { verbose = true }
    server:curl("/api/v2/accounts/getLst?%0a=x", [[-d '{}' -H 'x-ncp-iam-access-key: AK']])
    server:curl(
      "/api/v2/accounts/getList",
      (
        "-d '{}' -H 'x-ncp-iam-access-key: %s' -H 'x-ncp-apigw-timestamp: %.0f' "
        .. "-H 'x-ncp-apigw-signature-v2: x'"
      ):format(server.access_key, core.now() * 1000)
    )
    local text = printed "string to sign"
    assert.matches(
      "\n%d%d:%d%d:%d%d 404 POST /api/v2/accounts/getLst%?%%0a=x %(unknown key AK%) %- unknown path "
        .. "/api/v2/accounts/getLst; the nearest is /api/v2/accounts/getList\n",
      text
    )
    assert.matches(
      "\n%d%d:%d%d:%d%d 401 POST /api/v2/accounts/getList DATAFORESTEMULATOR01 %- wrong signature: [^\n]* "
        .. '%- string to sign: "POST /api/v2/accounts/getList\\n%d+\\nDATAFORESTEMULATOR01"\n',
      text
    )
  end)

  describe("with --state", function()
    local state

    local function restart(signal)
      local pids = output_of(("pgrep -f -- '-p %s/' | grep -v $$"):format(server.folder))
      if signal == "KILL" then
        os.execute("kill -KILL " .. pids:gsub("\n", " "))
      end
      server:stop(signal)
      assert.is_true(servers.wait_until(function()
        return output_of(("pgrep -f -- '-p %s/' | grep -v $$"):format(server.folder)) == ""
      end, 10))
      return start { state = state, key = "AK2:SK2:second" }
    end

    before_each(function()
      state = folder .. "/state.json"
      start { state = state, key = "AK2:SK2:second" }
    end)

    it("finds everything again, after an end and after kill -9", function()
      for index, signal in ipairs { "TERM", "KILL", "KILL" } do
        local account = server:add_account { name = "df00" .. index, user = index == 2 and "second" or nil }
        server:control("add_app", { name = "dev001", accountId = account })
        server:advance(1000)
        server:control("add_key", { access_key = "EXTRA" .. index, secret_key = "x" })
        local before = server:control "dump"
        restart(signal)
        local after = server:control "dump"
        assert.are.same(before.accounts, after.accounts)
        assert.are.same(before.apps, after.apps)
        assert.are.same(before.random, after.random)
        assert.is_true(math.abs(after.offset - before.offset) < 0.01)
        assert.error_matches(function()
          server:control("add_key", { access_key = "EXTRA" .. index, secret_key = "another" })
        end, "known already")
      end
      assert.are.equal("600", nginx.output_of("stat -c %a " .. quoted(state)))
      server:reset()
      restart "TERM"
      assert.are.same({}, server:control("dump").accounts)
    end)

    it("has a whole file at any moment, and every change that was answered", function()
      for round = 1, 3 do
        local log = folder .. "/log"
        local script = write(
          "writer.sh",
          ([[
i=0
while i=$((i + 1)) && curl -sS --cacert '%s' -d "{\"name\":\"r%d-$i\"}" '%s/_emulator/add_account' >>'%s'; do
  :
done
]]):format(server.ca_file, round, server.base_url, log)
        )
        os.remove(log)
        os.execute(("sh %s >/dev/null 2>&1 </dev/null &"):format(quoted(script)))
        core.sleep(0.3 + round * 0.07)
        restart "KILL"
        local answered = 0
        for _ in nginx.read_file(log):gmatch '{"result":"%w+"}\n' do
          answered = answered + 1
        end
        local kept = 0
        for _, account in ipairs(server:control("dump").accounts) do
          kept = kept + (account.name:find("^r" .. round .. "%-") and 1 or 0)
        end
        assert.is_true(answered > 0)
        assert.is_true(
          kept == answered or kept == answered + 1,
          ("%d answered, %d kept"):format(answered, kept)
        )
      end
    end)

    it("does not start with a broken one, nor where it cannot be written", function()
      server:stop()
      server = nil
      write("state.json", '{"accounts":[')
      local text =
        output_of(("bin/dataforest emulator --listen 127.0.0.1:0 --state %s 2>&1; echo =$?"):format(state))
      assert.matches(
        "^dataforest emulator: %-%-state: " .. state:gsub("%p", "%%%0") .. ": malformed JSON",
        text
      )
      assert.matches("=1\n$", text)
    end)
  end)

  it("starts with fixtures, as dump prints them", function()
    start { seed = 1 }
    server:add_account { name = "df001" }
    server:control("add_app", { name = "dev001" })
    local dumped = server:curl("/_emulator/dump", "-d '{}'")
    local fixtures = write("fixtures.json", dumped)
    server:stop()
    start { fixtures = fixtures }
    local result = cjson.decode(dumped).result
    assert.are.same(result.accounts, server:control("dump").accounts)
    server:add_account { name = "df002" }
    server:reset()
    assert.are.same(result.apps, server:control("dump").apps)
    assert.are.equal(1, #server:control("dump").accounts)
    server:stop()
    server = nil
    write("fixtures.json", '{"accounts":[{"nme":"df001"}]}')
    local text =
      output_of(("bin/dataforest emulator --listen 127.0.0.1:0 --fixtures %s 2>&1"):format(fixtures))
    assert.matches("%-%-fixtures: .*accounts%[1%] does not know the field nme %(perhaps name%?%)", text)
  end)

  it("gives every option of Lua a name on the command line", function()
    start {
      zone = "Z",
      clock = 1700000000,
      id = { "FIRST", "SECOND" },
      max_apps = 1,
      max_containers = 2,
      max_request_bytes = 200,
      latency = { "0", "accounts/getList=0.2" },
      ["strict"] = true,
    }
    assert.are.equal("FIRST", server:add_account { name = "df001" })
    assert.are.equal("SECOND", server:control("add_app", { name = "dev001" }))
    assert.error_matches(function()
      server:control("add_app", { name = "dev002" })
    end, "exceeded limit")
    local account = server:control("dump").accounts[1]
    assert.matches("^2023%-11%-14T22:1%d:%d%dZ$", account.createdAt)
    local options = require "dataforest.emulator.options"
    local listed = {}
    for _, option in ipairs(require("dataforest.cli.commands.emulator").options) do
      listed[option.names[1]:sub(3):gsub("-", "_")] = true
    end
    listed.ids, listed.keys, listed.access_key, listed.secret_key = listed.id, listed.key, true, true
    listed.on_call = listed.verbose
    for name in pairs(options.rules) do
      assert.is_true(listed[name], name)
    end
  end)

  describe("with a command", function()
    local function run(arguments, before)
      return output_of(
        ("%s timeout 30 bin/dataforest emulator --listen 127.0.0.1:0 %s 2>&1; echo =$?"):format(
          before or "",
          arguments
        )
      )
    end

    it("runs it with the variables, and ends with its status", function()
      assert.are.equal("=0\n", run "-- true")
      assert.are.equal("=7\n", run "-- sh -c 'exit 7'")
      assert.are.equal("=143\n", run "-- sh -c 'kill -TERM $$'")
      assert.are.equal("typed\n=0\n", run("-- cat", "echo typed |"))
      assert.are.equal(
        '{"result":true}\n=0\n',
        run([[-- sh -c 'curl -sS --cacert "$DATAFOREST_CA_FILE" "$DATAFOREST_BASE_URL/_emulator/ready"']])
      )
      assert.matches("^a  b %-%-help\n=0\n$", run "-- echo 'a  b' --help")
      assert.matches("no%-such%-command.*\n=127\n$", run "-- no-such-command")
      assert.matches("%-%- is followed by the command to run.*=2\n$", run "--")
    end)

    it("passes signals on to it, and leaves nothing behind", function()
      for _, signal in ipairs { "TERM", "INT" } do
        local told = folder .. "/told"
        local script = write(
          "command.sh",
          (
            'trap "echo %s >%s; exit 9" %s\n'
            .. "echo $DATAFOREST_CA_FILE >%s/ca\nwhile :; do sleep 0.1; done"
          ):format(signal, told, signal, folder)
        )
        local pid = tonumber(
          output_of(
            (
              "env --default-signal=INT,TERM sh -c 'bin/dataforest emulator --listen 127.0.0.1:0 -- sh %s; "
              .. "echo $? >%s/status' >/dev/null 2>&1 </dev/null & echo $!"
            ):format(script, folder)
          )
        )
        assert.is_true(servers.wait_until(function()
          return nginx.read_file(folder .. "/ca") ~= ""
        end, 20))
        local ca = nginx.read_file(folder .. "/ca"):match "[^\n]+"
        os.execute(("kill -%s $(pgrep -P %d)"):format(signal, pid))
        assert.is_true(servers.wait_until(function()
          return nginx.read_file(folder .. "/status") ~= ""
        end, 20))
        assert.are.equal("9\n", nginx.read_file(folder .. "/status"))
        assert.are.equal(signal .. "\n", nginx.read_file(told))
        assert.are.equal("", nginx.read_file(ca))
        os.remove(folder .. "/ca")
        os.remove(folder .. "/status")
      end
    end)
  end)

  it("loads no code from the current folder", function()
    local root = nginx.root()
    for _, name in ipairs {
      "cjson.lua",
      "lxp.lua",
      "resty/core.lua",
      "resty/lrucache.lua",
      "dataforest/core.lua",
      "dataforest/emulator.lua",
      "dataforest/emulator/init.lua",
      "dataforest/secrets.lua",
    } do
      nginx.output_of(("mkdir -p %s/%s"):format(quoted(folder), name:match "^(.*)/" or "."))
      write(name, ('io.open("%s/ran","a"):write("%s\\n")'):format(folder, name))
    end
    local text = output_of(
      (
        "cd %s && LUA_PATH='./?.lua;;' LUA_PATH_5_4='./?.lua;;' timeout 30 %s/bin/dataforest emulator "
        .. "--listen 127.0.0.1:0 -- sh -c 'curl -sS --cacert $DATAFOREST_CA_FILE -d {} "
        .. "$DATAFOREST_BASE_URL/_emulator/dump' 2>&1"
      ):format(quoted(folder), root)
    )
    assert.matches('^{"result":{"accounts":%[%]', text)
    assert.are.equal("", nginx.read_file(folder .. "/ran"))
  end)

  describe("for Python's standard library", function()
    local function python(arguments)
      if not has_python then
        pending "there is no python3 here"
        return
      end
      return output_of(
        (
          "timeout 200 bin/dataforest emulator --listen 127.0.0.1:0 -- "
          .. "python3 spec/support/emulator_flow.py %s 2>&1; echo =$?"
        ):format(arguments)
      )
    end

    it("goes through the whole life of an account and an app", function()
      local text = python ""
      if text then
        assert.matches("^the flow: done, the clock moved 2%d times\n=0\n$", text)
      end
    end)

    it("keeps 64 processes apart", function()
      local text = python "users 64"
      if text then
        assert.are.equal("64 users: 0 failed\n=0\n", text)
      end
    end)
  end)
end)
