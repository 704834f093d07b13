--- The bench: `make bench`, or `make bench ROWS="map sign"` for the rows whose names begin so.
--
-- Each row is two commands that do the same number of calls. They are run in turns, round after round;
-- a round's ratio is of two runs that stand next to each other, and the row's is the median of them.
-- See bench/README.md.

local cjson = require "cjson"
local nginx = require "spec.support.nginx"
local plot = require "bench.plot"
local rows = require "bench.rows"
local shell = require "dataforest.util.shell"
local service = require "bench.service"

local SMALL = os.getenv "BENCH_SMALL" ~= nil
local ROUNDS = SMALL and 1 or tonumber(os.getenv "BENCH_ROUNDS" or 7)
local WANTED = os.getenv "ROWS"
local SMALL_SHARE = 0.005 -- of a row's calls

local output_of, quoted, root = nginx.output_of, shell.quoted, nginx.root()
local failed = false

local function is_wanted(id)
  if not WANTED or WANTED == "" then
    return true
  end
  for word in WANTED:gmatch "%S+" do
    if id:sub(1, #word) == word then
      return true
    end
  end
  return false
end

-- Running --------------------------------------------------------------------------------

local function is_there(command)
  return output_of("command -v " .. command .. " || true") ~= ""
end

-- Servers on the first CPU and contenders on the second, so that the system does not move them about.
local pins = tonumber(output_of "nproc") >= 2 and is_there "taskset"
local python = is_there "/usr/bin/python3" and "/usr/bin/python3" or "python3"

local bench = service.start { check_all = SMALL, cpu = pins and 0, caller_cpu = pins and 1 }

local function environment_for(contender, more)
  local settings = {}
  for name, value in pairs(bench.settings) do
    settings[name] = value
  end
  if contender.through then
    settings.BENCH_URL = bench.caller_url .. contender.through
  end
  if contender.lua then
    settings.LUA_PATH = ("%s/?.lua;%s/lua/?.lua;%s/lua/?/init.lua;;"):format(root, root, root)
    settings.LUA_CPATH = ("%s/build/%s/?.so;;"):format(root, contender.lua)
  end
  for name, value in pairs(more or {}) do
    settings[name] = value
  end
  local words = {}
  for name, value in pairs(settings) do
    words[#words + 1] = name .. "=" .. quoted(value)
  end
  return table.concat(words, " ")
end

--- @treturn boolean whether it ended well
-- @treturn string what it printed
local function run(contender, arguments, more)
  -- What loads the caller shares the CPU of the service, so that the caller is what is measured.
  local cpu = pins and (contender.through and "taskset -c 0 " or "taskset -c 1 ") or ""
  local command = contender.command:gsub("@PYTHON@", python)
  local pipe =
    io.popen(("env %s %s%s %s 2>&1"):format(environment_for(contender, more), cpu, command, arguments), "r")
  local text = pipe:read "*a"
  return pipe:close() == true, text
end

--- Seconds, CPU seconds, and perhaps microseconds of the 99th percentile, of so many calls.
local function time(contender, calls)
  local ok, text = run(contender, calls)
  local seconds, cpu, p99 = text:match "^([%d.]+) ([%d.]+) ?([%d.]*)\n$"
  if not ok or not seconds then
    error(("%s\n%s%s"):format(contender.command, text, service.complaints(bench)), 0)
  end
  return tonumber(seconds), tonumber(cpu), tonumber(p99)
end

-- Figures --------------------------------------------------------------------------------

local function median(values)
  local sorted = {}
  for i, value in ipairs(values) do
    sorted[i] = value
  end
  table.sort(sorted)
  local middle = math.floor(#sorted / 2)
  return #sorted % 2 == 1 and sorted[middle + 1] or (sorted[middle] + sorted[middle + 1]) / 2
end

local function spread(values)
  return math.min((table.unpack or unpack)(values)), math.max((table.unpack or unpack)(values))
end

--- @treturn table of what came out
local function measure(row)
  local calls = SMALL and math.max(64, math.floor(row.calls * SMALL_SHARE)) or row.calls
  local ours, theirs, ratios, cpu_ours, cpu_theirs = {}, {}, {}, {}, {}
  local p99_ours, p99_theirs = {}, {}
  local right_before = service.report(bench)
  for round = 1, ROUNDS do
    if round % 2 == 1 then
      ours[round], cpu_ours[round], p99_ours[round] = time(row.ours, calls)
    end
    theirs[round], cpu_theirs[round], p99_theirs[round] = time(row.theirs, calls)
    if round % 2 == 0 then
      ours[round], cpu_ours[round], p99_ours[round] = time(row.ours, calls)
    end
    local faster = theirs[round] / ours[round]
    ratios[round] = row.time and cpu_ours[round] / cpu_theirs[round] or faster
  end
  local right, wrong = service.report(bench)
  assert(wrong == 0, "the service was sent wrong requests:\n" .. service.complaints(bench))
  assert(not row.network or right - right_before >= calls * 2 * ROUNDS / 100, "the service saw no sample")
  local lowest, highest = spread(ratios)
  local ratio = median(ratios)
  local reached
  if not SMALL and (row.rate or row.time) then
    reached = row.rate and ratio >= row.rate or row.time and ratio <= row.time or false
  end
  local p99
  if p99_ours[1] then
    p99 = { ours_microseconds = median(p99_ours), theirs_microseconds = median(p99_theirs), must = row.p99 }
    p99.ratio = p99.ours_microseconds / p99.theirs_microseconds
    if not SMALL and row.p99 then
      p99.reached = p99.ratio <= row.p99
    end
  end
  return {
    id = row.id,
    what = row.what,
    against = row.against,
    measure = row.time and "time" or "rate",
    must = row.rate or row.time,
    ratio = ratio,
    lowest = lowest,
    highest = highest,
    reached = reached,
    calls = calls,
    ours_microseconds = median(ours) / calls * 1e6,
    theirs_microseconds = median(theirs) / calls * 1e6,
    ours_cpu_microseconds = median(cpu_ours) / calls * 1e6,
    theirs_cpu_microseconds = median(cpu_theirs) / calls * 1e6,
    p99 = p99,
  }
end

--- Every contender over TLS must refuse a server whose certificate nobody vouches for.
local function check_verification()
  local seen = {}
  for _, row in ipairs(rows) do
    for _, contender in ipairs { row.ours, row.theirs } do
      if row.network and not contender.through and not seen[contender.command] then
        seen[contender.command] = true
        local ok = run(contender, "1", { BENCH_CA = bench.other_ca })
        assert(not ok, contender.command .. " took an answer without verifying the server")
      elseif contender.through then
        local status = bench.caller:get("untrusting", "/" .. contender.through)
        assert(status == 502, contender.through .. " took an answer without verifying the server")
      end
    end
  end
end

-- Costs --------------------------------------------------------------------------------

local function cost(lua, question, repeats)
  local values = {}
  for _ = 1, repeats or 1 do
    local contender = { lua = lua, command = lua .. " bench/costs.lua" }
    local ok, text = run(contender, ("%s %g"):format(question, SMALL and SMALL_SHARE or 1))
    assert(ok, text)
    for name, value in text:gmatch "([%w ]+) (%-?[%d.]+)\n" do
      values[name] = values[name] or {}
      table.insert(values[name], tonumber(value))
    end
  end
  for name, list in pairs(values) do
    values[name] = median(list)
  end
  return values
end

local function costs_of(lua, title)
  local list = {}
  local function add(what, value, unit, most)
    local reached = nil
    if most and not SMALL then
      reached = value <= most
    end
    list[#list + 1] =
      { what = what .. ", " .. title, value = value, unit = unit, most = most, reached = reached }
  end
  local loaded = cost(lua, "require", SMALL and 1 or 9)
  add('require "dataforest", time', loaded.milliseconds, "ms", 5)
  add('require "dataforest", memory', loaded.kilobytes, "kB", 300)
  add("a client", cost(lua, "client").kilobytes, "kB", 10)
  local calls = cost(lua, "calls")
  add("resident, 200,000 calls over 2,000", calls.late - calls.early, "kB", 1024)
  local map = cost(lua, "map")
  add("df:map, held for 100,000 items", map.many, "kB", map.few * 1.25)
  add("df:map, resident growth meanwhile", map["resident growth"], "kB", 1024)
  add("df:map, held with 256 at once over 64", map.wide / map.many, "times", 4.4)
  local lists = cost(lua, "lists")
  local function slowest_over_fastest(decoder)
    local lowest, highest =
      spread { lists[decoder .. " 10"], lists[decoder .. " 1000"], lists[decoder .. " 100000"] }
    return highest / lowest
  end
  add("time per account, lists of 10 to 100,000", slowest_over_fastest "core", "times", 1.5)
  add("the same, bare cjson", slowest_over_fastest "cjson", "times")
  add("an account of a list of 100,000, against cjson", lists["core 100000"] / lists["cjson 100000"], "times")
  return list
end

-- Showing --------------------------------------------------------------------------------

local function verdict(reached)
  if reached == nil then
    return ""
  end
  return reached and "reached" or "MISSED"
end

local function number(value)
  return value >= 100 and ("%.0f"):format(value)
    or value >= 10 and ("%.1f"):format(value)
    or ("%.2f"):format(value)
end

local ROW = "%-46s %-40s %8s %8s %7s %11s %6s  %s"

local function print_row(result)
  local must = result.must and (result.measure == "rate" and ">= " or "<= ") .. number(result.must) or ""
  print(
    ROW:format(
      result.what,
      result.against,
      number(result.ours_microseconds),
      number(result.theirs_microseconds),
      number(result.ratio),
      number(result.lowest) .. "-" .. number(result.highest),
      must,
      verdict(result.reached)
    )
  )
  local p99 = result.p99
  if p99 then
    print(
      ROW:format(
        "  99 % of them within",
        "",
        number(p99.ours_microseconds),
        number(p99.theirs_microseconds),
        number(p99.ratio),
        "",
        p99.must and "<= " .. number(p99.must) or "",
        verdict(p99.reached)
      )
    )
  end
  io.flush()
end

--- Leaves out the rows whose contender is not installed.
local function leave_out_missing()
  for index = #rows, 1, -1 do
    local needs = rows[index].theirs.needs
    if not is_wanted(rows[index].id) then
      table.remove(rows, index)
    elseif
      needs and output_of(needs:gsub("@PYTHON@", python) .. " >/dev/null 2>&1 && echo yes || true") == ""
    then
      print(("%s is not here: its row is left out"):format(rows[index].against))
      table.remove(rows, index)
    end
  end
end

local function main()
  leave_out_missing()
  check_verification()
  local results, costs = {}, {}
  print(ROW:format("what", "against", "us", "us", "ratio", "spread", "must", ""))
  for _, row in ipairs(rows) do
    local result = measure(row)
    results[#results + 1] = result
    print_row(result)
    failed = failed or result.reached == false or result.p99 ~= nil and result.p99.reached == false
  end
  if is_wanted "costs" then
    print()
    for _, each in ipairs { { "lua5.4", "Lua 5.4" }, { "luajit", "LuaJIT" } } do
      for _, item in ipairs(costs_of(each[1], each[2])) do
        costs[#costs + 1] = item
        print(
          ("%-60s %9s %-5s  %-9s  %s"):format(
            item.what,
            number(item.value),
            item.unit,
            item.most and "<= " .. number(item.most) or "",
            verdict(item.reached)
          )
        )
        failed = failed or item.reached == false
      end
    end
  end
  return { rounds = ROUNDS, rows = results, costs = costs }
end

local ok, results = xpcall(main, debug.traceback)
service.stop(bench)
if not ok then
  io.stderr:write(results, "\n")
  os.exit(1)
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- A whole run is kept for the docs; parts and quick looks are not.
local is_whole = not SMALL and (not WANTED or WANTED == "")
local json_path = is_whole and "bench/results.json" or "build/bench/results.json"
local svg_path = is_whole and "docs/bench.svg" or "build/bench/bench.svg"
results.machine = output_of "sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1"
write_file(json_path, cjson.encode(results) .. "\n")
write_file(svg_path, plot(results))
print()
print(("Figures: %s, plot: %s%s"):format(json_path, svg_path, failed and "; some targets were MISSED" or ""))
