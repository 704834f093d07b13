--- Markdown as the site's generator reads it: text and code in which nothing is taken for markup.
-- @module tools.docs.md

local md = {}

--- Text in which `<` and `{{` mean themselves; code in backquotes stays as it is.
function md.text(text)
  local out = (text .. "``"):gsub("([^`]*)(`[^`]*`)", function(plain, code)
    plain = plain:gsub("<(https?:[^>]*)>", "\1%1\2"):gsub("<", "&lt;"):gsub("{{", "&#123;&#123;")
    return plain:gsub("\1", "<"):gsub("\2", ">") .. code
  end)
  return (out:gsub("``$", ""))
end

--- The same for one cell of a table.
function md.cell(text)
  return (md.text(text):gsub("%s+", " "):gsub("|", "\\|"))
end

--- A table, or nothing where it has no rows.
-- @tparam {string,...} header
-- @tparam {table,...} rows lists of cells, which are Markdown
function md.table(header, rows)
  if #rows == 0 then
    return ""
  end
  local lines = { "| " .. table.concat(header, " | ") .. " |", "|" .. (" --- |"):rep(#header) }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = "| " .. table.concat(row, " | ") .. " |"
  end
  return table.concat(lines, "\n") .. "\n\n"
end

--- A block of code.
function md.code(language, text)
  return ("```%s\n%s\n```\n\n"):format(language, (text:gsub("%s+$", "")))
end

--- Tabs of blocks: `{ { title, language, text }, ... }`.
function md.tabs(blocks)
  local parts = { "::: code-group\n\n" }
  for _, block in ipairs(blocks) do
    parts[#parts + 1] = md.code(("%s [%s]"):format(block[2], block[1]), block[3])
  end
  return table.concat(parts) .. ":::\n\n"
end

function md.badge(kind, text)
  return (' <Badge type="%s" text="%s" />'):format(kind, text)
end

--- The first letter as a capital, and a full stop at the end.
function md.sentence(text)
  text = text:gsub("^%l", string.upper)
  return text:find "[%.:!?]$" and text or text .. "."
end

return md
