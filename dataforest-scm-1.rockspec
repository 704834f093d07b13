rockspec_format = "3.0"
package = "dataforest"
version = "scm-1"

source = {
  url = "git+file://.", -- the checkout itself: build it with `luarocks make`
}

description = {
  summary = "A client for NAVER Cloud Platform's Data Forest API",
  detailed = [[
    Lua scripts, OpenResty handlers and busted suites get the accounts and apps of Data Forest
    as Lua tables; signing, HTTP, retries and errors are handled beneath.
  ]],
  license = "MIT",
  labels = { "api", "cloud", "http", "openresty" },
}

dependencies = {
  "lua >= 5.1, < 5.6",
  "lua-cjson >= 2.1",
  "luaexpat >= 1.3", -- for XML only, loaded when first used
}

-- CMake knows the sources, and installs all of lua/: nothing is listed twice. It finds OpenSSL and
-- libcurl by itself; for those of another place set OPENSSL_ROOT_DIR and CURL_ROOT in the environment.
build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "Release",
    CMAKE_INSTALL_PREFIX = "$(PREFIX)",
    CMAKE_INSTALL_BINDIR = "$(BINDIR)",
    DATAFOREST_LUA_INCLUDE_DIR = "$(LUA_INCDIR)",
    DATAFOREST_INSTALL_LMOD = "$(LUADIR)",
    DATAFOREST_INSTALL_CMOD = "$(LIBDIR)",
  },
}
