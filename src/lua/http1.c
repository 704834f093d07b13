/* The binding of HTTP/1.1: reads responses from strings, and writes requests. */

#include "lua/http1.h"

#include "lua/messages.h"

enum {
    READER_METATABLE = lua_upvalueindex(1),
    STAGE_SIZE = 4096,
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
    return df_lua_check_self(L, READER_METATABLE,
                             "a reader expected: call its methods with a colon");
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
    struct df_text method = df_lua_check_text(L, 2);
    double max_body = luaL_checknumber(L, 3);
    luaL_argcheck(L, max_body >= 0 && max_body < 9007199254740992.0, 3,
                  "a number of bytes expected");
    df_http1_reader_start(reader, df_http1_method_of(method),
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
    struct df_text bytes = df_lua_check_text(L, 2);
    size_t consumed;
    return push_result(L, df_http1_reader_feed(reader, bytes.data, bytes.length, &consumed));
}

/* reader:finish(how) */
static int reader_finish(lua_State *L) {
    static const char *const names[] = {"clean", "unknown", "cut", "reset", NULL};
    struct df_http1_reader *reader = check_reader(L);
    return push_result(
        L, df_http1_reader_end(reader, (enum df_http1_end)luaL_checkoption(L, 2, NULL, names)));
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
    df_lua_push_headers(L, reader);
    lua_setfield(L, -2, "headers");
    struct df_text body = df_http1_reader_body(reader);
    lua_pushlstring(L, body.data, body.length);
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
    df_lua_push_failure(L, reader->error.kind, message, true);
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

/* core.http_request(method, target, authority, headers, body, close): the request without its body,
 * of which only the length is written; nil and what is wrong. */
static int http_request(lua_State *L) {
    char stage[STAGE_SIZE];
    struct df_http1_field fields[DF_LUA_MAX_HEADERS];
    struct df_http1_request request = {.headers = fields};
    size_t size, index;
    request.method = df_lua_check_text(L, 1);
    request.target = df_lua_check_text(L, 2);
    request.authority = df_lua_check_text(L, 3);
    luaL_checktype(L, 4, LUA_TTABLE);
    if (!lua_isnoneornil(L, 5)) {
        request.body = df_lua_check_text(L, 5);
    }
    request.close = lua_toboolean(L, 6);
    lua_settop(L, 6);
    const char *problem;
    int count = df_lua_read_headers(L, 4, fields, &problem);
    if (count < 0) {
        return df_lua_refuse(L, problem);
    }
    request.header_count = (size_t)count;
    enum df_http1_written result = df_http1_check_request(&request, &size, &index);
    if (result != DF_HTTP1_WRITTEN) {
        char message[MESSAGE_SIZE];
        df_http1_describe_written(result, &request, index, message, sizeof message);
        return df_lua_refuse(L, message);
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
