# The C side of the bench: built by the target bench-programs, not by default. See bench/README.md.

if(NOT DATAFOREST_CURL)
  return()
endif()

add_custom_target(bench-programs)

file(GLOB bench_sources CONFIGURE_DEPENDS bench/c/*.c)
foreach(source IN LISTS bench_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(bench_${name} EXCLUDE_FROM_ALL ${source})
  target_link_libraries(bench_${name} PRIVATE dataforest_http OpenSSL::SSL)
  set_target_properties(bench_${name} PROPERTIES
    OUTPUT_NAME ${name}
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
  add_dependencies(bench-programs bench_${name})
endforeach()

# What a call costs, in instructions: the file is written by `lua5.4 bench/instructions.lua write`.
if(VALGRIND AND lua5.4 IN_LIST dataforest_luas AND NOT DATAFOREST_SANITIZE
    AND EXISTS ${PROJECT_SOURCE_DIR}/bench/instructions.txt)
  dataforest_test(bench/instructions LABELS integration bench TIMEOUT 600
    COMMAND sh -c "eval \"$(tools/env.sh lua5.4)\" && LUA_PATH=\"./?.lua;$LUA_PATH\" exec lua5.4 bench/instructions.lua check")
endif()
