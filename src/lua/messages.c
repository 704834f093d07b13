#include "lua/messages.h"

int df_lua_read_headers(lua_State *L, int index, struct df_http1_field fields[DF_LUA_MAX_HEADERS],
                        const char **problem) {
    int count = 0;
    DF_LUA_RESERVE(L, 2 * DF_LUA_MAX_HEADERS + 4, "too many headers");
    lua_pushnil(L);
    while (lua_next(L, index)) { /* allocates nothing, as long as no number is turned into text */
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
            *problem = "headers: names and values must be strings";
            return -1;
        }
        if (count == DF_LUA_MAX_HEADERS) {
            *problem = "headers: there are too many: at most 64";
            _Static_assert(DF_LUA_MAX_HEADERS == 64, "the message says so");
            return -1;
        }
        fields[count].name.data = lua_tolstring(L, -2, &fields[count].name.length);
        fields[count].value.data = lua_tolstring(L, -1, &fields[count].value.length);
        count++;
        lua_pushvalue(L, -2);
    }
    return count;
}

static void push_text(lua_State *L, struct df_text text) {
    lua_pushlstring(L, text.data, text.length);
}

void df_lua_push_headers(lua_State *L, const struct df_http1_reader *reader) {
    lua_createtable(L, 0, (int)reader->header_count);
    for (unsigned i = 0; i < reader->header_count; i++) {
        struct df_http1_header header = df_http1_reader_header(reader, i);
        push_text(L, header.name);
        if (header.repeated) {
            lua_pushvalue(L, -1);
            lua_rawget(L, -3);
            lua_pushliteral(L, ", ");
            push_text(L, header.value);
            lua_concat(L, 3);
        } else {
            push_text(L, header.value);
        }
        lua_rawset(L, -3);
    }
}

void df_lua_push_failure(lua_State *L, enum df_kind kind, const char *message, bool sent) {
    lua_createtable(L, 0, 3);
    lua_pushstring(L, df_kind_name(kind));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, message);
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, sent);
    lua_setfield(L, -2, "sent");
}
