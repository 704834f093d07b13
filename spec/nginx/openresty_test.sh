#!/usr/bin/env bash
# OpenResty as its users have it: the build of docs/openresty.md, followed to the letter, then `resty` and streams.
# labels: nginx
# time limit: 300
# processors: 2
. spec/support/checks.sh

skip_all() {
  skip "the build of docs/openresty.md, resty and streams" "$1"
  finish
  exit
}
PATH=$PATH:/usr/local/openresty/bin
if ! resty=$(command -v resty) || ! nginx=$(command -v openresty); then skip_all "there is no OpenResty"; fi
real=$(dirname "$(dirname "$(realpath "$resty")")")
[ -d "$real/luajit/include/luajit-2.1" ] || skip_all "OpenResty's LuaJIT has no headers here"

# Its folder, so that nothing is installed into the real one.
prefix=$work/openresty
mkdir -p "$prefix/site/lualib" && ln -s "$real"/{luajit,lualib} "$prefix"
if [ -d "$real/openssl3" ]; then
  ln -s "$real/openssl3" "$prefix"
else # the system's, in OpenResty's layout
  mkdir -p "$prefix/openssl3/lib" "$prefix/openssl3/include/openssl"
  for header in $(echo '#include <openssl/ssl.h>' | cc -M -x c - | grep -o '/[^ ]*/openssl/[^ ]*\.h'); do
    ln -sf "$(dirname "$(realpath "$header")")"/*.h "$prefix/openssl3/include/openssl"
  done
  for library in libcrypto.so libssl.so; do ln -s "$(cc -print-file-name=$library)" "$prefix/openssl3/lib/"; done
fi

builds() {
  # shellcheck disable=SC2016 # Markdown's own
  sed -n '/^## Build/,$ { /^```sh$/,/^```$/ { /^```/! p } }' docs/openresty.md | sed "s|/usr/local/openresty|$prefix|g" >"$work/build.sh"
  grep -q 'cmake --install' "$work/build.sh" && tools/copy-tree.sh "$work/copy" && cd "$work/copy" && sh -eu "$work/build.sh"
}
check "what docs/openresty.md says builds and installs" builds

modules=$prefix/site/lualib
is_where_openresty_looks() { [ -e "$modules/dataforest/core.so" ] && [ -e "$modules/dataforest/init.lua" ]; }
check "the modules are in site/lualib" is_where_openresty_looks
links_to_its_openssl() { readelf --dynamic "$modules/dataforest/core.so" | grep RUNPATH | grep -F "$prefix/openssl3/lib"; }
check "core.so keeps the folder of OpenResty's OpenSSL" links_to_its_openssl

total='local list, err = require("dataforest").new({ timeout = 20 }).accounts:get_list()
  local said = list and ("total %d"):format(list.total) or tostring(err)'

# beside_emulator <command>...: with the variables of an emulator, by name: nginx verifies names only
beside_emulator() {
  # shellcheck disable=SC2016 # for the other shell
  bin/dataforest emulator --listen 127.0.0.1:0 -- \
    sh -c 'DATAFOREST_BASE_URL="https://localhost:${DATAFOREST_BASE_URL##*:}" exec "$@"' sh "$@"
}

by_resty() {
  # shellcheck disable=SC2016 # for the other shell
  beside_emulator sh -c '"$1" -I "$2" --http-conf "lua_ssl_trusted_certificate $DATAFOREST_CA_FILE;" -e "$3 print(said)"' \
    sh "$resty" "$modules" "$total" | grep -x "total 0"
}
check "resty calls" by_resty

refuses_without_core() {
  mkdir -p "$work/bare" && cp -r "$modules/dataforest" "$work/bare" && rm "$work/bare/dataforest/core.so" &&
    "$resty" -I "$work/bare" -e 'print(tostring(select(2, pcall(require, "dataforest"))))' |
      grep "its part in C for this Lua cannot be loaded"
}
check "without core.so the message names it" refuses_without_core

asks_for_curl() {
  "$resty" -I "$modules" -e 'local df, err = require("dataforest").new {
      access_key = "A", secret_key = "S", transport = "curl" }
    print(tostring(err or select(2, df.accounts:get_list())))' 2>&1 | grep -F DATAFOREST_CURL
}
check "without curl.so the message says how to build it" asks_for_curl

in_stream() {
  mkdir -p "$work/stream/logs" && cat >"$work/stream/nginx.conf" <<EOF
pid nginx.pid;
error_log error.log warn;
user root;
env DATAFOREST_BASE_URL; env NCLOUD_ACCESS_KEY; env NCLOUD_SECRET_KEY;
events { worker_connections 64; }
stream {
  lua_package_path "$modules/?.lua;$modules/?/init.lua;$prefix/lualib/?.lua;;";
  lua_package_cpath "$modules/?.so;$prefix/lualib/?.so;;";
  lua_ssl_trusted_certificate @CA@;
  server {
    listen unix:$work/stream/socket;
    preread_by_lua_block { $total ngx.ctx.said = said }
    content_by_lua_block { $total ngx.say("preread ", ngx.ctx.said, ", content ", said) }
  }
}
EOF
  [ "$(id -u)" = 0 ] || sed -i '/^user /d' "$work/stream/nginx.conf"
  # shellcheck disable=SC2016 # for the other shell
  beside_emulator bash -c '
    cd "$1" && sed -i "s|@CA@|$DATAFOREST_CA_FILE|" nginx.conf || exit 1
    "$2" -p "$1/" -c nginx.conf -e error.log -g "daemon off;" & pid=$!
    for _ in {1..100}; do [ -S socket ] && break; sleep 0.1; done
    curl --silent --max-time 40 --http0.9 --unix-socket socket http://stream/
    kill $pid; wait $pid; cat error.log >&2' bash "$work/stream" "$nginx" |
    grep "^preread total 0, content total 0"
}
if "$nginx" -V 2>&1 | grep -q 'ngx_stream_lua\|stream-lua'; then
  check "the preread and content phases of stream call" in_stream
else
  skip "the preread and content phases of stream call" "this nginx has no stream module of Lua"
fi
finish
