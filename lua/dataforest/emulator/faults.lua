--- Faults to come: what `emulator:fail_next` was told, and which call it strikes.
-- @module dataforest.emulator.faults

local ascii = require "dataforest.util.ascii"
local errors = require "dataforest.emulator.error_responses"
local fields = require "dataforest.emulator.fields"
local guarded = require "dataforest.util.guarded"
local json = require "dataforest.emulator.json"
local operations = require "dataforest.operations"

-- nginx or HTTP itself decides these: a fault that set them would break the response.
local RESERVED = {
  ["connection"] = true,
  ["content-length"] = true,
  ["keep-alive"] = true,
  ["te"] = true,
  ["trailer"] = true,
  ["transfer-encoding"] = true,
  ["upgrade"] = true,
}

local function are_headers(headers)
  for name, value in pairs(headers) do
    if type(name) ~= "string" or not name:find "^[%w!#$%%&'*+.^_`|~-]+$" then
      return false, ("has a name that HTTP does not allow: %s"):format(guarded.text(name))
    elseif RESERVED[ascii.lower(name)] then
      return false, ("cannot have %s, which belongs to the connection"):format(name)
    elseif
      type(value) ~= "string" and type(value) ~= "number" or tostring(value):find "[%z\1-\8\10-\31\127]"
    then
      return false, ("has a value for %s that HTTP does not allow"):format(name)
    end
  end
  return true
end

local function is_operation(name)
  if operations.by_name[name] then
    return true
  end
  local names = {}
  for i, operation in ipairs(operations.list) do
    names[i] = operation.id
  end
  return false, (": there is no operation %s%s"):format(name, fields.perhaps(name, names))
end

local function is_code(value)
  local fits = type(value) == "string" and value:find "^%w+$" and #value <= 16
    or type(value) == "number" and value == math.floor(value) and value >= 0
  return fits, 'must be a code such as "410"'
end

local function is_body(value)
  local kind = type(value)
  if kind == "string" or value == json.null then
    return true
  end
  local ok, why = pcall(json.encode, value)
  return ok, ("cannot be encoded: %s"):format(tostring(why))
end

local FIELDS = {
  operation = { "string", check = is_operation },
  access_key = { "string", check = fields.filled },
  times = { "number", check = fields.integer(1, 1e9) },
  skip = { "number", check = fields.integer(0, 1e9) },
  when = { "string", check = fields.one_of("before", "after") },
  status = { "number", check = fields.integer(200, 599) },
  code = { "any", check = is_code },
  message = { "string" },
  details = { "string" },
  headers = { "table", check = are_headers },
  body = { "any", check = is_body },
  kind = { "string", check = fields.one_of("network", "timeout", "tls", "protocol") },
  sent = { "boolean" },
  delay = { "number", check = fields.between(0, 86400, "must be from 0 to 86400 seconds") },
}

local INJECTED = "injected by fail_next"

local Faults = {}
Faults.__index = Faults

local function contradiction(given)
  if given.kind and (given.status or given.code or given.body ~= nil or given.details or given.headers) then
    return "fail_next: with kind no response arrives: it takes no status, code, body, details or headers"
  elseif given.when == "after" and given.kind and given.sent == false then
    return "fail_next: sent: an operation that was carried out was sent"
  elseif not (given.kind or given.status or given.code or given.body ~= nil or given.delay) then
    return "fail_next needs one of status, code, body, kind and delay"
  elseif (given.status == 204 or given.status == 304) and given.body ~= nil and given.body ~= "" then
    return ("fail_next: body: HTTP allows none with status %d"):format(given.status)
  end
end

local function default_sent(given)
  if given.sent ~= nil then
    return given.sent
  end
  return given.when == "after" or given.kind == "timeout" or given.kind == "protocol"
end

--- Adds a fault.
-- @tparam table given the argument of `emulator:fail_next`
-- @tparam[opt] string source the body as JSON text, to send as it is
-- @treturn boolean|nil true; nil where the argument is wrong
-- @treturn ?string what is wrong
function Faults:add(given, source)
  local fault, problem = fields.check(FIELDS, given, "fail_next")
  problem = problem or contradiction(fault)
  if problem then
    return nil, problem
  end
  fault.when, fault.skip, fault.left = fault.when or "before", fault.skip or 0, fault.times or 1
  fault.source = type(given.body) ~= "string" and source or nil
  fault.sent = default_sent(fault)
  self.list[#self.list + 1] = fault
  return true
end

--- The faults that are still to come.
-- @treturn {table,...}
function Faults:waiting()
  local out = json.list {}
  for i, fault in ipairs(self.list) do
    local copy = {}
    for name in pairs(FIELDS) do
      copy[name] = fault[name]
    end
    copy.times = fault.left
    out[i] = copy
  end
  return out
end

--- The fault that strikes this call, if one does.
-- @tparam string operation group and name
-- @tparam string when `"before"` or `"after"`
-- @tparam[opt] string access_key of the request
-- @treturn table|nil
function Faults:take(operation, when, access_key)
  for i, fault in ipairs(self.list) do
    local for_it = (fault.operation == nil or fault.operation == operation)
      and (fault.access_key == nil or fault.access_key == access_key)
    if fault.when == when and for_it then
      if fault.skip > 0 then
        fault.skip = fault.skip - 1
      else
        fault.left = fault.left - 1
        if fault.left <= 0 then
          table.remove(self.list, i)
        end
        return fault
      end
    end
  end
end

--- What the fault puts in place of the response; nil where it only delays.
function Faults.response(fault)
  if fault.kind then
    return {
      drop = {
        kind = fault.kind,
        message = fault.message or INJECTED,
        sent = fault.sent,
      },
    }
  elseif not (fault.status or fault.code or fault.body) then
    return nil
  end
  local code = fault.code and tostring(fault.code)
  local known = errors.find(code, fault.status) or {}
  local status = fault.status or known.status or (fault.body and 200) or 500
  if fault.body ~= nil then
    return {
      status = status,
      body = fault.body,
      source = fault.source,
      headers = fault.headers,
      reason = INJECTED,
    }
  end
  local response =
    errors.gateway(code or known.code or "900", fault.details, fault.message or known.message, status)
  response.headers, response.reason = fault.headers, INJECTED
  return response
end

local faults = {}

--- The faults of one emulator.
function faults.new()
  return setmetatable({ list = {} }, Faults)
end

return faults
