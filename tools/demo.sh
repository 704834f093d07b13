#!/bin/sh
# Runs examples/quickstart.lua with Lua 5.4, through libcurl, against the emulator as a TLS server.
set -eu
cd "$(dirname "$0")/.."
eval "$(tools/env.sh lua5.4)"
bin/dataforest emulator --listen 127.0.0.1:0 -- lua5.4 examples/quickstart.lua
echo
echo "  All over TLS, against the emulator of bin/dataforest emulator; the script is examples/quickstart.lua."
