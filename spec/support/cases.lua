--- What the suites of cases (account_suite and others) are made with.

local assert = require "luassert"

local cases = {}

--- A suite: a list of cases, empty at first.
-- @treturn table
-- @treturn function adds a case: `case(name, run)`
-- @treturn function adds one for JSON and one for XML: `in_each_format(name, run)`, whose `run` gets a client
--   too
function cases.suite()
  local suite = {}
  local function case(name, run)
    suite[#suite + 1] = { name = name, run = run }
  end
  local function in_each_format(name, run)
    for _, format in ipairs { "json", "xml" } do
      case(("%s (%s)"):format(name, format), function(context)
        run(context, context.client { format = format }, format)
      end)
    end
  end
  return suite, case, in_each_format
end

--- Expects a call to have failed.
-- @tparam string kind of the error
-- @param value of the call
-- @param err of the call
function cases.assert_error(kind, value, err)
  assert.is_nil(value)
  assert.is_table(err)
  assert.are.equal(kind, err.kind, tostring(err))
end

return cases
