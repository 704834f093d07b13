--- What the command sees of the machine: its streams, its environment and its terminal.
--
-- Everything else of the command line asks here, so that tests can put something else in its place.
-- Plain Lua cannot ask whether a stream is a terminal: a shell does, once, and only where it matters.
--
-- @module dataforest.cli.terminal.system

local system = {}

local System = {}
System.__index = System

local ONE_TEST =
  "n=0; test -t 0 && n=$((n + 1)); test -t 1 && n=$((n + 2)); test -t 2 && n=$((n + 4)); exit $n"

--- Runs a shell command that inherits the streams.
-- @treturn number its exit status
local function status_of(command)
  local first, _, status = os.execute(command)
  if type(first) == "number" then -- Lua 5.1 and LuaJIT: the status as wait() gives it
    return math.floor(first / 256) % 256
  end
  return status
end

local function ask_terminals(self)
  if not self.terminals then
    local bits = status_of(ONE_TEST)
    self.terminals = { stdin = bits % 2 == 1, stdout = bits % 4 >= 2, stderr = bits >= 4 }
  end
  return self.terminals
end

--- Whether a stream is a terminal.
-- @tparam string stream `"stdin"`, `"stdout"` or `"stderr"`
-- @treturn boolean
function System:is_terminal(stream)
  return ask_terminals(self)[stream]
end

--- Asks a question on the terminal itself, whatever the streams are.
-- @tparam string question
-- @tparam[opt] boolean echo show what is typed
-- @treturn[1] string the reply
-- @treturn[2] nil
-- @treturn[2] string `"no terminal"` or `"cancelled"`
function System:ask(question, echo)
  return require("dataforest.cli.terminal.prompt").ask(self, question, echo)
end

--- Columns of the terminal.
-- @treturn number
function System:columns()
  if not self.width then
    local columns = tonumber(self.getenv "COLUMNS")
    if not columns then
      local size = self.capture "stty size </dev/tty 2>/dev/null"
      columns = tonumber(size:match "^%d+ (%d+)")
    end
    self.width = columns and columns >= 1 and math.floor(columns) or 80
  end
  return self.width
end

--- Whether a stream is a terminal that can do more than print.
-- @tparam string stream
-- @treturn boolean
function System:can_move(stream)
  local terminal = self.getenv "TERM"
  return terminal ~= nil and terminal ~= "" and terminal ~= "dumb" and self:is_terminal(stream)
end

--- Whether colours belong on a stream: only on a terminal that has them, and not where the user does
-- not want them (NO_COLOR).
-- @tparam string stream
-- @treturn boolean
function System:has_colour(stream)
  local no_colour = self.getenv "NO_COLOR"
  return (no_colour == nil or no_colour == "") and self:can_move(stream)
end

--- Whether the locale is one of UTF-8.
-- @treturn boolean
function System:has_utf8()
  local first
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = self.getenv(name)
    if value and value ~= "" then
      first = value
      break
    end
  end
  return first ~= nil and first:lower():find "utf%-?8" ~= nil
end

--- Runs a shell command and gives what it printed.
-- @tparam string command
-- @treturn string its output, empty where it could not run
local function capture(command)
  local pipe = io.popen(command, "r")
  if not pipe then
    return ""
  end
  local output = pipe:read "*a"
  pipe:close()
  return output or ""
end

--- The machine as it is.
-- @treturn table
function system.real()
  return setmetatable({
    stdin = io.stdin,
    stdout = io.stdout,
    stderr = io.stderr,
    getenv = os.getenv,
    capture = capture,
    now = os.time,
  }, System)
end

--- A machine with some things in other places, for tests.
-- @tparam table parts `stdin`, `stdout`, `stderr`, `getenv`, `capture`, `terminals` (three booleans) and
--   `width`; `transport` (makes one) and `provider` (gives keys) in place of the network and the user's keys
-- @treturn table
function system.with(parts)
  return setmetatable(parts, { __index = system.real() })
end

--- A text as one word of a shell's command line.
-- @tparam string word
-- @treturn string
function system.quoted(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

return system
