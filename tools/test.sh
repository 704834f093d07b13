#!/bin/bash
# Runs the parts of the test: the executables of tools/tests.d, in the order of their names.
#   tools/test.sh                 every part
#   tools/test.sh c lua5.4        the parts of these names (tools/tests.d/NN-<name>)
# SPEC="spec/a_spec.lua ..." LUA=luajit: these files only, with their output on the terminal.
# SHOW=1 shows the output of parts that pass, too.
#
# A part is run from the root of the tree. It reports by calling `count` of tools/testing.sh, prints
# what a person needs to find a fault, and is given 300 seconds, or as many as a line
# "# time limit: N" in it says. One that ends with a bad status and no failure reported, one that runs
# no test, and one that takes too long: each counts as a failure.
#
# The last line of stdout is "N passed, N failed" with ", N skipped" behind it where there are any.
set -u
cd "$(dirname "$0")/.." || exit 1

parts_folder=${TESTS_D:-tools/tests.d}
work=$(mktemp -d "${TMPDIR:-/tmp}/dataforest-test.XXXXXX") || exit 1
running=
trap 'rm -rf "$work"' EXIT
trap '[ -n "$running" ] && kill -TERM "$running"; exit 130' INT
trap '[ -n "$running" ] && kill -TERM "$running"; exit 143' TERM

total_passed=0 total_failed=0 total_skipped=0

finish() {
  local line="$total_passed passed, $total_failed failed"
  [ "$total_skipped" -gt 0 ] && line="$line, $total_skipped skipped"
  echo "$line"
  [ "$total_failed" -eq 0 ] && [ "$total_passed" -gt 0 ]
  exit
}

# run_part <name> <command>...: leaves passed, failed, skipped and seconds set, and the output in $log
run_part() {
  local name=$1 limit started status ended
  shift
  log=$work/$name.log
  export COUNTS=$work/$name.counts
  : >"$COUNTS"
  limit=$(sed -n 's/^# time limit: \([0-9]*\)$/\1/p' "$1" 2>/dev/null)
  limit=${limit:-300}
  started=$EPOCHREALTIME
  if [ -n "${SPEC:-}" ]; then exec 3>&1; else exec 3>"$log"; fi
  timeout --kill-after=10 "$limit" "$@" >&3 2>&1 3>&- </dev/null &
  running=$!
  wait "$running"
  status=$?
  running=
  ended=$EPOCHREALTIME
  seconds=$(((${ended/[.,]/} - ${started/[.,]/}) / 100000))
  seconds=$((seconds / 10)).$((seconds % 10))
  read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$COUNTS")
  complaint=
  if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
    complaint="took longer than its $limit seconds"
  elif [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    complaint="ended with status $status before it reported a failure"
  elif [ $((passed + failed)) -eq 0 ]; then
    complaint="ran no test"
  fi
  if [ -n "$complaint" ]; then failed=$((failed + 1)); fi
}

show_log() {
  echo
  echo "---- $1 ----"
  cat "$log"
  echo "---- end of $1${complaint:+: it $complaint} ----"
  echo
}

table_line() { printf '%-22s %7s %7s %7s %8s\n' "$@"; }

setup() { # what all parts need
  [ -n "${TESTS_D:-}" ] && return
  if ! { tools/deps.sh build test && make --no-print-directory build; } >"$work/setup.log" 2>&1; then
    cat "$work/setup.log"
    echo "The build failed: no test was run."
    total_failed=1
    finish
  fi
  if [ -n "${SHOW:-}" ]; then cat "$work/setup.log"; else grep '^Installing' "$work/setup.log"; fi
}

add_to_totals() {
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  total_skipped=$((total_skipped + skipped))
}

setup

if [ -n "${SPEC:-}" ]; then
  run_part spec tools/spec.sh
  if [ -n "$complaint" ]; then echo "The run $complaint."; fi
  add_to_totals
  finish
fi

parts=()
for file in "$parts_folder"/*; do
  name=${file##*/}
  name=${name#[0-9][0-9]-}
  if [ -x "$file" ] && { [ $# -eq 0 ] || [[ " $* " == *" $name "* ]]; }; then parts+=("$name=$file"); fi
done

table_line part passed failed skipped seconds
for part in "${parts[@]}"; do
  run_part "${part%%=*}" "${part#*=}"
  table_line "${part%%=*}" "$passed" "$failed" "$skipped" "$seconds"
  if [ "$failed" -gt 0 ] || [ -n "${SHOW:-}" ]; then show_log "${part%%=*}"; fi
  add_to_totals
done
echo
if [ ${#parts[@]} -eq 0 ]; then
  echo "There is no part called $* in $parts_folder."
  total_failed=1
fi
finish
