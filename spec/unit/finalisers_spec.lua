-- labels: collector valgrind
-- Finalisers that call the library, and change the tables that it reads, wherever Lua lets them: the
-- collector runs at its busiest, and each collection has a finaliser.

local collector = require "spec.support.collector"
local core = require "dataforest.core"
local files = require "spec.support.files"
local process = require "spec.support.server"

local newproxy = rawget(_G, "newproxy")

local function pack(...)
  return { n = select("#", ...), ... }
end

--- Calls a function at the end of each collection, until it is told to stop.
-- @treturn function stops
-- @treturn function tells how often it was called
local function at_each_collection(hook)
  local calls, stopped, inside, failure = 0, false, false, nil
  local arm
  local function finaliser()
    if stopped then
      return
    end
    arm()
    if not inside then
      inside = true
      calls = calls + 1
      local ok, message = pcall(hook, calls) -- Lua drops what a finaliser raises
      failure = failure or not ok and message or nil
      inside = false
    end
  end
  function arm()
    if newproxy then
      getmetatable(newproxy(true)).__gc = finaliser
    else
      setmetatable({}, { __gc = finaliser })
    end
  end
  collectgarbage()
  local pause, step = collector.set("pause", 0), collector.set("stepmul", 1000)
  if _VERSION == "Lua 5.4" then
    collectgarbage("incremental", 0, 1000, 4) -- a step every 16 bytes
  end
  arm()
  return function()
    stopped = true
    if _VERSION == "Lua 5.4" then
      collectgarbage("incremental", 200, 100, 13)
    end
    collector.set("pause", pause)
    collector.set("stepmul", step)
    assert.is_nil(failure)
  end, function()
    return calls
  end
end

local ENOUGH, MOST_ROUNDS = 60, 3000

local QUOTA = { object = "Quota", fields = { { name = "spaceTb", type = "integer" } } }

local function account_type()
  return {
    object = "Account",
    fields = {
      { name = "id", type = "string", aliases = { "accountId", "ident" } },
      { name = "ratio", type = "number" },
      { name = "quotas", type = { array = QUOTA }, aliases = { "limits" } },
      { name = "links", type = { map = "string" } },
      { name = "extra", type = "any" },
    },
  }
end

local BODY = '{"accountId":"a\\u0041b","ratio":"1.5","quotas":[{"spaceTb":1},{"spaceTb":"2"},null,'
  .. '{"x":[1,{}]}],"links":{"a":1,"b":"x"},"extra":[{"deep":[[[["\\ud83d\\ude00"]]]]},'
  .. '1.25,true,null],"more":{"a":"b"}}'

describe("finalisers", function()
  it("may decode by the shape that is in use, sign, and close what others use", function()
    local shape = core.shape(account_type())
    local signer = core.signer("AK_TEST", "SK_TEST")
    local expected = core.decode(BODY, shape)
    local signature = signer:sign("POST", "/", 1)
    local stop, count = at_each_collection(function(calls)
      assert(core.decode(BODY, shape).id == "aAb")
      assert(core.coerce({ accountId = 5, limits = { { spaceTb = "7" } } }, shape).quotas[1].spaceTb == 7)
      assert(core.decode('{"quotas":[{"spaceTb":"x"}]}', shape) == nil)
      local own = core.signer("AK", "SK")
      own:sign("POST", "/", calls)
      own:close()
      core.base64(("x"):rep(2000))
      core.shape(account_type())
    end)
    local round = 0
    while count() < ENOUGH and round < MOST_ROUNDS do
      round = round + 1
      assert.are.same(expected, core.decode(BODY, shape))
      assert.are.same(expected, core.decode(BODY, account_type()))
      assert.are.equal(signature, signer:sign("POST", "/", 1))
      local other = core.signer("AK_TEST", "SK_TEST")
      assert.are.equal(signature, other:sign("POST", "/", 1))
      other:close()
      assert.are.same({ n = 2, [2] = "the signer is closed" }, pack(other:sign("POST", "/", 1)))
    end
    stop()
    assert.is_true(count() >= ENOUGH)
    signer:close()
  end)

  it("may change the type that is being compiled, and the table that is being converted", function()
    local of, value = account_type(), {}
    local stop, count = at_each_collection(function(calls)
      local fields = of.fields
      local field = fields[calls % #fields + 1]
      if calls % 5 == 0 then
        field.aliases = field.aliases or {}
        for i = 1, 40 do
          field.aliases[#field.aliases + 1] = "alias" .. calls .. "x" .. i
        end
      elseif calls % 5 == 1 then
        fields[#fields] = nil
        fields[1] = fields[1] or { name = "id", type = "string" }
      elseif calls % 5 == 2 then
        fields[#fields + 1] = { name = "field" .. calls, type = { array = QUOTA } }
      elseif calls % 5 == 3 then
        field.type = calls % 2 == 0 and "strange" or { map = { array = QUOTA } }
      else
        field.name = "renamed" .. calls
      end
      if value.quotas then
        value.quotas[#value.quotas + 1] = { spaceTb = calls }
        value.quotas[1], value.links, value.ratio = nil, nil, "1"
      end
    end)
    local made, round = 0, 0
    while count() < 5 * ENOUGH and round < 5 * MOST_ROUNDS do
      round = round + 1
      if round % 10 == 0 then
        of = account_type()
      end
      local ok, shape = pcall(core.shape, of)
      if ok then
        made = made + 1
        core.decode(BODY, shape)
        value =
          { accountId = 1, limits = { { spaceTb = "1" }, {} }, quotas = { {}, {} }, links = {}, ratio = 1 }
        pcall(core.coerce, value, shape, true)
      end
    end
    stop()
    assert.is_true(count() >= ENOUGH)
    assert.is_true(made > 0)
  end)

  it("may use what the library made until the program ends", function()
    local interpreter = arg and arg[-1]
    if not interpreter then
      pending "the interpreter's name is not known"
      return
    end
    local path = os.tmpname()
    files.write(
      path,
      [[
      local fixture = newproxy and newproxy(true) or setmetatable({}, { __gc = true })
      local dataforest = require "dataforest"
      local core = require "dataforest.core"
      local df = dataforest.new { access_key = "a", secret_key = "b", transport = function()
        return { status = 200, headers = {}, body = '{"id":"axE7wU9ERm8fTc7e17vNvu","name":"x"}' }
      end }
      local signer, shape = core.signer("a", "b"), core.shape { array = "string" }
      getmetatable(fixture).__gc = function()
        local value, err = df.accounts:get_detail "axE7wU9ERm8fTc7e17vNvu"
        print("detail", value and value.name or err)
        print("decode", core.decode("[1]", shape)[1])
        print("sign", pcall(signer.sign, signer, "POST", "/", 1))
      end
      assert(df.accounts:get_detail "axE7wU9ERm8fTc7e17vNvu")
      _G.keep = fixture
    ]]
    )
    local said = process.output_of(("'%s' '%s' 2>&1; echo status $?"):format(interpreter, path))
    os.remove(path)
    assert.matches("status 0", said, 1, true)
    assert.matches("decode\t1", said, 1, true)
  end)
end)
