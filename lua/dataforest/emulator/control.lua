--- Steering an emulator that runs as a server, over HTTP: its clock, its faults, what it remembers.
--
-- `POST /_emulator/<command>` with a JSON object, without a signature:
--
--     advance      {"seconds": 180}
--     set_clock    {"seconds": 1700000000}
--     now          {}
--     fail_next    the table of emulator:fail_next
--     faults       {}: those that are still to come
--     clear_faults {}
--     add_key      {"access_key": "...", "secret_key": "...", "user": "..."};
--                  the result is the user
--     add_account  the table of emulator:add_account; the result is the id
--     add_app      the table of emulator:add_app; the result is the id
--     dump         {}: all accounts and apps, the clock, and where the made-up
--                  values have got to
--     load         the result of dump
--     calls        {}: the record of calls, or {"last": 10} for its end
--     clear_calls  {}
--     reset        {}, or {"user": "..."} for what belongs to one user
--
-- The response is a line, `{"result": ...}`, or `{"error": "..."}` with status 400. `GET /_emulator/ready` is
-- for health checks, `GET /_emulator/openapi.json` describes the operations, `GET /_emulator/` is a page for
-- people.
--
--     curl --cacert "$DATAFOREST_CA_FILE" -d '{"seconds":180}' \
--       "$DATAFOREST_BASE_URL/_emulator/advance"
--
-- @module dataforest.emulator.control

local access = require "dataforest.emulator.access"
local core = require "dataforest.core"
local fields = require "dataforest.emulator.fields"
local json = require "dataforest.emulator.json"
local tables = require "dataforest.util.tables"

local PREFIX = "/_emulator/"

local control = {}

-- A command is the check of its fields, if its method does not check them itself, and what it does.
local NONE = {}
local SECONDS = { seconds = { "any" } } -- the emulator itself says more exactly what is wrong

-- What calls a method with all that was given.
local function method(name)
  return function(emulator, given)
    return emulator[name](emulator, given)
  end
end

local function moving_clock(name)
  return function(emulator, given)
    emulator[name](emulator, given.seconds)
    return emulator:now()
  end
end

local function last_calls(emulator, given)
  local calls, all = json.list {}, emulator.calls
  for i = math.max(1, #all - (given.last or #all) + 1), #all do
    calls[#calls + 1] = all[i]
  end
  return calls
end

local commands = {
  advance = { SECONDS, moving_clock "advance", changes = true },
  set_clock = { SECONDS, moving_clock "set_clock", changes = true },
  now = { NONE, method "now" },
  fail_next = {
    nil,
    function(emulator, given, sources)
      emulator:fail_next(given, sources.body)
    end,
  },
  faults = { NONE, method "list_faults" },
  clear_faults = { NONE, method "clear_faults" },
  add_key = { nil, method "add_key", changes = true },
  add_account = { nil, method "add_account", changes = true },
  add_app = { nil, method "add_app", changes = true },
  load = { nil, method "load", changes = true },
  dump = { NONE, method "snapshot" },
  calls = { { last = { "number", check = fields.integer(0) } }, last_calls },
  clear_calls = { NONE, method "clear_calls" },
  reset = {
    { user = { "string" } },
    function(emulator, given)
      return emulator:reset(given.user)
    end,
    changes = true,
  },
}

local names = tables.sorted_keys(commands)

local function response(status, body, content_type)
  return {
    status = status,
    headers = {
      ["content-type"] = content_type or "application/json;charset=UTF-8",
      ["cache-control"] = "no-store",
      ["x-content-type-options"] = "nosniff",
    },
    body = body,
  }
end

local function failure(status, message, ...)
  return response(status, json.encode { error = message:format(...) } .. "\n")
end

local function unknown(name)
  local perhaps = fields.perhaps(name, names)
  return failure(
    404,
    "there is no command %s%s; POST /_emulator/<%s>",
    name,
    perhaps,
    table.concat(names, ", ")
  )
end

-- What a command is given: an object, and the text of its members.
local function read(body)
  if not core.valid_utf8(body) then
    return nil, "the body is not UTF-8"
  elseif not body:find "%S" then
    return {}, {}
  end
  local sources = {}
  local given, message = json.decode(body, sources)
  if given == nil then
    return nil, message
  elseif type(given) ~= "table" or getmetatable(given) then
    return nil, "the body must be a JSON object"
  end
  return given, sources
end

local function run(emulator, command, given, sources)
  local rules, action = command[1], command[2]
  if rules then
    local checked, message = fields.check(rules, given, "the command")
    if not checked then
      return nil, message
    end
  end
  local ok, result = pcall(action, emulator, given, sources)
  if ok then
    return result == nil and true or result
  end
  local message = tostring(result):match "dataforest%.emulator: (.*)$"
  if not message then
    error(result, 0) -- not a refusal, but a mistake of the emulator's
  end
  return nil, message
end

-- The parts of the page and OpenAPI are in modules that most emulators never need.
local function page(part, content_type)
  return function()
    local made = require "dataforest.emulator.page"
    local out = response(200, made[part], content_type)
    out.headers = tables.copy(out.headers, made.headers)
    return out
  end
end

-- What is there to get, by name. None of it holds data, so that none of it wants a token.
local DOCUMENTS = {
  ready = function()
    return response(200, '{"result":true}\n')
  end,
  ["openapi.json"] = function()
    return response(200, require("dataforest.emulator.openapi").text())
  end,
  [""] = page("html", "text/html;charset=UTF-8"),
  ["page.css"] = page("style", "text/css;charset=UTF-8"),
  ["page.js"] = page("script", "text/javascript;charset=UTF-8"),
}

--- Handles a request that steers the emulator.
-- @tparam Emulator emulator
-- @tparam table request as `emulator:handle` takes it
-- @tparam[opt] table policy who may steer, see `dataforest.emulator.access`; anyone by default
-- @treturn table|nil the response; nil where the request is for Data Forest
function control.handle(emulator, request, policy)
  if request.target == "/_emulator" then
    local moved = response(301, "")
    moved.headers.location = PREFIX
    return moved
  elseif request.target:sub(1, #PREFIX) ~= PREFIX then
    return nil
  end
  local name = request.target:sub(#PREFIX + 1):match "^[^?]*"
  local is_get = request.method == "GET" or request.method == "HEAD"
  local document = is_get and DOCUMENTS[name]
  local why = document ~= DOCUMENTS.ready and access.refusal(request, policy or {}, document)
  if why then
    return failure(403, "%s", why)
  elseif document then
    return document()
  end
  local command = commands[name]
  if not command then
    return unknown(name)
  elseif request.method ~= "POST" then
    return failure(404, "POST /_emulator/%s, not %s", name, request.method)
  end
  local given, sources = read(request.body or "")
  if not given then
    return failure(400, "%s", sources)
  end
  local result, message = run(emulator, command, given, sources)
  if result == nil then
    return failure(400, "%s", message)
  elseif command.changes then
    emulator.changes = emulator.changes + 1
  end
  return response(200, ('{"result":%s}\n'):format(json.encode(result)))
end

return control
