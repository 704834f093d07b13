# Programs that embed Lua, with both modules linked in: each spec/embed/test_*.c becomes
# embed-tests/<lua>/test_*, for each tested Lua that pkg-config knows. They are tests: the collector at its
# busiest, many threads, clients and calls that end in every way, the secret key in the memory of the process,
# and each allocation that fails in turn.

if(NOT TARGET PkgConfig::CMOCKA OR NOT DATAFOREST_CURL)
  return()
endif()

find_package(OpenSSL 3.0 REQUIRED COMPONENTS SSL) # their server speaks TLS
add_custom_target(embed-tests)
add_dependencies(tests embed-tests)
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

# What a tree runs of them. Threads are for ThreadSanitizer, which says more about them; wiping is looked at
# without instruments. All allocations of Lua and of the core fail in turn on Lua 5.4 and LuaJIT, some
# on the others, and some of libcurl's; DATAFOREST_ALLOCATIONS=all: all of libcurl's, too.
function(embed_test lua program)
  string(REPLACE "test_" "" subject ${program})
  set(environment ${tap} ${sanitizer_environment})
  set(labels integration embedded)
  set(time 120)
  if(DATAFOREST_SANITIZE)
    set(labels sanitizer embedded-sanitizers)
    if(DATAFOREST_SANITIZE STREQUAL "thread")
      set(suits threads)
    else()
      set(suits collector finalisers lifecycle allocations)
    endif()
    if(NOT subject IN_LIST suits)
      return()
    endif()
  endif()
  if(subject STREQUAL "allocations")
    set(time 300)
    if(DATAFOREST_SANITIZE)
      list(APPEND environment DATAFOREST_STRIDE=8)
    else()
      set(labels integration allocations)
      if(NOT lua MATCHES "^(lua5\\.4|luajit)$")
        list(APPEND environment DATAFOREST_STRIDE=13)
      endif()
    endif()
  endif()
  dataforest_test(embed/${lua}/${subject} LABELS ${labels} TIMEOUT ${time} ENVIRONMENT ${environment}
    COMMAND $<TARGET_FILE:${lua}_${program}>)
endfunction()

foreach(lua IN LISTS tested_luas)
  if(NOT ${lua}_LINK_LIBRARIES)
    continue()
  endif()
  foreach(source IN LISTS embed_programs)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${lua}_${name} EXCLUDE_FROM_ALL ${source} ${embed_helpers})
    dataforest_embed(${lua} ${lua}_${name})
    target_link_libraries(${lua}_${name} PRIVATE PkgConfig::CMOCKA)
    set_target_properties(${lua}_${name} PROPERTIES
      OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/embed-tests/${lua}$<1:>)
    add_dependencies(embed-tests ${lua}_${name})
    embed_test(${lua} ${name})
  endforeach()
endforeach()
