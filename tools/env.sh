#!/bin/sh
# Prints the two lines that make the built tree loadable:
#   eval "$(make -s env)"              for Lua 5.4
#   eval "$(make -s env LUA=luajit)"   for LuaJIT
# Nothing else goes to stdout. Argument: the Lua (lua5.1 ... lua5.4, luajit; "5.4" will do).
# DATAFOREST_BUILD names another build folder than build/.
set -eu

lua=${1:-lua5.4}
case $lua in 5.[1-4]) lua=lua$lua ;; esac
case $lua in
lua5.[1-4] | luajit) ;;
*)
  echo "env: LUA=$lua is none of lua5.1 lua5.2 lua5.3 lua5.4 luajit" >&2
  exit 2
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
echo "export LUA_CPATH=$(quoted "$root/${DATAFOREST_BUILD:-build}/$lua/?.so;;")"
