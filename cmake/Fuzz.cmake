# The fuzz targets of spec/fuzz: fuzz/<target>, built by the target fuzz-targets. With
# DATAFOREST_FUZZ they are libFuzzer's; else a program replays the files that it is given.
#   <target>.lua   a function of the input, in Lua 5.4 with dataforest.core linked in
#   <target>.c     plain C

option(DATAFOREST_FUZZ "Build the fuzz targets for libFuzzer (needs clang)" OFF)

if(NOT "lua5.4" IN_LIST dataforest_luas OR NOT lua5.4_LINK_LIBRARIES OR NOT DATAFOREST_CURL)
  return()
endif()

add_custom_target(fuzz-targets)

function(dataforest_fuzz name)
  add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${ARGN})
  target_compile_definitions(fuzz_${name} PRIVATE DATAFOREST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(fuzz_${name} PRIVATE dataforest_http)
  if(DATAFOREST_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_compile_definitions(fuzz_${name} PRIVATE FUZZ_LINES)
  else()
    target_sources(fuzz_${name} PRIVATE spec/fuzz/replay.c)
  endif()
  set_target_properties(fuzz_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz$<1:>)
  add_dependencies(fuzz-targets fuzz_${name})
endfunction()

foreach(name IN ITEMS decode xml credentials time)
  dataforest_fuzz(${name} spec/fuzz/target_lua.c ${core_binding})
  target_include_directories(fuzz_${name} SYSTEM PRIVATE ${lua5.4_INCLUDE_DIRS})
  target_compile_definitions(fuzz_${name} PRIVATE FUZZ_TARGET="${name}")
  target_link_libraries(fuzz_${name} PRIVATE ${lua5.4_LINK_LIBRARIES} m)
endforeach()
foreach(name IN ITEMS http1_reader http1_writer http1_oracle)
  dataforest_fuzz(${name} spec/fuzz/${name}.c)
endforeach()

# Under AddressSanitizer, all targets are tests: each takes its seeds, and all that fuzzing has ever found.
# `make fuzz` looks for more.
if(DATAFOREST_SANITIZE MATCHES "address" AND NOT DATAFOREST_FUZZ)
  add_dependencies(tests fuzz-targets)
  dataforest_test(fuzz/replay LABELS fuzz TIMEOUT 300
    COMMAND tools/fuzz_replay.sh "${PROJECT_BINARY_DIR}/fuzz")
endif()
