-- Writes docs/platforms.md from the results of tools/matrix/run:
--   lua5.4 tools/matrix/report.lua <folder of results> <file> <row>...
-- The row libcurl has a result for each version, which stand in their order.

local folder, path = assert(arg[1], "names the folder of results"), assert(arg[2], "names the file")

local function read(row)
  local file = assert(io.open(folder .. "/" .. row))
  local result = { row = row, skipped = {}, failed = {}, again = {}, case = {} }
  for line in file:lines() do
    local name, value = line:match "^(%a+): (.*)$"
    local list = result[name]
    if type(list) == "table" then
      list[#list + 1] = value
    elseif name then
      result[name] = value
    end
  end
  file:close()
  return result
end

local unpack = table.unpack or unpack -- luacheck: ignore

local function version_key(name)
  return (name:gsub("%d+", function(digits)
    return ("%05d"):format(digits)
  end))
end

--- The results that are there of a row, by name.
local function names_of(row)
  local names = {}
  local listing = assert(io.popen(("ls '%s'"):format((folder:gsub("'", "'\\''")))))
  for name in listing:lines() do
    if name == row or row == "libcurl" and name:find "^libcurl%-" then
      names[#names + 1] = name
    end
  end
  listing:close()
  table.sort(names, function(a, b)
    return version_key(a) < version_key(b)
  end)
  return names
end

local results = {}
for i = 3, #arg do
  for _, name in ipairs(names_of(arg[i])) do
    results[#results + 1] = read(name)
  end
end

local function escaped(text)
  return (text:gsub("[|<>{}*_`]", "\\%0"))
end

local out = {
  "# Platforms",
  "",
  "Test results on other systems. `tools/matrix/run report` generates this page from the results of",
  "`tools/matrix/run`: in a fresh root of each Debian release, `make deps` as root, then `make demo` and",
  "`make test` as a new user; under qemu for other architectures; and with other versions of libcurl, Lua",
  "and nginx. [Versions](#versions) lists what each row used.",
  "",
  "| platform | tried | date | passed | failed | skipped |",
  "| --- | --- | --- | --- | --- | --- |",
}
local function add(line)
  out[#out + 1] = line
end

local function counts_of(text)
  local passed, failed, skipped = (text or "0 passed, 1 failed"):match "^(%d+) passed, (%d+) failed,? ?(%d*)"
  return passed, failed, skipped == "" and "0" or skipped
end

for _, result in ipairs(results) do
  add(
    ("| %s | %s | %s | %s | %s | %s |"):format(
      result.row,
      escaped(result.tried or "make deps"),
      result.date or "",
      counts_of(result.counts)
    )
  )
end

-- Each libcurl that what goes over the wire was tried with, by version.
local wires = {}
for _, result in ipairs(results) do
  if result.wire then
    local function version(name)
      return (result.versions:match(name .. " ([^;]+)") or "?")
    end
    wires[#wires + 1] = { result = result, libcurl = version "libcurl", openssl = version "OpenSSL" }
  end
end
table.sort(wires, function(a, b)
  local one, other = version_key(a.libcurl), version_key(b.libcurl)
  if one ~= other then
    return one < other
  end
  return a.result.row < b.result.row
end)

add ""
add "## On the wire, by libcurl"
add ""
add "The HTTP/1.1 vectors, and the specs of what goes over the wire through libcurl, on Lua 5.4 and LuaJIT:"
add "unrequested responses, refused and kept connections, endless and folded headers, cut and reset"
add "connections, certificates, proxies. A case passes only with the one documented outcome. `-DEV` marks"
add "builds from curl's repository."
add ""
add "| libcurl | OpenSSL | platform | passed | failed | skipped |"
add "| --- | --- | --- | --- | --- | --- |"
local function add_wire(wire, ...)
  add(("| " .. ("%s | "):rep(2 + select("#", ...))):format(wire.libcurl, wire.openssl, ...):sub(1, -2))
end
for _, wire in ipairs(wires) do
  add_wire(wire, wire.result.row, counts_of(wire.result.wire))
end

-- Cases in which versions of libcurl once differed, a column each.
add ""
add "Versions of libcurl treat these cases differently; dataforest must not. Cases passed / failed:"
add ""
local titles
for _, wire in ipairs(wires) do
  local names, counts = {}, {}
  for i, case in ipairs(wire.result.case) do
    local name, passed, failed = case:match "^(.*): (%d+) passed, (%d+) failed"
    names[i], counts[i] = name, passed .. " / " .. failed
  end
  if names[1] and not titles then
    titles = names
    add("| libcurl | OpenSSL | " .. table.concat(titles, " | ") .. " |")
    add("| --- | --- |" .. (" --- |"):rep(#titles))
  end
  if names[1] then
    add_wire(wire, unpack(counts))
  end
end

add ""
add "## Versions"
add ""
for _, result in ipairs(results) do
  add(("- **%s**: %s"):format(result.row, escaped(result.versions or "")))
end

-- What failed, passed at the second try or was skipped, and in which rows.
for _, part in ipairs {
  { "failed", "Failed" },
  {
    "again",
    "Passed when run again",
    "By itself, since other work on the machine may have been the reason, or after its fault was fixed.",
  },
  { "skipped", "Skipped" },
} do
  local list, title, remark = part[1], part[2], part[3]
  add ""
  add("## " .. title)
  add ""
  if remark then
    add(remark)
    add ""
  end
  local order, rows = {}, {}
  for _, result in ipairs(results) do
    for _, name in ipairs(result[list]) do
      if not rows[name] then
        order[#order + 1], rows[name] = name, {}
      end
      local of_name = rows[name]
      if of_name[#of_name] ~= result.row then
        of_name[#of_name + 1] = result.row
      end
    end
  end
  for _, name in ipairs(order) do
    add(("- %s (%s)"):format(escaped(name), table.concat(rows[name], ", ")))
  end
  if #order == 0 then
    add "None."
  end
end

while out[#out] == "" do
  out[#out] = nil
end
local file = assert(io.open(path, "w"))
file:write(table.concat(out, "\n"), "\n")
file:close()
