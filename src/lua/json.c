#include "lua/json.h"

#include <string.h>

enum {
    MAX_DEPTH = 16,
    SLOTS_PER_LEVEL = 3, /* a table, a key and its value */
    SAFE_DIGITS = 15,    /* any number of so many digits is below 2^53 */
    MAX_EXPECTED = 64
};

struct reader {
    lua_State *L;
    struct df_shape *shape;
    int names; /* the index of the shape's names */
    int depth;
};

/* Each read_ function starts at `at`, pushes one value and returns where it ended. For what is not
 * read here it returns NULL, and leaves any number of values behind. */

static inline const char *skip_blanks(const char *at) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') {
        at++;
    }
    return at;
}

/* Where the closing quote of a string is in which nothing is escaped, or NULL. */
static const char *find_quote(const char *at) {
    while ((unsigned char)*at >= ' ' && *at != '"' && *at != '\\') {
        at++;
    }
    return *at == '"' ? at : NULL;
}

static const char *read_string(struct reader *r, const char *at) {
    const char *quote = find_quote(at);
    if (!quote) {
        return NULL;
    }
    lua_pushlstring(r->L, at, (size_t)(quote - at));
    return quote + 1;
}

/* A fraction or an exponent is left over, and then not what follows a value. */
static const char *read_number(struct reader *r, const char *at) {
    bool negative = *at == '-';
    const char *start = at + negative;
    double value = 0;
    for (at = start; *at >= '0' && *at <= '9' && at - start <= SAFE_DIGITS; at++) {
        value = value * 10 + (*at - '0');
    }
    bool zero = *start == '0';
    if (at == start || at - start > SAFE_DIGITS || (zero && (negative || at - start > 1))) {
        return NULL;
    }
    df_lua_push_whole(r->L, negative ? -value : value);
    return at;
}

static const char *read_boolean(struct reader *r, const char *at) {
    bool value = *at == 't';
    size_t length = value ? 4 : 5;
    if (strncmp(at, value ? "true" : "false", length) != 0) {
        return NULL;
    }
    lua_pushboolean(r->L, value);
    return at + length;
}

static const char *read_members(struct reader *r, const char *at, struct df_type *object);
static const char *read_array(struct reader *r, const char *at, struct df_type *array);

static const char *read_value(struct reader *r, const char *at, struct df_type *type) {
    enum df_type_tag tag = type->tag;
    bool any = tag == DF_TYPE_ANY;
    at = skip_blanks(at);
    switch (*at) {
    case '"':
        return any || tag == DF_TYPE_STRING ? read_string(r, at + 1) : NULL;
    case 't':
    case 'f':
        return any || tag == DF_TYPE_BOOLEAN ? read_boolean(r, at) : NULL;
    case '{':
        return any || tag == DF_TYPE_OBJECT || tag == DF_TYPE_MAP ? read_members(r, at + 1, type)
                                                                  : NULL;
    case '[':
        return any || tag == DF_TYPE_ARRAY ? read_array(r, at + 1, type) : NULL;
    default:
        return any || tag == DF_TYPE_INTEGER || tag == DF_TYPE_NUMBER ? read_number(r, at) : NULL;
    }
}

/* Goes over the comma before each member but the first; returns NULL at anything else. */
static const char *next_member(const char *at, int count) {
    if (count == 0) {
        return at;
    }
    return *at == ',' ? skip_blanks(at + 1) : NULL;
}

static inline bool has_name(const struct df_field *field, const char *at) {
    return *at == *field->name && strncmp(at, field->name, field->length) == 0 &&
           at[field->length] == '"';
}

/* The index of the field that is named in the text, or -1 if the object has none such. The one that
 * was met at this place of the last answer is tried first. */
static int find_field(const struct reader *r, const struct df_type *object, int place,
                      const char *at) {
    if (object->count == 0) {
        return -1;
    }
    struct df_field *fields = r->shape->fields + object->first;
    if (place < object->count && has_name(&fields[fields[place].guess], at)) {
        return object->first + fields[place].guess;
    }
    for (int i = 0; i < object->count; i++) {
        if (has_name(&fields[i], at)) {
            if (place < object->count) {
                fields[place].guess = i;
            }
            return object->first + i;
        }
    }
    return -1;
}

/* Pushes the name of a member, and returns where its value begins. */
static const char *read_name(struct reader *r, const char *at) {
    at = *at == '"' ? read_string(r, at + 1) : NULL;
    at = at ? skip_blanks(at) : NULL;
    return at && *at == ':' ? at + 1 : NULL;
}

/* A member, whose name is one of the shape's if it is there: those need not be looked up by Lua.
 * What is not there is of the type of a map's items, or of any. An alias is for the conversion to
 * rename. */
static const char *read_member(struct reader *r, const char *at, const struct df_type *object,
                               int place) {
    const struct df_shape *shape = r->shape;
    int index = *at == '"' ? find_field(r, object, place, at + 1) : -1;
    if (index < 0) {
        at = read_name(r, at);
        return at ? read_value(r, at, &shape->types[object->item]) : NULL;
    }
    const struct df_field *field = &shape->fields[index];
    at = skip_blanks(at + 1 + field->length + 1);
    if (*at != ':' || field->real >= 0) {
        return NULL;
    }
    lua_rawgeti(r->L, r->names, index + 1);
    return read_value(r, at + 1, &shape->types[field->type]);
}

/* The table is made as large as the last one was. */
static void push_table(struct reader *r, int items, int members) {
    lua_createtable(r->L, items < MAX_EXPECTED ? items : MAX_EXPECTED,
                    members < MAX_EXPECTED ? members : MAX_EXPECTED);
    r->depth++;
}

/* What may be anything has no usual size. */
static void remember(struct df_type *type, int count) {
    if (type->tag != DF_TYPE_ANY) {
        type->expected = count;
    }
}

static const char *read_members(struct reader *r, const char *at, struct df_type *object) {
    int count = 0;
    push_table(r, 0, object->expected);
    at = r->depth <= MAX_DEPTH ? skip_blanks(at) : NULL;
    while (at && *at != '}') {
        at = next_member(at, count);
        at = at ? read_member(r, at, object, count++) : NULL;
        if (at) {
            lua_rawset(r->L, -3);
            at = skip_blanks(at);
        }
    }
    remember(object, count);
    r->depth--;
    return at ? at + 1 : NULL;
}

static const char *read_array(struct reader *r, const char *at, struct df_type *array) {
    int count = 0;
    push_table(r, array->expected, 0);
    at = r->depth <= MAX_DEPTH ? skip_blanks(at) : NULL;
    while (at && *at != ']') {
        at = next_member(at, count);
        at = at ? read_value(r, at, &r->shape->types[array->item]) : NULL;
        if (at) {
            lua_rawseti(r->L, -2, ++count);
            at = skip_blanks(at);
        }
    }
    remember(array, count);
    r->depth--;
    return at ? at + 1 : NULL;
}

bool df_lua_read_json(lua_State *L, const char *text, struct df_shape *shape, int index) {
    int top = lua_gettop(L);
    luaL_checkstack(L, SLOTS_PER_LEVEL * MAX_DEPTH + LUA_MINSTACK, "nested answer");
    df_lua_push_names(L, index);
    struct reader r = {L, shape, top + 1, 0};
    const char *end = read_value(&r, text, &shape->types[shape->root]);
    if (!end || *skip_blanks(end) != '\0') {
        lua_settop(L, top);
        return false;
    }
    lua_remove(L, r.names);
    return true;
}
