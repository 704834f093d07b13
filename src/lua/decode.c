#include "lua/decode.h"

#include "lua/convert.h"
#include "lua/json.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_DEPTH = 64,
    FREE_DEPTH = 4 /* levels for which the slots that every C function has are enough */
};

/* What a value of each type may be without a conversion. Numbers are not here: each is looked at.
 */
static const int as_is[DF_TYPE_COUNT] = {
    [DF_TYPE_ANY] = LUA_TSTRING,  [DF_TYPE_STRING] = LUA_TSTRING,   [DF_TYPE_INTEGER] = LUA_TNONE,
    [DF_TYPE_NUMBER] = LUA_TNONE, [DF_TYPE_BOOLEAN] = LUA_TBOOLEAN, [DF_TYPE_ARRAY] = LUA_TNONE,
    [DF_TYPE_MAP] = LUA_TNONE,    [DF_TYPE_OBJECT] = LUA_TNONE,
};

/* --- tables: each is at the top of the stack, whose index is `at` --- */

static bool walk_value(struct df_walk *w, lua_State *L, int at, int index, bool *changed);

/* Items 1 to `count` of a table. Nulls are left out, and later items move up. */
static bool walk_items(struct df_walk *w, lua_State *L, int at, int type, size_t count) {
    size_t kept = 0;
    for (size_t i = 1; i <= count; i++) {
        bool changed = false;
        lua_rawgeti(L, at, (int)i);
        if (!walk_value(w, L, at + 1, type, &changed)) {
            return df_in_item(w, i);
        }
        if (lua_isnil(L, at + 1)) {
            lua_settop(L, at);
            continue;
        }
        kept++;
        if (changed || kept != i) {
            lua_rawseti(L, at, (int)kept);
        } else {
            lua_settop(L, at);
        }
    }
    for (size_t i = kept + 1; i <= count; i++) {
        lua_pushnil(L);
        lua_rawseti(L, at, (int)i);
    }
    return true;
}

/* The member whose key and value are above the table, while lua_next is under way: an existing
 * field may be set, and cleared. */
static bool walk_member(struct df_walk *w, lua_State *L, int at, int type) {
    bool changed = false;
    if (!walk_value(w, L, at + 2, type, &changed)) {
        return df_in_member(w, L, at + 1);
    }
    if (changed) {
        lua_pushvalue(L, at + 1);
        lua_pushvalue(L, at + 2);
        lua_rawset(L, at);
    }
    lua_settop(L, at + 1);
    return true;
}

/* Whether a member's key is a string. If not, it is an array where an object belongs, or a table
 * that no decoder made. */
static bool check_key(struct df_walk *w, lua_State *L, int at) {
    if (lua_type(L, at + 1) == LUA_TSTRING) {
        return true;
    }
    lua_settop(L, at);
    if (df_lua_length(L, at) > 0) {
        return df_mismatch(w, L, DF_TYPE_OBJECT);
    }
    snprintf(w->message, sizeof w->message, "a key is not a string");
    return false;
}

/* All members of a table, whatever their keys, each of one type. */
static bool walk_members(struct df_walk *w, lua_State *L, int at, int type) {
    lua_pushnil(L);
    while (lua_next(L, at)) {
        if (!check_key(w, L, at) || !walk_member(w, L, at, type)) {
            return false;
        }
    }
    return true;
}

/* The field of this name, or NULL. */
static const struct df_field *find_field(const struct df_walk *w, const struct df_type *object,
                                         const char *name, size_t length) {
    const struct df_field *fields = w->shape->fields + object->first;
    for (int i = 0; i < object->count; i++) {
        if (fields[i].length == length && memcmp(fields[i].name, name, length) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

/* Gives values found under an alias their real name, unless that is there too. Renaming adds keys,
 * so it waits for the end of the traversal. */
static void rename_aliases(const struct df_walk *w, lua_State *L, int at,
                           const struct df_type *object) {
    for (int i = object->first; i < object->first + object->count; i++) {
        const struct df_field *field = &w->shape->fields[i];
        if (field->real < 0) {
            continue;
        }
        const struct df_field *real = &w->shape->fields[field->real];
        lua_pushlstring(L, real->name, real->length);
        lua_pushvalue(L, -1);
        lua_rawget(L, at);
        bool taken = !lua_isnil(L, -1);
        lua_pop(L, 1);
        lua_pushlstring(L, field->name, field->length);
        lua_pushvalue(L, -1);
        lua_rawget(L, at); /* real name, alias, value */
        if (!taken && !lua_isnil(L, -1)) {
            lua_pushvalue(L, -3);
            lua_insert(L, -2);
            lua_rawset(L, at);
        } else {
            lua_pop(L, 1);
        }
        lua_pushnil(L);
        lua_rawset(L, at);
        lua_settop(L, at);
    }
}

/* XML writes an empty array as no element at all. */
static void add_empty_arrays(const struct df_walk *w, lua_State *L, int at,
                             const struct df_type *object) {
    for (int i = object->first; i < object->first + object->count; i++) {
        const struct df_field *field = &w->shape->fields[i];
        if (field->real >= 0 || w->shape->types[field->type].tag != DF_TYPE_ARRAY) {
            continue;
        }
        lua_pushlstring(L, field->name, field->length);
        lua_pushvalue(L, -1);
        lua_rawget(L, at);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_newtable(L);
            lua_rawset(L, at);
        }
        lua_settop(L, at);
    }
}

static bool walk_object(struct df_walk *w, lua_State *L, int at, const struct df_type *object) {
    bool alias_met = false;
    lua_pushnil(L);
    while (lua_next(L, at)) {
        if (!check_key(w, L, at)) {
            return false;
        }
        size_t length;
        const char *name = lua_tolstring(L, at + 1, &length);
        const struct df_field *field = find_field(w, object, name, length);
        if (!walk_member(w, L, at, field ? field->type : 0)) {
            return false;
        }
        alias_met = alias_met || (field && field->real >= 0);
    }
    if (alias_met) {
        rename_aliases(w, L, at, object);
    }
    if (w->xml) {
        add_empty_arrays(w, L, at, object);
    }
    return true;
}

static bool is_empty(lua_State *L, int at) {
    lua_pushnil(L);
    if (lua_next(L, at)) {
        lua_settop(L, at);
        return false;
    }
    return true;
}

/* An array; what is none becomes the only item of one. */
static bool walk_array(struct df_walk *w, lua_State *L, int at, int item, int found,
                       bool *changed) {
    size_t count = found == LUA_TTABLE ? df_lua_length(L, at) : 0;
    if (count == 0) {
        if (found == LUA_TTABLE && is_empty(L, at)) {
            return true;
        }
        lua_createtable(L, 1, 0);
        lua_insert(L, at);
        lua_rawseti(L, at, 1);
        *changed = true;
        count = 1;
    }
    return walk_items(w, L, at, item, count);
}

/* A table, or a lone item where an array belongs. */
static bool walk_table(struct df_walk *w, lua_State *L, int at, const struct df_type *type,
                       int found, bool *changed) {
    size_t count;
    bool ok = true;
    if (++w->depth > FREE_DEPTH) {
        luaL_checkstack(L, 8, "nested answer");
    }
    if (w->depth > MAX_DEPTH) {
        snprintf(w->message, sizeof w->message, "nested deeper than %d levels", MAX_DEPTH);
        return false;
    }
    switch (type->tag) {
    case DF_TYPE_ANY:
        count = df_lua_length(L, at);
        ok = count > 0 ? walk_items(w, L, at, 0, count) : walk_members(w, L, at, 0);
        break;
    case DF_TYPE_ARRAY:
        ok = walk_array(w, L, at, type->item, found, changed);
        break;
    case DF_TYPE_MAP:
        ok = walk_members(w, L, at, type->item);
        break;
    case DF_TYPE_OBJECT:
        ok = walk_object(w, L, at, type);
        break;
    default:
        ok = df_mismatch(w, L, type->tag);
    }
    w->depth--;
    return ok;
}

/* What is not a table where a table belongs. */
static bool to_table(struct df_walk *w, lua_State *L, int at, const struct df_type *type, int found,
                     bool *changed) {
    if (found == LUA_TSTRING && df_is_empty_text(w, L)) {
        lua_settop(L, at - 1);
        lua_newtable(L); /* XML's empty element, which may be laid out over two lines */
        *changed = true;
        if (w->xml && type->tag == DF_TYPE_OBJECT) {
            add_empty_arrays(w, L, at, type);
        }
        return true;
    }
    if (type->tag == DF_TYPE_ARRAY) {
        return walk_table(w, L, at, type, found, changed);
    }
    return df_mismatch(w, L, type->tag);
}

/* Makes the value at the top, whose index is `at`, what the type says; a table in place. Sets
 * `changed` where another value, or nil for null, stands there afterwards. After a failure the
 * stack may be higher than before. */
static bool walk_value(struct df_walk *w, lua_State *L, int at, int index, bool *changed) {
    const struct df_type *type = &w->shape->types[index];
    int found = lua_type(L, at);
    if (found == LUA_TTABLE) {
        return walk_table(w, L, at, type, found, changed);
    }
    if (found == as_is[type->tag]) {
        return true;
    }
    if (found == LUA_TLIGHTUSERDATA && lua_touserdata(L, at) == NULL) { /* cjson's null */
        lua_settop(L, at - 1);
        lua_pushnil(L);
        *changed = true;
        return true;
    }
    if (type->tag >= DF_TYPE_ARRAY) {
        return to_table(w, L, at, type, found, changed);
    }
    return df_convert_scalar(w, L, type->tag, found, changed);
}

/* --- entry points --- */

static int push_failure(lua_State *L, const char *message) {
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

/* Coerces the value at the top and returns it to Lua, or nil and a message. */
static int coerce_top(lua_State *L, const struct df_shape *shape, bool xml) {
    struct df_walk w;
    bool changed = false;
    int at = lua_gettop(L);
    w.shape = shape;
    w.xml = xml;
    w.depth = 0;
    w.path_at = DF_PATH_SIZE;
    w.path_cut = false;
    if (walk_value(&w, L, at, shape->root, &changed)) {
        if (!changed || !lua_isnil(L, at)) {
            return 1;
        }
        df_mismatch(&w, L, shape->types[shape->root].tag); /* null stands for nothing here */
    }
    lua_pushnil(L);
    df_push_failure(&w, L);
    return 2;
}

/* The shape at `index`: compiled, a type to compile, whose shape takes its place, or none for
 * "any". */
static struct df_shape *check_shape(lua_State *L, int index) {
    struct df_shape *shape = df_lua_test_userdata(L, index, lua_upvalueindex(1));
    if (shape) {
        return shape;
    }
    if (lua_isnoneornil(L, index)) {
        static struct df_type any = {.tag = DF_TYPE_ANY};
        static struct df_shape generic = {.types = &any, .type_count = 1};
        return &generic;
    }
    shape = df_lua_compile_shape(L, index, lua_upvalueindex(1), index);
    lua_replace(L, index);
    return shape;
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
    struct df_shape *shape = check_shape(L, 2);
    /* cjson takes a NUL for the end of the text, and lets ill-formed UTF-8 pass. */
    if (memchr(body, '\0', length)) {
        return push_failure(L, "invalid JSON: holds a NUL byte");
    }
    if (!df_utf8_check(body, length, NULL)) {
        return push_failure(L, "invalid JSON: not UTF-8");
    }
    if (lua_isuserdata(L, 2) && df_lua_read_json(L, body, shape, 2)) {
        return 1;
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
