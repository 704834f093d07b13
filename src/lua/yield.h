#ifndef DF_LUA_YIELD_H
#define DF_LUA_YIELD_H

#include <lua.h>

/* core.is_yieldable(): whether the code that calls it could yield. Lua 5.1 and 5.2 do not tell;
 * there it is judged by the stack, and true may turn out wrong in a finaliser or below a tail call.
 * Its upvalues are pcall and xpcall, across which Lua 5.2 can yield. */
int df_lua_is_yieldable(lua_State *L);

/* Puts `is_yieldable` into the table at the top of the stack. */
void df_lua_set_is_yieldable(lua_State *L);

#endif
