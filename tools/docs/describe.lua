--- Words for what operations.lua holds as data: types, limits, and what to do in doubt.
-- @module tools.docs.describe

local limits = require "dataforest.api.limits"
local template = require "tools.docs.template"

local describe = {}

--- A type in words, such as `list of Quota`.
-- @tparam string|table kind as `dataforest.operations` describes it
-- @treturn string
function describe.type(kind)
  if type(kind) == "string" then
    return kind
  elseif kind.array then
    return "list of " .. describe.type(kind.array)
  elseif kind.map then
    return "table of " .. describe.type(kind.map)
  end
  return kind.object
end

-- What to look at after a change that is in doubt; NOUN and GROUP are the operation's.
local DOUBT = {
  ["accounts/create"] = "Look for it with `df.accounts:find` before you repeat the call, or let "
    .. "`df.accounts:ensure` do both.",
  ["apps/create"] = "Look for it with `df.apps:find` before you repeat the call, or let `df:apply` do both.",
  ["accounts/resetKerberosKeytab"] = "The old keytab may be invalid: fetch the present one with "
    .. "`df.accounts:get_kerberos_keytab`.",
  delete = "Look whether the NOUN is still in `df.GROUP:get_list`, or let `df.GROUP:remove` do both.",
  idempotent = "Look at the NOUN with `df.GROUP:get_detail`, or repeat the call: a second one does no harm.",
  once = "Look at the NOUN with `df.GROUP:get_detail` before you repeat the call.",
}

--- How to find out whether a change was made that the call reports as in doubt.
-- @tparam table operation
-- @treturn string
function describe.doubt(operation)
  if operation.status == "older" then
    return "Look at what is there before you repeat the call."
  end
  local words = { NOUN = operation.group == "accounts" and "account" or "app", GROUP = operation.group }
  return ((DOUBT[operation.id] or DOUBT[operation.name] or DOUBT[operation.effect]):gsub("%u%u+", words))
end

--- What an emulator must start with, so that the examples of the command line work.
-- @tparam table operation
-- @treturn ?string a file of fixtures, as JSON
function describe.seed(operation)
  if operation.id ~= "accounts/create" then
    local app = ',\n  "apps": [{"name": "kafka1", "appTypeId": "KAFKA-2.4.0"}]'
    app = operation.group == "apps" and operation.name ~= "create" and app or ""
    return ('{"accounts": [{"name": "cloud1"}]%s}'):format(app)
  end
end

--- The rows of a table of parameters or fields, with those of the objects inside them below.
-- @tparam {table,...} fields
-- @tparam[opt] string prefix of their names
-- @tparam[opt] {table,...} into rows so far
-- @treturn {table,...} each with `name`, `is_optional`, and as Markdown `type`, `notes`, `values`, `limits`
--   and `stated`, what the API's page says
function describe.rows(fields, prefix, into)
  into = into or {}
  for _, field in ipairs(fields) do
    local notes = { template.sentence(field.doc) }
    notes[#notes + 1] = field.within and ("Sent inside `%s`; accepted there too."):format(field.within) or nil
    notes[#notes + 1] = field.secret and "Secret." or nil
    notes[#notes + 1] = field.derived and "Added by the library." or nil
    into[#into + 1] = {
      name = (prefix or "") .. field.name,
      type = describe.type(field.type),
      notes = table.concat(notes, " "),
      is_optional = not field.required or field.default ~= nil,
      values = field.values and ("Such as %s."):format(table.concat(field.values, ", ")),
      limits = template.sentence((table.concat(limits.words(field), "; "):gsub("`", "&#96;"))),
      stated = ((field.stated or "None."):gsub("`", "&#96;")),
    }
    local kind, mark = field.type, ""
    while kind.array or kind.map do
      kind, mark = kind.array or kind.map, mark .. (kind.array and "[]" or ".*")
    end
    describe.rows(kind.fields or {}, into[#into].name .. mark .. ".", into)
  end
  return into
end

return describe
