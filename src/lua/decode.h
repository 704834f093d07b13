#ifndef DF_LUA_DECODE_H
#define DF_LUA_DECODE_H

#include "lua/compat.h"

/* core.decode and core.coerce: their upvalues are the shapes' metatable and the lists' one, or nil.
 */
int df_lua_decode(lua_State *L);
int df_lua_coerce(lua_State *L);
/* Pushes the metatable that lists carry: cjson's mark, where it has one; else nil. */
void df_lua_push_list_mark(lua_State *L);

/* Pushes the table of what values cost in memory, by which a response is refused. */
void df_lua_push_costs(lua_State *L);

#endif
