#ifndef DF_LUA_HEAD_H
#define DF_LUA_HEAD_H

#include "lua/compat.h"

/* head_end(text [, from]) -> position of a head's last byte, or nil where it has not come */
int df_lua_head_end(lua_State *L);
/* head(text, last, most_fields) -> table with room for the rest of the answer, or nil, a message
 * and an error kind */
int df_lua_head(lua_State *L);
/* request(start, headers, ending, body) -> a request as it is sent, with the headers between its
 * start and its ending; nil where one of them cannot be sent */
int df_lua_request(lua_State *L);

#endif
