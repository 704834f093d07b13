-- SECURITY.md: each promise names tests, and they exist.

local read = require "dataforest.util.read_file"

-- Files that `make test` runs, and what stands around the name of a case in them.
local KINDS = {
  { "^spec/[%w/_]+_spec%.lua$", { '"%s' } },
  { "^spec/[%w/_]+_test%.sh$", { '"%s' } },
  { "^spec/c/test_[%w_]+%.c$", { "(%s)", "(%s," } },
  { "^spec/embed/test_[%w_]+%.c$", { "(%s)", "(%s," } },
}

--- What is wrong with a reference to a test, or nil.
local function fault_of(path, case)
  for _, kind in ipairs(KINDS) do
    if path:find(kind[1]) then
      local text = read(path)
      if not text then
        return "there is no " .. path
      end
      for _, form in ipairs(kind[2]) do
        if text:find(form:format(case), 1, true) then
          return nil
        end
      end
      return ("%s has no case %q"):format(path, case)
    end
  end
  return path .. " is no test"
end

--- The faults of a text like SECURITY.md, and how many promises it makes.
local function faults_of(text)
  local faults, promises = {}, 0
  for line in text:gmatch "[^\n]+" do
    local promise, tests = line:match "^| (.-) | (.-) |"
    if promise and promise ~= "Promise" and promise ~= "---" then
      promises = promises + 1
      local named = 0
      for test in (tests .. "<br>"):gmatch "(.-)<br>" do
        local path, case = test:match "^`([^`]+)`: (.+)$"
        named = named + (path and 1 or 0)
        faults[#faults + 1] = path and fault_of(path, case)
      end
      if named == 0 then
        faults[#faults + 1] = "no test for: " .. promise
      end
    end
  end
  return faults, promises
end

describe("SECURITY.md", function()
  it("names tests that exist for each promise", function()
    local faults, promises = faults_of(read "SECURITY.md")
    assert.are.same({}, faults)
    assert.is_true(promises >= 15)
  end)

  it("would not get away with a promise without a test", function()
    local row = "| Nothing is lost. | %s | |\n"
    local function fault(tests)
      return faults_of(row:format(tests))[1]
    end
    assert.matches("no test for: Nothing is lost.", fault "", 1, true)
    assert.matches("no test for: Nothing is lost.", fault "we looked", 1, true)
    assert.matches("there is no spec/unit/absent", fault "`spec/unit/absent_spec.lua`: works", 1, true)
    assert.matches("has no case", fault "`spec/unit/security_spec.lua`: proves\127 it", 1, true)
    assert.matches("is no test", fault "`spec/support/server.lua`: works", 1, true)
    assert.is_nil(fault "`spec/unit/security_spec.lua`: names tests that exist")
    assert.is_nil(fault "`spec/c/test_file.c`: writes_through_a_fifo")
  end)
end)
