#!/usr/bin/env bash
# What people install: the symbols and libraries of the modules, and `make install` from a clean copy of
# the tree. Each installed tree is loaded from there, far from the sources.
# labels: package install
# time limit: 300
. spec/support/checks.sh
. spec/support/installed.sh

exports_only() { # <symbol> <module>
  local symbols
  symbols=$(nm --dynamic --defined-only --format=posix "$2" | cut -d ' ' -f 1) || return 1
  echo "it exports: $symbols"
  [ "$symbols" = "$1" ]
}

libraries_of() { objdump -p "$1" | awk '$1 == "NEEDED" { print $2 }'; }

core_needs_libcrypto_only() {
  libraries_of "$1"
  libraries_of "$1" | grep -q '^libcrypto\.' && ! libraries_of "$1" | grep -Eq 'curl|liblua|libssl'
}

# libcrypto wipes passwords, and libssl says whether a connection was closed or cut; nothing of Lua.
curl_needs_libcurl() {
  libraries_of "$1"
  libraries_of "$1" | grep -q '^libcurl\.' && ! libraries_of "$1" | grep -q liblua
}

for folder in build/lua*/dataforest; do
  lua=$(basename "${folder%/dataforest}")
  check "$lua: core.so exports one symbol" exports_only luaopen_dataforest_core "$folder/core.so"
  check "$lua: curl.so exports one symbol" exports_only luaopen_dataforest_curl "$folder/curl.so"
  check "$lua: core.so names libcrypto, and neither libcurl nor liblua" core_needs_libcrypto_only "$folder/core.so"
  check "$lua: curl.so names libcurl, and not liblua" curl_needs_libcurl "$folder/curl.so"
done

tools/copy-tree.sh "$work/copy"
check "make install, with DESTDIR and PREFIX" \
  make -C "$work/copy" --no-print-directory install "DESTDIR=$work/staged" PREFIX=/opt/dataforest
tree=$work/staged/opt/dataforest
for lua in $(luas); do
  version=$(abi_of "$lua")
  # A release may have a Lua without the modules for it, as Debian testing has 5.2.
  if [[ $lua != lua5.4 && $lua != luajit ]] && ! "$lua" -e 'require "cjson"' 2>/dev/null; then
    skip "$lua loads from the installed tree" "there is no cjson for it"
    continue
  fi
  check "$lua loads from the installed tree" loads_from "$lua" "$tree/share/lua/$version" "$tree/lib/lua/$version"
done
check "the installed modules are hardened" is_hardened "$tree"
check "the command works from the installed tree" command_works "$tree/bin"
check "its man page is installed" cmp docs/man/dataforest.1 "$tree/share/man/man1/dataforest.1"
finish
