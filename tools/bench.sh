#!/usr/bin/env bash
# Runs the bench: every figure of bench/README.md, as a table, bench/results.json and docs/bench.svg.
#   ROWS="map sign"   only the rows whose names begin so (bench/rows.lua), or "costs"
#   BENCH_ROUNDS=5    rounds (default 7)
#   BENCH_SMALL=1     a quick run with small numbers, to see that all of it works
set -u
cd "$(dirname "$0")/.." || exit 1
tools/deps.sh --try build demo bench
cmake --build build --target bench-programs --parallel "$(nproc)" >/dev/null || exit 1

# Everything that the bench starts writes into this folder, its process id too.
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/dataforest-bench.XXXXXX") || exit 1
export TMPDIR
finish() {
  local file
  for file in "$TMPDIR"/*/nginx.pid; do
    [ -e "$file" ] && kill "$(cat "$file" 2>/dev/null)" 2>/dev/null
  done
  rm -rf "$TMPDIR"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

eval "$(tools/env.sh lua5.4)"
LUA_PATH="./?.lua;$LUA_PATH" lua5.4 bench/run.lua
