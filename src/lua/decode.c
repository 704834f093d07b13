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
        struct df_text name;
        name.data = lua_tolstring(L, at + 1, &name.length);
        return df_in_member(w, name);
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

static bool walk_object(struct df_walk *w, lua_State *L, int at, const struct df_type *object) {
    bool alias_met = false;
    lua_pushnil(L);
    while (lua_next(L, at)) {
        if (!check_key(w, L, at)) {
            return false;
        }
        struct df_text name;
        name.data = lua_tolstring(L, at + 1, &name.length);
        int field = df_find_field(w, object, name);
        if (!walk_member(w, L, at, field < 0 ? 0 : w->shape->fields[field].type)) {
            return false;
        }
        alias_met = alias_met || (field >= 0 && w->shape->fields[field].real >= 0);
    }
    if (alias_met) {
        df_rename_aliases(w, L, at, object);
    }
    df_add_lists(w, L, at, object);
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

static void mark_list(const struct df_walk *w, lua_State *L, int at) {
    if (w->mark) {
        lua_pushvalue(L, w->mark);
        lua_setmetatable(L, at);
    }
}

/* An array; what is none becomes the only item of one. */
static bool walk_array(struct df_walk *w, lua_State *L, int at, int item, int found,
                       bool *changed) {
    size_t count = found == LUA_TTABLE ? df_lua_length(L, at) : 0;
    if (count == 0) {
        if (found == LUA_TTABLE && is_empty(L, at)) {
            mark_list(w, L, at);
            return true;
        }
        lua_createtable(L, 1, 0);
        lua_insert(L, at);
        lua_rawseti(L, at, 1);
        *changed = true;
        count = 1;
    }
    mark_list(w, L, at);
    return walk_items(w, L, at, item, count);
}

/* A table, or a lone item where an array belongs. */
static bool walk_table(struct df_walk *w, lua_State *L, int at, const struct df_type *type,
                       int found, bool *changed) {
    size_t count;
    bool ok = true;
    if (++w->depth > FREE_DEPTH) {
        DF_LUA_RESERVE(L, 8, "nested response");
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
        if (type->tag == DF_TYPE_ARRAY) {
            mark_list(w, L, at);
        } else if (type->tag == DF_TYPE_OBJECT) {
            df_add_lists(w, L, at, type);
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

/* The shape at `index`: compiled, a type to compile, whose shape takes its place, or none for
 * "any". Sets `compiled` to the index, or 0. */
static struct df_shape *check_shape(lua_State *L, int index, int *compiled) {
    *compiled = index;
    struct df_shape *shape = df_lua_test_userdata(L, index, lua_upvalueindex(1));
    if (shape) {
        return shape;
    }
    if (lua_isnoneornil(L, index)) {
        static struct df_type any = {.tag = DF_TYPE_ANY};
        static struct df_shape generic = {.types = &any};
        *compiled = 0;
        return &generic;
    }
    shape = df_lua_compile_shape(L, index, lua_upvalueindex(1), index);
    lua_replace(L, index);
    return shape;
}

/* The metatable that lists carry, pushed: the second upvalue, which is nil where cjson has none. */
static int push_mark(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(2));
    return lua_istable(L, -1) ? lua_gettop(L) : 0;
}

int df_lua_coerce(lua_State *L) {
    struct df_walk w;
    int compiled;
    bool changed = false;
    luaL_checkany(L, 1);
    bool xml = lua_toboolean(L, 3);
    lua_settop(L, 2);
    const struct df_shape *shape = check_shape(L, 2, &compiled);
    df_walk_init(&w, shape, xml, push_mark(L));
    lua_pushvalue(L, 1);
    int at = lua_gettop(L);
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

int df_lua_decode(lua_State *L) {
    struct df_text body;
    int compiled;
    luaL_checktype(L, 1, LUA_TSTRING);
    body.data = lua_tolstring(L, 1, &body.length);
    lua_settop(L, 2);
    struct df_shape *shape = check_shape(L, 2, &compiled);
    if (!df_utf8_check(body.data, body.length, NULL)) {
        lua_pushnil(L);
        lua_pushliteral(L, "invalid JSON: not UTF-8");
        return 2;
    }
    return df_lua_read_json(L, body, shape, compiled, push_mark(L));
}

void df_lua_push_list_mark(lua_State *L) {
    static const char *const names[] = {"array_mt", "empty_array_mt"};
    lua_getglobal(L, "require");
    lua_pushliteral(L, "cjson");
    lua_call(L, 1, 1);
    lua_pushnil(L);
    for (size_t i = 0; i < sizeof names / sizeof *names && !lua_istable(L, -1); i++) {
        lua_pop(L, 1);
        lua_getfield(L, -1, names[i]);
    }
    lua_remove(L, -2);
}

void df_lua_push_costs(lua_State *L) {
    static const struct {
        const char *name;
        int bytes;
    } costs[] = {{"table", DF_COST_TABLE}, {"member", DF_COST_MEMBER}, {"item", DF_COST_ITEM},
                 {"text", DF_COST_TEXT},   {"factor", DF_COST_FACTOR}, {"free", DF_COST_FREE}};
    lua_createtable(L, 0, sizeof costs / sizeof *costs);
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
        lua_pushinteger(L, costs[i].bytes);
        lua_setfield(L, -2, costs[i].name);
    }
}
