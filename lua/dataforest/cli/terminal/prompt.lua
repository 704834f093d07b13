--- Questions to the person at the terminal: a password without echo, yes or no.
--
-- A shell asks, on the terminal itself, so that standard input and output stay free. It restores the
-- terminal whatever ends it, Ctrl-C included, which Lua alone could not promise.
--
-- @module dataforest.cli.terminal.prompt

local system_of = require "dataforest.cli.terminal.system"

local prompt = {}

-- The answer comes behind "ok:", since the exit status of a pipe is not to be had in every Lua.
local SCRIPT = [[
tty=/dev/tty
{ true <$tty >$tty; } 2>/dev/null || { echo no; exit; }
exec <$tty
saved=$(stty -g 2>/dev/null) || { echo no; exit; }
trap 'stty "$saved"' EXIT
trap 'exit 129' HUP
trap 'echo >$tty; exit 130' INT
trap 'exit 143' TERM
@ECHO@
printf '%s' @QUESTION@ >$tty
IFS= read -r line || { echo >$tty; echo end; exit; }
@NEWLINE@
printf 'ok:%s' "$line"
]]

--- Asks a question; see `System:ask`.
function prompt.ask(system, question, echo)
  local script = SCRIPT:gsub("@(%u+)@", {
    ECHO = echo and "" or "stty -echo",
    NEWLINE = echo and "" or "echo >$tty",
    QUESTION = system_of.quoted(question),
  })
  local output = system.capture(script)
  local answer = output:match "^ok:(.*)$"
  if answer then
    return answer
  end
  return nil, output:find "^no" and "no terminal" or "cancelled"
end

return prompt
