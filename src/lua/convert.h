#ifndef DF_LUA_CONVERT_H
#define DF_LUA_CONVERT_H

#include "lua/shape.h"

enum { DF_PATH_SIZE = 256, DF_MESSAGE_SIZE = 192 };

/* One pass over a decoded value. The path of a failure is written from its end to its start, while
 * the recursion unwinds. */
struct df_walk {
    const struct df_shape *shape;
    bool xml;
    int depth;
    int path_at;
    bool path_cut;
    char path[DF_PATH_SIZE];
    char message[DF_MESSAGE_SIZE];
};

/* Whether the number is one that a double holds exactly, and an integer may stand for. */
bool df_is_whole(double value);

/* Whether the string at the top says nothing: it is empty, or white space where that is no text. */
bool df_is_empty_text(const struct df_walk *w, lua_State *L);

/* Makes the value at the top, whose Lua type is `found`, what the type says, which is none of the
 * tables. Sets `changed` where another value, or nil for null, stands there afterwards. */
bool df_convert_scalar(struct df_walk *w, lua_State *L, enum df_type_tag tag, int found,
                       bool *changed);

/* These return false, for the caller to return.
 * The value at the top is not what was expected: */
bool df_mismatch(struct df_walk *w, lua_State *L, enum df_type_tag tag);
/* The failure lies below the member whose key is at `key`, or the item of an array: */
bool df_in_member(struct df_walk *w, lua_State *L, int key);
bool df_in_item(struct df_walk *w, size_t index);

/* Pushes the path and the message. */
void df_push_failure(const struct df_walk *w, lua_State *L);

#endif
