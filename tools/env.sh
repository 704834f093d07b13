#!/bin/sh
# Prints the two lines that make the built tree loadable:
#   eval "$(make -s env)"              for Lua 5.4
#   eval "$(make -s env LUA=luajit)"   for LuaJIT
# Nothing else goes to stdout. Argument: the Lua (lua5.1 ... lua5.5, luajit; "5.4" will do, and so does the
# name of a command, such as lua54 or lua). DATAFOREST_BUILD names another build folder than build/.
set -eu

lua=${1:-lua5.4}
case $lua in
5.[1-5]) lua=lua$lua ;;
lua5.[1-5] | luajit) ;;
*)
  # shellcheck disable=SC2016
  lua=$("$lua" -e 'io.write(rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d.%d")' 2>/dev/null) || {
    echo "env: LUA=$1 is none of lua5.1 lua5.2 lua5.3 lua5.4 lua5.5 luajit, and no command that is one of them" >&2
    exit 2
  }
  ;;
esac

unset CDPATH
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
case $root in *[\;?]*)
  echo "env: Lua cannot have a ; or a ? in a module path: $root" >&2
  exit 1
  ;;
esac

quoted() { # wraps $1 for the shell, whatever it holds
  printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

echo "export LUA_PATH=$(quoted "$root/lua/?.lua;$root/lua/?/init.lua;;")"
build=${DATAFOREST_BUILD:-build}
case $build in /*) ;; *) build=$root/$build ;; esac
echo "export LUA_CPATH=$(quoted "$build/$lua/?.so;;")"
