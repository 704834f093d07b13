-- Specs and responses that are not what they should be: nothing raises, and nothing is deleted.

local cjson = require "cjson"
local emulated = require "spec.support.emulated"
local spec_text = require "dataforest.workflows.spec_text"

local PASSWORD = "Abcdef1!"
local ROUNDS = 40

local holds_itself = {}
holds_itself.holds_itself = holds_itself

local untold = setmetatable({}, {
  __tostring = function()
    error "untold"
  end,
})

local PLAIN = {
  cjson.null,
  "",
  "x\n\27[31m",
  -1,
  0,
  1e300,
  0.5,
  true,
  false,
  {},
  { 1 },
  { a = 1 },
  "RUNNING",
  "STOPPED",
  ("y"):rep(500),
  "\237\160\128",
}

local JUNK = {
  0 / 0,
  1 / 0,
  { [5] = 1 },
  print,
  io.stdout,
  coroutine.create(function() end),
  holds_itself,
  untold,
  { env = "HOME" },
  { file = "/" },
  { [{}] = 1 },
  { [1.5] = 2 },
  { [untold] = 1 },
  { "a", x = 1 },
}
for _, value in ipairs(PLAIN) do
  JUNK[#JUNK + 1] = value
end

--- Numbers from 1 to n, or from 0 to 1, always the same for a seed.
local function numbers(seed)
  local state = seed * 7919 % 2147483646 + 1
  return function(n)
    state = state * 16807 % 2147483647
    local number = state / 2147483647
    return n and math.floor(number * n) + 1 or number
  end
end

local function mutated(value, number, part, junk)
  if number() < part then
    return junk[number(#junk)]
  elseif type(value) ~= "table" then
    return value
  end
  local out = {}
  local is_list = value[1] ~= nil
  for key, member in pairs(value) do
    if number() > part / 2 then
      out[is_list and #out + 1 or key] = mutated(member, number, part, junk)
    end
  end
  if junk == JUNK and number() < part then
    local key = junk[number(#junk)]
    if key == key then
      out[key] = 1
    end
  end
  return out
end

local function a_spec()
  return {
    account = { name = "df001", password = PASSWORD, quotas = { koya = { spaceTb = 300 } } },
    apps = {
      { name = "zoo", type = "ZOOKEEPER-3.4.13" },
      {
        name = "kafka",
        type = "KAFKA-2.4.0",
        dependsOn = { "zoo" },
        components = { broker = { containerCount = 2 } },
      },
      { name = "dev1", type = "DEV-1.0.0", state = "STOPPED", dependentIds = {} },
    },
  }
end

local OPTIONS = { interval = 20, timeout = 300 }

describe("a forest that is not what it should be", function()
  it("is refused where it is the spec, whatever stands in it", function()
    local refused = 0
    for seed = 1, ROUNDS do
      local number = numbers(seed)
      local df = emulated.client(emulated.emulator { creation_delay = 0, app_delay = 0 })
      local spec = mutated(a_spec(), number, ({ 0.02, 0.05, 0.2 })[number(3)], JUNK)
      for _, method in ipairs { "plan", "apply" } do
        local ok, result, err = pcall(df[method], df, spec, OPTIONS)
        assert.is_true(ok, ("seed %d: %s"):format(seed, tostring(result)))
        if not result then
          refused = refused + 1
          assert.are.equal("argument", err.kind, ("seed %d: %s"):format(seed, tostring(err)))
          assert.is_nil(tostring(err):find(PASSWORD, 1, true))
        end
      end
    end
    assert.is_true(refused > ROUNDS / 2)
  end)

  it("is an error where it is the response, and deletes nothing", function()
    local refused = 0
    for seed = 1, ROUNDS do
      local number = numbers(seed)
      local emulator = emulated.emulator { strict = true, creation_delay = 5, app_delay = 5 }
      emulator:add_account { name = "df001" }
      if number() < 0.6 then
        assert(emulated.client(emulator):apply(a_spec(), OPTIONS))
      end
      local inner, part = emulator:transport(), ({ 0.01, 0.05, 0.2 })[number(3)]
      local transport = setmetatable({}, { __index = inner })
      function transport.send(_, request)
        local response, failure = inner:send(request)
        local ok, value = pcall(cjson.decode, response and response.status == 200 and response.body or "")
        if ok then
          response.body = cjson.encode(mutated(value, number, part, PLAIN))
        end
        return response, failure
      end
      local df = emulated.client(emulator, { transport = transport })
      local function run(method, ...)
        local ok, result, err = pcall(df[method], df, ...)
        assert.is_true(ok, ("seed %d: %s: %s"):format(seed, method, tostring(result)))
        if not result then
          refused = refused + 1
          assert.is_nil(tostring(err):find "%c")
        end
        return result
      end
      local plan = run("plan", a_spec(), { prune = true, replace = true })
      if plan then
        cjson.encode(plan)
        assert.is_nil(tostring(plan):gsub("\n", ""):find "%c")
      end
      local exported = run "export"
      for _, kind in ipairs(exported and { "lua", "json", "yaml" } or {}) do
        assert.is_string(spec_text.write(exported, kind))
      end
      run("apply", a_spec(), OPTIONS)
      assert.are.equal(
        0,
        emulated.count(emulator, "apps/delete") + emulated.count(emulator, "accounts/delete")
      )
    end
    assert.is_true(refused > ROUNDS / 2)
  end)
end)
