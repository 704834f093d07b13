#ifndef DF_LUA_HTTP1_H
#define DF_LUA_HTTP1_H

#include "lua/compat.h"

/* Puts http_reader, http_request and reserved_headers into the table at the top. */
void df_lua_register_http1(lua_State *L);

#endif
