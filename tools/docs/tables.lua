--- The tables of docs/errors.md that are made from the library itself: the kinds, and what is tried again.
-- Between `<!-- made: NAME -->` and `<!-- end -->`, a page holds what is made here.
--
-- @module tools.docs.tables

local tables = {}

local function row(cells)
  return "| " .. table.concat(cells, " | ") .. " |"
end

local makers = {}

function makers.kinds()
  local lines = { row { "kind", "when" }, row { "---", "---" } }
  for _, kind in ipairs(require("dataforest.errors").kinds) do
    lines[#lines + 1] = row { "`" .. kind.name .. "`", (kind.when:gsub("|", "\\|")) }
  end
  return lines
end

-- What can go wrong, as the retry policy sees it.
local CASES = {
  { "`throttled`", { kind = "throttled", status = 429 } },
  { "`network`, not sent", { kind = "network", sent = false } },
  { "`network`, perhaps sent", { kind = "network", sent = true } },
  { "`timeout` of one attempt, not sent", { kind = "timeout", sent = false } },
  { "`timeout` of one attempt, perhaps sent", { kind = "timeout", sent = true } },
  { "`server`, 500", { kind = "server", status = 500 } },
  {
    "`server`, 502, 504, 408, 421 or 425",
    { kind = "server", status = 502 },
    { kind = "server", status = 504 },
    { kind = "server", status = 408 },
    { kind = "server", status = 421 },
    { kind = "server", status = 425 },
  },
  { "`server`, 503 of the gateway (code 500)", { kind = "server", status = 503, code = "500" } },
  { "`server`, any other 503", { kind = "server", status = 503 } },
  { "`tls`", { kind = "tls", sent = false } },
  {
    "`auth`, `forbidden`, `not_found`, `invalid`, `quota`, `refused`, `protocol`, `limit`",
    { kind = "auth", status = 401 },
    { kind = "forbidden", status = 403 },
    { kind = "not_found", status = 404 },
    { kind = "invalid", status = 400 },
    { kind = "quota", status = 400 },
    { kind = "refused", status = 200 },
    { kind = "protocol", sent = true },
    { kind = "limit", sent = true },
  },
}

local function answer(effect, case)
  local retry = require "dataforest.request.retry"
  local said
  for index = 2, #case do
    local err = case[index]
    local worth = retry.is_retryable(effect, err, false)
    local words = worth and "yes" or "no"
    if worth and not retry.is_retryable(effect, err, true) then
      words = "once"
    end
    assert(said == nil or said == words, case[1] .. ": the cases of one row differ")
    said = words
  end
  return said
end

function makers.retries()
  local lines = { row { "error", "`read`", "`idempotent`", "`once`" }, row { "---", "---", "---", "---" } }
  for _, case in ipairs(CASES) do
    local cells = { case[1] }
    for _, effect in ipairs { "read", "idempotent", "once" } do
      cells[#cells + 1] = answer(effect, case)
    end
    lines[#lines + 1] = row(cells)
  end
  return lines
end

--- A page with its tables made anew.
-- @tparam string text of the page
-- @treturn string
function tables.fill(text)
  return (
    text:gsub("(<!%-%- made: (%l+) %-%->\n).-(<!%-%- end %-%->)", function(start, name, finish)
      local make = assert(makers[name], name)
      return start .. "\n" .. table.concat(make(), "\n") .. "\n\n" .. finish
    end)
  )
end

--- Rewrites a page where it differs.
-- @tparam string path
function tables.rewrite(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  local filled = tables.fill(text)
  if filled ~= text then
    file = assert(io.open(path, "wb"))
    file:write(filled)
    file:close()
  end
end

return tables
