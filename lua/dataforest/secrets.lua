--- The only module that knows which values are secret: it gathers them, masks them, and takes them out of
-- text that came from elsewhere.
--
-- **Which values.** Parameters and fields that `dataforest.operations` marks `secret`, at any depth. Where
-- nothing is known of a value (operations that this version does not know, members of type `any`), its name
-- decides: see `secrets.is_secret_name`. So does the name in a pair such as `{ name = "password", value = …
-- }`, and in a text such as `DB_PASSWORD=…`.
--
-- **What is found in text.** A secret of three characters or more is found
--
-- - as it is;
-- - percent-encoded (any of its characters, `+` for a blank), with JSON's escapes (`\"`, `\u0041`), and with
--   XML's (`&lt;`, `&#60;`, `&#x3c;`), and in any two of these, one within the other;
-- - in base64 of either alphabet, with and without padding, by itself or as a part of a longer text;
-- - in hexadecimal, in lower or upper case;
-- - cut short: its beginning, right before `...`.
--
-- A shorter secret is found where it stands between quotation marks. Other encodings, and parts of a secret,
-- are not looked for.
--
-- @module dataforest.secrets

local ascii = require "dataforest.util.ascii"
local core = require "dataforest.core"
local lists = require "dataforest.util.lists"
local one_line = require "dataforest.util.one_line"
local schema = require "dataforest.api.schema"
local tables = require "dataforest.util.tables"

local concat, find, match, gsub, sub = table.concat, string.find, string.match, string.gsub, string.sub
local byte, char, format, gmatch = string.byte, string.char, string.format, string.gmatch
local ceil, floor, max = math.ceil, math.floor, math.max

local secrets = {}

--- What stands in place of a secret.
secrets.MARK = "[redacted]"
local MARK = secrets.MARK

local MAX_DEPTH = 64

-- Which ---------------------------------------------------------------------------------------------------

-- In names without their separators and in lower case.
local SECRET_PARTS = {
  "passw",
  "passphrase",
  "passcode",
  "secret",
  "credential",
  "token",
  "keytab",
  "accesskey",
}
local SECRET_WORDS = tables.words "authorization cookie jwt otp pass passwd pin pwd signature"
-- A key is a credential where it is one of these; "publicKey", "primaryKey" and "keyName" are none.
local IS_KEY_OF = tables.words(
  "access api app auth cipher client crypto decryption encryption hmac license login master "
    .. "private service session shared signing ssh storage"
)

--- Tells by its name whether a value is a secret, where nothing else is known of it: names that hold `passw`,
-- `passphrase`, `passcode`, `secret`, `credential`, `token` or `keytab`; the words `pwd`, `passwd`, `pass`,
-- `pin`, `otp`, `jwt`, `cookie`, `signature`, `authorization`; and keys that are credentials, such as
-- `apiKey`, `access_key`, `privatekey`.
-- @param name of a parameter or a field
-- @treturn boolean
function secrets.is_secret_name(name)
  if type(name) ~= "string" then
    return false
  end
  local spaced = gsub(sub(name, 1, 256), "([a-z0-9])([A-Z])", "%1 %2")
  local words = {}
  for word in gmatch(gsub(spaced, "([A-Z])([A-Z][a-z])", "%1 %2"), "[A-Za-z0-9]+") do
    words[#words + 1] = ascii.lower(word)
  end
  local squeezed = concat(words)
  for _, part in ipairs(SECRET_PARTS) do
    if find(squeezed, part, 1, true) then
      return true
    end
  end
  for index, word in ipairs(words) do
    local key_of = match(word, "^(.+)keys?$") or match(word, "^keys?$") and words[index - 1]
    local last = words[index + 1] == nil
    if SECRET_WORDS[word] or find(word, "pwd$") or key_of and last and IS_KEY_OF[key_of] then
      return true
    end
  end
  return false
end

-- Masking -------------------------------------------------------------------------------------------------

--- Remembers a secret and gives what stands in its place. Text and numbers are masked; booleans and null
-- stay.
local function mask(value, name, found)
  local kind = type(value)
  if kind ~= "string" and kind ~= "number" then
    return value
  end
  found[#found + 1] = tostring(value)
  found.name = found.name or name
  return MARK
end

--- A copy of a value of which nothing is known but the names in it. What is in something secret is secret.
local function mask_by_name(value, name, is_secret, found, depth)
  if type(value) == "string" and not is_secret then
    local variable, text = match(value, "^([A-Za-z_][A-Za-z0-9_.-]*)=(.+)$")
    if variable and secrets.is_secret_name(variable) then
      return variable .. "=" .. mask(text, variable, found)
    end
    return value
  elseif type(value) ~= "table" then
    return is_secret and mask(value, name, found) or value
  elseif depth > MAX_DEPTH then
    return MARK
  end
  local out = {}
  local is_pair = secrets.is_secret_name(value.name or value.key)
  for key, member in pairs(value) do
    local inner = is_secret or secrets.is_secret_name(key) or is_pair and (key == "value" or key == "Value")
    out[key] = mask_by_name(member, type(key) == "string" and key or name, inner, found, depth + 1)
  end
  return lists.is_list(value) and lists.list(out) or out
end

-- How the walk along a schema masks.
local Masking = {}
Masking.__index = Masking

function Masking.scalar(node, value, how)
  if node.kind == "any" or type(value) == "table" then
    return mask_by_name(value, node.name, node.secret, how.found, 1)
  end
  return node.secret and mask(value, node.name, how.found) or value
end

function Masking.mismatch(node, value, how)
  if node.kind == "array" then
    return schema.walk(node.element, value, how) -- a list of one, as XML has it
  end
  return mask_by_name(value, node.name, node.secret, how.found, 1)
end

function Masking.is_absent()
  return false
end

function Masking.absent()
  return nil
end

function Masking.unknown(node, name, value, how)
  local container = node.flat and node.flat[name]
  if container then
    return schema.walk(container.by_name[name], value, how)
  end
  return mask_by_name(value, name, node.secret or secrets.is_secret_name(name), how.found, 1)
end

local function masked(node, value)
  local found = {}
  if not node then
    return mask_by_name(value, nil, false, found, 1), found
  end
  return schema.walk(node, value, setmetatable({ found = found }, Masking)), found
end

--- A copy of a request's parameters with their secrets masked and their structure kept.
-- @tparam ?table operation an entry of `dataforest.operations`; nil, or one without `params`, where nothing
--   is known of it
-- @param params in the form in which callers write them, or in which they travel
-- @return the copy
-- @treturn {string,...} the secrets, as text; its field `name` is the name of the first of them
function secrets.mask_request(operation, params)
  return masked(schema.request(operation), params)
end

--- The same for the decoded value of a response.
-- @tparam ?table operation
-- @param value
-- @return the copy
-- @treturn {string,...} the secrets
function secrets.mask_response(operation, value)
  return masked(operation and operation.result and schema.of(operation.result), value)
end

--- The secrets among a request's parameters.
-- @tparam ?table operation
-- @tparam ?table params
-- @treturn {string,...} the secrets, as text; its field `name` is the name of the first of them
function secrets.gather(operation, params)
  local _, found = secrets.mask_request(operation, params)
  return found
end

-- Text ----------------------------------------------------------------------------------------------------

local XML_CHARACTERS = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'" }
local JSON_CHARACTERS = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function utf8_char(code)
  if code < 0x80 then
    return char(code)
  elseif code < 0x800 then
    return char(0xC0 + floor(code / 64), 0x80 + code % 64)
  elseif code < 0x10000 then
    return char(0xE0 + floor(code / 4096), 0x80 + floor(code / 64) % 64, 0x80 + code % 64)
  elseif code < 0x110000 then
    local low = 0x80 + code % 64
    return char(
      0xF0 + floor(code / 262144),
      0x80 + floor(code / 4096) % 64,
      0x80 + floor(code / 64) % 64,
      low
    )
  end
end

local function percent_character(_, hex)
  return char(tonumber(hex, 16))
end

--- The character that a backslash stands for with what follows it, and how many bytes more it takes.
local function json_character(text, escaped, after)
  if escaped ~= "u" then
    return JSON_CHARACTERS[escaped] or find(escaped, "%p") and escaped or nil
  end
  local high = tonumber(match(text, "^%x%x%x%x", after) or "", 16)
  local low = high and high >= 0xD800 and high < 0xDC00 and match(text, "^\\u([dD][c-fC-F]%x%x)", after + 4)
  if low then
    return utf8_char(0x10000 + (high - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00), 10
  end
  return high and utf8_char(high), 4
end

local function xml_character(_, name)
  local code = tonumber(match(name, "^#(%d+)$") or "") or tonumber(match(name, "^#[xX](%x+)$") or "", 16)
  return XML_CHARACTERS[name] or code and utf8_char(code)
end

-- How an escape begins, a pattern for one, and the character that it means.
local DECODERS = {
  { mark = "%", pattern = "()%%(%x%x)()", character = percent_character },
  { mark = "\\", pattern = "()\\(.)()", character = json_character },
  { mark = "&", pattern = "()&(#?[A-Za-z0-9]+);()", character = xml_character },
}
local MAX_ENCODINGS = 2 -- one within the other

--- A text with the escapes of one kind decoded. It is looked through as it is, so that what was in it keeps
-- its place: `at` and `length` of each decoded character, and `first` and `last` of its escape.
-- @treturn ?table nil where there are none
local function decoded(view, decoder)
  local text = view.text
  if not find(text, decoder.mark, 1, true) then
    return nil
  end
  local parts, kept, length = {}, 1, 0
  local at, lengths, first, last = {}, {}, {}, {}
  for from, escaped, after in gmatch(text, decoder.pattern) do
    local character, more = decoder.character(text, escaped, after)
    if character and from >= kept then
      local n = #first + 1
      parts[2 * n - 1], parts[2 * n] = sub(text, kept, from - 1), character
      length = length + from - kept
      kept = after + (more or 0)
      at[n], lengths[n], first[n], last[n] = length + 1, #character, from, kept - 1
      length = length + #character
    end
  end
  parts[#parts + 1] = sub(text, kept)
  return { text = concat(parts), of = view, at = at, lengths = lengths, first = first, last = last }
end

--- The blanks of a form's encoding.
local function with_blanks(view)
  if find(view.text, "+", 1, true) then
    return { text = gsub(view.text, "+", " "), of = view, at = {} }
  end
end

--- Where a byte of a view stands in the text itself.
-- @tparam boolean ending where the escape that it comes from ends, in place of where it begins
local function origin(view, position, ending)
  while view.of do
    local at = view.at
    local low, high = 0, #at
    while low < high do -- to the last escape at or before the position
      local middle = ceil((low + high) / 2)
      if at[middle] <= position then
        low = middle
      else
        high = middle - 1
      end
    end
    if low > 0 then
      local beyond = position - at[low] - view.lengths[low]
      if beyond >= 0 then
        position = view.last[low] + 1 + beyond
      else
        position = ending and view.last[low] or view.first[low]
      end
    end
    view = view.of
  end
  return position
end

--- The text as it is, and with its escapes decoded.
-- @treturn {table,...} views
local function views_of(text, blanks)
  local views = { { text = text, depth = 0 } }
  local index = 1
  while views[index] do
    local view = views[index]
    if view.depth < MAX_ENCODINGS then
      for _, decoder in ipairs(DECODERS) do
        local inner = decoded(view, decoder)
        if inner then
          inner.depth = view.depth + 1
          views[#views + 1] = inner
        end
      end
      local inner = blanks and with_blanks(view)
      if inner then
        inner.depth = view.depth + 1
        views[#views + 1] = inner
      end
    end
    index = index + 1
  end
  return views
end

local SHORT = 3 -- bytes: what is shorter stands in every text by chance
local SHORTEST_PART = 8 -- characters of base64, for the same reason
local SHORTEST_CUT = 4 -- characters of base64 and hexadecimal before a cut

--- What base64 makes of a secret that begins so many bytes behind a multiple of three: the characters that
-- depend on nothing around it. Nil where those are few.
local function base64_part(secret, behind)
  local first = ceil(behind * 8 / 6)
  local last = floor((behind + #secret) * 8 / 6)
  local part = sub(core.base64(("\0"):rep(behind) .. secret), first + 1, last)
  return #part >= SHORTEST_PART and part or nil
end

local function hex(text, how)
  return (gsub(text, ".", function(character)
    return format(how, byte(character))
  end))
end

local function add_base64(forms, text)
  forms[#forms + 1] = text
  local for_urls = text and gsub(gsub(text, "%+", "-"), "/", "_")
  if for_urls ~= text then
    forms[#forms + 1] = for_urls
  end
end

--- The texts to look for: the secret itself first, then its encodings that leave none of it in sight.
local function forms_of(secret)
  local forms = { secret }
  local encoded = core.base64(secret)
  add_base64(forms, encoded)
  add_base64(forms, match(encoded, "^[^=]*"))
  for behind = 0, 2 do
    add_base64(forms, base64_part(secret, behind))
  end
  forms[#forms + 1] = hex(secret, "%02x")
  forms[#forms + 1] = hex(secret, "%02X")
  return forms
end

local function add_range(ranges, view, first, last, mark)
  ranges[#ranges + 1] = { first = origin(view, first), last = origin(view, last, true), mark = mark }
end

--- Where the text was cut: each place where dots, or the character for them, follow something.
-- @treturn {integer,...} of the first dot
local function cuts_of(text)
  local cuts = {}
  for at in gmatch(text, "()%.%.%.+") do
    cuts[#cuts + 1] = at
  end
  for at in gmatch(text, "()\226\128\166") do
    cuts[#cuts + 1] = at
  end
  return cuts
end

-- What a cut may leave of an escape.
local HALF_ESCAPES = { "%%%x?$", "\\u?%x*$", "&#?[A-Za-z0-9]*$" }
local LONGEST_HALF = 6

--- The places before which a form may break off: the cuts themselves, and the half escapes before them.
-- @treturn {integer,...} in order
-- @treturn {[integer]=integer,...} for each of them, the cut that it belongs to
local function ends_of(view)
  local ends, cut_of = {}, {}
  local function add(at, stop)
    if not cut_of[at] then
      ends[#ends + 1], cut_of[at] = at, stop
    end
  end
  for _, stop in ipairs(cuts_of(view.text)) do
    local tail = sub(view.text, max(1, stop - LONGEST_HALF), stop - 1)
    for _, pattern in ipairs(HALF_ESCAPES) do
      local half = match(tail, pattern)
      if half then
        add(stop - #half, stop)
      end
    end
    add(stop, stop)
  end
  table.sort(ends)
  return ends, cut_of
end

--- For each length of a beginning of the form: the longest shorter one that it ends with (Knuth, Morris,
-- Pratt).
local function borders_of(form)
  local borders, length = { 0 }, 0
  for index = 2, #form do
    while length > 0 and byte(form, length + 1) ~= byte(form, index) do
      length = borders[length]
    end
    if byte(form, length + 1) == byte(form, index) then
      length = length + 1
    end
    borders[index] = length
  end
  return borders
end

local LONGEST_CUT = 256 -- bytes of a form

--- Finds what cuts have left of a form: its beginnings.
local function find_cuts(ranges, view, form, shortest, mark)
  form = sub(form, 1, LONGEST_CUT)
  local text, borders = view.text, borders_of(form)
  local at, length = 1, 0 -- length: of the beginning that ends right before `at`
  for _, stop in ipairs(view.ends) do
    if at < stop - #form then
      at, length = stop - #form, 0
    end
    while at < stop do
      local code = byte(text, at)
      while length > 0 and (length == #form or byte(form, length + 1) ~= code) do
        length = borders[length]
      end
      if byte(form, length + 1) == code then
        length = length + 1
      end
      at = at + 1
    end
    if length >= shortest then
      add_range(ranges, view, stop - length, view.cut_of[stop] - 1, mark)
    end
  end
end

--- Finds a form of a secret everywhere.
-- @tparam integer around so many bytes at either end of the form are none of the secret
local function find_all(ranges, view, form, mark, around)
  local first, last = find(view.text, form, 1, true)
  while first do
    add_range(ranges, view, first + around, last - around, mark)
    first, last = find(view.text, form, last + 1 - around, true)
  end
end

local function find_secret(ranges, views, secret, mark)
  if #secret < SHORT then
    for _, view in ipairs(views) do
      find_all(ranges, view, "'" .. secret .. "'", MARK, 1)
      find_all(ranges, view, '"' .. secret .. '"', MARK, 1)
    end
    return
  end
  for index, form in ipairs(forms_of(secret)) do
    for _, view in ipairs(views) do
      find_all(ranges, view, form, mark, 0)
      if view.ends[1] and (index == 1 or view.depth < MAX_ENCODINGS) then
        find_cuts(ranges, view, form, index == 1 and 1 or SHORTEST_CUT, mark)
      end
    end
  end
end

--- The text with the ranges replaced. Where two overlap, so do the secrets.
local function without(text, ranges)
  table.sort(ranges, function(a, b)
    return a.first < b.first
  end)
  local parts, kept, index = {}, 1, 1
  while ranges[index] do
    local range = ranges[index]
    local last, mark = range.last, range.mark
    index = index + 1
    while ranges[index] and ranges[index].first <= last do
      last = max(last, ranges[index].last)
      mark = ranges[index].mark == mark and mark or MARK
      index = index + 1
    end
    parts[#parts + 1] = sub(text, kept, range.first - 1)
    parts[#parts + 1] = mark
    kept = last + 1
  end
  parts[#parts + 1] = sub(text, kept)
  return concat(parts)
end

local SHOWN_OF_KEY, SHORTEST_KEY = 4, 12

--- What may be shown of an access key: its first four characters.
-- @tparam string access_key
-- @treturn string
function secrets.shown_key(access_key)
  return (#access_key >= SHORTEST_KEY and sub(access_key, 1, SHOWN_OF_KEY) or "") .. MARK
end

--- Takes secrets out of a text, in every form that the module's description lists.
-- @tparam ?string text of any length; the time taken grows with it
-- @tparam ?table list of secrets, as `secrets.gather` makes it; its field `access_key` is a key of which the
--   first four characters stay
-- @treturn ?string the text without them
function secrets.redact(text, list)
  if type(text) ~= "string" or not list then
    return text
  end
  local blanks = false
  for _, secret in ipairs(list) do
    blanks = blanks or find(secret, " ", 1, true) ~= nil
  end
  local ranges, views = {}, views_of(text, blanks)
  for _, view in ipairs(views) do
    view.ends, view.cut_of = ends_of(view)
  end
  for _, secret in ipairs(list) do
    if secret ~= "" then
      find_secret(ranges, views, secret, MARK)
    end
  end
  local access_key = list.access_key
  if access_key and #access_key > SHOWN_OF_KEY then
    find_secret(ranges, views, access_key, secrets.shown_key(access_key))
  end
  return ranges[1] and without(text, ranges) or text
end

local SHOWN = 4096 -- bytes of foreign text

local function bounded(text)
  if #text <= SHOWN then
    return text
  end
  local last = SHOWN
  while last > SHOWN - 4 and find(sub(text, last + 1, last + 1), "[\128-\191]") do
    last = last - 1
  end
  return sub(text, 1, last) .. "..."
end

--- Makes a text that came from elsewhere fit to be shown: no more than its first 4 kB, without the secrets,
-- in one line.
-- @tparam ?string text
-- @tparam ?table list of secrets, as for `secrets.redact`
-- @treturn ?string
function secrets.clean(text, list)
  if type(text) ~= "string" then
    return text
  end
  text = secrets.redact(bounded(text), list)
  local line = one_line(text)
  -- What was not seen may have stood within a secret.
  return line == text and text or secrets.redact(line, list)
end

return secrets
