--- Colours, or none: what a stream's terminal can show.
-- @module dataforest.cli.terminal.style

local style = {}

local CODES = { bold = "1", dim = "2", red = "31", green = "32", yellow = "33", cyan = "36" }

-- States of accounts, apps, components and containers, as far as they are known.
local STATES = {
  RUNNING = "green",
  READY = "green",
  STABLE = "green",
  STARTED = "green",
  ACCEPTED = "yellow",
  CHANGING = "yellow",
  FLEXING = "yellow",
  STARTING = "yellow",
  STOPPING = "yellow",
  RUNNING_BUT_UNREADY = "yellow",
  STOPPED = "red",
  FAILED = "red",
  KILLED = "red",
}

local Style = {}
Style.__index = Style

--- Puts a text in a colour.
-- @tparam string name `bold`, `dim`, `red`, `green`, `yellow` or `cyan`; nil for none
-- @tparam string text harmless already
-- @treturn string
function Style:paint(name, text)
  if not self.colour or not name or text == "" then
    return text
  end
  return ("\27[%sm%s\27[0m"):format(CODES[name], text)
end

--- The colour of a state, or nil.
-- @tparam string state
-- @treturn ?string
function Style.state(_, state)
  return STATES[state]
end

--- The style of a stream.
-- @tparam table system
-- @tparam string stream `"stdout"` or `"stderr"`
-- @treturn table `colour` (boolean), `width` (columns, nil where it is no terminal), `redraws` (boolean:
--   a line can be written anew) and `mark` (what stands for what was cut)
function style.of(system, stream)
  return setmetatable({
    colour = system:has_colour(stream),
    redraws = system:can_move(stream),
    width = system:is_terminal(stream) and system:columns() or nil,
    mark = system:has_utf8() and "\226\128\166" or "...",
  }, Style)
end

return style
