--- Takes secrets out of text that came from elsewhere: a server may quote a password back.
-- @module dataforest.redact

local core = require "dataforest.core"

local redact = {}

local MARK = "[redacted]"

-- A secret of one or two characters stands in every message by chance; it is taken
-- out only where it is quoted.
local SHORT = 3

local function escape_pattern(text)
  return (text:gsub("%W", "%%%0"))
end

local function percent_encode(text, format)
  return (text:gsub("[^%w%-%._~]", function(char)
    return format:format(char:byte())
  end))
end

local JSON_ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["/"] = "\\/" }
local XML_ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&apos;" }

--- The forms in which a secret may stand in a text.
local function forms(secret)
  local list = { secret }
  local seen = { [secret] = true }
  for _, form in ipairs {
    percent_encode(secret, "%%%02X"),
    percent_encode(secret, "%%%02x"),
    (percent_encode(secret, "%%%02X"):gsub("%%20", "+")),
    (secret:gsub('["\\/]', JSON_ESCAPES)),
    (secret:gsub('["\\]', JSON_ESCAPES)),
    (secret:gsub("[&<>\"']", XML_ESCAPES)),
    core.base64(secret),
    (core.base64(secret):gsub("=+$", "")),
  } do
    if not seen[form] then
      seen[form] = true
      list[#list + 1] = form
    end
  end
  -- The longest first, so that no form leaves the tail of another behind.
  table.sort(list, function(a, b)
    return #a > #b
  end)
  return list
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
      for _, form in ipairs(forms(secret)) do
        text = text:gsub(escape_pattern(form), MARK)
      end
    elseif secret ~= "" then
      local quoted = escape_pattern(secret)
      text = text:gsub("(['\"])" .. quoted .. "(['\"])", "%1" .. MARK .. "%2")
    end
  end
  return text
end

return redact
