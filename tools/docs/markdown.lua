--- Markdown, as far as this project's pages use it: taken apart into blocks, and written as HTML.
--
-- Headings, paragraphs, lists, tables, fenced and indented code, quotes, rules and HTML comments; inline:
-- code, strong, emphasis, links, images. Comments never reach a reader.
--
-- @module tools.docs.markdown

local markdown = {}

-- Blocks ---------------------------------------------------------------------------------------------

local function lines_of(text)
  local lines = {}
  for line in (text:gsub("\r\n", "\n") .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = line
  end
  if lines[#lines] == "" then
    lines[#lines] = nil
  end
  return lines
end

local function list_marker(line)
  local indent, mark, space = line:match "^(%s*)([-*])(%s+)%S"
  if not mark then
    indent, mark, space = line:match "^(%s*)(%d+%.)(%s+)%S"
  end
  if mark then
    return #indent, #indent + #mark + #space, mark:find "%d" ~= nil
  end
end

local parse_lines

local readers = {}

--- Each reader looks at the lines from an index on; it returns a block and the index behind it, or nothing.
readers[1] = function(lines, index) -- comment
  local first = lines[index]:match "^<!%-%-(.*)$"
  if not first then
    return nil
  end
  local text = {}
  local rest = first
  while true do
    local before = rest:match "^(.-)%-%->%s*$"
    text[#text + 1] = before or rest
    if before or index >= #lines then
      return { kind = "comment", text = table.concat(text, "\n"):gsub("^%s+", ""):gsub("%s+$", "") },
        index + 1
    end
    index = index + 1
    rest = lines[index]
  end
end

readers[2] = function(lines, index) -- fenced code
  local fence, language = lines[index]:match "^(```+)%s*(%S*)%s*$"
  if not fence then
    return nil
  end
  local block = { kind = "code", language = language, line = index, fenced = true }
  local code = {}
  index = index + 1
  while lines[index] and lines[index] ~= fence do
    code[#code + 1] = lines[index]
    index = index + 1
  end
  block.closed = lines[index] ~= nil
  block.text = table.concat(code, "\n") .. "\n"
  return block, index + 1
end

readers[3] = function(lines, index) -- heading
  local marks, text = lines[index]:match "^(#+)%s+(.-)%s*$"
  if marks then
    return { kind = "heading", level = #marks, text = text }, index + 1
  end
end

readers[4] = function(lines, index) -- rule
  if lines[index]:find "^%-%-%-+%s*$" then
    return { kind = "rule" }, index + 1
  end
end

local function cells_of(line)
  local cells = {}
  line = line:gsub("^%s*|", ""):gsub("|%s*$", ""):gsub("\\|", "\1")
  for cell in (line .. "|"):gmatch "(.-)|" do
    cells[#cells + 1] = cell:gsub("\1", "|"):gsub("^%s+", ""):gsub("%s+$", "")
  end
  return cells
end

readers[5] = function(lines, index) -- table
  if not (lines[index]:find "^%s*|" and (lines[index + 1] or ""):find "^%s*|[%s:|-]+$") then
    return nil
  end
  local block = { kind = "table", head = cells_of(lines[index]), rows = {} }
  index = index + 2
  while (lines[index] or ""):find "^%s*|" do
    block.rows[#block.rows + 1] = cells_of(lines[index])
    index = index + 1
  end
  return block, index
end

readers[6] = function(lines, index) -- list
  local indent, _, ordered = list_marker(lines[index])
  if not indent or indent > 3 then
    return nil
  end
  local block = { kind = "list", ordered = ordered, items = {} }
  while lines[index] do
    local at, content = list_marker(lines[index])
    if at ~= indent then
      break
    end
    local item = { lines[index]:sub(content + 1) }
    index = index + 1
    while lines[index] do
      local line = lines[index]
      local blank = line:find "^%s*$"
      local following = blank and lines[index + 1] or line
      local inside = #(following or ""):match "^%s*" >= content
      if not following or following:find "^%s*$" or (blank and not inside) then
        break
      elseif not blank and not inside and (list_marker(line) or line:find "^[#<`|]") then
        break
      end
      item[#item + 1] = inside and line:sub(content + 1) or line
      index = index + 1
    end
    block.items[#block.items + 1] = parse_lines(item)
    while lines[index] == "" and list_marker(lines[index + 1] or "") == indent do
      index = index + 1
    end
  end
  return block, index
end

readers[7] = function(lines, index) -- indented code
  if not lines[index]:find "^    " then
    return nil
  end
  local code = {}
  while lines[index] and (lines[index]:find "^    " or lines[index]:find "^%s*$") do
    code[#code + 1] = lines[index]:sub(5)
    index = index + 1
  end
  return { kind = "code", text = table.concat(code, "\n"):gsub("\n+$", "") .. "\n", language = "" }, index
end

readers[8] = function(lines, index) -- quote
  if not lines[index]:find "^>" then
    return nil
  end
  local inner = {}
  while (lines[index] or ""):find "^>" do
    inner[#inner + 1] = lines[index]:gsub("^> ?", "")
    index = index + 1
  end
  return { kind = "quote", blocks = parse_lines(inner) }, index
end

local function other_block(lines, index)
  for _, read in ipairs(readers) do
    local block, after = read(lines, index)
    if block then
      return block, after
    end
  end
end

local function paragraph(lines, index)
  local text = {}
  repeat
    text[#text + 1] = lines[index]
    index = index + 1
    local line = lines[index]
    local ends = not line or line:find "^%s*$" or line:find "^```" or line:find "^#+%s" or line:find "^<!%-%-"
  until ends or list_marker(line) == 0 or line:find "^|" or line:find "^>"
  return { kind = "paragraph", text = table.concat(text, "\n") }, index
end

parse_lines = function(lines)
  local blocks, index = {}, 1
  while index <= #lines do
    if lines[index]:find "^%s*$" then
      index = index + 1
    else
      local block, after = other_block(lines, index)
      if not block then
        block, after = paragraph(lines, index)
      end
      blocks[#blocks + 1] = block
      index = after
    end
  end
  return blocks
end

--- Takes a text apart.
-- @tparam string text
-- @treturn {table,...} blocks, each with a `kind`
function markdown.parse(text)
  return parse_lines(lines_of(text))
end

-- HTML -----------------------------------------------------------------------------------------------

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

--- Text as HTML.
-- @tparam string text
-- @treturn string
function markdown.escape(text)
  return (text:gsub('[&<>"]', ENTITIES))
end

local escape = markdown.escape

--- Inline text as HTML.
-- @tparam string text
-- @tparam[opt] function link is given an address and returns the one to write
-- @treturn string
function markdown.inline(text, link)
  local kept = {}
  local function keep(html)
    kept[#kept + 1] = html
    return "\1" .. #kept .. "\2"
  end
  text = text:gsub("``(.-)``", function(code)
    return keep("<code>" .. escape(code) .. "</code>")
  end)
  text = text:gsub("`([^`]+)`", function(code)
    return keep("<code>" .. escape(code) .. "</code>")
  end)
  text = text:gsub("<(https?://[^>%s]+)>", function(address)
    return keep(('<a href="%s">%s</a>'):format(escape(address), escape(address)))
  end)
  text = text:gsub("\\([%*_`|<%[%]\\])", function(character)
    return keep(escape(character))
  end)
  text = text:gsub("!(%b[])(%b())", function(description, address)
    address = address:sub(2, -2)
    address = link and link(address) or address
    return keep(('<img src="%s" alt="%s">'):format(escape(address), escape(description:sub(2, -2))))
  end)
  text = text:gsub("(%b[])(%b())", function(label, address)
    address = address:sub(2, -2)
    address = link and link(address) or address
    local open = keep(('<a href="%s">'):format(escape(address)))
    return open .. label:sub(2, -2) .. keep "</a>"
  end)
  text = escape(text)
  text = text:gsub("%*%*(.-)%*%*", "<strong>%1</strong>")
  text = text:gsub("%f[%w*]%*([^%s*][^*]-)%*", "<em>%1</em>")
  -- What was kept may hold more of it: a link's text.
  for _ = 1, 3 do
    text = text:gsub("\1(%d+)\2", function(number)
      return kept[tonumber(number)]
    end)
  end
  return text
end

--- The part of an address that leads to a heading.
-- @tparam string text of the heading
-- @treturn string
function markdown.anchor(text)
  text = text:gsub("`", ""):lower():gsub("[^%w%s_-]", ""):gsub("%s+", "-")
  return text
end

local writers = {}

local function write_blocks(blocks, options)
  local html = {}
  for index, block in ipairs(blocks) do
    html[index] = writers[block.kind](block, options)
  end
  return table.concat(html)
end

function writers.comment()
  return ""
end

function writers.rule()
  return "<hr>\n"
end

function writers.heading(block, options)
  local html = markdown.inline(block.text, options.link)
  local anchor = markdown.anchor(block.text)
  if block.level == 1 then
    return ("<h1>%s</h1>\n"):format(html)
  end
  local link = ('<a class="anchor" href="#%s" aria-label="link to this section">#</a>'):format(anchor)
  return ('<h%d id="%s">%s %s</h%d>\n'):format(block.level, anchor, html, link, block.level)
end

function writers.paragraph(block, options)
  return "<p>" .. markdown.inline(block.text, options.link) .. "</p>\n"
end

function writers.code(block, options)
  local code = options.highlight and options.highlight(block.text, block.language) or escape(block.text)
  local class = block.language ~= "" and (' class="%s"'):format(escape(block.language)) or ""
  return ('<pre tabindex="0"%s><code>%s</code></pre>\n'):format(class, code)
end

function writers.quote(block, options)
  return "<blockquote>" .. write_blocks(block.blocks, options) .. "</blockquote>\n"
end

function writers.list(block, options)
  local items = {}
  for index, item in ipairs(block.items) do
    local inner
    if #item == 1 and item[1].kind == "paragraph" then
      inner = markdown.inline(item[1].text, options.link)
    elseif item[1] and item[1].kind == "paragraph" then
      local rest = {}
      for place = 2, #item do
        rest[place - 1] = item[place]
      end
      inner = markdown.inline(item[1].text, options.link) .. write_blocks(rest, options)
    else
      inner = write_blocks(item, options)
    end
    items[index] = "<li>" .. inner .. "</li>\n"
  end
  local tag = block.ordered and "ol" or "ul"
  return ("<%s>\n%s</%s>\n"):format(tag, table.concat(items), tag)
end

function writers.table(block, options)
  local class = #block.head == 2 and "table pairs" or "table"
  local html = { ('<div class="%s" tabindex="0"><table><thead><tr>'):format(class) }
  for _, cell in ipairs(block.head) do
    html[#html + 1] = "<th>" .. markdown.inline(cell, options.link) .. "</th>"
  end
  html[#html + 1] = "</tr></thead><tbody>\n"
  for _, row in ipairs(block.rows) do
    html[#html + 1] = "<tr>"
    for _, cell in ipairs(row) do
      html[#html + 1] = "<td>" .. markdown.inline(cell, options.link) .. "</td>"
    end
    html[#html + 1] = "</tr>\n"
  end
  html[#html + 1] = "</tbody></table></div>\n"
  return table.concat(html)
end

--- Writes a text, or blocks, as HTML.
-- @tparam string|table source
-- @tparam[opt] table options `link`: a function of an address, which returns the one to write; `highlight`:
--   a function of code and its language, which returns HTML
-- @treturn string
function markdown.html(source, options)
  return write_blocks(type(source) == "table" and source or markdown.parse(source), options or {})
end

return markdown
