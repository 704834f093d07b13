--- Specs in files: Lua, JSON and YAML. What a file holds may come from anybody, such as the author of a pull
-- request: reading one runs no program of theirs for long, opens nothing, and takes little memory.
-- @module dataforest.workflows.spec_file

local ascii = require "dataforest.util.ascii"
local duplicate_keys = require "dataforest.workflows.duplicate_keys"
local errors = require "dataforest.errors"
local guarded = require "dataforest.util.guarded"
local json = require "dataforest.codec.json"
local lists = require "dataforest.util.lists"
local one_line = require "dataforest.util.one_line"
local read_file = require "dataforest.util.read_file"

local spec_file = {}

--- The longest file, in bytes.
spec_file.MAX_BYTES = 262144

-- Of what a file stands for: values, and how deep they are nested. Aliases of YAML make many out of few.
local MAX_VALUES = 100000
local MAX_DEPTH = duplicate_keys.MAX_DEPTH
local TOO_DEEP = ("it is nested more than %d deep, or holds itself"):format(MAX_DEPTH)

-- Instructions that a Lua file may take, and memory (KiB). A spec of 1000 apps takes a third of them.
local MAX_INSTRUCTIONS = 200000
local MAX_KIB = 16384

local FORMATS = { lua = "lua", json = "json", yaml = "yaml", yml = "yaml" }

local format = string.format

local function problem(message, ...)
  return nil,
    errors.new {
      kind = errors.ARGUMENT,
      field = "spec",
      message = select("#", ...) > 0 and format(message, ...) or message,
      sent = false,
    }
end

-- Plain values ---------------------------------------------------------------------------

local Copy = {}
Copy.__index = Copy

--- A copy of plain data: tables, text, numbers and booleans. Null is nothing.
function Copy:value(value, depth)
  local kind = type(value)
  if value == lists.null or value == self.null then
    return nil
  elseif kind == "string" or kind == "number" or kind == "boolean" then
    return value
  elseif kind ~= "table" then
    error { message = format("it holds a %s; a file can hold plain values only", kind) }
  elseif depth > MAX_DEPTH then
    error { message = TOO_DEEP }
  end
  local out = {}
  for key, member in next, value do
    self.values = self.values + 1
    if self.values > MAX_VALUES then
      error { message = format("it stands for more than %d values", MAX_VALUES) }
    elseif type(key) ~= "string" and type(key) ~= "number" then
      error { message = format("it has a %s for a name", type(key)) }
    end
    out[key] = self:value(member, depth + 1)
  end
  return out
end

--- @return the copy, or nil and what is wrong
local function copied(value, null)
  if type(value) ~= "table" then
    return nil, "it must hold a table with account and apps, got a " .. type(value)
  end
  local ok, out = pcall(Copy.value, setmetatable({ values = 0, null = null }, Copy), value, 1)
  if ok then
    return out
  end
  return nil, type(out) == "table" and out.message or tostring(out)
end

-- Lua ------------------------------------------------------------------------------------

local function no_globals(_, name)
  error(format("a spec has no globals, and uses %s", type(name) == "string" and name or type(name)), 2)
end

--- The chunk, which sees nothing; or nil and what is wrong.
local function compiled(text, name)
  local environment = setmetatable({}, { __index = no_globals, __newindex = no_globals, __metatable = false })
  local chunk_name = "=" .. name
  if rawget(_G, "setfenv") then
    if text:byte() == 27 then
      return nil, "it is a compiled chunk: give the text"
    end
    local chunk, message = rawget(_G, "loadstring")(text, chunk_name)
    return chunk and rawget(_G, "setfenv")(chunk, environment), message
  end
  return load(text, chunk_name, "t", environment)
end

--- Runs a chunk in a coroutine of its own that is stopped when it has had enough.
--
-- Text has methods even where there are no globals, and one of them can take for ever in C, where nothing
-- counts. So they are taken away meanwhile. Nothing else of the program runs until they are back: the
-- chunk cannot yield, and no finaliser is called while the collector is stopped.
local function run(chunk)
  local jit = rawget(_G, "jit")
  if jit then
    jit.off(chunk, true) -- compiled code is not counted
  end
  local strings = debug.getmetatable ""
  local methods = strings and strings.__index
  local hook, mask, count = debug.gethook()
  local is_collecting = _VERSION == "Lua 5.1" and not jit or collectgarbage "isrunning"
  local start = collectgarbage "count"
  local left = MAX_INSTRUCTIONS
  local thread = coroutine.create(chunk)
  local function limit()
    if coroutine.running() ~= thread then
      return -- LuaJIT has one hook for all threads
    end
    left = left - 1
    if left < 0 then
      error("it takes more than " .. MAX_INSTRUCTIONS .. " instructions", 0)
    elseif collectgarbage "count" - start > MAX_KIB then
      error("it takes more than " .. MAX_KIB .. " KiB of memory", 0)
    end
  end
  collectgarbage "stop"
  if strings then
    strings.__index = nil
  end
  debug.sethook(thread, limit, "", 1)
  local ok, value = coroutine.resume(thread)
  debug.sethook(thread)
  if jit then
    debug.sethook(hook, mask, count)
  end
  if strings then
    strings.__index = methods
  end
  if is_collecting then
    collectgarbage "restart"
  end
  return ok, value
end

local parsers = {}

function parsers.lua(text, name)
  -- A file may begin with a line for the shell.
  local chunk, message = compiled((text:gsub("^#[^\n]*", "", 1)), name)
  if not chunk then
    return nil, message
  end
  local ok, value = run(chunk)
  if not ok then
    return nil, tostring(value)
  elseif value == nil then
    return nil, "it returns nothing: write return { account = ..., apps = ... }"
  end
  return copied(value)
end

-- JSON and YAML --------------------------------------------------------------------------

--- What is wrong with a text in which names stand twice.
-- @tparam ?table duplicates of `duplicate_keys`
-- @treturn ?string
local function ambiguity(duplicates)
  if not duplicates then
    return TOO_DEEP
  end
  local listed = {}
  for index, entry in ipairs(duplicates) do
    local first, second = entry.lines[1], entry.lines[2]
    local lines = first == second and "line " .. first or format("lines %d and %d", first, second)
    listed[index] = format("%s is there twice (%s)", one_line(entry.path), lines)
  end
  if duplicates.count > #listed then
    listed[#listed + 1] = format("and %d more", duplicates.count - #listed)
  end
  return listed[1] and table.concat(listed, "; ") .. ": leave out one of them" or nil
end

function parsers.json(text)
  local value, message = json.decode(text)
  if value == nil then
    return nil, message or "it holds no JSON"
  end
  local wrong = ambiguity(duplicate_keys.json(text))
  if wrong then
    return nil, wrong
  end
  return copied(value)
end

function parsers.yaml(text)
  local found, lyaml = pcall(require, "lyaml")
  if not found then
    return nil, "YAML needs the library lyaml: apt install lua-yaml, or luarocks install lyaml"
  end
  local valid, duplicates = guarded.protected(duplicate_keys.yaml, text)
  local wrong = valid and ambiguity(duplicates)
  if wrong then
    return nil, wrong
  end
  local ok, documents = guarded.protected(lyaml.load, text, { all = true })
  if not ok then
    return nil, tostring(documents)
  elseif #documents ~= 1 then
    return nil, format("it must hold one document, got %d", #documents)
  end
  return copied(documents[1], lyaml.null)
end

-- Reading --------------------------------------------------------------------------------

--- Reads a spec out of text.
-- @tparam string text
-- @tparam string kind `"lua"`, `"json"` or `"yaml"`
-- @tparam[opt] string name of the file, for messages
-- @treturn[1] table spec, not checked yet
-- @treturn[2] nil
-- @treturn[2] table error of kind `argument` with field `spec`
function spec_file.parse(text, kind, name)
  name = name or "spec"
  local parser = parsers[FORMATS[kind]]
  if not parser then
    return problem("%s: its format must be lua, json or yaml, got %s", name, guarded.text(kind))
  elseif #text > spec_file.MAX_BYTES then
    return problem("%s is longer than %d bytes", name, spec_file.MAX_BYTES)
  end
  local spec, message = parser((text:gsub("^\239\187\191", "", 1)), name)
  if not spec then
    return problem("%s: %s", name, tostring(message))
  end
  return spec
end

--- The format that a path tells by its end.
-- @tparam string path
-- @treturn ?string `"lua"`, `"json"` or `"yaml"`
function spec_file.kind_of(path)
  return FORMATS[ascii.lower(path:match "%.(%w+)$" or "")]
end

--- Reads a spec out of a file.
-- @tparam string path of the file
-- @tparam[opt] string kind `"lua"`, `"json"` or `"yaml"`; by default what the path ends with
-- @treturn[1] table spec, not checked yet
-- @treturn[2] nil
-- @treturn[2] table error of kind `argument` with field `spec`
function spec_file.load(path, kind)
  kind = kind or spec_file.kind_of(path)
  if not FORMATS[kind] then
    return problem("%s: cannot tell its format: the name must end with .lua, .json or .yaml", path)
  end
  local text, message = read_file(path, spec_file.MAX_BYTES + 1)
  if not text then
    return problem("%s", message)
  elseif text == "" then
    return problem("%s is empty", path)
  end
  return spec_file.parse(text, kind, path)
end

return spec_file
