#!/usr/bin/env bash
# Runs the tests of build trees with CTest, and counts their cases.
#   tools/ctest.sh <build folder>... [-- <ctest argument>...]
# The last line of stdout is "N passed, N failed" with ", N skipped" behind it where there are any. A test
# that left no report (it hung, or was not run) is a failure, and so is a run without any test.
set -u
trees=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  trees+=("$1")
  shift
done
shift

tests=0 passed=0 failed=0 skipped=() incomplete=()
for tree in "${trees[@]}"; do
  names=$(ctest --test-dir "$tree" -N "$@" | sed -n 's/^ *Test *#[0-9]*: //p')
  [ -n "$names" ] || continue
  echo "== $tree =="
  rm -rf "$tree/reports"
  ctest --test-dir "$tree" --output-on-failure --no-tests=ignore "$@"
  while IFS= read -r name; do
    tests=$((tests + 1))
    report=$tree/reports/${name//\//.}
    if [ -s "$report" ] && { read -r p f _ && mapfile -t s; } <"$report"; then
      passed=$((passed + p)) failed=$((failed + f)) skipped+=("${s[@]}")
    else
      failed=$((failed + 1)) incomplete+=("$name")
    fi
  done <<<"$names"
done

echo
if [ "$tests" -eq 0 ]; then
  echo "There is no such test."
  failed=1
fi
for name in "${incomplete[@]}"; do echo "not completed: $name"; done
for case in "${skipped[@]}"; do echo "skipped: $case"; done
counts="$passed passed, $failed failed"
if [ ${#skipped[@]} -gt 0 ]; then counts="$counts, ${#skipped[@]} skipped"; fi
echo "$counts"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
