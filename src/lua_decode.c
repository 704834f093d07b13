#include "lua_decode.h"

#include "lua_shape.h"
#include "utf8.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 256, TEXT_SIZE = 192, VALUE_CUT = 32, NUMBER_SIZE = 64, MAX_DEPTH = 64 };

static const double max_whole = 9007199254740992.0; /* 2^53 */

/* One pass over a decoded value. The path of a failure is written from its end to its start, while
 * the recursion unwinds. */
struct walk {
    const struct df_shape *shape;
    bool xml;
    int depth;
    int path_at;
    bool path_cut;
    char path[PATH_SIZE];
    char text[TEXT_SIZE];
};

/* What a type accepts as it is. Numbers are not here: each must be looked at. */
static const int as_is[DF_TYPE_COUNT] = {
    [DF_TYPE_ANY] = LUA_TSTRING,  [DF_TYPE_STRING] = LUA_TSTRING,   [DF_TYPE_INTEGER] = LUA_TNONE,
    [DF_TYPE_NUMBER] = LUA_TNONE, [DF_TYPE_BOOLEAN] = LUA_TBOOLEAN, [DF_TYPE_ARRAY] = LUA_TNONE,
    [DF_TYPE_MAP] = LUA_TNONE,    [DF_TYPE_OBJECT] = LUA_TNONE,
};

static const char *const expected[DF_TYPE_COUNT] = {"a value",   "a string",  "an integer",
                                                    "a number",  "a boolean", "an array",
                                                    "an object", "an object"};

/* --- failures --- */

/* Copies at most VALUE_CUT bytes of foreign text, whole characters, on one line. */
static size_t quote(char *out, size_t room, const char *bytes, size_t count) {
    size_t kept = count < VALUE_CUT ? count : VALUE_CUT;
    while (kept > 0 && kept < count && ((unsigned char)bytes[kept] & 0xC0) == 0x80) {
        kept--;
    }
    size_t used = 0;
    for (size_t i = 0; i < kept && used + 5 < room; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < ' ' || byte == 0x7F) {
            used += (size_t)snprintf(out + used, room - used, "\\%03u", (unsigned)byte);
        } else {
            out[used++] = (char)byte;
        }
    }
    if (kept < count && used + 4 < room) {
        memcpy(out + used, "...", 3);
        used += 3;
    }
    out[used] = '\0';
    return used;
}

static void prepend(struct walk *w, const char *text, size_t count) {
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

static bool in_member(struct walk *w, lua_State *L, int key) {
    char quoted[VALUE_CUT * 4 + 8];
    size_t length;
    const char *name = lua_tolstring(L, key, &length);
    size_t count = quote(quoted, sizeof quoted, name, length);
    prepend(w, quoted, count);
    prepend(w, ".", 1);
    return false;
}

static bool in_item(struct walk *w, size_t index) {
    char text[NUMBER_SIZE];
    int count = snprintf(text, sizeof text, "[%zu]", index);
    prepend(w, text, (size_t)count);
    return false;
}

/* Whether the number is one that a double holds exactly, and an integer may stand for. */
static bool is_whole(double value) {
    return value >= -max_whole && value <= max_whole && (double)(int64_t)value == value;
}

static void number_text(double value, char text[NUMBER_SIZE]) {
    if (isnan(value)) {
        strcpy(text, "nan");
    } else if (is_whole(value)) {
        snprintf(text, NUMBER_SIZE, "%.0f", value + 0.0);
    } else {
        snprintf(text, NUMBER_SIZE, "%.15g", value);
        if (strtod(text, NULL) != value) {
            snprintf(text, NUMBER_SIZE, "%.17g", value);
        }
        const char point = *localeconv()->decimal_point;
        char *found = strchr(text, point);
        if (found) {
            *found = '.';
        }
    }
}

/* "expected WHAT, got THE VALUE AT THE TOP". */
static bool mismatch(struct walk *w, lua_State *L, enum df_type_tag tag) {
    char got[TEXT_SIZE];
    size_t length;
    const char *text;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &length);
        got[0] = '"';
        length = 1 + quote(got + 1, sizeof got - 40, text, length);
        got[length] = '"';
        got[length + 1] = '\0';
        break;
    case LUA_TNUMBER:
        number_text(lua_tonumber(L, -1), got);
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
    snprintf(w->text, sizeof w->text, "expected %s, got %s", expected[tag], got);
    return false;
}

/* --- scalars: each takes the value at the top and may put another in its place --- */

static bool is_null(lua_State *L, int index) {
    return lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL;
}

static void replace_with_whole(lua_State *L, double value) {
    lua_pop(L, 1);
    df_lua_push_whole(L, value);
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The text at the top without the white space that an XML element may have around a value. */
static const char *scalar_text(const struct walk *w, lua_State *L, size_t *length) {
    const char *text = lua_tolstring(L, -1, length);
    while (w->xml && *length > 0 && is_blank(*text)) {
        text++;
        --*length;
    }
    while (w->xml && *length > 0 && is_blank(text[*length - 1])) {
        --*length;
    }
    return text;
}

static size_t count_digits(const char *text, size_t at, size_t length) {
    size_t start = at;
    while (at < length && text[at] >= '0' && text[at] <= '9') {
        at++;
    }
    return at - start;
}

/* Whether the text is a number as JSON writes one (leading zeros do no harm). */
static bool is_number(const char *text, size_t length) {
    size_t at = length > 0 && text[0] == '-' ? 1 : 0;
    size_t digits = count_digits(text, at, length);
    at += digits;
    if (digits > 0 && at < length && text[at] == '.') {
        digits = count_digits(text, at + 1, length);
        at += 1 + digits;
    }
    if (digits > 0 && at < length && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        at += at < length && (text[at] == '+' || text[at] == '-') ? 1 : 0;
        digits = count_digits(text, at, length);
        at += digits;
    }
    return digits > 0 && at == length;
}

/* strtod, whatever decimal point the process's locale has. */
static bool parse_number(const char *text, size_t length, double *value) {
    char copy[NUMBER_SIZE];
    if (length >= sizeof copy || !is_number(text, length)) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *point = strchr(copy, '.');
    if (point) {
        *point = *localeconv()->decimal_point;
    }
    *value = strtod(copy, NULL);
    return true;
}

/* Some versions of cjson yield integers; one beyond 2^53 would lose digits on its way through a
 * double. */
static bool is_big_integer(lua_State *L) {
#if DF_LUA_HAS_INTEGERS
    const lua_Integer most = (lua_Integer)1 << 53;
    return lua_isinteger(L, -1) && (lua_tointeger(L, -1) > most || lua_tointeger(L, -1) < -most);
#else
    (void)L;
    return false;
#endif
}

static bool to_number(struct walk *w, lua_State *L, enum df_type_tag tag, bool *changed) {
    double value = 0;
    int type = lua_type(L, -1);
    if (type == LUA_TSTRING) {
        size_t length;
        const char *text = scalar_text(w, L, &length);
        if (w->xml && length == 0) { /* how XML writers put a null */
            lua_pop(L, 1);
            lua_pushnil(L);
            *changed = true;
            return true;
        }
        if (!parse_number(text, length, &value)) {
            return mismatch(w, L, tag);
        }
    } else if (is_big_integer(L)) {
        return tag != DF_TYPE_INTEGER || mismatch(w, L, tag);
    } else if (type == LUA_TNUMBER) {
        value = lua_tonumber(L, -1);
    } else {
        return mismatch(w, L, tag);
    }
    bool whole = is_whole(value);
    if (!isfinite(value) || (tag == DF_TYPE_INTEGER && !whole)) {
        return mismatch(w, L, tag);
    }
    if (type == LUA_TSTRING && !whole) {
        lua_pop(L, 1);
        lua_pushnumber(L, value);
        *changed = true;
    } else if (type == LUA_TSTRING || (DF_LUA_HAS_INTEGERS && whole)) {
        replace_with_whole(L, value);
        *changed = true;
    }
    return true;
}

static bool to_string(struct walk *w, lua_State *L, bool *changed) {
    char text[NUMBER_SIZE];
    int type = lua_type(L, -1);
    if (type == LUA_TNUMBER && isfinite(lua_tonumber(L, -1))) {
        number_text(lua_tonumber(L, -1), text);
    } else if (type == LUA_TBOOLEAN) {
        strcpy(text, lua_toboolean(L, -1) ? "true" : "false");
    } else {
        return mismatch(w, L, DF_TYPE_STRING);
    }
    lua_pop(L, 1);
    lua_pushstring(L, text);
    *changed = true;
    return true;
}

static bool to_boolean(struct walk *w, lua_State *L, bool *changed) {
    size_t length = 0;
    const char *text = lua_type(L, -1) == LUA_TSTRING ? scalar_text(w, L, &length) : NULL;
    bool is_true = text && length == 4 && memcmp(text, "true", 4) == 0;
    bool is_false = text && length == 5 && memcmp(text, "false", 5) == 0;
    bool is_absent = text && length == 0 && w->xml;
    if (!is_true && !is_false && !is_absent) {
        return mismatch(w, L, DF_TYPE_BOOLEAN);
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

/* --- tables --- */

static bool walk_value(struct walk *w, lua_State *L, int index, bool *changed);

/* The table at the top, items 1 to `count`. Nulls are left out, and later items move up. */
static bool walk_items(struct walk *w, lua_State *L, int type, size_t count) {
    int wanted = as_is[w->shape->types[type].tag];
    size_t kept = 0;
    for (size_t i = 1; i <= count; i++) {
        bool changed = false;
        lua_rawgeti(L, -1, (int)i);
        if (lua_type(L, -1) != wanted && !walk_value(w, L, type, &changed)) {
            return in_item(w, i);
        }
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        kept++;
        if (changed || kept != i) {
            lua_rawseti(L, -2, (int)kept);
        } else {
            lua_pop(L, 1);
        }
    }
    for (size_t i = kept + 1; i <= count; i++) {
        lua_pushnil(L);
        lua_rawseti(L, -2, (int)i);
    }
    return true;
}

/* table[key] = value, for the value at the top, its key below and the table at `table`. An existing
 * field may be set, and cleared, while lua_next is under way. */
static void store(lua_State *L, int table) {
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, table);
}

/* An array where an object belongs, or a table that no decoder made. */
static bool odd_key(struct walk *w, lua_State *L, int table) {
    lua_settop(L, table);
    if (df_lua_length(L, table) > 0) {
        return mismatch(w, L, DF_TYPE_OBJECT);
    }
    snprintf(w->text, sizeof w->text, "a key is not a string");
    return false;
}

/* The table at the top, whatever its keys, each value of one type. */
static bool walk_members(struct walk *w, lua_State *L, int type) {
    int table = lua_gettop(L);
    int wanted = as_is[w->shape->types[type].tag];
    lua_pushnil(L);
    while (lua_next(L, table)) {
        bool changed = false;
        if (lua_type(L, -2) != LUA_TSTRING) {
            return odd_key(w, L, table);
        }
        if (lua_type(L, -1) != wanted && !walk_value(w, L, type, &changed)) {
            return in_member(w, L, table + 1);
        }
        if (changed) {
            store(L, table);
        }
        lua_pop(L, 1);
    }
    return true;
}

/* The field of an object that the key at index -2 names, or NULL. Short strings are interned: the
 * same name is the same pointer. Answers of one operation list their fields in one order, so the
 * field met at this place last time is tried first. */
static const struct df_field *find_field(const struct walk *w, lua_State *L,
                                         const struct df_type *object, int place) {
    struct df_field *fields = w->shape->fields + object->first;
    const char *key = lua_tostring(L, -2);
    if (place < object->count) {
        const struct df_field *likely = w->shape->fields + fields[place].guess;
        if (likely->name == key) {
            return likely;
        }
    }
    for (int i = 0; i < object->count; i++) {
        if (fields[i].name == key) {
            if (place < object->count) {
                fields[place].guess = object->first + i;
            }
            return &fields[i];
        }
    }
    for (int i = 0; object->long_names && i < object->count; i++) {
        size_t length = df_lua_length(L, -2);
        if (fields[i].length == length && memcmp(fields[i].name, key, length) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

/* Gives values found under an alias their real name, unless that is there too. Renaming adds keys,
 * so it waits for the end of the traversal. */
static void rename_aliases(const struct walk *w, lua_State *L, const struct df_type *object) {
    int table = lua_gettop(L);
    for (int i = object->first; i < object->first + object->count; i++) {
        const struct df_field *field = &w->shape->fields[i];
        if (field->real < 0) {
            continue;
        }
        const struct df_field *real = &w->shape->fields[field->real];
        lua_pushlstring(L, real->name, real->length);
        lua_pushvalue(L, -1);
        lua_rawget(L, table);
        bool taken = !lua_isnil(L, -1);
        lua_pop(L, 1);
        lua_pushlstring(L, field->name, field->length);
        lua_pushvalue(L, -1);
        lua_rawget(L, table); /* real name, alias, value */
        if (!taken && !lua_isnil(L, -1)) {
            lua_pushvalue(L, -3);
            lua_insert(L, -2);
            lua_rawset(L, table);
        } else {
            lua_pop(L, 1);
        }
        lua_pushnil(L);
        lua_rawset(L, table);
        lua_pop(L, 1);
    }
}

/* XML writes an empty array as no element at all. */
static void add_empty_arrays(const struct walk *w, lua_State *L, const struct df_type *object) {
    int table = lua_gettop(L);
    for (int i = object->first; i < object->first + object->count; i++) {
        const struct df_field *field = &w->shape->fields[i];
        if (field->real >= 0 || w->shape->types[field->type].tag != DF_TYPE_ARRAY) {
            continue;
        }
        lua_pushlstring(L, field->name, field->length);
        lua_pushvalue(L, -1);
        lua_rawget(L, table);
        bool absent = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (absent) {
            lua_newtable(L);
            lua_rawset(L, table);
        } else {
            lua_pop(L, 1);
        }
    }
}

static bool walk_object(struct walk *w, lua_State *L, const struct df_type *object) {
    int table = lua_gettop(L);
    bool alias_met = false;
    int place = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        bool changed = false;
        if (lua_type(L, -2) != LUA_TSTRING) {
            return odd_key(w, L, table);
        }
        const struct df_field *field = find_field(w, L, object, place++);
        int type = field ? field->type : 0;
        if (lua_type(L, -1) != as_is[w->shape->types[type].tag] &&
            !walk_value(w, L, type, &changed)) {
            return in_member(w, L, table + 1);
        }
        if (changed) {
            store(L, table);
        }
        alias_met = alias_met || (field && field->real >= 0);
        lua_pop(L, 1);
    }
    if (alias_met) {
        rename_aliases(w, L, object);
    }
    if (w->xml) {
        add_empty_arrays(w, L, object);
    }
    return true;
}

/* Puts the value at the top into a new array of one. */
static void wrap(lua_State *L) {
    lua_createtable(L, 1, 0);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 1);
}

static bool walk_array(struct walk *w, lua_State *L, const struct df_type *array, bool *changed) {
    size_t count = lua_istable(L, -1) ? df_lua_length(L, -1) : 0;
    if (count == 0) {
        if (lua_istable(L, -1)) {
            lua_pushnil(L);
            if (!lua_next(L, -2)) {
                return true; /* empty */
            }
            lua_pop(L, 2);
        }
        wrap(L);
        *changed = true;
        count = 1;
    }
    return walk_items(w, L, array->item, count);
}

static bool walk_table(struct walk *w, lua_State *L, const struct df_type *type, bool *changed) {
    size_t count;
    bool ok = true;
    luaL_checkstack(L, 8, "nested answer");
    if (++w->depth > MAX_DEPTH) {
        snprintf(w->text, sizeof w->text, "nested deeper than %d levels", MAX_DEPTH);
        return false;
    }
    switch (type->tag) {
    case DF_TYPE_ANY:
        count = df_lua_length(L, -1);
        ok = count > 0 ? walk_items(w, L, 0, count) : walk_members(w, L, 0);
        break;
    case DF_TYPE_ARRAY:
        ok = walk_array(w, L, type, changed);
        break;
    case DF_TYPE_MAP:
        ok = walk_members(w, L, type->item);
        break;
    case DF_TYPE_OBJECT:
        ok = walk_object(w, L, type);
        break;
    default:
        ok = mismatch(w, L, type->tag);
    }
    w->depth--;
    return ok;
}

/* A value that is not a table where a table belongs. */
static bool to_table(struct walk *w, lua_State *L, const struct df_type *type, bool *changed) {
    size_t length = 1;
    if (lua_type(L, -1) == LUA_TSTRING) {
        scalar_text(w, L, &length);
    }
    if (length == 0) {
        lua_pop(L, 1);
        lua_newtable(L); /* XML's empty element, which may be laid out over two lines */
        *changed = true;
        if (w->xml && type->tag == DF_TYPE_OBJECT) {
            add_empty_arrays(w, L, type);
        }
        return true;
    }
    if (type->tag == DF_TYPE_ARRAY) {
        return walk_table(w, L, type, changed);
    }
    return mismatch(w, L, type->tag);
}

static bool walk_any(struct walk *w, lua_State *L, bool *changed) {
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
    case LUA_TBOOLEAN:
        return true;
    case LUA_TNUMBER:
        return to_number(w, L, DF_TYPE_NUMBER, changed);
    default:
        return mismatch(w, L, DF_TYPE_ANY);
    }
}

/* Makes the value at the top what the type says, in place where it is a table. Sets `changed` where
 * another value, or nil for null, stands there afterwards. On failure the stack is higher than
 * before, and the caller's caller puts it right. */
static bool walk_value(struct walk *w, lua_State *L, int index, bool *changed) {
    const struct df_type *type = &w->shape->types[index];
    if (lua_istable(L, -1)) {
        return walk_table(w, L, type, changed);
    }
    if (is_null(L, -1)) {
        lua_pop(L, 1);
        lua_pushnil(L);
        *changed = true;
        return true;
    }
    if (lua_type(L, -1) == as_is[type->tag]) {
        return true;
    }
    switch (type->tag) {
    case DF_TYPE_ANY:
        return walk_any(w, L, changed);
    case DF_TYPE_STRING:
        return to_string(w, L, changed);
    case DF_TYPE_INTEGER:
    case DF_TYPE_NUMBER:
        return to_number(w, L, type->tag, changed);
    case DF_TYPE_BOOLEAN:
        return to_boolean(w, L, changed);
    default:
        return to_table(w, L, type, changed);
    }
}

/* --- entry points --- */

static int push_failure(lua_State *L, const char *message) {
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

/* Coerces the value at the top and returns it to Lua, or nil and a message. */
static int coerce_top(lua_State *L, const struct df_shape *shape, bool xml) {
    struct walk w;
    bool changed = false;
    w.shape = shape;
    w.xml = xml;
    w.depth = 0;
    w.path_at = PATH_SIZE;
    w.path_cut = false;
    if (walk_value(&w, L, shape->root, &changed)) {
        if (!lua_isnil(L, -1)) {
            return 1;
        }
        mismatch(&w, L, shape->types[shape->root].tag); /* null stands for nothing here */
    }
    lua_pushnil(L);
    if (w.path_at == PATH_SIZE) {
        lua_pushstring(L, w.text);
    } else {
        int from = w.path_at + (w.path[w.path_at] == '.' && !w.path_cut ? 1 : 0);
        lua_pushlstring(L, w.path + from, (size_t)(PATH_SIZE - from));
        lua_pushfstring(L, "%s: %s", lua_tostring(L, -1), w.text);
        lua_remove(L, -2);
    }
    return 2;
}

/* The shape at `index`: compiled, a type to compile, or none for "any". Stays on the stack. */
static const struct df_shape *check_shape(lua_State *L, int index) {
    const struct df_shape *shape = df_lua_test_userdata(L, index, lua_upvalueindex(1));
    if (shape) {
        return shape;
    }
    if (lua_isnoneornil(L, index)) {
        static struct df_type any = {DF_TYPE_ANY, 0, 0, 0, false, false};
        static const struct df_shape generic = {&any, NULL, 1, 1, 0, 0, 0};
        return &generic;
    }
    return df_lua_compile_shape(L, index, lua_upvalueindex(1), index);
}

int df_lua_coerce(lua_State *L) {
    luaL_checkany(L, 1);
    bool xml = lua_toboolean(L, 3);
    lua_settop(L, 2);
    const struct df_shape *shape = check_shape(L, 2);
    lua_pushvalue(L, 1);
    return coerce_top(L, shape, xml);
}

int df_lua_decode(lua_State *L) {
    size_t length;
    luaL_checktype(L, 1, LUA_TSTRING);
    const char *body = lua_tolstring(L, 1, &length);
    lua_settop(L, 2);
    const struct df_shape *shape = check_shape(L, 2);
    /* cjson takes a NUL for the end of the text, and lets ill-formed UTF-8 pass. */
    if (memchr(body, '\0', length)) {
        return push_failure(L, "invalid JSON: holds a NUL byte");
    }
    if (!df_utf8_check(body, length, NULL)) {
        return push_failure(L, "invalid JSON: not UTF-8");
    }
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushvalue(L, 1);
    int status = lua_pcall(L, 1, 1, 0);
    if (status == LUA_ERRRUN && lua_type(L, -1) == LUA_TSTRING) {
        lua_pushnil(L);
        lua_pushfstring(L, "invalid JSON: %s", lua_tostring(L, -2));
        return 2;
    }
    if (status != 0) {
        return lua_error(L); /* no memory */
    }
    return coerce_top(L, shape, false);
}

/* Calls instance[name](value), for the instance at the top; pops the value. */
static void configure(lua_State *L, const char *name) {
    lua_getfield(L, -2, name);
    lua_insert(L, -2);
    lua_call(L, 1, 0);
}

void df_lua_push_json_decoder(lua_State *L) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "cjson");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "new");
    lua_call(L, 0, 1);
    lua_remove(L, -2);
    lua_pushboolean(L, 0);
    configure(L, "decode_invalid_numbers");
    lua_pushinteger(L, MAX_DEPTH);
    configure(L, "decode_max_depth");
    lua_getfield(L, -1, "decode");
    lua_remove(L, -2);
}
