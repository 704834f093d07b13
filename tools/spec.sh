#!/usr/bin/env bash
# Runs busted specs with the modules that were built, and reports them in TAP.
#   tools/spec.sh <lua> [<busted argument>...]
# SANITIZERS names the libraries of the sanitizers that the modules were built with: they are loaded first.
# UNDER is a command that runs it all (valgrind).
set -eu
cd "$(dirname "$0")/.."
lua=$1
shift
eval "$(tools/env.sh "$lua")"
# shellcheck disable=SC2086 # a command with its arguments
exec env ${SANITIZERS:+"LD_PRELOAD=$SANITIZERS"} ${UNDER:-} "$lua" tools/busted.lua --output=tools/busted_tap.lua "$@"
