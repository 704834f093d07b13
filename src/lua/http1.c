/* The binding of HTTP/1.1: reads responses from strings, and writes requests. */

#include "lua/http1.h"

#include "base/kinds.h"
#include "http1/reader.h"
#include "http1/writer.h"

#include <math.h>
#include <string.h>

enum {
    READER_METATABLE = lua_upvalueindex(1),
    STAGE_SIZE = 4096,
    MAX_HEADERS = 64,
    MESSAGE_SIZE = 512,
    RESPONSE_FIELDS = 4
};

/* ---- the reader ---- */

struct reader_box {
    bool open;
    bool busy; /* its bytes are being copied: a finaliser that runs meanwhile may not change them */
    struct df_http1_reader reader;
};

static struct reader_box *check_box(lua_State *L) {
    struct reader_box *box = df_lua_test_userdata(L, 1, READER_METATABLE);
    if (!box) {
        luaL_argerror(L, 1, "a reader expected: call its methods with a colon");
    }
    return box;
}

static struct df_http1_reader *check_reader(lua_State *L) {
    struct reader_box *box = check_box(L);
    if (!box->open) {
        luaL_error(L, "the reader is closed");
    }
    if (box->busy) {
        luaL_error(L, "the reader is in use");
    }
    return &box->reader;
}

static int reader_new(lua_State *L) {
    struct reader_box *box = lua_newuserdata(L, sizeof *box);
    box->open = box->busy = false;
    df_http1_reader_init(&box->reader);
    lua_pushvalue(L, READER_METATABLE);
    lua_setmetatable(L, -2);
    box->open = true;
    return 1;
}

/* reader:start(method, max_body) */
static int reader_start(lua_State *L) {
    struct df_http1_reader *reader = check_reader(L);
    const char *method = luaL_checkstring(L, 2);
    double max_body = luaL_checknumber(L, 3);
    luaL_argcheck(L, max_body >= 0 && max_body < 9007199254740992.0, 3,
                  "a number of bytes expected");
    df_http1_reader_start(reader,
                          strcmp(method, "HEAD") == 0      ? DF_HTTP1_HEAD
                          : strcmp(method, "CONNECT") == 0 ? DF_HTTP1_CONNECT
                                                           : DF_HTTP1_OTHER,
                          max_body < (double)SIZE_MAX ? (size_t)max_body : SIZE_MAX);
    return 0;
}

/* true: the response is whole; false: more is to come; nil: it is malformed. */
static int push_result(lua_State *L, enum df_http1_result result) {
    if (result == DF_HTTP1_ERROR) {
        lua_pushnil(L);
    } else {
        lua_pushboolean(L, result == DF_HTTP1_DONE);
    }
    return 1;
}

static int reader_feed(lua_State *L) {
    struct df_http1_reader *reader = check_reader(L);
    size_t length, consumed;
    luaL_checktype(L, 2, LUA_TSTRING);
    const char *bytes = lua_tolstring(L, 2, &length);
    return push_result(L, df_http1_reader_feed(reader, bytes, length, &consumed));
}

/* reader:finish(how) */
static int reader_finish(lua_State *L) {
    static const char *const names[] = {"clean", "unknown", "cut", "reset", NULL};
    struct df_http1_reader *reader = check_reader(L);
    return push_result(
        L, df_http1_reader_end(reader, (enum df_http1_end)luaL_checkoption(L, 2, NULL, names)));
}

static void push_text(lua_State *L, struct df_text text) {
    lua_pushlstring(L, text.data, text.length);
}

/* A table of name = value; values of a repeated name are joined with ", ". */
static void push_headers(lua_State *L, const struct df_http1_reader *reader) {
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

/* reader:response() gives a table, and whether the connection may carry another request. A reader
 * from which memory ran out stays busy: it is of no more use. */
static int reader_response(lua_State *L) {
    const struct df_http1_reader *reader = check_reader(L);
    struct reader_box *box = check_box(L);
    if (!df_http1_reader_done(reader)) {
        return luaL_error(L, "the response is not whole");
    }
    bool reusable = reader->reusable;
    box->busy = true;
    lua_createtable(L, 0, RESPONSE_FIELDS);
    df_lua_push_whole(L, reader->status);
    lua_setfield(L, -2, "status");
    push_headers(L, reader);
    lua_setfield(L, -2, "headers");
    push_text(L, df_http1_reader_body(reader));
    lua_setfield(L, -2, "body");
    if (reader->end_uncertain) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "end_uncertain");
    }
    box->busy = false;
    df_http1_reader_shrink(&box->reader);
    lua_pushboolean(L, reusable);
    return 2;
}

/* reader:failure(peer) gives the table that a transport returns. */
static int reader_failure(lua_State *L) {
    char message[MESSAGE_SIZE];
    const struct df_http1_reader *reader = check_reader(L);
    df_http1_reader_describe(reader, luaL_checkstring(L, 2), message, sizeof message);
    enum df_kind kind = reader->error.kind;
    lua_createtable(L, 0, 3);
    lua_pushstring(L, df_kind_name(kind));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, message);
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "sent");
    return 1;
}

/* Has a byte of the response come? */
static int reader_begun(lua_State *L) {
    lua_pushboolean(L, check_reader(L)->any_byte);
    return 1;
}

/* Have bytes come behind the response? */
static int reader_surplus(lua_State *L) {
    lua_pushboolean(L, check_reader(L)->surplus);
    return 1;
}

/* The status, as soon as its line was read; nil before. */
static int reader_status(lua_State *L) {
    int status = check_reader(L)->status;
    if (status) {
        df_lua_push_whole(L, status);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static int reader_close(lua_State *L) {
    struct reader_box *box = check_box(L);
    if (box->open && !box->busy) {
        box->open = false;
        df_http1_reader_free(&box->reader);
    }
    return 0;
}

/* For the collector alone: nobody has it any more, even if it is busy still. */
static int reader_collect(lua_State *L) {
    struct reader_box *box = check_box(L);
    if (box->open) {
        box->open = false;
        df_http1_reader_free(&box->reader);
    }
    return 0;
}

static int reader_to_string(lua_State *L) {
    lua_pushfstring(L, "dataforest.http_reader (%s)", check_box(L)->open ? "open" : "closed");
    return 1;
}

/* ---- requests ---- */

static struct df_text check_text(lua_State *L, int argument) {
    struct df_text text;
    luaL_checktype(L, argument, LUA_TSTRING);
    text.data = lua_tolstring(L, argument, &text.length);
    return text;
}

/* Reads the headers of the table at `index`. Names and values stay on the stack, so that they live
 * whatever becomes of the table. Returns how many, or -1 with a message at the top. */
static int read_headers(lua_State *L, int index, struct df_http1_field *fields) {
    int count = 0;
    DF_LUA_RESERVE(L, 2 * MAX_HEADERS + 4, "too many headers");
    lua_pushnil(L);
    while (lua_next(L, index)) { /* allocates nothing, as long as no number is turned into text */
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
            lua_pushliteral(L, "headers: names and values must be strings");
            return -1;
        }
        if (count == MAX_HEADERS) {
            lua_pushfstring(L, "headers: there are too many: at most %d", MAX_HEADERS);
            return -1;
        }
        fields[count].name.data = lua_tolstring(L, -2, &fields[count].name.length);
        fields[count].value.data = lua_tolstring(L, -1, &fields[count].value.length);
        count++;
        lua_pushvalue(L, -2);
    }
    return count;
}

static int refuse(lua_State *L, const char *message) {
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

/* core.http_request(method, target, authority, headers, body, close): the request without its body,
 * of which only the length is written; nil and what is wrong. */
static int http_request(lua_State *L) {
    char stage[STAGE_SIZE];
    struct df_http1_field fields[MAX_HEADERS];
    struct df_http1_request request = {.headers = fields};
    size_t size, index;
    request.method = check_text(L, 1);
    request.target = check_text(L, 2);
    request.authority = check_text(L, 3);
    luaL_checktype(L, 4, LUA_TTABLE);
    if (!lua_isnoneornil(L, 5)) {
        request.body = check_text(L, 5);
    }
    request.close = lua_toboolean(L, 6);
    lua_settop(L, 6);
    int count = read_headers(L, 4, fields);
    if (count < 0) {
        return refuse(L, lua_tostring(L, -1));
    }
    request.header_count = (size_t)count;
    enum df_http1_written result = df_http1_check_request(&request, &size, &index);
    if (result != DF_HTTP1_WRITTEN) {
        char message[MESSAGE_SIZE];
        df_http1_describe_written(result, &request, index, message, sizeof message);
        return refuse(L, message);
    }
    char *out = size <= STAGE_SIZE ? stage : lua_newuserdata(L, size);
    lua_pushlstring(L, out, (size_t)(df_http1_put_head(out, &request) - out));
    return 1;
}

/* ---- registration ---- */

static const luaL_Reg reader_methods[] = {
    {"start", reader_start},     {"feed", reader_feed},
    {"finish", reader_finish},   {"response", reader_response},
    {"failure", reader_failure}, {"begun", reader_begun},
    {"surplus", reader_surplus}, {"status", reader_status},
    {"close", reader_close},     {NULL, NULL},
};

static const luaL_Reg reader_metamethods[] = {
    {"__close", reader_close},
    {"__gc", reader_collect},
    {"__tostring", reader_to_string},
    {NULL, NULL},
};

static const luaL_Reg reader_functions[] = {{"http_reader", reader_new}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"http_request", http_request}, {NULL, NULL}};

void df_lua_register_http1(lua_State *L) {
    df_lua_set_functions(L, functions, 0);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    df_lua_set_functions(L, reader_metamethods, 1);
    lua_newtable(L);
    lua_pushvalue(L, -2);
    df_lua_set_functions(L, reader_methods, 1);
    df_lua_hide_metatable(L, "dataforest.http_reader");
    df_lua_set_functions(L, reader_functions, 1);
    lua_newtable(L);
    for (size_t i = 0; df_http1_reserved[i]; i++) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, df_http1_reserved[i]);
    }
    lua_setfield(L, -2, "reserved_headers");
}
