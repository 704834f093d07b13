--- The page of an operation, made from its entry in operations.lua and from calls to the emulator.
-- @module tools.docs.operation_page

local describe = require "tools.docs.describe"
local md = require "tools.docs.md"
local samples = require "tools.docs.samples"
local states = require "dataforest.api.states"

local page = {}

local COMMON_KINDS =
  { "credentials", "auth", "forbidden", "throttled", "server", "timeout", "network", "tls" }

local function kind_link(kind)
  return ("[`%s`](/errors#kinds)"):format(kind)
end

local function inner_fields(kind)
  if type(kind) == "table" then
    local inner = kind.array or kind.map
    if inner then
      local fields, mark = inner_fields(inner)
      return fields, (kind.array and "[]" or ".*") .. (mark or "")
    end
    return kind.fields, ""
  end
end

local function add_rows(rows, fields, prefix, is_param)
  for _, field in ipairs(fields) do
    local notes = { md.sentence(field.doc or "") }
    if is_param then
      notes[#notes + 1] = not (field.required and field.default == nil) and "Optional." or nil
      for _, limit in ipairs(describe.limits(field)) do
        notes[#notes + 1] = md.sentence((limit:gsub("`", "&#96;")))
      end
      notes[#notes + 1] = field.within and ("Sent inside `%s`; accepted there too."):format(field.within)
        or nil
      notes[#notes + 1] = field.secret and "Secret." or nil
    elseif field.values then
      notes[#notes + 1] = "Such as " .. table.concat(field.values, ", ") .. "."
    end
    notes[#notes + 1] = field.rule == "password"
        and "The option [`password_rule`](/faq#why-is-my-password-refused) chooses a milder rule."
      or nil
    notes[#notes + 1] = field.derived and "Added by the library." or nil
    rows[#rows + 1] = {
      ("`%s%s`"):format(prefix, field.name),
      describe.type(field.type),
      md.cell(table.concat(notes, " ")),
    }
    local inner, mark = inner_fields(field.type)
    if inner then
      add_rows(rows, inner, prefix .. field.name .. mark .. ".", is_param)
    end
  end
  return rows
end

local function parameters(operation)
  if #operation.params == 0 then
    return "None.\n\n"
  end
  local single = #operation.params == 1 and operation.params[1].type == "string"
  return (single and "A table, or a bare string, since there is one parameter.\n\n" or "")
    .. md.table({ "Name", "Type", "" }, add_rows({}, operation.params, "", true))
end

local function response(operation)
  if operation.binary then
    return "A string: the bytes of the file. `df.accounts:save_kerberos_keytab` writes them to a file that "
      .. "only its owner can read.\n\n"
  elseif operation.result == "any" then
    return "The API's pages do not show it whole. It is returned as it comes, without `success`.\n\n"
  end
  return ("A table, `%s`.\n\n"):format(operation.result.object)
    .. md.table({ "Field", "Type", "" }, add_rows({}, operation.result.fields, "", false))
end

-- States, for operations that return one or start a change.
local function state_text(operation)
  local known = states[operation.group]
  if
    not known
    or operation.status == "older"
    or operation.effect == "read" and operation.name ~= "getDetail"
  then
    return ""
  end
  local text = "## States\n\nThe %s's `%s` is one of %s. `df.%s:wait` waits for one. See "
    .. "[Concepts](/concepts#states).\n\n"
  return text:format(known.noun, known.field, table.concat(known.known, ", "), operation.group)
end

local function errors(operation, sample)
  local out = {}
  for _, err in ipairs(sample.errors) do
    out[#out + 1] = ("- %s: %s\n\n  ```text\n  %s\n  ```\n"):format(
      kind_link(err.kind),
      md.text(md.sentence(err.when)),
      err.line
    )
  end
  local links = {}
  for index, kind in ipairs(COMMON_KINDS) do
    links[index] = kind_link(kind)
  end
  out[#out + 1] = ("\nEvery operation can also fail with %s, and other [errors](/errors).\n\n"):format(
    table.concat(links, ", ")
  )
  if operation.effect ~= "read" then
    out[#out + 1] = "If `err.in_doubt` is true, the change may have been made although the call failed. "
      .. describe.doubt(operation)
      .. "\n\n"
  end
  return table.concat(out)
end

local function wire(operation, seen, title)
  local text = seen.request .. (seen.response and "\n" .. seen.response or "")
  if operation.binary and seen.response then
    text = text .. "\n(Bytes that cannot be printed are written as \\x..)"
  end
  return { title, "http", text }
end

--- The page of an operation.
-- @tparam table operation
-- @treturn string Markdown
function page.text(operation)
  local sample = samples.of(operation)
  local out = {
    ("# %s"):format(operation.id),
    md.badge("info", operation.effect),
    operation.status == "older" and md.badge("warning", "older") or "",
    "\n\n",
    md.text(operation.summary),
    operation.page and (" [The same on the API's pages.](%s)"):format(operation.page) or "",
    "\n\n",
  }
  local function add(text)
    out[#out + 1] = text
  end
  if operation.status == "older" then
    add "::: warning\nOnly pages up to November 2024 describe this operation. It may no longer answer, and "
    add "the emulator does not implement it: requests are shown without responses.\n:::\n\n"
  end
  local blocks = {
    {
      "Lua",
      "lua",
      sample.lua.source .. (sample.lua.result and "\n-- " .. sample.lua.result:gsub("\n", "\n-- ") or ""),
    },
    {
      "Command line",
      "sh",
      sample.command.source .. (sample.command.result and "\n" .. sample.command.result or ""),
    },
    wire(operation, sample.json, "JSON on the wire"),
    sample.xml and wire(operation, sample.xml, "XML on the wire"),
  }
  add(md.tabs(blocks))
  if not sample.xml then
    add "No page names the XML roots of this operation: call it in JSON.\n\n"
  end
  add(("## Effect\n\n`%s`: %s\n\n"):format(operation.effect, describe.effects[operation.effect]))
  add("## Parameters\n\n" .. parameters(operation))
  add("## Response\n\n" .. response(operation))
  add(state_text(operation))
  add("## Errors\n\n" .. errors(operation, sample))
  if sample.emulated then
    add "## Try it\n\n"
    add(md.code("sh", "dataforest emulator -- " .. sample.command.source))
  end
  return table.concat(out)
end

--- The page that lists all operations.
-- @tparam table operations `dataforest.operations`
-- @treturn string Markdown
function page.overview(operations)
  local out = {
    "# Operations\n\nEach operation of the API is a method. Its page has the limits of its parameters, the "
      .. "fields of its response, its errors, and examples in Lua, on the command line and on the wire.\n\n",
  }
  for _, group in ipairs(operations.groups) do
    local list = operations.groups[group]
    out[#out + 1] = ("## %s%s\n\n"):format(
      group,
      list[1].status == "older" and md.badge("warning", "older") or ""
    )
    local rows = {}
    for index, operation in ipairs(list) do
      rows[index] = {
        ("[`%s`](/operations/%s-%s)"):format(operation.method, group, operation.name),
        md.cell(operation.summary),
        operation.effect,
      }
    end
    out[#out + 1] = md.table({ "Method", "", "Effect" }, rows)
  end
  return table.concat(out)
end

return page
