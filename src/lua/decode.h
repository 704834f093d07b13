#ifndef DF_LUA_DECODE_H
#define DF_LUA_DECODE_H

#include "lua/compat.h"

/* core.decode and core.coerce: their upvalues are the shapes' metatable and cjson's decode
 * function. */
int df_lua_decode(lua_State *L);
int df_lua_coerce(lua_State *L);
/* Pushes the decode function of a cjson instance of our own. */
void df_lua_push_json_decoder(lua_State *L);

#endif
