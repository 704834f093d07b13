#include "lua/shape.h"

#include "base/alloc.h"

#include <string.h>

enum { MAX_ENTRIES = 10000 };

/* What the compiler carries along. `names` is the stack index of the table that anchors names. */
struct compiler {
    lua_State *L;
    struct df_shape *shape;
    int names;
    int argument;
    int depth;
};

static int fail(const struct compiler *c, const char *message) {
    return luaL_argerror(c->L, c->argument, message);
}

/* Room for `more` entries of `size` bytes in a block that has `room` and uses `count` of them. */
static void *reserve(const struct compiler *c, void *block, int count, int *room, int more,
                     size_t size) {
    if (more > MAX_ENTRIES - count) {
        fail(c, "the type is too large");
    }
    if (count + more <= *room) {
        return block;
    }
    int wanted = *room ? *room * 2 : 8;
    if (wanted < count + more) {
        wanted = count + more;
    }
    void *grown = df_realloc(block, (size_t)wanted * size);
    if (!grown) {
        luaL_error(c->L, "not enough memory");
    }
    *room = wanted;
    return grown;
}

static int add_type(const struct compiler *c, enum df_type_tag tag) {
    struct df_shape *shape = c->shape;
    shape->types =
        reserve(c, shape->types, shape->type_count, &shape->type_room, 1, sizeof *shape->types);
    struct df_type *type = &shape->types[shape->type_count];
    memset(type, 0, sizeof *type);
    type->tag = tag;
    return shape->type_count++;
}

static int add_fields(const struct compiler *c, int count) {
    struct df_shape *shape = c->shape;
    int first = shape->field_count;
    shape->fields =
        reserve(c, shape->fields, first, &shape->field_room, count, sizeof *shape->fields);
    if (count > 0) { /* an object without fields has no block, and memset takes no null */
        memset(shape->fields + first, 0, (size_t)count * sizeof *shape->fields);
    }
    shape->field_count += count;
    return first;
}

/* Pushes table[name] of the table at the top. */
static int push_member(lua_State *L, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    return lua_type(L, -1);
}

/* Names are compared with the text of answers, so none may be one that JSON escapes. */
static bool is_name(const char *name, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] < ' ' || name[i] == '"' || name[i] == '\\') {
            return false;
        }
    }
    return length > 0;
}

/* Takes the name at the top into the next free field of the object, and pops it. */
static int take_name(const struct compiler *c, int object, int *next, int real) {
    lua_State *L = c->L;
    int first = c->shape->types[object].first;
    struct df_field *field = &c->shape->fields[*next];
    size_t length = 0;
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : "";
    if (!is_name(name, length)) {
        fail(c, "the name of a field is missing or strange");
    }
    for (int i = first; i < *next; i++) {
        const struct df_field *other = &c->shape->fields[i];
        if (other->length == length && memcmp(other->name, name, length) == 0) {
            fail(c, "a field is named twice");
        }
    }
    field->name = name;
    field->length = length;
    field->real = real;
    field->guess = *next - first;
    lua_rawseti(L, c->names, *next + 1);
    return (*next)++;
}

static int compile(struct compiler *c);

/* Fields with their aliases, which are counted first: a field's own type adds fields of its own. */
static int count_names(const struct compiler *c, int declared) {
    lua_State *L = c->L;
    int count = 0;
    for (int i = 1; i <= declared && count <= MAX_ENTRIES; i++) {
        lua_rawgeti(L, -1, i);
        if (!lua_istable(L, -1)) {
            fail(c, "a field is not a table");
        }
        int kind = push_member(L, "aliases");
        if (kind != LUA_TNIL && kind != LUA_TTABLE) {
            fail(c, "the aliases of a field are not a table");
        }
        size_t aliases = kind == LUA_TTABLE ? df_lua_length(L, -1) : 0;
        count += 1 + (aliases > MAX_ENTRIES ? MAX_ENTRIES : (int)aliases);
        lua_pop(L, 2);
    }
    return count;
}

/* One field, whose table is at the top. */
static void compile_field(struct compiler *c, int object, int *next) {
    lua_State *L = c->L;
    push_member(L, "name");
    int real = take_name(c, object, next, -1);
    push_member(L, "type");
    int type = compile(c);
    lua_pop(L, 1);
    c->shape->fields[real].type = type;
    if (push_member(L, "aliases") == LUA_TTABLE) {
        int count = (int)df_lua_length(L, -1);
        for (int i = 1; i <= count; i++) {
            lua_rawgeti(L, -1, i);
            int alias = take_name(c, object, next, real);
            c->shape->fields[alias].type = type;
        }
    }
    lua_pop(L, 1);
}

/* An object, whose list of fields is at the top. */
static int compile_object(struct compiler *c) {
    lua_State *L = c->L;
    if (!lua_istable(L, -1)) {
        fail(c, "an object has no list of fields");
    }
    size_t length = df_lua_length(L, -1);
    int declared = length > MAX_ENTRIES ? MAX_ENTRIES + 1 : (int)length;
    int count = count_names(c, declared);
    int object = add_type(c, DF_TYPE_OBJECT);
    int next = add_fields(c, count);
    c->shape->types[object].first = next;
    c->shape->types[object].count = count;
    for (int i = 1; i <= declared; i++) {
        lua_rawgeti(L, -1, i);
        compile_field(c, object, &next);
        lua_pop(L, 1);
    }
    return object;
}

static int compile_name(const struct compiler *c) {
    static const char *const names[] = {"any", "string", "integer", "number", "boolean"};
    const char *name = lua_tostring(c->L, -1);
    for (int tag = DF_TYPE_ANY; tag <= DF_TYPE_BOOLEAN; tag++) {
        if (strcmp(name, names[tag]) == 0) {
            return tag == DF_TYPE_ANY ? 0 : add_type(c, (enum df_type_tag)tag);
        }
    }
    return fail(c, "a type has an unknown name");
}

/* { array = T } or { map = T }, with T at the top. */
static int compile_container(struct compiler *c, enum df_type_tag tag) {
    int container = add_type(c, tag);
    int item = compile(c);
    c->shape->types[container].item = item;
    return container;
}

/* The type at the top; leaves the stack as it was. */
static int compile(struct compiler *c) {
    lua_State *L = c->L;
    int type = 0;
    if (lua_type(L, -1) == LUA_TSTRING) {
        return compile_name(c);
    }
    if (!lua_istable(L, -1)) {
        fail(c, "a type is neither a name nor a table");
    }
    if (++c->depth > DF_SHAPE_DEPTH) {
        fail(c, "the type is nested too deep");
    }
    luaL_checkstack(L, 8, "type");
    push_member(L, "array");
    lua_pushliteral(L, "map");
    lua_rawget(L, -3);
    lua_pushliteral(L, "fields");
    lua_rawget(L, -4);
    if (!lua_isnil(L, -3) + !lua_isnil(L, -2) + !lua_isnil(L, -1) != 1) {
        fail(c, "a type needs one of array, map and fields");
    }
    if (!lua_isnil(L, -1)) {
        type = compile_object(c);
    } else if (!lua_isnil(L, -2)) {
        lua_pop(L, 1);
        type = compile_container(c, DF_TYPE_MAP);
        lua_pushnil(L);
    } else {
        lua_pop(L, 2);
        type = compile_container(c, DF_TYPE_ARRAY);
        lua_pushnil(L);
        lua_pushnil(L);
    }
    lua_pop(L, 3);
    c->depth--;
    return type;
}

struct df_shape *df_lua_compile_shape(lua_State *L, int type, int metatable, int argument) {
    lua_pushvalue(L, metatable);
    lua_pushvalue(L, type);
    struct df_shape *shape = lua_newuserdata(L, sizeof *shape);
    memset(shape, 0, sizeof *shape);
    lua_insert(L, -3);
    lua_insert(L, -2); /* shape, type, metatable */
    lua_setmetatable(L, -3);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    df_lua_set_companion(L, -4);
    lua_insert(L, -2); /* shape, names, type */
    struct compiler c = {L, shape, lua_gettop(L) - 1, argument, 0};
    add_type(&c, DF_TYPE_ANY);
    shape->root = compile(&c);
    lua_pop(L, 2);
    return shape;
}

void df_lua_push_names(lua_State *L, int shape) {
    df_lua_get_companion(L, shape);
}

static int shape_collect(lua_State *L) {
    struct df_shape *shape = lua_touserdata(L, 1);
    df_free(shape->types);
    df_free(shape->fields);
    memset(shape, 0, sizeof *shape);
    return 0;
}

static int shape_to_string(lua_State *L) {
    lua_pushliteral(L, "dataforest.shape");
    return 1;
}

int df_lua_shape(lua_State *L) {
    luaL_checkany(L, 1);
    df_lua_compile_shape(L, 1, lua_upvalueindex(1), 1);
    return 1;
}

static const luaL_Reg shape_metamethods[] = {
    {"__gc", shape_collect},
    {"__tostring", shape_to_string},
    {NULL, NULL},
};

void df_lua_push_shape_metatable(lua_State *L) {
    lua_newtable(L);
    df_lua_set_functions(L, shape_metamethods, 0);
    lua_pushliteral(L, "dataforest.shape"); /* hides __gc, which takes its argument on trust */
    lua_setfield(L, -2, "__metatable");
}
