#!/usr/bin/env bash
# Replays the seeds of the fuzz targets, and what fuzzing has found, and reports in TAP.
#   tools/fuzz_replay.sh <folder of the programs>
. spec/support/checks.sh

check "seeds are made of the documented examples" tools/fuzz_seeds.sh "$work"
for program in "$1"/*; do
  target=${program##*/}
  folders=()
  for folder in "$work/$target" "spec/fuzz/seeds/$target" "spec/fuzz/findings/$target"; do
    if [ -d "$folder" ]; then folders+=("$folder"); fi
  done
  check "$target: seeds and findings" timeout 60 "$program" "${folders[@]}"
done
finish
