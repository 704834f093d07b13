# `cpack -G DEB` in a build folder that was configured with -DCMAKE_INSTALL_PREFIX=/usr: the Debian
# package lua-dataforest, with the modules for each Lua. `make package` does both.
set(CPACK_PACKAGE_NAME lua-dataforest)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The dataforest authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "client for NAVER Cloud Platform's Data Forest API in Lua")
string(CONCAT CPACK_PACKAGE_DESCRIPTION
  "Lua scripts, OpenResty handlers and busted suites get the accounts and apps of\n"
  "Data Forest as Lua tables: signing, HTTPS, retries and errors are handled\nbeneath.")
set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION interpreters)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON) # libssl3, libcurl4 and libc6, with their versions
set(CPACK_DEBIAN_PACKAGE_DEPENDS lua-cjson)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "lua5.4 | luajit2 | luajit, lua-expat")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libnginx-mod-http-lua, nginx-light, openssl")
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/lua-dataforest)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/lua-dataforest RENAME copyright)
include(CPack)
