# The tests, for CTest. A build tree has the tests that suit it: with sanitizers, those of memory and
# threads; without, all others.
#
#   cmake --preset asan && cmake --build --preset asan && ctest --preset asan
#
# Labels say what kind a test is (unit, integration, nginx, sanitizer, valgrind, fuzz, package), and
# which part of `make test` it belongs to (c, lua5.4, luajit, embedded, site ...).

include(cmake/Test.cmake)

option(DATAFOREST_TEST_SERVERS "Run the tests that start servers and other programs, too" ON)

enable_testing()
add_custom_target(tests) # builds what the tests need
foreach(lua IN LISTS dataforest_luas)
  add_dependencies(tests ${lua}_core)
  if(DATAFOREST_CURL)
    add_dependencies(tests ${lua}_curl)
  endif()
endforeach()

find_package(PkgConfig)
if(PkgConfig_FOUND)
  pkg_check_modules(CMOCKA QUIET IMPORTED_TARGET cmocka)
endif()

find_program(VALGRIND valgrind)
set(valgrind ${VALGRIND} --quiet --error-exitcode=99 --num-callers=30 --leak-check=full
  --suppressions=spec/c/valgrind.supp)
if(NOT VALGRIND AND NOT DATAFOREST_SANITIZE)
  dataforest_untested(valgrind valgrind "there is no valgrind")
endif()

set(tap CMOCKA_MESSAGE_OUTPUT=TAP)
set(sanitizer_environment
  ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
  LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/spec/embed/leaks.supp:print_suppressions=0
  UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
  TSAN_OPTIONS=halt_on_error=1)

# The C tests: each spec/c/test_*.c is a program of its own over the core, without Lua. Other files of
# spec/c/ are helpers that all of them may use.

if(NOT TARGET PkgConfig::CMOCKA)
  dataforest_untested(c unit "there is no cmocka")
elseif(NOT DATAFOREST_SANITIZE STREQUAL "thread")
  file(GLOB test_programs CONFIGURE_DEPENDS spec/c/test_*.c)
  file(GLOB test_helpers CONFIGURE_DEPENDS spec/c/*.c)
  list(REMOVE_ITEM test_helpers ${test_programs})
  if(NOT DATAFOREST_CURL)
    list(FILTER test_programs EXCLUDE REGEX "/test_http_[a-z]+\\.c$")
    list(FILTER test_helpers EXCLUDE REGEX "/loopback\\.c$")
  endif()
  add_custom_target(c-tests)
  add_dependencies(tests c-tests)

  foreach(source IN LISTS test_programs)
    get_filename_component(program ${source} NAME_WE)
    add_executable(${program} EXCLUDE_FROM_ALL ${source} ${test_helpers})
    target_include_directories(${program} PRIVATE spec/c)
    target_compile_definitions(${program} PRIVATE DATAFOREST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(${program} PRIVATE dataforest_core PkgConfig::CMOCKA)
    if(DATAFOREST_CURL)
      target_link_libraries(${program} PRIVATE dataforest_http)
    endif()
    set_target_properties(${program} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/c-tests$<1:>)
    add_dependencies(c-tests ${program})

    string(REPLACE "test_" "" subject ${program})
    if(DATAFOREST_SANITIZE)
      dataforest_test(c/${subject} LABELS sanitizer c-sanitizers
        ENVIRONMENT ${tap} ${sanitizer_environment} COMMAND $<TARGET_FILE:${program}>)
      continue()
    endif()
    dataforest_test(c/${subject} LABELS unit c ENVIRONMENT ${tap} COMMAND $<TARGET_FILE:${program}>)
    if(VALGRIND)
      dataforest_test(valgrind/c/${subject} LABELS valgrind c-valgrind ENVIRONMENT ${tap} TIMEOUT 600
        COMMAND ${valgrind} --errors-for-leak-kinds=definite,possible $<TARGET_FILE:${program}>)
    endif()
  endforeach()

  # The engine once more over poll, which systems without epoll use.
  if(DATAFOREST_CURL AND DATAFOREST_POLL STREQUAL "epoll" AND NOT DATAFOREST_SANITIZE)
    set(poll_sources ${http_sources})
    list(FILTER poll_sources EXCLUDE REGEX "/epoll\\.c$")
    add_library(dataforest_http_poll STATIC EXCLUDE_FROM_ALL ${poll_sources} src/net/poll.c)
    target_link_libraries(dataforest_http_poll PUBLIC dataforest_core dataforest_libcurl Threads::Threads)
    foreach(subject IN ITEMS http_engine http_memory)
      add_executable(test_${subject}_poll EXCLUDE_FROM_ALL spec/c/test_${subject}.c ${test_helpers})
      target_include_directories(test_${subject}_poll PRIVATE spec/c)
      target_link_libraries(test_${subject}_poll PRIVATE dataforest_http_poll PkgConfig::CMOCKA)
      set_target_properties(test_${subject}_poll PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/c-tests$<1:>)
      add_dependencies(c-tests test_${subject}_poll)
      dataforest_test(c/${subject}_poll LABELS unit c ENVIRONMENT ${tap}
        COMMAND $<TARGET_FILE:test_${subject}_poll>)
    endforeach()
  endif()
endif()

# The Luas that tests run on. A release may have a Lua without the modules for it, as Debian testing has 5.2.
set(tested_luas ${dataforest_luas})
foreach(lua IN LISTS dataforest_luas)
  if(NOT lua MATCHES "^(lua5\\.4|luajit)$")
    execute_process(COMMAND tools/spec.sh ${lua} --version WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
      RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
    if(NOT status EQUAL 0)
      list(REMOVE_ITEM tested_luas ${lua})
      dataforest_untested(${lua} unit "there is no busted for it")
    endif()
  endif()
endforeach()

if(DATAFOREST_SANITIZE STREQUAL "thread" OR NOT DATAFOREST_CURL)
  return() # the specs need both modules
endif()

# The specs: each file a test on each Lua. What starts servers or other programs is tagged #full: Lua 5.4
# and LuaJIT run it, the others run the rest. A line "-- labels: valgrind collector" in a spec that leads
# into C has it run under valgrind, too (on Lua 5.4: valgrind does not follow the code that LuaJIT makes),
# and with Lua's collector at full stress (spec/support/gc_stress.lua); "wire" is for those that look at what goes
# over the wire, which tools/matrix runs with each libcurl.

set(without_full --exclude-tags=full)
# What decodes thousands of texts, or large ones, would take minutes under valgrind and full stress.
set(without_large "--filter-out=gives what cjson and the conversion" "--filter-out=takes no more than eight times"
  "--filter-out=decodes big lists in full")

# Under sanitizers, Lua itself and the modules of others are not instrumented, and keep memory until the
# end: leaks are left to the programs in C.
set(spec_environment ${sanitizer_environment} "DATAFOREST_BUILD=${PROJECT_BINARY_DIR}")
list(TRANSFORM spec_environment REPLACE "detect_leaks=1" "detect_leaks=0")
if(DATAFOREST_SANITIZE)
  foreach(library IN ITEMS libasan.so libubsan.so)
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=${library}
      OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
    list(APPEND sanitizers "${path}")
  endforeach()
  list(JOIN sanitizers ":" sanitizers)
  list(APPEND spec_environment "SANITIZERS=${sanitizers}")
endif()

# Sets what a spec's text says of itself: <spec>_labels, <spec>_servers (whether part of it is #full) and
# <spec>_only_servers.
function(read_spec spec)
  file(STRINGS ${spec} labels REGEX "^-- labels: ")
  file(STRINGS ${spec} tagged REGEX "[(\"].*#full\"")
  file(STRINGS ${spec} parts REGEX "^describe\\(")
  list(FILTER parts EXCLUDE REGEX "#full")
  set(spec_labels "${labels}" PARENT_SCOPE)
  set(spec_servers OFF PARENT_SCOPE)
  set(spec_only_servers OFF PARENT_SCOPE)
  if(tagged)
    set(spec_servers ON PARENT_SCOPE)
    if(NOT parts)
      set(spec_only_servers ON PARENT_SCOPE)
    endif()
  endif()
endfunction()

file(GLOB_RECURSE specs CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  spec/unit/*_spec.lua spec/integration/*_spec.lua examples/*_spec.lua)
foreach(spec IN LISTS specs)
  string(REGEX REPLACE "^(spec/)?(.*)_spec\\.lua$" "\\2" name ${spec})
  string(REGEX REPLACE "/.*" "" kind ${name})
  read_spec(${spec})
  set(processors 1)
  if(spec_servers)
    set(processors 2)
  endif()

  set(labels ${kind})
  if(spec_labels MATCHES "wire")
    list(APPEND labels wire)
  endif()

  if(DATAFOREST_SANITIZE)
    if(spec_only_servers)
      continue()
    endif()
    dataforest_test(lua5.4/${name} LABELS sanitizer lua5.4-sanitizers TIMEOUT 300
      ENVIRONMENT ${spec_environment} COMMAND tools/spec.sh lua5.4 ${without_full} ${spec})
    if(spec_labels MATCHES "collector")
      dataforest_test(collector/${name} LABELS sanitizer lua5.4-collector TIMEOUT 300
        ENVIRONMENT ${spec_environment} COMMAND tools/spec.sh lua5.4
          --helper=spec/support/gc_stress.lua ${without_full} ${without_large} ${spec})
    endif()
    continue()
  endif()

  foreach(lua IN LISTS tested_luas)
    if(DATAFOREST_TEST_SERVERS AND lua MATCHES "^(lua5\\.4|luajit)$")
      dataforest_test(${lua}/${name} LABELS ${labels} ${lua} TIMEOUT 300 PROCESSORS ${processors}
        COMMAND tools/spec.sh ${lua} ${spec})
    elseif(NOT spec_only_servers)
      dataforest_test(${lua}/${name} LABELS ${kind} ${lua}
        COMMAND tools/spec.sh ${lua} ${without_full} ${spec})
    endif()
  endforeach()
  if(VALGRIND AND spec_labels MATCHES "valgrind" AND "lua5.4" IN_LIST dataforest_luas)
    list(JOIN valgrind " " under)
    dataforest_test(valgrind/${name} LABELS valgrind lua5.4-valgrind TIMEOUT 600
      ENVIRONMENT "UNDER=${under} --errors-for-leak-kinds=definite"
      COMMAND tools/spec.sh lua5.4 ${without_full} ${without_large} ${spec})
  endif()
endforeach()

if(DATAFOREST_SANITIZE OR NOT DATAFOREST_TEST_SERVERS)
  return()
endif()

# Inside nginx. DATAFOREST_TEST_CALLS=100000 makes the longest run as long as that.
file(GLOB specs CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} spec/nginx/*_spec.lua)
foreach(spec IN LISTS specs)
  string(REGEX REPLACE "^spec/(.*)_spec\\.lua$" "\\1" name ${spec})
  dataforest_test(${name} LABELS nginx TIMEOUT 300 PROCESSORS 2 COMMAND tools/spec.sh lua5.4 ${spec})
endforeach()

# Scripts: spec/<folder>/<name>_test.sh. Lines "# labels:", "# time limit:" and "# processors:" in them.
file(GLOB scripts CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} spec/*/*_test.sh)
foreach(script IN LISTS scripts)
  string(REGEX REPLACE "^spec/(.*)_test\\.sh$" "\\1" name ${script})
  set(of_script "")
  foreach(word IN ITEMS labels "time limit" processors)
    file(STRINGS ${script} line REGEX "^# ${word}: ")
    string(REGEX REPLACE "^# ${word}: " "" value "${line}")
    separate_arguments(value)
    if(NOT value STREQUAL "")
      list(APPEND of_script ${word} ${value})
    endif()
  endforeach()
  list(TRANSFORM of_script REPLACE "^labels$" LABELS)
  list(TRANSFORM of_script REPLACE "^time limit$" TIMEOUT)
  list(TRANSFORM of_script REPLACE "^processors$" PROCESSORS)
  dataforest_test(${name} ${of_script} COMMAND ${script})
endforeach()
