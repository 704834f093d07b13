#!/usr/bin/env bash
# Builds what the tests need and runs them through CTest, in the trees of CMakePresets.json.
#   tools/test.sh                 all of them
#   tools/test.sh c lua5.4        those with one of these labels
# SPEC="spec/a_spec.lua ..." LUA=luajit: these files only. SHOW=1 shows what passing tests print, too.
# JOBS, WERROR and CMAKE_FLAGS are those of the Makefile.
#
# The last line of stdout is "N passed, N failed" with ", N skipped" behind it where there are any.
set -u
cd "$(dirname "$0")/.." || exit 1
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
declare -a flags
eval "flags=('-DDATAFOREST_WERROR=${WERROR:-OFF}' ${CMAKE_FLAGS:-})"
log=$(mktemp "${TMPDIR:-/tmp}/dataforest-test.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT

# build <preset> <target>...
build() {
  local preset=$1
  shift
  cmake --preset "$preset" "${flags[@]}" &&
    cmake --build --preset "$preset" --parallel "$jobs" ${1:+--target "$@"}
}

needs() { # <command>...: the end of it all if it fails
  if ! "$@" >"$log" 2>&1; then
    cat "$log"
    echo "The build failed: no test was run."
    echo "0 passed, 1 failed"
    exit 1
  fi
  sed -n '/^Installing/p; /^deps: /,$p' "$log" # what deps.sh has to say
}

folder_of() { if [ "$1" = default ]; then echo build; else echo "build/$1"; fi; }

# run_file <file>: one test file, with its output on the terminal
run_file() {
  local report=build/reports/file lua=${LUA:-lua5.4}
  case $1 in
  spec/c/*.c) needs build default "$(basename "$1" .c)" && set -- "build/c-tests/$(basename "$1" .c)" ;;
  spec/embed/*.c) needs build default embed-tests && set -- "build/embed-tests/$lua/$(basename "$1" .c)" ;;
  *.sh) ;;
  *) set -- tools/spec.sh "$lua" "$1" ;;
  esac
  CMOCKA_MESSAGE_OUTPUT=TAP tools/tap.sh "$report" "$@"
  read -r p f s _ <"$report" || p=0 f=1 s=0
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

needs tools/deps.sh --try build test
needs build default all

if [ -n "${SPEC:-}" ]; then
  passed=0 failed=0 skipped=0
  for file in $SPEC; do run_file "$file"; done
  counts="$passed passed, $failed failed"
  if [ "$skipped" -gt 0 ]; then counts="$counts, $skipped skipped"; fi
  echo "$counts"
  [ "$failed" -eq 0 ]
  exit
fi

# One more than there are processors: tests that wait for timeouts leave theirs to another.
arguments=(--parallel $((jobs + 1)))
if [ -n "${SHOW:-}" ]; then arguments+=(--verbose); fi
if [ $# -gt 0 ]; then arguments+=(-L "^($(IFS='|' && echo "${*//./\\.}"))\$"); fi

# The sanitizers' trees want Lua 5.4: whoever asks for tests of the first tree need not have it.
presets=()
labels=
lacks_label() {
  local label
  [ $# -gt 0 ] || return 0
  for label in "$@"; do grep -qxF -- "$label" <<<"$labels" || return 0; done
  return 1
}
for preset in default asan tsan; do
  if [ "$preset" = asan ] && ! lacks_label "$@"; then break; fi
  needs cmake --preset "$preset" "${flags[@]}"
  presets+=("$preset")
  labels+=$(ctest --test-dir "$(folder_of "$preset")" --print-labels | sed -n 's/^  *//p')$'\n'
done
for label in "$@"; do
  if lacks_label "$label"; then
    echo "No test has the label $label. These are the labels: $(sort -u <<<"$labels" | tr '\n' ' ')"
    echo "0 passed, 1 failed"
    exit 1
  fi
done

trees=()
for preset in "${presets[@]}"; do
  tree=$(folder_of "$preset")
  names=$(ctest --test-dir "$tree" -N "${arguments[@]}" | sed -n 's/^ *Test *#[0-9]*: //p')
  [ -n "$names" ] || continue
  if grep -Eq '^(valgrind/)?(c|embed|fuzz)/' <<<"$names"; then target=tests; else target=all; fi
  needs build "$preset" $target
  trees+=("$tree")
done
tools/ctest.sh "${trees[@]}" -- "${arguments[@]}"
