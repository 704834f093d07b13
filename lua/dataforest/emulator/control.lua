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
--     add_key      {"access_key": "...", "secret_key": "...", "user": "..."}; the result is the user
--     add_account  the table of emulator:add_account; the result is the id
--     add_app      the table of emulator:add_app; the result is the id
--     dump         {}: all accounts and apps, the clock, and where the made-up values have got to
--     load         the result of dump
--     calls        {}: the record of calls, or {"last": 10} for its end
--     clear_calls  {}
--     reset        {}, or {"user": "..."} for what belongs to one user
--
-- The response is a line, `{"result": ...}`, or `{"error": "..."}` with status 400. `GET /_emulator/ready` is
-- for health checks, `GET /_emulator/openapi.json` describes the operations, `GET /_emulator/` is a page for
-- people.
--
--     curl --cacert "$DATAFOREST_CA_FILE" "$DATAFOREST_BASE_URL/_emulator/advance" -d '{"seconds":180}'
--
-- @module dataforest.emulator.control

local access = require "dataforest.emulator.access"
local core = require "dataforest.core"
local fields = require "dataforest.emulator.fields"
local json = require "dataforest.emulator.json"
local nearest = require "dataforest.util.nearest"
local tables = require "dataforest.util.tables"

local PREFIX = "/_emulator/"

local control = {}

local NONE = {}
local SECONDS = { seconds = { "any" } } -- the emulator itself says more exactly what is wrong
local ANY_FIELDS = nil -- checked by the emulator's own method

local commands = {
  advance = {
    SECONDS,
    function(emulator, given)
      emulator:advance(given.seconds)
      return emulator:now()
    end,
    changes = true,
  },
  set_clock = {
    SECONDS,
    function(emulator, given)
      emulator:set_clock(given.seconds)
      return emulator:now()
    end,
    changes = true,
  },
  now = {
    NONE,
    function(emulator)
      return emulator:now()
    end,
  },
  fail_next = {
    ANY_FIELDS,
    function(emulator, given, sources)
      emulator:fail_next(given, sources.body)
      return true
    end,
  },
  faults = {
    NONE,
    function(emulator)
      return emulator:list_faults()
    end,
  },
  clear_faults = {
    NONE,
    function(emulator)
      return emulator:clear_faults()
    end,
  },
  add_key = {
    ANY_FIELDS,
    function(emulator, given)
      return emulator:add_key(given)
    end,
    changes = true,
  },
  add_account = {
    ANY_FIELDS,
    function(emulator, given)
      return emulator:add_account(given)
    end,
    changes = true,
  },
  add_app = {
    ANY_FIELDS,
    function(emulator, given)
      return emulator:add_app(given)
    end,
    changes = true,
  },
  load = {
    ANY_FIELDS,
    function(emulator, given)
      return emulator:load(given)
    end,
    changes = true,
  },
  dump = {
    NONE,
    function(emulator)
      return emulator:snapshot()
    end,
  },
  calls = {
    { last = { "number", check = fields.integer(0) } },
    function(emulator, given)
      local calls, all = json.list {}, emulator.calls
      for i = math.max(1, #all - (given.last or #all) + 1), #all do
        calls[#calls + 1] = all[i]
      end
      return calls
    end,
  },
  clear_calls = {
    NONE,
    function(emulator)
      return emulator:clear_calls()
    end,
  },
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
  local meant = nearest(name, names)
  return failure(
    404,
    "there is no command %s%s; POST /_emulator/<%s>",
    name,
    meant and (" (perhaps %s?)"):format(meant) or "",
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

-- Modules that most emulators never need.
local function openapi()
  return require("dataforest.emulator.openapi").text()
end

local function page(part)
  return function()
    local made = require "dataforest.emulator.page"
    return made[part], made.headers
  end
end

-- What is there to get, by name. None of it holds data, so that none of it wants a token.
local DOCUMENTS = {
  ready = {
    "application/json;charset=UTF-8",
    function()
      return '{"result":true}\n'
    end,
  },
  ["openapi.json"] = { "application/json;charset=UTF-8", openapi },
  [""] = { "text/html;charset=UTF-8", page "html" },
  ["page.css"] = { "text/css;charset=UTF-8", page "style" },
  ["page.js"] = { "text/javascript;charset=UTF-8", page "script" },
}

local function get(document)
  local body, headers = document[2]()
  local out = response(200, body, document[1])
  for name, value in pairs(headers or {}) do
    out.headers[name] = value
  end
  return out
end

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
  local status, why = access.refusal(request, policy or {}, document, document and name == "ready")
  if status then
    return failure(status, "%s", why)
  elseif document then
    return get(document)
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
    emulator.changes = (emulator.changes or 0) + 1
  end
  return response(200, ('{"result":%s}\n'):format(json.encode(result)))
end

return control
