#!/usr/bin/env bash
# Builds the C modules that specs need, from Debian's source packages or from /opt/modules/<package>, for a Lua
# that Debian has no modules for. Two that busted wants are stood in for (tools/matrix/stand-ins).
#   tools/matrix/modules.sh <folder of C modules> <folder of Lua modules> <flags for lua.h>
# CC names the compiler.
set -eu
lib=$1 share=$2 lua=$3
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$lib"/{socket,mime} "$share"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# module <source package> <file of the module> <flags> <pattern of sources> [<libraries>]: unless it is there
module() {
  local package=$1 file=$2 flags=$3 sources version
  [ ! -e "$lib/$file" ] || return 0
  if [ ! -d "$package" ] && [ -d "/opt/modules/$package" ]; then
    cp -r "/opt/modules/$package" "$package"
  elif [ ! -d "$package" ]; then
    for version in $(apt-cache showsrc --only-source "$package" | sed -n 's/^Version: //p' | sort -V); do
      apt-get -qq source "$package=$version" && break # a mirror may lack some
    done
    mv "$package"-*/ "$package" || return 0 # and what needs it fails
  fi
  # luafilesystem knows the versions of Lua by number, and nothing of its code is another in 5.5.
  sed -i 's/LUA_VERSION_NUM <= 504/LUA_VERSION_NUM <= 505/' "$package"/src/*.c 2>/dev/null || true
  sources=$(cd "$package" && find . -name '*.c' | grep -E "$4")
  # shellcheck disable=SC2086 # lists
  (cd "$package" && ${CC:-gcc} -O2 -fPIC -shared -D_GNU_SOURCE $lua $flags $sources -o "$lib/$file" ${5-})
}
module lua-cjson cjson.so "" '/(lua_cjson|strbuf|fpconv)\.c$'
module lua-filesystem lfs.so "" '/lfs\.c$'
module lua-expat lxp.so "-Isrc" '/lxplib\.c$' -lexpat
module luasocket socket/core.so "-Isrc" \
  '/src/(luasocket|timeout|buffer|io|auxiliar|options|inet|except|select|tcp|udp|compat|usocket)\.c$'
module luasocket mime/core.so "-Isrc" '/src/(mime|compat)\.c$'
# Debian has this one for Lua 5.5.
[[ $lua == *lua5.5* ]] || module lua-yaml yaml.so '-Iext/yaml -DVERSION="6.2.8"' '/(yaml|parser|scanner|emitter)\.c$' -lyaml
rm -rf "$share"/{system,term}{,.lua}
cp "$here"/stand-ins/*.lua "$share/"
