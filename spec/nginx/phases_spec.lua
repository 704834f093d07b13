-- Where in nginx the client can be used, how it chooses its transport there, and what its errors say
-- about nginx's own settings.

local app = require "spec.nginx.app"
local certificates = require "spec.support.certificates"
local cjson = require "cjson"
local folders = require "spec.support.files"
local nginx = require "spec.support.nginx"
local shell = require "dataforest.util.shell"
local service = require "spec.nginx.service"

-- Each phase runs a call and leaves its outcome where a GET finds it.
local LOCATIONS = [[
    location = /rewrite {
      rewrite_by_lua_block { ngx.ctx.outcome = require("spec.nginx.app_handlers").outcome("list", {}) }
      content_by_lua_block { ngx.print(ngx.ctx.outcome) }
    }
    location = /access {
      access_by_lua_block { ngx.ctx.outcome = require("spec.nginx.app_handlers").outcome("list", {}) }
      content_by_lua_block { ngx.print(ngx.ctx.outcome) }
    }
    location = /timer {
      content_by_lua_block {
        local semaphore = require("ngx.semaphore").new()
        local outcome
        ngx.timer.at(0, function()
          outcome = require("spec.nginx.app_handlers").outcome("list", {})
          semaphore:post()
        end)
        assert(semaphore:wait(5))
        ngx.print(outcome)
      }
    }
    location = /coroutine {
      content_by_lua_block {
        ngx.print(coroutine.wrap(function()
          return (require("spec.nginx.app_handlers").outcome("list", {}))
        end)())
      }
    }
    location = /log {
      content_by_lua_block { ngx.say "logged" }
      log_by_lua_block {
        local outcome = require("spec.nginx.app_handlers").outcome
        ngx.shared.outcomes:set("log", (outcome("list", { transport = "cosocket" })))
      }
    }
    location = /header_filter {
      content_by_lua_block { ngx.say "filtered" }
      header_filter_by_lua_block {
        local outcome = require("spec.nginx.app_handlers").outcome
        ngx.shared.outcomes:set("header_filter", (outcome("list", { transport = "cosocket" })))
      }
    }
    location = /outcome {
      content_by_lua_block { ngx.print(ngx.shared.outcomes:get(ngx.var.arg_of) or "null") }
    }
    location = /bare {
      content_by_lua_block {
        local before = package.loaded.dataforest ~= nil
        local df = require("dataforest").new { access_key = "a", secret_key = "b" }
        ngx.print(before, " ", tostring(df))
      }
    }
]]

describe("inside nginx", function()
  local its_service, its_app

  setup(function()
    its_service = service.start()
    its_app = app.start(its_service, { locations = LOCATIONS, extra = "lua_shared_dict outcomes 1m;" })
  end)

  teardown(function()
    its_app:stop()
    its_service:stop()
  end)

  it("the module is loaded by the first handler that requires it", function()
    local status, body = its_app:get("http", "/bare")
    assert.are.equal(200, status, body)
    assert.are.equal("false dataforest.client (https://df.apigw.ntruss.com)", body)
    local _, again = its_app:get("http", "/bare")
    assert.are.equal("true dataforest.client (https://df.apigw.ntruss.com)", again)
  end)

  for _, phase in ipairs { "rewrite", "access", "timer", "coroutine" } do
    it("a call works in " .. phase, function()
      local status, body = its_app:get("http", "/" .. phase)
      assert.are.equal(200, status, body)
      local outcome = cjson.decode(body)
      assert.are.equal(0, outcome.value and outcome.value.total, outcome.message)
    end)
  end

  for _, phase in ipairs { "log", "header_filter" } do
    it("a call says what is wrong in " .. phase, function()
      assert.are.equal(200, (its_app:get("http", "/" .. phase)))
      local outcome
      for _ = 1, 50 do -- the log phase runs after the response
        local _, body = its_app:get("http", "/outcome?of=" .. phase)
        outcome = cjson.decode(body)
        if outcome ~= cjson.null then
          break
        end
      end
      assert.are.equal("argument", outcome.kind)
      assert.is_false(outcome.sent)
      assert.matches("nginx has no cosockets in its phase " .. phase, outcome.message, 1, true)
      assert.matches("ngx.timer.at(0, ...)", outcome.message, 1, true)
    end)
  end

  for _, way in ipairs { "sort", "gsub", "module", "load" } do
    for _, use in ipairs { "call", "map", "create", "wait" } do
      it(("a %s where Lua cannot yield, in a %s, harms nobody"):format(use, way), function()
        local pid = its_app:call "pid"
        local said = its_app:call("through_c", { way = way, use = use })
        assert.is_true(said.ok, said.message)
        assert.is_false(said.value)
        assert.are.equal("argument", said.kind)
        assert.matches("cannot yield here", said.message, 1, true)
        assert.are.equal(0, said.creates)
        assert.are.equal(1, said.after)
        assert.are.equal(pid, its_app:call "pid")
      end)
    end
  end

  it("libcurl is not loaded by a worker that does not need it", function()
    its_app:call("one", { seconds = 0 })
    local loaded = {}
    for _, name in ipairs(its_app:call "loaded") do
      loaded[name] = true
    end
    assert.is_true(loaded["dataforest.core"])
    assert.is_true(loaded["dataforest.transport.cosocket"])
    assert.is_nil(loaded["dataforest.curl"])
    local maps = nginx.read_file(("/proc/%d/maps"):format(its_app:call "pid"))
    assert.matches("dataforest/core.so", maps, 1, true)
    assert.not_matches("libcurl", maps, 1, true)
  end)

  it("one client serves all phases: libcurl where nothing can yield, cosockets where it can", function()
    local both = app.start(its_service, {
      extra = [[
        lua_shared_dict outcomes 1m;
        init_worker_by_lua_block {
          local function note(handler, name, arguments)
            local outcome = require("spec.nginx.app_handlers").outcome(handler, arguments)
            ngx.shared.outcomes:set(name, outcome)
          end
          note("shared_list", "init_worker", {})
          note("list", "cosocket", { transport = "cosocket" })
        }
      ]],
      -- The same client, in the process that nginx forks its workers from.
      init = [[
        init_by_lua_block {
          service_ports = @SERVICE@
          local outcome = require("spec.nginx.app_handlers").outcome("shared_list", { ca_file = "@CA@" })
          ngx.shared.outcomes:set("init", outcome)
        }
      ]],
      locations = LOCATIONS,
    })
    finally(function()
      both:stop()
    end)
    local _, of_init = both:get("http", "/outcome?of=init")
    local _, of_worker = both:get("http", "/outcome?of=init_worker")
    local _, of_cosocket = both:get("http", "/outcome?of=cosocket")
    local in_content = both:call "shared_list"
    assert.are.equal(0, cjson.decode(of_init).value.total)
    assert.are.equal(0, cjson.decode(of_worker).value.total)
    assert.matches(
      "nginx has no cosockets in its phase init_worker",
      cjson.decode(of_cosocket).message,
      1,
      true
    )
    assert.are.equal(0, in_content.value.total)
  end)

  it("the logs stay without a word above warn", function()
    assert.are.equal("", its_app:complaints())
    assert.are.equal("", its_service:complaints())
  end)
end)

describe("nginx's settings:", function()
  local its_service
  local folder

  local function run(text)
    return nginx.output_of(("cd %s && { %s\n} 2>&1"):format(shell.quoted(folder), text))
  end

  --- Certificates: of an authority, of three that follow from it, and what they signed.
  local function make_certificates()
    folder = folders.new_folder()
    run("expired=" .. certificates.EXPIRED .. "\n" .. [[
      serial=1
      sign() { # authority name [dates]
        openssl x509 -req -in csr -CA $1.pem -CAkey $1.key -set_serial $((serial += 1)) \
          -extfile ext ${3:--days 5} -out $2.pem
      }
      key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
      ca() {
        key $1; openssl req -new -key $1.key -subj /CN=$1 -out csr
        printf 'basicConstraints=critical,CA:TRUE\n' >ext
        sign $2 $1
      }
      leaf() { # name authority host [dates]
        key $1; openssl req -new -key $1.key -subj "/CN=$3" -out csr
        printf "subjectAltName=DNS:$3\n" >ext
        sign $2 $1 "$4"
      }
      key root; openssl req -x509 -new -key root.key -subj /CN=root -days 5 -out root.pem
      ca first root; ca second first; ca third second
      leaf deep third df.test; cat third.pem second.pem first.pem >>deep.pem
      leaf other root other.test
      leaf good root df.test
      leaf expired root df.test "$expired"
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout own.key \
        -subj /CN=df.test -addext subjectAltName=DNS:df.test -days 5 -out own.pem
    ]])
  end

  local NAMES = { "good", "deep", "other", "expired", "own" }

  setup(function()
    make_certificates()
    local files, servers, ports = {}, {}, {}
    for i, name in ipairs(NAMES) do
      files[name .. ".pem"] = nginx.read_file(("%s/%s.pem"):format(folder, name))
      files[name .. ".key"] = nginx.read_file(("%s/%s.key"):format(folder, name))
      ports[i] = name
      servers[i] = ([[
        server {
          listen 127.0.0.1:@NAME@ ssl;
          ssl_certificate NAME.pem;
          ssl_certificate_key NAME.key;
          # nginx keeps the reason of a refusal only where it has to wait for the handshake.
          ssl_certificate_by_lua_block { ngx.sleep(0.02) }
          location / { default_type application/json; return 200 '{"total":0,"contents":[]}'; }
        }]]):gsub("NAME", name)
    end
    ports[#ports + 1] = "at_once"
    ports[#ports + 1] = "tls_1_1"
    servers[#servers + 1] = [[
        server {
          listen 127.0.0.1:@at_once@ ssl;
          ssl_certificate own.pem;
          ssl_certificate_key own.key;
        }
        server {
          listen 127.0.0.1:@tls_1_1@ ssl;
          ssl_protocols TLSv1.1;
          ssl_ciphers DEFAULT@SECLEVEL=0;
          ssl_certificate good.pem;
          ssl_certificate_key good.key;
        }]]
    files["ca.pem"] = nginx.read_file(folder .. "/root.pem")
    its_service = nginx.start { http = table.concat(servers, "\n"), ports = ports, files = files }
  end)

  teardown(function()
    its_service:stop()
    folders.remove(folder)
  end)

  --- A call to one of the servers from an nginx with these settings.
  local function dial(settings, arguments, port)
    local its_app = nginx.start {
      http = settings .. [[
        lua_socket_log_errors off;
        init_by_lua_block { service_ports = { api = 1 } }
        server {
          listen 127.0.0.1:@http@;
          location /do/ { content_by_lua_block { require("spec.nginx.app_handlers").run() } }
        }]],
      ports = { "http" },
      files = { ["ca.pem"] = nginx.read_file(its_service.folder .. "/ca.pem") },
    }
    arguments.base_url = arguments.base_url or "https://df.test"
    arguments.connect_to = port and "127.0.0.1:" .. its_service.ports[port] or arguments.connect_to
    local query = {}
    for name, value in pairs(arguments) do
      query[#query + 1] = name .. "=" .. value
    end
    local _, body = its_app:get("http", "/do/dial?" .. table.concat(query, "&"))
    its_app:stop()
    return cjson.decode(body)
  end

  local function assert_refused(outcome, kind, ...)
    assert.is_nil(outcome.value)
    assert.are.equal(kind, outcome.kind, outcome.message)
    assert.is_false(outcome.sent)
    for _, words in ipairs { ... } do
      assert.matches(words, outcome.message, 1, true)
    end
  end

  local TRUST = "lua_ssl_trusted_certificate ca.pem; lua_ssl_protocols TLSv1.2 TLSv1.3;"

  it("a good certificate is trusted", function()
    assert.are.equal(0, dial(TRUST, {}, "good").value.total)
  end)

  it("lua_ssl_trusted_certificate is named if it is missing", function()
    assert_refused(dial("", {}, "good"), "tls", "lua_ssl_trusted_certificate")
    assert_refused(
      dial("", { ca_file = "ca.pem" }, "good"),
      "tls",
      "ca_file does not reach the sockets of this nginx"
    )
  end)

  it("lua_ssl_verify_depth is named if a chain is deeper, and fixes it", function()
    assert_refused(dial(TRUST, {}, "deep"), "tls", "lua_ssl_verify_depth, to 3 or more")
    assert.are.equal(0, dial(TRUST .. "lua_ssl_verify_depth 3;", {}, "deep").value.total)
  end)

  it("a certificate of another name is refused", function()
    assert_refused(dial(TRUST, {}, "other"), "tls", "certificate host mismatch", "check the host in base_url")
  end)

  it("an expired certificate is refused", function()
    assert_refused(dial(TRUST, {}, "expired"), "tls", "certificate has expired")
  end)

  it("a self-signed certificate is refused", function()
    assert_refused(dial(TRUST, {}, "own"), "tls", "self-signed certificate")
  end)

  it("a certificate is refused, whether or not nginx has to wait for it", function()
    for _ = 1, 5 do
      assert_refused(dial(TRUST, {}, "at_once"), "tls", "certificate", "lua_ssl_trusted_certificate")
    end
  end)

  it("TLS 1.1 is refused", function()
    assert_refused(dial(TRUST, {}, "tls_1_1"), "tls", "lua_ssl_protocols")
  end)

  it("an IP address cannot be verified", function()
    local url = "https://127.0.0.1:" .. its_service.ports.good
    assert_refused(dial(TRUST, { base_url = url }), "tls", "nginx verifies no IP addresses", "connect_to")
  end)

  it("the resolver is named if there is none", function()
    assert_refused(dial(TRUST, {}), "network", "no resolver", "directive resolver", "connect_to")
  end)

  it("a name that only /etc/hosts knows, or nobody, is not found", function()
    -- Nobody answers on the discard port: looking the name up fails, or takes all the time there is.
    local outcome = dial(TRUST .. "resolver 127.0.0.1:9 valid=1s; resolver_timeout 1s;", { timeout = 3 })
    assert_refused(outcome, "network", "could not be resolved", "/etc/hosts")
  end)

  it("a deadline holds while a name is looked up, whatever resolver_timeout says", function()
    local outcome = dial(TRUST .. "resolver 127.0.0.1:9; resolver_timeout 30s;", { timeout = 0.4 })
    assert_refused(outcome, "timeout", "no connection to df.test:443 in time")
    assert.is_true(outcome.seconds < 1, "it took " .. outcome.seconds .. " s")
  end)

  it("a port that nobody listens on refuses", function()
    assert_refused(dial(TRUST, { connect_to = "127.0.0.1:1" }), "network", "127.0.0.1:1: connection refused")
  end)
end)
