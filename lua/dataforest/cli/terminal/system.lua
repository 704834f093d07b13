--- What the command sees of the machine: its streams, its environment and its terminal.
--
-- Everything else of the command line asks here, so that tests can put something else in its place.
--
-- @module dataforest.cli.terminal.system

local core = require "dataforest.core"
local shell = require "dataforest.util.shell"

local system = {}

local System = {}
System.__index = System

local DESCRIPTORS = { stdin = 0, stdout = 1, stderr = 2 }
local USUAL_WIDTH = 80

--- Whether a stream is a terminal.
-- @tparam string stream `"stdin"`, `"stdout"` or `"stderr"`
-- @treturn boolean
function System:is_terminal(stream)
  if self.terminals then
    return self.terminals[stream]
  end
  return core.terminal.is_terminal(DESCRIPTORS[stream])
end

--- Asks a question on the terminal itself, whatever the streams are.
-- @tparam string question
-- @tparam[opt] boolean echo show what is typed
-- @treturn[1] string the reply
-- @treturn[2] nil
-- @treturn[2] string `"no terminal"` or `"cancelled"`
function System.ask(_, question, echo)
  return core.terminal.ask(question, echo)
end

--- Columns of the terminal.
-- @treturn number
function System:columns()
  if not self.width then
    local columns = tonumber(self.getenv "COLUMNS") or core.terminal.columns()
    self.width = columns >= 1 and math.floor(columns) or USUAL_WIDTH
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
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = self.getenv(name)
    if value and value ~= "" then
      return value:lower():find "utf%-?8" ~= nil
    end
  end
  return false
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

--- Makes a folder that only its owner may look into, with those above it.
-- @tparam string path
function System:make_folder(path)
  self.capture(("umask 077; mkdir -p -- %s 2>&1"):format(shell.word(path)))
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
  }, System)
end

--- A machine with some things in other places, for tests.
-- @tparam table parts `stdin`, `stdout`, `stderr`, `getenv`, `capture`, `ask`, `terminals` (three booleans)
--   and `width`; `transport` (makes one) and `provider` (gives keys) in place of the network and the keys
-- @treturn table
function system.with(parts)
  return setmetatable(parts, { __index = system.real() })
end

return system
