--- Lists as comma-separated values (RFC 4180), a row an entry; what is nested in a row is JSON.
-- @module dataforest.cli.output.csv

local columns_of = require "dataforest.cli.output.columns"
local common = require "dataforest.codec.common"
local pretty = require "dataforest.cli.output.pretty"

local csv = {}

local function cell(value, kind)
  if value == nil then
    return ""
  elseif type(value) == "number" then
    return common.number(value) or ""
  elseif type(value) == "table" then
    value = pretty.line(value, kind)
  end
  value = tostring(value)
  return value:find '[",\r\n]' and '"' .. value:gsub('"', '""') .. '"' or value
end

--- The rows of a response, and the type of one.
local function rows_of(value, kind)
  if type(value) ~= "table" then
    return { { value = value } }
  end
  local list = type(value.contents) == "table" and value.contents or nil
  for _, field in ipairs(list and kind and kind.fields or {}) do
    if field.name == "contents" then
      return list, field.type.array
    end
  end
  for i, entry in ipairs(list or {}) do
    list[i] = type(entry) == "table" and entry or { value = entry }
  end
  return list or { value }, not list and kind or nil
end

--- The fields of a row: those of its type, in order; of an unknown one, those that are there.
local function fields_of(rows, kind)
  if kind and kind.fields then
    return kind.fields
  end
  local seen, names, fields = {}, {}, {}
  for _, row in ipairs(rows) do
    for name in pairs(row) do
      if not seen[name] then
        seen[name] = true
        names[#names + 1] = tostring(name)
      end
    end
  end
  table.sort(names)
  for i, name in ipairs(names) do
    fields[i] = { name = name }
  end
  return fields
end

--- Writes a response.
-- @param value the response
-- @tparam ?table kind its type, as in `dataforest.operations`
-- @tparam ?{string,...} columns names of fields; by default all of them
-- @treturn[1] string lines that end with CR LF, the first of which has the names
-- @treturn[2] nil
-- @treturn[2] string what is wrong with the columns
function csv.text(value, kind, columns)
  local rows, row_kind = rows_of(value, kind)
  local fields, message = columns_of.chosen(fields_of(rows, row_kind), columns)
  if not fields then
    return nil, message
  end
  local lines, cells = {}, {}
  for i, field in ipairs(fields) do
    cells[i] = cell(field.name)
  end
  lines[1] = table.concat(cells, ",")
  for at, row in ipairs(rows) do
    for i, field in ipairs(fields) do
      cells[i] = cell(row[field.name], field.type)
    end
    lines[at + 1] = table.concat(cells, ",")
  end
  return table.concat(lines, "\r\n") .. "\r\n"
end

return csv
