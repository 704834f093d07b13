local url = require "dataforest.transport.url"

describe("url.parse", function()
  it("takes URLs apart", function()
    for text, want in pairs {
      ["https://df.apigw.ntruss.com"] = "https df.apigw.ntruss.com 443 df.apigw.ntruss.com /",
      ["HTTPS://DF.Example./a/b?c=d&e"] = "https df.example 443 df.example /a/b?c=d&e",
      ["https://df.example:443/x"] = "https df.example 443 df.example /x",
      ["https://df.example:8443?x"] = "https df.example 8443 df.example:8443 /?x",
      ["http://localhost.:80/"] = "http localhost 80 localhost /",
      ["http://[::1]:8080/x"] = "http [::1] 8080 [::1]:8080 /x",
      ["https://[2001:DB8::A]"] = "https [2001:db8::a] 443 [2001:db8::a] /",
      ["http://127.0.0.1:00080/"] = "http 127.0.0.1 80 127.0.0.1 /",
      ["https://ISTANBUL.example/I"] = "https istanbul.example 443 istanbul.example /I",
    } do
      local parts = assert(url.parse(text))
      local port = ("%d"):format(parts.port)
      assert.equal(
        want,
        table.concat({ parts.scheme, parts.host, port, parts.authority, parts.target }, " "),
        text
      )
    end
  end)

  it("says what is wrong", function()
    for text, want in pairs {
      [""] = "must begin with https://",
      ["df.example"] = "must begin with https://",
      ["ftp://df.example"] = "must begin with https://",
      ["https://"] = "does not name a host",
      ["https://."] = "does not name a host",
      ["https://a..b"] = "does not name a host",
      ["https://a b"] = "holds a blank or a control character",
      ["https://a/\r\nx"] = "holds a blank or a control character",
      ["https://user:pw@df.example/"] = "without user and password",
      ["https://df.example/a#b"] = "has a fragment",
      ["https://df.example\\a"] = "has a backslash",
      ["https://df.example:0"] = "port from 1 to 65535",
      ["https://df.example:65536"] = "port from 1 to 65535",
      ["https://df.example:"] = "port from 1 to 65535",
      ["https://df.example:1a"] = "port from 1 to 65535",
      ["https://2001:db8::a/"] = "IPv6 address without brackets",
      ["https://[fe80::1%eth0]/"] = "IPv6 zone id",
      ["https://[fe80::1%25eth0]:443/"] = "IPv6 zone id",
      ["https://[::1"] = "port from 1 to 65535",
      ["https://[1.2.3.4]"] = "not an IPv6 address",
      ["https://[::g]"] = "not an IPv6 address",
      ["https://127.1/"] = "not an IPv4 address",
      ["https://256.0.0.1/"] = "not an IPv4 address",
      ["https://0177.0.0.1/"] = "not an IPv4 address",
      ["https://2130706433/"] = "not an IPv4 address",
      ["https://" .. ("a"):rep(254)] = "does not name a host",
    } do
      local parts, message = url.parse(text)
      assert.is_nil(parts, text)
      assert.matches(want, message, 1, true)
    end
  end)
end)

describe("url.address_bytes", function()
  it("reads addresses of both kinds", function()
    local function hex(bytes)
      return bytes and bytes:gsub(".", function(byte)
        return ("%02x"):format(byte:byte())
      end)
    end
    for text, want in pairs {
      ["127.0.0.1"] = "7f000001",
      ["255.255.255.255"] = "ffffffff",
      ["::"] = ("0"):rep(32),
      ["[::1]"] = ("0"):rep(31) .. "1",
      ["1:2:3:4:5:6:7:8"] = "00010002000300040005000600070008",
      ["1::8"] = "00010000000000000000000000000008",
      ["::ffff:1.2.3.4"] = ("0"):rep(20) .. "ffff01020304",
      ["1:2:3:4:5:6:7::"] = "00010002000300040005000600070000",
    } do
      assert.equal(want, hex(url.address_bytes(text)), text)
    end
    for _, text in ipairs {
      "",
      "a",
      "1.2.3",
      "1.2.3.4.5",
      "01.2.3.4",
      "[1.2.3.4]",
      ":",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8::",
      "12345::",
      "::1.2.3",
      "1.2.3.4::",
      "::1%1",
      "[::1",
      "::1]",
    } do
      assert.is_nil(url.address_bytes(text), text)
    end
  end)
end)
