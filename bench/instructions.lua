--- How many instructions a call takes in user space, by callgrind: a busy machine hardly changes that.
--
--     lua5.4 bench/instructions.lua          a table, of the four runs of bench/instructions.txt
--     lua5.4 bench/instructions.lua check    a test (TAP): none differs from that file by more than 3 %
--     lua5.4 bench/instructions.lua write    writes the file anew
--
-- Counted are the modules in C, Lua and libcurl, which are the same wherever the versions in the file's first
-- line are; the C library and OpenSSL choose their code by the processor. A count is the difference between a
-- short run and a long one, by the calls that the long one has more.

local nginx = require "spec.support.nginx"
local service = require "bench.service"

local FILE = "bench/instructions.txt"
local TOLERANCE = 0.03
local SHORT, LONG = 100, 600 -- calls
-- Objects, by the ends of their paths.
local COUNTED = {
  { "the core", "/core%.so$" },
  { "the engine", "/curl%.so$" },
  { "libcurl", "/libcurl[^/]*$" },
  { "Lua", "/lua5%.4$" },
  { "Lua", "/lib[^/]*lua[^/]*$" },
  { "Lua", "/luajit[^/]*$" },
}

local RUNS = {
  { name = "one after another, Lua 5.4", lua = "lua5.4", script = "calls.lua sequential" },
  { name = "8 at once, Lua 5.4", lua = "lua5.4", script = "calls.lua map", at_once = 8 },
  { name = "without the network, Lua 5.4", lua = "lua5.4", script = "wrapper.lua library" },
  {
    name = "without the network, LuaJIT's interpreter",
    lua = "luajit",
    flags = "-joff ",
    script = "wrapper.lua library",
  },
}

local output_of = nginx.output_of

--- The instructions of each counted object, out of callgrind's file.
local function read_counts(path)
  local counts, names, object, skip = {}, {}, nil, false
  for line in io.lines(path) do
    local id, name = line:match "^ob=%((%d+)%) ?(.*)$"
    if id then
      names[id] = name ~= "" and name or names[id]
      object = names[id]
    elseif line:find "^cob=" then
      id, name = line:match "^cob=%((%d+)%) ?(.*)$"
      names[id] = name ~= "" and name or names[id]
    elseif line:find "^calls=" then
      skip = true -- the next line is what was called, its callees included
    elseif skip then
      skip = false
    else
      local cost = line:match "^[%d+*-][%d]* (%d+)$"
      for _, counted in ipairs(cost and object and COUNTED or {}) do
        if object:find(counted[2]) then
          counts[counted[1]] = (counts[counted[1]] or 0) + tonumber(cost)
        end
      end
    end
  end
  return counts
end

local function environment_of(bench, run)
  local words = { "AT_ONCE=" .. (run.at_once or 64) }
  for name, value in pairs(bench.settings) do
    words[#words + 1] = ("%s='%s'"):format(name, value)
  end
  local root = nginx.root()
  words[#words + 1] = ("LUA_PATH='%s/?.lua;%s/lua/?.lua;%s/lua/?/init.lua;;'"):format(root, root, root)
  words[#words + 1] = ("LUA_CPATH='%s/build/%s/?.so;;'"):format(root, run.lua)
  return table.concat(words, " ")
end

local function counts_of(bench, run, calls)
  local path = os.tmpname()
  local callgrind = "valgrind -q --tool=callgrind --callgrind-out-file=" .. path
  local command = ("env %s %s %s %sbench/contenders/%s %d 2>&1"):format(
    environment_of(bench, run),
    callgrind,
    run.lua,
    run.flags or "",
    run.script,
    calls
  )
  local said = output_of(command)
  assert(said:find "^[%d.]+ [%d.]+%s*$", run.name .. ": " .. said)
  local counts = read_counts(path)
  os.remove(path)
  return counts
end

--- @treturn table instructions a call, by object; `all` is their sum
local function measure(bench, run)
  local short, long = counts_of(bench, run, SHORT), counts_of(bench, run, LONG)
  local calls = LONG - SHORT -- both warm up with 64
  local result = { all = 0 }
  for name, count in pairs(long) do
    result[name] = (count - (short[name] or 0)) / calls
    result.all = result.all + result[name]
  end
  return result
end

--- What the counts depend on.
local function versions()
  local curl = require "dataforest.curl"
  return ("%s, %s, %s, %s"):format(
    output_of("lua5.4 -v 2>&1"):match "Lua [%d.]+",
    output_of("luajit -v 2>&1"):match "LuaJIT [%w.-]+",
    curl.libcurl:match "libcurl/[%d.]+",
    output_of("cc --version"):match "[^\n]+"
  )
end

local function read_file()
  local known, first = {}, nil
  for line in io.lines(FILE) do
    first = first or line
    local count, name = line:match "^ *(%d+)  (.+)$"
    if count then
      known[name] = tonumber(count)
    end
  end
  return first, known
end

local mode = arg[1] or "show"
if mode == "check" and read_file() ~= versions() then
  print(("ok 1 # SKIP %s is of other versions: %s"):format(FILE, versions()))
  os.exit(0)
end

local bench = service.start {}
local lines, failed = { versions() }, false
local ok, problem = xpcall(function()
  local known = {}
  if mode == "check" then
    local _
    _, known = read_file()
    print("1.." .. #RUNS)
  end
  for index, run in ipairs(RUNS) do
    local result = measure(bench, run)
    lines[#lines + 1] = ("%8.0f  %s"):format(result.all, run.name)
    if mode == "check" then
      local before = known[run.name]
      local is_near = before ~= nil and math.abs(result.all / before - 1) <= TOLERANCE
      failed = failed or not is_near
      print(("%s %d - %s"):format(is_near and "ok" or "not ok", index, run.name))
      print(("# %.0f instructions a call; in the file: %s"):format(result.all, tostring(before)))
    else
      print(lines[#lines])
      for _, name in ipairs { "Lua", "the core", "the engine", "libcurl" } do
        print(("          %8.0f  %s"):format(result[name] or 0, name))
      end
    end
  end
end, debug.traceback)
service.stop(bench)
assert(ok, problem)
if mode == "write" then
  local file = assert(io.open(FILE, "w"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
end
if failed then
  print "# If that is meant: lua5.4 bench/instructions.lua write"
  os.exit(1)
end
