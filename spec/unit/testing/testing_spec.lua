local dataforest = require "dataforest"
local testing = require "dataforest.testing"

local function message_of(assertion)
  local ok, raised = pcall(assertion)
  assert.is_false(ok)
  return type(raised) == "table" and tostring(raised.message or raised) or raised
end

describe("testing.client", function()
  it("gives a client on an emulator", function()
    local df, emulator = testing.client()
    assert.are.same({ total = 0, contents = {} }, df.accounts:get_list())
    assert.called_operation(emulator, "accounts/getList")
  end)

  it("passes options to both", function()
    local df, emulator = testing.client { format = "xml", emulator = { creation_delay = 0 } }
    local made = assert(df.accounts:create { name = "df001", password = "Forest-7x" })
    assert.are.equal("RUNNING", df.accounts:get_detail(made.id).status)
    assert.are.equal("xml", emulator.calls[1].format)
  end)

  it("reads no environment", function()
    local getenv = os.getenv
    os.getenv = function() -- luacheck: ignore
      return "\n"
    end
    local made, df = pcall(testing.client)
    local other = pcall(dataforest.new, { access_key = "a", secret_key = "b" })
    os.getenv = getenv -- luacheck: ignore
    assert.is_true(made)
    assert.is_table(df.accounts:get_list())
    assert.is_false(other) -- which does read it
  end)

  it("takes no time over retries, and a clock that is moved", function()
    local df, emulator = testing.client()
    local made = assert(df.accounts:create { name = "df001", password = "Forest-7x" })
    assert.are.equal("ACCEPTED", df.accounts:get_detail(made.id).status)
    emulator:advance(180)
    assert.are.equal("RUNNING", df.accounts:get_detail(made.id).status)
    local before = dataforest.time "2026-01-01T00:00:00Z" and os.time()
    emulator:fail_next { code = "410", times = 2, headers = { ["retry-after"] = "9" } }
    assert.is_table(df.accounts:get_list())
    assert.is_true(os.time() - before < 5)
  end)
end)

describe("the assertions", function()
  it("know errors and their kinds", function()
    local df, emulator = testing.client { retry = false }
    emulator:fail_next { code = "410" }
    local _, err = df.accounts:get_list()
    assert.is_dataforest_error("throttled", err)
    assert.is_dataforest_error(err)
    assert.is_not_dataforest_error("server", err)
    assert.is_not_dataforest_error("throttled", { kind = "throttled" })
    assert.is_not_dataforest_error("throttled", nil)
    local message = message_of(function()
      assert.is_dataforest_error("server", err)
    end)
    assert.matches("expected a dataforest error of kind server, got " .. tostring(err), message, 1, true)
  end)

  it("know which operations were called, how often and with what", function()
    local df, emulator = testing.client()
    df.accounts:check_available_name "df001"
    df.accounts:create { name = "df001", password = "Forest-7x" }
    df.accounts:get_list()
    df.accounts:get_list()
    assert.called_operation(emulator, "accounts/create")
    assert.called_operation(emulator, "accounts/create", { name = "df001" })
    assert.called_operation(emulator, "accounts/getList", 2)
    assert.is_not_called_operation(emulator, "accounts/getList", 1)
    assert.is_not_called_operation(emulator, "accounts/delete")
    assert.is_not_called_operation(emulator, "accounts/create", { name = "df002" })
    local message = message_of(function()
      assert.called_operation(emulator, "accounts/delete")
    end)
    local seen = "accounts/checkAvailableName, accounts/create, accounts/getList, accounts/getList"
    assert.matches("expected a call of accounts/delete, got 0 among: " .. seen, message, 1, true)
  end)

  it("count the calls that the emulator no longer holds", function()
    local df, emulator = testing.client()
    df.accounts:check_available_name "df001"
    for _ = 1, 2100 do
      assert(df.accounts:get_list())
    end
    assert.is_true(#emulator.calls < 2000)
    assert.called_operation(emulator, "accounts/getList", 2100)
    assert.called_operation(emulator, "accounts/checkAvailableName")
    assert.is_not_called_operation(emulator, "accounts/getDetail")
    emulator.calls = {}
    assert.called_operation(emulator, "accounts/getList", 0)
    emulator:reset()
    assert.is_not_called_operation(emulator, "accounts/getList")
  end)

  it("say which argument is wrong, and pass for none of them", function()
    local df, emulator = testing.client()
    local _, err = df.accounts:get_detail "unknown"
    for _, case in ipairs {
      { "called_operation", { df, "accounts/getList" }, "the first argument must be an emulator" },
      { "called_operation", { nil, "accounts/getList" }, "the first argument must be an emulator" },
      { "called_operation", { emulator, "accounts/getlist" }, "did you mean accounts/getList?" },
      { "called_operation", { emulator }, "the second argument must name an operation" },
      { "called_operation", { emulator, "accounts/getList", "2" }, "the third argument must be a number" },
      { "called_operation", { emulator, "accounts/getList", 1.5 }, "the third argument must be a number" },
      { "dataforest_error", { "not_fuond", err }, "did you mean not_found?" },
      { "dataforest_error", { err, "not_found" }, "must be a kind of error" },
    } do
      for _, name in ipairs { "is_" .. case[1], "is_not_" .. case[1] } do
        local message = message_of(function()
          assert[name]((unpack or table.unpack)(case[2], 1, 3)) -- luacheck: ignore
        end)
        assert.matches(case[3], tostring(message), 1, true)
      end
    end
  end)
end)
