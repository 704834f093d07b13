#!/usr/bin/env bash
# After `make test`: runs what failed or did not end once more, one test at a time, since a busy machine may have been
# the reason, and counts anew. What passes only now is named in lines "again: ...". Otherwise it prints what
# `make test` does.
#   tools/matrix/again.sh [<label>...]      the labels that `make test` was given as PARTS
cd "$(dirname "$0")/../.." || exit 1
labels=()
if [ $# -gt 0 ]; then labels=(-L "^($(IFS='|' && echo "${*//./\\.}"))\$"); fi

report_of() { echo "$tree/reports/${1//\//.}"; }
passes() { read -r p f _ 2>/dev/null <"$(report_of "$1")" && [ "$f" -eq 0 ]; }

passed=0 failed=0 skipped=()
for tree in build build/asan build/tsan; do
  [ -d "$tree/reports" ] || continue
  mapfile -t names < <(ctest --test-dir "$tree" -N "${labels[@]}" | sed -n 's/^ *Test *#[0-9]*: //p')
  for name in "${names[@]}"; do
    if ! passes "$name"; then
      rm -f "$(report_of "$name")"
      ctest --test-dir "$tree" --output-on-failure -R "^${name//./\\.}\$"
      if passes "$name"; then echo "again: $name"; fi
    fi
    if [ -s "$(report_of "$name")" ]; then
      { read -r p f _ && mapfile -t s; } <"$(report_of "$name")"
      passed=$((passed + p)) failed=$((failed + f)) skipped+=("${s[@]}")
    else
      echo "not completed: $name"
      failed=$((failed + 1))
    fi
  done
done
if [ $((passed + failed)) -eq 0 ]; then failed=1; fi # nothing was run
for case in "${skipped[@]}"; do echo "skipped: $case"; done
counts="$passed passed, $failed failed"
if [ ${#skipped[@]} -gt 0 ]; then counts="$counts, ${#skipped[@]} skipped"; fi
echo "$counts"
[ "$failed" -eq 0 ]
