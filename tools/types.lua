--- Writes the annotations for editors (LuaCATS, as lua-language-server reads them):
--
--     lua5.4 tools/types.lua types            writes types/dataforest.lua and those for its modules
--
-- Parameters and responses come from `dataforest.operations`, everything else from the doc comments.
-- It runs from the root of the tree, and needs nothing that is built.

local comments = require "tools.docs.comments"
local limits_of = require "dataforest.api.limits"
local modules = require "tools.docs.modules"
local schema = require "dataforest.api.schema"
local tables = require "dataforest.util.tables"

local types = {}

local HEAD =
  "-- Made by tools/types.lua from operations.lua and the doc comments: do not edit (make types).\n"

-- The classes that doc comments name with a capital, and what is behind some small words of theirs.
local WORDS = {
  table = "table",
  Provider = "fun(context: table): (dataforest.Keys?, string?)",
}

local function class_name(word)
  return WORDS[word] or (word:find "^%u" and "dataforest." .. word) or word
end

--- A type of the doc comments, in LuaCATS' spelling.
local function annotation(kind)
  if kind:find "^%?" then
    local inner = annotation(kind:sub(2))
    return inner .. (inner:find "[|:]" and "|nil" or "?")
  elseif kind:find "^fun%(" then
    return (kind:gsub("(%u%w+)", function(word)
      return class_name(word)
    end))
  end
  kind = kind:gsub("{(%w+),%.%.%.}", function(word)
    return class_name(word) .. "[]"
  end)
  local parts = {}
  for part in kind:gmatch "[^|]+" do
    parts[#parts + 1] = part:find "%[%]$" and part or class_name(part)
  end
  return table.concat(parts, "|")
end

local function one_line(text)
  return (text:gsub("%s*\n%s*", " "):gsub("%s+$", ""))
end

local Writer = {}
Writer.__index = Writer

function Writer:line(text, ...)
  self[#self + 1] = select("#", ...) > 0 and text:format(...) or text
end

function Writer:prose(text)
  for line in (text .. "\n"):gmatch "(.-)\n" do
    self[#self + 1] = line == "" and "---" or "---" .. line
  end
end

function Writer:field(name, kind, doc, optional)
  local suffix = doc and doc ~= "" and " " .. one_line(doc) or ""
  if not name:find "^[%a_][%w_]*$" then
    name = ('["%s"]'):format(name)
  end
  self:line("---@field %s%s %s%s", name, optional and "?" or "", kind, suffix)
end

-- What operations.lua holds --------------------------------------------------------------------------

local function operation_type(kind, known)
  if type(kind) == "string" then
    return schema.scalars[kind].annotation
  elseif kind.array then
    local inner = operation_type(kind.array, known)
    return inner .. "[]"
  elseif kind.map then
    return ("table<string, %s>"):format(operation_type(kind.map, known))
  end
  if not known[kind.object] then
    known[kind.object] = kind
    known[#known + 1] = kind
    for _, field in ipairs(kind.fields) do
      operation_type(field.type, known)
    end
  end
  return "dataforest." .. kind.object
end

local function values_of(field, open)
  local list = {}
  for index, value in ipairs(field.values) do
    list[index] = ('"%s"'):format(value)
  end
  if open then
    list[#list + 1] = "string" -- the service may send others
  end
  return table.concat(list, "|")
end

local function write_objects(out, known)
  for _, kind in ipairs(known) do
    out:line("---@class dataforest.%s", kind.object)
    for _, field in ipairs(kind.fields) do
      local given = field.required ~= nil or field.min_length or field.minimum
      local spelled = field.values and values_of(field, not given) or operation_type(field.type, known)
      out:field(field.name, spelled, field.doc)
    end
    out:line ""
  end
end

--- A name as classes spell it: `GetDetail` for `getDetail`.
local function capitals(text)
  return (text:gsub("^%l", string.upper):gsub("[_%.](%w)", string.upper))
end

local function params_class(operation)
  return ("dataforest.%s%sParams"):format(capitals(operation.group), capitals(operation.name))
end

local function write_params(out, operation, known)
  if #operation.params == 0 then
    return
  end
  out:line("---Parameters of %s.", operation.id)
  out:line("---@class %s", params_class(operation))
  for _, param in ipairs(operation.params) do
    local doc = param.doc
    local limits = table.concat(limits_of.words(param), "; ")
    if limits ~= "" then
      doc = ("%s (%s)"):format((doc:gsub("%.$", "")), limits)
    end
    local kind = param.values and values_of(param) or operation_type(param.type, known)
    out:field(param.name, kind, doc, not param.required or param.default ~= nil)
  end
  out:line ""
end

local function params_type(operation)
  if #operation.params == 0 then
    return "table?"
  elseif #operation.params == 1 and operation.params[1].type == "string" then
    return "string|" .. params_class(operation)
  end
  return params_class(operation)
end

local function write_operation(out, operation, known)
  out:line("---%s", operation.summary)
  if operation.status == "older" then
    out:line "---"
    out:line "---Only pages up to November 2024 know this operation."
  end
  out:line "---"
  out:line("---[%s](%s)", operation.id, operation.page)
  local required = #operation.params > 0
  out:line("---@param params%s %s", required and "" or "?", (params_type(operation):gsub("%?$", "")))
  out:line "---@param options? dataforest.CallOptions"
  local result = operation_type(operation.result, known)
  out:line("---@return %s value", result == "any" and "table?" or result .. "?")
  out:line "---@return dataforest.Error? err"
  out:line("function %s:%s(params, options) end", operation.group, operation.method)
  out:line ""
end

-- What the doc comments hold -------------------------------------------------------------------------

--- The sub-fields of a table parameter, such as `options.timeout`.
local function members_of(item, name)
  local list = {}
  for _, param in ipairs(item.params) do
    local member = param.name:match("^" .. name .. "%.(.+)$")
    if member then
      list[#list + 1] = { name = member, param = param }
    end
  end
  return list
end

local function write_members(out, members)
  for _, member in ipairs(members) do
    local param = member.param
    local doc = param.doc
    if param.default then
      doc = ("%s (default %s)"):format(doc, param.default)
    end
    if not param.merged then
      out:field(member.name, annotation(param.type), doc, param.optional)
    end
  end
end

-- Names for the tables of options that functions take.
local OPTION_CLASSES = {
  ["dataforest.new.options"] = "dataforest.Options",
  ["Client.call.options"] = "dataforest.CallOptions",
  ["accounts.wait.options"] = "dataforest.WaitOptions",
  ["apps.wait.options"] = "dataforest.WaitOptions",
  ["emulator.new.options"] = "dataforest.EmulatorOptions",
  ["Emulator.fail_next.fault"] = "dataforest.Fault",
}

--- The parameters of an operation that an extension has taken the place of: none need be given, since
-- there are other ways to say the same.
local function write_loosely(out, operation, members, known)
  local replaced = {}
  for _, member in ipairs(members) do
    replaced[member.name] = member.param
  end
  for _, param in ipairs(operation.params) do
    local kind = operation_type(param.type, known)
    if replaced[param.name] then
      kind = kind .. "|" .. annotation(replaced[param.name].type)
      replaced[param.name].merged = true
    end
    out:field(param.name, kind, param.doc, true)
  end
end

--- Writes the classes of a function's parameters that are tables with named members.
-- @return the class by the parameter's name
local function parameter_classes(out, item, written, operation, known)
  local classes = {}
  for _, name in ipairs(item.formal) do
    local members = members_of(item, name)
    if #members > 0 then
      local key = ("%s.%s.%s"):format(item.owner, item.name, name)
      local class = OPTION_CLASSES[key] or "dataforest." .. capitals(key)
      if operation then
        class = class:gsub("Params$", "Shorthand")
      end
      if not written[class] then
        written[class] = true
        out:line("---@class %s", class)
        if operation then
          write_loosely(out, operation, members, known)
        end
        write_members(out, members)
        out:line ""
      end
      classes[name] = class
    end
  end
  return classes
end

local function returns_of(item)
  local list = {}
  for group, results in pairs(item.returns) do
    for index, result in ipairs(results) do
      local slot = list[index] or { kinds = {} }
      list[index] = slot
      slot[group] = result
      slot.groups = math.max(slot.groups or 0, group)
    end
  end
  local groups = 0
  for group in pairs(item.returns) do
    groups = math.max(groups, group)
  end
  local lines = {}
  for index, slot in ipairs(list) do
    local kinds, seen, optional = {}, {}, false
    for group = 1, groups do
      local kind = slot[group] and annotation(slot[group].type) or "nil"
      if kind == "nil" then
        optional = true
      elseif not seen[kind] then
        seen[kind] = true
        kinds[#kinds + 1] = kind
      end
    end
    local kind = table.concat(kinds, "|")
    if optional and kind:find "^fun" then
      kind = ("(%s)?"):format(kind)
    elseif optional and not kind:find "%?$" then
      kind = kind .. (kind:find "|" and "|nil" or "?")
    end
    local first = slot[1] or slot[groups]
    lines[index] = ("---@return %s # %s"):format(kind, one_line(first.doc))
  end
  return lines
end

-- Whose functions take the options of a call.
local CALLS = { accounts = true, apps = true }

local function operation_behind(item, operations)
  local group = operations.groups[item.owner]
  for _, operation in ipairs(group or {}) do
    if operation.method == item.name then
      return operation
    end
  end
end

local function write_function(out, item, receiver, written, operations, known)
  local operation = operation_behind(item, operations)
  local classes = parameter_classes(out, item, written, operation, known)
  out:prose(item.text)
  for _, page in ipairs(item.see) do
    if page:find "^https://" then
      out:line "---"
      out:line("---<%s>", page)
    end
  end
  for _, name in ipairs(item.formal) do
    local found = tables.named(item.params, name)
    local kind = annotation(found.type)
    if classes[name] then
      kind = kind:gsub("%f[%w]table%f[%W]", classes[name])
      if name == "params" and operation then
        kind = params_class(operation) .. "|" .. kind
      end
    elseif name == "params" and operation then
      kind = params_class(operation)
    elseif name == "options" and CALLS[item.owner] then
      kind = item.name == "remove" and "dataforest.WaitOptions" or "dataforest.CallOptions"
    end
    local optional = found.optional or kind:find "%?$"
    if name == "..." then
      out:line("---@param ... %s", kind)
    else
      out:line(
        "---@param %s%s %s %s",
        name,
        optional and "?" or "",
        (kind:gsub("%?$", "")),
        one_line(found.doc)
      )
      out[#out] = out[#out]:gsub("%s+$", "")
    end
  end
  for _, line in ipairs(returns_of(item)) do
    out:line((line:gsub(" # $", "")))
  end
  out:line(
    "function %s%s%s(%s) end",
    receiver,
    item.method and ":" or ".",
    item.name,
    table.concat(item.formal, ", ")
  )
  out:line ""
end

-- The whole ------------------------------------------------------------------------------------------

local function write_groups(out, operations, known, written)
  local extensions = {}
  for _, name in ipairs { "accounts", "apps" } do
    extensions[name] = comments.public(tables.named(modules, "dataforest." .. name))
  end
  for _, name in ipairs(operations.groups) do
    for _, operation in ipairs(operations.groups[name]) do
      write_params(out, operation, known)
    end
    out:line("---The operations of the group %s.", name)
    out:line("---@class dataforest.%s", capitals(name))
    out:line("local %s = {}", name)
    out:line ""
    local replaced = {}
    for _, item in ipairs(extensions[name] or {}) do
      replaced[item.name] = true
    end
    for _, operation in ipairs(operations.groups[name]) do
      if not replaced[operation.method] then
        write_operation(out, operation, known)
      end
    end
    for _, item in ipairs(extensions[name] or {}) do
      write_function(out, item, name, written, operations, known)
    end
  end
end

local function write_tables(out)
  for _, module in ipairs(modules) do
    for _, item in ipairs(comments.read("lua/dataforest/" .. module.file).items) do
      -- The classes with methods of their own come with those.
      if item.kind == "table" and item.name ~= "Emulator" then
        out:prose(item.text)
        out:line("---@class dataforest.%s", item.name)
        for _, field in ipairs(item.fields) do
          local optional = field.type:find "^%?" ~= nil
          local kind = annotation((field.type:gsub("^%?", "")))
          out:field(field.name, kind, field.doc, optional)
        end
        out:line ""
      end
    end
  end
end

-- Modules that are fields of `dataforest`, and objects with methods of their own.
local PARTS = {
  { module = "dataforest.errors", class = "dataforest.errors", owner = "errors" },
  { module = "dataforest.credentials", class = "dataforest.credentials", owner = "credentials" },
  { module = "dataforest.operations", class = "dataforest.operations", owner = "operations" },
  { module = "dataforest.emulator", class = "dataforest.Emulator", owner = "Emulator" },
  { module = "dataforest.emulator", class = "dataforest.emulator", owner = "emulator" },
  {
    module = "dataforest.testing.recording",
    class = "dataforest.Recorder",
    owner = "Recorder",
    parent = "dataforest.Transport",
  },
  {
    module = "dataforest.testing.recording",
    class = "dataforest.Player",
    owner = "Player",
    parent = "dataforest.Transport",
  },
  { module = "dataforest.testing", class = "dataforest.testing", owner = "testing" },
}

-- Fields of those that no doc comment of a function tells.
local function part_fields(out, part)
  if part.owner == "errors" then
    out:field("kinds", "{ name: string, when: string }[]", "The kinds, in the order of the documentation.")
    for line in io.lines "src/base/kinds.h" do
      local constant, name = line:match '^%s+X%((%u[%u_]*), "([%l_]+)"'
      if constant then
        out:field(constant, ('"%s"'):format(name))
      end
    end
  elseif part.owner == "operations" then
    out:field("list", "dataforest.Operation[]", "All of them.")
    out:field("by_name", "table<string, dataforest.Operation>", 'By API name, such as "accounts/getDetail".')
    out:field("groups", "table", "Names of the groups, and the list of each group's operations by its name.")
  elseif part.owner == "emulator" then
    out:field("access_key", "string", "The access key that an emulator knows where none is given.")
    out:field("secret_key", "string", "Its secret key.")
  elseif part.owner == "Emulator" then
    local items = comments.read("lua/dataforest/emulator/init.lua").items
    for _, field in ipairs(tables.named(items, "Emulator").fields) do
      out:field(field.name, annotation(field.type), field.doc)
    end
  elseif part.owner == "testing" then
    out:field(
      "recorder",
      "fun(options: table): dataforest.Recorder",
      "A transport that writes calls to a file."
    )
    out:field(
      "player",
      "fun(options: table): dataforest.Player",
      "A transport that answers from such a file."
    )
  end
end

local function write_parts(out, operations, written)
  for _, part in ipairs(PARTS) do
    local variable = part.class:match "[^.]+$"
    local functions = {}
    for _, item in ipairs(comments.public(tables.named(modules, part.module))) do
      if item.owner == part.owner then
        functions[#functions + 1] = item
      end
    end
    out:line("---@class %s%s", part.class, part.parent and ": " .. part.parent or "")
    part_fields(out, part)
    out:line("local %s = {}", variable)
    out:line ""
    for _, item in ipairs(functions) do
      write_function(out, item, variable, written, operations)
    end
  end
end

local function write_client(out, operations, written)
  out:line "---What `dataforest.new` returns: one client serves all requests of a worker and all coroutines."
  out:line "---@class dataforest.Client"
  for _, name in ipairs(operations.groups) do
    out:field(name, "dataforest." .. capitals(name))
  end
  out:line "local Client = {}"
  out:line ""
  for _, item in ipairs(comments.public(tables.named(modules, "dataforest.client"))) do
    if item.owner == "Client" then
      item.method = true
      write_function(out, item, "Client", written, operations)
    end
  end
end

local MODULE = '---@meta dataforest.%s\n%s\nreturn require("dataforest").%s\n'

--- Makes the files.
-- @treturn table texts by path
function types.make()
  local operations = require "dataforest.operations"
  local known, written = {}, {}
  local groups = setmetatable({}, Writer)
  write_groups(groups, operations, known, written)
  local client = setmetatable({}, Writer)
  write_client(client, operations, written)
  local out = setmetatable({}, Writer)
  write_tables(out)
  write_objects(out, known)
  for _, part in ipairs { client, groups } do
    for _, line in ipairs(part) do
      out[#out + 1] = line
    end
  end
  write_parts(out, operations, written)
  out:line "---@class dataforest"
  out:field("_VERSION", "string")
  local files = {}
  for _, name in ipairs { "credentials", "emulator", "errors", "operations", "testing" } do
    out:field(name, "dataforest." .. name)
    files[("dataforest/%s.lua"):format(name)] = MODULE:format(name, HEAD, name)
  end
  out:line "local dataforest = {}"
  out:line ""
  for _, item in ipairs(comments.public(tables.named(modules, "dataforest"))) do
    write_function(out, item, "dataforest", written, operations)
  end
  out:line "return dataforest"
  files["dataforest.lua"] = "---@meta dataforest\n" .. HEAD .. "\n" .. table.concat(out, "\n") .. "\n"
  return files
end

--- Writes them into a folder.
function types.write(folder)
  os.execute(("mkdir -p '%s/dataforest'"):format(folder))
  for name, text in pairs(types.make()) do
    local file = assert(io.open(folder .. "/" .. name, "wb"))
    file:write(text)
    file:close()
  end
end

if arg and arg[0] and arg[0]:find "types%.lua$" then
  package.path = "lua/?.lua;lua/?/init.lua;" .. package.path
  types.write(arg[1] or "types")
end

return types
