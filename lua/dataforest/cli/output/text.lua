--- Text for terminals: made harmless, measured in columns, cut, padded and wrapped.
--
-- What a service sends may hold escape sequences that move the cursor, rename the window or
-- reply as if typed. None of it reaches a terminal as it is.
--
-- @module dataforest.cli.output.text

local core = require "dataforest.core"

local text = {}

local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"
local PLAIN = "^[ -~]*$"

-- First and last code points that take two columns: East Asian Wide and Fullwidth, emoji.
local WIDE = {
  { 0x1100, 0x115F },
  { 0x231A, 0x231B },
  { 0x2329, 0x232A },
  { 0x23E9, 0x23EC },
  { 0x23F0, 0x23F0 },
  { 0x23F3, 0x23F3 },
  { 0x25FD, 0x25FE },
  { 0x2614, 0x2615 },
  { 0x2648, 0x2653 },
  { 0x267F, 0x267F },
  { 0x2693, 0x2693 },
  { 0x26A1, 0x26A1 },
  { 0x26AA, 0x26AB },
  { 0x26BD, 0x26BE },
  { 0x26C4, 0x26C5 },
  { 0x26CE, 0x26CE },
  { 0x26D4, 0x26D4 },
  { 0x26EA, 0x26EA },
  { 0x26F2, 0x26F3 },
  { 0x26F5, 0x26F5 },
  { 0x26FA, 0x26FA },
  { 0x26FD, 0x26FD },
  { 0x2705, 0x2705 },
  { 0x270A, 0x270B },
  { 0x2728, 0x2728 },
  { 0x274C, 0x274C },
  { 0x274E, 0x274E },
  { 0x2753, 0x2755 },
  { 0x2757, 0x2757 },
  { 0x2795, 0x2797 },
  { 0x27B0, 0x27B0 },
  { 0x27BF, 0x27BF },
  { 0x2B1B, 0x2B1C },
  { 0x2B50, 0x2B50 },
  { 0x2B55, 0x2B55 },
  { 0x2E80, 0x303E },
  { 0x3041, 0x4DBF },
  { 0x4E00, 0xA4CF },
  { 0xA960, 0xA97F },
  { 0xAC00, 0xD7A3 },
  { 0xF900, 0xFAFF },
  { 0xFE10, 0xFE19 },
  { 0xFE30, 0xFE6F },
  { 0xFF01, 0xFF60 },
  { 0xFFE0, 0xFFE6 },
  { 0x16FE0, 0x18AFF },
  { 0x1B000, 0x1B2FF },
  { 0x1F004, 0x1F004 },
  { 0x1F0CF, 0x1F0CF },
  { 0x1F18E, 0x1F18E },
  { 0x1F191, 0x1F19A },
  { 0x1F200, 0x1F320 },
  { 0x1F32D, 0x1F335 },
  { 0x1F337, 0x1F37C },
  { 0x1F37E, 0x1F393 },
  { 0x1F3A0, 0x1F3CA },
  { 0x1F3CF, 0x1F3D3 },
  { 0x1F3E0, 0x1F3F0 },
  { 0x1F3F4, 0x1F3F4 },
  { 0x1F3F8, 0x1F43E },
  { 0x1F440, 0x1F440 },
  { 0x1F442, 0x1F4FC },
  { 0x1F4FF, 0x1F53D },
  { 0x1F54B, 0x1F54E },
  { 0x1F550, 0x1F567 },
  { 0x1F57A, 0x1F57A },
  { 0x1F595, 0x1F596 },
  { 0x1F5A4, 0x1F5A4 },
  { 0x1F5FB, 0x1F64F },
  { 0x1F680, 0x1F6C5 },
  { 0x1F6CC, 0x1F6CC },
  { 0x1F6D0, 0x1F6D2 },
  { 0x1F6D5, 0x1F6DF },
  { 0x1F6EB, 0x1F6EC },
  { 0x1F6F4, 0x1F6FC },
  { 0x1F7E0, 0x1F7EB },
  { 0x1F90C, 0x1F93A },
  { 0x1F93C, 0x1F945 },
  { 0x1F947, 0x1F9FF },
  { 0x1FA70, 0x1FAFF },
  { 0x20000, 0x3FFFD },
}

-- Those that take none: marks that combine with the character before them.
local COMBINING = {
  { 0x0300, 0x036F },
  { 0x0483, 0x0489 },
  { 0x0591, 0x05BD },
  { 0x0610, 0x061A },
  { 0x064B, 0x065F },
  { 0x0E31, 0x0E31 },
  { 0x0E34, 0x0E3A },
  { 0x0E47, 0x0E4E },
  { 0x1160, 0x11FF },
  { 0x1AB0, 0x1AFF },
  { 0x1DC0, 0x1DFF },
  { 0x200B, 0x200D },
  { 0x2060, 0x2064 },
  { 0x20D0, 0x20FF },
  { 0x302A, 0x302D },
  { 0x3099, 0x309A },
  { 0xFE00, 0xFE0F },
  { 0xFE20, 0xFE2F },
  { 0xFEFF, 0xFEFF },
  { 0xE0100, 0xE01EF },
}

-- Those that turn the direction of what follows, or break a line behind a terminal's back.
local DISGUISING = {
  { 0x0080, 0x009F },
  { 0x061C, 0x061C },
  { 0x200E, 0x200F },
  { 0x2028, 0x202E },
  { 0x2066, 0x2069 },
}

local function within(code, ranges)
  local low, high = 1, #ranges
  while low <= high do
    local middle = math.floor((low + high) / 2)
    if code < ranges[middle][1] then
      high = middle - 1
    elseif code > ranges[middle][2] then
      low = middle + 1
    else
      return true
    end
  end
  return false
end

local LEADS = { { 0xF0, 0xF0 }, { 0xE0, 0xE0 }, { 0xC0, 0xC0 } }

local function code_point(character)
  local lead = character:byte()
  if lead < 0x80 then
    return lead
  end
  local code = lead
  for _, form in ipairs(LEADS) do
    if lead >= form[1] then
      code = lead - form[2]
      break
    end
  end
  for i = 2, #character do
    code = code * 64 + character:byte(i) - 0x80
  end
  return code
end

local NAMES = { [9] = "\\t", [10] = "\\n", [13] = "\\r" }

--- Whether a character may not be shown as it is.
-- @tparam string character one character of valid UTF-8
-- @treturn boolean
-- @treturn number its code point
function text.is_harmful(character)
  local code = code_point(character)
  return code < 0x20 or code == 0x7F or code >= 0x80 and within(code, DISGUISING), code
end

local function shown(character)
  local harmful, code = text.is_harmful(character)
  if not harmful then
    return character
  end
  return NAMES[code] or (code < 0x80 and "\\x%02x" or "\\u%04x"):format(code)
end

local function shown_bytes(bytes)
  if core.valid_utf8(bytes) then
    return (bytes:gsub(CHARACTER, shown))
  end
  return (bytes:gsub(".", function(byte)
    return ("\\x%02x"):format(byte:byte())
  end))
end

--- Makes text harmless: control characters, broken UTF-8 and characters that turn the writing
-- direction become visible escapes.
-- @tparam string given
-- @tparam[opt] boolean lines keep line feeds and tabs
-- @treturn string
function text.safe(given, lines)
  if given:find(PLAIN) then
    return given
  end
  local controls = lines and "[%z\1-\8\11-\31\127]" or "[%z\1-\31\127]"
  return (given:gsub(controls, shown):gsub("[\128-\255][\128-\191]*", shown_bytes))
end

local function character_width(character)
  local code = code_point(character)
  if code < 0x300 then
    return 1
  elseif within(code, COMBINING) then
    return 0
  end
  return code >= 0x1100 and within(code, WIDE) and 2 or 1
end

--- Columns that a text takes on a terminal.
-- @tparam string given valid UTF-8 without control characters
-- @treturn number
function text.width(given)
  if given:find(PLAIN) then
    return #given
  end
  local columns = 0
  for character in given:gmatch(CHARACTER) do
    columns = columns + character_width(character)
  end
  return columns
end

--- Cuts a text to a number of columns.
-- @tparam string given
-- @tparam number columns
-- @tparam string mark what stands for the rest, such as "..."
-- @treturn string
function text.cut(given, columns, mark)
  if text.width(given) <= columns then
    return given
  end
  local room, kept = columns - text.width(mark), {}
  for character in given:gmatch(CHARACTER) do
    room = room - character_width(character)
    if room < 0 then
      break
    end
    kept[#kept + 1] = character
  end
  return table.concat(kept) .. mark
end

--- Fills a text up with spaces.
-- @tparam string given
-- @tparam number columns
-- @treturn string
function text.pad(given, columns)
  return given .. (" "):rep(columns - text.width(given))
end

--- The first characters of a text that fit, and the rest.
local function split_at(given, columns)
  local room, bytes = columns, 0
  for character in given:gmatch(CHARACTER) do
    room = room - character_width(character)
    if room < 0 and bytes > 0 then
      break
    end
    bytes = bytes + #character
  end
  return given:sub(1, bytes), given:sub(bytes + 1)
end

--- Breaks a text into lines at its spaces.
-- @tparam string given
-- @tparam number columns
-- @tparam[opt] boolean hard break a word that is longer than a line, too, which otherwise stays whole
-- @treturn {string,...}
function text.wrap(given, columns, hard)
  local lines, line = {}, nil
  for word in given:gmatch "%S+" do
    if line and text.width(line) + 1 + text.width(word) <= columns then
      line = line .. " " .. word
    else
      lines[#lines + 1] = line
      line = word
      while hard and text.width(line) > columns and #line > 1 do
        local first, rest = split_at(line, columns)
        if rest == "" then
          break
        end
        lines[#lines + 1], line = first, rest
      end
    end
  end
  lines[#lines + 1] = line
  return lines
end

--- The API's name in a command line's spelling: `getDetail` is `get-detail`.
-- @tparam string name
-- @treturn string
function text.kebab(name)
  return (name:gsub("%u", function(letter)
    return "-" .. letter:lower()
  end))
end

--- The API's name in words: `fileCountMillion` is `file count million`.
-- @tparam string name
-- @treturn string
function text.words(name)
  return (text.kebab(name):gsub("%-", " "))
end

return text
