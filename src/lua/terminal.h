#ifndef DF_LUA_TERMINAL_H
#define DF_LUA_TERMINAL_H

#include "lua/compat.h"

/* Pushes a table of functions about the terminal: ask, is_terminal, columns, interrupt. */
void df_lua_push_terminal(lua_State *L);

#endif
