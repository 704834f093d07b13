#!/usr/bin/env bash
# The runner's honesty about tests that go wrong: what tools/ctest.sh counts and says.
# labels: integration tools
. spec/support/checks.sh

root=$PWD
mkdir "$work/project"
cat >"$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.21)
project(fake LANGUAGES NONE)
enable_testing()
include("${ROOT}/cmake/Test.cmake")
dataforest_test(fake/one LABELS fake TIMEOUT 2 COMMAND "${PROJECT_SOURCE_DIR}/test.sh")
dataforest_test(fake/two LABELS fake COMMAND ${CMAKE_COMMAND} -E echo "ok 1 - it ran")
END
cmake -S "$work/project" -B "$work/project/build" -DROOT="$root" >"$work/log" 2>&1 || cat "$work/log"

# run_of <expected status> <pattern of the last line> <line of a test>...: beside it runs a test with one case.
# shellcheck disable=SC2053 # a pattern
run_of() {
  local expected_status=$1 expected=$2 status output
  shift 2
  printf '%s\n' '#!/bin/bash' ". $root/spec/support/checks.sh" "$@" >"$work/project/test.sh"
  chmod +x "$work/project/test.sh"
  output=$(tools/ctest.sh "$work/project/build" --)
  status=$?
  echo "$output (status $status)"
  [ "$status" = "$expected_status" ] && [[ $(tail -n 1 <<<"$output") == $expected ]]
}
check "tests that pass" run_of 0 "3 passed, 0 failed" "check a true" "check b true" "finish"
check "skipped cases are counted" run_of 0 "2 passed, 0 failed, 1 skipped" "check a true" "skip b 'no reason'" "finish"
says_skipped() {
  tools/ctest.sh "$work/project/build" -- | grep -x "skipped: b: no reason"
}
check "skipped cases are named" says_skipped
check "cases that fail" run_of 1 "2 passed, 2 failed" "check a true" "check b false" "check c false" "finish" "exit 2"
check "a failure counts with exit status 0" run_of 1 "1 passed, 1 failed" "check a false" "finish"
check "a crash counts as a failure" run_of 1 "2 passed, 1 failed" "check a true" 'kill -SEGV $$'
check "a bad exit status counts as a failure" run_of 1 "2 passed, 1 failed" "check a true" "finish" "exit 3"
check "no case counts as a failure" run_of 1 "1 passed, 1 failed" "true"
check "fewer cases than planned count as a failure" run_of 1 "2 passed, 1 failed" "echo 1..3" "check a true"
check "a test that hangs is stopped" run_of 1 "[12] passed, 1 failed" "check a true" "sleep 30"
check "a test that cannot be started is a failure" run_of 1 "1 passed, 1 failed" "exec $work/gone"

no_test() {
  local output
  output=$(tools/ctest.sh "$work/project/build" -- -L nothing) && return 1
  echo "$output"
  [ "$(tail -n 1 <<<"$output")" = "0 passed, 1 failed" ]
}
check "a run without tests is a failure" no_test

spec_counts() { # <expected last line> <text of the spec>
  printf '%s\n' "$2" >"$work/a_spec.lua"
  run_of 1 "$1" "exec tools/spec.sh lua5.4 $work/a_spec.lua"
}
sed -i "s|^dataforest_test(fake/one .*|dataforest_test(fake/one LABELS fake COMMAND \"$root/tools/spec.sh\" lua5.4 $work/a_spec.lua)|" \
  "$work/project/CMakeLists.txt"
cmake "$work/project/build" >"$work/log" 2>&1 || cat "$work/log"
check "a spec that does not load is a failure" spec_counts "1 passed, 1 failed" 'syntax error'
check "a spec that fails is a failure" spec_counts "2 passed, 1 failed" \
  'it("a", function() end) it("b", function() error "no" end)'
check "a spec that leaves the process is a failure" spec_counts "1 passed, 1 failed" \
  'it("a", function() os.exit(0) end)'
check "each test behind a failed setup is a failure" spec_counts "2 passed, 4 failed" \
  'describe("a", function()
     setup(function() error "no" end)
     it("b", function() end)
     it("c", function() end)
     describe("d", function() it("e", function() end) end)
   end)
   it("f", function() end)'
check "each test behind a failed lazy setup is a failure" spec_counts "1 passed, 3 failed" \
  'describe("a", function()
     lazy_setup(function() error "no" end)
     it("b", function() end)
     it("c", function() end)
   end)'

# A project whose trees of the sanitizers cannot be configured, as where there is no Lua 5.4.
mkdir -p "$work/fake/tools"
cp tools/{test,ctest,tap}.sh "$work/fake/tools/"
printf '#!/bin/sh\n' >"$work/fake/tools/deps.sh" && chmod +x "$work/fake/tools/deps.sh"
cat >"$work/fake/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.21)
project(fake LANGUAGES NONE)
if(BROKEN)
  message(FATAL_ERROR "broken")
endif()
enable_testing()
include("$root/cmake/Test.cmake")
dataforest_test(one LABELS quick COMMAND \${CMAKE_COMMAND} -E echo "ok 1 - it ran")
END
preset() { echo "{ \"name\": \"$1\", \"binaryDir\": \"$2\", \"cacheVariables\": { \"BROKEN\": \"$3\" } }"; }
cat >"$work/fake/CMakePresets.json" <<END
{ "version": 3,
  "configurePresets": [$(preset default build OFF), $(preset asan build/asan ON), $(preset tsan build/tsan ON)],
  "buildPresets": [{ "name": "default", "configurePreset": "default" }] }
END
test_script() { # <expected last line> <label>...
  local expected=$1 output
  output=$(cd "$work/fake" && tools/test.sh "${@:2}" 2>&1)
  echo "$output"
  [ "$(tail -n 1 <<<"$output")" = "$expected" ]
}
check "tests of the first tree do without those of the sanitizers" test_script "1 passed, 0 failed" quick
check "the whole test does not" test_script "0 passed, 1 failed"
finish
