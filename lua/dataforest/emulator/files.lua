--- Files of `dataforest emulator`: fixtures, and the state that outlives the process.
-- @module dataforest.emulator.files

local core = require "dataforest.core"
local json = require "dataforest.emulator.json"
local read_file = require "dataforest.util.read_file"

local files = {}

--- Reads a JSON object.
-- @tparam string path
-- @treturn table|nil
-- @treturn ?string what is wrong, with the path
-- @treturn ?boolean true where there is no such file
local function read(path)
  local text, message, number = read_file(path)
  if not text then
    return nil, message, number == 2
  elseif not core.valid_utf8(text) then
    return nil, path .. ": not UTF-8"
  end
  local value
  value, message = json.decode((text:gsub("^\239\187\191", "")))
  if type(value) ~= "table" or getmetatable(value) then
    return nil, ("%s: %s"):format(path, message or "not a JSON object")
  end
  return value
end

-- Puts text into a file so that whoever opens it finds the old text or the new one, whole. `sync(file)` sees
-- to it that the text has reached the disk.
local function replace(path, text, sync)
  local temporary = path .. ".new"
  local file, message = io.open(temporary, "wb")
  if not file then
    return nil, message
  end
  local ok
  ok, message = file:write(text)
  if ok then
    ok, message = file:flush()
  end
  if ok and sync then
    sync(file)
  end
  local closed, why = file:close()
  if not ok or not closed then
    os.remove(temporary)
    return nil, message or why
  end
  return os.rename(temporary, path)
end

--- Everything that an emulator has to know after a restart: what `snapshot` gives, and the keys that were
-- added.
-- @tparam Emulator emulator
-- @treturn table
local function state_of(emulator)
  local state = emulator:snapshot()
  state.keys = json.list {}
  for access_key, secret_key in pairs(emulator.gateway.secrets) do
    if not emulator.options.keys[access_key] then
      state.keys[#state.keys + 1] =
        { access_key = access_key, secret_key = secret_key, user = emulator.gateway.users[access_key] }
    end
  end
  return state
end

--- Writes the state of an emulator to a file, in one step.
-- @tparam Emulator emulator
-- @tparam string path
-- @tparam[opt] function sync gets the open file, to bring it to the disk
-- @treturn boolean|nil
-- @treturn ?string what went wrong
function files.save(emulator, path, sync)
  return replace(path, json.encode(state_of(emulator)) .. "\n", sync)
end

--- Makes an emulator that goes on with the state in a file, where there is one.
-- @tparam table options of `emulator.new`
-- @tparam table paths `fixtures` and `state`, where there are such files; `clock`, what to set the clock to
-- @treturn Emulator|nil
-- @treturn ?string what is wrong
function files.emulator(options, paths)
  local message, missing
  if paths.fixtures then
    options.fixtures, message = read(paths.fixtures)
    if not options.fixtures then
      return nil, "--fixtures: " .. message
    end
  end
  local ok, emulator = pcall(require("dataforest.emulator").new, options)
  if not ok then
    message = tostring(emulator):gsub("^.-dataforest%.emulator: ", "")
    return nil, (message:gsub("^fixtures: ", ("--fixtures: %s: "):format(paths.fixtures or "")))
  end
  if paths.state then
    local state
    state, message, missing = read(paths.state)
    if state then
      ok, message = emulator:try_load(state, true)
      message = message and ("%s: %s"):format(paths.state, message)
    end
    if not missing and not (state and ok) then
      return nil, "--state: " .. message
    end
  end
  if paths.clock then
    ok, message = pcall(emulator.set_clock, emulator, paths.clock)
    if not ok then
      return nil, "--clock: " .. tostring(message):gsub("^.-dataforest%.emulator: ", "")
    end
  end
  return emulator
end

return files
