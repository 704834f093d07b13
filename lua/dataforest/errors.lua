--- Errors: what every failed call returns as its second value.
--
-- An error is a table with a metatable: `tostring(err)` is one line without control characters, `.. err`
-- works, and `err.kind` is one of the names in `errors.kinds`, which come from the core's list. Each is a
-- constant, too: `errors.NOT_FOUND` is `"not_found"`.
--
-- @module dataforest.errors

local ascii = require "dataforest.util.ascii"
local core = require "dataforest.core"
local one_line = require "dataforest.util.one_line"

local errors = {}

--- The kinds, in the order of the documentation: a list of `{ name =, when = }`.
errors.kinds = core.kinds

local known = {}
for _, kind in ipairs(errors.kinds) do
  known[kind.name] = true
  --- Each kind is a constant too: `errors.NOT_FOUND == "not_found"`.
  errors[ascii.upper(kind.name)] = kind.name
end

--- An error. What is not known is nil.
-- @table Error
-- @tfield string kind one of the names in `errors.kinds`
-- @tfield string message one line for people, without secrets
-- @tfield ?string operation such as `"accounts/getDetail"`
-- @tfield ?integer status HTTP status
-- @tfield ?string code of the service, such as `"410"`
-- @tfield ?string request_id of the service
-- @tfield ?string details of the service
-- @tfield ?integer attempts how often the call was tried
-- @tfield boolean retryable whether trying again later may help
-- @tfield ?number retry_after seconds after which the service says to try again
-- @tfield ?string field which parameter or option is wrong (kind `argument`)
-- @tfield ?boolean sent whether the request may have reached the service
-- @tfield boolean in_doubt whether the operation changes something, and may have been carried out although
--   the call failed
-- @tfield ?string state the last one that `wait` saw

local Error = {}
Error.__index = Error
Error.__name = "dataforest.error"

--- `accounts/getDetail: not_found: no such element (HTTP 404, request 7c56cbaf, 3 attempts)`.
function Error:__tostring()
  local facts = {}
  if self.status then
    facts[#facts + 1] = "HTTP " .. one_line(self.status)
  end
  if self.code then
    facts[#facts + 1] = "code " .. one_line(self.code)
  end
  if self.request_id then
    facts[#facts + 1] = "request " .. one_line(self.request_id)
  end
  if self.attempts and self.attempts > 1 then
    facts[#facts + 1] = ("%d attempts"):format(self.attempts)
  end
  local message = one_line(self.message)
  local details = one_line(self.details or "")
  if details ~= "" and not message:find(details, 1, true) then
    message = message .. ": " .. details
  end
  local line = one_line(self.kind) .. ": " .. message
  if self.operation then
    line = one_line(self.operation) .. ": " .. line
  end
  if #facts > 0 then
    line = line .. " (" .. table.concat(facts, ", ") .. ")"
  end
  if self.in_doubt then
    line = line .. "; it may have been carried out all the same: look before you repeat it"
  end
  return line
end

--- `"…" .. err` and `err .. "…"`, as with text.
function Error.__concat(left, right)
  return tostring(left) .. tostring(right)
end

-- Kinds of errors that are made before anything is sent.
local UNSENT = { argument = true, credentials = true, closed = true }

--- Makes an error out of its fields.
-- @tparam table fields `kind` and `message`, and of the other fields of `Error` what is known
-- @treturn Error the same table, with a message of one line
function errors.new(fields)
  if not known[fields.kind] then
    error(("no error kind is named %q"):format(tostring(fields.kind)), 2)
  end
  fields.message = one_line(fields.message)
  fields.retryable = fields.retryable or false
  fields.in_doubt = fields.in_doubt or false
  if fields.sent == nil then
    if fields.status then
      fields.sent = true
    elseif UNSENT[fields.kind] then
      fields.sent = false
    end
  end
  return setmetatable(fields, Error)
end

--- Tells whether a value is an error of this library.
-- @tparam any value anything
-- @tparam[opt] string kind whether it is of this kind
-- @treturn boolean
function errors.is(value, kind)
  return getmetatable(value) == Error and (kind == nil or value.kind == kind)
end

return errors
