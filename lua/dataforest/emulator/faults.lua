--- Faults to come: what `emulator:fail_next` was told, and which call it strikes.
-- @module dataforest.emulator.faults

local answers = require "dataforest.emulator.error_responses"
local operations = require "dataforest.operations"

local KINDS = { network = true, timeout = true, tls = true, protocol = true }

local FIELDS = {
  operation = "string",
  times = "number",
  skip = "number",
  when = "string",
  status = "number",
  code = "any",
  message = "string",
  details = "string",
  headers = "table",
  body = "any",
  kind = "string",
  sent = "boolean",
  delay = "number",
}

local Faults = {}
Faults.__index = Faults

local function check_types(given)
  for name, value in pairs(given) do
    local wanted = FIELDS[name]
    if not wanted then
      return ("fail_next does not know the field %s"):format(tostring(name))
    elseif wanted ~= "any" and type(value) ~= wanted then
      return ("fail_next: %s must be a %s, not a %s"):format(name, wanted, type(value))
    end
  end
end

local function check_values(given)
  local when = given.when or "before"
  if given.operation and not operations.by_name[given.operation] then
    return ("fail_next: there is no operation %s"):format(given.operation)
  elseif when ~= "before" and when ~= "after" then
    return 'fail_next: when must be "before" or "after"'
  elseif given.kind and not KINDS[given.kind] then
    return ('fail_next: kind must be "network", "timeout", "tls" or "protocol", not "%s"'):format(given.kind)
  elseif given.kind and (given.status or given.code or given.body or given.details) then
    return "fail_next: with kind no answer arrives, so that status, code, body and details have no place"
  elseif when == "after" and given.kind and given.sent == false then
    return "fail_next: an operation that was carried out was sent"
  elseif not (given.kind or given.status or given.code or given.body or given.delay) then
    return "fail_next needs one of status, code, body, kind and delay"
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
-- @treturn boolean|nil true; nil where the argument is wrong
-- @treturn ?string what is wrong
function Faults:add(given)
  if type(given) ~= "table" then
    return nil, "fail_next takes a table"
  end
  local problem = check_types(given) or check_values(given)
  if problem then
    return nil, problem
  end
  local fault = {}
  for name, value in pairs(given) do
    fault[name] = value
  end
  fault.when = given.when or "before"
  fault.left = given.times or 1
  fault.skip = given.skip or 0
  fault.sent = default_sent(fault)
  self.list[#self.list + 1] = fault
  return true
end

--- The fault that strikes this call, if one does.
-- @tparam string operation group and name
-- @tparam string when `"before"` or `"after"`
-- @treturn table|nil
function Faults:take(operation, when)
  for i, fault in ipairs(self.list) do
    if fault.when == when and (fault.operation == nil or fault.operation == operation) then
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

--- What the fault puts in the place of the answer; nil where it only delays.
function Faults.answer(fault)
  if fault.kind then
    return {
      drop = {
        kind = fault.kind,
        message = fault.message or "injected by fail_next",
        sent = fault.sent,
      },
    }
  elseif not (fault.status or fault.code or fault.body) then
    return nil
  end
  local code = fault.code and tostring(fault.code)
  local known = answers.find(code, fault.status) or {}
  local status = fault.status or known.status or (fault.body and 200) or 500
  if fault.body ~= nil then
    return { status = status, body = fault.body, headers = fault.headers, free = true }
  end
  local answer =
    answers.gateway(code or known.code or "900", fault.details, fault.message or known.message, status)
  answer.headers = fault.headers
  return answer
end

local faults = {}

--- The faults of one emulator.
function faults.new()
  return setmetatable({ list = {} }, Faults)
end

return faults
