# Where things go: <prefix>/share/lua/5.4/dataforest/*.lua, <prefix>/lib/lua/5.4/dataforest/*.so,
# <prefix>/bin/dataforest. The folders can be named outright where there is one Lua only:
set(DATAFOREST_INSTALL_LMOD "" CACHE STRING "Folder of Lua modules (default: share/lua/<version>)")
set(DATAFOREST_INSTALL_CMOD "" CACHE STRING "Folder of C modules (default: <libdir>/lua/<version>)")

# LuaJIT looks into the folders of 5.1 and loads modules built for 5.1, so that where both are here
# the one build serves both.
set(installed ${dataforest_luas})
if("lua5.1" IN_LIST installed)
  list(REMOVE_ITEM installed luajit)
endif()

list(LENGTH installed count)
if((DATAFOREST_INSTALL_LMOD OR DATAFOREST_INSTALL_CMOD) AND count GREATER 1)
  message(FATAL_ERROR "DATAFOREST_INSTALL_LMOD and _CMOD are for one Lua: choose it with -DDATAFOREST_LUA=")
endif()

foreach(lua IN LISTS installed)
  set(lmod "${DATAFOREST_INSTALL_LMOD}")
  set(cmod "${DATAFOREST_INSTALL_CMOD}")
  if(NOT lmod)
    set(lmod "${CMAKE_INSTALL_DATADIR}/lua/${${lua}_ABI}")
  endif()
  if(NOT cmod)
    set(cmod "${CMAKE_INSTALL_LIBDIR}/lua/${${lua}_ABI}")
  endif()
  install(DIRECTORY lua/ DESTINATION "${lmod}" FILES_MATCHING PATTERN "*.lua")
  install(TARGETS ${lua}_core DESTINATION "${cmod}/dataforest")
  if(DATAFOREST_CURL)
    install(TARGETS ${lua}_curl DESTINATION "${cmod}/dataforest")
  endif()
endforeach()

if(EXISTS "${PROJECT_SOURCE_DIR}/bin/dataforest")
  install(PROGRAMS bin/dataforest DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(DIRECTORY docs/man/ DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" FILES_MATCHING PATTERN "*.1")
endif()
