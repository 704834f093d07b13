#ifndef DF_LUA_HOOKS_H
#define DF_LUA_HOOKS_H

#include <lua.h>

/* Code that waits in C gives Lua's debug hook its turn now and then: that is how `lua` ends at
 * Ctrl-C. Returns 0, or not 0 with what the hook raised on the stack. */
int df_lua_try_hooks(lua_State *L);

/* Sleeps; raises what a hook raises meanwhile. */
void df_lua_sleep(lua_State *L, double seconds);

#endif
