--- Colours for code, as HTML: enough to tell comments, strings, words of the language and numbers apart.
-- @module tools.docs.highlight

local markdown = require "tools.docs.markdown"

local escape = markdown.escape

local function set(words)
  local known = {}
  for word in words:gmatch "%S+" do
    known[word] = true
  end
  return known
end

-- For each language: patterns in the order in which they are tried, with the class of what they match; a
-- class may be a set of words, which are of class "k" (the others are of none).
local LANGUAGES = {
  lua = {
    { "^%-%-%[%[.-%]%]", "c" },
    { "^%-%-[^\n]*", "c" },
    { "^%[%[.-%]%]", "s" },
    { '^"[^"\n\\]*"', "s" },
    { '^"[^"\n]*"', "s" },
    { "^'[^'\n]*'", "s" },
    {
      "^[%a_][%w_]*",
      set [[and break do else elseif end false for function goto if in local nil not or repeat return then
        true until while]],
    },
    { "^%d[%w.]*", "n" },
  },
  sh = {
    { "^#[^\n]*", "c" },
    { '^"[^"]*"', "s" },
    { "^'[^']*'", "s" },
    { "^%$[%w_]+", "n" },
    { "^%-%-?%a[%w-]*", "o" },
    { "^[%a_][%w_/.-]*", set "cat cd do done env eval export fi for if then unset while" },
  },
  nginx = {
    { "^#[^\n]*", "c" },
    { "^%-%-[^\n]*", "c" },
    { '^"[^"\n]*"', "s" },
    { "^'[^'\n]*'", "s" },
    {
      "^[%a_][%w_]*",
      set [[and do else elseif end false for function if in local nil not or return then true while
        http server location upstream env listen resolver init_by_lua_block init_worker_by_lua_block
        content_by_lua_block access_by_lua_block lua_ssl_protocols lua_ssl_trusted_certificate
        lua_ssl_verify_depth lua_package_path lua_package_cpath worker_processes]],
    },
    { "^%d[%w.]*", "n" },
  },
  json = {
    { '^"[^"]*"%s*:', "o" },
    { '^"[^"]*"', "s" },
    { "^%-?%d[%d.eE+-]*", "n" },
    { "^%a+", set "true false null" },
  },
  xml = {
    { "^<%?.-%?>", "c" },
    { "^</?[%w_:.-]+[^>]*>", "o" },
    { "^[^<]+", "" },
  },
}

local function piece_at(rules, text, at)
  for _, rule in ipairs(rules) do
    local first, last = text:find(rule[1], at)
    -- ^ binds to the place where the search begins.
    if first == at and last >= first then
      local piece = text:sub(first, last)
      local class = rule[2]
      if type(class) == "table" then
        class = class[piece] and "k" or ""
      end
      return piece, class
    end
  end
end

--- Code as HTML.
-- @tparam string text
-- @tparam string language
-- @treturn string
return function(text, language)
  local rules = LANGUAGES[language]
  if not rules then
    return escape(text)
  end
  local html, at, plain = {}, 1, 1
  local function flush()
    if plain < at then
      html[#html + 1] = escape(text:sub(plain, at - 1))
    end
  end
  while at <= #text do
    local piece, class = piece_at(rules, text, at)
    if piece then
      flush()
      html[#html + 1] = class ~= "" and ('<span class="%s">%s</span>'):format(class, escape(piece))
        or escape(piece)
      at = at + #piece
      plain = at
    else
      at = at + 1
    end
  end
  flush()
  return table.concat(html)
end
