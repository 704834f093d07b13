#ifndef DF_SHAPE_H
#define DF_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

/* What an answer should look like: a type of operations.lua, compiled into arrays that refer to
 * each other by index. */

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
    int item;     /* array, map: the type of what is in it; else "any" */
    int first;    /* object: its first field, */
    int count;    /* and how many it has, aliases among them */
    int expected; /* object, map, array: how many members or items the last one had */
};

struct df_field {
    const char *name; /* not the shape's own */
    size_t length;
    int type;
    int real;  /* the field of the shape that this is an alias of, or -1 */
    int guess; /* the field of this object that was last met at this place of an answer */
};

/* types[0] is "any", types[root] the type itself. */
struct df_shape {
    struct df_type *types;
    struct df_field *fields;
    int type_count;
    int type_room;
    int field_count;
    int field_room;
    int root;
};

#endif
