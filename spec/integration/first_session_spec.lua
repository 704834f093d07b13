-- docs/first-session.md, as it stands there, in a real terminal: what is typed is typed, and the screen shows
-- what the page shows.

local docs = require "spec.support.docs"
local files = require "spec.support.files"
local servers = require "spec.support.server"
local terminals = require "spec.support.terminal"
local text = require "dataforest.cli.output.text"

local PAGE = "docs/first-session.md"
local PASSWORD = "Forest-7-Forest"
local LUA = servers.LUA

local server, home

--- The commands of the page: each with the lines that the screen shows behind it.
local function commands()
  local list = {}
  for _, block in ipairs(docs.blocks(PAGE)) do
    for line in (block.text or block.code or ""):gmatch "([^\n]*)\n" do
      local command = line:match "^%$ (.+)$"
      if command then
        list[#list + 1] = { line = command, shown = {} }
      elseif list[1] then
        table.insert(list[#list].shown, line)
      end
    end
  end
  return list
end

--- What a person types where the screen asks.
local function reply_to(line)
  local question, reply = line:match "^(.*%[y/N%]) (%a)$"
  if question then
    return question:match "^%u%l+ the %l+ ", reply
  end
  question = line:match "^(Access key:)"
    or line:match "^(Secret key %(not shown%):)"
    or line:match "^(Password.*:)"
  return question,
    question
      and (
        question == "Access key:" and server.access_key
        or question:find "^Secret" and server.secret_key
        or PASSWORD
      )
end

--- What a screen shows between the command line, which may take several lines, and the prompt behind it.
local function shown_behind(screen, line, width)
  local shown = screen:gsub("%[%d+%]\n%$ *\n%s*$", "")
  for _ = 1, math.ceil((#"$ " + #line) / width) do
    shown = shown:gsub("^[^\n]*\n", "", 1)
  end
  return shown
end

--- Runs the whole page.
-- @treturn {string,...} what the screen showed behind each command
local function play(width)
  local terminal = terminals.open {
    width = width,
    height = 50,
    environment = {
      HOME = home,
      PROMPT_COMMAND = 'echo "[$?]"',
      DATAFOREST_LUA = LUA,
      DATAFOREST_BASE_URL = server.base_url,
      DATAFOREST_CA_FILE = server.ca_file,
      PATH = home .. "/.local/bin:" .. os.getenv "PATH",
    },
  }
  local ok, result = pcall(function()
    local screens = {}
    for number, command in ipairs(commands()) do
      terminal:press "C-l"
      terminal:wait_for "^%$ *\n%s*$"
      terminal:type(command.line)
      for _, line in ipairs(command.shown) do
        local question, reply = reply_to(line)
        if question then
          terminal:wait_for("\n" .. question:gsub("[%(%)]", "%%%0") .. "[^\n]* *\n%s*$", 60)
          terminal:type(reply)
        end
      end
      local screen = terminal:wait_for("\n%[%d+%]\n%$ *\n%s*$", 90)
      local status = screen:match "\n%[(%d+)%]\n%$ *\n%s*$"
      screens[number] =
        { text = shown_behind(screen, command.line, width), status = status, command = command }
    end
    return screens
  end)
  terminal:close()
  if not ok then
    error(result, 0)
  end
  return result
end

local in_terminal = servers.has "tmux" and it or pending

describe("the first session #full", function()
  setup(function()
    server = servers.start { creation_delay = 3, app_delay = 3, seed = 7 }
  end)

  teardown(function()
    server:stop()
  end)

  before_each(function()
    -- The page shows how lines of a certain length break, whatever TMPDIR is.
    home = servers.output_of("mktemp -d /tmp/tmp.XXXXXXXXXX"):gsub("\n", "")
    server:reset()
  end)

  after_each(function()
    files.remove(home)
  end)

  in_terminal("goes in 80 columns as the page shows it", function()
    for _, screen in ipairs(play(80)) do
      local wanted = table.concat(screen.command.shown, "\n") .. "\n"
      assert.are.equal("0", screen.status, screen.command.line .. "\n" .. screen.text)
      assert.is_true(
        docs.matches(screen.text, wanted),
        ("%s showed\n%s\nand not\n%s"):format(screen.command.line, screen.text, wanted)
      )
    end
  end)

  in_terminal("uses the room of 120 columns", function()
    local all = {}
    for _, screen in ipairs(play(120)) do
      assert.are.equal("0", screen.status, screen.command.line .. "\n" .. screen.text)
      for line in screen.text:gmatch "[^\n]+" do
        assert.is_true(text.width(line) <= 120, line)
        all[#all + 1] = line
      end
    end
    all = table.concat(all, "\n")
    assert.matches("STARTED AT +LIFETIME SECONDS +DISABLED", all)
    assert.is_nil(all:find(PASSWORD, 1, true))
    assert.is_nil(all:find(server.secret_key, 1, true))
  end)
end)
