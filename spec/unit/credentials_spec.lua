local cost = require "spec.support.cost"
local core = require "dataforest.core"
local credentials = require "dataforest.credentials"
local dataforest = require "dataforest"
local files = require "spec.support.files"
local scripted = require "spec.support.scripted_transport"
local tables = require "dataforest.util.tables"
local time = require "dataforest.util.time"

local ID = "axE7wU9ERm8fTc7e17vNvu"
local NAMES = {
  "NCLOUD_ACCESS_KEY_ID",
  "NCLOUD_ACCESS_KEY",
  "NCLOUD_SECRET_ACCESS_KEY",
  "NCLOUD_SECRET_KEY",
  "NCLOUD_METADATA_ENDPOINT",
  "NCLOUD_METADATA_API_ENDPOINT",
  "HOME",
  "USERPROFILE",
}

local real_getenv = os.getenv

--- Lets the library see only these variables.
local function environment(variables)
  local hidden = {}
  for _, name in ipairs(NAMES) do
    hidden[name] = true
  end
  os.getenv = function(name) -- luacheck: ignore 122
    if hidden[name] then
      return variables[name]
    end
    return real_getenv(name)
  end
end

after_each(function()
  os.getenv = real_getenv -- luacheck: ignore 122
end)

local function file_with(text)
  local path = os.tmpname()
  files.write(path, text)
  return path
end

local function context(script)
  local transport = scripted.new(script or {})
  return { transport = transport, deadline = transport:now() + 30 }, transport
end

describe("credentials.environment", function()
  it("knows both names of each key, the longer one first", function()
    environment { NCLOUD_ACCESS_KEY = "a", NCLOUD_SECRET_KEY = "b" }
    local keys = credentials.environment()()
    assert.are.equal("a", keys.access_key)
    assert.are.equal("b", keys.secret_key)
    environment {
      NCLOUD_ACCESS_KEY_ID = "A",
      NCLOUD_ACCESS_KEY = "a",
      NCLOUD_SECRET_ACCESS_KEY = "B",
      NCLOUD_SECRET_KEY = "b",
    }
    keys = credentials.environment()()
    assert.are.equal("A", keys.access_key)
    assert.are.equal("B", keys.secret_key)
  end)

  it("takes an empty variable for none, and says what is missing", function()
    environment { NCLOUD_ACCESS_KEY = "a", NCLOUD_SECRET_KEY = "" }
    local keys, message = credentials.environment()()
    assert.is_nil(keys)
    assert.matches("only NCLOUD_ACCESS_KEY is set, and NCLOUD_SECRET_KEY is not", message, 1, true)
  end)

  it("pairs no name with one of the other naming", function()
    environment { NCLOUD_ACCESS_KEY_ID = "A", NCLOUD_SECRET_KEY = "b" }
    local keys, message = credentials.environment()()
    assert.is_nil(keys)
    assert.matches("NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_KEY do not go together", message, 1, true)
    environment { NCLOUD_ACCESS_KEY_ID = "A", NCLOUD_ACCESS_KEY = "a", NCLOUD_SECRET_KEY = "b" }
    assert.are.equal("a", credentials.environment()().access_key)
    environment { NCLOUD_SECRET_ACCESS_KEY = "B", NCLOUD_ACCESS_KEY = "a", NCLOUD_SECRET_KEY = "b" }
    assert.are.equal("b", credentials.environment()().secret_key)
  end)

  it("refuses what came along when a key was copied, and looks nowhere else then", function()
    for stray, what in pairs {
      [" "] = "a blank",
      ["\t"] = "a tab",
      ["\n"] = "a line break",
      ["\194\160"] = "a no-break space",
      ["\226\128\139"] = "a character that is not seen",
      ["\239\187\191"] = "a byte order mark",
      ['"'] = "a quotation mark",
      ["'"] = "a quotation mark",
      ["\1"] = "a control character",
    } do
      for _, value in ipairs { stray .. "MARKED", "MARKED" .. stray, stray .. "MARKED" .. stray } do
        environment { NCLOUD_ACCESS_KEY = "a", NCLOUD_SECRET_KEY = value }
        local keys, message = credentials.chain {
          credentials.environment(),
          credentials.static("other", "pair"),
        } {}
        assert.is_nil(keys)
        assert.are.equal(
          ("the environment: NCLOUD_SECRET_KEY holds %s, which no key does"):format(what),
          message
        )
      end
    end
    environment { NCLOUD_ACCESS_KEY = "a", NCLOUD_SECRET_KEY = "MAR\"K'ED" }
    assert.are.equal("MAR\"K'ED", credentials.environment()().secret_key)
  end)
end)

describe("credentials.file", function()
  it("reads key=value lines with blanks, comments and carriage returns", function()
    local path = file_with "# keys\r\nncloud_access_key_id = AK\r\n\r\nncloud_secret_access_key=SK=+/ \r\n"
    local keys = credentials.file { path = path }()
    os.remove(path)
    assert.are.equal("AK", keys.access_key)
    assert.are.equal("SK=+/", keys.secret_key)
    assert.are.equal(path, keys.source)
  end)

  it("takes the last line without a profile, and the heading's lines with one", function()
    local text = [[
ncloud_access_key_id = AK1
ncloud_secret_access_key = SK1
[team]
ncloud_access_key_id = AK2
ncloud_secret_access_key = SK2
]]
    local path = file_with(text)
    assert.are.equal("AK2", credentials.file { path = path }().access_key)
    assert.are.equal("AK2", credentials.file { path = path, profile = "team" }().access_key)
    local keys, message = credentials.file { path = path, profile = "other" }()
    os.remove(path)
    assert.is_nil(keys)
    assert.matches("under [other]", message, 1, true)
  end)

  it("never pairs the halves of two sections", function()
    local function keys_of(text, profile)
      local path = file_with(text)
      local keys, message = credentials.file { path = path, profile = profile }()
      os.remove(path)
      return keys and keys.access_key .. "/" .. keys.secret_key, message
    end
    local HALVES = [[
[DEFAULT]
ncloud_access_key_id = A1
ncloud_secret_access_key = S1
[readonly]
ncloud_access_key_id = A2
]]
    local pair, message = keys_of(HALVES)
    assert.is_nil(pair)
    assert.matches("no ncloud_secret_access_key under [readonly]", message, 1, true)
    assert.are.equal("A1/S1", (keys_of(HALVES, "DEFAULT")))
    assert.is_nil((keys_of(HALVES, "readonly")))
    assert.is_nil((keys_of("ncloud_access_key_id = A1\n[a]\nncloud_secret_access_key = S1\n")))
    assert.is_nil((keys_of("[a]\nncloud_access_key_id = A1\n[b]\nncloud_secret_access_key = S1\n")))
    assert.are.equal("A1/S1", (keys_of((HALVES:gsub("%[readonly%].*", "[readonly]\nregion = KR\n")))))
    assert.are.equal("A2/S2", (keys_of(HALVES .. "[readonly]\nncloud_secret_access_key = S2\n")))
  end)

  it("takes a byte order mark, and no quotation marks", function()
    local path = file_with "\239\187\191ncloud_access_key_id = AK\nncloud_secret_access_key = SK\n"
    assert.are.equal("AK", credentials.file { path = path }().access_key)
    os.remove(path)
    path = file_with "ncloud_access_key_id = AK\nncloud_secret_access_key = 'MARKED'\n"
    local keys, message = credentials.file { path = path }()
    os.remove(path)
    assert.is_nil(keys)
    assert.matches("ncloud_secret_access_key holds a quotation mark", message, 1, true)
    assert.is_nil(message:find("MARKED", 1, true))
  end)

  it("does not wait for what is no file, nor read one of any size", function()
    local started = core.monotonic()
    local path = os.tmpname()
    os.remove(path)
    assert(os.execute(("mkfifo '%s'"):format(path)))
    local keys, message = credentials.file { path = path }()
    os.remove(path)
    assert.is_nil(keys)
    assert.are.equal(path .. ": not a regular file", message)
    keys, message = credentials.file { path = "/dev/zero" }()
    assert.is_nil(keys)
    assert.matches("not a regular file", message, 1, true)
    keys, message = credentials.file { path = "/" }()
    assert.is_nil(keys)
    assert.matches("directory", message, 1, true)
    path = file_with(("#"):rep(64 * 1024 + 1))
    keys, message = credentials.file { path = path }()
    os.remove(path)
    assert.is_nil(keys)
    assert.matches(path .. ": too large", message, 1, true)
    path = file_with(("#"):rep(64 * 1024 - 60) .. "\nncloud_access_key_id=A\nncloud_secret_access_key=S")
    assert.is_table(credentials.file { path = path }())
    os.remove(path)
    assert.is_true(core.monotonic() - started < 5)
  end)

  it("says which file it was that holds none", function()
    local path = file_with "ncloud_access_key_id = MARKED\n"
    local keys, message = credentials.file { path = path }()
    os.remove(path)
    assert.is_nil(keys)
    assert.matches(path, message, 1, true)
    assert.is_nil(message:find("MARKED", 1, true))
    keys, message = credentials.file { path = path }()
    assert.is_nil(keys)
    assert.matches(path, message, 1, true)
    keys, message = credentials.file { path = "/" }()
    assert.is_nil(keys)
    assert.is_string(message)
  end)
end)

describe("credentials.parse_file", function()
  it("takes time with the length, not its square", function()
    cost.assert_linear(function(size)
      local value = "x" .. (" "):rep(size) .. "x"
      assert.are.same({ a = value }, credentials.parse_file("a = " .. value .. " "))
    end, 7500)
  end)
end)

describe("the default order", function()
  it("prefers the environment to the file", function()
    local home = files.new_folder()
    assert(os.execute(("mkdir '%s/.ncloud'"):format(home)))
    files.write(home .. "/.ncloud/configure", "ncloud_access_key_id=FILE\nncloud_secret_access_key=F\n")
    environment { HOME = home }
    local from_file = credentials.default() {}
    environment { HOME = home, NCLOUD_ACCESS_KEY = "ENV", NCLOUD_SECRET_KEY = "E" }
    local from_environment = credentials.default() {}
    files.remove(home)
    assert.are.equal("FILE", from_file.access_key)
    assert.are.equal("ENV", from_environment.access_key)
  end)

  it("names each place that was looked at, and sends nothing", function()
    environment { HOME = "/nonexistent" }
    local transport = scripted.new {}
    local df = dataforest.new { transport = transport }
    local value, err = df.accounts:get_detail(ID)
    assert.is_nil(value)
    assert.are.equal("credentials", err.kind)
    for _, place in ipairs {
      "access_key and secret_key",
      "NCLOUD_ACCESS_KEY_ID or NCLOUD_ACCESS_KEY",
      "NCLOUD_SECRET_ACCESS_KEY or NCLOUD_SECRET_KEY",
      "/nonexistent/.ncloud/configure",
    } do
      assert.matches(place, err.message, 1, true)
    end
    assert.are.equal(0, #transport.requests)
  end)

  it("is read at the first call and not before", function()
    environment {}
    local df = dataforest.new { transport = scripted.new { { body = "{}" } } }
    environment { NCLOUD_ACCESS_KEY = "late", NCLOUD_SECRET_KEY = "b" }
    assert.is_table(df.accounts:get_list())
  end)
end)

describe("a provider", function()
  it("is asked for each call, and its keys sign", function()
    local asked = 0
    local transport = scripted.new { { body = "{}" }, { body = "{}" } }
    local df = dataforest.new {
      transport = transport,
      credentials = function()
        asked = asked + 1
        return { access_key = "AK" .. asked, secret_key = "SK_TEST" }
      end,
    }
    assert.is_table(df.accounts:get_list())
    assert.is_table(df.accounts:get_list())
    assert.are.equal("AK1", transport.requests[1].headers["x-ncp-iam-access-key"])
    assert.are.equal("AK2", transport.requests[2].headers["x-ncp-iam-access-key"])
  end)

  it("is asked again five minutes before its keys run out, and not sooner", function()
    local asked = 0
    local transport = scripted.new { { body = "{}" }, { body = "{}" }, { body = "{}" } }
    local df = dataforest.new {
      transport = transport,
      credentials = {
        get = function(_, where)
          asked = asked + 1
          return { access_key = "AK", secret_key = "SK", expires = where.transport:now() + 3600 }
        end,
      },
    }
    assert.is_table(df.accounts:get_list())
    transport.clock = transport.clock + 3299
    assert.is_table(df.accounts:get_list())
    assert.are.equal(1, asked)
    transport.clock = transport.clock + 1
    assert.is_table(df.accounts:get_list())
    assert.are.equal(2, asked)
  end)

  it("that fails gives its reason, and nothing is sent", function()
    for _, case in ipairs {
      { nil, "the vault is sealed" },
      { {}, "access_key and secret_key" },
      { { access_key = "a" }, "access_key and secret_key" },
      { { access_key = "", secret_key = "b" }, "the provider" },
      { { access_key = "a\nb", secret_key = "b" }, "the provider" },
    } do
      local transport = scripted.new {}
      local df = dataforest.new {
        transport = transport,
        credentials = function()
          return case[1], case[2]
        end,
      }
      local value, err = df.accounts:get_list()
      assert.is_nil(value)
      assert.are.equal("credentials", err.kind)
      assert.matches(case[2], err.message, 1, true)
      assert.are.equal(0, #transport.requests)
    end
  end)

  it("may give any garbage: the call fails, and says what was wrong", function()
    local odd = setmetatable({}, {
      __index = function()
        error "odd"
      end,
      __tostring = function()
        error "odder"
      end,
    })
    local CASES = {
      { { access_key = "A", secret_key = "S", expires = "2099-12-26T08:00:00Z" }, "expires .* a string" },
      { { access_key = "A", secret_key = "S", expires = require("cjson").null }, "expires .* a userdata" },
      { { access_key = "A", secret_key = "S", expires = {} }, "expires .* a table" },
      { { access_key = "A", secret_key = "S", expires = 0 / 0 }, "expires .* not a number" },
      { { access_key = {}, secret_key = {} }, "no access_key and secret_key as text" },
      { 42, "no table of keys but a number" },
      { io.stdout, "no table of keys but a userdata" },
      { odd, "cannot be read: .*odd" },
    }
    for _, case in ipairs(CASES) do
      local df = dataforest.new {
        transport = scripted.new {},
        credentials = function()
          return case[1]
        end,
      }
      for _ = 1, 2 do
        local value, err = df.accounts:get_list()
        assert.is_nil(value)
        assert.are.equal("credentials", err.kind)
        assert.matches(case[2], err.message)
        assert.is_false(err.sent)
      end
    end
    for _, raised in ipairs { odd, {}, 7 } do
      local df = dataforest.new {
        transport = scripted.new {},
        credentials = function()
          error(raised)
        end,
      }
      local value, err = df.accounts:get_list()
      assert.is_nil(value)
      assert.matches("the provider raised: ", err.message, 1, true)
    end
  end)

  it("that raises within a coroutine has failed, too, and may yield before", function()
    local transport = scripted.new { { body = '{"contents":[]}' } }
    local first = true
    local df = dataforest.new {
      transport = transport,
      credentials = function()
        coroutine.yield "waiting"
        if first then
          first = false
          error "the vault is sealed"
        end
        return { access_key = "AK", secret_key = "SK" }
      end,
    }
    local err, value
    local thread = coroutine.create(function()
      err = select(2, df.accounts:get_list())
      value = df.accounts:get_list()
    end)
    local seen = {}
    while coroutine.status(thread) ~= "dead" do
      seen[#seen + 1] = select(2, assert(coroutine.resume(thread)))
    end
    assert.are.same({ "waiting", "waiting" }, seen)
    assert.are.equal("credentials", err.kind)
    assert.are.same({ contents = {} }, value)
  end)

  it("that raises has failed", function()
    local function vault()
      error "the vault is sealed"
    end
    for _, provider in ipairs { vault, { get = vault } } do
      local df = dataforest.new { transport = scripted.new {}, credentials = provider }
      local value, err = df.accounts:get_list()
      assert.is_nil(value)
      assert.are.equal("credentials", err.kind)
      assert.matches("the provider raised: .*the vault is sealed", err.message)
    end
  end)
end)

describe("the keys of a client", function()
  local signer = core.signer
  local made

  before_each(function()
    made = {}
    core.signer = function(...)
      made[#made + 1] = signer(...)
      return made[#made]
    end
  end)

  after_each(function()
    core.signer = signer
  end)

  local function open_signers()
    local open = 0
    for _, each in ipairs(made) do
      open = open + (tostring(each):find("open", 1, true) and 1 or 0)
    end
    return open
  end

  local function with(provider, more)
    local script = {}
    for index = 1, 8 do
      script[index] = { body = '{"contents":[]}' }
    end
    local options = tables.copy({ credentials = provider, transport = scripted.new(script) }, more)
    return dataforest.new(options)
  end

  it("leave no signer open: where others take their place, and when the client is closed", function()
    local expires = 1700000000
    for _, provider in ipairs {
      credentials.static("AK", "SK"),
      function()
        expires = expires + 301
        return { access_key = "AK", secret_key = "SK", expires = expires }
      end,
      function()
        return { access_key = "AK", secret_key = "SK", expires = math.huge }
      end,
    } do
      local df = with(provider)
      for _ = 1, 5 do
        assert(df.accounts:get_list())
        assert.is_true(open_signers() <= 1)
      end
      df:close()
      assert.is_true(#made > 0)
      assert.are.equal(0, open_signers())
    end
    local df = with(nil, { access_key = "AK", secret_key = "SK" })
    assert(df.accounts:get_list())
    df:close()
    assert.are.equal(0, open_signers())
  end)

  it("are read once more from a file that was rotated", function()
    local home = files.new_folder()
    assert(os.execute(("mkdir '%s/.ncloud'"):format(home)))
    local function rotate(name)
      files.write(
        home .. "/.ncloud/configure",
        ("ncloud_access_key_id=%s\nncloud_secret_access_key=S\n"):format(name)
      )
    end
    environment { HOME = home }
    rotate "OLD"
    local refused = { status = 401, body = "" }
    local ok = { body = '{"contents":[]}' }
    local transport = scripted.new { ok, refused, ok, refused }
    local df = dataforest.new { transport = transport, retry = false }
    assert(df.accounts:get_list())
    rotate "NEW"
    assert(df.accounts:get_list())
    assert.are.equal("NEW", transport.requests[3].headers["x-ncp-iam-access-key"])
    local _, err = df.accounts:get_list()
    assert.are.equal("auth", err.kind)
    assert.are.equal(4, #transport.requests)
    files.remove(home)
    df:close()
    assert.are.equal(0, open_signers())
  end)

  it("are asked for once more, and no more often, where an expiring provider's are refused", function()
    local asked, refused = 0, {}
    local transport = scripted.new { { status = 401 }, { status = 401 } }
    local df = dataforest.new {
      transport = transport,
      credentials = function(where)
        asked = asked + 1
        refused[asked] = where.refused or "none"
        return { access_key = "K" .. asked, secret_key = "S", expires = math.huge }
      end,
    }
    local _, err = df.accounts:get_list()
    assert.are.equal("auth", err.kind)
    assert.are.equal(2, err.attempts)
    assert.are.same({ "none", "K1" }, refused)
    df:close()
    assert.are.equal(0, open_signers())
  end)

  it("are not asked for again where they were given, or the right is missing", function()
    local transport = scripted.new { { status = 401 } }
    local df = dataforest.new { transport = transport, access_key = "AK", secret_key = "SK" }
    assert.is_nil((df.accounts:get_list()))
    local asked = 0
    transport = scripted.new { { status = 403 } }
    df = dataforest.new {
      transport = transport,
      credentials = function()
        asked = asked + 1
        return { access_key = "AK", secret_key = "SK", expires = math.huge }
      end,
    }
    assert.is_nil((df.accounts:get_list()))
    assert.are.equal(1, asked)
  end)
end)

describe("credentials.server_role", function()
  local function detail(now, lifetime)
    return {
      body = ('{"AccessKeyId":"AK","SecretAccessKey":"SK","Expiration":"%s"}'):format(
        os.date("!%Y-%m-%dT%H:%M:%SZ", now + lifetime)
      ),
    }
  end

  before_each(function()
    environment {}
  end)

  it("asks for the role and then for its keys, over the link-local address", function()
    local where, transport = context { { body = "df-role\nother\n" }, detail(1700000000, 3600) }
    local keys = credentials.server_role()(where)
    assert.are.equal("AK", keys.access_key)
    assert.are.equal("SK", keys.secret_key)
    assert.are.equal(1700003600, keys.expires)
    assert.are.equal("GET", transport.requests[1].method)
    assert.are.equal(
      "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
      transport.requests[1].url
    )
    assert.are.equal(
      "http://169.254.169.254/latest/meta-data/iam/security-credentials/df-role",
      transport.requests[2].url
    )
  end)

  it("follows the overrides", function()
    environment { NCLOUD_METADATA_ENDPOINT = "http://127.0.0.1:9/" }
    local where, transport = context { detail(1700000000, 3600) }
    assert.is_table(credentials.server_role { role = "mine" }(where))
    assert.are.equal(
      "http://127.0.0.1:9/latest/meta-data/iam/security-credentials/mine",
      transport.requests[1].url
    )
  end)

  it("keeps the keys until five minutes before they run out", function()
    local where, transport = context {
      detail(1700000000, 3600),
      detail(1700003300, 3600),
    }
    local provider = credentials.server_role { role = "mine" }
    local first = provider(where)
    transport.clock = 1700003299
    assert.are.equal(first, provider(where))
    assert.are.equal(1, #transport.requests)
    transport.clock = 1700003300
    assert.are_not.equal(first, provider(where))
    assert.are.equal(2, #transport.requests)
  end)

  it("goes on with the old keys where new ones cannot be had yet", function()
    local where, transport = context { detail(1700000000, 3600), { status = 500 } }
    local provider = credentials.server_role { role = "mine" }
    local first = provider(where)
    transport.clock = 1700003400
    assert.are.equal(first, provider(where))
  end)

  it("asks once for all callers", function()
    local where, transport = context { detail(1700000000, 3600) }
    local provider = credentials.server_role { role = "mine" }
    -- A transport that yields, as those do that serve many callers.
    local send = transport.send
    transport.send = function(self, request)
      coroutine.yield()
      return send(self, request)
    end
    transport.sleep = function()
      coroutine.yield()
    end
    local callers, keys = {}, {}
    for index = 1, 5 do
      callers[index] = coroutine.create(function()
        keys[index] = provider(where)
      end)
    end
    for _ = 1, 10 do
      for _, caller in ipairs(callers) do
        if coroutine.status(caller) ~= "dead" then
          assert(coroutine.resume(caller))
        end
      end
    end
    assert.are.equal(1, #transport.requests)
    for index = 1, 5 do
      assert.are.equal("AK", keys[index].access_key)
    end
  end)

  it("says why there are none", function()
    local CASES = {
      {
        {
          { kind = "timeout", message = "no response", sent = false },
          { status = 503 },
          { kind = "timeout", message = "no route", sent = false },
        },
        "no route",
      },
      { { { status = 500 }, { status = 500 } }, "HTTP 500" },
      { { { status = 404 } }, "HTTP 404" },
      { { { body = "" } }, "this server has no role" },
      { { { body = "bad role/..\n" } }, "this server has no role" },
      { { { body = "r" }, { body = "{}" } }, "no keys in the response" },
      { { { body = "r" }, { body = "<html>" } }, "no keys in the response" },
      {
        { { body = "r" }, { body = '{"AccessKeyId":"a","SecretAccessKey":"MARKED","Expiration":"soon"}' } },
        "Expiration",
      },
    }
    for _, case in ipairs(CASES) do
      local keys, message = credentials.server_role()((context(case[1])))
      assert.is_nil(keys)
      assert.matches(case[2], message, 1, true)
      assert.is_nil(message:find("MARKED", 1, true))
    end
  end)

  it("is asked again like any read where a request fails, within the call's policy", function()
    for _, fault in ipairs {
      { status = 500 },
      { status = 503 },
      { status = 429 },
      { kind = "timeout", message = "no response", sent = true },
      { kind = "network", message = "reset", sent = true },
    } do
      local where, transport = context { fault, { body = "r" }, fault, detail(1700000000, 3600) }
      assert.are.equal("AK", credentials.server_role()(where).access_key)
      assert.are.equal(4, #transport.requests)
      assert.are.equal(2, #transport.sleeps)
      where = context { fault }
      where.retry = { attempts = 1, base_delay = 0, max_delay = 0 }
      assert.is_nil((credentials.server_role()(where)))
    end
  end)

  it("is asked once more where its keys are refused before they expire", function()
    local refused = { status = 401, body = '{"error":{"errorCode":"200","message":"no"}}' }
    local function keys(name)
      return {
        body = ('{"AccessKeyId":"%s","SecretAccessKey":"SK","Expiration":"2099-01-01T00:00:00Z"}'):format(
          name
        ),
      }
    end
    local events = {}
    local transport = scripted.new {
      keys "K1",
      refused,
      keys "K2",
      { body = '{"contents":[]}' },
      { body = '{"contents":[]}' },
      refused,
      keys "K2",
    }
    local df = dataforest.new {
      transport = transport,
      retry = false,
      credentials = credentials.server_role { role = "mine" },
      on_event = function(event)
        events[#events + 1] = event.name
      end,
    }
    assert.is_table(df.accounts:get_list())
    assert.are.equal("attempt keys attempt success", table.concat(events, " "))
    assert.are.equal("K2", transport.requests[4].headers["x-ncp-iam-access-key"])
    assert.is_table(df.accounts:get_list())
    -- The same keys again: that they are refused is true.
    local value, err = df.accounts:get_list()
    assert.is_nil(value)
    assert.are.equal("auth", err.kind)
    assert.are.equal(7, #transport.requests)
  end)

  it("signs calls of a client", function()
    local transport = scripted.new { detail(1700000000, 3600), { body = "{}" }, { body = "{}" } }
    local df = dataforest.new {
      transport = transport,
      credentials = credentials.server_role { role = "mine" },
    }
    assert.is_table(df.accounts:get_list())
    assert.is_table(df.accounts:get_list())
    assert.are.equal(3, #transport.requests)
    assert.are.equal("AK", transport.requests[3].headers["x-ncp-iam-access-key"])
  end)

  it("reads times that the metadata service may write", function()
    assert.is_number(time.iso8601 "2026-11-23T09:00:00Z")
  end)
end)
