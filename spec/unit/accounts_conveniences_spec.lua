local emulated = require "spec.support.emulated"
local tables = require "dataforest.util.tables"

local PASSWORD = "Abcdef1!"
local SHELL = { shell = { memoryMb = 2048, cpuCount = 1, containerCount = 1 } }

local setup = emulated.pair

local function with_account(options, client_options)
  local df, emulator, events = setup(options, client_options)
  return df, emulator, emulator:add_account { name = "df001" }, events
end

local function add_app(df, account_id, name, more)
  local request =
    tables.copy({ accountId = account_id, name = name, type = "DEV-1.0.0", components = SHELL }, more)
  return assert(df.apps:create(request)).id
end

describe("accounts:each", function()
  it("goes through the entries, in JSON and XML", function()
    for _, format in ipairs { "json", "xml" } do
      local df, emulator, id = with_account(nil, { format = format })
      local seen = {}
      for account in assert(df.accounts:each()) do
        seen[#seen + 1] = account
      end
      assert.are.equal(1, #seen)
      assert.are.equal(id, seen[1].id)
      assert.are.equal("df001@KR.DF.NAVERNCP.COM", seen[1].principal)
      assert.is_false(seen[1].disabled)
      assert.are.equal("accounts/getList", emulated.called(emulator))
    end
  end)

  it("goes through nothing where there is nothing", function()
    local df = setup()
    for _ in df.accounts:each() do
      error "there is none"
    end
  end)

  it("gives no iterator but the error where the list fails, so that no loop runs over it", function()
    local df, emulator = with_account()
    emulator:fail_next { times = 2, status = 404 }
    local each, err = df.accounts:each()
    assert.is_nil(each)
    assert.are.equal("not_found", err.kind)
    assert.are.equal("accounts/getList", err.operation)
    local ok, raised = pcall(function()
      for _ in assert(df.accounts:each()) do
        error "not reached"
      end
    end)
    assert.is_false(ok)
    assert.matches("^accounts/getList: not_found", tostring(raised))
    emulator:fail_next { status = 404 }
    ok, raised = pcall(function()
      for _ in df.accounts:each() do
        error "not reached"
      end
    end)
    assert.is_false(ok)
    assert.is_nil(tostring(raised):find("not reached", 1, true))
  end)

  it("takes options of the call", function()
    local df, emulator = with_account()
    assert.is_function(df.accounts:each(nil, { format = "xml" }))
    assert.are.equal("xml", emulator.calls[1].format)
    local each, err = df.accounts:each({}, { tiemout = 1 })
    assert.is_nil(each)
    assert.are.equal("argument", err.kind)
  end)
end)

describe("accounts:find", function()
  it("finds an account by its name", function()
    for _, format in ipairs { "json", "xml" } do
      local df, _, id = with_account(nil, { format = format })
      assert.are.equal(id, df.accounts:find("df001").id)
      assert.are.equal(id, df.accounts:find({ name = "df001" }).id)
    end
  end)

  it("says what is not there", function()
    local df = with_account()
    local account, err = df.accounts:find "df00"
    assert.is_nil(account)
    assert.are.equal("not_found", err.kind)
    assert.are.equal("accounts/getList: not_found: there is no account named df00", tostring(err))
    account, err = setup().accounts:find "df001"
    assert.is_nil(account)
    assert.are.equal("not_found", err.kind)
    local ok, raised = pcall(function()
      return assert(df.accounts:find "df00")
    end)
    assert.is_false(ok)
    assert.matches("no account named df00", tostring(raised), 1, true)
  end)

  it("gives nil and the error where the list fails", function()
    local df, emulator = with_account()
    emulator:fail_next { kind = "network", sent = true, times = 3 }
    local account, err = df.accounts:find "df001"
    assert.is_nil(account)
    assert.are.equal("network", err.kind)
  end)

  it("does not say no on a list that is not whole", function()
    local df, emulator, id = with_account()
    local part = { success = true, total = 30, contents = { { id = id, name = "df001" } } }
    emulator:fail_next { body = part, times = 2 }
    assert.are.equal(id, df.accounts:find("df001").id)
    local account, err = df.accounts:find "df002"
    assert.is_nil(account)
    assert.are.equal("protocol", err.kind)
    assert.matches("df002 is not among the 1 of 30 entries", err.message, 1, true)
  end)

  it("wants a name", function()
    local df, emulator = with_account()
    for field, params in pairs { name = {}, nmae = { nmae = "df001" } } do
      local account, err = df.accounts:find(params)
      assert.is_nil(account)
      assert.are.equal("argument", err.kind)
      assert.are.equal(field, err.field)
    end
    for _, params in ipairs { "", 7, { name = 7 }, true } do
      local _, err = df.accounts:find(params)
      assert.are.equal("argument", err.kind)
    end
    local _, err = df.accounts:find(nil)
    assert.are.equal("argument", err.kind)
    assert.are.equal(0, #emulator.calls)
  end)
end)

describe("accounts:set_quota", function()
  it("changes nothing of the operation where merge is not asked for", function()
    local df, emulator, id = with_account()
    assert.are.same(
      { id = id },
      df.accounts:set_quota { id = id, namespace = "tata", fileCountMillion = 2, spaceTb = 300 }
    )
    assert.are.equal("accounts/setQuota", emulated.called(emulator))
    for _, merge in ipairs { "left out", false } do
      local value, err = df.accounts:set_quota {
        id = id,
        namespace = "tata",
        spaceTb = 300,
        merge = merge ~= "left out" and merge or nil,
      }
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.are.equal("fileCountMillion", err.field)
    end
    local value, err = df.accounts:set_quota(id)
    assert.is_nil(value)
    assert.are.equal("argument", err.kind)
    assert.are.equal(1, #emulator.calls)
  end)

  it("keeps what is left out, of that namespace, where merge is asked for", function()
    for _, format in ipairs { "json", "xml" } do
      local df, emulator = setup(nil, { format = format })
      local id = emulator:add_account {
        name = "df001",
        quotas = {
          koya = { fileCountMillion = 4, spaceTb = 500 },
          tata = { fileCountMillion = 2, spaceTb = 300 },
        },
      }
      local params = { id = id, namespace = "tata", spaceTb = 400, merge = true }
      assert.are.same({ id = id }, df.accounts:set_quota(params))
      assert.is_true(params.merge)
      assert.is_nil(params.fileCountMillion)
      assert.are.same({
        { namespace = "koya", fileCountMillion = 4, spaceTb = 500 },
        { namespace = "tata", fileCountMillion = 2, spaceTb = 400 },
      }, emulator:dump().accounts[1].quotas)
      assert(df.accounts:set_quota { id = id, namespace = "koya", fileCountMillion = 1, merge = true })
      assert.are.same(
        { namespace = "koya", fileCountMillion = 1, spaceTb = 500 },
        emulator:dump().accounts[1].quotas[1]
      )
    end
  end)

  it("does not ask where nothing is left out", function()
    local df, emulator, id = with_account()
    assert(df.accounts:set_quota {
      id = id,
      namespace = "tata",
      fileCountMillion = 2,
      spaceTb = 300,
      merge = true,
    })
    assert.are.equal("accounts/setQuota", emulated.called(emulator))
  end)

  it("reports what goes wrong", function()
    local df, emulator, id = with_account()
    local function fails(kind, field, params, options)
      local value, err = df.accounts:set_quota(params, options)
      assert.is_nil(value)
      assert.are.equal(kind, err.kind)
      assert.are.equal(field, err.field)
    end
    fails("argument", "merge", { id = id, namespace = "tata", spaceTb = 300, merge = "yes" })
    fails(
      "argument",
      "namespace",
      { id = id, namespace = "data", spaceTb = 300, fileCountMillion = 1, merge = true }
    )
    fails("argument", "spaceTb", { id = id, namespace = "tata", spaceTb = 350, merge = true })
    fails("argument", "id", { namespace = "tata", spaceTb = 300, merge = true })
    fails(
      "argument",
      "tiemout",
      { id = id, namespace = "tata", spaceTb = 300, merge = true },
      { tiemout = 1 }
    )
    fails("forbidden", nil, { id = "nosuchaccount", namespace = "tata", spaceTb = 300, merge = true })
    assert.are.equal(0, emulated.count(emulator, "accounts/setQuota"))
    emulator:fail_next { operation = "accounts/getDetail", delay = 7 }
    fails("timeout", nil, { id = id, namespace = "tata", spaceTb = 300, merge = true }, { timeout = 5 })
    assert.are.equal(0, emulated.count(emulator, "accounts/setQuota"))
  end)
end)

describe("accounts:remove", function()
  it("removes an account without resources, and is done when it is gone", function()
    for _, format in ipairs { "json", "xml" } do
      for _, unknown_id in ipairs { 403, 404 } do
        local df, emulator, id = with_account(
          { deletion_delay = 60, unknown_id = unknown_id },
          { format = format }
        )
        local started = emulator:now()
        local value, err, removed = df.accounts:remove { id = id }
        assert.are.same({ id = id }, value)
        assert.is_nil(err)
        assert.is_true(removed)
        assert.are.same({}, emulator:dump().accounts)
        assert.is_true(emulator:now() - started >= 60)
        assert.are.equal(1, emulated.count(emulator, "accounts/delete"))
        assert.matches("^accounts/checkHasResource accounts/delete ", emulated.called(emulator))
      end
    end
  end)

  it("says that an account is not there, unless that is to be ignored", function()
    for _, unknown_id in ipairs { 403, 404 } do
      local df, emulator, id = with_account { unknown_id = unknown_id }
      assert(df.accounts:remove(id))
      local value, err, removed = df.accounts:remove(id)
      assert.is_nil(value)
      assert.are.equal("not_found", err.kind)
      assert.are.equal("accounts/delete", err.operation)
      assert.is_false(err.in_doubt)
      assert.is_nil(removed)
      value, err, removed = df.accounts:remove(id, { ignore_missing = true })
      assert.are.same({ id = id }, value)
      assert.is_nil(err)
      assert.is_false(removed)
      assert.are.equal(1, emulated.count(emulator, "accounts/delete"))
    end
  end)

  it("removes nothing that is given by its name, or by an id that lost a character", function()
    local df, emulator, id = with_account()
    local value, err = df.accounts:remove "df001"
    assert.is_nil(value)
    assert.are.equal("not_found", err.kind)
    assert.matches("there is no account with the id df001", err.message, 1, true)
    assert.matches("the account named df001 has the id " .. id, err.message, 1, true)
    value, err = df.accounts:remove(id:sub(1, -2))
    assert.is_nil(value)
    assert.are.equal("not_found", err.kind)
    assert.are.equal(1, #emulator:dump().accounts)
    assert.are.equal(0, emulated.count(emulator, "accounts/delete"))
  end)

  it("takes its options where version 0.1 had them, and not twice", function()
    local df, emulator, id = with_account { deletion_delay = 60 }
    add_app(df, id, "app001")
    local value, err = df.accounts:remove({ id = id, timeout = 1 }, { timeout = 900 })
    assert.is_nil(value)
    assert.are.equal("argument", err.kind)
    assert.are.equal("timeout", err.field)
    assert.matches("given twice", err.message, 1, true)
    local params = { id = id, force = true, timeout = 900 }
    assert(df.accounts:remove(params, { interval = 5 }))
    assert.are.same({ id = id, force = true, timeout = 900 }, params)
    assert.are.same({}, emulator:dump().accounts)
    assert(df.accounts:remove({ id = id, ignore_missing = true }))
  end)

  it("is in doubt where a delete was sent, and the time is over", function()
    local df, _, id = with_account { deletion_delay = 400 }
    local _, err = df.accounts:remove(id, { timeout = 100 })
    assert.are.equal("timeout", err.kind)
    assert.is_true(err.in_doubt)
    local emulator
    df, emulator, id = with_account()
    emulator:fail_next { operation = "accounts/checkHasResource", times = 99, status = 503 }
    _, err = df.accounts:remove(id, { timeout = 20 })
    assert.are.equal("timeout", err.kind)
    assert.is_false(err.in_doubt)
  end)

  it("looks where the response to its delete cannot be read", function()
    for _, when in ipairs { "before", "after" } do
      for _, deletion_delay in ipairs { 0, 20 } do
        local df, emulator, id = with_account { deletion_delay = deletion_delay }
        emulator:fail_next { operation = "accounts/delete", when = when, kind = "protocol", sent = true }
        local value, err, removed = df.accounts:remove(id)
        assert.are.same({ id = id }, value, tostring(err))
        assert.is_true(removed)
        assert.are.same({}, emulator:dump().accounts)
      end
    end
  end)

  it("does not take an account that is not allowed for one that is gone", function()
    local df, emulator = setup()
    local entry = { id = "notmine", name = "other", disabled = true }
    emulator:fail_next {
      operation = "accounts/getList",
      body = { success = true, total = 1, contents = { entry } },
    }
    local value, err = df.accounts:remove "notmine"
    assert.is_nil(value)
    assert.are.equal("forbidden", err.kind)
    assert.are.equal("accounts/checkHasResource", err.operation)
    assert.are.equal(0, emulated.count(emulator, "accounts/delete"))
  end)

  it("refuses one that has apps, naming them, before the delete is sent", function()
    local df, emulator, id = with_account()
    add_app(df, id, "app001")
    local second = add_app(df, id, "app002")
    assert(df.apps:stop(second))
    for _, force in ipairs { "left out", false } do
      local value, err = df.accounts:remove { id = id, force = force ~= "left out" and force or nil }
      assert.is_nil(value)
      assert.are.equal("refused", err.kind)
      assert.are.equal("accounts/delete", err.operation)
      assert.are.equal(
        "the account df001 still has apps: app001 (ACCEPTED), app002 (STOPPED); "
          .. "remove them first, or give the option force = true",
        err.message
      )
      assert.are.equal("apps: app001 (ACCEPTED), app002 (STOPPED)", err.details)
      assert.are.equal(2, #err.apps)
      assert.are.equal(second, err.apps[2].id)
    end
    assert.are.equal(0, emulated.count(emulator, "accounts/delete"))
    assert.are.equal(0, emulated.count(emulator, "apps/delete"))
    assert.are.equal(1, #emulator:dump().accounts)
  end)

  it("refuses one that has resources which are no apps, with force as well", function()
    for _, force in ipairs { true, false } do
      local df, emulator, id = with_account()
      emulator:fail_next {
        operation = "accounts/checkHasResource",
        body = { success = true, hasResource = true },
      }
      local value, err = df.accounts:remove { id = id, force = force }
      assert.is_nil(value)
      assert.are.equal("refused", err.kind)
      assert.matches("resources that are no apps", err.message, 1, true)
      assert.are.equal(0, emulated.count(emulator, "accounts/delete"))
    end
  end)

  it("deletes nothing where the response does not say whether there are resources", function()
    local df, emulator, id = with_account()
    emulator:fail_next { operation = "accounts/checkHasResource", body = { success = true } }
    local value, err = df.accounts:remove(id)
    assert.is_nil(value)
    assert.are.equal("protocol", err.kind)
    assert.are.equal(0, emulated.count(emulator, "accounts/delete"))
  end)

  it("removes the apps first with force, those that others depend on last", function()
    for _, strict in ipairs { false, true } do
      for _, format in ipairs { "json", "xml" } do
        local df, emulator, id = with_account({ strict = strict, deletion_delay = 5 }, { format = format })
        local zookeeper = assert(df.apps:create {
          accountId = id,
          name = "zk1",
          type = "ZOOKEEPER-3.4.13",
          defaults = true,
        }).id
        assert(df.apps:wait(zookeeper, "RUNNING"))
        assert(df.apps:create { accountId = id, name = "kafka", type = "KAFKA-2.4.0", defaults = true })
        -- Started again, the one that is needed comes first among the newest.
        assert(df.apps:stop(zookeeper))
        assert(df.apps:start(zookeeper))
        local value, err, removed = df.accounts:remove(id, { force = true })
        assert.are.same({ id = id }, value)
        assert.is_nil(err)
        assert.is_true(removed)
        assert.are.same({ accounts = {}, apps = {} }, emulator:dump())
        assert.are.equal(1, emulated.count(emulator, "accounts/delete"))
      end
    end
  end)

  it("passes on what stands in the way of removing an app", function()
    local df, emulator, id = with_account()
    add_app(df, id, "app001")
    emulator:fail_next { operation = "apps/delete", status = 400, body = { success = false, message = "no" } }
    local value, err = df.accounts:remove { id = id, force = true }
    assert.is_nil(value)
    assert.are.equal("invalid", err.kind)
    assert.are.equal("apps/delete", err.operation)
    assert.are.equal(1, #emulator:dump().accounts)
  end)

  it("gives up when the time is over, and can be called again", function()
    local df, emulator, id = with_account { deletion_delay = 400 }
    local started = emulator:now()
    local value, err = df.accounts:remove { id = id, timeout = 100 }
    assert.is_nil(value)
    assert.are.equal("timeout", err.kind)
    assert.are.equal("CHANGING", err.state)
    assert.are.equal(
      "the account "
        .. id
        .. " is CHANGING after 100 seconds, not gone; the option timeout makes the wait longer",
      err.message
    )
    assert.is_true(emulator:now() - started <= 100)
    value = assert(df.accounts:remove { id = id, timeout = 400 })
    assert.are.equal(id, value.id)
    assert.are.same({}, emulator:dump().accounts)
  end)

  it("ends with the account gone after any fault", function()
    local FAULTS = {
      { when = "after", kind = "network" },
      { when = "before", kind = "network", sent = true },
      { when = "before", kind = "network", sent = false, times = 4 },
      { when = "after", kind = "timeout" },
      { when = "before", kind = "timeout" },
      { when = "after", status = 503 },
      { when = "before", status = 503 },
      { when = "after", status = 500, times = 2 },
      { when = "before", status = 500, times = 2 },
      { when = "before", code = "410", times = 5 },
    }
    for _, operation in ipairs {
      "accounts/checkHasResource",
      "accounts/delete",
      "accounts/getDetail",
      "accounts/getList",
      "apps/getList",
      "apps/getDetail",
      "apps/stop",
      "apps/delete",
    } do
      for _, fault in ipairs(FAULTS) do
        for _, deletion_delay in ipairs { 0, 20 } do
          local df, emulator, id = with_account { deletion_delay = deletion_delay }
          add_app(df, id, "app001")
          local order = tables.copy({ operation = operation }, fault)
          emulator:fail_next(order)
          local value, err, removed = df.accounts:remove(id, { force = true })
          assert.are.same({ id = id }, value, operation .. " " .. tostring(err))
          assert.is_true(removed)
          assert.are.same({ accounts = {}, apps = {} }, emulator:dump())
        end
      end
    end
  end)

  it("tells each look to on_event", function()
    local df, _, id, events = with_account { deletion_delay = 5 }
    assert(df.accounts:remove(id))
    local looks = {}
    for _, event in ipairs(events) do
      if event.name == "wait" then
        looks[#looks + 1] = event
      end
    end
    assert.is_true(#looks >= 2)
    assert.are.equal("CHANGING", looks[1].state)
    assert.are.equal("gone", looks[1].wanted)
    assert.are.equal(id, looks[1].id)
    assert.is_nil(looks[#looks].pause)
  end)

  it("refuses what it does not understand, before anything is sent", function()
    local df, emulator, id = with_account()
    local CASES = {
      { "id", {} },
      { "id", { id = 7 } },
      { "id", "" },
      { "id", "not-base62" },
      { "id", 7 },
      { "force", { id = id, force = "yes" } },
      { "froce", { id = id, froce = true } },
      { "timeout", { id = id, timeout = -1 } },
      { "options", id, 7 },
      { "tiemout", id, { tiemout = 7 } },
    }
    for _, case in ipairs(CASES) do
      local value, err = df.accounts:remove(case[2], case[3])
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.are.equal(case[1], err.field)
    end
    assert.are.equal(0, #emulator.calls)
  end)

  it("leaves delete itself the one operation", function()
    local df, emulator, id = with_account()
    add_app(df, id, "app001")
    local value, err = df.accounts:delete(id)
    assert.is_nil(value)
    assert.are.equal("invalid", err.kind)
    assert.are.equal("apps/create accounts/delete", emulated.called(emulator))
  end)
end)

describe("an account from its beginning to its end", function()
  it("is ensured, waited for, changed and removed", function()
    local df, emulator = setup()
    local account, err, created = df.accounts:ensure { name = "df001", password = PASSWORD }
    assert.is_nil(err)
    assert.is_true(created)
    assert.are.equal("RUNNING", assert(df.accounts:wait(account.id, "RUNNING")).status)
    assert(df.accounts:set_quota({ id = account.id, namespace = "koya", spaceTb = 300 }, { merge = true }))
    assert(df.accounts:remove(account.id))
    assert.is_nil(df.accounts:find "df001")
    assert.are.same({}, emulator:dump().accounts)
  end)
end)
