-- The emulator's page in a real browser: what it shows, and what its buttons do.

local browser = require "spec.support.browser"
local core = require "dataforest.core"
local nginx = require "spec.support.nginx"
local servers = require "spec.support.server"

local missing = browser.missing()

describe("the emulator's page #full", function()
  if missing then
    pending(missing)
    return
  end

  local chromium, server

  local function element(selector)
    local found, message =
      chromium:request("POST", chromium.path .. "/element", { using = "css selector", value = selector })
    assert(found, message)
    local _, id = next(found)
    return chromium.path .. "/element/" .. id
  end

  local function click(selector)
    local path = element(selector)
    local response, message = chromium:request("POST", path .. "/click")
    assert(response ~= nil, message)
  end

  local function type_into(selector, text)
    local response, message = chromium:request("POST", element(selector) .. "/value", { text = text })
    assert(response ~= nil, message)
  end

  local function text(selector)
    return chromium:run(('return document.querySelector("%s").innerText'):format(selector))
  end

  local function wait_for(selector, pattern)
    local seen
    local deadline = core.monotonic() + 10
    repeat
      seen = text(selector) or ""
      if seen:find(pattern) then
        return seen
      end
      core.sleep(0.05)
    until core.monotonic() > deadline
    error(("%s shows no %s but: %s"):format(selector, pattern, seen), 2)
  end

  setup(function()
    chromium = browser.start()
    server = servers.start { http = true, seed = 1, ["control-token"] = "letmein" }
  end)

  teardown(function()
    if server then
      server:stop()
    end
    if chromium then
      chromium:stop()
    end
  end)

  local function control(what, given)
    return nginx.output_of(
      ("curl -sS -H 'x-emulator-token: letmein' -d '%s' %s/_emulator/%s"):format(
        given or "{}",
        server.base_url,
        what
      )
    )
  end

  it("asks for the token, and takes no wrong one", function()
    chromium:open(server.base_url .. "/_emulator/")
    wait_for("#state", "No access")
    wait_for("#message", "x%-emulator%-token is missing")
    type_into("#token", "wrong")
    click "#token-form button"
    wait_for("#message", "another token")
    type_into("#token", "letmein")
    click "#token-form button"
    wait_for("#state", "Running")
    assert.are.equal("", text "#message")
    wait_for("#accounts", "No accounts")
  end)

  it("shows what is there and what comes, live", function()
    assert.matches('"result":"%w+"', control("add_account", '{"name":"df001","status":"ACCEPTED"}'))
    assert.matches('"result":"%w+"', control("add_app", '{"name":"dev001"}'))
    local accounts = wait_for("#accounts", "df001")
    assert.matches("ACCEPTED", accounts)
    assert.matches("200 TB, 1 M files", accounts)
    assert.matches("DEV%-1%.0%.0%s+RUNNING", wait_for("#apps", "dev001"))
    nginx.output_of(
      (
        "curl -sS -d '{}' -H 'x-ncp-iam-access-key: <b>x</b>' -H 'x-ncp-apigw-timestamp: 1'"
        .. " -H 'x-ncp-apigw-signature-v2: x' %s/api/v2/accounts/getList"
      ):format(server.base_url)
    )
    wait_for("#calls", "unknown access key '<b>x</b>'")
    assert.matches("401%s+accounts/getList", text "#calls")
    assert.is_nil(chromium:run 'return document.querySelector("#calls b")')
  end)

  it("moves the clock", function()
    local before = text "#now"
    click "[data-advance='180']"
    wait_for("#now", "%(%+180 s%)")
    assert.are_not.equal(before, text "#now")
    wait_for("#accounts", "RUNNING")
    click "[data-advance='604800']"
    wait_for("#apps", "FINISHED")
    chromium:run 'document.querySelector("#clock").value = "2030-01-02T03:04:05"; return 1'
    click "#clock-form button"
    wait_for("#now", "2030%-01%-02 03:04:")
  end)

  it("adds faults and takes them back", function()
    wait_for("#fault-operation", "accounts/create")
    chromium:run 'document.querySelector("#fault-operation").value = "accounts/create"; return 1'
    click "#fault-form button"
    assert.matches("accounts/create%s+503%s+before%s+1", wait_for("#faults", "503"))
    click "#clear-faults"
    wait_for("#faults", "None")
    assert.are.equal('{"result":[]}', control "faults")
  end)

  it("filters the calls to the refused ones, clears them, and resets", function()
    click "#refused"
    wait_for("#calls", "unknown access key")
    click "#clear-calls"
    wait_for("#calls", "No calls yet")
    click "#reset"
    click "#reset-really"
    wait_for("#accounts", "No accounts")
    wait_for("#now", "UTC$")
  end)

  it("fits a telephone, in the light and in the dark, with readable contrast", function()
    control("add_account", '{"name":"df001"}')
    control("add_app", '{"name":"dev001"}')
    wait_for("#accounts", "df001")
    for _, scheme in ipairs { "light", "dark" } do
      chromium:prefer(scheme)
      for _, width in ipairs { 390, 1200 } do
        chromium:resize(width, 844)
        assert.are.equal(
          true,
          chromium:run "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
      end
      local small = chromium:run [[
        return [...document.querySelectorAll("button")]
          .filter((b) => b.offsetHeight > 0 && b.offsetHeight < 24).length + ""]]
      assert.are.equal("0", small)
    end
    local unlabelled = chromium:run [[
      return [...document.querySelectorAll("input, select")].filter((i) => !i.labels.length).length + ""]]
    assert.are.equal("0", unlabelled)
  end)

  it("breaks none of its own policy", function()
    local logged = chromium:request("POST", chromium.path .. "/se/log", { type = "browser" }) or {}
    for _, entry in ipairs(logged) do
      assert.is_nil(entry.message:find "Content Security Policy", entry.message)
    end
    local headers = nginx.output_of(("curl -sSI %s/_emulator/"):format(server.base_url)):lower()
    assert.matches("content%-security%-policy: default%-src 'none'; script%-src 'self'", headers)
    assert.matches("frame%-ancestors 'none'", headers)
    assert.matches("x%-content%-type%-options: nosniff", headers)
  end)
end)
