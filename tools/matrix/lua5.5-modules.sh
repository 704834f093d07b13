#!/bin/bash
# Builds the modules that the specs need for Lua 5.5, from Debian's source packages, as root on Debian testing.
set -eu
lib=/usr/local/lib/lua/5.5
[ ! -e $lib/made ] || exit 0
mkdir -p /usr/local/share/lua $lib/term $lib/system $lib/socket $lib/mime
[ -e /usr/local/share/lua/5.5 ] || ln -s /usr/share/lua/5.4 /usr/local/share/lua/5.5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# module <source package> <file of the module> <flags> <pattern of sources>
module() {
  local package=$1 file=$2 flags=$3 sources
  [ -d "$package" ] || { apt-get -qq source "$package" && mv "$package"-*/ "$package"; }
  sources=$(cd "$package" && find . -name '*.c' | grep -E "$4")
  # shellcheck disable=SC2086 # lists
  (cd "$package" && gcc -O2 -fPIC -shared -D_GNU_SOURCE -I/usr/include/lua5.5 $flags $sources -o "$lib/$file" ${5-})
}
module lua-cjson cjson.so "" '/(lua_cjson|strbuf|fpconv)\.c$'
module lua-filesystem lfs.so "" '/lfs\.c$'
module lua-term term/core.so "" '/core\.c$'
module lua-system system/core.so "-Isrc" '/src/'
module lua-expat lxp.so "-Isrc" '/lxplib\.c$' -lexpat
module lua-socket socket/core.so "-Isrc" \
  '/src/(luasocket|timeout|buffer|io|auxiliar|options|inet|except|select|tcp|udp|compat|usocket)\.c$'
module lua-socket mime/core.so "-Isrc" '/src/(mime|compat)\.c$'
touch $lib/made
