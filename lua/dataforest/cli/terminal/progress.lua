--- A line that tells how long something is waited for: on a terminal only, and gone at the end.
-- @module dataforest.cli.terminal.progress

local core = require "dataforest.core"
local text = require "dataforest.cli.output.text"

local progress = {}

local Progress = {}
Progress.__index = Progress

local SPINNER = { "|", "/", "-", "\\" }

local function elapsed_words(seconds)
  seconds = math.floor(seconds)
  if seconds < 60 then
    return ("%d s"):format(seconds)
  end
  return ("%d min %02d s"):format(math.floor(seconds / 60), seconds % 60)
end

--- Draws the line anew, over what was there.
function Progress:draw()
  if not self.style.redraws then
    return
  end
  self.turns = self.turns + 1
  local line = ("%s %s: %s, %s"):format(
    SPINNER[self.turns % #SPINNER + 1],
    self.title,
    self.state or "looking",
    elapsed_words(core.monotonic() - self.started)
  )
  line = text.cut(text.safe(line), self.style.width - 1, self.style.mark)
  self.stream:write("\r", line, (" "):rep(self.longest - text.width(line)))
  self.longest = math.max(self.longest, text.width(line))
  self.stream:flush()
end

--- Takes the line away.
function Progress:clear()
  if self.longest > 0 then
    self.stream:write("\r", (" "):rep(self.longest), "\r")
    self.stream:flush()
    self.longest = 0
  end
end

--- Starts a line on standard error.
-- @tparam table context
-- @tparam string title what is waited for
-- @treturn table with `state` to be set, `draw()` and `clear()`
function progress.new(context, title)
  return setmetatable({
    stream = context.system.stderr,
    style = context:style "stderr",
    title = title,
    started = core.monotonic(),
    turns = 0,
    longest = 0,
  }, Progress)
end

return progress
