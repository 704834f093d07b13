--- Which name was probably meant by one that is not known.
-- @module dataforest.util.nearest

local ascii = require "dataforest.util.ascii"

local LONGEST = 64 -- bytes: nobody mistypes more, and the work grows with the square

--- Edits (insert, drop, change, swap neighbours) that turn one word into the other.
local function distance(a, b)
  local before, row = {}, {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    local next_row = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(row[j] + 1, next_row[j - 1] + 1, row[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, before[j - 2] + 1)
      end
      next_row[j] = best
    end
    before, row = row, next_row
  end
  return row[#b]
end

local function folded(name)
  return (ascii.lower(name):gsub("[_-]", ""))
end

--- The only name that has a word in it: "type" means app-type-id where no other name has a type.
local function with_word(wanted, names)
  local found
  for _, candidate in ipairs(names) do
    for word in ascii.lower(candidate):gmatch "[^_-]+" do
      if word == wanted then
        if found then
          return nil
        end
        found = candidate
        break
      end
    end
  end
  return found
end

--- The known name that was probably meant: the one with the fewest letters to change, or else the only one
-- that has what was written as one of its words.
-- @tparam string name what was written
-- @tparam {string,...} names the names that are known
-- @treturn ?string the nearest of them, or nil where none is near
return function(name, names)
  if #name > LONGEST then
    return nil
  end
  local wanted = folded(name)
  local best, best_distance
  for _, candidate in ipairs(names) do
    local edits = distance(wanted, folded(candidate))
    if edits <= math.max(1, math.floor(#candidate / 3)) and (not best or edits < best_distance) then
      best, best_distance = candidate, edits
    end
  end
  return best or with_word(wanted, names)
end
