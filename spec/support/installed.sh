# shellcheck shell=bash
# What tests of installed trees share. To be sourced after spec/support/checks.sh, whose folder it uses.
: "${work:?}"

version_expected=$(cat VERSION)

# The Luas that the tree was built for.
luas() { (cd build && for folder in lua*/dataforest; do dirname "$folder"; done); }

abi_of() { if [ "$1" = luajit ]; then echo 5.1; else echo "${1#lua}"; fi; }

# loads_from <lua> <lua folder> <c folder>: `require` from an installed tree, nothing else
loads_from() {
  (
    cd "$work" && EXPECTED=$version_expected LUA_PATH="$2/?.lua;$2/?/init.lua;;" LUA_CPATH="$3/?.so;;" "$1" -e '
      local core, curl = require "dataforest.core", require "dataforest.curl"
      assert(type(core.signer) == "function" and type(curl.engine) == "function", "functions")
      assert(core.version == os.getenv "EXPECTED", "version: " .. tostring(core.version))
      assert(package.loaded["dataforest.core"] == core)
      local dataforest = require "dataforest"
      assert(dataforest._VERSION == os.getenv "EXPECTED", dataforest._VERSION)
      local emulator = dataforest.emulator.new()
      local df = dataforest.new { transport = emulator:transport(), access_key = emulator.access_key,
        secret_key = emulator.secret_key }
      assert(df.accounts:get_list().total == 0)
      curl.engine({}):close()'
  )
}

# command_works <folder of the command>: by its name and through a link, far from the sources
command_works() {
  (
    cd "$work" && unset LUA_PATH LUA_CPATH && ln -sf "$1/dataforest" link &&
      [ "$("$1/dataforest" --version)" = "dataforest $version_expected" ] &&
      ./link sign GET / --help | grep -q '^Usage: dataforest sign METHOD TARGET' &&
      ./link emulator --help | grep -q '^Usage: dataforest emulator'
  )
}

# is_hardened <folder>: whether its modules have full RELRO, BIND_NOW, a stack protector and, where the C
# library is glibc, functions that check lengths. Needs readelf.
is_hardened() {
  local module modules symbols faults=0
  modules=$(find "$1" -name '*.so')
  [ -n "$modules" ] || return 1
  while IFS= read -r module; do
    symbols=$(readelf --dyn-syms --wide "$module")
    lacks() { echo "$module: $1" && faults=$((faults + 1)); }
    readelf --segments --wide "$module" | grep -q GNU_RELRO || lacks RELRO
    readelf --dynamic --wide "$module" | grep -Eq 'BIND_NOW|FLAGS_1.*NOW' || lacks BIND_NOW
    grep -q __stack_chk_fail <<<"$symbols" || lacks "stack protector"
    grep -q '_chk@' <<<"$symbols" || ! grep -q GLIBC <<<"$symbols" || lacks FORTIFY
  done <<<"$modules"
  [ $faults = 0 ]
}
