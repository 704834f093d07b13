-- The built site in a real browser: its search, its dark mode, and how it fits a phone. DATAFOREST_SITE is
-- the folder that `make docs` wrote.

local browser = require "spec.support.browser"
local core = require "dataforest.core"
local nginx = require "spec.support.nginx"

local site = assert(os.getenv "DATAFOREST_SITE", "DATAFOREST_SITE names no site")

-- What a reader types, and the page that must come first.
local SEARCHES = {
  { "retry", "errors" },
  { "timeout", "troubleshooting" },
  { "proxy", "troubleshooting" },
  { "certificate", "troubleshooting" },
  { "401", "troubleshooting" },
  { "busted", "testing" },
  { "nginx", "openresty" },
  { "lua_ssl_trusted_certificate", "openresty" },
  { "kinds", "errors" },
  { "cqueues", "event-loops" },
  { "server role", "credentials" },
  { "create account", "operations/accounts-create" },
  { "get keytab", "operations/accounts-getKerberosKeytab" },
  { "set quota", "operations/accounts-setQuota" },
  { "kill container", "operations/apps-killContainer" },
  { "exit codes", "command-line/" },
  { "completion", "command-line/dataforest-completion" },
  { "prometheus", "recipes" },
  { "emulator", "emulator" },
  { "python", "emulator" },
  { "one account per user", "operations/accounts-create" },
  { "install", "installation" },
  { "in doubt", "in-doubt" },
  { "password refused", "faq" },
  { "plan apply", "forest-as-code" },
}

-- The box would open with the search before this one, and its results.
local FORGET = "sessionStorage.clear(); return true"

local OPEN = [[
  const open = document.querySelector('.VPLocalSearchBox #localsearch-input')
  if (open) return true
  const button = document.querySelector('#local-search button, .DocSearch-Button')
  if (button) button.click()
  return false
]]

local TYPE = [[
  const input = document.querySelector('#localsearch-input')
  input.value = %q
  input.dispatchEvent(new Event('input', { bubbles: true }))
  return true
]]

local FIRST = [[
  const list = document.querySelectorAll('.VPLocalSearchBox .result')
  return list.length ? list[0].getAttribute('href') : 'none'
]]

describe("the site", function()
  local server, reader

  setup(function()
    local missing = browser.missing()
    if missing then
      error(missing)
    end
    server = nginx.start {
      http = ([[
        types { text/html html; text/javascript js; text/css css; image/svg+xml svg; }
        server { listen 127.0.0.1:@site@; root "%s"; }
      ]]):format(site),
      ports = { "site" },
    }
    reader = browser.start()
  end)

  teardown(function()
    if reader then
      reader:stop()
    end
    if server then
      server:stop()
    end
  end)

  local function open(page)
    reader:open(("http://127.0.0.1:%s/%s"):format(server.ports.site, page))
  end

  --- Asks until the script returns what is wanted, or time is up; returns the last response.
  local function until_it(script, wanted)
    local deadline = core.monotonic() + 10
    local value
    repeat
      value = reader:run(script)
      if wanted(value) then
        return value
      end
      core.sleep(0.1)
    until core.monotonic() > deadline
    return value
  end

  for _, search in ipairs(SEARCHES) do
    it(("finds %s for %q"):format(search[2], search[1]), function()
      open "index.html"
      reader:run(FORGET)
      assert.is_true(until_it(OPEN, function(value)
        return value == true
      end))
      reader:run(TYPE:format(search[1]))
      local first = until_it(FIRST, function(value)
        return value ~= "none"
      end)
      assert.are.equal("/" .. search[2], (first:gsub("%.html", ""):gsub("#.*", "")))
    end)
  end

  it("has nothing wider than a phone's screen", function()
    for _, page in ipairs {
      "index.html",
      "operations/accounts-create.html",
      "errors.html",
      "command-line/dataforest-accounts-create.html",
    } do
      reader:resize(390, 844)
      open(page)
      local width = reader:run "return document.documentElement.scrollWidth"
      assert.is_true(width <= 390, page .. " is " .. width .. " wide")
    end
    reader:resize(1280, 900)
  end)

  it("follows the reader's colour scheme", function()
    local background = "return getComputedStyle(document.body).backgroundColor"
    local seen = {}
    for _, scheme in ipairs { "light", "dark" } do
      reader:prefer(scheme)
      open "index.html"
      seen[scheme] = reader:run(background)
    end
    assert.are_not.equal(seen.light, seen.dark)
  end)

  it("lets a reader copy code", function()
    open "index.html"
    assert.is_true(reader:run "return document.querySelectorAll('button.copy').length > 0")
  end)

  it("has a table of contents beside a page, and leads on to the next", function()
    open "errors.html"
    assert.is_true(reader:run "return document.querySelectorAll('.VPDocOutlineItem a').length > 2")
    assert.is_true(reader:run "return document.querySelector('.pager-link.next') !== null")
  end)
end)
