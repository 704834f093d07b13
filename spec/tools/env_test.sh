#!/usr/bin/env bash
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

# shellcheck disable=SC2016 # for make's shell
keeps_path() { # the last folder of PATH, too, which a blank would spoil
  printf 'show:\n\t@echo "[$$PATH]"\n' >"$work/show.mk"
  [[ $(PATH=$PATH:/last make -s -f Makefile -f "$work/show.mk" show) == "[$PWD/build/bin:"*:/last] ]]
}
check "make leaves PATH as it is behind its own folder" keeps_path

# An unpacked release is copied as it is, wherever it lies.
is_copied() {
  git init --quiet "$work/outer" && echo "/release/" >"$work/outer/.gitignore" &&
    mkdir -p "$work/outer/release/tools" && cp tools/copy-tree.sh "$work/outer/release/tools/" &&
    "$work/outer/release/tools/copy-tree.sh" "$work/copied" && cmp tools/copy-tree.sh "$work/copied/tools/copy-tree.sh"
}
check "a release within another project's checkout is copied whole" is_copied

refuses_unknown_lua() { ! tools/env.sh lua6 >"$work/out" 2>/dev/null && [ ! -s "$work/out" ]; }
check "make env refuses a Lua it does not know" refuses_unknown_lua
finish
