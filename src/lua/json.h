#ifndef DF_LUA_JSON_H
#define DF_LUA_JSON_H

#include "lua/shape.h"

#include "base/text.h"

/* Reads a JSON text into a value of the shape, in one pass, and pushes it; or nil, what is wrong
 * and, where it is too large, the kind of error. The text is UTF-8, and a NUL follows it. `shape`
 * is NULL or at `index`; the order and the number of the fields met are remembered in it. `mark` is
 * the index of the lists' metatable, or 0. Returns how many values it has pushed. */
int df_lua_read_json(lua_State *L, struct df_text text, struct df_shape *shape, int index,
                     int mark);

/* What a table, a member of one, an item of a list and a text cost at most, in bytes, and how many
 * bytes a response may cost: so many times its own size, and some more. */
enum {
    DF_COST_TABLE = 72,
    DF_COST_MEMBER = 64,
    DF_COST_ITEM = 24,
    DF_COST_TEXT = 32,
    DF_COST_FACTOR = 8,
    DF_COST_FREE = 4 * 1024 * 1024
};

#endif
