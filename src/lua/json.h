#ifndef DF_LUA_JSON_H
#define DF_LUA_JSON_H

#include "lua/shape.h"

/* Reads a JSON text of the usual form straight into tables, in one pass and without a conversion,
 * and pushes the value. Returns false, with nothing pushed, where the text is anything else: it may
 * still be valid JSON, or even be as the shape says. So what is pushed is what cjson and the
 * conversion would have made of it.
 * The text is UTF-8 and ends with NUL. `index` is that of the shape, in which the order and the
 * number of the fields met are remembered. */
bool df_lua_read_json(lua_State *L, const char *text, struct df_shape *shape, int index);

#endif
