--- Reads what an app type's template says about components.
--
-- The template is text for people's eyes as far as the pages go: it looks like the JSON of a YARN
-- service, and the published ones do not parse (a stray quotation mark, a bare word). So only the
-- parts that are asked for are looked for in it, each by itself.
--
-- @module dataforest.api.template

local json = require "dataforest.codec.json"

local template = {}

--- The end of a JSON list that begins at `first`; nil where it does not end.
local function end_of_list(text, first)
  local depth, at = 0, first
  while true do
    at = text:find('["%[%]{}]', at)
    local character = at and text:sub(at, at)
    if not at then
      return nil
    elseif character == '"' then
      at = json.string_end(text, at)
      if not at then
        return nil
      end
    elseif character == "[" or character == "{" then
      depth = depth + 1
    else
      depth = depth - 1
      if depth == 0 then
        return at
      end
    end
    at = at + 1
  end
end

local function whole_number(value)
  local number = tonumber(value)
  if number and number >= 1 and number % 1 == 0 and number <= 2 ^ 31 then
    return math.tointeger and math.tointeger(number) or number
  end
end

--- A component as apps/create takes it, out of one in either spelling.
local function component_of(entry)
  local resource = type(entry.resource) == "table" and entry.resource or {}
  return {
    name = type(entry.name) == "string" and entry.name or nil,
    memoryMb = whole_number(entry.memoryMb or resource.memory),
    cpuCount = whole_number(entry.cpuCount or resource.cpus),
    containerCount = whole_number(entry.containerCount or entry.number_of_containers),
  }
end

--- Reads the components out of a template.
-- @tparam ?string text
-- @treturn[1] table list of `{ name =, memoryMb =, cpuCount =, containerCount = }`; a number that
--   cannot be read is left out
-- @treturn[2] nil where the text has no components that can be read
function template.components(text)
  local _, first
  if type(text) == "string" then
    _, first = text:find '"components"%s*:%s*%['
  end
  local last = first and end_of_list(text, first)
  local entries = last and json.decode(text:sub(first, last))
  if type(entries) ~= "table" then
    return nil
  end
  local components = {}
  for index, entry in ipairs(entries) do
    local component = type(entry) == "table" and component_of(entry)
    if not (component and component.name) then
      return nil
    end
    components[index] = component
  end
  return #components > 0 and components or nil
end

--- Reads the lifetime out of a template.
-- @tparam ?string text
-- @treturn ?number seconds
function template.lifetime(text)
  return type(text) == "string" and whole_number(text:match '"lifetime"%s*:%s*"?(%d+)') or nil
end

return template
