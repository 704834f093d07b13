--- The command line in process: run against an emulator, with streams, terminal and keys made up.
--
--     local machine = require("spec.support.cli").machine { width = 80 }
--     local run = machine:run { "accounts", "list" }      -- run.code, run.out, run.err

local cli = require "dataforest.cli"
local emulators = require "dataforest.emulator"
local system_of = require "dataforest.cli.terminal.system"

local support = {}

local Machine = {}
Machine.__index = Machine

local function collector()
  local parts = {}
  return {
    write = function(self, ...)
      for _, part in ipairs { ... } do
        parts[#parts + 1] = part
      end
      return self
    end,
    flush = function(self)
      return self
    end,
    text = function()
      return table.concat(parts)
    end,
  }
end

local function input(content)
  return {
    read = function()
      local all = content
      content = nil
      return all
    end,
  }
end

--- The emulator as the command line's transport, which keeps the last response.
local function transport_to(emulator, options, on_sleep)
  local inner = emulator:transport(options)
  return {
    send = function(self, request)
      local response, failure = inner:send(request)
      self.last, self.received = response, inner:now()
      return response, failure
    end,
    sleep = function(self, seconds)
      if on_sleep then
        return on_sleep(seconds)
      end
      inner:sleep(seconds)
      if self.on_tick then
        self.on_tick()
      end
    end,
    now = function()
      return inner:now()
    end,
    monotonic = function()
      return inner:monotonic()
    end,
  }
end

--- Runs a command line.
-- @tparam {string,...} argv
-- @tparam[opt] table given in place of the machine's: `stdin`, `answers` (to questions, in order),
--   `width` (a terminal of so many columns), `environment`, `keys` (false: none), `stdout`, `clock_offset`
--   (seconds), `on_sleep` (called in place of a pause)
-- @treturn table `code`, `out`, `err`, `asked` (questions)
function Machine:run(argv, given)
  given = given or {}
  local stdout, stderr = given.stdout or collector(), collector()
  local environment = given.environment or { TERM = "xterm", LANG = "C.UTF-8" }
  local asked, answers = {}, given.answers
  local width = given.width
  local keys = given.keys
  if keys == nil then
    keys = { access_key = self.emulator.access_key, secret_key = self.emulator.secret_key, source = "a test" }
  end
  local system = system_of.with {
    stdin = input(given.stdin or ""),
    stdout = stdout,
    stderr = stderr,
    terminals = { stdin = width ~= nil, stdout = width ~= nil, stderr = width ~= nil },
    width = width,
    getenv = function(name)
      return environment[name]
    end,
    ask = function(_, question)
      asked[#asked + 1] = question
      local answer = answers and table.remove(answers, 1)
      return answer, not answer and (answers and "cancelled" or "no terminal") or nil
    end,
    capture = function()
      return ""
    end,
    transport = function()
      return transport_to(self.emulator, { clock_offset = given.clock_offset }, given.on_sleep)
    end,
    provider = function()
      return keys or nil, "no keys found; looked at a test"
    end,
  }
  local code = cli.main(argv, system)
  return { code = code, out = stdout.text(), err = stderr.text(), asked = asked }
end

--- A machine with an emulator of its own.
-- @tparam[opt] table options of the emulator
-- @treturn table with `run` and `emulator`
function support.machine(options)
  return setmetatable({ emulator = emulators.new(options or { seed = 1 }) }, Machine)
end

return support
