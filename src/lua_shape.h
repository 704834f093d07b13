#ifndef DF_LUA_SHAPE_H
#define DF_LUA_SHAPE_H

#include "lua_compat.h"

#include <stdbool.h>

enum df_type_tag {
    DF_TYPE_ANY,
    DF_TYPE_STRING,
    DF_TYPE_INTEGER,
    DF_TYPE_NUMBER,
    DF_TYPE_BOOLEAN,
    DF_TYPE_ARRAY,
    DF_TYPE_MAP,
    DF_TYPE_OBJECT,
    DF_TYPE_COUNT
};

enum { DF_SHAPE_DEPTH = 64 };

struct df_type {
    enum df_type_tag tag;
    int item;        /* array, map: the type of what is in it */
    int first;       /* object: its first field, */
    int count;       /* how many it has, aliases among them, */
    bool has_alias;  /* whether there are any of those, */
    bool long_names; /* and whether a name may be longer than what Lua interns */
};

struct df_field {
    const char *name; /* Lua's own string, kept alive by the shape: equal names, equal pointers */
    size_t length;
    int type;
    int real;  /* the field that this is an alias of, or -1 */
    int guess; /* the field that was last met at this place of an answer */
};

/* A type, compiled. All zero is an empty shape; types[0] is "any" and types[root] the type itself.
 */
struct df_shape {
    struct df_type *types;
    struct df_field *fields;
    int type_count;
    int type_room;
    int field_count;
    int field_room;
    int root;
};

/* Makes the shapes' metatable and leaves it on the stack. */
void df_lua_push_shape_metatable(lua_State *L);

/* Compiles the type at the stack's index `type` and leaves the shape on the stack. Raises an error
 * about argument `argument` if it is malformed. `metatable` is an index too. */
struct df_shape *df_lua_compile_shape(lua_State *L, int type, int metatable, int argument);

/* core.shape; its first upvalue is the metatable. */
int df_lua_shape(lua_State *L);

#endif
