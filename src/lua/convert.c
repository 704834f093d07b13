#include "lua/convert.h"

#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_CUT = 32, INDEX_SIZE = 32 };

static const char *const expected[DF_TYPE_COUNT] = {"a value",   "a string",  "an integer",
                                                    "a number",  "a boolean", "an array",
                                                    "an object", "an object"};

void df_walk_init(struct df_walk *w, const struct df_shape *shape, bool xml, int mark) {
    w->shape = shape;
    w->xml = xml;
    w->mark = mark;
    w->depth = 0;
    w->path_at = DF_PATH_SIZE;
    w->path_cut = false;
    w->message[0] = '\0';
}

int df_find_field(const struct df_walk *w, const struct df_type *object, struct df_text name) {
    for (int i = object->first; i < object->first + object->count; i++) {
        const struct df_field *field = &w->shape->fields[i];
        if (df_text_equals((struct df_text){field->name, field->length}, name)) {
            return i;
        }
    }
    return -1;
}

/* --- failures --- */

/* Copies at most VALUE_CUT bytes of foreign text, whole characters, on one line. */
static size_t quote(char *out, size_t capacity, const char *bytes, size_t count) {
    size_t kept = count < VALUE_CUT ? count : VALUE_CUT;
    while (kept > 0 && kept < count && ((unsigned char)bytes[kept] & 0xC0) == 0x80) {
        kept--;
    }
    size_t used = 0;
    for (size_t i = 0; i < kept && used + 5 < capacity; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < ' ' || byte == 0x7F) {
            used += (size_t)snprintf(out + used, capacity - used, "\\%03u", (unsigned)byte);
        } else {
            out[used++] = (char)byte;
        }
    }
    if (kept < count && used + 4 < capacity) {
        memcpy(out + used, "...", 3);
        used += 3;
    }
    out[used] = '\0';
    return used;
}

static void prepend(struct df_walk *w, const char *text, size_t count) {
    if (w->path_cut) {
        return;
    }
    if (count + 3 > (size_t)w->path_at) {
        w->path_cut = true;
        text = "...";
        count = 3;
    }
    w->path_at -= (int)count;
    memcpy(w->path + w->path_at, text, count);
}

bool df_in_member(struct df_walk *w, struct df_text name) {
    char quoted[VALUE_CUT * 4 + 8];
    size_t count = quote(quoted, sizeof quoted, name.data, name.length);
    prepend(w, quoted, count);
    prepend(w, ".", 1);
    return false;
}

bool df_in_item(struct df_walk *w, size_t index) {
    char text[INDEX_SIZE];
    int count = snprintf(text, sizeof text, "[%zu]", index);
    prepend(w, text, (size_t)count);
    return false;
}

void df_push_failure(const struct df_walk *w, lua_State *L) {
    if (w->path_at == DF_PATH_SIZE) {
        lua_pushstring(L, w->message);
        return;
    }
    int from = w->path_at + (w->path[w->path_at] == '.' && !w->path_cut ? 1 : 0);
    lua_pushlstring(L, w->path + from, (size_t)(DF_PATH_SIZE - from));
    lua_pushfstring(L, "%s: %s", lua_tostring(L, -1), w->message);
    lua_remove(L, -2);
}

/* "expected WHAT, got THE VALUE AT THE TOP". */
bool df_mismatch(struct df_walk *w, lua_State *L, enum df_type_tag tag) {
    char got[DF_MESSAGE_SIZE - 32];
    size_t length;
    const char *text;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &length);
        got[0] = '"';
        length = 1 + quote(got + 1, sizeof got - 2, text, length);
        got[length] = '"';
        got[length + 1] = '\0';
        break;
    case LUA_TNUMBER:
        df_number_print(lua_tonumber(L, -1), got);
        break;
    case LUA_TBOOLEAN:
        strcpy(got, lua_toboolean(L, -1) ? "true" : "false");
        break;
    case LUA_TTABLE:
        strcpy(got, df_lua_length(L, -1) > 0 ? "an array" : "an object");
        break;
    case LUA_TNIL:
        strcpy(got, "null");
        break;
    default:
        snprintf(got, sizeof got, "a %s", lua_typename(L, lua_type(L, -1)));
    }
    snprintf(w->message, sizeof w->message, "expected %s, got %s", expected[tag], got);
    return false;
}

bool df_mismatch_number(struct df_walk *w, enum df_type_tag tag, struct df_text number) {
    char got[VALUE_CUT * 4 + 8];
    quote(got, sizeof got, number.data, number.length);
    snprintf(w->message, sizeof w->message, "expected %s, got %s", expected[tag], got);
    return false;
}

bool df_too_big(struct df_walk *w, struct df_text number) {
    char got[VALUE_CUT * 4 + 8];
    quote(got, sizeof got, number.data, number.length);
    snprintf(w->message, sizeof w->message, "%s is beyond 2^53, and would be rounded", got);
    return false;
}

/* --- tables --- */

void df_push_list(const struct df_walk *w, lua_State *L, int items) {
    lua_createtable(L, items, 0);
    if (w->mark) {
        lua_pushvalue(L, w->mark);
        lua_setmetatable(L, -2);
    }
}

/* Pushes table[name] for the table at `at`. */
static void push_field(lua_State *L, int at, const struct df_field *field) {
    lua_pushlstring(L, field->name, field->length);
    lua_rawget(L, at);
}

/* table[name] = the value at the top, which is popped. */
static void set_field(lua_State *L, int at, const struct df_field *field) {
    lua_pushlstring(L, field->name, field->length);
    lua_insert(L, -2);
    lua_rawset(L, at);
}

void df_rename_aliases(const struct df_walk *w, lua_State *L, int at,
                       const struct df_type *object) {
    for (int i = object->first; i < object->first + object->count; i++) {
        const struct df_field *field = &w->shape->fields[i];
        if (field->real < 0) {
            continue;
        }
        const struct df_field *real = &w->shape->fields[field->real];
        push_field(L, at, real);
        push_field(L, at, field); /* the real one, the alias */
        if (lua_isnil(L, -2) && !lua_isnil(L, -1)) {
            set_field(L, at, real);
        }
        lua_pushnil(L);
        set_field(L, at, field);
        lua_settop(L, at);
    }
}

void df_add_lists(const struct df_walk *w, lua_State *L, int at, const struct df_type *object) {
    if (!object->lists) {
        return;
    }
    for (int i = object->first; i < object->first + object->count; i++) {
        const struct df_field *field = &w->shape->fields[i];
        if (field->real >= 0 || w->shape->types[field->type].tag != DF_TYPE_ARRAY) {
            continue;
        }
        push_field(L, at, field);
        if (lua_isnil(L, -1)) {
            df_push_list(w, L, 0);
            set_field(L, at, field);
        }
        lua_settop(L, at);
    }
}

/* --- scalars: each takes the value at the top and may replace it --- */

/* White space as JSON and XML have it. */
static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The text at the top without the white space that an XML element may have around a value. */
static const char *scalar_text(const struct df_walk *w, lua_State *L, size_t *length) {
    const char *text = lua_tolstring(L, -1, length);
    while (w->xml && *length > 0 && is_space(*text)) {
        text++;
        --*length;
    }
    while (w->xml && *length > 0 && is_space(text[*length - 1])) {
        --*length;
    }
    return text;
}

bool df_is_empty_text(const struct df_walk *w, lua_State *L) {
    size_t length;
    scalar_text(w, L, &length);
    return length == 0;
}

/* An integer of Lua's beyond 2^53 would lose digits on its way through a double. */
static bool is_big_integer(lua_State *L) {
#if DF_LUA_HAS_INTEGERS
    const lua_Integer most = (lua_Integer)1 << 53;
    return lua_isinteger(L, -1) && (lua_tointeger(L, -1) > most || lua_tointeger(L, -1) < -most);
#else
    (void)L;
    return false;
#endif
}

static void replace_with_number(lua_State *L, double value) {
    lua_pop(L, 1);
    if (df_number_is_whole(value)) {
        df_lua_push_whole(L, value);
    } else {
        lua_pushnumber(L, value);
    }
}

static bool number_to_number(struct df_walk *w, lua_State *L, enum df_type_tag tag, bool *changed) {
    if (is_big_integer(L)) {
        size_t length;
        lua_pushvalue(L, -1);
        const char *text = lua_tolstring(L, -1, &length);
        df_too_big(w, (struct df_text){text, length});
        lua_pop(L, 1);
        return false;
    }
    double value = lua_tonumber(L, -1);
    bool whole = df_number_is_whole(value);
    if (!isfinite(value) || (tag == DF_TYPE_INTEGER && !whole)) {
        return df_mismatch(w, L, tag);
    }
    if (DF_LUA_HAS_INTEGERS && whole) {
        replace_with_number(L, value);
        *changed = true;
    }
    return true;
}

static bool text_to_number(struct df_walk *w, lua_State *L, enum df_type_tag tag, bool *changed) {
    double value;
    struct df_text text;
    text.data = scalar_text(w, L, &text.length);
    if (w->xml && text.length == 0) { /* how XML writers put a null */
        lua_pop(L, 1);
        lua_pushnil(L);
        *changed = true;
        return true;
    }
    switch (df_number_parse(text, &value)) {
    case DF_NUMBER_WHOLE:
        break;
    case DF_NUMBER_REAL:
        if (tag == DF_TYPE_NUMBER) {
            break;
        }
        return df_mismatch(w, L, tag);
    case DF_NUMBER_TOO_BIG:
        return memchr(text.data, 'e', text.length) || memchr(text.data, 'E', text.length)
                   ? df_mismatch(w, L, tag)
                   : df_too_big(w, text);
    default:
        return df_mismatch(w, L, tag);
    }
    replace_with_number(L, value);
    *changed = true;
    return true;
}

static bool to_string(struct df_walk *w, lua_State *L, int found, bool *changed) {
    char text[DF_NUMBER_SIZE];
    if (found == LUA_TNUMBER && isfinite(lua_tonumber(L, -1))) {
        if (is_big_integer(L)) {
            lua_tostring(L, -1); /* where it lies: Lua's own text has all digits */
            *changed = true;
            return true;
        }
        df_number_print(lua_tonumber(L, -1), text);
    } else if (found == LUA_TBOOLEAN) {
        strcpy(text, lua_toboolean(L, -1) ? "true" : "false");
    } else {
        return df_mismatch(w, L, DF_TYPE_STRING);
    }
    lua_pop(L, 1);
    lua_pushstring(L, text);
    *changed = true;
    return true;
}

static bool to_boolean(struct df_walk *w, lua_State *L, int found, bool *changed) {
    size_t length = 0;
    const char *text = found == LUA_TSTRING ? scalar_text(w, L, &length) : NULL;
    bool is_true = text && length == 4 && memcmp(text, "true", 4) == 0;
    bool is_false = text && length == 5 && memcmp(text, "false", 5) == 0;
    bool is_absent = text && length == 0 && w->xml;
    if (!is_true && !is_false && !is_absent) {
        return df_mismatch(w, L, DF_TYPE_BOOLEAN);
    }
    lua_pop(L, 1);
    if (is_absent) {
        lua_pushnil(L);
    } else {
        lua_pushboolean(L, is_true);
    }
    *changed = true;
    return true;
}

bool df_convert_scalar(struct df_walk *w, lua_State *L, enum df_type_tag tag, int found,
                       bool *changed) {
    switch (tag) {
    case DF_TYPE_STRING:
        return to_string(w, L, found, changed);
    case DF_TYPE_BOOLEAN:
        return to_boolean(w, L, found, changed);
    case DF_TYPE_INTEGER:
    case DF_TYPE_NUMBER:
        if (found == LUA_TNUMBER) {
            return number_to_number(w, L, tag, changed);
        }
        return found == LUA_TSTRING ? text_to_number(w, L, tag, changed) : df_mismatch(w, L, tag);
    default: /* any */
        if (found == LUA_TNUMBER) {
            return number_to_number(w, L, DF_TYPE_NUMBER, changed);
        }
        return found == LUA_TSTRING || found == LUA_TBOOLEAN || df_mismatch(w, L, tag);
    }
}
