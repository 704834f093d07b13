-- Names that cannot be told: a table whose __tostring raises, wherever a name is expected.

local dataforest = require "dataforest"
local emulator_of = require "dataforest.emulator"
local errors = require "dataforest.errors"
local testing = require "dataforest.testing"

local ID = ("1"):rep(22)

local HOSTILE = {
  raises = function()
    error "from within"
  end,
  ["gives no text"] = function()
    return 5
  end,
}

-- Calls that return nil and an error, given a client and the name.
local RETURNED = {
  function(df, name)
    return df.accounts:get_list({}, { [name] = 1 })
  end,
  function(df, name)
    return df.accounts:get_list({}, { retry = { [name] = 1 } })
  end,
  function(df, name)
    return df.accounts:get_list({}, { headers = { [name] = "x" } })
  end,
  function(df, name)
    return df.accounts:get_detail { [name] = 1 }
  end,
  function(df, name)
    return df.accounts:get_detail { id = name }
  end,
  function(df, name)
    local components = { { [name] = 1 } }
    return df.apps:create { accountId = ID, name = "dev1", type = "DEV-1.0.0", components = components }
  end,
  function(df, name)
    return df.accounts:find { [name] = 1 }
  end,
  function(df, name)
    return df.accounts:ensure({ name = "df001", password = "Abcdef1!" }, { [name] = 1 })
  end,
  function(df, name)
    return df.accounts:wait(ID, "RUNNING", { [name] = 1 })
  end,
  function(df, name)
    return df.accounts:remove({ id = ID }, { [name] = 1 })
  end,
  function(df, name)
    return df:plan({ account = false }, { [name] = 1 })
  end,
  function(df, name)
    local account = { name = "df001", quotas = { [name] = 1 } }
    return df:plan { account = account, apps = { [name] = 1 }, [name] = 1 }
  end,
  function(df, name)
    return df:export { [name] = 1 }
  end,
  function(df, name)
    return df:call("accounts/getSomething", { [name] = 1 })
  end,
}

-- Misuse that raises at the caller.
local RAISED = {
  function(_, name)
    return dataforest.new { [name] = 1 }
  end,
  function(_, name)
    return dataforest.new { retry = { [name] = 1 } }
  end,
  function(_, name)
    return dataforest.new { headers = { [name] = "x" } }
  end,
  function(df, name)
    return df:map({ 1 }, print, { [name] = 1 })
  end,
  function(_, name)
    return emulator_of.new { [name] = 1 }
  end,
  function(_, name)
    return emulator_of.new():add_account { [name] = 1 }
  end,
  function(_, name)
    return emulator_of.new():fail_next { [name] = 1 }
  end,
}

describe("a name that cannot be told", function()
  for how, to_string in pairs(HOSTILE) do
    local name = setmetatable({}, { __tostring = to_string })

    it(("and %s is an error of kind argument"):format(how), function()
      local df = testing.client()
      for index, call in ipairs(RETURNED) do
        local ok, value, err = pcall(call, df, name)
        assert.is_true(ok, ("call %d raised"):format(index))
        assert.is_nil(value)
        assert.are.equal(errors.ARGUMENT, err.kind, ("call %d: %s"):format(index, tostring(err)))
      end
      for index, call in ipairs(RAISED) do
        local ok, message = pcall(call, df, name)
        assert.is_false(ok, ("misuse %d"):format(index))
        assert.are.equal("string", type(message))
        assert.is_nil(message:find("from within", 1, true), message)
        assert.truthy(message:find("dataforest", 1, true) or message:find("df:map", 1, true), message)
      end
    end)
  end
end)
