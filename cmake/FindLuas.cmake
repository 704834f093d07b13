# Sets dataforest_luas to the Luas to build for (lua5.1 ... lua5.4, luajit), and for each of them
# <lua>_INCLUDE_DIRS and <lua>_ABI (the "5.1" of its module folders; LuaJIT's is 5.1).

# Reads the version out of the headers in a folder: "lua5.4", "luajit" ...
function(dataforest_lua_of_headers folder result)
  if(NOT EXISTS "${folder}/lua.h")
    message(FATAL_ERROR "no lua.h in ${folder} (DATAFOREST_LUA_INCLUDE_DIR)")
  endif()
  file(STRINGS "${folder}/lua.h" line REGEX "^#define[ \t]+LUA_VERSION_(NUM|MINOR)[ \t]")
  if(EXISTS "${folder}/luajit.h")
    set(${result} luajit PARENT_SCOPE)
  elseif("${line}" MATCHES "LUA_VERSION_NUM[ \t]+50([1-9])")
    set(${result} lua5.${CMAKE_MATCH_1} PARENT_SCOPE)
  else()
    message(FATAL_ERROR "no version of Lua known to this project in ${folder}/lua.h")
  endif()
endfunction()

set(dataforest_luas "")

if(DATAFOREST_LUA_INCLUDE_DIR)
  dataforest_lua_of_headers("${DATAFOREST_LUA_INCLUDE_DIR}" lua)
  set(${lua}_INCLUDE_DIRS "${DATAFOREST_LUA_INCLUDE_DIR}")
  set(dataforest_luas ${lua})
else()
  find_package(PkgConfig REQUIRED)
  foreach(version IN ITEMS 5.1 5.2 5.3 5.4 luajit)
    string(REGEX REPLACE "^5" "lua5" lua ${version})
    if(DATAFOREST_LUA STREQUAL "all" OR version IN_LIST DATAFOREST_LUA OR lua IN_LIST DATAFOREST_LUA)
      pkg_check_modules(${lua} QUIET ${lua})
      if(${lua}_FOUND)
        list(APPEND dataforest_luas ${lua})
      elseif(NOT DATAFOREST_LUA STREQUAL "all")
        message(FATAL_ERROR "pkg-config finds no ${lua}: install its -dev package, "
          "or name the folder of its lua.h with -DDATAFOREST_LUA_INCLUDE_DIR=")
      endif()
    endif()
  endforeach()
endif()

if(NOT dataforest_luas AND NOT DATAFOREST_LUA STREQUAL "none")
  message(FATAL_ERROR "found no Lua to build for (DATAFOREST_LUA=${DATAFOREST_LUA}): "
    "install one, for example liblua5.4-dev, or set DATAFOREST_LUA_INCLUDE_DIR")
endif()

foreach(lua IN LISTS dataforest_luas)
  if(lua STREQUAL "luajit")
    set(${lua}_ABI 5.1)
  else()
    string(REPLACE "lua" "" ${lua}_ABI ${lua})
  endif()
endforeach()

list(JOIN dataforest_luas " " names)
message(STATUS "Lua: ${names}")
