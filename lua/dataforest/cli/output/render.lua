--- Responses for people: aligned tables and records, made from the type of the response.
--
-- A list becomes a table, anything else a record of labels and values, what is nested in it a
-- table or a record below. Nothing is cut that one may want to copy: where a table is wider than
-- the terminal, columns are left out, and named in a note; where not even two fit, each entry becomes
-- a record.
--
-- @module dataforest.cli.output.render

local columns_of = require "dataforest.cli.output.columns"
local pretty = require "dataforest.cli.output.pretty"
local tables = require "dataforest.util.tables"
local text = require "dataforest.cli.output.text"
local words_of = require "dataforest.util.words"

local render = {}

local GAP = "  "
local INDENT = "  "
local NOTHING = "-"
local LONGEST_INLINE = 200

local Page = {}
Page.__index = Page

function Page:line(content)
  self[#self + 1] = (content:gsub(" +$", ""))
end

-- Plain values ----------------------------------------------------------------------------

local function is_plain(kind)
  return type(kind) ~= "table"
end

--- Whether a type is a list of plain values, which stands in one line.
local function is_plain_list(kind)
  return type(kind) == "table" and kind.array ~= nil and is_plain(kind.array)
end

local shown

--- A value in one line.
function shown(field, value)
  if value == nil then
    return NOTHING
  elseif value == true then
    return "yes"
  elseif value == false then
    return "no"
  elseif type(value) == "number" then
    return columns_of.number(field, value)
  elseif type(value) == "table" then
    local members = {}
    for i, member in ipairs(value) do
      members[i] = type(member) == "table" and pretty.line(member) or shown(field, member)
    end
    if next(value) == nil then
      return "none"
    end
    return members[1] and table.concat(members, ", ") or pretty.line(value)
  end
  value = text.safe(tostring(value))
  return value == "" and NOTHING or value
end

local function colour_of(style, field, value)
  if field.name == "status" or field.name == "state" then
    return style:state(value)
  end
end

local function is_number(kind)
  return kind == "integer" or kind == "number"
end

-- Tables ----------------------------------------------------------------------------------

local function is_filled(field, list)
  for _, entry in ipairs(list) do
    if entry[field.name] ~= nil then
      return true
    end
  end
  return false
end

--- The columns of a list: those that were asked for, else the fields in one line that some entry
-- has and that are not given away by the question.
local function columns_for(page, kind, list)
  local columns = {}
  for _, field in ipairs(page.columns or kind.fields) do
    local plain = is_plain(field.type) or is_plain_list(field.type)
    if page.columns or plain and is_filled(field, list) and not page.hidden[field.name] then
      local heading = columns_of.label(field):upper()
      local column = { field = field, heading = heading, width = text.width(heading), cells = {} }
      for i, entry in ipairs(list) do
        column.cells[i] = shown(field, entry[field.name])
        column.width = math.max(column.width, text.width(column.cells[i]))
      end
      columns[#columns + 1] = column
    end
  end
  return columns
end

--- Keeps the columns that fit, the first ones first.
-- @treturn {table,...} columns
-- @treturn {table,...} those that do not fit
local function fitting(columns, width)
  local kept, left_out, used = {}, {}, 0
  for _, column in ipairs(columns) do
    local needed = (used > 0 and #GAP or 0) + column.width
    if not width or used + needed <= width then
      kept[#kept + 1] = column
      used = used + needed
    else
      left_out[#left_out + 1] = column
    end
  end
  return kept, left_out
end

local function table_row(page, columns, indent, cell_of)
  local cells = {}
  for i, column in ipairs(columns) do
    local cell, colour = cell_of(column)
    local right = is_number(column.field.type)
    -- The last column is not filled up: its spaces would wrap on a narrow terminal.
    local padding = (i < #columns or right) and (" "):rep(column.width - text.width(cell)) or ""
    cell = page.style:paint(colour, cell)
    cells[i] = right and padding .. cell or cell .. padding
  end
  page:line(indent .. table.concat(cells, GAP))
end

--- In a detail nothing is left out: what does not fit into a row stands below it.
local function below_row(page, columns, row, indent)
  for _, column in ipairs(columns) do
    if column.cells[row] ~= NOTHING then
      local content = columns_of.label(column.field) .. ": " .. column.cells[row]
      for _, line in ipairs(text.wrap(content, page.style.width - #indent, true)) do
        page:line(indent .. page.style:paint("dim", line))
      end
    end
  end
end

local render_record

local function nested_lists(page, kind, list, indent)
  for _, field in ipairs(kind.fields) do
    local inner = type(field.type) == "table" and field.type.array
    if type(inner) == "table" and inner.fields then
      for _, entry in ipairs(list) do
        local members = entry[field.name]
        if type(members) == "table" and members[1] then
          page:line ""
          local title = ("%s of %s"):format(columns_of.label(field), shown(field, entry.name or entry.id))
          page:line(indent .. page.style:paint("bold", title))
          render.table(page, inner, members, indent .. INDENT)
        end
      end
    end
  end
end

--- Writes a list of objects.
-- @tparam table page
-- @tparam table kind type of an entry
-- @tparam table list
-- @tparam string indent
function render.table(page, kind, list, indent)
  local width = page.style.width and page.style.width - #indent
  local all = columns_for(page, kind, list)
  local columns, left_out = fitting(all, width)
  -- What was asked for is never left out, and one column alone says too little.
  if left_out[1] and (page.columns or #columns < 2) then
    for i, entry in ipairs(list) do
      if i > 1 then
        page:line ""
      end
      render_record(page, kind, entry, indent)
    end
    return
  end
  table_row(page, columns, indent, function(column)
    return column.heading, "bold"
  end)
  for i, entry in ipairs(list) do
    table_row(page, columns, indent, function(column)
      return column.cells[i], colour_of(page.style, column.field, entry[column.field.name])
    end)
    if page.is_detail then
      below_row(page, left_out, i, indent .. INDENT)
    end
  end
  for _, column in ipairs(page.is_detail and {} or left_out) do
    page.left_out[#page.left_out + 1] = columns_of.label(column.field)
  end
  if not page.columns then
    nested_lists(page, kind, list, indent)
  end
end

-- Records ---------------------------------------------------------------------------------

--- The fields that an object has, those of its type first, others after them; or those asked for.
local function present_fields(page, kind, object)
  if page.columns then
    return page.columns
  end
  local fields, known = {}, {}
  for _, field in ipairs(kind.fields) do
    known[field.name] = true
    if object[field.name] ~= nil then
      fields[#fields + 1] = field
    end
  end
  local others = {}
  for name in pairs(object) do
    if not known[name] and type(name) == "string" then
      others[#others + 1] = name
    end
  end
  table.sort(others)
  for _, name in ipairs(others) do
    fields[#fields + 1] = { name = name, type = "string" }
  end
  return fields
end

-- A text of lines, or one as long as several of them.
local function is_block(value)
  return type(value) == "string" and (value:find "\n" ~= nil or #value > LONGEST_INLINE)
end

--- Whether a field's value fits beside its label.
local function stands_inline(field, value)
  if type(field.type) ~= "table" then
    return not is_block(value)
  end
  return type(value) ~= "table" or next(value) == nil or is_plain_list(field.type)
end

-- Beside a label there is room for so many columns, or the value goes below it.
local NARROWEST = 8

--- A label and its value; what does not fit beside the label goes on below itself, or below the label.
local function record_line(page, field, value, label_width, indent)
  local label = columns_of.label(field)
  local content, colour = shown(field, value), colour_of(page.style, field, value)
  local width = page.style.width
  local margin = #indent + label_width + #GAP
  local lines = { content }
  if width and margin + text.width(content) > width then
    local below = #indent + #INDENT
    if width - margin < NARROWEST or not content:find " " then
      page:line(indent .. page.style:paint("cyan", label))
      for _, line in ipairs(text.wrap(content, width - below, true)) do
        page:line((" "):rep(below) .. page.style:paint(colour, line))
      end
      return
    end
    lines = text.wrap(content, width - margin)
  end
  page:line(
    indent
      .. page.style:paint("cyan", text.pad(label, label_width))
      .. GAP
      .. page.style:paint(colour, lines[1])
  )
  for i = 2, #lines do
    page:line((" "):rep(margin) .. lines[i])
  end
end

local function render_block(page, value, indent)
  for line in (value:gsub("\r\n", "\n"):gsub("\n+$", "") .. "\n"):gmatch "(.-)\n" do
    page:line(indent .. text.safe(line, true))
  end
end

local function render_map(page, map, indent)
  local names, width = {}, 0
  for name in pairs(map) do
    names[#names + 1] = name
    width = math.max(width, text.width(text.safe(name)))
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local label = text.pad(text.safe(name), width)
    page:line(indent .. page.style:paint("cyan", label) .. GAP .. shown({ name = name }, map[name]))
  end
end

local function render_nested(page, field, value, indent)
  local kind = field.type
  page:line ""
  page:line(indent .. page.style:paint("bold", columns_of.label(field)))
  indent = indent .. INDENT
  if type(kind) ~= "table" then
    render_block(page, value, indent)
  elseif kind.array then
    render.table(page, kind.array, value, indent)
  elseif kind.map then
    render_map(page, value, indent)
  else
    render_record(page, kind, value, indent)
  end
end

function render_record(page, kind, object, indent)
  local fields = present_fields(page, kind, object)
  local label_width = 0
  for _, field in ipairs(fields) do
    if stands_inline(field, object[field.name]) then
      label_width = math.max(label_width, text.width(columns_of.label(field)))
    end
  end
  for _, field in ipairs(fields) do
    if stands_inline(field, object[field.name]) then
      record_line(page, field, object[field.name], label_width, indent)
    end
  end
  for _, field in ipairs(fields) do
    if not stands_inline(field, object[field.name]) then
      render_nested(page, field, object[field.name], indent)
    end
  end
end

-- Responses -------------------------------------------------------------------------------

--- The list that a response is about: `contents` of the lists of the API.
local function list_of(kind)
  local contents = tables.named(kind.fields, "contents")
  return contents and type(contents.type) == "table" and contents.type.array or nil
end

local function render_list(page, member, list, what)
  if not list[1] then
    page.notes[#page.notes + 1] = "no " .. what
  elseif is_plain(member) then
    for _, value in ipairs(list) do
      page:line(shown({}, value))
    end
  else
    render.table(page, member, list, "")
  end
end

--- Writes a response for people.
-- @param kind type of the response, as in `dataforest.operations`
-- @tparam table value the response
-- @tparam table options
-- @tparam table options.style of `dataforest.cli.terminal.style`
-- @tparam[opt] string options.what name for the entries of a list, such as `accounts`
-- @tparam[opt] table options.hidden names of columns that the question gives away
-- @tparam[opt] {string,...} options.columns names of the columns that are wanted
-- @treturn[1] string lines for standard output
-- @treturn[1] {string,...} notes for standard error
-- @treturn[2] nil
-- @treturn[2] string what is wrong with the columns
function render.response(kind, value, options)
  local member = list_of(kind)
  local fields, message =
    columns_of.chosen(type(member) == "table" and member.fields or kind.fields, options.columns)
  if not fields then
    return nil, message
  end
  local page = setmetatable({
    style = options.style,
    hidden = options.hidden or {},
    columns = options.columns and fields,
    left_out = {},
    notes = {},
  }, Page)
  if member then
    render_list(page, member, value.contents or {}, options.what or "entries")
  else
    page.is_detail = true
    render_record(page, kind, value, "")
  end
  if page.left_out[1] then
    page.notes[#page.notes + 1] = ("too narrow for %s: --columns chooses, --json has all"):format(
      words_of.listed(page.left_out, "and")
    )
  end
  return page[1] and table.concat(page, "\n") .. "\n" or "", page.notes
end

return render
