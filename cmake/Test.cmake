# dataforest_test(<name> LABELS <label>... [TIMEOUT <seconds>] [PROCESSORS <number>]
#                 [ENVIRONMENT <name=value>...] COMMAND <command>...)
# adds a program that reports cases in TAP as a test of CTest. Tests that start servers and look at times
# ask for two PROCESSORS.

set(DATAFOREST_TEST_TIME 1 CACHE STRING "Factor for the time limits of tests, for slow machines")

function(dataforest_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "" "TIMEOUT;PROCESSORS" "LABELS;ENVIRONMENT;COMMAND")
  if(NOT test_TIMEOUT)
    set(test_TIMEOUT 120)
  endif()
  if(NOT test_PROCESSORS)
    set(test_PROCESSORS 1)
  endif()
  math(EXPR timeout "${test_TIMEOUT} * ${DATAFOREST_TEST_TIME}")
  string(REPLACE "/" "." report "${name}")
  add_test(NAME ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    COMMAND ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../tools/tap.sh
      "${PROJECT_BINARY_DIR}/reports/${report}" ${test_COMMAND})
  set_tests_properties(${name} PROPERTIES
    LABELS "${test_LABELS}" ENVIRONMENT "${test_ENVIRONMENT}"
    TIMEOUT ${timeout} PROCESSORS ${test_PROCESSORS})
endfunction()

# dataforest_untested(<name> <label> <reason>) shows as a skipped case what cannot be run here.
function(dataforest_untested name label reason)
  dataforest_test(${name} LABELS ${label}
    COMMAND ${CMAKE_COMMAND} -E echo "ok 1 # SKIP ${name}: ${reason}")
endfunction()
