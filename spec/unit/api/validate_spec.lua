local arguments = require "dataforest.api.validate"
local cjson = require "cjson"
local errors = require "dataforest.errors"
local examples = require "spec.support.examples"
local operations = require "dataforest.operations"

local ID = "axE7wU9ERm8fTc7e17vNvu"
local PASSWORD = "Forest#2026kr"
local WON = "\226\130\169"
local HAN = "\237\149\156"

local number_type = rawget(math, "type")

local function check(name, params, options)
  return arguments.check(operations.by_name[name], params, options)
end

local function copy(value)
  if type(value) ~= "table" then
    return value
  end
  local out = {}
  for key, member in pairs(value) do
    out[key] = copy(member)
  end
  return out
end

local function with(params, changes)
  local out = copy(params)
  for name, value in pairs(changes) do
    out[name] = value
  end
  return out
end

local function without(params, name)
  local out = copy(params)
  out[name] = nil
  return out
end

--- Asserts that the parameters pass, and returns them as they are sent.
local function assert_passes(name, params, options)
  local before = copy(params)
  local wire, err = check(name, params, options)
  assert.is_nil(err and tostring(err))
  assert.same(before, params, "the caller's table was changed")
  assert.not_equal(params, wire)
  return wire
end

--- Asserts that the parameters are refused for one field, and returns the message.
local function assert_refused(field, name, params, options)
  local before = copy(params)
  local wire, err = check(name, params, options)
  assert.is_nil(wire, name .. " passed, and " .. tostring(field) .. " should have been refused")
  assert.is_true(errors.is(err))
  assert.equal("argument", err.kind)
  assert.equal(name, err.operation)
  assert.equal(field, err.field)
  assert.is_nil(err.message:find "%c", "a message of several lines")
  assert.is_nil(tostring(err):find "%c")
  if field then
    assert.equal(field, err.message:sub(1, #field))
  end
  assert.same(before, params, "the caller's table was changed")
  return err.message
end

local APP = {
  accountId = ID,
  queueName = "longlived",
  appTypeId = "KAFKA-2.4.0",
  name = "kafka001",
  lifetime = 604800,
  components = { { name = "broker", memoryMb = 2048, cpuCount = 4, containerCount = 1 } },
}
local QUOTA = { id = ID, namespace = "koya", fileCountMillion = 1, spaceTb = 200 }

describe("arguments.check, limits spelled out:", function()
  local function named(name)
    return { name = name, password = PASSWORD }
  end

  for _, case in ipairs {
    { "a1", true },
    { "a", false },
    { ("a"):rep(16), true },
    { ("a"):rep(17), false },
    { "", false },
    { "a-b", true },
    { "a--b", true },
    { "-ab", "create" }, -- only checkAvailableName's page has a rule about the first and the last
    { "ab-", "create" },
    { "--", "create" },
    { "Ab", false },
    { "a_b", false },
    { "a b", false },
    { "a.b", false },
    { HAN:rep(3), false },
  } do
    it(("an account name %q %s"):format(case[1], tostring(case[2] or "is refused")), function()
      for _, name in ipairs { "accounts/create", "accounts/checkAvailableName" } do
        local params = name == "accounts/create" and named(case[1]) or { name = case[1] }
        if case[2] == true or case[2] == "create" and name == "accounts/create" then
          assert.equal(case[1], assert_passes(name, params).name)
        else
          assert_refused("name", name, params)
        end
      end
    end)
  end

  for _, case in ipairs {
    { "a1b", true },
    { "a1", false },
    { ("a"):rep(15), true },
    { ("a"):rep(16), false },
    { "a-b-c", true },
    { "a--b", false },
    { "-ab", false },
    { "ab-", false },
    { "Abc", false },
    { "a_b", false },
  } do
    it(("an app name %q %s"):format(case[1], case[2] and "passes" or "is refused"), function()
      local params = { accountId = ID, name = case[1] }
      if case[2] then
        assert_passes("apps/checkAvailableName", params)
        assert_passes("apps/create", with(APP, { name = case[1] }))
      else
        assert_refused("name", "apps/checkAvailableName", params)
        assert_refused("name", "apps/create", with(APP, { name = case[1] }))
      end
    end)
  end

  for _, case in ipairs {
    { "a", true },
    { ("Z"):rep(22), true },
    { ("9"):rep(22), true },
    { ("a"):rep(23), false },
    { "", false },
    { "abc-def", false },
    { "abc/def", false },
    { "abc def", false },
    { "\195\169", false },
  } do
    it(("an id %q %s"):format(case[1], case[2] and "passes" or "is refused"), function()
      if case[2] then
        assert.same({ id = case[1] }, assert_passes("accounts/getDetail", { id = case[1] }))
        local wire = assert_passes("apps/getList", { accountId = case[1] })
        assert.same({ search = { accountId = case[1] } }, wire)
      else
        assert_refused("id", "accounts/getDetail", { id = case[1] })
        assert_refused("search.accountId", "apps/getList", { accountId = case[1] })
      end
    end)
  end

  for _, case in ipairs {
    { "Aa1!xxxx", "both" },
    { "Aa1!xxx", "none" },
    { "Aa1!" .. ("x"):rep(16), "both" },
    { "Aa1!" .. ("x"):rep(17), "none" },
    -- Counted in characters: 20 of them in 52 bytes, and 7 in 13.
    { "Aa1!" .. HAN:rep(16), "both" },
    { "Aa1!" .. HAN:rep(17), "none" },
    { "Aa1!" .. HAN:rep(4), "both" },
    { "Aa1!" .. HAN:rep(3), "none" },
    { "aa1!xxxx", "current" },
    { "AA1!XXXX", "current" },
    { "Aaa!xxxx", "none" },
    { "Aa11xxxx", "none" },
    { "1111!!!!", "none" },
    { "8ghmuu8x", "none" },
    { "8ghmuu8x!", "current" },
    { "Aa1!xxx'", "none" },
    { 'Aa1!xxx"', "none" },
    { "Aa1!xxx" .. WON, "none" },
    { "Aa1!xxx/", "none" },
    { "Aa1!xxx&", "none" },
    { "Aa1!xxx`", "none" },
    { "Aa1! xxx", "none" },
    { "Aa1!xxx\t", "none" },
    { "Aa1!xxx\127", "none" },
    { "", "none" },
  } do
    it(("a password %q passes under: %s"):format(case[1], case[2]), function()
      for _, rule in ipairs { "strict", "current" } do
        local options = { password_rule = rule }
        for _, call in ipairs {
          { "accounts/create", { name = "cloud1", password = case[1] } },
          { "accounts/resetPassword", { id = ID, password = case[1] } },
        } do
          if case[2] == "both" or case[2] == rule then
            assert.equal(case[1], assert_passes(call[1], call[2], options).password)
          else
            local message = assert_refused("password", call[1], call[2], options)
            if case[1] ~= "" then
              assert.is_nil(message:find(case[1], 1, true), "the message shows the password")
            end
          end
        end
      end
    end)
  end

  it("every ASCII character that the pages allow is a special one", function()
    for byte = 33, 126 do
      local character = string.char(byte)
      if not character:find "%w" then
        local wire, err = check("accounts/create", { name = "df001", password = "Aa1xxxxx" .. character })
        if ("'\"/&`"):find(character, 1, true) then
          assert.equal("password", err.field)
        else
          assert.is_truthy(wire, character)
        end
      end
    end
  end)

  it("strict is the rule where none is named", function()
    assert_refused("password", "accounts/create", { name = "df001", password = "aa1!xxxx" })
    assert_refused("password", "accounts/create", { name = "df001", password = "aa1!xxxx" }, {})
  end)

  for _, case in ipairs {
    { "namespace", "koya", true },
    { "namespace", "tata", true },
    { "namespace", "kova", false },
    { "namespace", "KOYA", false },
    { "namespace", "", false },
    { "fileCountMillion", 1, true },
    { "fileCountMillion", 5, true },
    { "fileCountMillion", 0, false },
    { "fileCountMillion", 6, false },
    { "fileCountMillion", 1.5, false },
    { "spaceTb", 200, true },
    { "spaceTb", 500, true },
    { "spaceTb", 300, true },
    { "spaceTb", 199, false },
    { "spaceTb", 100, false },
    { "spaceTb", 501, false },
    { "spaceTb", 600, false },
    { "spaceTb", 250, false },
    { "spaceTb", -200, false },
  } do
    local outcome = case[3] and "passes" or "is refused"
    it(("setQuota with %s %s %s"):format(case[1], tostring(case[2]), outcome), function()
      local params = with(QUOTA, { [case[1]] = case[2] })
      if case[3] then
        assert.same(params, assert_passes("accounts/setQuota", params))
      else
        assert_refused(case[1], "accounts/setQuota", params)
      end
    end)
  end

  for _, case in ipairs {
    { 300, true, true },
    { 604800, true, true },
    { 299, false, false },
    { 604801, false, false },
    { -1, true, false },
    { 0, false, false },
    { -2, false, false },
  } do
    it(("a lifetime of %d in create and in setLifetime"):format(case[1]), function()
      local create, set = with(APP, { lifetime = case[1] }), { id = ID, lifetime = case[1] }
      if case[2] then
        assert.equal(case[1], assert_passes("apps/create", create).lifetime)
      else
        assert_refused("lifetime", "apps/create", create)
      end
      if case[3] then
        assert.equal(case[1], assert_passes("apps/setLifetime", set).lifetime)
      else
        assert_refused("lifetime", "apps/setLifetime", set)
      end
    end)
  end

  it("other lengths of the apps", function()
    for _, case in ipairs {
      { "description", ("x"):rep(2048), true },
      { "description", HAN:rep(2048), true },
      { "description", ("x"):rep(2049), false },
      { "description", "", true },
      { "description", "two\r\nlines and a\ttab", true },
      { "description", "a\0b", false },
      { "description", "a\27b", false },
      { "queueName", ("q"):rep(60), true },
      { "queueName", ("q"):rep(61), false },
      { "queueName", "", false },
      { "appTypeId", ("T"):rep(60), true },
      { "appTypeId", ("T"):rep(61), false },
      { "dependentIds", {}, true },
      { "components", {}, true },
    } do
      local params = with(APP, { [case[1]] = case[2] })
      if case[3] then
        assert.same(params, assert_passes("apps/create", params))
      else
        assert_refused(case[1], "apps/create", params)
      end
    end
    assert_passes("apps/killContainer", { id = ID, containerName = ("c"):rep(60) })
    assert_refused("containerName", "apps/killContainer", { id = ID, containerName = ("c"):rep(61) })
  end)
end)

--------------------------------------------------------------------------------
-- The same, derived: no operation and no parameter is left out.
--------------------------------------------------------------------------------

--- A string of so many characters that breaks no other limit.
local function text_of(field, length)
  if field.rule == "password" then
    return (("Aa1!"):sub(1, length) .. ("x"):rep(length - 4))
  end
  return ("a"):rep(length)
end

--- A value that breaks no limit.
local function value_of(field)
  local kind = field.type
  if kind == "string" then
    return field.values and field.values[1] or text_of(field, math.max(field.min_length or 1, 8))
  elseif kind == "integer" then
    return field.minimum or 7
  elseif kind == "boolean" then
    return true
  elseif kind.map then
    return { any = 1 }
  elseif kind.array == "string" then
    return { "one" }
  end
  local object = {}
  for _, member in ipairs(kind.array.fields) do
    object[member.name] = value_of(member)
  end
  return { object }
end

-- The documented example of each operation; the older groups have none here.
local valid = {}
for _, example in ipairs(examples) do
  local request = example.request
  if request and not request.breaks and not valid[example.operation] then
    valid[example.operation] = request.json
  end
end
for _, operation in ipairs(operations.list) do
  if not valid[operation.id] then
    valid[operation.id] = {}
    for _, field in ipairs(operation.params) do
      valid[operation.id][field.name] = value_of(field)
    end
  end
end

local function not_sendable() end

local WRONG = {
  string = { 7, true, {}, not_sendable },
  integer = { "7", "text", true, {}, not_sendable },
  boolean = { "true", 0, {}, not_sendable },
  array = { "text", 7, true, { a = 1 }, { [2] = 1 }, not_sendable },
  map = { "text", 7, true, { 1 }, not_sendable },
}

--- Each field of an operation, with a function that puts a value in its place.
local function each_field(operation, visit)
  local function walk(fields, prefix, place)
    for _, field in ipairs(fields) do
      local path = prefix .. (field.within and field.within .. "." or "") .. field.name
      local function set(value)
        return place(function(owner)
          if field.within then
            owner[field.within] = nil
          end
          owner[field.name] = value
        end)
      end
      visit(field, path, set)
      local kind = field.type
      if type(kind) == "table" and kind.array and type(kind.array) == "table" then
        walk(kind.array.fields, path .. "[1].", function(change)
          return place(function(owner)
            change(owner[field.name][1])
          end)
        end)
      end
    end
  end
  walk(operation.params, "", function(change)
    local params = copy(valid[operation.id])
    change(params)
    return params
  end)
end

describe("arguments.check, limits derived:", function()
  for _, operation in ipairs(operations.list) do
    local name = operation.id

    it(name .. " takes its example", function()
      assert_passes(name, valid[name])
    end)

    each_field(operation, function(field, path, set)
      it(("%s checks %s"):format(name, path), function()
        local kind = field.type
        if field.required and field.default == nil then
          assert.is_truthy(assert_refused(path, name, set(nil)):find "is missing")
          assert_refused(path, name, set(cjson.null))
        else
          local wire = assert_passes(name, set(nil))
          assert.equal(field.default, wire[field.name])
        end
        local sort = type(kind) == "string" and kind or kind.array and "array" or "map"
        for _, wrong in ipairs(WRONG[sort]) do
          assert_refused(path, name, set(wrong))
        end

        if kind == "string" then
          if field.max_length then
            assert_passes(name, set(text_of(field, field.max_length)))
            assert_refused(path, name, set(text_of(field, field.max_length + 1)))
          end
          if field.min_length then
            assert_passes(name, set(text_of(field, field.min_length)))
            assert_refused(path, name, set(text_of(field, field.min_length - 1)))
          end
          local good = value_of(field)
          for _, bad in ipairs { "\0", "\r", "\n", "\r\n", "\127", "\27" } do
            for _, text in ipairs { bad .. good, good .. bad } do
              local line_break = bad:find "^[\r\n]+$"
              if field.multiline and line_break then
                assert_passes(name, set(text))
              else
                assert_refused(path, name, set(text))
              end
            end
          end
          for _, bad in ipairs { "\255", "\192\128", "\237\160\128", "\226\130", "\244\144\128\128" } do
            local message = assert_refused(path, name, set(good .. bad))
            assert.is_truthy(message:find("UTF-8", 1, true))
            assert.is_nil(message:find("[\128-\255]"), "broken bytes in the message")
          end
          for _, value in ipairs(field.values or {}) do
            assert_passes(name, set(value))
            assert_refused(path, name, set(value .. "x"))
          end
        elseif kind == "integer" then
          local step = field.multiple_of or 1
          if field.minimum then
            assert_passes(name, set(field.minimum))
            assert_refused(path, name, set(field.minimum - 1))
            assert_refused(path, name, set(field.minimum - step))
          end
          if field.maximum then
            assert_passes(name, set(field.maximum))
            assert_refused(path, name, set(field.maximum + 1))
            assert_refused(path, name, set(field.maximum + step))
          end
          if field.multiple_of then
            assert_refused(path, name, set(field.minimum + 1))
          end
          for _, value in ipairs(field.also or {}) do
            assert_passes(name, set(value))
          end
          local some = field.minimum or 7
          for _, bad in ipairs { some + 0.5, 2 ^ 53 + 2, -2 ^ 53 - 2, math.huge, -math.huge } do
            assert_refused(path, name, set(bad))
          end
          local _, err = check(name, set(0 / 0)) -- nan equals nothing, so the tables cannot be compared
          assert.equal(path, err.field)
        end
      end)
    end)

    it(name .. " refuses what it does not know", function()
      assert_refused("zzz", name, with(valid[name], { zzz = 1 }))
      assert_refused("[1]", name, { ID })
    end)
  end
end)

describe("arguments.check", function()
  it("takes a bare string where one parameter is enough", function()
    assert.same({ id = ID }, assert_passes("accounts/getDetail", ID))
    assert.same({ name = "df001" }, assert_passes("accounts/checkAvailableName", "df001"))
    assert.same({ search = { accountId = ID } }, assert_passes("apps/getList", ID))
    assert.same({ appTypeId = "DEV-1.0.0" }, assert_passes("apps/getAppTypeTemplate", "DEV-1.0.0"))
    assert.same({ id = ID }, assert_passes("apps/setLifetime", ID))
    assert_refused("id", "accounts/getDetail", "")
    assert_refused("id", "accounts/getDetail", "a\nb")
    local message = assert_refused(nil, "accounts/create", "df001")
    assert.equal("accounts/create takes a table of name and password, got a string", message)
    assert_refused(nil, "accounts/getList", "x")
    assert_refused(nil, "apps/create", "x", { validate = false })
  end)

  it("takes no parameters at all for none, and refuses what is not a table", function()
    assert.same({}, assert_passes("accounts/getList", nil))
    assert.same({}, assert_passes("accounts/getList", {}))
    assert_refused("id", "accounts/getDetail", nil)
    for _, params in ipairs { 5, true, print, io.stdout } do
      assert_refused(nil, "accounts/getDetail", params)
      assert_refused(nil, "accounts/getDetail", params, { validate = false })
    end
  end)

  it("names the nearest parameter", function()
    local function hint(name, params)
      local _, err = check(name, params)
      return err.message
    end
    local near = "%s is not a parameter: did you mean %s?"
    for _, case in ipairs {
      { "spacetb", "spaceTb" },
      { "spaceTB", "spaceTb" },
      { "space_tb", "spaceTb" },
      { "spceTb", "spaceTb" },
      { "namepsace", "namespace" },
      { "fileCountMillions", "fileCountMillion" },
      { "file_count_million", "fileCountMillion" },
    } do
      assert.equal(near:format(case[1], case[2]), hint("accounts/setQuota", with(QUOTA, { [case[1]] = 1 })))
    end
    assert.equal(
      "colour is not a parameter: there are name and password",
      hint("accounts/create", { colour = 1 })
    )
    assert.equal("colour is not a parameter: there are none", hint("accounts/getList", { colour = 1 }))
    assert.equal(
      "components[1].memory_mb is not a parameter: did you mean memoryMb?",
      hint("apps/create", with(APP, { components = { { memory_mb = 1 } } }))
    )
    local long = hint("accounts/getList", { [("x"):rep(100000)] = 1 })
    assert.is_true(#long < 120)
    assert_refused("a\\10b", "accounts/getList", { ["a\nb"] = 1 })
  end)

  it("reaches into lists and tables, and says where", function()
    local function components(...)
      return with(APP, { components = { APP.components[1], ... } })
    end
    local bad = { name = "b", memoryMb = "1024", cpuCount = 1, containerCount = 1 }
    local message = assert_refused("components[2].memoryMb", "apps/create", components(bad))
    assert.equal(
      'components[2].memoryMb must be an integer, got the string "1024": pass it through tonumber()',
      message
    )
    assert_refused("components[2].cpuCount", "apps/create", components { name = "b", memoryMb = 1 })
    assert_refused("components[2]", "apps/create", components "broker")
    assert_refused("components", "apps/create", with(APP, { components = { broker = {} } }))
    assert_refused("components", "apps/create", with(APP, { components = { [1] = {}, [3] = {} } }))
    assert_refused("dependentIds[2]", "apps/create", with(APP, { dependentIds = { "a", 5 } }))
    assert_refused("dependentIds[1]", "apps/create", with(APP, { dependentIds = { "a\nb" } }))
    local wire = assert_passes("apps/create", APP)
    assert.not_equal(APP.components, wire.components)
    assert.not_equal(APP.components[1], wire.components[1])
  end)

  it("takes a parameter flat or inside its object", function()
    local sent = { search = { accountId = ID } }
    assert.same(sent, assert_passes("apps/getList", { accountId = ID }))
    assert.same(sent, assert_passes("apps/getList", { search = { accountId = ID } }))
    assert.same(sent, assert_passes("apps/getList", { accountId = ID, search = { accountId = ID } }))
    assert.same(sent, assert_passes("apps/getList", { accountId = ID, search = {} }))
    for _, params in ipairs {
      {},
      { search = {} },
      { search = { accountId = 5 } },
      { search = { accountId = "a-b" } },
      { accountId = "x", search = { accountId = "y" } },
    } do
      assert_refused("search.accountId", "apps/getList", params)
    end
    assert_refused("search", "apps/getList", { search = ID })
    assert_refused("search.id", "apps/getList", { search = { id = ID } })
    assert_refused("search.accountid", "apps/getList", { search = { accountid = ID } })
  end)

  it("fills in defaults", function()
    local wire = assert_passes("apps/create", without(without(APP, "queueName"), "lifetime"))
    assert.equal("longlived", wire.queueName)
    assert.equal(604800, wire.lifetime)
    assert.is_nil(assert_passes("apps/setLifetime", { id = ID }).lifetime)
  end)

  it("takes null for what is not given", function()
    local params = with(APP, { description = cjson.null, queueName = cjson.null })
    local wire = assert_passes("apps/create", params)
    assert.is_nil(wire.description)
    assert.equal("longlived", wire.queueName)
  end)

  it("sends whole floats as integers", function()
    local wire = assert_passes("accounts/setQuota", with(QUOTA, { spaceTb = 2e2, fileCountMillion = 10 / 2 }))
    assert.equal("200 5", wire.spaceTb .. " " .. wire.fileCountMillion)
    if number_type then
      assert.equal("integer", number_type(wire.spaceTb))
    end
    wire =
      assert_passes("apps/setContainerCount", { id = ID, componentName = "shell", containerCount = -0.0 })
    assert.equal("0", ("%g"):format(wire.containerCount))
  end)

  it("tells the limit, what was given and the cure", function()
    local function message(name, params)
      local _, err = check(name, params)
      return err.message
    end
    local detail, name, quota = "accounts/getDetail", "accounts/checkAvailableName", "accounts/setQuota"
    local strict = "password must have an upper-case letter, a lower-case letter, a digit and a special "
    local long = ("x"):rep(23)
    for _, case in ipairs {
      { detail, long, 'id must be 1 to 22 characters, got "' .. long .. '" (23 characters): shorten it' },
      { detail, { id = 5 }, "id must be a string, got the number 5: put it in quotes" },
      { detail, {}, "id is missing: Account identifier, from accounts/getList" },
      { name, "Cloud1", 'name must be of a-z, 0-9 and -, got "Cloud1": write it in lower case' },
      { name, "a_b", 'name must be of a-z, 0-9 and -, got "a_b": take out "_"' },
      { name, "-ab", 'name must begin and end with a letter or a digit, got "-ab"' },
      { name, "ab\n", "name must not hold control characters, got LF at byte 3: remove it" },
      {
        quota,
        with(QUOTA, { spaceTb = 250 }),
        "spaceTb must be 200 to 500 in steps of 100, got 250: use 200 or 300",
      },
      { quota, with(QUOTA, { namespace = "x" }), 'namespace must be "koya" or "tata", got "x"' },
      {
        "apps/create",
        with(APP, { lifetime = 10 }),
        "lifetime must be 300 to 604800, or -1, got 10",
      },
      {
        "accounts/create",
        { name = "df001", password = "12345678" },
        strict .. "character: add an upper-case letter, a lower-case letter and a special character",
      },
      {
        "accounts/create",
        { name = "df001", password = "a1!xxxxx" },
        strict .. 'character: add an upper-case letter, or set password_rule = "current"',
      },
      {
        "accounts/create",
        { name = "df001", password = "short" },
        "password must be 8 to 20 characters, and have an upper-case letter, a lower-case letter, a digit "
          .. "and a special character; it is too short: add an upper-case letter, a digit and a "
          .. "special character",
      },
      {
        name,
        "A_b--",
        "name must be of a-z, 0-9 and -, and begin and end with a letter or a digit, got "
          .. '"A_b--": write it in lower case, and take out "_"',
      },
      {
        "apps/create",
        with(APP, { name = "a!--?b" .. ("c"):rep(12) }),
        'name must be 3 to 15 characters, be of a-z, 0-9 and -, and not have "-" twice in a row, got '
          .. '"a!--?bcccccccccccc" (18 characters): shorten it, and take out "!" and "?"',
      },
      {
        detail,
        "a\226\128\174b",
        [[id must be of 0-9, A-Z and a-z, got "a\226\128\174b": take out "\226\128\174"]],
      },
      {
        name,
        "",
        "name must be 2 to 16 characters, got an empty string: Account name to test",
      },
    } do
      assert.equal(case[3], message(case[1], case[2]))
    end
  end)

  it("cuts what was given to 32 characters, and shows no password of any type", function()
    local message = assert_refused("name", "accounts/checkAvailableName", (HAN):rep(5000))
    assert.is_true(#message < 300)
    assert.is_truthy(message:find(HAN:rep(32) .. "...", 1, true))
    for _, secret in ipairs { 12345678, "1234\0005678", "12345678\255", ("12345678"):rep(10) } do
      message = assert_refused("password", "accounts/create", { name = "df001", password = secret })
      assert.is_nil(message:find("1234", 1, true))
    end
  end)

  it("reads its own data only: a metatable of the caller's adds nothing harmful", function()
    local params = setmetatable({}, { __index = { id = ID } })
    assert.same({ id = ID }, (check("accounts/getDetail", params)))
  end)
end)

describe("arguments.check with validate = false", function()
  local OFF = { validate = false }

  it("leaves every limit to the service", function()
    for _, call in ipairs {
      { "accounts/getDetail", { id = "" } },
      { "accounts/getDetail", {} },
      { "accounts/create", { name = "X", password = "x" } },
      { "accounts/setQuota", { spaceTb = "250", another = true } },
    } do
      assert.same(call[2], assert_passes(call[1], call[2], OFF))
    end
  end)

  it("still gives parameters the form that they travel in", function()
    assert.same({ id = "x y" }, assert_passes("accounts/getDetail", "x y", OFF))
    assert.same({ search = { accountId = "?" } }, assert_passes("apps/getList", { accountId = "?" }, OFF))
    assert.same({ search = { accountId = "?" } }, assert_passes("apps/getList", "?", OFF))
    assert.same({ search = { id = 1 } }, assert_passes("apps/getList", { search = { id = 1 } }, OFF))
    local wire = assert_passes("apps/create", { lifetime = 5e0 }, OFF)
    assert.equal("longlived", wire.queueName)
    assert.equal("5", ("%g"):format(wire.lifetime))
    if number_type then
      assert.equal("integer", number_type(wire.lifetime))
    end
  end)

  it("refuses what no encoding can carry", function()
    local cycle = {}
    cycle.again = cycle
    local thread = coroutine.create(function() end)
    for _, bad in ipairs { print, thread, io.stdout, "\255", 0 / 0, math.huge, -math.huge, cycle } do
      local _, err = check("accounts/getDetail", { id = bad }, OFF)
      assert.equal("argument", err.kind)
      assert.equal(1, err.field:find("id", 1, true))
    end
    assert_refused("components[2].name", "apps/create", { components = { {}, { name = "\255" } } }, OFF)
    assert_refused("components", "apps/create", { components = { [1] = 1, [3] = 3 } }, OFF)
    assert_refused("components", "apps/create", { components = { 1, x = 2 } }, OFF)
  end)
end)

describe("arguments.check of an operation that it does not know", function()
  local unknown = { id = "notebooks/getList", path = "/api/v2/notebooks/getList" }

  it("takes any table that can be sent", function()
    local params = { accountId = 5, nested = { list = { 1, 2 } }, empty = {} }
    assert.same(params, (arguments.check(unknown, params)))
    assert.same({}, (arguments.check(unknown)))
    local _, err = arguments.check(unknown, { a = { b = print } })
    assert.equal("a.b", err.field)
    _, err = arguments.check(unknown, "text")
    assert.equal("argument", err.kind)
  end)
end)
