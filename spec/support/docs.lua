--- Runs the examples of the documentation: README.md and docs/*.md.
--
-- Every fenced block is one of these:
--
-- - `lua`: run as a script of its own, with the Lua that runs the specs;
-- - `sh`: run by the shell, in the page's own empty folder, which is HOME, too;
-- - `nginx`: given to `nginx -t`, within whatever it needs around it;
-- - `text`, `json`, `xml`, `http`: what the block before it prints, or something to look at.
--
-- What a block prints, on either stream, stands in the `text` block behind it, where `...` is whatever it
-- is. A page has an emulator of its own as a server; keys and address are in the environment.
--
-- What a reader need not see stands in a comment in front of a block. Its first line has words, with
-- semicolons between them, and the lines below are put in front of the code:
--
--     <!-- example: account 0000000000000000000001 cloud1; after
--     local df = require("dataforest").new()
--     -->
--
-- - `account ID NAME`: an account that is there already;
-- - `fault JSON`: a fault to come, as `emulator:fail_next` takes it;
-- - `unset NAMES`: variables that are not in the environment;
-- - `after`: goes on where the Lua block before it ended;
-- - `alone`: what is not part of a later `after`;
-- - `file NAME`: is written to a file; Lua must compile, and blocks behind it may run it;
-- - `busted`: is a busted suite;
-- - `in the tree`: runs at the root of the source tree;
-- - `server`: a command that runs an emulator's server, which is the page's from here on;
-- - `fails`: ends with an error;
-- - `folded`: the page wraps the long lines of what it prints;
-- - `needs PROGRAM`: is not run on a machine without that program;
-- - `says more`: what it prints is not shown;
-- - `get PATH`, `answers TEXT`: what a server with this configuration is asked, and what is in its answer;
-- - `to look at`: a text that is no output;
-- - `not run: REASON`.

local cjson = require "cjson"
local server_of = require "spec.support.server"

local docs = {}

local RUN = { lua = true, sh = true, nginx = true }
local SHOWN = { text = true, json = true, xml = true, http = true }

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function quoted(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

-- Reading a page -----------------------------------------------------------------------------------------

local FLAGS = {
  after = true,
  alone = true,
  busted = true,
  ["in the tree"] = true,
  server = true,
  fails = true,
  folded = true,
  ["says more"] = true,
  ["to look at"] = true,
}

local function read_words(block, words)
  for word in (words .. ";"):gmatch "%s*(.-)%s*;" do
    local id, name = word:match "^account (%S+) (%S+)$"
    local argument_of, argument = word:match "^(%l+) (.+)$"
    local reason = word:match "^not run: (.+)$"
    if FLAGS[word] then
      block[word] = true
    elseif id then
      block.accounts[#block.accounts + 1] = { id = id, name = name }
    elseif reason then
      block.not_run = reason
    elseif argument_of == "unset" then
      block.unset = argument
    elseif argument_of == "fault" then
      block.faults[#block.faults + 1] = argument
    elseif
      argument_of == "file"
      or argument_of == "needs"
      or argument_of == "get"
      or argument_of == "answers"
    then
      block[argument_of] = argument
    else
      error(("%s: an example's comment has the unknown word %q"):format(block.where, word), 0)
    end
  end
end

--- The parts of a page that matter here: fenced blocks, comments, and any other text.
local function parts_of(text)
  local parts, open = {}, nil
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local fence, language = line:match "^%s*(```+)%s*(%S*)"
    if open and open.kind == "code" then
      if fence and #fence >= #open.fence and language == "" then
        open = nil
      else
        open.text = open.text .. line:gsub("^" .. (" ?"):rep(open.indent), "") .. "\n"
      end
    elseif open then -- a comment
      local before = line:match "^(.-)%-%->"
      open.text = open.text .. "\n" .. (before or line)
      open = not before and open or nil
    elseif fence then
      open = { kind = "code", fence = fence, language = language, indent = #line:match "^%s*", text = "" }
      parts[#parts + 1] = open
    elseif line:find "^%s*<!%-%-" then
      local comment = line:match "^%s*<!%-%-%s*(.*)$"
      parts[#parts + 1] = { kind = "comment", text = (comment:gsub("%s*%-%->.*$", "")) }
      open = not comment:find "%-%->" and parts[#parts] or nil
    elseif line:find "%S" then
      parts[#parts + 1] = { kind = "text" }
    end
  end
  return parts
end

local function gather(parts, path)
  local out, comment = {}, nil
  for _, block in ipairs(parts) do
    if block.kind == "comment" and block.text:find "^example:" then
      comment = block
    elseif block.kind == "code" then
      block.where = ("%s, block %d (%s)"):format(path, #out + 1, block.language)
      block.accounts, block.faults, block.setup = {}, {}, ""
      if comment then
        local words, setup = comment.text:match "^example:%s*([^\n]*)\n?(.*)$"
        read_words(block, words)
        block.setup = setup:find "%S" and setup .. "\n" or ""
      end
      out[#out + 1] = block
      comment = nil
    elseif comment then
      error(("%s: a comment that no block follows: %s"):format(path, comment.text), 0)
    end
  end
  if comment then
    error(("%s: a comment that no block follows: %s"):format(path, comment.text), 0)
  end
  return out
end

--- The fenced blocks of a page, each with its `where`, the words of its comment, and `expected`: what it
-- prints, where a block says so.
-- @tparam string path
-- @treturn {table,...}
function docs.blocks(path)
  local blocks = gather(parts_of(read(path)), path)
  for index, block in ipairs(blocks) do
    local following = blocks[index + 1]
    if RUN[block.language] and not block.not_run and not block.file then
      if following and SHOWN[following.language] and not following["to look at"] then
        block.expected = following.text
        following.is_output = true
      end
    end
  end
  return blocks
end

--- What kind of block it is: `"run"`, `"file"`, `"output"`, `"look"` or `"not run"`; raises where it
-- says nothing about itself.
function docs.role(block)
  if block.not_run then
    return "not run"
  elseif block.file then
    return "file"
  elseif RUN[block.language] then
    return "run"
  elseif block.is_output then
    return "output"
  elseif SHOWN[block.language] and block["to look at"] then
    return "look"
  elseif block.language == "text" or SHOWN[block.language] then
    error(block.where .. ": it is no block's output; if it is only to look at, a comment must say so", 0)
  end
  error(("%s: nobody knows how to run %q"):format(block.where, block.language), 0)
end

-- Running ---------------------------------------------------------------------------------------------------

local this_lua = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"

local Page = {}
Page.__index = Page

--- Starts a page: its folder and its server.
-- @treturn table with `run` and `close`
function docs.page()
  local root = server_of.output_of("pwd"):gsub("\n", "")
  local folder = server_of.output_of("mktemp -d"):gsub("\n", "")
  local page = setmetatable({ root = root, folder = folder, before = "" }, Page)
  page:use(server_of.start { seed = 1 })
  return page
end

function Page:use(server)
  if self.server then
    self.server:stop()
  end
  self.server = server
end

function Page:close()
  self:use(nil)
  os.execute("rm -rf " .. quoted(self.folder))
end

--- The start of a shell script: where things are, whose keys, and no home but the page's.
function Page:environment(lua)
  local lines = {
    ("cd %s || exit 1"):format(quoted(self.root)),
    'eval "$(tools/env.sh ' .. lua .. ')"',
    ("export PATH=%s:$PATH HOME=%s"):format(quoted(self.root .. "/bin"), quoted(self.folder)),
    "unset NCLOUD_ACCESS_KEY_ID NCLOUD_SECRET_ACCESS_KEY NO_COLOR MAKEFLAGS MAKELEVEL",
    "export TERM=dumb LC_ALL=C.UTF-8",
    ("export DATAFOREST_BASE_URL=%s DATAFOREST_CA_FILE=%s"):format(
      quoted(self.server.base_url),
      quoted(self.server.ca_file)
    ),
    ("export NCLOUD_ACCESS_KEY=%s NCLOUD_SECRET_KEY=%s"):format(
      quoted(self.server.access_key),
      quoted(self.server.secret_key)
    ),
  }
  return table.concat(lines, "\n") .. "\n"
end

function Page:shell(lua, folder, script)
  local path = os.tmpname()
  local start = self:environment(lua) .. ("cd %s || exit 1\n"):format(quoted(folder))
  write(path, start .. script)
  local said = server_of.output_of(('timeout 60 sh %s 2>&1 </dev/null; echo "=$?"'):format(quoted(path)))
  os.remove(path)
  local output, status = said:match "^(.*)=(%d+)\n$"
  return output, tonumber(status)
end

local MARK = "\1\1the block begins\1\1\n"

function Page:run_lua(block)
  local code = block.setup .. block.text
  local before = block.after and self.before or ""
  if not block.alone then
    self.before = before .. code .. "\n"
  end
  local path = self.folder .. "/.block.lua"
  -- What this block prints begins behind the mark.
  write(path, ('io.stdout:setvbuf "no"\n%s\nio.stdout:write(%q)\n%s'):format(before, MARK, code))
  local script = ("exec %s %s"):format(this_lua, quoted(path))
  if block.unset then
    script = ("unset %s\n%s"):format(block.unset, script)
  end
  local output, status = self:shell(this_lua, self.folder, script)
  os.remove(path)
  local _, behind = output:find(MARK, 1, true)
  if not behind then
    error(("%s: what goes before it failed:\n%s"):format(block.where, output), 0)
  end
  -- Messages name the script.
  output = output:sub(behind + 1):gsub("[^%s]*%.block%.lua:%d+: ", ""):gsub("^luajit: ", "lua5.4: ")
  -- Which lines of C were passed through is nobody's business.
  output = output:gsub("\nstack traceback:\n.*$", "\n")
  return output, status
end

function Page:run_busted(block)
  local path = self.folder .. "/example_spec.lua"
  write(path, block.setup .. block.text)
  local script = ("%s tools/busted.lua --output=plainTerminal %s"):format(this_lua, quoted(path))
  local output, status = self:shell(this_lua, self.root, script)
  os.remove(path)
  return output:gsub(" : [%d.]+ seconds", ""), status
end

function Page:run_sh(block)
  return self:shell("lua5.4", block["in the tree"] and self.root or self.folder, block.setup .. block.text)
end

--- Starts the server that a block's command is about; in what it prints, the port is the usual one.
function Page:run_server(block)
  local options = {}
  for name, value in block.text:gmatch "%-%-([%l-]+)[ =]([%w.]+)" do
    options[name:gsub("-", "_")] = value
  end
  options.seed = options.seed or 1
  self:use(server_of.start(options))
  return (self.server.said:gsub("127%.0%.0%.1:%d+", "127.0.0.1:8443")), 0
end

-- nginx -----------------------------------------------------------------------------------------------------

local function nginx_configuration(block)
  local text = block.setup .. block.text
  if text:find "%f[%w]http%s*{" then
    return text
  elseif text:find "%f[%w]server%s*{" or text:find "init_[%w_]*by_lua" or text:find "upstream" then
    return ("http {\n%s}\n"):format(text)
  elseif text:find "%f[%w]location%s" then
    return ("http {\nserver {\n%s}\n}\n"):format(text)
  end
  return ("http {\n%s}\n"):format(text)
end

local function nginx_modules()
  local found = require("dataforest.emulator.server").find_nginx()
  assert(found, "there is no nginx with Lua")
  local lines = {}
  for index, path in ipairs(found.modules) do
    lines[index] = ("load_module %s;\n"):format(path)
  end
  return found.path, table.concat(lines)
end

-- nginx verifies no IP addresses: clients made without an address get one by name, and dial this machine.
local STAND_IN = [[
local dataforest = dofile(%q)
local new = dataforest.new
function dataforest.new(given)
  local options = { base_url = %q, connect_to = %q }
  for name, value in pairs(given or {}) do
    options[name] = value
  end
  return new(options)
end
return dataforest
]]

function Page:write_stand_in()
  local port = self.server.port
  local text = STAND_IN:format(
    self.root .. "/lua/dataforest/init.lua",
    ("https://localhost:%d"):format(port),
    ("127.0.0.1:%d"):format(port)
  )
  os.execute("mkdir -p " .. quoted(self.folder .. "/lua"))
  write(self.folder .. "/lua/dataforest.lua", text)
  return self.folder .. "/lua/?.lua"
end

--- The configuration of a page as it runs here: on a port of its own, and pointed at the page's server.
function Page:nginx_files(block, port)
  local program, modules = nginx_modules()
  local text = nginx_configuration(block)
  local paths = server_of.output_of("tools/env.sh luajit")
  local lua_path, lua_cpath = paths:match "LUA_PATH='(.-)'", paths:match "LUA_CPATH='(.-)'"
  local added = ('\n  lua_package_path "%s";\n  lua_package_cpath "%s";\n  access_log off;\n'):format(
    self:write_stand_in() .. ";" .. lua_path,
    lua_cpath
  )
  for _, kind in ipairs { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" } do
    added = ("%s  %s_temp_path %s;\n"):format(added, kind, kind)
  end
  text = text:gsub("lua_package_c?path%s+([\"'])[^\"']*%1;", "")
  local function into(place, lines)
    text = text:gsub("(%f[%w]" .. place .. "%s*{)", function(found)
      return found .. lines
    end, 1)
  end
  into("http", added)
  text = text:gsub("(lua_ssl_trusted_certificate )[^;]+;", function(name)
    return name .. self.server.ca_file .. ";"
  end)
  if port then
    text = text:gsub("%s+listen [^;]+;", "")
    into("server", ("\n    listen 127.0.0.1:%d;"):format(port))
  end
  local head = { modules, "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\n" }
  for _, name in ipairs { "DATAFOREST_BASE_URL", "NCLOUD_ACCESS_KEY", "NCLOUD_SECRET_KEY" } do
    if not text:find("env " .. name, 1, true) then
      head[#head + 1] = ("env %s;\n"):format(name)
    end
  end
  if not text:find "events%s*{" then
    head[#head + 1] = "events {}\n"
  end
  local path = self.folder .. "/nginx.conf"
  write(path, table.concat(head) .. text)
  return ("%s -p %s/ -c %s -e stderr"):format(program, quoted(self.folder), quoted(path))
end

local GET = [[
%s &
nginx=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  answer=$(curl -sS --max-time 10 http://127.0.0.1:%d%s 2>&1) && break
  sleep 0.1
done
printf '%%s\n' "$answer"
kill $nginx
wait $nginx
]]

local FREE_PORT = [[
while :; do
  port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
  grep -qs "$(printf ':%04X [0-9A-F]*:0000 0A' "$port")" /proc/net/tcp /proc/net/tcp6 || break
done
echo "$port"
]]

local function free_port()
  return tonumber(server_of.output_of(FREE_PORT))
end

function Page:run_nginx(block)
  local command = self:nginx_files(block)
  local output, status = self:shell("luajit", self.folder, command .. " -t")
  if status ~= 0 or not block.get then
    return status == 0 and "" or output, status
  end
  local port = free_port()
  output =
    self:shell("luajit", self.folder, GET:format(self:nginx_files(block, port), port, quoted(block.get)))
  if block.answers and not output:find(block.answers, 1, true) then
    return output, 1
  end
  return block.answers and "" or output, 0
end

-- Comparing -------------------------------------------------------------------------------------------------

--- A text of the pages as a pattern, in which `...` is anything, and a line of it any lines.
local function as_pattern(text)
  local pattern = text:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0")
  pattern = pattern:gsub("\n%%%.%%%.%%%.\n", "\n.-\n"):gsub("%%%.%%%.%%%.", "[^\n]-")
  return "^" .. pattern .. "$"
end

--- Whether an output is what a page shows.
-- @tparam string output
-- @tparam string expected
-- @treturn boolean
function docs.matches(output, expected)
  return output:gsub("%s+$", ""):find(as_pattern((expected:gsub("%s+$", "")))) ~= nil
end

local function runner_of(block)
  if block.server then
    return Page.run_server
  elseif block.busted then
    return Page.run_busted
  end
  return Page["run_" .. block.language]
end

--- Runs a block, and raises where it does not do what the page says.
function Page:run(block)
  for _, account in ipairs(block.accounts) do
    self.server:add_account(account)
  end
  for _, fault in ipairs(block.faults) do
    self.server:fail_next(cjson.decode(fault))
  end
  if block.file then
    os.execute(("mkdir -p %s"):format(quoted(self.folder .. "/" .. (block.file:match "^(.*)/" or ""))))
    write(self.folder .. "/" .. block.file, block.text)
    assert(block.language ~= "lua" or loadfile(self.folder .. "/" .. block.file))
    return
  end
  local output, status = runner_of(block)(self, block)
  if (status ~= 0) ~= (block.fails or false) then
    error(("%s: it ended with status %d:\n%s"):format(block.where, status, output), 0)
  elseif block["says more"] then
    return
  end
  local expected = block.expected or ""
  if block.folded then
    output, expected = output:gsub("%s+", " "), expected:gsub("%s+", " ")
  end
  if not docs.matches(output, expected) then
    error(
      ("%s: it printed\n%s\nand the page says\n%s"):format(block.where, output, block.expected or "nothing"),
      0
    )
  end
end

return docs
