local proxies = require "dataforest.transport.cosocket.proxy"

describe("a proxy for nginx's sockets", function()
  it("is a host and a port, with a user where it names one", function()
    assert.are.same(
      { host = "proxy.example", port = 3128, label = "proxy.example:3128" },
      proxies.parse "http://proxy.example:3128"
    )
    assert.are.same({ host = "10.0.0.1", port = 1080, label = "10.0.0.1:1080" }, proxies.parse "10.0.0.1/")
    assert.are.equal("[::1]", proxies.parse("http://[::1]:3128").host)
    assert.are.equal("Basic dXNlcjpwQHNz", proxies.parse("http://user:p%40ss@proxy:3128").authorization)
    assert.are.equal("Basic dXNlcjo=", proxies.parse("http://user@proxy:3128").authorization)
  end)

  it("can be of no other kind, and its password is not repeated", function()
    for _, address in ipairs {
      "https://user:secret@proxy:3128",
      "socks5://user:secret@proxy:1080",
      "http://user:secret@pro xy:3128",
      "http://user:secret@proxy:3128/path",
      "http://",
    } do
      local proxy, message = proxies.parse(address)
      assert.is_nil(proxy)
      assert.is_string(message)
      assert.not_matches("secret", message, 1, true)
    end
  end)

  it("is left out for hosts that are excepted", function()
    assert.is_true(proxies.is_exception("localhost, .example ,other.test", "df.example"))
    assert.is_true(proxies.is_exception("DF.example", "df.example"))
    assert.is_true(proxies.is_exception("example", "df.example"))
    assert.is_true(proxies.is_exception("*", "df.example"))
    assert.is_false(proxies.is_exception("ample, other.test", "df.example"))
    assert.is_false(proxies.is_exception("", "df.example"))
  end)

  it("is none unless asked for", function()
    assert.is_nil((proxies.find(nil, "df.example")))
    assert.are.equal("proxy:3128", proxies.find("http://proxy:3128", "df.example").label)
  end)
end)
