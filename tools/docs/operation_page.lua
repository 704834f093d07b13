--- The page of an operation, made from its entry in operations.lua and from calls to the emulator.
-- @module tools.docs.operation_page

local describe = require "tools.docs.describe"
local highlight = require "tools.docs.highlight"
local markdown = require "tools.docs.markdown"
local samples = require "tools.docs.samples"

local escape = markdown.escape

local page = {}

local function code(text, language, class)
  return ('<pre tabindex="0" class="%s"><code>%s</code></pre>\n'):format(
    class or language,
    highlight(text, language)
  )
end

local function link_to_kind(kind)
  return ('<a href="../errors.html#kinds"><code>%s</code></a>'):format(kind)
end

-- Parameters and fields ----------------------------------------------------------------------------------

local function nested_fields(kind)
  if type(kind) ~= "table" then
    return nil
  end
  return kind.fields or nested_fields(kind.array or kind.map)
end

local field_list

local function field_entry(field, is_param)
  local badges = {}
  if is_param then
    if field.required and field.default == nil then
      badges[#badges + 1] = '<span class="badge required">required</span>'
    else
      badges[#badges + 1] = '<span class="badge">optional</span>'
    end
    if field.secret then
      badges[#badges + 1] = '<span class="badge once">secret</span>'
    end
  elseif field.derived then
    badges[#badges + 1] = '<span class="badge">made by the library</span>'
  end
  local html = {
    ('<dt><code>%s</code> <span class="type">%s</span> %s</dt>\n<dd>'):format(
      field.name,
      escape(describe.type(field.type)),
      table.concat(badges, " ")
    ),
    "<p>" .. markdown.inline(field.doc or "") .. "</p>",
  }
  local limits = is_param and describe.limits(field) or {}
  if not is_param and field.values then
    limits = { "such as " .. table.concat(field.values, ", ") }
  end
  if is_param and field.within then
    limits[#limits + 1] = ("travels inside %s, where it can be given, too"):format(field.within)
  end
  if #limits > 0 then
    html[#html + 1] = '<p class="limits">' .. escape(table.concat(limits, "; ")) .. "</p>"
  end
  local inner = nested_fields(field.type)
  if inner then
    html[#html + 1] = field_list(inner, is_param)
  end
  html[#html + 1] = "</dd>\n"
  return table.concat(html)
end

field_list = function(fields, is_param)
  local html = { '<dl class="fields">\n' }
  for _, field in ipairs(fields) do
    html[#html + 1] = field_entry(field, is_param)
  end
  html[#html + 1] = "</dl>\n"
  return table.concat(html)
end

local function parameters(operation)
  if #operation.params == 0 then
    return "<p>None.</p>\n"
  end
  local html = ""
  if #operation.params == 1 and operation.params[1].type == "string" then
    html = "<p>In a table, or as a bare string, since there is only one.</p>\n"
  end
  return html .. field_list(operation.params, true)
end

local function answer(operation)
  local kind = operation.result
  if operation.binary then
    return "<p>A string: the bytes of the file. <code>df.accounts:save_kerberos_keytab</code> writes them "
      .. "into a file that only its owner can read.</p>\n"
  elseif kind == "any" then
    return "<p>The pages do not show it whole: it is given as it comes, without <code>success</code>.</p>\n"
  end
  return ("<p>A table, <code>%s</code>. The service's <code>success</code> is left out.</p>\n"):format(
    kind.object
  ) .. field_list(kind.fields, false)
end

-- Errors ---------------------------------------------------------------------------------------------------

local function errors(operation, sample)
  local html = { '<dl class="fields">\n' }
  for _, err in ipairs(sample.errors) do
    html[#html + 1] = ("<dt>%s</dt>\n<dd><p>%s</p>%s</dd>\n"):format(
      link_to_kind(err.kind),
      markdown.inline((err.when:gsub("^%l", string.upper))) .. ".",
      code(err.line .. "\n", "text", "wire")
    )
  end
  html[#html + 1] = "</dl>\n"
  if #sample.errors == 0 then
    html = {}
  end
  local rest = { "credentials", "auth", "forbidden", "throttled", "server", "timeout", "network", "tls" }
  for index, kind in ipairs(rest) do
    rest[index] = link_to_kind(kind)
  end
  html[#html + 1] = ('<p>%s: %s, and the rarer ones of <a href="../errors.html">Errors</a>.</p>\n'):format(
    #sample.errors > 0 and "And as of every operation" or "As of every operation",
    table.concat(rest, ", ")
  )
  if operation.deletes then
    html[#html + 1] = "<p>Where a second attempt finds nothing (404), the first one worked: that is success, "
      .. "with an empty table.</p>\n"
  end
  return table.concat(html)
end

-- Examples -------------------------------------------------------------------------------------------------

local function lua_example(sample)
  local html = code(sample.lua.source, "lua")
  if sample.lua.result then
    html = html .. code(sample.lua.result .. "\n", "lua", "out")
  end
  return html
end

local function command_example(sample)
  local html = code(sample.command.source, "sh")
  if sample.command.result then
    html = html .. code(sample.command.result, "text")
  end
  return html
end

local function wire_example(operation, sample, format, title)
  local seen = sample[format]
  if not seen then
    return ("<h3>%s</h3>\n<p>No page names the XML roots of this operation: call it in JSON.</p>\n"):format(
      title
    )
  end
  local html = ("<h3>%s</h3>\n"):format(title) .. code(seen.request, "text", "wire")
  if seen.answer then
    html = html .. code(seen.answer, "text", "wire out")
  end
  if operation.binary and seen.answer then
    html = html .. "<p>(Bytes that cannot be printed are written as <code>\\x..</code>.)</p>\n"
  end
  return html
end

--- Whether the library's method does more than the operation.
local function extends(operation)
  local found, extensions = pcall(require, "dataforest." .. operation.group)
  return found and extensions[operation.method] ~= nil
end

--- The HTML of an operation's page.
-- @tparam table operation
-- @treturn string
function page.html(operation)
  local sample = samples.of(operation)
  local older = operation.status == "older"
  local badges = ('<span class="badge %s">%s</span>'):format(operation.effect, operation.effect)
  if older then
    badges = badges .. ' <span class="badge older">older</span>'
  end
  local html = {
    ("<h1>%s</h1>\n"):format(operation.id),
    ('<p class="lead">%s</p>\n<p>%s</p>\n'):format(markdown.inline(operation.summary), badges),
  }
  local function add(text)
    html[#html + 1] = text
  end
  if older then
    add(
      '<p class="note">Only pages up to November 2024 know this operation. Whether it still answers is '
        .. "not known, and the emulator does not: requests are shown here without answers.</p>\n"
    )
  end
  if not older and not sample.emulated then
    add '<p class="note">The emulator does not answer for it: requests are shown here without answers.</p>\n'
  end
  add(code(("df.%s:%s(params, options)\n"):format(operation.group, operation.method), "lua"))
  if extends(operation) then
    add(
      ('<p>The method can do more than the operation: <a href="../reference/dataforest.%s.html#%s">'):format(
        operation.group,
        operation.method
      ) .. ("<code>df.%s:%s</code></a>.</p>\n"):format(operation.group, operation.method)
    )
  end
  add(('<p>Stands for <a href="%s">this page of the API</a>.</p>\n'):format(escape(operation.page)))
  add(markdown.html("## Effect\n\n`" .. operation.effect .. "`: " .. describe.effects[operation.effect]))
  add(markdown.html "## Parameters" .. parameters(operation))
  add(markdown.html "## Answer" .. answer(operation))
  add(markdown.html "## Errors" .. errors(operation, sample))
  add(markdown.html "## In Lua" .. lua_example(sample))
  add(markdown.html "## On the command line" .. command_example(sample))
  add(markdown.html "## On the wire")
  add(
    "<p>As a program without this library would send it: the keys are the emulator's, and its clock stands "
      .. "at one moment. The order of JSON fields means nothing.</p>\n"
  )
  add(wire_example(operation, sample, "json", "JSON"))
  add(wire_example(operation, sample, "xml", "XML"))
  return table.concat(html)
end

--- The page that lists the operations of some groups.
-- @tparam table operations `dataforest.operations`
-- @tparam {string,...} groups
-- @treturn string HTML
function page.overview(operations, groups)
  local html = {
    "<h1>Operations</h1>\n",
    '<p class="lead">Each operation of the API is a method. Its page has the limits of its parameters, the '
      .. "fields of its answer, and examples in Lua, on the command line and on the wire.</p>\n",
  }
  for _, group in ipairs(groups) do
    local older = operations.groups[group][1].status == "older"
    html[#html + 1] = markdown.html("## " .. group)
    if older then
      html[#html + 1] =
        '<p><span class="badge older">older</span> Known from pages up to November 2024.</p>\n'
    end
    html[#html + 1] = '<ul class="list">\n'
    for _, operation in ipairs(operations.groups[group]) do
      html[#html + 1] = (
        '<li><a href="%s-%s.html"><code>df.%s:%s</code></a> <span class="badge %s">%s</span>'
        .. '<span class="what">%s</span></li>\n'
      ):format(
        group,
        operation.name,
        group,
        operation.method,
        operation.effect,
        operation.effect,
        markdown.inline(operation.summary)
      )
    end
    html[#html + 1] = "</ul>\n"
  end
  return table.concat(html)
end

return page
