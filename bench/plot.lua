--- Draws the figures of a run as SVG, for the docs.

local WIDTH = 860
local LABEL_END = 360 -- where bars begin
local BAR_SPACE = 380 -- what the longest bar takes
local LINE = 24
local BAR = 14
local OURS, OTHERS, TARGET, TEXT, FAINT = "#2a6fbb", "#9aa5b1", "#b3261e", "#1f2933", "#616e7c"

local Drawing = {}
Drawing.__index = Drawing

local function escaped(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

function Drawing:add(format, ...)
  self.parts[#self.parts + 1] = format:format(...)
end

function Drawing:text(x, text, options)
  options = options or {}
  self:add(
    '<text x="%.0f" y="%.0f" fill="%s" font-size="%d"%s%s>%s</text>',
    x,
    self.y,
    options.colour or TEXT,
    options.size or 13,
    options.from_right and ' text-anchor="end"' or "",
    options.bold and ' font-weight="600"' or "",
    escaped(text)
  )
end

function Drawing:heading(title, note)
  self.y = self.y + 34
  self:text(16, title, { bold = true, size = 15 })
  self.y = self.y + 18
  self:text(16, note, { colour = FAINT, size = 12 })
  self.y = self.y + 8
end

--- One bar: how long it is, what is written behind it, and where its target stands.
function Drawing:bar(label, length, value, colour, target)
  self.y = self.y + LINE
  self:text(LABEL_END - 10, label, { from_right = true })
  local top = self.y - BAR + 2
  length = math.max(1, math.min(length, BAR_SPACE))
  self:add(
    '<rect x="%d" y="%.0f" width="%.1f" height="%d" rx="2" fill="%s"/>',
    LABEL_END,
    top,
    length,
    BAR,
    colour
  )
  local text_at = length
  if target then
    local x = LABEL_END + target
    self:add(
      '<line x1="%.1f" x2="%.1f" y1="%.0f" y2="%.0f" stroke="%s" stroke-width="2"/>',
      x,
      x,
      top - 3,
      top + BAR + 3,
      TARGET
    )
    text_at = math.max(length, target)
  end
  self:text(LABEL_END + text_at + 8, value)
end

local function of_measure(results, measure)
  local rows, longest = {}, 0
  for _, row in ipairs(results.rows) do
    if row.measure == measure and row.must then
      rows[#rows + 1] = row
      longest = math.max(longest, row.ratio, row.must)
    end
  end
  return rows, longest
end

local function ratio_bars(drawing, results, measure)
  local rows, longest = of_measure(results, measure)
  local scale = BAR_SPACE / longest
  for _, row in ipairs(rows) do
    drawing:bar(row.what, row.ratio * scale, ("%.2f"):format(row.ratio), OURS, row.must * scale)
  end
end

--- Calls a second of each contender that calls one after another: `{ name, rate, is_ours }`.
local function sequential_rates(results)
  local rates = {}
  local function add(name, microseconds, is_ours)
    rates[#rates + 1] = { name = name, rate = 1e6 / microseconds, is_ours = is_ours }
  end
  for _, row in ipairs(results.rows) do
    if row.id == "sequential lua5.4" then
      add("libcurl in C, answer thrown away", row.theirs_microseconds)
      add("dataforest, Lua 5.4", row.ours_microseconds, true)
    elseif row.id == "sequential luajit" then
      add("dataforest, LuaJIT", row.ours_microseconds, true)
    elseif row.id:find "^luasocket" or row.id == "python" then
      add(row.against .. (row.id:find "luajit$" and " (LuaJIT)" or ""), row.theirs_microseconds)
    end
  end
  return rates
end

local function rate_bars(drawing, results)
  local rates, most = sequential_rates(results), 1
  for _, each in ipairs(rates) do
    most = math.max(most, each.rate)
  end
  for _, each in ipairs(rates) do
    local colour = each.is_ours and OURS or OTHERS
    drawing:bar(each.name, each.rate / most * BAR_SPACE, ("%.0f"):format(each.rate), colour)
  end
end

--- @tparam table results as in `results.json`
-- @treturn string SVG
return function(results)
  local drawing = setmetatable({ parts = {}, y = 0 }, Drawing)
  drawing:heading("Rate", "as a share of plain C's or of the code by hand; at least the red line")
  ratio_bars(drawing, results, "rate")
  drawing:heading("Time", "as a multiple of what cannot be done without; at most the red line")
  ratio_bars(drawing, results, "time")
  drawing:heading("getDetail, one call after another", "calls a second over TLS, on loopback")
  rate_bars(drawing, results)
  local height = drawing.y + 24
  return ([[<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d"
  font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif">
<title>Figures of the bench</title>
<rect width="100%%" height="100%%" fill="#ffffff"/>
%s
</svg>
]]):format(WIDTH, height, WIDTH, height, table.concat(drawing.parts, "\n"))
end
