--- A server that misbehaves to order: a process with a port for each case, scripted byte by byte.
--
--     local server = fault_server.start {
--       { name = "half of the headers", connections = { { { "read" }, { "send", "HTTP/1.1 2" } } } },
--       { name = "nobody there", refuse = true },
--     }
--     local name = "half of the headers"
--     server:url(name)                  -- https://df.test/..., with server:address(name) to dial
--     server:events(name)               -- what happened: a list of { event =, connection =, ... }
--     server:stop()
--
-- A case: `name`; `tls`, the name of a certificate (see certificates.lua) or a table
-- { certificate = that name, protocol = "tlsv1_1", alpn = "h2" }; `connections`, a script for each
-- connection in the order in which they come (the last one serves all further ones); `raw = true`, no TLS
-- before the script says so; or `refuse = true`, nothing listens; or `full = true`, nobody is let in.
-- `fixed`: the script of all connections once `server:fix(name)` was called; by default they answer with
-- the certificate "good".
--
-- A script is a list of steps, each a list: read; read_bytes, count; read_text, text; send, bytes, times,
-- pause; sleep, seconds; hold; close; cut (no goodbye of TLS); reset; tls; again, step. After the last, it
-- closes. In what is sent, @DATE+2@ is the time in two seconds as HTTP writes it, @PORT name@ the port of a
-- case with slashes behind it (up to the length of these words), and @HEADER name@ a header of the request.
--
-- Events: accept; handshake (`sni`, `protocol`); no handshake (`problem`); request (`head`, `size` of its
-- body, `body`: 64 KiB of it at most); bytes (`count`); text (`bytes`); eof; silence; cannot send; end. All
-- have `at`, in seconds.

local certificates = require "spec.support.certificates"
local cjson = require "cjson"
local files = require "spec.support.files"
local helper_process = require "spec.support.helper_process"
local process = require "spec.support.server"
local read = require "dataforest.util.read_file"
local tables = require "dataforest.util.tables"

local fault_server = {}

local Server = {}
Server.__index = Server

--- A response with its Content-Length.
-- @tparam[opt] string body
-- @tparam[opt] table more `status` (such as "404 Not Found"), `headers` (a string of whole lines)
-- @treturn string
function fault_server.whole_response(body, more)
  body, more = body or "{}", more or {}
  return ("HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"):format(
    more.status or "200 OK",
    more.headers or "",
    #body
  ) .. body
end

--- The scripts of connections that read a request, say this, and close.
-- @param ... steps, or strings to send
-- @treturn table
function fault_server.saying(...)
  local script = { { "read" } }
  for index = 1, select("#", ...) do
    local step = select(index, ...)
    script[#script + 1] = type(step) == "table" and step or { "send", step }
  end
  script[#script + 1] = { "close" }
  return { script }
end

--- A script that answers every request of a connection.
function fault_server.responding(body, more)
  return { { "read" }, { "send", fault_server.whole_response(body, more) }, { "again" } }
end

local FIXED = fault_server.responding '{"success":true,"total":0,"contents":[]}'

local function completed(cases, made)
  local ready = {}
  for index, case in ipairs(cases) do
    local copy = tables.copy(case)
    if case.tls then
      local given = type(case.tls) == "table" and case.tls or { certificate = case.tls }
      local pair = made[given.certificate]
      copy.tls = {
        certificate = pair.certificate,
        key = pair.key,
        protocol = given.protocol,
        options = given.options,
        alpn = given.alpn,
      }
      copy.good = made.good
    end
    copy.fixed = case.fixed or FIXED
    ready[index] = copy
  end
  return ready
end

--- Starts a server.
-- @tparam table cases
-- @treturn table `ca_file`, `certificates` (see certificates.lua), `folder`, `ports` by name
function fault_server.start(cases)
  local self = setmetatable({ cases = {}, ports = {} }, Server)
  self.folder = files.new_folder()
  self.certificates = certificates.make(self.folder)
  self.ca_file = self.certificates.ca
  for _, case in ipairs(cases) do
    assert(not self.cases[case.name], case.name)
    self.cases[case.name] = case
  end
  files.write(self.folder .. "/cases.json", cjson.encode(completed(cases, self.certificates)))
  self.process = helper_process.start("fault_process.lua", self.folder, "ports")
  for name, port in self.process.ready:gmatch "([^\n]*) (%d+)\n" do
    self.ports[name] = tonumber(port)
  end
  return self
end

--- "host:port" of a case.
function Server:address(name)
  return ("127.0.0.1:%d"):format(assert(self.ports[name], name))
end

--- The address of a case over TLS, for which `connect_to` must be its `address`; without TLS, as it is.
-- @tparam string name of the case
-- @tparam[opt] string target
function Server:url(name, target)
  target = target or "/api/v2/accounts/getDetail"
  if self.cases[name].tls then
    return ("https://%s%s"):format(certificates.HOST, target)
  end
  return ("http://%s%s"):format(self:address(name), target)
end

--- Lets a case do nothing wrong from now on.
-- @tparam string name of the case
function Server:fix(name)
  local control = assert(require("socket").connect("127.0.0.1", self.ports.control))
  control:settimeout(5)
  assert(control:send(("fix %s\n"):format(name)))
  assert(control:receive "*l" == "done")
  control:close()
end

--- What happened, in order.
-- @tparam string name of the case
-- @tparam[opt] string event only those
-- @treturn table list
function Server:events(name, event)
  local events = {}
  local mark = '"case":' .. cjson.encode(name)
  for line in (read(self.folder .. "/log") or ""):gmatch "[^\n]+" do
    if line:find(mark, 1, true) then
      local found = cjson.decode(line)
      if event == nil or found.event == event then
        events[#events + 1] = found
      end
    end
  end
  return events
end

--- Waits until so many events of a kind have happened.
-- @treturn table list of them
function Server:await(name, event, count)
  local events
  process.wait_until(function()
    events = self:events(name, event)
    return #events >= (count or 1)
  end, 5)
  return events
end

--- Stops it and removes its files. What it complained of is an error.
function Server:stop()
  self.process:stop(true)
end

return fault_server
