#!/usr/bin/env bash
# Builds that are not the usual one: folders with spaces, several configurations, libraries and Luas elsewhere,
# without libcurl, without git.
# labels: package
# time limit: 300
. spec/support/checks.sh
. spec/support/installed.sh

copy="$work/a copy"
tools/copy-tree.sh "$copy" # of a release: it has no .git
build="$work/a build"

# configure <folder> <argument>...: for Lua 5.4 only
configure() {
  local folder=$1
  shift
  cmake -S "$copy" -B "$folder" -DDATAFOREST_LUA=5.4 "$@" 2>&1
}

# refuses <text> <folder> <argument>...: a configuration that ends with a message with this text
refuses() {
  local expected=$1 output
  shift
  output=$(configure "$@") && return 1
  echo "$output"
  tr -s ' \n' ' ' <<<"$output" | grep -qF -- "$expected"
}

builds() { # <folder> <argument>...
  configure "$@" && cmake --build "$1" --parallel 2 && cmake --install "$1" --prefix "$1/installed tree" >/dev/null
}
installed_loads() { # <folder>
  loads_from lua5.4 "$1/installed tree/share/lua/5.4" "$1/installed tree/lib/lua/5.4"
}
check "builds out of the tree, in folders with spaces" builds "$build" -DCMAKE_INSTALL_LIBDIR=lib
check "loads from there" installed_loads "$build"

if command -v ninja >/dev/null; then
  several() {
    configure "$work/ninja" -G "Ninja Multi-Config" -DCMAKE_INSTALL_LIBDIR=lib &&
      cmake --build "$work/ninja" --config Release && [ -e "$work/ninja/lua5.4/dataforest/core.so" ] &&
      cmake --install "$work/ninja" --config Release --prefix "$work/ninja/installed tree" &&
      is_hardened "$work/ninja/installed tree" && installed_loads "$work/ninja"
  }
  check "builds with several configurations" several
else
  skip "builds with several configurations" "there is no ninja"
fi

without_curl() {
  builds "$work/core" -DCMAKE_INSTALL_LIBDIR=lib -DDATAFOREST_CURL=OFF || return 1
  local modules=$work/core/installed\ tree
  [ ! -e "$modules/lib/lua/5.4/dataforest/curl.so" ] &&
    (cd "$work" && LUA_PATH="$modules/share/lua/5.4/?.lua;$modules/share/lua/5.4/?/init.lua;;" \
      LUA_CPATH="$modules/lib/lua/5.4/?.so;;" lua5.4 -e '
        local dataforest = require "dataforest"
        local df = assert(dataforest.new { access_key = "A", secret_key = "S", transport = function()
          return { status = 200, headers = {}, body = "{}" }
        end })
        assert(df:call("foo/getBar", {}))')
}
check "builds and works without libcurl" without_curl
core_is_tested() {
  cmake --build "$work/core" --target c-tests --parallel 2 && (cd "$work/core" && ctest -L '^c$' --output-on-failure)
}
check "without libcurl, the C tests are the core's" core_is_tested

says() { # <text> <C modules> <line of Lua>...: what this Lua prints, with the modules of that build
  local expected=$1 modules=$2
  shift 2
  (cd "$work" && LUA_PATH="$copy/lua/?.lua;$copy/lua/?/init.lua;;" LUA_CPATH="$modules/?.so;;" lua5.4 -e "$*") |
    tee /dev/stderr | grep -qF -- "$expected"
}
check "without curl.so the message says how to build it" says "-DDATAFOREST_CURL=OFF" "$work/core/lua5.4" \
  'print(select(2, require("dataforest").new({ access_key = "A", secret_key = "S" }).accounts:get_list()))'
command_says() {
  local modules=$work/core/installed\ tree output
  output=$(cd "$work" && NCLOUD_ACCESS_KEY=A NCLOUD_SECRET_KEY=S DATAFOREST_LUA=lua5.4 \
    "$modules/bin/dataforest" accounts list 2>&1)
  echo "$output"
  grep -qF -- "-DDATAFOREST_CURL=OFF" <<<"$output" && ! grep -q "report it" <<<"$output"
}
check "without curl.so the command says it, too" command_says
check "without core.so the message says so" says "its part in C for this Lua cannot be loaded" /nonexistent \
  'print(select(2, pcall(require, "dataforest")))'

# A libcurl elsewhere: the system's, in another folder.
mkdir "$work/elsewhere"
system_curl=$(sed -n 's/^CURL_LIBRARY_RELEASE:[A-Z]*=//p' build/CMakeCache.txt)
system_headers=$(sed -n 's/^CURL_INCLUDE_DIR:[A-Z]*=//p' build/CMakeCache.txt)
keeps_run_path() {
  cp -L "$system_curl" "$work/elsewhere/libcurl.so.4" && ln -s libcurl.so.4 "$work/elsewhere/libcurl.so" &&
    builds "$work/other" -DCURL_LIBRARY="$work/elsewhere/libcurl.so" -DCURL_INCLUDE_DIR="$system_headers" \
      -DCMAKE_INSTALL_LIBDIR=lib || return 1
  readelf --dynamic "$work/other/installed tree/lib/lua/5.4/dataforest/curl.so" | grep -F "RUNPATH" |
    grep -F "$work/elsewhere"
}
static_is_refused() {
  echo 'int missing(void); void *curl_easy_init(void) { return missing() ? "" : 0; }' >"$work/static.c"
  cc -c "$work/static.c" -o "$work/static.o" && ar rc "$work/elsewhere/libcurl.a" "$work/static.o" || return 1
  PKG_CONFIG_LIBDIR=/nonexistent refuses "A static libcurl needs the libraries that it was built with" \
    "$work/static" -DDATAFOREST_LUA_INCLUDE_DIR="$lua_headers" -DCURL_LIBRARY="$work/elsewhere/libcurl.a" \
    -DCURL_INCLUDE_DIR="$system_headers"
}
lua_headers=$(pkg-config --variable=includedir lua5.4 || pkg-config --variable=includedir lua)
[ -e "$lua_headers/lua.h" ] || lua_headers=$lua_headers/lua5.4
if [ -n "$system_curl" ] && [ "$(uname)" = Linux ]; then
  check "installed modules keep the folder of a libcurl elsewhere" keeps_run_path
else
  skip "installed modules keep the folder of a libcurl elsewhere" "the system's libcurl is not a plain library"
fi
check "a static libcurl without its libraries is refused" static_is_refused
mkdir -p "$work/old/include/curl" "$work/old/lib"
echo '#define LIBCURL_VERSION "7.61.0"' >"$work/old/include/curl/curlver.h"
: >"$work/old/include/curl/curl.h"
: >"$work/old/lib/libcurl.so"
check "an old libcurl is refused, with what to do" refuses "libcurl 7.76 or later" "$work/too old" \
  -DCURL_LIBRARY="$work/old/lib/libcurl.so" -DCURL_INCLUDE_DIR="$work/old/include"

# Luas by other names.
told_luas() { # <expected> <argument>...
  local expected=$1
  shift
  rm -rf "$work/lua"
  cmake -S "$copy" -B "$work/lua" "$@" >"$work/said" 2>&1
  cat "$work/said"
  grep -qx -- "-- Lua: $expected" "$work/said"
}
mkdir "$work/five" "$work/pc"
printf '#define LUA_VERSION_MAJOR_N\t5\n#define LUA_VERSION_MINOR_N\t5\n#define LUA_VERSION_NUM  (LUA_VERSION_MAJOR_N * 100 + LUA_VERSION_MINOR_N)\n' \
  >"$work/five/lua.h"
check "Lua 5.5 is told by its lua.h" told_luas lua5.5 -DDATAFOREST_LUA_INCLUDE_DIR="$work/five"
printf 'Name: Lua\nDescription: Lua\nVersion: 5.4\nCflags: -I%s\n' "$lua_headers" >"$work/pc/lua.pc"
plain_name() {
  PKG_CONFIG_LIBDIR=$work/pc told_luas lua5.4 -DDATAFOREST_LUA=5.4 -DDATAFOREST_CURL=OFF -DCMAKE_SYSTEM_PREFIX_PATH=/nonexistent
}
check "Lua 5.4 is found as lua.pc" plain_name
check "an unknown way to wait is refused" refuses "DATAFOREST_POLL: ON is none of: epoll poll" "$work/wait" \
  -DDATAFOREST_POLL=ON
check "an unknown Lua is refused" refuses "DATAFOREST_LUA: lua5.9 is none of" "$work/none" -DDATAFOREST_LUA=5.9
finish
