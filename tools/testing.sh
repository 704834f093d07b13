# shellcheck shell=bash
# What the parts of the test (tools/tests.d) share. To be sourced, from the root of the tree.
set -u

COUNTS=${COUNTS:-/dev/null} # a part may be run by hand, too

# count <passed> <failed> [<skipped>]: adds to the counts of the running part.
count() {
  echo "$1 $2 ${3:-0}" >>"$COUNTS"
}

# check <what> <command>...: one test. It passes if the command does; what it prints is shown if not.
check() {
  local what=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok      $what"
    count 1 0
  else
    echo "FAILED  $what"
    echo "        ${output//$'\n'/$'\n'        }"
    count 0 1
  fi
}

# run_busted <lua> [<busted argument>...]: the specs (all of spec/unit and spec/integration unless some are named).
# PRELOAD: libraries to load before everything else.
run_busted() {
  local lua=$1
  shift
  (
    eval "$(tools/env.sh "$lua")"
    exec env ${PRELOAD:+"LD_PRELOAD=$PRELOAD"} "$lua" tools/busted.lua --output=tools/busted_counts.lua "$@"
  )
}

# build_lua_sanitizers: the modules for Lua 5.4, in build/lua-sanitizers.
build_lua_sanitizers() {
  cmake -S . -B build/lua-sanitizers -DDATAFOREST_LUA=5.4 -DCMAKE_BUILD_TYPE=Debug \
    -DDATAFOREST_SANITIZE=address,undefined >/dev/null &&
    cmake --build build/lua-sanitizers --parallel "$(nproc)"
}

# with_sanitizers run_busted lua5.4 ...: with these modules. Lua itself and the modules of others are not
# instrumented, and keep memory until the end: leaks are left to the programs of spec/c and spec/embed.
with_sanitizers() {
  local compiler
  compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' build/lua-sanitizers/CMakeCache.txt)
  DATAFOREST_BUILD=build/lua-sanitizers \
    ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1 \
    UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
    PRELOAD=$("$compiler" -print-file-name=libasan.so):$("$compiler" -print-file-name=libubsan.so) \
    "$@"
}

# build_c_tests <folder> [<cmake argument>...]: builds the C tests, without any Lua, in build/<folder>.
build_c_tests() {
  local folder=build/$1
  shift
  cmake -S . -B "$folder" -DDATAFOREST_LUA=none -DDATAFOREST_WERROR=ON "$@" >/dev/null &&
    cmake --build "$folder" --target c-tests --parallel "$(nproc)"
}

# build_embed_tests <folder> [<cmake argument>...]: builds the programs that embed Lua, in build/<folder>.
build_embed_tests() {
  local folder=build/$1
  shift
  cmake -S . -B "$folder" -DDATAFOREST_WERROR=ON "$@" >/dev/null &&
    cmake --build "$folder" --target embed-tests --parallel "$(nproc)"
}

# run_cmocka <folder> <test> [<wrapper>...]: one C test program (under valgrind, say).
run_cmocka() {
  local program=build/$1/c-tests/$2
  shift 2
  run_tap "$program" "$@"
}

# run_tap <program> [<wrapper>...]: a program of cmocka tests, its TAP counted.
run_tap() {
  local program=$1 output status
  shift
  echo "# $program"
  output=$(CMOCKA_MESSAGE_OUTPUT=TAP "$@" "$program" 2>&1)
  status=$?
  echo "$output"
  awk -v status="$status" '
    /^1\.\.[0-9]+$/ { planned += substr($0, 4) }
    /^ok [0-9]+/ { passed++ }
    /^not ok [0-9]+ # SKIP/ { skipped++; next }
    /^not ok [0-9]+/ { failed++ }
    END {
      ran = passed + failed + skipped
      if (ran == 0 || ran < planned || (status != 0 && failed == 0)) {
        print "# ended with status " status " after " ran " of " planned + 0 " tests" >"/dev/stderr"
        failed++
      }
      print passed + 0, failed + 0, skipped + 0
    }' <<<"$output" >>"$COUNTS"
}

# run_all_cmocka <folder> [<wrapper>...]
run_all_cmocka() {
  local folder=$1 source
  shift
  for source in spec/c/test_*.c; do
    [ -e "$source" ] && run_cmocka "$folder" "$(basename "$source" .c)" "$@"
  done
}
