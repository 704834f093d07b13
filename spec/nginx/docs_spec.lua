-- What docs/openresty.md shows, run as it stands there.

local nginx = require "spec.support.nginx"
local service = require "spec.nginx.service"

local PAGE = nginx.read_file "docs/openresty.md"

--- The block of code of a language that holds a text.
local function block(language, text)
  for code in PAGE:gmatch("```" .. language .. "\n(.-)```") do
    if code:find(text, 1, true) then
      return code
    end
  end
  error("docs/openresty.md has no such block: " .. text)
end

describe("docs/openresty.md", function()
  local its_service

  setup(function()
    its_service = service.start()
  end)

  teardown(function()
    its_service:stop()
  end)

  it("begins with a handler that works, under its directives", function()
    local directives = block("nginx", "lua_ssl_verify_depth"):match "http {\n(.*)\n}"
    directives = directives:gsub("/etc/ssl/certs/ca%-certificates.crt", "ca.pem")
    local its_app = nginx.start {
      http = directives .. [[
        lua_package_path "$prefix/?.lua;@ROOT@/lua/?.lua;@ROOT@/lua/?/init.lua;;";
        lua_package_cpath "@ROOT@/build/luajit/?.so;;";
        init_by_lua_block { require "accounts" }
        server {
          listen 127.0.0.1:@http@;]] .. block("nginx", "location = /accounts") .. "}",
      paths = false,
      ports = { "http" },
      files = {
        ["ca.pem"] = nginx.read_file(its_service.folder .. "/ca.pem"),
        -- The address and the keys of this test, where the reader's come from the environment.
        ["accounts.lua"] = (block("lua", "-- lua/accounts.lua"):gsub(
          "timeout = 10",
          ([[timeout = 10, base_url = "https://localhost:%s", connect_to = "127.0.0.1:%s",
            access_key = "%s", secret_key = "%s"]]):format(
            its_service.ports.api,
            its_service.ports.api,
            require("dataforest.emulator").access_key,
            require("dataforest.emulator").secret_key
          )
        )),
      },
    }
    finally(function()
      its_app:stop()
    end)
    its_service:control "reset"
    its_service:control("add_account", { name = "cloud1" })
    local status, body = its_app:get("http", "/accounts")
    assert.are.equal(200, status, body)
    assert.are.equal("cloud1 RUNNING\n", body)
    assert.are.equal("", its_app:complaints())
  end)
end)
