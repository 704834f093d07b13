-- What is made from the doc comments and from operations.lua, and the linter that keeps them whole.

local types = require "tools.types"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function load_text(text, name)
  return (rawget(_G, "loadstring") or load)(text, name)
end

describe("types/", function()
  local files = types.make()

  it("is what tools/types.lua makes (if not: make types)", function()
    local names = {}
    for name, text in pairs(files) do
      names[#names + 1] = name
      -- Not assert.are.equal: a whole file twice is no readable failure.
      assert.is_true(read("types/" .. name) == text, "types/" .. name .. " is not up to date: make types")
    end
    assert.are.equal(6, #names)
  end)

  it("is Lua that says nothing of its own when it is loaded", function()
    for name, text in pairs(files) do
      assert.is_function(load_text(text, name))
    end
  end)

  it("defines every class that it names, once", function()
    local text = files["dataforest.lua"]
    local defined = {}
    for class in text:gmatch "%-%-%-@class (dataforest[%w_.]*)" do
      assert.is_nil(defined[class], class .. " is defined twice")
      defined[class] = true
    end
    local named = 0
    for line in text:gmatch "[^\n]+" do
      -- Types stand in front of the words of a tag.
      local kind = line:match "^%-%-%-@field %S+ (.*)" or line:match "^%-%-%-@param %S+ (.*)"
      kind = kind or line:match "^%-%-%-@return (.*)"
      for class in (kind or ""):gmatch "%f[%w]dataforest%.%u%w*" do
        named = named + 1
        assert.is_true(defined[class], class .. " is not defined")
      end
    end
    assert.is_true(named > 200)
  end)

  it("has a method for each operation, and a class for its parameters and its answer", function()
    local operations = require "dataforest.operations"
    local text = files["dataforest.lua"]
    for _, operation in ipairs(operations.list) do
      local method = ("function %s:%s("):format(operation.group, operation.method)
      assert.is_truthy(text:find(method, 1, true), method .. " is missing")
      if type(operation.result) == "table" then
        local class = "---@class dataforest." .. operation.result.object .. "\n"
        assert.is_truthy(text:find(class, 1, true), class .. " is missing")
      end
      for _, param in ipairs(operation.params) do
        assert.is_truthy(text:find("\n---@field " .. param.name .. "[? ]"))
      end
    end
  end)
end)

describe("the pages of operations", function()
  local cli = require "spec.support.cli"
  local commands = require "dataforest.cli.commands"
  local describe_of = require "tools.docs.describe"
  local json = require "dataforest.emulator.json"
  local shown = 0

  for _, group in ipairs(commands.tree().commands) do
    for _, command in ipairs(group.commands or {}) do
      local operation = command.operation
      if operation then
        shown = shown + 1
        it("show a command that works on the emulator that they show: " .. operation.id, function()
          local machine, words = cli.machine { seed = 1 }, {}
          local seed = describe_of.seed(operation)
          if seed then
            machine.emulator:load(json.decode(seed))
          end
          for word in command.examples[1][2]:gmatch "%S+" do
            words[#words + 1] = word
          end
          table.remove(words, 1)
          if operation.binary then
            words[#words] = "-"
          end
          local run = machine:run(words, { stdin = "Forest-7\n", answers = { "Forest-7", "Forest-7" } })
          assert.are.equal(0, run.code, run.err)
        end)
      end
    end
  end

  it("are one for each", function()
    assert.are.equal(24, shown)
  end)
end)

describe("links that leave the documentation", function()
  it("have the form of an address, with TLS", function()
    local listing = io.popen "ls *.md */*.md"
    local links = 0
    for path in listing:lines() do
      for address in read(path):gmatch "%]%((%a+:[^)]*)%)" do
        links = links + 1
        assert.matches("^https://[%w%-]+%.[%w.%-]+/?[%w%-._~/#?=&%%]*$", address, 1, false, path)
      end
    end
    listing:close()
    for _, operation in ipairs(require("dataforest.operations").list) do
      assert.matches("^https://[%w.%-]+/docs/[%w/%-]+$", operation.page)
    end
    assert.is_true(links > 3, links .. " links")
  end)
end)

describe("docs/errors.md", function()
  local text = read "docs/errors.md"

  it("has the kinds as the library has them", function()
    for _, kind in ipairs(require("dataforest.errors").kinds) do
      local row = ("\n| `%s` | %s |\n"):format(kind.name, (kind.when:gsub("|", "\\|")))
      assert.is_truthy(text:find(row, 1, true), "it should have" .. row)
    end
  end)

  --- What the policy says to an error: "yes", "no" or "once".
  local function answer(effect, err)
    local retry = require "dataforest.request.retry"
    local policy, history = { attempts = 9, base_delay = 0, max_delay = 0 }, {}
    local first = retry.pause_after(policy, effect, err, history)
    local again = retry.pause_after(policy, effect, err, history)
    return first and (again and "yes" or "once") or "no"
  end

  it("has the retries as the library has them", function()
    local checked = {}
    local function check(row, cells, err)
      checked[#checked + 1] = err.kind
      assert.are.same(cells, { answer("read", err), answer("idempotent", err), answer("once", err) }, row)
    end
    for row, read_cell, idempotent, once in text:gmatch "\n| (`[^|]*) | (%l+) | (%l+) | (%l+) |%f[\n]" do
      local cells, code = { read_cell, idempotent, once }, row:match "%(code (%d+)%)"
      local sent = row:find "perhaps sent" and true or (row:find "not sent" and false)
      for kind in row:gmatch "`(%l[%l_]*)`" do
        local statuses = 0
        for status in row:gsub("%b()", ""):gmatch "%d%d%d" do
          statuses = statuses + 1
          check(row, cells, { kind = kind, status = tonumber(status), code = code })
        end
        if statuses == 0 then
          check(row, cells, { kind = kind, sent = sent })
        end
      end
    end
    assert.are.equal(22, #checked)
  end)
end)

describe("tools/doc-lint.lua #full", function()
  local function lint(arguments)
    local pipe = io.popen(("lua5.4 tools/doc-lint.lua %s 2>&1; echo =$?"):format(arguments))
    local said = pipe:read "*a"
    pipe:close()
    return said:match "^(.-)=(%d+)\n$"
  end

  it("finds nothing in the public modules", function()
    assert.are.same({ "", "0" }, { lint "" })
  end)

  it("finds what is missing", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write [[
local faulty = {}

function faulty.bare() end

--- Is half done.
-- @tparam string a
-- @tparam string c
-- @oddity
function faulty.half(a, b)
  local f = function()
    return a
  end
  return b, f
end

--- Gives nothing back.
-- @treturn string
function faulty:empty()
  self.now = function()
    return 1
  end
end

--- Is as it should be.
-- @tparam string a
-- @treturn string
function faulty.fine(a)
  return a
end

function faulty:__tostring() end

return faulty
]]
    file:close()
    local said, status = lint(path)
    os.remove(path)
    local complaints = {}
    for line in said:gmatch "[^\n]+" do
      complaints[#complaints + 1] = line:match "^%S+ (.*)$"
    end
    assert.are.same({
      "faulty.bare has no doc comment",
      "faulty.half has no @tparam for b",
      "faulty.half has a @tparam for c, which is no parameter",
      "faulty.half returns something and has no @treturn",
      "faulty.half has the unknown tag @oddity",
      "faulty:empty has a @treturn and returns nothing",
    }, complaints)
    assert.are.equal("1", status)
  end)
end)
