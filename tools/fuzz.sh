#!/usr/bin/env bash
# Lets libFuzzer at each target of spec/fuzz. What it learns stays in build/fuzz/corpus.
#   FUZZ_SECONDS=300    how long each runs (30)
#   FUZZ_TARGETS="..."  which of them (all)
# A finding ends the run, and stands in build/fuzz/findings: mend what it shows, and keep it, in
# spec/fuzz/findings/<target>/, where `make test` replays it.
set -u
cd "$(dirname "$0")/.." || exit 1

tools/deps.sh --try fuzz
cmake -S . -B build/fuzz -DDATAFOREST_LUA=5.4 -DDATAFOREST_FUZZ=ON -DCMAKE_C_COMPILER=clang \
  -DDATAFOREST_SANITIZE=address,undefined,fuzzer-no-link >/dev/null &&
  cmake --build build/fuzz --target fuzz-targets --parallel "$(nproc)" >/dev/null &&
  tools/fuzz_seeds.sh build/fuzz/seeds || exit 1

found=0
for program in build/fuzz/fuzz/*; do
  target=${program##*/}
  if [ -n "${FUZZ_TARGETS:-}" ] && [[ " $FUZZ_TARGETS " != *" $target "* ]]; then continue; fi
  corpus=build/fuzz/corpus/$target
  log=build/fuzz/$target.log
  mkdir -p "$corpus" build/fuzz/findings
  folders=()
  for folder in "build/fuzz/seeds/$target" "spec/fuzz/seeds/$target" "spec/fuzz/findings/$target"; do
    if [ -d "$folder" ]; then folders+=("$folder"); fi
  done
  # Leaks are looked for at the end: what a Lua state holds grows and shrinks with each input.
  if "$program" -max_total_time="${FUZZ_SECONDS:-30}" -timeout=10 -detect_leaks=0 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/findings/$target-" "$corpus" "${folders[@]}" >"$log" 2>&1; then
    result=ok
  else
    result=FOUND
    found=1
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  printf '%-14s %12s executions  %s\n' "$target" "${executions:-?}" "$result"
  if [ "$result" = FOUND ]; then tail -n 30 "$log"; fi
done
exit $found
