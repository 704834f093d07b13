--- A real terminal for specs: a shell inside tmux, typed into and looked at.
--
--     local terminal = require("spec.support.terminal").open { width = 80, environment = { ... } }
--     terminal:type "ls"                      -- and Enter
--     terminal:wait_for "a pattern"           -- raises, with the screen, where it does not come
--     terminal:close()

local core = require "dataforest.core"
local files = require "spec.support.files"
local server = require "spec.support.server"

local quoted = require("dataforest.util.shell").word

local SECONDS = 15

local Terminal = {}
Terminal.__index = Terminal

local terminal = {}

--- Opens a terminal with a shell in it, in the current folder.
-- @tparam table options `width`, `height` (columns and lines), `environment`
-- @treturn table
function terminal.open(options)
  local folder = files.new_folder()
  local self = setmetatable({ folder = folder, socket = folder .. "/tmux" }, Terminal)
  -- Signals have their meaning there even where what runs the specs ignores some, as a job in the
  -- background ignores Ctrl-C.
  local words = { "env", "--default-signal", "-u", "TMUX", "-u", "NO_COLOR", "-u", "COLUMNS" }
  words[#words + 1] = "PS1='$ '"
  words[#words + 1] = "LC_ALL=C.UTF-8 HISTFILE=/dev/null"
  for name, value in pairs(options.environment or {}) do
    words[#words + 1] = name .. "=" .. quoted(value)
  end
  words[#words + 1] = "bash --noprofile --norc -i"
  self:tmux(
    ("-f /dev/null new-session -d -x %d -y %d %s"):format(
      options.width,
      options.height or 40,
      quoted(table.concat(words, " "))
    )
  )
  self:wait_for "%$ *\n"
  return self
end

function Terminal:tmux(arguments)
  return server.output_of(
    ("env -u TMUX TERM=xterm-256color tmux -S %s %s 2>&1"):format(quoted(self.socket), arguments)
  )
end

--- Types a text as it is.
function Terminal:keys(text)
  self:tmux("send-keys -l -- " .. quoted(text))
end

--- Presses a key, by tmux's name: `Enter`, `C-c`.
function Terminal:press(key)
  self:tmux("send-keys " .. key)
end

--- Types a line.
function Terminal:type(line)
  self:keys(line)
  self:press "Enter"
end

--- What the screen shows, lines without the spaces at their ends.
-- @tparam[opt] boolean colours with the escape sequences of colours
function Terminal:screen(colours)
  return self:tmux("capture-pane -p" .. (colours and " -e" or ""))
end

--- Waits until the screen shows a pattern.
-- @treturn string the screen
function Terminal:wait_for(pattern, seconds)
  local screen
  local came = server.wait_until(function()
    screen = self:screen()
    return screen:find(pattern) ~= nil
  end, seconds or SECONDS)
  if not came then
    error(("the terminal did not show %q but:\n%s"):format(pattern, screen), 2)
  end
  return screen
end

--- Runs a command line and waits until it has ended.
-- @treturn string the screen, from the command line on
-- @treturn number its exit status
function Terminal:run(line, seconds)
  -- Numbered, since the screen may still show how the last one ended.
  self.runs = (self.runs or 0) + 1
  self:press "C-l"
  self:type(('%s; echo "[status $?] %d"'):format(line, self.runs))
  local screen = self:wait_for(("\n%%[status %%d+%%] %d\n"):format(self.runs), seconds)
  return screen, tonumber(screen:match(("\n%%[status (%%d+)%%] %d\n"):format(self.runs)))
end

--- Waits for a moment without a condition: for what must not happen.
function Terminal.pause(_, seconds)
  core.sleep(seconds)
end

--- Ends the shell and all that runs in it.
function Terminal:close()
  self:tmux "kill-server"
  files.remove(self.folder)
end

return terminal
