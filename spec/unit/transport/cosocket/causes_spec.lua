local causes = require "dataforest.transport.cosocket.causes"

local ROUTE = { dial_label = "10.0.0.5:443", label = "10.0.0.5:443", server_name = "df.example" }

describe("a failed connection of nginx", function()
  local function cause(reason, settings, route)
    local failed = causes.of_handshake(reason, route or ROUTE, settings or {})
    assert.is_false(failed.sent)
    return failed.kind, failed.message
  end

  it("names the resolver where there is none", function()
    local failed = causes.of_connect('no resolver defined to resolve "df.example"', ROUTE)
    assert.are.equal("network", failed.kind)
    assert.is_false(failed.sent)
    assert.matches("directive resolver", failed.message, 1, true)
    assert.matches('connect_to = "address:port"', failed.message, 1, true)
  end)

  it("names /etc/hosts where a name is not found", function()
    local failed = causes.of_connect("df.example could not be resolved (3: Host not found)", ROUTE)
    assert.are.equal("network", failed.kind)
    assert.matches("3: Host not found", failed.message, 1, true)
    assert.matches("/etc/hosts", failed.message, 1, true)
  end)

  it("is a timeout where time ran out", function()
    assert.are.equal("timeout", causes.of_connect("timeout", ROUTE).kind)
    assert.are.equal("timeout", (cause "timeout"))
  end)

  it("is what nginx says where that is plain", function()
    local failed = causes.of_connect("connection refused", ROUTE)
    assert.are.same(
      { kind = "network", message = "cannot connect to 10.0.0.5:443: connection refused", sent = false },
      failed
    )
  end)

  it("names the directives of trust, whatever OpenSSL calls the lack of it", function()
    for _, reason in ipairs {
      "20: unable to get local issuer certificate",
      "18: self-signed certificate",
      "18: self signed certificate",
      "19: self-signed certificate in certificate chain",
      "21: unable to verify the first certificate",
      "22: certificate chain too long",
    } do
      local kind, message = cause(reason)
      assert.are.equal("tls", kind)
      assert.matches("lua_ssl_trusted_certificate", message, 1, true)
      assert.matches("lua_ssl_verify_depth", message, 1, true)
      assert.not_matches("ca_file", message, 1, true)
    end
  end)

  it("tells that ca_file does not count here", function()
    local _, message = cause("20: unable to get local issuer certificate", { ca_file = "ca.pem" })
    assert.matches("ca_file does not reach the sockets of this nginx", message, 1, true)
  end)

  it("tells a wrong name from an address, which nginx cannot verify", function()
    local _, message = cause "certificate host mismatch"
    assert.matches("check the host in base_url", message, 1, true)
    for _, address in ipairs { "10.0.0.5", "::1" } do
      local _, about_address = cause(
        "certificate host mismatch",
        {},
        { label = address .. ":443", server_name = address }
      )
      assert.matches("nginx verifies no IP addresses", about_address, 1, true)
    end
  end)

  it("names all that can be wrong where nginx lost the reason", function()
    local kind, message = cause "certificate refused"
    assert.are.equal("tls", kind)
    assert.matches("lua_ssl_trusted_certificate and lua_ssl_verify_depth", message, 1, true)
    message =
      select(2, cause("certificate refused", {}, { label = "10.0.0.5:443", server_name = "10.0.0.5" }))
    assert.matches("nginx verifies no IP addresses", message, 1, true)
  end)

  it("is not misled by the number of an earlier failure", function()
    local kind, message = cause "20: handshake failed"
    assert.are.equal("tls", kind)
    assert.matches("lua_ssl_protocols", message, 1, true)
    assert.are.equal("timeout", (cause "20: timeout"))
  end)
end)
