#!/usr/bin/env bash
# Runs clients inside nginx amid faults, kills, reloads and clock jumps, for SOAK_SECONDS and until they have made
# SOAK_CALLS calls (default: 1200 s and a million calls): see spec/soak/soak_spec.lua.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh --try build demo test
eval "$(tools/env.sh lua5.4)"
if [ -z "${SOAK_SECONDS:-}" ]; then
  SOAK_SECONDS=1200
  SOAK_CALLS=${SOAK_CALLS:-1000000}
fi
export SOAK_SECONDS SOAK_CALLS
exec lua5.4 tools/busted.lua --output=plainTerminal spec/soak/soak_spec.lua
