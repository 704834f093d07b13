-- Writes docs/platforms.md from the results of tools/matrix/run:
--   lua5.4 tools/matrix/report.lua <folder of results> <file>

local folder, path = assert(arg[1], "names the folder of results"), assert(arg[2], "names the file")

-- Rows stand in this order; those of libcurl follow, by version.
local ORDER = {
  "debian-12",
  "debian-13",
  "debian-testing",
  "debian-13-i386",
  "debian-13-arm64",
  "debian-13-s390x",
  "lua5.5",
  "poll",
  "musl",
  "openresty",
}

local function read(row)
  local file = io.open(folder .. "/" .. row)
  if not file then
    return nil
  end
  local result = { row = row, skipped = {}, failed = {} }
  for line in file:lines() do
    local name, value = line:match "^(%a+): (.*)$"
    if name == "skipped" or name == "failed" then
      local list = result[name]
      list[#list + 1] = value
    elseif name then
      result[name] = value
    end
  end
  file:close()
  return result
end

local function version_key(name)
  return (name:gsub("%d+", function(digits)
    return ("%05d"):format(digits)
  end))
end

local results = {}
for _, row in ipairs(ORDER) do
  results[#results + 1] = read(row)
end
local names = {}
local listing = assert(io.popen(("ls '%s'"):format((folder:gsub("'", "'\\''")))))
for name in listing:lines() do
  if name:find "^libcurl%-" then
    names[#names + 1] = name
  end
end
listing:close()
table.sort(names, function(a, b)
  return version_key(a) < version_key(b)
end)
for _, name in ipairs(names) do
  results[#results + 1] = read(name)
end

local function escaped(text)
  return (text:gsub("[|<>{}*_`]", "\\%0"))
end

local out = {
  "# Platforms",
  "",
  "What was tried, when, and what came of it. `tools/matrix/run report` writes this page from the results of",
  "`tools/matrix/run`: roots made by debootstrap, in which a fresh user without root runs `make demo` and",
  "`make test` after `make deps`; other architectures under qemu; other versions of libcurl, Lua and nginx.",
  "",
  "| platform | tried | date | passed | failed | skipped |",
  "| --- | --- | --- | --- | --- | --- |",
}
local function add(line)
  out[#out + 1] = line
end

for _, result in ipairs(results) do
  local counts = result.counts or "0 passed, 1 failed"
  local passed, failed, skipped = counts:match "^(%d+) passed, (%d+) failed,? ?(%d*)"
  add(
    ("| %s | %s | %s | %s | %s | %s |"):format(
      result.row,
      escaped(result.tried or "make deps"),
      result.date or "",
      passed,
      failed,
      skipped == "" and "0" or skipped
    )
  )
end

add ""
add "## Versions"
add ""
for _, result in ipairs(results) do
  add(("- **%s**: %s"):format(result.row, escaped(result.versions or "")))
end

for _, part in ipairs { { "failed", "Failed" }, { "skipped", "Skipped" } } do
  local list, title = part[1], part[2]
  add ""
  add("## " .. title)
  add ""
  local any = false
  for _, result in ipairs(results) do
    if #result[list] > 0 then
      any = true
      add(("**%s**"):format(result.row))
      add ""
      for _, name in ipairs(result[list]) do
        add("- " .. escaped(name))
      end
      add ""
    end
  end
  if not any then
    add "None."
  end
end

while out[#out] == "" do
  out[#out] = nil
end
local file = assert(io.open(path, "w"))
file:write(table.concat(out, "\n"), "\n")
file:close()
