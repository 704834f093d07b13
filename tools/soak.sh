#!/bin/bash
# Lets a client inside nginx run for SECONDS (default: 1200) amid faults, kills, reloads and clock jumps: see
# spec/soak/soak_spec.lua.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh --try build demo test
eval "$(tools/env.sh lua5.4)"
SOAK_SECONDS=${SOAK_SECONDS:-1200} exec lua5.4 tools/busted.lua --output=plainTerminal spec/soak/soak_spec.lua
