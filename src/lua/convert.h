#ifndef DF_LUA_CONVERT_H
#define DF_LUA_CONVERT_H

#include "base/text.h"
#include "lua/shape.h"

enum { DF_PATH_SIZE = 256, DF_MESSAGE_SIZE = 192 };

/* One pass over a value. The path of a failure is written from its end to its start, while the
 * recursion unwinds. */
struct df_walk {
    const struct df_shape *shape;
    bool xml;
    int mark; /* the index of the lists' metatable, or 0 */
    int depth;
    int path_at;
    bool path_cut;
    char path[DF_PATH_SIZE];
    char message[DF_MESSAGE_SIZE];
};

void df_walk_init(struct df_walk *w, const struct df_shape *shape, bool xml, int mark);

/* The index of the field that has a name, among all of the shape; -1 if the object has none such.
 */
int df_find_field(const struct df_walk *w, const struct df_type *object, struct df_text name);

/* Whether the string at the top says nothing: it is empty, or white space where that is no text. */
bool df_is_empty_text(const struct df_walk *w, lua_State *L);

/* Makes the value at the top, whose Lua type is `found`, what the type says, which is none of the
 * tables. Sets `changed` where another value, or nil for null, stands there afterwards. */
bool df_convert_scalar(struct df_walk *w, lua_State *L, enum df_type_tag tag, int found,
                       bool *changed);

/* Pushes a table, made for so many items, that carries the lists' mark where there is one. */
void df_push_list(const struct df_walk *w, lua_State *L, int items);

/* Gives the values that an object has under aliases their real names, unless those are there too,
 * and makes an empty list of each list that is missing. `object` is the type of the table at `at`.
 */
void df_rename_aliases(const struct df_walk *w, lua_State *L, int at, const struct df_type *object);
void df_add_lists(const struct df_walk *w, lua_State *L, int at, const struct df_type *object);

/* These return false, for the caller to return.
 * The value at the top is not what was expected: */
bool df_mismatch(struct df_walk *w, lua_State *L, enum df_type_tag tag);
/* Nor is this text, a number: */
bool df_mismatch_number(struct df_walk *w, enum df_type_tag tag, struct df_text number);
/* It is an integer that a double would round: */
bool df_too_big(struct df_walk *w, struct df_text number);
/* The failure lies below the member of this name, or the item of an array: */
bool df_in_member(struct df_walk *w, struct df_text name);
bool df_in_item(struct df_walk *w, size_t index);

/* Pushes the path and the message. */
void df_push_failure(const struct df_walk *w, lua_State *L);

#endif
