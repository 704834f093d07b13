#ifndef DF_LUA_HEAD_H
#define DF_LUA_HEAD_H

#include "lua_compat.h"

/* head_end(text [, from]) -> position of a head's last byte, or nil where it has not come */
int df_lua_head_end(lua_State *L);
/* head(text, last, most_fields) -> table, or nil, a message and an error kind */
int df_lua_head(lua_State *L);
/* fields(headers) -> the fields of a request as they are sent, or nil where one cannot be */
int df_lua_fields(lua_State *L);

#endif
