--- The rules for passwords.
--
-- The pages state three that contradict each other. `strict` keeps all of them; `current` is the newest
-- page's.
--
-- @module dataforest.api.password

local find = string.find

local password = {}

-- Ranges are spelled out: %l and %u follow the host program's locale.
local UPPER = { "[A-Z]", "an upper-case letter" }
local LOWER = { "[a-z]", "a lower-case letter" }
local LETTER = { "[A-Za-z]", "a letter" }
local DIGIT = { "[0-9]", "a digit" }
local SPECIAL = { "[!#$%%()*+,%-.:;<=>?@%[\\%]^_{|}~]", "a special character" }

-- For each value of the option `password_rule`: the kinds of character that a password must have.
local RULES = {
  strict = { UPPER, LOWER, DIGIT, SPECIAL },
  current = { LETTER, DIGIT, SPECIAL },
}

local WON = "\226\130\169"
local FORBIDDEN = "['\"/&` ]"

--- What no password may have, in words.
password.forbidden = "' \" " .. WON .. " / & ` or a space"

--- Tells whether a text has a character that no password may have.
-- @tparam string text
-- @treturn boolean
function password.has_forbidden(text)
  return find(text, FORBIDDEN) ~= nil or find(text, WON, 1, true) ~= nil
end

--- The kinds of character that a rule demands, in words.
-- @tparam ?string rule `"strict"` (where none is given) or `"current"`
-- @treturn {string,...}
function password.wanted(rule)
  local words = {}
  for index, kind in ipairs(RULES[rule] or RULES.strict) do
    words[index] = kind[2]
  end
  return words
end

--- The kinds that a text lacks, in words.
-- @tparam string text
-- @tparam ?string rule as above
-- @treturn {string,...}
function password.lacking(text, rule)
  local words = {}
  for _, kind in ipairs(RULES[rule] or RULES.strict) do
    if not find(text, kind[1]) then
      words[#words + 1] = kind[2]
    end
  end
  return words
end

--- How many of the four kinds (upper case, lower case, digit, and all that is none of these) a text has.
-- @tparam string text
-- @treturn integer
function password.kinds(text)
  local kinds = 0
  for _, class in ipairs { UPPER[1], LOWER[1], DIGIT[1], "[^A-Za-z0-9]" } do
    kinds = kinds + (find(text, class) and 1 or 0)
  end
  return kinds
end

return password
