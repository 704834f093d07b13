# Makes dataforest_libcurl, an interface library: libcurl and, where it is static, all that it needs.
#
# A module may have undefined symbols (those of Lua), so that a static libcurl without its libraries would
# link, and fail when it is loaded. A program that calls libcurl tells whether all is there.

set(libcurl_needed 7.76) # before, the end of a TLS connection is not told for sure
find_package(CURL ${libcurl_needed})
if(NOT CURL_FOUND)
  message(FATAL_ERROR "dataforest needs libcurl ${libcurl_needed} or later, with its headers. Install it, name its folder "
    "(-DCURL_ROOT=/opt/curl), or leave the engine out, which only nginx does without (-DDATAFOREST_CURL=OFF).")
endif()
set(libcurl CURL::libcurl)
get_target_property(aliased CURL::libcurl ALIASED_TARGET) # which the check below would not find
if(aliased)
  set(libcurl ${aliased})
endif()
add_library(dataforest_libcurl INTERFACE)

include(CheckCSourceCompiles)
function(dataforest_links_curl result)
  set(CMAKE_REQUIRED_LIBRARIES ${ARGN})
  set(CMAKE_REQUIRED_QUIET ON)
  check_c_source_compiles("
    #include <curl/curl.h>
    int main(void) { return curl_easy_init() == NULL; }" ${result})
endfunction()

dataforest_links_curl(dataforest_curl_links ${libcurl})
if(dataforest_curl_links)
  target_link_libraries(dataforest_libcurl INTERFACE ${libcurl})
else()
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(dataforest_pc_curl QUIET libcurl)
  endif()
  set(needed ${dataforest_pc_curl_STATIC_LDFLAGS})
  list(FILTER needed EXCLUDE REGEX "^-lcurl$")
  dataforest_links_curl(dataforest_static_curl_links ${libcurl} ${needed})
  if(NOT dataforest_static_curl_links)
    message(FATAL_ERROR "a program that is linked with libcurl does not link: ${CURL_LIBRARIES}. A static libcurl "
      "needs the libraries that it was built with: let pkg-config find its libcurl.pc (PKG_CONFIG_PATH), use a "
      "shared libcurl (CURL_ROOT), or leave the engine out (-DDATAFOREST_CURL=OFF).")
  endif()
  target_link_libraries(dataforest_libcurl INTERFACE ${libcurl} ${needed})
endif()
