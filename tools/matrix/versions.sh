#!/bin/sh
# Prints the versions that matter, in one line.
first() { "$@" 2>&1 | head -n 1; }
# shellcheck source=/dev/null
system=$(. /etc/os-release && echo "$PRETTY_NAME")
[ ! -e /etc/debian_version ] || system="$system, $(cat /etc/debian_version)"
line="$system, $(uname -m | sed 's/^i686$/i386/; s/x86_64/amd64/')"
[ "$(getconf LONG_BIT)" = 64 ] || line="$line (32 bits)"
add() { [ -z "$2" ] || line="$line; $1 $2"; }
add gcc "$(gcc -dumpfullversion 2>/dev/null)"
add CMake "$(first cmake --version | sed 's/.* //')"
add OpenSSL "$(openssl version 2>/dev/null | cut -d ' ' -f 2)"
add libcurl "${LIBCURL:-$(pkg-config --modversion libcurl 2>/dev/null)}"
for lua in lua5.1 lua5.2 lua5.3 lua5.4 lua5.5; do
  if command -v $lua >/dev/null; then add Lua "$($lua -v 2>&1 | cut -d ' ' -f 2)"; fi
done
if command -v luajit >/dev/null; then add LuaJIT "$(luajit -v | cut -d ' ' -f 2)"; fi
nginx=$(command -v openresty || command -v nginx || echo /usr/sbin/nginx)
add nginx "$("$nginx" -v 2>&1 | sed -n 's,.*version: .*/,,p')"
module=$("$nginx" -V 2>&1 | sed -n 's/.*ngx_lua-\([0-9.]*[0-9]\).*/\1/p') # built in, as in OpenResty
# shellcheck disable=SC2016 # a field of dpkg's
add ngx_lua "${module:-$(dpkg-query -W -f '${Version}' libnginx-mod-http-lua 2>/dev/null | sed 's/^[0-9]*://; s/[+-].*//')}"
add valgrind "$(valgrind --version 2>/dev/null | sed 's/valgrind-//')"
echo "$line"
