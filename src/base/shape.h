#ifndef DF_SHAPE_H
#define DF_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a response should look like: a type of operations.lua, compiled into arrays that refer to
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

/* The bit of a field, counted from the object's first. From the 64th on they share one. */
static inline uint64_t df_field_bit(int field) {
    return UINT64_C(1) << (field < 63 ? field : 63);
}

struct df_type {
    enum df_type_tag tag;
    int item;  /* array, map: the type of what is in it; else "any" */
    int first; /* object: its first field, */
    int count; /* and how many it has, aliases among them */
    uint64_t
        lists;    /* object: a bit for each field that is an array; the last one stands for more */
    int expected; /* object, map, array: how many members or items the last one had */
};

struct df_field {
    const char *name; /* not the shape's own */
    size_t length;
    int type;
    int real;  /* the field of the shape that this is an alias of, or -1 */
    int guess; /* the field of this object that was last met at this position of a response */
};

/* types[0] is "any", types[root] the type itself. Both arrays are in the same block of memory,
 * which Lua owns: a shape needs no finaliser, so that those of others may use it until the end. */
struct df_shape {
    struct df_type *types;
    struct df_field *fields;
    int root;
};

#endif
