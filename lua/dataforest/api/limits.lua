--- The limits that a field can have: for each, which keys of the field state it, whether a value keeps it,
-- and how it is told.
--
-- A limit is a table: `name`; `keys`; `prepare(node)`, called once when a field is compiled; `fits(node,
-- value, length, context)`; `phrase(node, value, length, context)`, which follows "must", with perhaps a
-- second text that follows what was given; and perhaps `fix(…)`, which follows a colon.
--
-- @module dataforest.api.limits

local ascii = require "dataforest.util.ascii"
local core = require "dataforest.core"
local password = require "dataforest.api.password"
local tables = require "dataforest.util.tables"
local words = require "dataforest.util.words"

local find, format, gmatch, match = string.find, string.format, string.gmatch, string.match
local within = core.within

local limits = {}

local PRINTABLE = "^[ -~]*$"
local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"
local MOST_NAMED = 8 -- characters to take out

local function span(low, high, unit)
  if low and high then
    return format("%s to %s%s", low, high, unit)
  elseif high then
    return format("at most %s%s", high, unit)
  end
  return format("at least %s%s", low, unit)
end

local function quoted(list)
  local out = {}
  for index, value in ipairs(list) do
    out[index] = words.shown(value)
  end
  return out
end

local length = { name = "length", keys = { "min_length", "max_length" } }

function length.fits(node, _, count)
  return count >= (node.min_length or 0) and count <= (node.max_length or math.huge)
end

function length.phrase(node, _, count)
  local phrase = "be " .. span(node.min_length, node.max_length, " characters")
  if node.secret then
    return phrase, "; it is too " .. (count < (node.min_length or 0) and "short" or "long")
  end
  return phrase, format(" (%d characters)", count)
end

function length.fix(node, _, count)
  return not node.secret and (count < (node.min_length or 0) and "lengthen it" or "shorten it") or nil
end

local charset = { name = "charset", keys = { "charset", "charset_doc" } }

function charset.prepare(node)
  -- A character set is of printable ASCII, so that what keeps it needs no other look.
  assert(find(node.charset, PRINTABLE), "a charset must be of printable ASCII")
  node.inside = ascii.set("^[" .. node.charset .. "]$")
  node.outside = "[^" .. node.charset .. "]"
  node.charset_doc = node.charset_doc or node.charset
end

function charset.fits(node, value)
  return within(value, node.inside)
end

function charset.phrase(node)
  return "be of " .. node.charset_doc
end

function charset.fix(node, value)
  if node.secret then
    return nil
  end
  local fixes = {}
  local lower = ascii.lower(value)
  if lower ~= value and find("A", node.outside) then
    fixes[1] = "write it in lower case"
    value = lower
  end
  local seen, named = {}, {}
  for character in gmatch(value, CHARACTER) do
    if find(character, node.outside) and not seen[character] then
      seen[character] = true
      named[#named + 1] = words.shown(character)
      if #named == MOST_NAMED then
        named[#named + 1] = "more"
        break
      end
    end
  end
  if named[1] then
    fixes[#fixes + 1] = "take out " .. words.listed(named, "and")
  end
  return words.joined(fixes)
end

local values = { name = "values", keys = { "values" } }

function values.prepare(node)
  node.is_value = tables.set(node.values)
end

function values.fits(node, value)
  return node.is_value[value] == true
end

function values.phrase(node)
  return "be " .. words.listed(quoted(node.values), "or")
end

local edges = { name = "edges", keys = { "edges", "edges_doc" } }

function edges.prepare(node)
  node.wrong_first = "^[^" .. node.edges .. "]"
  node.wrong_last = "[^" .. node.edges .. "]$"
  node.edges_doc = node.edges_doc or node.edges
end

--- What lies outside the character set is told once, as that.
local function is_wrong(node, value, pattern)
  local edge = match(value, pattern)
  return edge ~= nil and not (node.outside and find(edge, node.outside))
end

function edges.fits(node, value)
  return not (is_wrong(node, value, node.wrong_first) or is_wrong(node, value, node.wrong_last))
end

function edges.phrase(node)
  return "begin and end with " .. node.edges_doc
end

local doubles = { name = "doubles", keys = { "no_double" } }

function doubles.prepare(node)
  node.doubled = node.no_double:rep(2)
end

function doubles.fits(node, value)
  return not find(value, node.doubled, 1, true)
end

function doubles.phrase(node)
  return format("not have %s twice in a row", words.shown(node.no_double))
end

local rule = { name = "password", keys = { "rule" } }

function rule.prepare(node)
  assert(node.rule == "password", "the only rule is password")
end

function rule.fits(_, value, _, password_rule)
  return not password.has_forbidden(value) and #password.lacking(value, password_rule) == 0
end

function rule.phrase(_, value, _, password_rule)
  local phrases = {}
  if password.has_forbidden(value) then
    phrases[1] = "not hold any of " .. password.forbidden
  end
  if #password.lacking(value, password_rule) > 0 then
    phrases[#phrases + 1] = "have " .. words.listed(password.wanted(password_rule), "and")
  end
  return words.joined(phrases)
end

function rule.fix(_, value, _, password_rule)
  local fixes = {}
  if password.has_forbidden(value) then
    fixes[1] = "choose other special characters"
  end
  local missing = password.lacking(value, password_rule)
  if missing[1] then
    fixes[#fixes + 1] = "add " .. words.listed(missing, "and")
    if password_rule ~= "current" and #password.lacking(value, "current") == 0 then
      fixes[#fixes] = fixes[#fixes] .. ', or set password_rule = "current"'
    end
  end
  return words.joined(fixes)
end

local range = { name = "range", keys = { "minimum", "maximum", "multiple_of", "also" } }

function range.prepare(node)
  node.is_also = tables.set(node.also or {})
end

local function is_inside(node, value)
  return value >= (node.minimum or -math.huge) and value <= (node.maximum or math.huge)
end

function range.fits(node, value)
  return is_inside(node, value) and (not node.multiple_of or value % node.multiple_of == 0)
    or node.is_also[value] == true
end

local function range_words(node)
  local phrase = span(node.minimum, node.maximum, "")
  if node.multiple_of then
    phrase = phrase .. " in steps of " .. node.multiple_of
  end
  return node.also and phrase .. ", or " .. table.concat(node.also, ", ") or phrase
end

function range.phrase(node)
  return "be " .. range_words(node)
end

function range.fix(node, value)
  if node.multiple_of and is_inside(node, value) then
    local below = value - value % node.multiple_of
    return format("use %.0f or %.0f", below, below + node.multiple_of)
  end
end

--- A check that costs little, of a field that has no other limits than a character set and a length: the
-- characters of a set have one byte each.
-- @treturn ?function told a value, says whether it is text that keeps them; nil for other fields
local function quick_check(node, stated)
  for _, limit in ipairs(stated) do
    if limit ~= length and limit ~= charset then
      return nil
    end
  end
  local inside, shortest, longest = node.inside, node.min_length or 0, node.max_length or math.huge
  return inside
    and function(value)
      return within(value, inside) and #value >= shortest and #value <= longest
    end
end

--- The limits of each kind of value, in the order in which they are told.
limits.of = {
  string = { length, charset, values, edges, doubles, rule },
  integer = { range },
  number = { range },
}

--- The limits that a field states.
-- @tparam table node a field, compiled; each limit's `prepare` is called with it
-- @treturn {table,...}
-- @treturn ?function a check that costs little: whether a value is text that keeps all of them; nil where
--   the field has others than a character set and a length
function limits.prepare(node)
  local stated = {}
  for _, limit in ipairs(limits.of[node.kind] or {}) do
    for _, key in ipairs(limit.keys) do
      if node[key] ~= nil then
        stated[#stated + 1] = limit
        if limit.prepare then
          limit.prepare(node)
        end
        break
      end
    end
  end
  return stated, quick_check(node, stated)
end

--- The limits that a value breaks.
-- @tparam table node
-- @param value of the node's kind
-- @tparam[opt] string password_rule
-- @treturn {table,...}
-- @treturn ?integer its length in characters
function limits.broken(node, value, password_rule)
  local count = node.kind == "string" and (core.utf8_length(value) or #value) or nil
  local broken = {}
  for _, limit in ipairs(node.limits) do
    if not limit.fits(node, value, count, password_rule) then
      broken[#broken + 1] = limit
    end
  end
  return broken, count
end

--- The limits of a field in words, for documentation.
-- @tparam table field as in `dataforest.operations`
-- @tparam[opt] table omit `values = true`: without those
-- @treturn {string,...} phrases, such as `2 to 16 characters of a-z, 0-9 and -`
function limits.words(field, omit)
  local out = {}
  if field.max_length or field.min_length then
    local only_filled = field.min_length == 1 and not field.max_length
    out[1] = only_filled and "not empty" or span(field.min_length, field.max_length, " characters")
    if field.charset then
      out[1] = out[1] .. " of " .. (field.charset_doc or field.charset)
    end
  end
  if field.minimum or field.maximum then
    out[#out + 1] = range_words(field)
  end
  if field.values and not (omit and omit.values) then
    out[#out + 1] = "one of " .. table.concat(quoted(field.values), ", ")
  end
  if field.edges then
    out[#out + 1] = "begins and ends with " .. (field.edges_doc or field.edges)
  end
  if field.no_double then
    out[#out + 1] = "no " .. field.no_double:rep(2)
  end
  if field.rule == "password" then
    out[#out + 1] = "with " .. words.listed(password.wanted(), "and")
    out[#out + 1] = "without " .. password.forbidden
  end
  if field.default ~= nil then
    out[#out + 1] = "default: " .. words.shown(field.default)
  elseif field.service_default ~= nil then
    out[#out + 1] = "the service's default: " .. words.shown(field.service_default)
  end
  return out
end

return limits
