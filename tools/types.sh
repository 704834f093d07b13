#!/bin/sh
# Writes types/, the annotations for editors, anew: see tools/types.lua.
set -eu
cd "$(dirname "$0")/.."
lua5.4 tools/types.lua types
