#!/bin/sh
# Writes types/, the annotations for editors, anew: see tools/types.lua.
set -eu
cd "$(dirname "$0")/.."
eval "$(tools/env.sh lua5.4)"
lua5.4 tools/types.lua types
