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

describe("docs/errors.md", function()
  it("has the kinds and the retries as the library has them (if not: make docs)", function()
    local text = read "docs/errors.md"
    assert.are.equal(require("tools.docs.tables").fill(text), text)
    for _, kind in ipairs(require("dataforest.errors").kinds) do
      assert.is_truthy(text:find("\n| `" .. kind.name .. "` | ", 1, true))
    end
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
