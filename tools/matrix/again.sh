#!/bin/bash
# After `make test`: runs what failed once more, one test at a time, since a busy machine may have been the reason,
# and counts anew. What passes only now is named in lines "again: ...". Otherwise it prints what `make test` does.
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0 skipped=()
for tree in build build/asan build/tsan; do
  list=$tree/Testing/Temporary/LastTestsFailed.log
  [ -d "$tree/reports" ] || continue
  names=()
  if [ -s "$list" ]; then
    mapfile -t names < <(sed 's/^[0-9]*://' "$list")
    for name in "${names[@]}"; do rm -f "$tree/reports/${name//\//.}"; done
    ctest --test-dir "$tree" --rerun-failed --output-on-failure
  fi
  for name in "${names[@]}"; do
    if read -r _ f _ <"$tree/reports/${name//\//.}"; then
      [ "$f" -gt 0 ] || echo "again: $name"
    else
      echo "not completed: $name"
      failed=$((failed + 1))
    fi
  done
  for report in "$tree"/reports/*; do
    case $report in *.tap) continue ;; esac
    { read -r p f _ && mapfile -t s; } <"$report"
    passed=$((passed + p)) failed=$((failed + f)) skipped+=("${s[@]}")
  done
done
if [ $((passed + failed)) -eq 0 ]; then failed=1; fi # nothing was run
for case in "${skipped[@]}"; do echo "skipped: $case"; done
counts="$passed passed, $failed failed"
if [ ${#skipped[@]} -gt 0 ]; then counts="$counts, ${#skipped[@]} skipped"; fi
echo "$counts"
[ "$failed" -eq 0 ]
