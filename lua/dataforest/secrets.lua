--- Takes secrets out of text that came from elsewhere: a server may quote a password back.
-- @module dataforest.secrets

local core = require "dataforest.core"

local redact = {}

local MARK = "[redacted]"

-- A secret of one or two characters stands in every message by chance; it is taken
-- out only where it is quoted.
local SHORT = 3

local function escape_pattern(text)
  return (text:gsub("%W", "%%%0"):gsub("%%%z", "%%z")) -- a pattern of Lua 5.1 ends at a NUL
end

local XML_NAMES = { ["&amp;"] = "&", ["&lt;"] = "<", ["&gt;"] = ">", ["&quot;"] = '"', ["&apos;"] = "'" }

-- What begins an escape, and reads it: returns the character that is meant, and where it ends. Each
-- encoder has its own mind about what it escapes, so that any character may come as one.
local ESCAPES = {
  ["%"] = function(text, at)
    local hex = text:match("^%%(%x%x)", at)
    return hex and string.char(tonumber(hex, 16)), at + 3
  end,
  ["+"] = function(_, at)
    return " ", at + 1
  end,
  ["\\"] = function(text, at)
    local hex = text:match("^\\u00(%x%x)", at)
    if hex then
      return string.char(tonumber(hex, 16)), at + 6
    end
    return text:match('^\\(["\\/])', at), at + 2
  end,
  ["&"] = function(text, at)
    local entity = text:match("^&[%w#]+;", at)
    local code = entity
      and (tonumber(entity:match "^&#(%d+);") or tonumber(entity:match "^&#[xX](%x+);" or "", 16))
    local char = code and code < 256 and string.char(code) or XML_NAMES[entity or ""]
    return char, at + #(entity or "")
  end,
}

-- Bytes: \u003c
local LONGEST_ESCAPE = 6

--- Where a secret ends that begins at this place, with or without escapes; nil where it does not.
local function escaped_end(text, at, secret)
  for index = 1, #secret do
    local wanted, here = secret:sub(index, index), text:sub(at, at)
    local escape = ESCAPES[here]
    local char, after
    if escape then
      char, after = escape(text, at)
    end
    if char == wanted then
      at = after
    elseif here == wanted then
      at = at + 1
    else
      return nil
    end
  end
  return at
end

--- Takes a secret out where it stands with characters escaped as in a URL, in JSON or in XML.
local function clean_escaped(text, secret)
  local beginnings = "[" .. escape_pattern(secret:sub(1, 1)) .. "%%%+\\&]"
  local parts, kept = {}, 1
  local at = text:find(beginnings)
  while at do
    local after = escaped_end(text, at, secret)
    if after then
      parts[#parts + 1] = text:sub(kept, at - 1) .. MARK
      kept = after
    end
    at = text:find(beginnings, after or at + 1)
  end
  return table.concat(parts) .. text:sub(kept)
end

-- A part of base64 that is shorter stands in a text by chance.
local SHORTEST_PART = 8

--- What base64 makes of a secret that begins so many bytes behind a multiple of three: the characters that
-- depend on nothing around it. Nil where those are few.
local function base64_part(secret, behind)
  local first = math.ceil(behind * 8 / 6)
  local last = math.floor((behind + #secret) * 8 / 6)
  local part = core.base64(("\0"):rep(behind) .. secret):sub(first + 1, last)
  return #part >= SHORTEST_PART and part or nil
end

local function hex(text, format)
  return (text:gsub(".", function(char)
    return format:format(char:byte())
  end))
end

local function add(forms, form)
  if form then
    forms[#forms + 1] = form
  end
end

--- A secret in the encodings that leave none of its characters in sight, the longest first.
local function encodings(secret)
  local forms = {}
  local encoded = core.base64(secret)
  add(forms, encoded)
  add(forms, (encoded:gsub("=+$", "")))
  for behind = 0, 2 do
    add(forms, base64_part(secret, behind))
  end
  for index = 1, #forms do
    add(forms, (forms[index]:gsub("%+", "-"):gsub("/", "_")))
  end
  add(forms, hex(secret, "%02x"))
  add(forms, hex(secret, "%02X"))
  table.sort(forms, function(a, b)
    return #a > #b
  end)
  return forms
end

--- Whether what stands right before a place is the beginning of a secret, escaped or not; from this place on.
local function begins(text, at, stop, secret)
  for index = 1, #secret do
    if at == stop then
      return index > 1
    end
    local wanted, here = secret:sub(index, index), text:sub(at, at)
    local escape = ESCAPES[here]
    local char, after
    if escape then
      char, after = escape(text, at)
    end
    if char == wanted and after <= stop then
      at = after
    elseif here == wanted then
      at = at + 1
    else
      return escape ~= nil and index > 1 and stop - at < LONGEST_ESCAPE -- half an escape
    end
  end
  return at == stop
end

-- What stands where a text was cut, and how far before it a secret may begin.
local CUT, CUT_BYTES = "...", 256

--- Takes out what a cut has left of a secret: its beginning, right before the cut.
local function clean_cuts(text, secret)
  local stop = text:find(CUT, 1, true)
  while stop do
    for at = math.max(1, stop - CUT_BYTES), stop - 1 do
      if begins(text, at, stop, secret) then
        text = text:sub(1, at - 1) .. MARK .. text:sub(stop)
        stop = at + #MARK
        break
      end
    end
    stop = text:find(CUT, stop + #CUT, true)
  end
  return text
end

local function clean_one(text, secret)
  -- As it is first: what looks like an escape may be the secret's own.
  text = text:gsub(escape_pattern(secret), MARK)
  text = clean_escaped(text, secret)
  local within_json = secret:gsub('["\\]', "\\%0")
  if within_json ~= secret then
    text = clean_escaped(text, within_json)
  end
  for _, form in ipairs(encodings(secret)) do
    text = text:gsub(escape_pattern(form), MARK)
    text = clean_cuts(text, form)
  end
  return clean_cuts(text, secret)
end

--- Takes each secret out of a text, in whatever form it stands there, and what a cut has left of one.
-- @tparam ?string text
-- @tparam ?table secrets list of strings
-- @treturn ?string the text without them
function redact.clean(text, secrets)
  if type(text) ~= "string" or not secrets then
    return text
  end
  for _, secret in ipairs(secrets) do
    if #secret >= SHORT then
      text = clean_one(text, secret)
    elseif secret ~= "" then
      local quoted = escape_pattern(secret)
      text = text:gsub("(['\"])" .. quoted .. "(['\"])", "%1" .. MARK .. "%2")
    end
  end
  return text
end

-- In names of parameters and headers.
local SECRET_WORDS = { "password", "secret", "token", "credential" }

--- Tells by its name whether a parameter holds a secret, where nothing else is known of it.
-- @param name
-- @treturn boolean
function redact.is_secret_name(name)
  local lower = tostring(name):lower()
  for _, word in ipairs(SECRET_WORDS) do
    if lower:find(word, 1, true) then
      return true
    end
  end
  return false
end

return redact
