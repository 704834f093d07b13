-- Where requests go: plain http, proxies, and what is dialled.

local files = require "spec.support.files"
local process = require "spec.support.server"
local route = require "dataforest.transport.route"

--- What a script prints in a Lua of its own, with these variables set.
local function with_environment(variables, script)
  local path = os.tmpname()
  files.write(path, script)
  local said = process.output_of(
    ("%s\nunset %s\n%s lua5.4 %s 2>&1"):format(
      process.output_of "tools/env.sh lua5.4",
      "https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY",
      variables,
      path
    )
  )
  os.remove(path)
  return said
end

describe("plain http", function()
  it("is for this machine and the metadata service", function()
    for _, host in ipairs { "localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[0:0::1]", "169.254.169.254" } do
      assert.is_table(route.find("http://" .. host .. ":8080/x"), host)
    end
    for _, host in ipairs {
      "df.example",
      "128.0.0.1",
      "[::2]",
      "[::ffff:10.0.0.1]",
      "169.254.169.253",
      "localhost.example",
      "127.0.0.1.example",
    } do
      local found, message = route.find("http://" .. host .. "/x")
      assert.is_nil(found)
      assert.equal("url must begin with https:// (http:// is for loopback hosts only)", message)
    end
  end)

  it("stays there with connect_to", function()
    for _, to in ipairs { "127.0.0.1:80", "localhost:80", "[::1]:80" } do
      assert.is_table(route.find("http://127.0.0.1:8080/", to))
      assert.is_table(route.find("http://169.254.169.254/", to))
    end
    for _, to in ipairs { "10.0.0.5:80", "df.example:80", "169.254.169.254:80" } do
      local found, message = route.find("http://127.0.0.1:8080/", to)
      assert.is_nil(found)
      assert.matches("connect_to must be a loopback host", message, 1, true)
      assert.is_table(route.find("https://127.0.0.1:8080/", to))
    end
  end)

  it("never uses a proxy", function()
    local proxy = assert(route.proxy "http://proxy.example:3128")
    assert.is_nil(route.find("http://127.0.0.1/", nil, proxy).proxy)
    assert.equal("proxy.example:3128", route.find("https://127.0.0.1/", nil, proxy).proxy.label)
  end)
end)

describe("what is dialled", function()
  it("is the host, or connect_to", function()
    local found = assert(route.find "https://df.example/x")
    assert.same({ "df.example" }, found.dial)
    assert.equal(443, found.dial_port)
    assert.equal("df.example:443", found.label)
    assert.equal("df.example", found.server_name)
    found = assert(route.find("https://df.example/x", "[2001:db8::1]:8443"))
    assert.same({ "[2001:db8::1]" }, found.dial)
    assert.equal(8443, found.dial_port)
    assert.equal("[2001:db8::1]:8443", found.label)
    assert.equal("df.example", found.server_name)
    assert.equal("2001:db8::1", route.find("https://[2001:db8::1]/").server_name)
    assert.is_nil(route.find("http://[::1]/").server_name)
  end)

  it("is loopback's addresses for localhost, without asking DNS", function()
    for _, address in ipairs { "http://localhost:1/", "https://LOCALHOST.:1/" } do
      assert.same({ "127.0.0.1", "[::1]" }, route.find(address).dial)
    end
    assert.same({ "127.0.0.1", "[::1]" }, route.find("https://df.example/", "localhost:5").dial)
  end)

  it("must be host and port in connect_to", function()
    for to, want in pairs {
      ["df.example"] = 'connect_to must be "host:port"',
      ["df.example:0"] = "connect_to must have a port",
      [":443"] = "connect_to does not name a host",
      ["a b:1"] = "connect_to does not name a host",
      ["[fe80::1%2]:1"] = "connect_to has an IPv6 zone id",
    } do
      local found, message = route.find("https://df.example/", to)
      assert.is_nil(found)
      assert.matches(want, message, 1, true)
    end
  end)
end)

describe("NO_PROXY", function()
  it("names hosts, domains, ranges and ports", function()
    for _, case in ipairs {
      { "*", "df.example", true },
      { "other,*", "df.example", true },
      { "df.example", "df.example", true },
      { "example", "df.example", true },
      { ".example", "df.example", true },
      { "*.example", "df.example", true },
      { "DF.EXAMPLE.", "df.example", true },
      { " other , df.example ", "df.example", true },
      { "other\tdf.example", "df.example", true },
      { "xample", "df.example", false },
      { "f.example", "df.example", false },
      { "df.example.org", "df.example", false },
      { ".", "df.example", false },
      { "", "df.example", false },
      { "df.example:443", "df.example", true },
      { "df.example:444", "df.example", false },
      { "*.example:443", "df.example", true },
      { "127.0.0.1", "127.0.0.1", true },
      { "127.0.0.1:443", "127.0.0.1", true },
      { "127.0.0.1:80", "127.0.0.1", false },
      { "127.0.0.0/8", "127.0.0.1", true },
      { "10.0.0.0/8", "127.0.0.1", false },
      { "10.1.16.0/20", "10.1.31.255", true },
      { "10.1.16.0/20", "10.1.32.0", false },
      { "0.0.0.0/0", "10.1.32.0", true },
      { "10.0.0.0/33", "10.0.0.0", false },
      { "0.1", "10.0.0.1", false },
      { "::1", "[::1]", true },
      { "[::1]", "[::1]", true },
      { "[::1]:443", "[::1]", true },
      { "[::1]:80", "[::1]", false },
      { "0:0:0:0:0:0:0:1", "[::1]", true },
      { "fd00::/8", "[fdff::1]", true },
      { "[fd00::]/8", "[fdff::1]", true },
      { "fd00::/8", "[fe00::1]", false },
      { "::/0", "127.0.0.1", false },
      { "localhost", "localhost", true },
      { "127.0.0.1", "localhost", false },
    } do
      assert.equal(case[3], route.is_exception(case[1], case[2], 443), case[1] .. " for " .. case[2])
    end
  end)
end)

describe("the option proxy", function()
  local function found_by(option)
    return assert(route.find("https://df.example/", nil, assert(route.proxy(option)))).proxy
  end

  it("is taken apart", function()
    for option, want in pairs {
      ["http://proxy.example:3128"] = "http proxy.example:3128",
      ["http://Proxy.Example.:3128/"] = "http proxy.example:3128",
      ["proxy.example:3128"] = "http proxy.example:3128",
      ["http://proxy.example"] = "http proxy.example:1080",
      ["https://proxy.example"] = "https proxy.example:443",
      ["socks5h://[::1]:9050"] = "socks5h [::1]:9050",
    } do
      local proxy = found_by(option)
      assert.equal(want, proxy.scheme .. " " .. proxy.label)
      assert.is_nil(proxy.authorization)
    end
  end)

  it("may hold a user and a password", function()
    local proxy = found_by "http://us%65r:p%40ss%2Fw:rd@proxy.example:3128"
    assert.equal("user", proxy.user)
    assert.equal("p@ss/w:rd", proxy.password)
    assert.equal("Basic dXNlcjpwQHNzL3c6cmQ=", proxy.authorization)
    assert.equal("Basic dXNlcjo=", found_by("http://user@proxy.example:3128").authorization)
    assert.equal("p@ss", found_by("http://user:p@ss@proxy.example:3128").password)
  end)

  it("shows its password nowhere", function()
    local setting = assert(route.proxy "http://user:MARKED@proxy.example:3128")
    assert.equal("http://user:***@proxy.example:3128", tostring(setting))
    assert.is_nil(next(setting))
    assert.equal(setting, route.proxy(setting))
    assert.equal("env", tostring(route.proxy "env"))
    for _, option in ipairs {
      "http://user:MARKED/x@proxy.example:1",
      "http://user:MARKED@proxy.example:99999",
      "http://user:MARKED@",
      "http://user:MARKED@a b:1",
      "http://user:MARKED%0d%0ax@proxy.example:1",
      "gopher://user:MARKED@proxy.example:1",
      "http://user:MARKED#@proxy.example:1",
      "http://us%3aer:MARKED@proxy.example:1",
    } do
      local made, message = route.proxy(option)
      assert.is_nil(made, option)
      assert.not_matches("MARKED", message, 1, true)
    end
  end)

  it("says how a password is written", function()
    local _, message = route.proxy "http://user:a/b@proxy.example:1"
    assert.matches("%2F", message, 1, true)
  end)

  it("can be the environment", function()
    local script = [[
      local route = require "dataforest.transport.route"
      local env = assert(route.proxy "env")
      for _, host in ipairs { "df.example", "[::1]" } do
        local found, message = route.find("https://" .. host .. "/", nil, env)
        print(found and (found.proxy and found.proxy.label or "direct") or message)
      end
    ]]
    assert.equal("direct\ndirect\n", with_environment("", script))
    assert.equal("a:1\na:1\n", with_environment("https_proxy=http://a:1 HTTPS_PROXY=http://b:1", script))
    assert.equal("b:1\nb:1\n", with_environment("https_proxy= HTTPS_PROXY=b:1", script))
    assert.equal("c:1\ndirect\n", with_environment("ALL_PROXY=http://c:1 no_proxy=other,[::1]", script))
    assert.equal("direct\nc:1\n", with_environment("all_proxy=http://c:1 NO_PROXY=.example", script))
    assert.equal("direct\ndirect\n", with_environment("http_proxy=http://d:1", script))
    local said = with_environment("HTTPS_PROXY=http://u:MARKED/@c:1", script)
    assert.matches("environment variable HTTPS_PROXY must be of the form", said, 1, true)
    assert.not_matches("MARKED", said, 1, true)
  end)
end)
