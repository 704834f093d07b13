-- examples/openresty: its JSON, its cache, and its page in a real browser.
-- DATAFOREST_TEST_PICTURES=<folder> keeps pictures of the page, at two widths and in both colour schemes.

local browser = require "spec.support.browser"
local cjson = require "cjson"
local core = require "dataforest.core"
local curl = require "dataforest.curl"
local emulator_class = require "dataforest.emulator"
local nginx = require "spec.support.nginx"
local service = require "spec.nginx.service"

local HOSTILE = [[<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>]]
  .. [['"&amp; {{{body}}}]]
local WIDE, NARROW = 1280, 390

--- The example's own nginx.conf, with the ports, paths and keys of the test.
local function configuration(its_service)
  local text = nginx.read_file "examples/openresty/nginx.conf"
  local function replace(pattern, replacement, count)
    local replaced
    text, replaced = text:gsub(pattern, (replacement:gsub("%%", "%%%%")))
    assert(replaced == (count or 1), "the example's nginx.conf has changed: " .. pattern)
  end
  replace("\nload_module [^\n]*", "", 2)
  replace("daemon off;", "@MODULES@ @USER@")
  replace("error_log stderr warn;", "error_log error.log warn;")
  replace("listen 127.0.0.1:8080;", "listen 127.0.0.1:@http@;")
  replace("/etc/ssl/certs/ca%-certificates.crt", its_service.folder .. "/ca.pem")
  replace(
    "lua_package_path[^\n]*",
    'lua_package_path "$prefix/lua/?.lua;@ROOT@/lua/?.lua;@ROOT@/lua/?/init.lua;;";'
  )
  replace(
    "lua_shared_dict accounts",
    'lua_package_cpath "@ROOT@/build/luajit/?.so;;"; lua_shared_dict accounts'
  )
  local port = its_service.ports.api
  replace("env NCLOUD_ACCESS_KEY;", ("env NCLOUD_ACCESS_KEY=%s;"):format(emulator_class.access_key))
  replace("env NCLOUD_SECRET_KEY;", ("env NCLOUD_SECRET_KEY=%s;"):format(emulator_class.secret_key))
  replace("env DATAFOREST_BASE_URL;", ("env DATAFOREST_BASE_URL=https://localhost:%s;"):format(port))
  replace("env DATAFOREST_CONNECT_TO;", ("env DATAFOREST_CONNECT_TO=127.0.0.1:%s;"):format(port))
  return text
end

describe("the example application", function()
  local its_service, its_app, its_browser

  setup(function()
    its_service = service.start()
  end)

  teardown(function()
    its_service:stop()
    if its_browser then
      its_browser:stop()
    end
  end)

  before_each(function()
    its_service:control "reset"
    local cache = nginx.read_file "examples/openresty/lua/cache.lua"
    assert.matches("local FRESH = 5 ", cache, 1, true)
    its_app = nginx.start {
      conf = configuration(its_service),
      ports = { "http" },
      copy = "examples/openresty",
      files = { ["lua/cache.lua"] = (cache:gsub("local FRESH = 5 ", "local FRESH = 1 ")) },
    }
  end)

  after_each(function()
    local complaints = its_app:complaints()
    its_app:stop()
    assert.are.equal("", complaints)
  end)

  local function add(name, more)
    local account = more or {}
    account.name = name
    return its_service:control("add_account", account)
  end

  local function quotas(space_koya, files_koya, space_tata, files_tata)
    return {
      koya = { spaceTb = space_koya, fileCountMillion = files_koya },
      tata = { spaceTb = space_tata, fileCountMillion = files_tata },
    }
  end

  local function get_json(target)
    local status, body, headers = its_app:get("http", target)
    assert.are.equal("application/json", headers["content-type"])
    return cjson.decode(body), status, body
  end

  describe("answers JSON:", function()
    it("all accounts", function()
      local id = add("cloud1", { quotas = quotas(300, 2, 500, 5) })
      local all, status = get_json "/accounts"
      assert.are.equal(200, status)
      assert.are.equal(1, #all.accounts)
      assert.are.equal(id, all.accounts[1].id)
      assert.are.equal("RUNNING", all.accounts[1].status)
      assert.are.same({ namespace = "koya", spaceTb = 300, fileCountMillion = 2 }, all.accounts[1].quotas[1])
      assert.is_nil(all.problem)
    end)

    it("an empty list if there are none", function()
      local _, status, body = get_json "/accounts"
      assert.are.equal(200, status)
      assert.matches('^{"accounts":%[%],', body)
    end)

    it("one account", function()
      local id = add "cloud1"
      local account, status = get_json("/accounts/" .. id)
      assert.are.equal(200, status)
      assert.are.equal("cloud1", account.name)
      assert.are.equal(2, #account.quotas)
    end)

    it("errors, with a status that fits", function()
      local response, status = get_json "/accounts/axE7wU9ERm8fTc7e17vNvu"
      assert.are.equal(403, status)
      assert.are.equal("forbidden", response.error.kind)
      response, status = get_json("/accounts/" .. ("x"):rep(23))
      assert.are.equal(400, status)
      assert.are.equal("argument", response.error.kind)
      its_service:control("fail_next", { code = "500", times = 3 })
      response, status = get_json "/accounts"
      assert.are.equal(502, status)
      assert.are.equal("server", response.error.kind)
      assert.are.equal(404, (its_app:get("http", "/accounts/a/b")))
    end)

    it("under its own names only, since anybody's name can lead to this address", function()
      local function status(host)
        return nginx.output_of(
          ("curl -sS -o /dev/null -w '%%{http_code}' -H 'host: %s' http://127.0.0.1:%s/accounts"):format(
            host,
            its_app.ports.http
          )
        )
      end
      assert.are.equal("403", status "rebound.example")
      assert.are.equal("403", status "localhost.rebound.example:80")
      assert.are.equal("200", status "localhost")
      assert.are.equal("200", status "127.0.0.1:8080")
    end)
  end)

  describe("calls the service as little as it can:", function()
    --- So many requests at once; their bodies.
    local function at_once(target, count)
      local engine, transfers, bodies = curl.engine {}, {}, {}
      for i = 1, count do
        transfers[i] = assert(engine:start {
          method = "GET",
          url = ("http://127.0.0.1:%s%s"):format(its_app.ports.http, target),
          headers = {},
          timeout = 20,
          connect_timeout = 5,
          max_response_bytes = 1000000,
        })
      end
      while engine:step(0.1) > 0 do
      end
      for i, transfer in ipairs(transfers) do
        local response, failure = transfer:result()
        assert(response, failure and failure.message)
        assert.are.equal(200, response.status, response.body)
        bodies[i] = response.body
      end
      engine:close()
      return bodies
    end

    it("once for all who ask at the same time", function()
      for i = 1, 5 do
        add("cloud" .. i)
      end
      its_service:control("fail_next", { delay = 0.1, times = 6 })
      for _, body in ipairs(at_once("/accounts", 50)) do
        assert.are.equal(5, #cjson.decode(body).accounts)
      end
      assert.are.equal(6, #its_service:control "calls")
    end)

    it("for all accounts at the same time", function()
      for i = 1, 10 do
        add("cloud" .. i)
      end
      its_service:control("fail_next", { delay = 0.2, times = 11 })
      local started = core.monotonic()
      assert.are.equal(10, #get_json("/accounts").accounts)
      local seconds = core.monotonic() - started
      assert.is_true(seconds > 0.35 and seconds < 1, "it took " .. seconds .. " s")
    end)

    it("not at all for some seconds, and then for one while the others get the old response", function()
      add "cloud1"
      assert.are.equal(1, #get_json("/accounts").accounts)
      add "cloud2"
      assert.are.equal(1, #get_json("/accounts").accounts)
      core.sleep(1.1)
      its_service:control("fail_next", { delay = 0.5 })
      local old, new = 0, 0
      local started = core.monotonic()
      for _, body in ipairs(at_once("/accounts", 20)) do
        local count = #cjson.decode(body).accounts
        old, new = old + (count == 1 and 1 or 0), new + (count == 2 and 1 or 0)
      end
      assert.are.same({ 19, 1 }, { old, new })
      assert.is_true(core.monotonic() - started < 2)
      assert.are.equal(2, #get_json("/accounts").accounts)
    end)
  end)

  describe("in a browser", function()
    local function show(target, width)
      local missing = browser.missing()
      if missing then
        pending(missing)
        return nil
      end
      its_browser = its_browser or browser.start()
      its_browser:resize(width or WIDE, 900)
      its_browser:open(("http://127.0.0.1:%s%s"):format(its_app.ports.http, target))
      return its_browser
    end

    local function text_of(selector)
      return its_browser:run(
        ("return Array.from(document.querySelectorAll(%q), e => e.textContent)"):format(selector)
      )
    end

    --- Keeps pictures of the page, for people to look at.
    local function picture(name)
      local folder = os.getenv "DATAFOREST_TEST_PICTURES"
      if not folder then
        return
      end
      for _, width in ipairs { WIDE, NARROW } do
        for _, scheme in ipairs { "light", "dark" } do
          its_browser:resize(width, 900)
          its_browser:prefer(scheme)
          local height = its_browser:run "return document.documentElement.scrollHeight"
          its_browser:resize(width, math.max(300, height))
          local path = ("%s/%s-%d-%s.png"):format(folder, name, width, scheme)
          local pipe = assert(io.popen("base64 -d >" .. path, "w"))
          pipe:write(its_browser:picture())
          pipe:close()
        end
      end
      its_browser:prefer "light"
      its_browser:resize(WIDE, 900)
    end

    local function fits(width)
      its_browser:resize(width, 900)
      return its_browser:run "return document.documentElement.scrollWidth" <= width
    end

    it("shows the accounts with their status", function()
      add("cloud1", { quotas = quotas(300, 2, 500, 5) })
      add("cloud2", { created_at = its_service:control "now", quotas = quotas(200, 1, 400, 3) })
      add "cloud3"
      if not show "/" then
        return
      end
      assert.are.same({ "cloud1", "cloud2", "cloud3" }, text_of ".account h2")
      assert.are.same({ "Running", "Being created", "Running" }, text_of ".account .status")
      assert.are.same({ "It takes two to three minutes." }, text_of ".hint")
      assert.are.equal("3 accounts, 2 running", text_of(".summary")[1])
      assert.is_true(fits(WIDE))
      assert.is_true(fits(NARROW))
      picture "accounts"
    end)

    it("shows quotas as the service tells them, and nothing that looks like usage", function()
      add("cloud1", { quotas = quotas(300, 2, 500, 5) })
      if not show "/" then
        return
      end
      assert.are.same({ "koya", "tata" }, text_of ".quotas tbody th")
      assert.are.same({ "300 TB", "2 million", "500 TB", "5 million" }, text_of ".quotas td")
      assert.are.equal(0, #text_of "svg")
    end)

    it("runs nothing that an account's name says", function()
      -- The emulator takes no such name, so that a response is put in the place of its own.
      local account = {
        success = true,
        id = "hostile",
        name = HOSTILE,
        status = "RUNNING",
        createdAt = "<b>" .. ("long"):rep(100),
        quotas = { { namespace = "<b>koya", fileCountMillion = 1, spaceTb = 200 } },
      }
      local list = { success = true, total = 1, contents = { account } }
      its_service:control("fail_next", { operation = "accounts/getList", body = list, times = 9 })
      its_service:control("fail_next", { operation = "accounts/getDetail", body = account, times = 9 })
      local _, html = its_app:get("http", "/")
      assert.is_nil(html:find "<script")
      assert.is_nil(html:find "<img")
      assert.is_nil(html:find "<b>")
      if not show "/" then
        return
      end
      assert.are.equal(HOSTILE, text_of(".account h2")[1])
      local found = its_browser:run [[
        return [document.title, document.querySelectorAll("script, img, b").length, document.scripts.length];
      ]]
      assert.are.same({ "Data Forest accounts", 0, 0 }, found)
      assert.is_true(fits(NARROW))
      picture "hostile"
    end)

    it("would run nothing even if it stood there", function()
      if not show "/" then
        return
      end
      -- An element that the page puts in falls under the page's policy, unlike this script itself.
      local title = its_browser:run [[
        const script = document.createElement("script");
        script.textContent = "document.title = 'pwned'";
        document.body.append(script);
        return document.title]]
      assert.are.equal("Data Forest accounts", title)
    end)

    it("says so if there are no accounts", function()
      if not show "/" then
        return
      end
      assert.are.same({ "No accounts yet" }, text_of ".message h2")
      assert.is_true(fits(NARROW))
      picture "empty"
    end)

    it("says what is wrong if the service fails", function()
      its_service:control("fail_next", { status = 401, code = "200" })
      local status = its_app:get("http", "/")
      assert.are.equal(502, status)
      if not show "/" then
        return
      end
      assert.are.same({ "The accounts cannot be shown" }, text_of ".failure h2")
      assert.matches("Authentication Failed", text_of(".failure")[1], 1, true)
      picture "failure"
    end)

    it("goes on with what it knows if the service fails later", function()
      add "cloud1"
      assert.are.equal(200, (its_app:get("http", "/")))
      core.sleep(1.1)
      its_service:control("fail_next", { status = 401, code = "200", times = 2 })
      if not show "/" then
        return
      end
      assert.are.same({ "cloud1" }, text_of ".account h2")
      assert.matches("the latest refresh failed", text_of(".notice")[1], 1, true)
      assert.matches("Authentication Failed", get_json("/accounts").problem, 1, true)
      picture "notice"
    end)

    it("shows the others if one account cannot be looked at", function()
      add "cloud1"
      add "cloud2"
      its_service:control("fail_next", { operation = "accounts/getDetail", status = 404, code = "300" })
      if not show "/" then
        return
      end
      assert.are.equal(1, #text_of ".problem")
      assert.are.equal(2, #text_of ".quotas tbody tr")
      assert.matches("No details: ", text_of(".problem")[1], 1, true)
      picture "problem"
    end)
  end)
end)

describe("make demo-openresty", function()
  it("prints the address, and is gone without a trace after Ctrl-C", function()
    local folders = 'ls -d "${TMPDIR:-/tmp}"/dataforest-openresty.* 2>/dev/null'
    local before = nginx.output_of(folders)
    local pipe = assert(io.popen("echo $$; exec tools/demo-openresty.sh 2>&1", "r"))
    local pid = assert(pipe:read "*l"):match "%d+"
    local port
    for line in pipe:lines() do
      port = port or line:match "http://127%.0%.0%.1:(%d+)/"
      if line:find "Ctrl%-C ends it" then
        break
      end
    end
    assert.is_string(port)
    local engine = curl.engine {}
    local response = assert(engine:perform {
      method = "GET",
      url = "http://127.0.0.1:" .. port .. "/accounts",
      headers = {},
      timeout = 10,
      connect_timeout = 5,
      max_response_bytes = 100000,
    })
    engine:close()
    nginx.output_of("kill -INT " .. pid)
    local rest = pipe:read "*a"
    local ended, how, status = pipe:close()
    assert.are.equal(1, #cjson.decode(response.body).accounts)
    assert.are.equal("", (rest:gsub("%s", "")))
    assert.are.same({ true, "exit", 0 }, { ended, how, status })
    assert.are.equal(before, nginx.output_of(folders))
  end)
end)
