-- Lua 5.5 does not load a file that assigns to the first variable of a for loop. This looks for such lines on
-- any Lua, by the indentation that StyLua gives.

--- The lines that assign to the variable of a loop around them.
local function assignments(text)
  local found, around = {}, {} -- the lines that have begun something, from outermost
  local number = 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local indent, rest = line:match "^(%s*)(.*)$"
    while rest ~= "" and #around > 0 and #indent <= #around[#around].indent do
      around[#around] = nil
    end
    local declares = rest:find "^local " or rest:find "^for "
    local names = not declares and rest:match "^([%w_][%w_, ]-) = "
    if names and #around > 0 and not around[#around].is_table then
      for name in names:gmatch "[%w_]+" do
        for _, outer in ipairs(around) do
          if name == outer.variable then
            found[#found + 1] = number
          end
        end
      end
    end
    if rest ~= "" then
      around[#around + 1] =
        { indent = indent, variable = rest:match "^for ([%w_]+)", is_table = rest:find "{$" ~= nil }
    end
  end
  return found
end

describe("variables of loops", function()
  it("are seen where they are assigned to", function()
    assert.same(
      { 3, 5 },
      assignments [[
for name, value in pairs(t) do
  if value then
    name = 1
  end
  x, name = 2, 3
end
for i = 1, 2 do
  local i = i
  t.i = name
end]]
    )
  end)

  it("are assigned to nowhere", function()
    local pipe =
      assert(io.popen("find lua spec tools examples bench -name '*.lua' ! -name loop_variables_spec.lua"))
    local files = 0
    for path in pipe:lines() do
      files = files + 1
      local file = assert(io.open(path))
      local lines = assignments(file:read "*a")
      file:close()
      assert.equal("", table.concat(lines, " "), path .. " assigns to the variable of a loop")
    end
    pipe:close()
    assert.is_true(files > 100)
  end)
end)
