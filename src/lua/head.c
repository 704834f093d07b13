/* The binding of heads: those of answers are read, and those of requests written. */

#include "lua/head.h"

#include "http1/head.h"

#include <string.h>

enum { STAGE_SIZE = 1024, NAME_SIZE = 64, USUAL_FIELDS = 8, ANSWER_FIELDS = 6 };

static struct df_text check_text(lua_State *L, int argument) {
    struct df_text text;
    luaL_checktype(L, argument, LUA_TSTRING);
    text.data = lua_tolstring(L, argument, &text.length);
    return text;
}

int df_lua_head_end(lua_State *L) {
    struct df_text text = check_text(L, 1);
    double from = luaL_optnumber(L, 2, 1);
    luaL_argcheck(L, from >= 1, 2, "a position expected");
    size_t skipped = from - 1 > (double)text.length ? text.length : (size_t)from - 1;
    size_t end = df_head_end((struct df_text){text.data + skipped, text.length - skipped});
    if (end == 0) {
        lua_pushnil(L);
        return 1;
    }
    df_lua_push_whole(L, (double)(skipped + end));
    return 1;
}

/* --- answers --- */

static int failure(lua_State *L, const char *message, const char *kind) {
    lua_pushnil(L);
    lua_pushstring(L, message);
    lua_pushstring(L, kind);
    return 3;
}

static void push_lower(lua_State *L, struct df_text name) {
    char stage[NAME_SIZE];
    char *lower = name.length <= NAME_SIZE ? stage : lua_newuserdata(L, name.length);
    for (size_t i = 0; i < name.length; i++) {
        lower[i] = (char)df_token[(unsigned char)name.data[i]];
    }
    lua_pushlstring(L, lower, name.length);
    if (lower != stage) {
        lua_remove(L, -2);
    }
}

/* Sets a field of the table at the top. Repeated ones are joined. */
static void set_field(lua_State *L, const struct df_head_field *field) {
    push_lower(L, field->name);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, field->value.data, field->value.length);
    } else {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, field->value.data, field->value.length);
        lua_concat(L, 3);
    }
    lua_rawset(L, -3);
}

int df_lua_head(lua_State *L) {
    struct df_text text = check_text(L, 1);
    lua_Integer last = luaL_checkinteger(L, 2);
    lua_Integer most_fields = luaL_checkinteger(L, 3);
    luaL_argcheck(L, last >= 0 && (size_t)last <= text.length, 2,
                  "a position in the text expected");
    text.length = (size_t)last;
    struct df_head head;
    const char *problem = df_head_open(&head, text);
    if (problem) {
        return failure(L, problem, "protocol");
    }
    lua_createtable(L, 0, ANSWER_FIELDS);
    df_lua_push_whole(L, head.status);
    lua_setfield(L, -2, "status");
    df_lua_push_whole(L, head.minor);
    lua_setfield(L, -2, "minor");
    lua_createtable(L, 0, USUAL_FIELDS);
    struct df_head_field field;
    enum df_head_line line;
    while ((line = df_head_next(&head, &field)) != DF_HEAD_NO_MORE) {
        if (most_fields-- == 0) {
            lua_pushfstring(L, "the answer's head has more than %d fields",
                            (int)lua_tointeger(L, 3));
            return failure(L, lua_tostring(L, -1), "limit");
        }
        if (line != DF_HEAD_FIELD) {
            return failure(L,
                           line == DF_HEAD_FOLDED ? "the answer's head has a folded field"
                                                  : "the answer's head has a malformed field",
                           "protocol");
        }
        set_field(L, &field);
    }
    lua_setfield(L, -2, "headers");
    return 1;
}

/* --- requests --- */

/* The name and value at the top. A number is turned into text where it lies. */
static void get_field(lua_State *L, struct df_head_field *field) {
    field->name.data = lua_tolstring(L, -2, &field->name.length);
    field->value.data = lua_tolstring(L, -1, &field->value.length);
}

/* The same where they can be sent. */
static bool is_field(lua_State *L, struct df_head_field *field) {
    int type = lua_type(L, -1);
    if (lua_type(L, -2) != LUA_TSTRING || (type != LUA_TSTRING && type != LUA_TNUMBER)) {
        return false;
    }
    get_field(L, field);
    struct df_text value = field->value;
    return df_is_token(field->name) && !memchr(value.data, '\r', value.length) &&
           !memchr(value.data, '\n', value.length) && !memchr(value.data, '\0', value.length);
}

static char *write_text(char *out, struct df_text text) {
    memcpy(out, text.data, text.length);
    return out + text.length;
}

/* Writes the fields of the table at 2, which `is_field` has passed. */
static char *write_fields(lua_State *L, char *out) {
    struct df_head_field field;
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        get_field(L, &field);
        out = write_text(out, field.name);
        out = write_text(out, (struct df_text){": ", 2});
        out = write_text(out, field.value);
        out = write_text(out, (struct df_text){"\r\n", 2});
    }
    return out;
}

int df_lua_request(lua_State *L) {
    struct df_head_field field;
    struct df_text start = check_text(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct df_text ending = check_text(L, 3);
    struct df_text body = check_text(L, 4);
    size_t size = start.length + ending.length + body.length;
    lua_settop(L, 4);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        if (!is_field(L, &field)) {
            lua_pushnil(L);
            return 1;
        }
        size += field.name.length + field.value.length + strlen(": \r\n");
    }
    char stage[STAGE_SIZE];
    char *text = size <= STAGE_SIZE ? stage : lua_newuserdata(L, size);
    char *out = write_fields(L, write_text(text, start));
    out = write_text(write_text(out, ending), body);
    lua_pushlstring(L, text, (size_t)(out - text));
    return 1;
}
