local dataforest = require "dataforest"
local tables = require "dataforest.util.tables"

local KEYS = { access_key = "AK_TEST", secret_key = "SK_TEST" }

local function with(more)
  local options = tables.copy(KEYS)
  for name, value in pairs(more) do
    options[name] = value
  end
  return options
end

local function message_of(options)
  local ok, message = pcall(dataforest.new, options)
  assert.is_false(ok)
  return message
end

describe("dataforest.new", function()
  it("takes no options at all", function()
    assert.is_table(dataforest.new())
    assert.is_table(dataforest.new {})
  end)

  it("raises at the caller's line", function()
    local line = debug.getinfo(1, "l").currentline + 2
    local ok, message = pcall(function()
      dataforest.new { tiemout = 3 }
    end)
    assert.is_false(ok)
    assert.matches("options_spec.lua:" .. line .. ":", message, 1, true)
    assert.matches("unknown option tiemout; did you mean timeout?", message, 1, true)
    assert.matches("known are access_key, attempt_timeout", message_of { zzz = 1 }, 1, true)
  end)

  it("names the option that is wrong, and the cure", function()
    local CASES = {
      { { timeout = 0 }, "option timeout must be a number of seconds above 0" },
      { { timeout = "3" }, "option timeout must be a number, got a string" },
      { { connect_timeout = -1 }, "option connect_timeout" },
      { { attempt_timeout = math.huge }, "option attempt_timeout" },
      { { max_response_bytes = 0 }, "option max_response_bytes" },
      { { max_response_bytes = 1.5 }, "option max_response_bytes" },
      { { format = "yaml" }, 'option format must be "json" or "xml"' },
      { { password_rule = "none" }, 'option password_rule must be "strict" or "current"' },
      { { retry = true }, "option retry must be a table or false" },
      { { retry = { attempts = 0 } }, "setting attempts must be a whole number from 1 to 100" },
      { { retry = { attempts = 101 } }, "setting attempts" },
      { { retry = { tries = 3 } }, "retry is wrong: unknown setting tries; known are attempts, base_delay" },
      { { retry = { base_delay = "1" } }, "setting base_delay must be a number" },
      { { retry = { max_delay = -1 } }, "setting max_delay" },
      { { validate = "no" }, "option validate must be a boolean" },
      { { on_event = {} }, "option on_event must be a function" },
      { { credentials = "env" }, "option credentials must be a function or a table" },
      { { credentials = {} }, "a table with a method get" },
      { { user_agent = "a\r\nb: c" }, "option user_agent must not hold control characters" },
      { { user_agent = "a\0b" }, "option user_agent must not hold control characters" },
      { { ca_file = "" }, "option ca_file must not be empty" },
      { { ca_file = "a\nb" }, "option ca_file must not hold control characters" },
      { { connect_to = "localhost" }, 'option connect_to must be "host:port"' },
      { { connect_to = "localhost:0" }, "option connect_to" },
      { { connect_to = "localhost:65536" }, "option connect_to" },
      { { connect_to = "a\r\n:80" }, "option connect_to" },
      { { proxy = "ftp://proxy:3128" }, "option proxy must begin with http://" },
      { { proxy = "http://a\r\nb" }, "option proxy holds a blank or a control character" },
      { { transport = 7 }, "option transport" },
      { { base_url = "df.apigw.ntruss.com" }, "option base_url must begin with https://" },
      { { base_url = "http://df.apigw.ntruss.com" }, "http:// is for loopback hosts only" },
      { { base_url = "http://127.0.0.1.example.com" }, "http:// is for loopback hosts only" },
      { { base_url = "ftp://127.0.0.1" }, "must begin with https://" },
      { { base_url = "https://user:pass@host" }, "without user and password" },
      { { base_url = "https://host?x=1" }, "must end with its path" },
      { { base_url = "https://host/a\r\nb" }, "holds a blank or a control character" },
      { { base_url = "https://host:0" }, "port from 1 to 65535" },
      { { base_url = "https://host:65536" }, "port from 1 to 65535" },
      { { base_url = "https://" }, "does not name a host" },
      {
        { base_url = "http://127.0.0.1:8080", connect_to = "example.com:80" },
        "option connect_to must be a loopback host",
      },
      { { headers = { Host = "a" } }, "option headers field Host is set by the library" },
      { { headers = { ["x-ncp-iam-access-key"] = "a" } }, "is set by the library" },
      { { headers = { Trailer = "a" } }, "is set by the library" },
      { { headers = "X-A: b" }, "option headers must be a table or a function, got a string" },
      { { on_error = true }, "option on_error must be a function" },
    }
    for _, case in ipairs(CASES) do
      assert.matches(case[2], message_of(with(case[1])), 1, true)
    end
  end)

  it("wants both keys or none, and no control characters in them", function()
    assert.matches("secret_key is missing", message_of { access_key = "AK" }, 1, true)
    assert.matches("access_key is missing", message_of { secret_key = "SK" }, 1, true)
    for _, bad in ipairs { "", "a\rb", "a\nb", "a\0b" } do
      assert.matches("option access_key", message_of { access_key = bad, secret_key = "SK" }, 1, true)
      local message = message_of { access_key = "AK", secret_key = bad }
      assert.matches("option secret_key", message, 1, true)
    end
  end)

  it("never shows the secret in a message", function()
    local message = message_of { access_key = "AK", secret_key = "very\nsecret" }
    assert.is_nil(message:find("very", 1, true))
  end)

  it("accepts http for loopback hosts, and every way to write the base address", function()
    for _, url in ipairs {
      "http://127.0.0.1:8080",
      "http://127.8.9.1",
      "http://localhost:1",
      "http://[::1]:8443",
      "https://df.apigw.ntruss.com/",
      "https://df.apigw.ntruss.com/api/v2",
      "https://df.apigw.ntruss.com/api/v2/",
      "HTTPS://DF.apigw.ntruss.com",
    } do
      assert.is_table(dataforest.new(with { base_url = url }))
    end
  end)

  it("shows no secret when printed", function()
    local df = dataforest.new(with { secret_key = "MARKED-SECRET" })
    assert.is_nil(tostring(df):find("MARKED", 1, true))
    local function search(value, seen)
      if type(value) == "table" and not seen[value] then
        seen[value] = true
        for k, v in pairs(value) do
          search(k, seen)
          search(v, seen)
        end
      else
        assert.is_nil(tostring(value):find("MARKED", 1, true))
      end
    end
    search(df, {})
  end)
end)

describe("the environment", function()
  local getenv = os.getenv
  local variables = {}

  before_each(function()
    os.getenv = function(name) -- luacheck: ignore 122
      return name:find "^DATAFOREST_" and variables[name] or getenv(name)
    end
  end)

  after_each(function()
    os.getenv = getenv -- luacheck: ignore 122
    variables = {}
  end)

  it("stands in for four options, and gives way to them", function()
    variables = {
      DATAFOREST_BASE_URL = "https://gateway.example",
      DATAFOREST_CA_FILE = "/etc/ca.pem",
      DATAFOREST_CONNECT_TO = "127.0.0.1:8443",
      DATAFOREST_PROXY = "http://proxy:3128",
    }
    local settings = dataforest.new(KEYS).settings
    assert.are.equal("https://gateway.example", settings.origin)
    assert.are.equal("/etc/ca.pem", settings.ca_file)
    assert.are.equal("127.0.0.1:8443", settings.connect_to)
    assert.are.equal("http://proxy:3128", tostring(settings.proxy))
    settings = dataforest.new(with { ca_file = "other.pem", base_url = "https://a.example" }).settings
    assert.are.equal("other.pem", settings.ca_file)
    assert.are.equal("https://a.example", settings.origin)
  end)

  it("is named where it is wrong, and only where it counts", function()
    for name, value in pairs {
      DATAFOREST_BASE_URL = "http://example.com",
      DATAFOREST_CONNECT_TO = "nowhere",
      DATAFOREST_PROXY = "ftp://MARKED@proxy",
    } do
      variables = { [name] = value }
      local message = message_of(KEYS)
      assert.matches("environment variable " .. name, message, 1, true)
      assert.is_nil(message:find("MARKED", 1, true))
    end
    variables = { DATAFOREST_PROXY = "ftp://proxy" }
    assert.is_table(dataforest.new(with { proxy = "http://proxy:3128" }))
    variables = { DATAFOREST_CA_FILE = "" }
    assert.is_nil(dataforest.new(KEYS).settings.ca_file)
  end)
end)
