# The C tests: each spec/c/test_*.c is a program of its own over the core, without Lua. Other files of
# spec/c/ are helpers that all of them may use. Built by the target c-tests, not by default.

find_package(PkgConfig)
if(PkgConfig_FOUND)
  pkg_check_modules(CMOCKA QUIET IMPORTED_TARGET cmocka)
endif()
if(NOT TARGET PkgConfig::CMOCKA)
  return()
endif()

enable_testing()
add_custom_target(c-tests)

file(GLOB test_programs CONFIGURE_DEPENDS spec/c/test_*.c)
file(GLOB test_helpers CONFIGURE_DEPENDS spec/c/*.c)
list(REMOVE_ITEM test_helpers ${test_programs})

foreach(source IN LISTS test_programs)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} EXCLUDE_FROM_ALL ${source} ${test_helpers})
  target_include_directories(${name} PRIVATE spec/c)
  target_compile_definitions(${name} PRIVATE DATAFOREST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE dataforest_core PkgConfig::CMOCKA)
  if(DATAFOREST_CURL)
    target_link_libraries(${name} PRIVATE dataforest_http)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/c-tests)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  add_dependencies(c-tests ${name})
endforeach()
