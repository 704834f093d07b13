--- Takes secrets out of text that came from elsewhere: a server may quote a password back.
-- @module dataforest.redact

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

local function clean_one(text, secret)
  -- As it is first: what looks like an escape may be the secret's own.
  text = text:gsub(escape_pattern(secret), MARK)
  text = clean_escaped(text, secret)
  local base64 = core.base64(secret)
  text = text:gsub(escape_pattern(base64), MARK)
  return (text:gsub(escape_pattern((base64:gsub("=+$", ""))), MARK))
end

--- Takes each secret out of a text, in whatever form it stands there.
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

return redact
