# Programs that embed Lua, with both modules linked in: each spec/embed/test_*.c becomes
# embed-tests/<lua>/test_*, for each Lua that pkg-config knows. Built by the target embed-tests.

if(NOT TARGET PkgConfig::CMOCKA OR NOT DATAFOREST_CURL)
  return()
endif()

find_package(OpenSSL 3.0 REQUIRED COMPONENTS SSL) # their server speaks TLS
add_custom_target(embed-tests)
file(GLOB embed_programs CONFIGURE_DEPENDS spec/embed/test_*.c)
file(GLOB embed_helpers CONFIGURE_DEPENDS spec/embed/*.c)
list(REMOVE_ITEM embed_helpers ${embed_programs})

# dataforest_embed(<lua> <target>) gives a program the modules, as sources, and that Lua.
function(dataforest_embed lua target)
  target_sources(${target} PRIVATE ${core_binding} ${curl_binding})
  target_include_directories(${target} SYSTEM PRIVATE ${${lua}_INCLUDE_DIRS})
  target_compile_definitions(${target} PRIVATE DATAFOREST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE dataforest_http OpenSSL::SSL ${${lua}_LINK_LIBRARIES} m)
endfunction()

foreach(lua IN LISTS dataforest_luas)
  if(NOT ${lua}_LINK_LIBRARIES)
    continue()
  endif()
  foreach(source IN LISTS embed_programs)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${lua}_${name} EXCLUDE_FROM_ALL ${source} ${embed_helpers})
    dataforest_embed(${lua} ${lua}_${name})
    target_link_libraries(${lua}_${name} PRIVATE PkgConfig::CMOCKA)
    set_target_properties(${lua}_${name} PROPERTIES
      OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/embed-tests/${lua})
    add_dependencies(embed-tests ${lua}_${name})
  endforeach()
endforeach()
