local emulated = require "spec.support.emulated"
local tables = require "dataforest.util.tables"

local NAME, PASSWORD = "df001", "Abcdef1!"

local setup = emulated.pair

local function ensure(df, options)
  return df.accounts:ensure({ name = NAME, password = PASSWORD }, options)
end

--- The one account that there must be.
local function the_account(emulator)
  local accounts = emulator:dump().accounts
  assert.are.equal(1, #accounts)
  assert.are.equal(NAME, accounts[1].name)
  return accounts[1]
end

local function shows_no_password(value, seen)
  seen = seen or {}
  if type(value) == "string" then
    assert.is_nil(value:find(PASSWORD, 1, true))
  elseif type(value) == "table" and not seen[value] then
    seen[value] = true
    for key, member in pairs(value) do
      shows_no_password(key, seen)
      shows_no_password(member, seen)
    end
  end
end

describe("ensure", function()
  it("creates the account where there is none, and finds it the next time", function()
    local df, emulator = setup()
    local account, _, created = ensure(df)
    assert.is_true(created)
    assert.are.equal(the_account(emulator).id, account.id)
    assert.are.equal(NAME, account.name)
    assert.are.equal("ACCEPTED", account.status)
    assert.are.equal("accounts/getList accounts/create accounts/getList", emulated.called(emulator))
    local again
    again, _, created = ensure(df)
    assert.is_false(created)
    assert.are.equal(account.id, again.id)
    assert.are.equal(1, emulated.count(emulator, "accounts/create"))
  end)

  it("does the same in XML", function()
    local df, emulator = setup(nil, { format = "xml" })
    local account, _, created = ensure(df)
    assert.is_true(created)
    assert.are.equal(the_account(emulator).id, account.id)
    account, _, created = ensure(df)
    assert.is_false(created)
    assert.are.equal(the_account(emulator).id, account.id)
  end)

  it("checks name and password before anything is sent", function()
    local df, emulator = setup()
    local CASES = {
      { { password = PASSWORD }, "name" },
      { { name = NAME }, "password" },
      { { name = "DF", password = PASSWORD }, "name" },
      { { name = NAME, password = "short" }, "password" },
      { { name = NAME, password = PASSWORD, quota = 1 }, "quota" },
      { nil, "name" },
      { NAME, nil },
      { { name = NAME, password = PASSWORD }, "tiemout", { tiemout = 1 } },
      { { name = NAME, password = PASSWORD }, "options", "30" },
    }
    for index = 1, 9 do
      local case = CASES[index]
      local account, err = df.accounts:ensure(case[1], case[3])
      assert.is_nil(account)
      assert.are.equal("argument", err.kind)
      assert.are.equal(case[2], err.field)
      shows_no_password(err)
    end
    assert.are.equal(0, #emulator.calls)
  end)

  it("names the other account where the user has one", function()
    for _, second_account in ipairs { 200, 400 } do
      local df, emulator = setup { second_account = second_account }
      emulator:add_account { name = "cloud1" }
      local account, err = ensure(df)
      assert.is_nil(account)
      assert.are.equal("refused", err.kind)
      assert.matches("there is another account: cloud1", err.message, 1, true)
      assert.are.equal(1, #emulator:dump().accounts)
      assert.are.equal("cloud1", emulator:dump().accounts[1].name)
      shows_no_password(err)
    end
  end)

  it("does not blame another account for a limit on calls", function()
    local df, emulator = setup()
    emulator:add_account { name = "cloud1" }
    emulator:fail_next { operation = "accounts/create", code = "400", status = 429 }
    local account, err = ensure(df)
    assert.is_nil(account)
    assert.are.equal("quota", err.kind)
    assert.is_nil(err.message:find("cloud1", 1, true))
  end)

  it("does not take another user's account for its own", function()
    local df, emulator = setup { keys = { OTHER = "secret-of-the-other" }, strict = true }
    emulator:add_account { name = NAME, access_key = "OTHER" }
    local account, err = ensure(df)
    assert.is_nil(account)
    assert.are.equal("invalid", err.kind)
    assert.matches("already in use", err.message, 1, true)
  end)

  it("says so where the account is there, and these keys have no permission on it", function()
    local df, emulator = setup()
    emulator:fail_next {
      operation = "accounts/getList",
      body = { success = true, total = 1, contents = { { id = "x", name = NAME, disabled = true } } },
    }
    local account, err = ensure(df)
    assert.is_nil(account)
    assert.are.equal("forbidden", err.kind)
    assert.matches("an account named df001 exists", err.message, 1, true)
    assert.are.equal(0, emulated.count(emulator, "accounts/create"))
  end)

  it("gives id and name of a new account that cannot be listed", function()
    local df, emulator = setup()
    emulator:fail_next { operation = "accounts/getList", skip = 1, times = 3, status = 503 }
    local account, _, created = ensure(df)
    assert.is_true(created)
    assert.are.same({ id = the_account(emulator).id, name = NAME }, account)
  end)
end)

describe("ensure, when something fails on the way,", function()
  -- Each fault strikes accounts/create; `created` is what the second value must be.
  local FAULTS = {
    { "a response lost after the account was made", { when = "after", kind = "network" }, true },
    { "a connection reset before it was made", { kind = "network", sent = true }, true },
    { "a connection that was refused", { kind = "network", sent = false }, true },
    { "a timeout after it was made", { when = "after", kind = "timeout" }, true },
    { "a timeout before it was made", { kind = "timeout" }, true },
    { "a response that comes too late", { when = "after", delay = 40 }, true },
    { "503 before", { status = 503 }, true },
    { "503 after", { when = "after", status = 503 }, true },
    { "500 before", { status = 500 }, true },
    { "500 after", { when = "after", status = 500 }, true },
    { "504 after", { when = "after", status = 504 }, true },
    { "throttling", { code = "410" }, true },
    { "a truncated response", { when = "after", kind = "protocol" }, true },
    { "a truncated response before it was made", { kind = "protocol" }, true },
    { "a handshake that went wrong", { kind = "tls" }, true },
    { "a response of somebody else", { body = "<html>log in</html>" }, true },
    { "a response that is no JSON", { when = "after", body = "<html>oops</html>" }, true },
    { "a response that names no account", { when = "after", body = { success = true } }, true },
    { "a response that is empty", { when = "after", body = "" }, true },
  }

  for _, case in ipairs(FAULTS) do
    local what, fault, expected = case[1], case[2], case[3]
    for _, format in ipairs { "json", "xml" } do
      it(("ends with one account and its id after %s, once (%s)"):format(what, format), function()
        local df, emulator, events = setup(nil, { format = format })
        local order = tables.copy({ operation = "accounts/create" }, fault)
        emulator:fail_next(order)
        local account, _, created = ensure(df)
        assert.are.equal(the_account(emulator).id, account.id)
        assert.are.equal(expected, created)
        shows_no_password(events)
        shows_no_password(emulator.calls)
      end)
    end

    it(("ends with one account and its id after %s, twice"):format(what), function()
      local df, emulator = setup(nil, { timeout = 10 })
      local order = tables.copy({ operation = "accounts/create", times = 2 }, fault)
      emulator:fail_next(order)
      local account, err = ensure(df)
      if account then
        assert.are.equal(the_account(emulator).id, account.id)
      else
        -- Then the next call must put it right.
        assert.is_true(#emulator:dump().accounts <= 1)
        account = ensure(df)
        assert.are.equal(the_account(emulator).id, account.id)
        shows_no_password(err)
      end
    end)

    it(("leaves at most one account after %s, always, and can be called again"):format(what), function()
      local df, emulator = setup(nil, { timeout = 10 })
      local order = tables.copy({ operation = "accounts/create", times = 50 }, fault)
      emulator:fail_next(order)
      local account, err = ensure(df)
      assert.is_true(#emulator:dump().accounts <= 1)
      if fault.when == "after" then
        assert.are.equal(the_account(emulator).id, account.id)
      else
        assert.is_nil(account)
        assert.are.equal("accounts/create", err.operation)
        shows_no_password(err)
      end
      emulator.faults.list = {}
      account = assert(ensure(df))
      assert.are.equal(the_account(emulator).id, account.id)
    end)
  end

  it("looks on after a lost response where the first look fails as well", function()
    local df, emulator = setup()
    emulator:fail_next { operation = "accounts/create", when = "after", kind = "network" }
    emulator:fail_next { operation = "accounts/getList", skip = 1, times = 3, kind = "network" }
    local account, _, created = ensure(df)
    assert.are.equal(the_account(emulator).id, account.id)
    assert.is_true(created)
    assert.are.equal(1, emulated.count(emulator, "accounts/create"))
  end)

  it("sends nothing but looks where the first look fails", function()
    local df, emulator = setup()
    emulator:fail_next { operation = "accounts/getList", times = 3, status = 503 }
    local account, err = ensure(df)
    assert.is_nil(account)
    assert.are.equal("server", err.kind)
    assert.are.equal(0, emulated.count(emulator, "accounts/create"))
    assert.are.equal(0, #emulator:dump().accounts)
  end)

  it("does not go on where the keys are wrong", function()
    local df, emulator = setup(nil, { secret_key = "another" })
    local account, err = ensure(df)
    assert.is_nil(account)
    assert.are.equal("auth", err.kind)
    assert.are.equal(1, #emulator.calls)
    emulator = emulated.emulator()
    df = emulated.client(emulator)
    emulator:fail_next { operation = "accounts/create", code = "200" }
    account, err = ensure(df)
    assert.is_nil(account)
    assert.are.equal("auth", err.kind)
    assert.are.equal("accounts/getList accounts/create", emulated.called(emulator))
  end)

  it("does not quote the password where the service does", function()
    local df, emulator = setup(nil, { retry = false })
    emulator:fail_next {
      operation = "accounts/create",
      status = 400,
      body = { success = false, message = ("invalid request parameter (password, '%s')"):format(PASSWORD) },
    }
    local account, err = ensure(df)
    assert.is_nil(account)
    assert.are.equal("invalid", err.kind)
    assert.matches("[redacted]", err.message, 1, true)
    shows_no_password(err)
  end)

  it("keeps to its timeout, and keeps time for a look", function()
    local df, emulator = setup { latency = 0 }
    emulator:fail_next { operation = "accounts/create", when = "after", delay = 1000 }
    local started = emulator:now()
    local account, _, created = ensure(df, { timeout = 8 })
    assert.are.equal(the_account(emulator).id, account.id)
    assert.is_true(created)
    assert.is_true(emulator:now() - started <= 8)

    df, emulator = setup { latency = 5 }
    started = emulator:now()
    local err
    account, err = ensure(df, { timeout = 7 })
    assert.is_nil(account)
    assert.are.equal("timeout", err.kind)
    assert.is_true(emulator:now() - started <= 7)
    assert.is_true(#emulator:dump().accounts <= 1)
  end)

  it("tries a create once where retries are turned off, and looks all the same", function()
    local df, emulator = setup(nil, { retry = false })
    emulator:fail_next { operation = "accounts/create", when = "after", kind = "network" }
    local account, _, created = ensure(df)
    assert.are.equal(the_account(emulator).id, account.id)
    assert.is_true(created)

    df, emulator = setup()
    emulator:fail_next { operation = "accounts/create", times = 9, status = 503 }
    local err
    account, err = ensure(df, { retry = false })
    assert.is_nil(account)
    assert.are.equal("server", err.kind)
    assert.are.equal(1, emulated.count(emulator, "accounts/create"))
  end)
end)

describe("ensure, called at once by two,", function()
  --- A transport that lets the others run before and after each request.
  local function yielding(emulator)
    local inner = emulator:transport()
    return {
      send = function(_, request)
        coroutine.yield()
        local response, err = inner:send(request)
        coroutine.yield()
        return response, err
      end,
      sleep = function(_, seconds)
        inner:sleep(seconds)
        coroutine.yield()
      end,
      now = function()
        return inner:now()
      end,
      monotonic = function()
        return inner:monotonic()
      end,
    }
  end

  --- Runs both callers by turns, as `order` says; then each to its end.
  local function race(emulator, order)
    local df = emulated.client(emulator, { transport = yielding(emulator) })
    local threads, results = {}, {}
    for index = 1, 2 do
      threads[index] = coroutine.create(function()
        local account, _, created = ensure(df)
        results[index] = { account = account, created = created }
      end)
    end
    for turn = 1, 200 do
      local index = order[(turn - 1) % #order + 1]
      if coroutine.status(threads[index]) == "dead" then
        index = 3 - index
      end
      if coroutine.status(threads[index]) == "dead" then
        break
      end
      assert(coroutine.resume(threads[index]))
    end
    return results
  end

  for _, order in ipairs { { 1, 2 }, { 2, 1 }, { 1, 1, 2 }, { 1, 2, 2, 1 }, { 1, 2, 1, 1, 1, 2 } } do
    it("gives both the same account: turns " .. table.concat(order), function()
      for _, second_account in ipairs { 200, 400 } do
        local emulator = emulated.emulator { second_account = second_account }
        local results = race(emulator, order)
        local id = the_account(emulator).id
        assert.are.equal(id, results[1].account.id)
        assert.are.equal(id, results[2].account.id)
        assert.is_true(results[1].created ~= results[2].created)
      end
    end)

    it("gives both the same account where a response is lost: turns " .. table.concat(order), function()
      for skip = 0, 1 do
        for _, when in ipairs { "before", "after" } do
          local emulator = emulated.emulator()
          emulator:fail_next {
            operation = "accounts/create",
            skip = skip,
            when = when,
            kind = "network",
            sent = true,
          }
          local results = race(emulator, order)
          local id = the_account(emulator).id
          assert.are.equal(id, results[1].account.id)
          assert.are.equal(id, results[2].account.id)
          assert.is_true(results[1].created or results[2].created)
        end
      end
    end)
  end
end)
