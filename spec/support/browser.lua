--- Headless Chromium, driven through chromedriver (the W3C's WebDriver). For plain Lua.

local cjson = require "cjson"
local core = require "dataforest.core"
local curl = require "dataforest.curl"
local files = require "spec.support.files"
local nginx = require "spec.support.nginx"
local server = require "spec.support.server"

local quoted = require("dataforest.util.shell").quoted

local browser = {}

local Browser = {}
Browser.__index = Browser

local START_SECONDS = 20

--- Why there can be no browser here, or nil.
function browser.missing()
  for _, program in ipairs { "chromium", "chromedriver" } do
    if not server.has(program) then
      return "there is no " .. program .. " here (Debian: apt-get install chromium chromium-driver)"
    end
  end
end

function Browser:request(method, path, body)
  local response, failure = self.engine:perform {
    method = method,
    url = "http://127.0.0.1:" .. self.port .. path,
    headers = { ["Content-Type"] = "application/json" },
    body = body and cjson.encode(body) or (method == "POST" and "{}" or nil),
    timeout = 30,
    connect_timeout = 5,
    max_response_bytes = 64 * 1024 * 1024,
  }
  if not response then
    return nil, failure.message
  end
  local value = cjson.decode(response.body).value
  if response.status ~= 200 then
    return nil, type(value) == "table" and value.message or response.body
  end
  return value
end

local function wait_for_driver(self)
  local deadline = core.monotonic() + START_SECONDS
  repeat
    local status = self:request("GET", "/status")
    if status and status.ready then
      return true
    end
    core.sleep(0.05)
  until core.monotonic() > deadline
  return false
end

--- Starts it.
function browser.start()
  local self = setmetatable({ folder = files.new_folder(), engine = curl.engine {} }, Browser)
  self.port = tostring(nginx.random_port())
  local folder = quoted(self.folder)
  local start = ("HOME=%s TMPDIR=%s setsid chromedriver --port=%s"):format(folder, folder, self.port)
  self.pid = nginx.output_of(("cd %s && { %s >driver.log 2>&1 </dev/null & echo $!; }"):format(folder, start))
  nginx.guard(self.pid, self.folder)
  if not wait_for_driver(self) then
    self:stop()
    error("chromedriver did not start: " .. nginx.read_file(self.folder .. "/driver.log"), 2)
  end
  local arguments = {
    "--headless=new",
    "--no-sandbox", -- which Chromium cannot set up for root or in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    -- Nothing but the tests' own servers is asked for anything.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--user-data-dir=" .. self.folder .. "/profile",
  }
  local session, message = self:request("POST", "/session", {
    capabilities = { alwaysMatch = { ["goog:chromeOptions"] = { args = arguments } } },
  })
  if not session then
    self:stop()
    error("Chromium did not start: " .. message, 2)
  end
  self.path = "/session/" .. session.sessionId
  return self
end

--- Opens an address.
function Browser:open(url)
  assert(self:request("POST", self.path .. "/url", { url = url }))
end

--- Runs JavaScript in the page, outside of its policy, and returns what that returns.
function Browser:run(script)
  local value, message = self:request("POST", self.path .. "/execute/sync", { script = script, args = { 0 } })
  if value == nil then
    error(message, 2)
  end
  return value ~= cjson.null and value or nil
end

--- Makes the page so wide.
function Browser:resize(width, height)
  assert(self:request("POST", self.path .. "/goog/cdp/execute", {
    cmd = "Emulation.setDeviceMetricsOverride",
    params = { width = width, height = height, deviceScaleFactor = 1, mobile = false },
  }))
end

--- Prefers a colour scheme: "light" or "dark".
function Browser:prefer(scheme)
  assert(self:request("POST", self.path .. "/goog/cdp/execute", {
    cmd = "Emulation.setEmulatedMedia",
    params = { features = { { name = "prefers-color-scheme", value = scheme } } },
  }))
end

--- The page as a picture, PNG in base64.
function Browser:picture()
  return assert(self:request("GET", self.path .. "/screenshot"))
end

--- Ends it, and removes its folder.
function Browser:stop()
  if self.path then
    self:request("DELETE", self.path)
  end
  -- With what it started: a Chromium that was too slow for its session would stay.
  nginx.output_of("kill -- -" .. self.pid .. " 2>&1")
  self.engine:close()
  for _ = 1, 100 do
    local state = nginx.read_file("/proc/" .. self.pid .. "/stat"):match "%) (%a)"
    if not state or state == "Z" then
      break
    end
    core.sleep(0.02)
  end
  nginx.output_of("kill -KILL -- -" .. self.pid .. " 2>&1")
  files.remove(self.folder)
end

return browser
