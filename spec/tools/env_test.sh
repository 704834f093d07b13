#!/bin/bash
# `make env`: the lines that make the built tree loadable.
# labels: integration tools
. spec/support/checks.sh

# Two export lines, nothing else, and they hold in a folder whose name is awkward for a shell.
env_is_exact() {
  local tree="$work/it's a \$HOME \"tree\"" lines
  mkdir -p "$tree/tools" && cp tools/env.sh "$tree/tools/" && cp Makefile "$tree/" || return 1
  lines=$(make -s -C "$tree" env LUA="$1") || return 1
  echo "$lines"
  [ "$(grep -c '^export LUA_C\?PATH=' <<<"$lines")" = 2 ] && [ "$(wc -l <<<"$lines")" = 2 ] || return 1
  (
    eval "$lines"
    [ "$LUA_PATH" = "$tree/lua/?.lua;$tree/lua/?/init.lua;;" ] && [ "$LUA_CPATH" = "$tree/build/$1/?.so;;" ]
  )
}
for lua in lua5.1 lua5.4 lua5.5 luajit; do check "make env LUA=$lua prints two exact lines" env_is_exact $lua; done

default_is_54() { [ "$(make -s env LUA=lua5.4)" = "$(env -u LUA -u MAKEFLAGS make -s env)" ]; }
check "make env is for Lua 5.4 unless told otherwise" default_is_54

refuses_unknown_lua() { ! tools/env.sh lua6 >"$work/out" 2>/dev/null && [ ! -s "$work/out" ]; }
check "make env refuses a Lua it does not know" refuses_unknown_lua
finish
