local cost = require "spec.support.cost"
local core = require "dataforest.core"
local operations = require "dataforest.operations"
local secrets = require "dataforest.secrets"

local unpack = table.unpack or unpack -- luacheck: ignore

describe("secrets.clean", function()
  local SECRET = 'Qa<1&"x\\y/z='

  it("takes a secret out wherever it stands", function()
    assert.are.equal(
      "invalid request parameter (password, '[redacted]'). [redacted]!",
      secrets.clean("invalid request parameter (password, 'qaZ123@'). qaZ123@!", { "qaZ123@" })
    )
  end)

  it("knows it by its encodings", function()
    for _, form in ipairs {
      SECRET,
      "Qa%3C1%26%22x%5Cy%2Fz%3D",
      "Qa%3c1%26%22x%5cy%2fz%3d",
      'Qa<1&\\"x\\\\y/z=',
      'Qa<1&\\"x\\\\y\\/z=',
      "Qa&lt;1&amp;&quot;x\\y/z=",
      'Qa\\u003c1\\u0026\\"x\\\\y/z\\u003d',
      "Qa&lt;1&amp;&#34;x\\y/z=",
      "UWE8MSYieFx5L3o9",
      "%51%61%3C%31%26%22%78%5C%79%2F%7A%3D", -- all of it escaped
      "Qa%3C1&%22x\\y/z=", -- as little as can be
      'Qa\\u003c1\\u0026\\"x\\\\y\\/z=',
      "Qa&#60;1&#38;&#x22;x\\y/z=",
      "51613c312622785c792f7a3d",
      "51613C312622785C792F7A3D",
    } do
      assert.are.equal("a [redacted] b", secrets.clean("a " .. form .. " b", { SECRET }), form)
    end
  end)

  it("knows a secret with an escape in it, as it is and escaped once more", function()
    for _, form in ipairs { "a%41+&lt;", "a%2541%2B%26lt%3B", "a%41+&amp;lt;" } do
      assert.are.equal("x[redacted]y", secrets.clean("x" .. form .. "y", { "a%41+&lt;" }), form)
    end
    assert.are.equal("aA &lt", secrets.clean("aA &lt", { "a%41+&lt;" }))
  end)

  it("leaves an escape at the end of the text alone", function()
    for _, text in ipairs {
      "abc%",
      "abc%4",
      "abc\\",
      "abc\\u00",
      "abc&",
      "abc&#",
      "abc&#x;",
      "abc&#99999999999;",
    } do
      assert.are.equal(text, secrets.clean(text, { "abcd" }))
    end
  end)

  it("takes base64 out with and without its padding", function()
    assert.are.equal("[redacted]", secrets.clean("YWJjZA==", { "abcd" }))
    assert.are.equal("[redacted].", secrets.clean("YWJjZA.", { "abcd" }))
  end)

  it("takes it out of longer texts in base64, wherever it begins in them", function()
    for behind = 0, 5 do
      local text = core.base64(("x"):rep(behind) .. SECRET .. "yyy")
      local cleaned = secrets.clean(text, { SECRET })
      assert.matches("[redacted]", cleaned, 1, true)
      assert.is_true(#cleaned - #"[redacted]" <= #core.base64(("x"):rep(behind) .. "yyy") + 4, cleaned)
    end
    assert.are.equal("[redacted]", secrets.clean("8J-YgPCfmIA_", { "\240\159\152\128\240\159\152\128?" }))
  end)

  it("takes out what a cut has left of it", function()
    for count = 1, #SECRET do
      local text = ('expected a number, got "%s..." there'):format(SECRET:sub(1, count))
      assert.are.equal('expected a number, got "[redacted]..." there', secrets.clean(text, { SECRET }))
    end
    assert.are.equal("a [redacted]... b [redacted]...", secrets.clean("a Qa<... b Qa%3C1%...", { SECRET }))
    assert.are.equal("... and so on...", secrets.clean("... and so on...", { SECRET }))
  end)

  it("leaves the text readable where the secret is a letter or two", function()
    assert.are.equal("a bad password '[redacted]'", secrets.clean("a bad password 'a'", { "a" }))
  end)

  it("takes a secret for what it is and not for a pattern", function()
    assert.are.equal("a.c", secrets.clean("a.c", { "%w%." }))
    assert.are.equal("[redacted]", secrets.clean("%w%.", { "%w%." }))
    assert.are.equal("a[redacted]c", secrets.clean("a\0%b\0c", { "\0%b\0" }))
  end)

  it("passes through what holds none, and nil", function()
    assert.are.equal("fine", secrets.clean("fine", { "secret" }))
    assert.are.equal("fine", secrets.clean("fine", {}))
    assert.are.equal("fine", secrets.clean("fine", nil))
    assert.is_nil(secrets.clean(nil, { "secret" }))
  end)

  it("finds one encoding within another, and every escape of JSON", function()
    for _, form in ipairs {
      'Qa<1&\\\\\\"x\\\\\\\\y/z=', -- JSON in JSON
      "Qa%253C1%2526%2522x%255Cy%252Fz%253D", -- percent in percent
      "Qa\\u00253C1&\\u002522x%5Cy/z=", -- percent in JSON
      "Qa&amp;lt;1&amp;amp;&quot;x\\y/z=", -- XML in XML
    } do
      assert.are.equal("a [redacted] b", secrets.clean("a " .. form .. " b", { SECRET }), form)
    end
    assert.are.equal("[redacted]!", secrets.clean("\\ud83d\\ude00\\u00e4x!", { "\240\159\152\128\195\164x" }))
    assert.are.equal("q=[redacted]&r", secrets.clean("q=two+words%21&r", { "two words!" }))
  end)

  it("leaves what looks encoded alone where no secret is in it", function()
    local text = "100%25 of &lt;b&gt; is \\u0041, 50% is C:\\new"
    assert.are.equal(text, secrets.clean(text, { SECRET, "abc" }))
  end)

  it("shows four characters of an access key, and none of a short one", function()
    local list = { access_key = "AKMARKED123456789012" }
    assert.are.equal("no key AKMA[redacted].", secrets.clean("no key AKMARKED123456789012.", list))
    assert.are.equal("no key AKMA[redacted]...", secrets.clean("no key AKMARKED...", list))
    assert.are.equal("no key [redacted].", secrets.clean("no key SHORTKEY.", { access_key = "SHORTKEY" }))
    assert.are.equal("a key is a key", secrets.clean("a key is a key", { access_key = "a" }))
  end)

  it("shows 4 kB, whole characters, and nothing of a secret that the cut goes through", function()
    local text = ("\195\164"):rep(4000)
    local shown = secrets.clean("x" .. text, {})
    assert.is_true(core.valid_utf8(shown))
    assert.are.equal("x" .. ("\195\164"):rep(2047) .. "...", shown)
    for hidden = 1, #SECRET - 1 do
      shown = secrets.clean(("-"):rep(4096 - #SECRET + hidden) .. SECRET .. "tail", { SECRET })
      assert.are.equal(("-"):rep(4096 - #SECRET + hidden) .. "[redacted]...", shown)
    end
    assert.are.equal(("-"):rep(4096), secrets.clean(("-"):rep(4096), {}))
  end)

  it("takes hardly more time for 8 MiB of the worst bytes than for 64 KiB", function()
    local list = { "Passw0rd!x", ("Sig+/aaa"):rep(6), access_key = "AKMARKED123456789012" }
    for _, unit in ipairs {
      ".",
      "...P",
      "P",
      "%25",
      "%5Cu0041",
      "&amp;",
      "&aaaaaaaaaaaaaaaaaaa",
      "\\",
      "\1",
      "\226\128\139",
      "\255",
      "%5C...&amp",
    } do
      local function clean(text)
        assert.is_true(#secrets.clean(text, list) <= 16384, unit)
      end
      local text = unit:rep(math.floor(8 * 1024 * 1024 / #unit))
      local short = cost.seconds(clean, text:sub(1, 64 * 1024))
      assert.is_true(cost.seconds(clean, text) < 10 * short + 0.05, unit) -- of 128 times as much
    end
  end)

  it("grows with the text where the whole of it is kept", function()
    for _, unit in ipairs { ".", "...P", "%25", "%5C...&amp" } do
      cost.assert_linear(function(size)
        secrets.redact(unit:rep(math.floor(size / #unit)), { "Passw0rd!x" })
      end, 10000)
    end
  end)

  it("finds a secret that something unseen stood within", function()
    assert.are.equal("[redacted]", secrets.clean("Pass\226\128\139word\243\160\129\1291", { "Password1" }))
    assert.are.equal("[redacted]", secrets.clean("a\nb\nc", { "a\nb\nc" }))
  end)
end)

describe("names of secrets", function()
  it("are those that people give to passwords, tokens and credentials", function()
    for _, name in ipairs {
      "password",
      "adminPassword",
      "passwd",
      "Passwort",
      "pwd",
      "userPwd",
      "dbpwd",
      "PWD",
      "passphrase",
      "passcode",
      "pass",
      "token",
      "accessToken",
      "secret",
      "secretKey",
      "clientSecret",
      "key_secret",
      "secrets",
      "apiKey",
      "API_KEY",
      "apikey",
      "APIKey",
      "access-key",
      "accessKeyId",
      "SecretAccessKey",
      "privateKey",
      "sshKey",
      "encryption_key",
      "signingKeys",
      "keytab",
      "kerberosKeytab",
      "credentials",
      "jwt",
      "cookie",
      "pin",
      "otp",
      "signature",
      "Authorization",
    } do
      assert.is_true(secrets.is_secret_name(name), name)
    end
  end)

  it("are not those of keys that are none", function()
    for _, name in ipairs {
      "key",
      "keys",
      "keyName",
      "loginKeyName",
      "keyword",
      "publicKey",
      "primaryKey",
      "monkey",
      "keyspace",
      "apiKeyName",
      "name",
      "compass",
      "bypass",
      "pinned",
      "spinner",
      "hotplug",
      "id",
      "",
    } do
      assert.is_false(secrets.is_secret_name(name), name)
    end
    assert.is_false(secrets.is_secret_name(7))
    assert.is_false(secrets.is_secret_name(("x"):rep(1e6)))
  end)
end)

describe("a request's secrets", function()
  local function masked(id, params)
    return secrets.mask_request(operations.by_name[id], params)
  end

  it("are those that the operation marks, at any depth", function()
    local out, found = masked("notebooks/setUserConfigurationList", {
      id = "n1",
      userConfigurations = {
        { componentName = "jupyter", name = "color", value = "red1" },
        { componentName = "jupyter", name = "n", value = 1234 },
      },
    })
    assert.are.same({
      id = "n1",
      userConfigurations = {
        { componentName = "jupyter", name = "color", value = "[redacted]" },
        { componentName = "jupyter", name = "n", value = "[redacted]" },
      },
    }, out)
    assert.are.same({ "red1", "1234", name = "value" }, found)
  end)

  it("are found where a list of one is the item itself, as XML has it", function()
    local out = masked("notebooks/setUserConfigurationList", {
      userConfigurations = { componentName = "c", name = "n", value = "hidden" },
    })
    assert.are.equal("[redacted]", out.userConfigurations.value)
  end)

  it("are told by their names where nothing else is known", function()
    local out, found = masked("foo/bar", {
      a = { { pwd = "one" }, { passphrase = { "two", { x = "three" } } } },
      tokens = { "four" },
      hasPassword = true,
      settings = { { name = "DB_PASSWORD", value = "five" }, { key = "apiKey", value = "six" } },
      env = { "PATH=/bin", "DB_PASSWORD=seven=7" },
      name = "plain",
    })
    assert.are.same({
      a = { { pwd = "[redacted]" }, { passphrase = { "[redacted]", { x = "[redacted]" } } } },
      tokens = { "[redacted]" },
      hasPassword = true,
      settings = { { name = "DB_PASSWORD", value = "[redacted]" }, { key = "apiKey", value = "[redacted]" } },
      env = { "PATH=/bin", "DB_PASSWORD=[redacted]" },
      name = "plain",
    }, out)
    table.sort(found)
    assert.are.same({ "five", "four", "one", "seven=7", "six", "three", "two" }, { unpack(found) })
  end)

  it("are told by their names in members that the operation does not describe", function()
    local out = masked("aiapps/submit", { docker = { env = { { DB_PASSWORD = "x1" } }, image = "img" } })
    assert.are.same({ docker = { env = { { DB_PASSWORD = "[redacted]" } }, image = "img" } }, out)
    out = masked("accounts/create", { name = "abc", passwort = "typo1", password = "right1" })
    assert.are.same({ name = "abc", passwort = "[redacted]", password = "[redacted]" }, out)
  end)

  it("leave the given table alone, and the names of documented members decide nothing", function()
    local params = { loginKeyName = "k", accountId = "a" }
    local out, found = masked("notebooks/create", params)
    assert.are.same(params, out)
    assert.are.same({}, found)
    assert.are.same({}, secrets.gather(nil, nil))
  end)

  it("end at a depth that no body has", function()
    local deep = {}
    deep.inner = deep
    assert.is_table(secrets.mask_request(nil, deep))
  end)
end)
