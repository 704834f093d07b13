--- What the accounts and the apps of an emulator have in common: a list of entries, each somebody's, that are
-- found by id, deleted with a delay, and loaded from dumps; and handlers of operations on one of them.
--
-- A handler gets its store, the checked parameters and the user. It returns a value, or nil and the response
-- that refuses the call.
--
-- @module dataforest.emulator.store

local fields = require "dataforest.emulator.fields"

local store = {}

local Store = {}
Store.__index = Store

--- A kind of store.
-- @tparam table class `noun`, `owner(entry)` (the user), `LOAD` and `INNER` (rules of an entry of a dump and
-- of its member `emulator`), `add_checked` and `restore`, see `Store:load`
-- @treturn table the class
function store.class(class)
  class.__index = class
  return setmetatable(class, Store)
end

function Store:remove(is_out, argument)
  for i = #self.list, 1, -1 do
    if is_out(self.list[i], argument) then
      table.remove(self.list, i)
    end
  end
end

--- Forgets what belongs to a user at once.
function Store:remove_of(user)
  self:remove(function(entry)
    return self.owner(entry) == user
  end)
end

local function is_gone(entry, now)
  return entry.gone_at and now >= entry.gone_at
end

--- The entries, without those that were deleted.
function Store:all()
  self:remove(is_gone, self.emulator:now())
  return self.list
end

function Store:find(field, value)
  for _, entry in ipairs(self:all()) do
    if entry[field] == value then
      return entry
    end
  end
end

--- The user's entry of that id, or nil and the response for an id that is unknown or somebody else's.
function Store:owned(id, user)
  local entry = self:find("id", id)
  if entry and self.owner(entry) == user then
    return entry
  end
  return nil, self.emulator:unknown(id)
end

--- What is wrong with an id for a new entry.
-- @tparam ?string id
-- @tparam string path text before the name of the field
-- @treturn ?string
function Store:id_problem(id, path)
  if id and self:find("id", id) then
    return ("%sid: there is an %s with the id %s already"):format(path, self.noun, id)
  end
end

--- Puts an entry in that a dump gave, or that somebody wrote down.
-- @tparam table given
-- @tparam string what names it in messages: `"accounts[2]"`
-- @treturn table|nil the entry
-- @treturn ?string what is wrong
function Store:load(given, what)
  local path = what .. "."
  if type(given) ~= "table" or given.emulator == nil then
    return self:add_checked(given, what, path)
  end
  local checked, message = fields.check(self.LOAD, given, what, { path = path })
  local inner
  if checked then
    inner, message = fields.check(self.INNER, checked.emulator, what, { path = path .. "emulator." })
  end
  message = message or self:id_problem(checked.id, path)
  if message then
    return nil, message
  end
  return self:restore(checked, inner, path)
end

--- A handler of an operation on the entry that the parameter `id` names.
-- @tparam function handler gets the store, the entry and the parameters
function store.on(handler)
  return function(self, params, user)
    local entry, refusal = self:owned(params.id, user)
    if not entry then
      return nil, refusal
    end
    return handler(self, entry, params)
  end
end

--- The handler of a change, whose value is the entry's id.
-- @tparam function change gets the store, the entry and the parameters; returns the response that refuses it
function store.change(change)
  return store.on(function(self, entry, params)
    local refusal = change(self, entry, params)
    if refusal then
      return nil, refusal
    end
    return { id = entry.id }
  end)
end

return store
