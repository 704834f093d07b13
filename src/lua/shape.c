#include "lua/shape.h"

#include <string.h>

enum { MAX_ENTRIES = 10000, FIRST_ENTRIES = 8 };

/* A block that grows while a type is compiled. It is a userdata at a fixed index of the stack, so
 * that it is freed whatever is raised. */
struct block {
    void *data;
    int index, count, capacity;
};

/* What the compiler carries along. Any call of Lua may run a finaliser, which may change the tables
 * that are read here: so nothing is measured first and trusted later, each entry is added as it is
 * met, and the tables are asked again what they are. */
struct compiler {
    lua_State *L;
    struct block types, fields;
    int names; /* the index of the table that anchors names */
    int argument;
    int depth;
};

static int fail(const struct compiler *c, const char *message) {
    return luaL_argerror(c->L, c->argument, message);
}

static struct df_type *type_at(const struct compiler *c, int index) {
    return (struct df_type *)c->types.data + index;
}

static struct df_field *field_at(const struct compiler *c, int index) {
    return (struct df_field *)c->fields.data + index;
}

/* Adds an entry of `size` bytes, all zero, and returns its number. */
static int add_entry(const struct compiler *c, struct block *block, size_t size) {
    if (block->count == MAX_ENTRIES) {
        fail(c, "the type is too large");
    }
    if (block->count == block->capacity) {
        int capacity = block->capacity ? block->capacity * 2 : FIRST_ENTRIES;
        void *grown = lua_newuserdata(c->L, (size_t)capacity * size);
        if (block->count > 0) {
            memcpy(grown, block->data, (size_t)block->count * size);
        }
        lua_replace(c->L, block->index);
        block->data = grown;
        block->capacity = capacity;
    }
    memset((char *)block->data + (size_t)block->count * size, 0, size);
    return block->count++;
}

static int add_type(struct compiler *c, enum df_type_tag tag) {
    int type = add_entry(c, &c->types, sizeof(struct df_type));
    type_at(c, type)->tag = tag;
    return type;
}

/* Pushes table[name] of the table at the top, and returns its type. */
static int push_member(lua_State *L, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    return lua_type(L, -1);
}

/* Pushes table[index] of the table at the top, which has to be a table. */
static void push_item(const struct compiler *c, int index, const char *problem) {
    lua_rawgeti(c->L, -1, index);
    if (!lua_istable(c->L, -1)) {
        fail(c, problem);
    }
}

static int length_of(lua_State *L) {
    size_t length = df_lua_length(L, -1);
    return length > MAX_ENTRIES ? MAX_ENTRIES + 1 : (int)length;
}

/* Names are compared with the text of responses, so none may be one that JSON escapes. */
static bool is_name(const char *name, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] < ' ' || name[i] == '"' || name[i] == '\\') {
            return false;
        }
    }
    return length > 0;
}

/* Adds a field of the object that begins at field `first`. Its name is at the top, and popped. */
static int add_field(struct compiler *c, int first, int real) {
    lua_State *L = c->L;
    size_t length = 0;
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : "";
    if (!is_name(name, length)) {
        fail(c, "the name of a field is missing or strange");
    }
    for (int i = first; i < c->fields.count; i++) {
        const struct df_field *other = field_at(c, i);
        if (other->length == length && memcmp(other->name, name, length) == 0) {
            fail(c, "a field is named twice");
        }
    }
    int index = add_entry(c, &c->fields, sizeof(struct df_field));
    struct df_field *field = field_at(c, index);
    field->name = name;
    field->length = length;
    field->real = real;
    field->guess = index - first;
    lua_rawseti(L, c->names, index + 1);
    return index;
}

static int compile(struct compiler *c);

/* The names of the field whose table is at the top. */
static void add_names(struct compiler *c, int first) {
    lua_State *L = c->L;
    push_member(L, "name");
    int real = add_field(c, first, -1);
    int kind = push_member(L, "aliases");
    if (kind != LUA_TNIL && kind != LUA_TTABLE) {
        fail(c, "the aliases of a field are not a table");
    }
    int aliases = kind == LUA_TTABLE ? length_of(L) : 0;
    for (int i = 1; i <= aliases; i++) {
        lua_rawgeti(L, -1, i);
        add_field(c, first, real);
    }
    lua_pop(L, 1);
}

/* An object, whose list of fields is at the top. All its names come first, side by side: the types
 * of its fields add fields of their own. */
static int compile_object(struct compiler *c) {
    lua_State *L = c->L;
    if (!lua_istable(L, -1)) {
        fail(c, "an object has no list of fields");
    }
    int object = add_type(c, DF_TYPE_OBJECT);
    int first = c->fields.count;
    int declared = length_of(L);
    for (int i = 1; i <= declared; i++) {
        push_item(c, i, "a field is not a table");
        add_names(c, first);
        lua_pop(L, 1);
    }
    int count = c->fields.count - first;
    for (int at = first, i = 1; at < first + count; i++) {
        int real = at;
        push_item(c, i, "a field is not a table");
        push_member(L, "type");
        int type = compile(c);
        lua_pop(L, 2);
        do { /* the field itself, and its aliases */
            field_at(c, at++)->type = type;
        } while (at < first + count && field_at(c, at)->real >= 0);
        if (type_at(c, type)->tag == DF_TYPE_ARRAY) {
            type_at(c, object)->lists |= df_field_bit(real - first);
        }
    }
    type_at(c, object)->first = first;
    type_at(c, object)->count = count;
    return object;
}

static int compile_name(struct compiler *c) {
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
    type_at(c, container)->item = item;
    return container;
}

/* Compiles the type at the top, which stays there, and returns its index. */
static int compile(struct compiler *c) {
    static const struct {
        const char *key;
        enum df_type_tag tag;
    } forms[] = {{"array", DF_TYPE_ARRAY}, {"map", DF_TYPE_MAP}, {"fields", DF_TYPE_OBJECT}};
    lua_State *L = c->L;
    if (lua_type(L, -1) == LUA_TSTRING) {
        return compile_name(c);
    }
    if (!lua_istable(L, -1)) {
        fail(c, "a type is neither a name nor a table");
    }
    if (++c->depth > DF_SHAPE_DEPTH) {
        fail(c, "the type is nested too deep");
    }
    DF_LUA_RESERVE(L, 8, "type");
    int found = -1;
    for (int i = 0; i < 3; i++) {
        bool has = push_member(L, forms[i].key) != LUA_TNIL;
        lua_pop(L, 1);
        if (has && found >= 0) {
            fail(c, "a type needs one of array, map and fields");
        }
        found = has ? i : found;
    }
    if (found < 0) {
        return fail(c, "a type needs one of array, map and fields");
    }
    push_member(L, forms[found].key);
    int type = forms[found].tag == DF_TYPE_OBJECT ? compile_object(c)
                                                  : compile_container(c, forms[found].tag);
    lua_pop(L, 1);
    c->depth--;
    return type;
}

_Static_assert(sizeof(struct df_type) % _Alignof(struct df_field) == 0, "fields follow types");

/* Pushes the shape itself: one block for all that was compiled. */
static struct df_shape *push_shape(const struct compiler *c, int root) {
    size_t types = (size_t)c->types.count * sizeof(struct df_type);
    size_t fields = (size_t)c->fields.count * sizeof(struct df_field);
    struct df_shape *shape = lua_newuserdata(c->L, sizeof *shape + types + fields);
    shape->types = (struct df_type *)(shape + 1);
    shape->fields = (struct df_field *)(shape->types + c->types.count);
    shape->root = root;
    memcpy(shape->types, c->types.data, types);
    if (fields > 0) {
        memcpy(shape->fields, c->fields.data, fields);
    }
    return shape;
}

struct df_shape *df_lua_compile_shape(lua_State *L, int type, int metatable, int argument) {
    int top = lua_gettop(L);
    DF_LUA_RESERVE(L, LUA_MINSTACK, "type");
    lua_newtable(L);
    lua_pushnil(L);
    lua_pushnil(L);
    struct compiler c = {.L = L, .names = top + 1, .argument = argument};
    c.types.index = top + 2;
    c.fields.index = top + 3;
    add_type(&c, DF_TYPE_ANY);
    lua_pushvalue(L, type);
    int root = compile(&c);
    struct df_shape *shape = push_shape(&c, root);
    lua_pushvalue(L, metatable);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, c.names);
    df_lua_set_companion(L, -2);
    lua_insert(L, top + 1);
    lua_settop(L, top + 1);
    return shape;
}

void df_lua_push_names(lua_State *L, int shape) {
    df_lua_get_companion(L, shape);
}

static int shape_to_string(lua_State *L) {
    lua_pushliteral(L, "dataforest.shape");
    return 1;
}

int df_lua_shape(lua_State *L) {
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    df_lua_compile_shape(L, 1, lua_upvalueindex(1), 1);
    return 1;
}

static const luaL_Reg shape_metamethods[] = {
    {"__tostring", shape_to_string},
    {NULL, NULL},
};

void df_lua_push_shape_metatable(lua_State *L) {
    lua_newtable(L);
    df_lua_set_functions(L, shape_metamethods, 0);
    lua_pushliteral(L, "dataforest.shape"); /* hides the metatable */
    lua_setfield(L, -2, "__metatable");
}
