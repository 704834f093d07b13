#ifndef DF_LUA_SHAPE_H
#define DF_LUA_SHAPE_H

#include "lua/compat.h"

#include "base/shape.h"

/* Makes the shapes' metatable and leaves it on the stack. */
void df_lua_push_shape_metatable(lua_State *L);

/* Compiles the type at the stack's index `type` and leaves the shape on the stack. Raises an error
 * about argument `argument` if it is malformed. `metatable` is an index too. */
struct df_shape *df_lua_compile_shape(lua_State *L, int type, int metatable, int argument);

/* Pushes the table of a shape's names, in which field i is at i + 1. */
void df_lua_push_names(lua_State *L, int shape);

/* core.shape; its first upvalue is the metatable. */
int df_lua_shape(lua_State *L);

#endif
