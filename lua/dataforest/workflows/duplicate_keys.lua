--- Finds names that an object of a JSON or YAML file has twice. Parsers silently take the last one, and
-- whoever reads the file may have seen the first.
-- @module dataforest.workflows.duplicate_keys

local json = require "dataforest.codec.json"

local duplicate_keys = {}

--- How many are listed; the rest is counted.
duplicate_keys.MAX_LISTED = 20

-- Objects and lists in one another.
duplicate_keys.MAX_DEPTH = 16

local find, match, sub = string.find, string.match, string.sub

-- A walk through nested objects and lists, whatever the format.
local Walk = {}
Walk.__index = Walk

local function new_walk()
  return setmetatable({ found = { count = 0 }, levels = {} }, Walk)
end

function Walk:path()
  local path = ""
  for _, level in ipairs(self.levels) do
    if level.index then
      path = ("%s[%d]"):format(path, level.index)
    else
      path = path == "" and level.name or path .. "." .. level.name
    end
  end
  return path
end

--- Something begins: a name or a value. `text` is nil where it is no scalar.
function Walk:begin(text, line)
  local level = self.levels[#self.levels]
  if level and level.index then
    level.index = level.index + 1
  elseif level and level.is_name_next then
    level.name = text or "?"
    local first = text and level.lines[text]
    if first then
      self.found.count = self.found.count + 1
      if self.found.count <= duplicate_keys.MAX_LISTED then
        self.found[self.found.count] = { path = self:path(), lines = { first, line } }
      end
    elseif text then
      level.lines[text] = line
    end
  end
end

function Walk:finish()
  local level = self.levels[#self.levels]
  if level and level.lines then
    level.is_name_next = not level.is_name_next
  end
end

function Walk:scalar(text, line)
  self:begin(text, line)
  self:finish()
end

--- @treturn boolean false where this is too deep
function Walk:open(is_object)
  self:begin()
  self.levels[#self.levels + 1] = is_object and { lines = {}, is_name_next = true } or { index = 0 }
  return #self.levels <= duplicate_keys.MAX_DEPTH
end

function Walk:close()
  self.levels[#self.levels] = nil
  self:finish()
end

--- Looks through JSON.
-- @tparam string text which is valid
-- @treturn ?table list of `path`, such as `apps[2].name`, and `lines`, the two where it stands; its `count`
--   may be more than are listed; nil where the text is nested too deep
function duplicate_keys.json(text)
  local walk, line, at = new_walk(), 1, 1
  while true do
    local from = find(text, "[^%s,:]", at)
    local _, newlines = sub(text, at, (from or 0) - 1):gsub("\n", "")
    if not from then
      return walk.found
    end
    line = line + newlines
    local character = sub(text, from, from)
    local last = from
    if character == '"' then
      last = json.string_end(text, from)
      local raw = sub(text, from, last)
      walk:scalar(find(raw, "\\", 1, true) and json.decode("[" .. raw .. "]")[1] or sub(raw, 2, -2), line)
    elseif character == "{" or character == "[" then
      if not walk:open(character == "{") then
        return nil
      end
    elseif character == "}" or character == "]" then
      walk:close()
    else
      last = from + #match(text, "^[%w.+-]+", from) - 1
      walk:scalar(nil, line)
    end
    at = last + 1
  end
end

--- Looks through YAML, before it is loaded: libyaml takes minutes for what is nested thousands deep.
-- @tparam string text raises if it is not valid
-- @treturn ?table as of `duplicate_keys.json`
function duplicate_keys.yaml(text)
  local walk = new_walk()
  for event in require("yaml").parser(text) do
    local kind = event.type
    if kind == "MAPPING_START" or kind == "SEQUENCE_START" then
      if not walk:open(kind == "MAPPING_START") then
        return nil
      end
    elseif kind == "MAPPING_END" or kind == "SEQUENCE_END" then
      walk:close()
    elseif kind == "SCALAR" or kind == "ALIAS" then
      walk:scalar(event.value, event.start_mark.line + 1)
    end
  end
  return walk.found
end

return duplicate_keys
