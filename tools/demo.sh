#!/bin/sh
# Runs examples/quickstart.lua with Lua 5.4, or LuaJIT where that is missing, through libcurl, against the emulator
# as a TLS server.
set -eu
cd "$(dirname "$0")/.."
lua=lua5.4
[ -e build/$lua ] || lua=luajit
eval "$(tools/env.sh $lua)"
bin/dataforest emulator --listen 127.0.0.1:0 -- $lua examples/quickstart.lua
echo
echo "  All over TLS, against the emulator of bin/dataforest emulator; the script is examples/quickstart.lua."
