#include "lua/json.h"

#include "base/grammar.h"
#include "base/number.h"
#include "lua/convert.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_DEPTH = 64,
    SLOTS_PER_LEVEL = 3, /* a table, a key and its value */
    SAFE_DIGITS = 15,    /* any number of so many digits is below 2^53 */
    MAX_EXPECTED = 64
};

struct reader {
    lua_State *L;
    struct df_shape *shape;
    const char *start, *end;
    long long left; /* bytes that the value may still cost */
    int names;      /* the index of the shape's names */
    bool absent;    /* the value that was read is null */
    bool too_large;
    struct df_walk walk;
};

/* Each read_ function starts at `at`, pushes one value and returns where it ended; null is pushed
 * as nil, and sets `absent`. After a failure it returns NULL, with its message in `walk`, and
 * leaves any number of values behind. */

static const char *read_value(struct reader *r, const char *at, struct df_type *type);

static inline const char *skip_spaces(const char *at) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') {
        at++;
    }
    return at;
}

static const char *malformed(struct reader *r, const char *at, const char *what) {
    snprintf(r->walk.message, sizeof r->walk.message, "invalid JSON: %s at byte %zu", what,
             (size_t)(at - r->start) + 1);
    r->walk.path_cut = true; /* where it is has been said */
    return NULL;
}

static const char *unexpected(struct reader *r, const char *at) {
    return malformed(r, at, at >= r->end ? "the text ends too early" : "something unexpected");
}

static inline bool afford(struct reader *r, size_t bytes) {
    r->left -= (long long)bytes;
    return r->left >= 0;
}

static const char *too_large(struct reader *r) {
    snprintf(r->walk.message, sizeof r->walk.message,
             "it has so many values that it would take more than %d times its size in memory",
             DF_COST_FACTOR);
    r->walk.path_at = DF_PATH_SIZE;
    r->walk.path_cut = true;
    r->too_large = true;
    return NULL;
}

/* --- strings --- */

/* Where the closing quote or the first escape of a string is, or a NUL. Other control characters
 * should be escaped, and are let pass, as some services do not escape them. */
static inline const char *find_quote(const char *at) {
    while (*at != '"' && *at != '\\' && *at != '\0') {
        at++;
    }
    return at;
}

static const char *no_end(struct reader *r, const char *stop) {
    return malformed(r, stop, stop >= r->end ? "a string without an end" : "a NUL");
}

/* The four digits of \uXXXX, or -1. */
static long read_hex(const char *at) {
    long code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = df_hex_digit(at[i]);
        if (digit < 0) {
            return -1;
        }
        code = code * 16 + digit;
    }
    return code;
}

static void add_character(luaL_Buffer *buffer, unsigned long code) {
    char bytes[4];
    size_t length = 0;
    if (code < 0x80) {
        bytes[length++] = (char)code;
    } else {
        if (code < 0x800) {
            bytes[length++] = (char)(0xC0 | code >> 6);
        } else {
            if (code < 0x10000) {
                bytes[length++] = (char)(0xE0 | code >> 12);
            } else {
                bytes[length++] = (char)(0xF0 | code >> 18);
                bytes[length++] = (char)(0x80 | (code >> 12 & 0x3F));
            }
            bytes[length++] = (char)(0x80 | (code >> 6 & 0x3F));
        }
        bytes[length++] = (char)(0x80 | (code & 0x3F));
    }
    luaL_addlstring(buffer, bytes, length);
}

/* An escape, behind its backslash. Returns NULL for a wrong one. */
static const char *read_escape(luaL_Buffer *buffer, const char *at) {
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    if (*at != 'u') {
        const char *name = *at ? strchr(names, *at) : NULL;
        if (name) {
            luaL_addlstring(buffer, &values[name - names], 1);
        }
        return name ? at + 1 : NULL;
    }
    long code = read_hex(++at);
    at += 4;
    if (code >= 0xD800 && code < 0xDC00 && at[0] == '\\' && at[1] == 'u') {
        long low = read_hex(at + 2);
        if (low < 0xDC00 || low > 0xDFFF) {
            return NULL;
        }
        code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00);
        at += 6;
    } else if (code < 0 || (code >= 0xD800 && code < 0xE000)) {
        return NULL;
    }
    add_character(buffer, (unsigned long)code);
    return at;
}

/* A string with escapes: `stop` is at the first of them. */
static const char *read_escaped(struct reader *r, const char *at, const char *stop) {
    luaL_Buffer buffer;
    luaL_buffinit(r->L, &buffer);
    for (;;) {
        luaL_addlstring(&buffer, at, (size_t)(stop - at));
        if (*stop != '\\') {
            break;
        }
        at = read_escape(&buffer, stop + 1);
        if (!at) {
            return malformed(r, stop, "a wrong escape");
        }
        stop = find_quote(at);
    }
    luaL_pushresult(&buffer);
    return *stop == '"' ? stop + 1 : no_end(r, stop);
}

static const char *read_string(struct reader *r, const char *at) {
    const char *stop = find_quote(at);
    if (*stop == '"') {
        if (!afford(r, DF_COST_TEXT + (size_t)(stop - at))) {
            return too_large(r);
        }
        lua_pushlstring(r->L, at, (size_t)(stop - at));
        return stop + 1;
    }
    const char *end = *stop == '\\' ? read_escaped(r, at, stop) : no_end(r, stop);
    if (end && !afford(r, DF_COST_TEXT + (size_t)(end - at))) {
        return too_large(r);
    }
    return end;
}

/* --- numbers and words --- */

/* A number of any form, into what the type wants of one. */
static const char *read_any_number(struct reader *r, const char *at, const struct df_type *type) {
    bool integer;
    double value;
    struct df_text number = {at, (size_t)(r->end - at)};
    number.length = df_number_scan(number, &integer);
    if (number.length == 0) {
        return unexpected(r, at);
    }
    if (type->tag == DF_TYPE_STRING) { /* its digits are kept */
        lua_pushlstring(r->L, at, number.length);
        return afford(r, DF_COST_TEXT + number.length) ? at + number.length : too_large(r);
    }
    switch (df_number_value(number, integer, &value)) {
    case DF_NUMBER_WHOLE:
        break;
    case DF_NUMBER_REAL:
        if (type->tag == DF_TYPE_NUMBER || type->tag == DF_TYPE_ANY) {
            lua_pushnumber(r->L, value);
            return at + number.length;
        }
        df_mismatch_number(&r->walk, type->tag, number);
        return NULL;
    case DF_NUMBER_TOO_BIG:
        if (integer) {
            df_too_big(&r->walk, number);
        } else {
            df_mismatch_number(&r->walk, DF_TYPE_NUMBER, number);
        }
        return NULL;
    default:
        return malformed(r, at, "a number of too many characters");
    }
    if (type->tag != DF_TYPE_INTEGER && type->tag != DF_TYPE_NUMBER && type->tag != DF_TYPE_ANY) {
        df_mismatch_number(&r->walk, type->tag, number);
        return NULL;
    }
    df_lua_push_whole(r->L, value);
    return at + number.length;
}

static inline const char *read_number(struct reader *r, const char *at,
                                      const struct df_type *type) {
    const char *start = at;
    double value = 0;
    for (; *at >= '0' && *at <= '9' && at - start <= SAFE_DIGITS; at++) {
        value = value * 10 + (*at - '0');
    }
    bool is_plain = at > start && at - start <= SAFE_DIGITS && (*start != '0' || at == start + 1);
    if (!is_plain || *at == '.' || *at == 'e' || *at == 'E' || type->tag == DF_TYPE_STRING ||
        type->tag >= DF_TYPE_BOOLEAN) {
        return read_any_number(r, start, type);
    }
    df_lua_push_whole(r->L, value);
    return at;
}

/* Makes the scalar at the top what the type says. */
static const char *convert(struct reader *r, const char *end, const struct df_type *type,
                           int found) {
    bool changed = false;
    return df_convert_scalar(&r->walk, r->L, type->tag, found, &changed) ? end : NULL;
}

static const char *read_word(struct reader *r, const char *at, const struct df_type *type) {
    static const struct df_text words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    const struct df_text *word = &words[*at == 't' ? 0 : *at == 'f' ? 1 : 2];
    if (strncmp(at, word->data, word->length) != 0) {
        return unexpected(r, at);
    }
    at += word->length;
    if (word == &words[2]) {
        r->absent = true;
        lua_pushnil(r->L);
        return at;
    }
    lua_pushboolean(r->L, word == &words[0]);
    if (type->tag >= DF_TYPE_ARRAY) {
        df_mismatch(&r->walk, r->L, type->tag);
        return NULL;
    }
    return type->tag == DF_TYPE_BOOLEAN ? at : convert(r, at, type, LUA_TBOOLEAN);
}

/* --- tables --- */

/* Goes over the comma before each member but the first; returns NULL at anything else. */
static inline const char *next_member(struct reader *r, const char *at, int count) {
    if (count == 0) {
        return at;
    }
    return *at == ',' ? skip_spaces(at + 1) : unexpected(r, at);
}

static inline bool has_name(const struct df_field *field, const char *at) {
    return *at == *field->name && strncmp(at, field->name, field->length) == 0 &&
           at[field->length] == '"';
}

/* The index of the field that is named in the text, or -1 if the object has none such. The one that
 * was met at this position of the last response is tried first. */
static int find_field(const struct reader *r, const struct df_type *object, int position,
                      const char *at) {
    if (object->count == 0) {
        return -1;
    }
    struct df_field *fields = r->shape->fields + object->first;
    if (position < object->count && has_name(&fields[fields[position].guess], at)) {
        return object->first + fields[position].guess;
    }
    for (int i = 0; i < object->count; i++) {
        if (has_name(&fields[i], at)) {
            if (position < object->count) {
                fields[position].guess = i;
            }
            return object->first + i;
        }
    }
    return -1;
}

/* Pushes the name of a member, and returns where it ends. Sets its field, or -1. */
static inline const char *read_name(struct reader *r, const char *at, const struct df_type *object,
                                    int position, int *field) {
    if (*at != '"') {
        return unexpected(r, at);
    }
    *field = find_field(r, object, position, at + 1);
    if (*field >= 0) { /* one of the shape's: it need not be looked up by Lua */
        lua_rawgeti(r->L, r->names, *field + 1);
        return at + 1 + r->shape->fields[*field].length + 1;
    }
    const char *end = read_string(r, at + 1);
    if (end && memchr(at, '\\', (size_t)(end - at))) { /* perhaps one of them, with escapes */
        struct df_text name;
        name.data = lua_tolstring(r->L, -1, &name.length);
        *field = df_find_field(&r->walk, object, name);
    }
    return end;
}

static inline bool enter(struct reader *r) {
    if (r->walk.depth == MAX_DEPTH) {
        snprintf(r->walk.message, sizeof r->walk.message, "nested deeper than %d levels",
                 MAX_DEPTH);
        return false;
    }
    if (!afford(r, DF_COST_TABLE)) {
        too_large(r);
        return false;
    }
    r->walk.depth++;
    return true;
}

static inline int expected(const struct df_type *type) {
    return type->expected < MAX_EXPECTED ? type->expected : MAX_EXPECTED;
}

/* What may be anything has no usual size. */
static inline void remember(struct df_type *type, int count) {
    if (type->tag != DF_TYPE_ANY) {
        type->expected = count;
    }
}

static const char *read_member(struct reader *r, const char *at, const struct df_type *object,
                               int position, bool *alias_met, uint64_t *seen) {
    int index = -1;
    struct df_text name = {at + 1, 0};
    at = read_name(r, at, object, position, &index);
    if (!at) {
        return NULL;
    }
    name.length = (size_t)(at - name.data - 1);
    at = skip_spaces(at);
    if (*at != ':') {
        return unexpected(r, at);
    }
    const struct df_shape *shape = r->shape;
    int type = index < 0 ? object->item : shape->fields[index].type;
    at = read_value(r, at + 1, &shape->types[type]);
    if (!at) {
        df_in_member(&r->walk, name);
        return NULL;
    }
    *alias_met |= index >= 0 && shape->fields[index].real >= 0;
    if (r->absent) {
        r->absent = false;
        lua_pop(r->L, 2);
        return skip_spaces(at);
    }
    if (!afford(r, DF_COST_MEMBER)) {
        return too_large(r);
    }
    *seen |= index < 0 ? 0 : df_field_bit(index - object->first);
    lua_rawset(r->L, -3);
    return skip_spaces(at);
}

static const char *read_members(struct reader *r, const char *at, struct df_type *object) {
    int count = 0;
    uint64_t seen = 0;
    bool alias_met = false;
    if (!enter(r)) {
        return NULL;
    }
    lua_createtable(r->L, 0, expected(object));
    at = skip_spaces(at);
    while (*at != '}') {
        at = next_member(r, at, count);
        at = at ? read_member(r, at, object, count++, &alias_met, &seen) : NULL;
        if (!at) {
            return NULL;
        }
    }
    remember(object, count);
    if (object->tag == DF_TYPE_OBJECT) {
        if (alias_met) {
            df_rename_aliases(&r->walk, r->L, lua_gettop(r->L), object);
        }
        if ((object->lists & (~seen | df_field_bit(object->count))) != 0) {
            df_add_lists(&r->walk, r->L, lua_gettop(r->L), object);
        }
    }
    r->walk.depth--;
    return at + 1;
}

/* Nulls are left out. */
static const char *read_items(struct reader *r, const char *at, struct df_type *array) {
    int count = 0, position = 0;
    if (!enter(r)) {
        return NULL;
    }
    df_push_list(&r->walk, r->L, expected(array));
    at = skip_spaces(at);
    while (*at != ']') {
        at = next_member(r, at, position++);
        at = at ? read_value(r, at, &r->shape->types[array->item]) : NULL;
        if (!at) {
            df_in_item(&r->walk, (size_t)position);
            return NULL;
        }
        if (r->absent) {
            r->absent = false;
            lua_pop(r->L, 1);
        } else if (afford(r, DF_COST_ITEM)) {
            lua_rawseti(r->L, -2, ++count);
        } else {
            return too_large(r);
        }
        at = skip_spaces(at);
    }
    remember(array, count);
    r->walk.depth--;
    return at + 1;
}

/* What is no array becomes the only item of one. */
static const char *read_lone_item(struct reader *r, const char *at, struct df_type *array) {
    if (!enter(r)) {
        return NULL;
    }
    df_push_list(&r->walk, r->L, 1);
    at = read_value(r, at, &r->shape->types[array->item]);
    if (!at) {
        df_in_item(&r->walk, 1);
        return NULL;
    }
    lua_rawseti(r->L, -2, 1);
    r->walk.depth--;
    return at;
}

/* Pushes an empty table of the type. */
static const char *push_empty(struct reader *r, const char *end, const struct df_type *type) {
    if (!afford(r, DF_COST_TABLE)) {
        return too_large(r);
    }
    if (type->tag == DF_TYPE_ARRAY) {
        df_push_list(&r->walk, r->L, 0);
        return end;
    }
    lua_newtable(r->L);
    if (type->tag == DF_TYPE_OBJECT) {
        df_add_lists(&r->walk, r->L, lua_gettop(r->L), type);
    }
    return end;
}

/* A string where a table belongs: an empty one is an empty table. */
static const char *read_no_table(struct reader *r, const char *at, const struct df_type *type) {
    at = read_string(r, at + 1);
    if (!at) {
        return NULL;
    }
    if (!df_is_empty_text(&r->walk, r->L)) {
        df_mismatch(&r->walk, r->L, type->tag);
        return NULL;
    }
    lua_pop(r->L, 1);
    return push_empty(r, at, type);
}

static const char *mismatched_table(struct reader *r, enum df_type_tag tag, bool is_array) {
    lua_createtable(r->L, is_array, 0);
    if (is_array) { /* what a message calls an array */
        lua_pushboolean(r->L, 1);
        lua_rawseti(r->L, -2, 1);
    }
    df_mismatch(&r->walk, r->L, tag);
    return NULL;
}

/* Whether an array or an object is empty; then it stands for both, as some encoders have only one
 * of them. */
static const char *end_of_empty(const char *at) {
    const char *inner = skip_spaces(at + 1);
    return (*at == '[' && *inner == ']') || (*at == '{' && *inner == '}') ? inner + 1 : NULL;
}

/* Whether what begins here is one value, but no list and no null. */
static bool is_lone_item(const char *at) {
    return (*at == '"' && at[1] != '"') || *at == '{' || *at == 't' || *at == 'f' || *at == '-' ||
           (*at >= '0' && *at <= '9');
}

static const char *read_value(struct reader *r, const char *at, struct df_type *type) {
    enum df_type_tag tag = type->tag;
    at = skip_spaces(at);
    if (tag == DF_TYPE_ARRAY && is_lone_item(at)) {
        const char *end = end_of_empty(at);
        return end ? push_empty(r, end, type) : read_lone_item(r, at, type);
    }
    switch (*at) {
    case '"':
        if (tag == DF_TYPE_STRING || tag == DF_TYPE_ANY) {
            return read_string(r, at + 1);
        }
        if (tag >= DF_TYPE_ARRAY) {
            return read_no_table(r, at, type);
        }
        at = read_string(r, at + 1);
        return at ? convert(r, at, type, LUA_TSTRING) : NULL;
    case '{':
        return tag == DF_TYPE_OBJECT || tag == DF_TYPE_ANY || tag == DF_TYPE_MAP
                   ? read_members(r, at + 1, type)
                   : mismatched_table(r, tag, false);
    case '[':
        if (tag == DF_TYPE_ARRAY || tag == DF_TYPE_ANY) {
            return read_items(r, at + 1, type);
        }
        return tag >= DF_TYPE_MAP && end_of_empty(at) ? push_empty(r, end_of_empty(at), type)
                                                      : mismatched_table(r, tag, true);
    case 't':
    case 'f':
    case 'n':
        return read_word(r, at, type);
    default:
        return read_number(r, at, type);
    }
}

int df_lua_read_json(lua_State *L, struct df_text text, struct df_shape *shape, int index,
                     int mark) {
    int top = lua_gettop(L);
    DF_LUA_RESERVE(L, SLOTS_PER_LEVEL * MAX_DEPTH + LUA_MINSTACK, "nested response");
    struct reader r = {.L = L, .shape = shape, .start = text.data, .end = text.data + text.length};
    r.left = DF_COST_FREE + (long long)text.length * DF_COST_FACTOR;
    if (index) {
        df_lua_push_names(L, index);
    } else {
        lua_pushnil(L);
    }
    r.names = top + 1;
    df_walk_init(&r.walk, shape, false, mark);
    const char *end = read_value(&r, text.data, &shape->types[shape->root]);
    end = end ? skip_spaces(end) : NULL;
    if (end && end != r.end) {
        end = malformed(&r, end, "something after the value");
    }
    if (end && r.absent) {
        df_mismatch(&r.walk, L, shape->types[shape->root].tag);
        end = NULL;
    }
    if (end) {
        lua_remove(L, r.names);
        return 1;
    }
    lua_settop(L, top);
    lua_pushnil(L);
    df_push_failure(&r.walk, L);
    if (!r.too_large) {
        return 2;
    }
    lua_pushliteral(L, "limit");
    return 3;
}
