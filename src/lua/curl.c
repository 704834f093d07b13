/* dataforest.curl: the HTTP engine for Lua. */

#include "base/clock.h"
#include "net/engine.h"
#include "lua/compat.h"
#include "lua/hooks.h"
#include "lua/messages.h"

#include <curl/curl.h>
#include <lualib.h>
#include <pthread.h>
#include <string.h>

/* The fields of requests and responses. Their names are upvalues: no string is made for a look-up.
 */
#define FIELDS(X)                                                                                  \
    X(METHOD, "method")                                                                            \
    X(URL, "url")                                                                                  \
    X(CONNECT_TO, "connect_to")                                                                    \
    X(HEADERS, "headers")                                                                          \
    X(BODY, "body")                                                                                \
    X(ONCE, "once")                                                                                \
    X(DEADLINE, "deadline")                                                                        \
    X(TIMEOUT, "timeout")                                                                          \
    X(CONNECT_TIMEOUT, "connect_timeout")                                                          \
    X(MAX_RESPONSE_BYTES, "max_response_bytes")                                                    \
    X(STATUS, "status")                                                                            \
    X(REUSED, "reused")

enum field {
#define FIELD_CONSTANT(constant, name) FIELD_##constant,
    FIELDS(FIELD_CONSTANT)
#undef FIELD_CONSTANT
        FIELD_COUNT
};

static const char *const field_names[] = {
#define FIELD_NAME(constant, name) name,
    FIELDS(FIELD_NAME)
#undef FIELD_NAME
};

/* The upvalues of every method. */
enum {
    ENGINE_METATABLE = 1,
    TRANSFER_METATABLE,
    ROUTE_METATABLE,
    ROUTE_MODULE,
    DEFAULTS,
    FIRST_FIELD
};

/* What an engine's companion table holds. */
enum { KEPT_BOX = 1, ROUTES, FIND_ROUTE, PROXY };

/* Of a cached route. */
enum { ROUTE_CONNECT_TO = 1, ROUTE_ITSELF, ROUTE_TARGET };

enum { MAX_ROUTES = 128 };

/* All zero is a closed engine, a transfer whose result was taken, and a route that was dropped. */
struct engine_box {
    struct df_http_engine *engine;
    unsigned routes; /* cached */
    bool is_proxy_env;
    double timeout, connect_timeout, max_response_bytes; /* of requests that do not say */
};

struct transfer_box {
    struct df_http_transfer *transfer;
    unsigned long number;
    bool is_taken; /* its result is being pushed, or was */
};

struct route_box {
    struct df_route *route;
};

static struct engine_box *check_engine(lua_State *L) {
    return df_lua_check_self(L, lua_upvalueindex(ENGINE_METATABLE),
                             "an engine expected: call its methods with a colon");
}

static struct transfer_box *check_transfer(lua_State *L) {
    return df_lua_check_self(L, lua_upvalueindex(TRANSFER_METATABLE),
                             "a transfer expected: call its methods with a colon");
}

static void push_field(lua_State *L, enum field field) {
    lua_pushvalue(L, lua_upvalueindex(FIRST_FIELD + (int)field));
}

/* ---- results ---- */

static int push_error(lua_State *L, const struct df_http_error *error) {
    lua_pushnil(L);
    df_lua_push_failure(L, error->kind, error->message, error->sent);
    return 2;
}

static int push_closed(lua_State *L, const char *message) {
    struct df_http_error error = {0};
    df_http_error_set(&error, DF_KIND_CLOSED, false, "%s", message);
    return push_error(L, &error);
}

static int push_response(lua_State *L, const struct df_http_transfer *transfer) {
    const struct df_http1_reader *reader = df_http_transfer_response(transfer);
    struct df_text body = df_http1_reader_body(reader);
    lua_createtable(L, 0, 4);
    push_field(L, FIELD_STATUS);
    lua_pushinteger(L, reader->status);
    lua_rawset(L, -3);
    push_field(L, FIELD_HEADERS);
    df_lua_push_headers(L, reader);
    lua_rawset(L, -3);
    push_field(L, FIELD_BODY);
    lua_pushlstring(L, body.length ? body.data : "", body.length);
    lua_rawset(L, -3);
    push_field(L, FIELD_REUSED);
    lua_pushboolean(L, df_http_transfer_reused(transfer));
    lua_rawset(L, -3);
    if (reader->end_uncertain && reader->status / 100 == 2) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "end_uncertain");
    }
    return 1;
}

static void release(struct transfer_box *box) {
    struct df_http_transfer *transfer = box->transfer;
    box->transfer = NULL;
    if (transfer) {
        df_http_release(transfer);
    }
}

/* Pushes how a transfer ended and gives it back. A finaliser that runs meanwhile finds the box
 * taken. If memory runs out, the collector finds the transfer in it. */
static int push_outcome(lua_State *L, struct transfer_box *box) {
    box->is_taken = true;
    const struct df_http_error *error = df_http_transfer_error(box->transfer);
    int count = error ? push_error(L, error) : push_response(L, box->transfer);
    release(box);
    return count;
}

/* ---- routes ---- */

static int route_drop(lua_State *L) {
    struct route_box *box = df_lua_test_userdata(L, 1, lua_upvalueindex(ROUTE_METATABLE));
    if (box) {
        struct df_route *route = box->route;
        box->route = NULL;
        df_route_drop(route);
    }
    return 0;
}

/* Calls transport/route.lua, and pushes what a cache entry is to hold: connect_to, route, target.
 * False with an error. */
static bool make_route(lua_State *L, int companion, int url, struct df_http_error *error) {
    struct df_text parts[DF_ROUTE_PARTS];
    int first = lua_gettop(L) + 1;
    struct route_box *box = lua_newuserdata(L, sizeof *box);
    box->route = NULL;
    lua_pushvalue(L, lua_upvalueindex(ROUTE_METATABLE));
    lua_setmetatable(L, -2);
    lua_rawgeti(L, companion, FIND_ROUTE);
    lua_pushvalue(L, url);
    lua_pushvalue(L, url + 1);
    lua_rawgeti(L, companion, PROXY);
    lua_call(L, 3, 1 + DF_ROUTE_PARTS);
    if (lua_type(L, first + 1) != LUA_TSTRING) {
        const char *message = lua_tostring(L, first + 2);
        df_http_error_set(error, DF_KIND_ARGUMENT, false, "%s",
                          message ? message : "url: no route");
        return false;
    }
    for (int i = 0; i < DF_ROUTE_PARTS; i++) {
        parts[i].data = lua_tolstring(L, first + 2 + i, &parts[i].length);
        if (!parts[i].data || memchr(parts[i].data, '\0', parts[i].length)) {
            df_http_error_set(error, DF_KIND_ARGUMENT, false, "url: no route");
            return false;
        }
    }
    box->route = df_route_new(parts);
    if (!box->route) {
        df_http_error_set(error, DF_KIND_LIMIT, false, "not enough memory for a call");
        return false;
    }
    lua_settop(L, first + 1); /* the route and the target */
    lua_pushvalue(L, url + 1);
    lua_insert(L, first);
    return true;
}

static void cache_route(lua_State *L, struct engine_box *engine, int companion, int url,
                        int first) {
    if (engine->is_proxy_env) { /* which may say something else the next time */
        return;
    }
    if (engine->routes == MAX_ROUTES) {
        engine->routes = 0;
        lua_newtable(L);
        lua_rawseti(L, companion, ROUTES);
    }
    engine->routes++;
    lua_rawgeti(L, companion, ROUTES);
    lua_pushvalue(L, url);
    lua_createtable(L, 3, 0);
    for (int i = 0; i < 3; i++) {
        lua_pushvalue(L, first + i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* Finds where the request at `request` leads, and leaves the route and the target on the stack.
 * NULL with an error. */
static struct df_route *find_route(lua_State *L, struct engine_box *engine, int request,
                                   struct df_text *target, struct df_http_error *error) {
    int url = lua_gettop(L) + 1, connect_to = url + 1, companion = url + 2, first = url + 3;
    push_field(L, FIELD_URL);
    lua_rawget(L, request);
    push_field(L, FIELD_CONNECT_TO);
    lua_rawget(L, request);
    if (lua_type(L, url) != LUA_TSTRING ||
        (lua_type(L, connect_to) != LUA_TSTRING && !lua_isnil(L, connect_to))) {
        bool is_url = lua_type(L, url) != LUA_TSTRING;
        df_http_error_set(error, DF_KIND_ARGUMENT, false, "%s: expected a string, got a %s",
                          is_url ? "url" : "connect_to",
                          luaL_typename(L, is_url ? url : connect_to));
        return NULL;
    }
    df_lua_get_companion(L, 1);
    lua_rawgeti(L, companion, ROUTES);
    lua_pushvalue(L, url);
    lua_rawget(L, first);
    bool is_cached = lua_istable(L, -1);
    if (is_cached) {
        for (int i = ROUTE_CONNECT_TO; i <= ROUTE_TARGET; i++) {
            lua_rawgeti(L, first + 1, i);
        }
        lua_remove(L, first + 1);
        lua_remove(L, first);
        is_cached = lua_rawequal(L, first, connect_to);
    }
    if (!is_cached) {
        lua_settop(L, companion);
        if (!make_route(L, companion, url, error)) {
            return NULL;
        }
        cache_route(L, engine, companion, url, first);
    }
    target->data = lua_tolstring(L, first + 2, &target->length);
    struct route_box *box = lua_touserdata(L, first + 1);
    return box->route;
}

/* ---- requests ---- */

/* Reads the fields of the request table at index 2. Each stays on the stack, so that its bytes stay
 * where they are until the request is written. A wrong type is an error of kind `argument`. Nothing
 * in here can run a finaliser. */
struct request_reader {
    lua_State *L;
    const struct engine_box *engine;
    struct df_http_error *error;
    bool failed;
};

static int read_field(struct request_reader *reader, enum field field, int type) {
    lua_State *L = reader->L;
    push_field(L, field);
    lua_rawget(L, 2);
    int found = lua_type(L, -1);
    if (found != LUA_TNIL && found != type && !reader->failed) {
        reader->failed = true;
        df_http_error_set(reader->error, DF_KIND_ARGUMENT, false, "%s: expected a %s, got a %s",
                          field_names[field], lua_typename(L, type), lua_typename(L, found));
    }
    return found == type;
}

static struct df_text read_text(struct request_reader *reader, enum field field) {
    struct df_text text = {NULL, 0};
    if (read_field(reader, field, LUA_TSTRING)) {
        text.data = lua_tolstring(reader->L, -1, &text.length);
    }
    return text;
}

static double read_number(struct request_reader *reader, enum field field, double otherwise) {
    return read_field(reader, field, LUA_TNUMBER) ? lua_tonumber(reader->L, -1) : otherwise;
}

static double read_timeout(struct request_reader *reader) {
    double deadline = read_number(reader, FIELD_DEADLINE, 0);
    double timeout = read_number(reader, FIELD_TIMEOUT, reader->engine->timeout);
    return lua_isnil(reader->L, -2) ? timeout : deadline - df_clock_monotonic();
}

static bool read_request(struct request_reader *reader, struct df_http_request *request,
                         struct df_http1_field *fields) {
    request->method = read_text(reader, FIELD_METHOD);
    request->body = read_text(reader, FIELD_BODY);
    request->timeout = read_timeout(reader);
    request->connect_timeout =
        read_number(reader, FIELD_CONNECT_TIMEOUT, reader->engine->connect_timeout);
    double limit =
        read_number(reader, FIELD_MAX_RESPONSE_BYTES, reader->engine->max_response_bytes);
    request->once = read_field(reader, FIELD_ONCE, LUA_TBOOLEAN) && lua_toboolean(reader->L, -1);
    request->headers = fields;
    if (read_field(reader, FIELD_HEADERS, LUA_TTABLE)) {
        const char *problem;
        int count = df_lua_read_headers(reader->L, lua_gettop(reader->L), fields, &problem);
        if (count < 0 && !reader->failed) {
            reader->failed = true;
            df_http_error_set(reader->error, DF_KIND_ARGUMENT, false, "%s", problem);
        }
        request->header_count = count < 0 ? 0 : (size_t)count;
    }
    if (!reader->failed && !(limit >= 0 && limit <= 9007199254740992.0)) {
        reader->failed = true;
        df_http_error_set(reader->error, DF_KIND_ARGUMENT, false,
                          "max_response_bytes: not a number of bytes");
    }
    request->max_response_bytes = reader->failed ? 0 : (size_t)limit;
    return !reader->failed;
}

static struct transfer_box *push_box(lua_State *L) {
    struct transfer_box *box = lua_newuserdata(L, sizeof *box);
    memset(box, 0, sizeof *box);
    lua_pushvalue(L, lua_upvalueindex(TRANSFER_METATABLE));
    lua_setmetatable(L, -2);
    return box;
}

/* A box that one blocking call after another uses: it is kept with the engine. If it is in use, by
 * a call that a finaliser makes or by one that ran out of memory, another takes its place. */
static struct transfer_box *push_kept_box(lua_State *L) {
    df_lua_get_companion(L, 1);
    lua_rawgeti(L, -1, KEPT_BOX);
    struct transfer_box *box = lua_touserdata(L, -1);
    if (!box || box->transfer) {
        lua_pop(L, 1);
        box = push_box(L);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, KEPT_BOX);
    }
    lua_remove(L, -2);
    return box;
}

/* The transfer at index 3, if it is one whose result was taken; else a new one. */
static struct transfer_box *push_given_box(lua_State *L) {
    struct transfer_box *box = df_lua_test_userdata(L, 3, lua_upvalueindex(TRANSFER_METATABLE));
    if (!box || box->transfer) {
        return push_box(L);
    }
    lua_pushvalue(L, 3);
    return box;
}

/* Begins the call that the table at index 2 describes, and leaves its box on the stack. */
static struct transfer_box *start(lua_State *L, struct engine_box *engine,
                                  struct transfer_box *(*push)(lua_State *),
                                  struct df_http_error *error) {
    struct df_http1_field fields[DF_LUA_MAX_HEADERS];
    struct df_http_request request = {0};
    struct request_reader reader = {L, engine, error, false};
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 3);
    DF_LUA_RESERVE(L, 40, "a call");
    struct transfer_box *box = push(L);
    lua_replace(L, 3);
    if (!engine->engine) {
        df_http_error_set(error, DF_KIND_CLOSED, false, "the engine is closed");
        return NULL;
    }
    request.route = find_route(L, engine, 2, &request.target, error);
    if (box->transfer) { /* a finaliser has run, and memory ran out in it */
        df_http_error_set(error, DF_KIND_CLOSED, false, "the transfer was used by a finaliser");
        return NULL;
    }
    if (request.route && !engine->engine) {
        df_http_error_set(error, DF_KIND_CLOSED, false, "the engine is closed");
    } else if (request.route && read_request(&reader, &request, fields)) {
        box->transfer = df_http_start(engine->engine, &request, error);
    }
    lua_settop(L, 3);
    if (!box->transfer) {
        return NULL;
    }
    box->number = df_http_transfer_number(box->transfer);
    box->is_taken = false;
    return box;
}

/* ---- engines ---- */

/* Lets a debug hook run, such as that by which `lua` ends at Ctrl-C. What it raises ends the call.
 */
static void run_hooks(lua_State *L, struct transfer_box *box) {
    if (df_lua_try_hooks(L) != 0) {
        release(box);
        lua_error(L);
    }
}

static int engine_perform(lua_State *L) {
    struct df_http_error error = {0};
    struct engine_box *engine = check_engine(L);
    struct transfer_box *box = start(L, engine, push_kept_box, &error);
    if (!box) {
        return push_error(L, &error);
    }
    while (engine->engine && !df_http_wait(engine->engine, box->transfer)) {
        run_hooks(L, box);
        if (!box->transfer) {
            return push_closed(L, "the call was taken back while it ran");
        }
    }
    return push_outcome(L, box);
}

static int engine_start(lua_State *L) {
    struct df_http_error error = {0};
    struct transfer_box *box = start(L, check_engine(L), push_given_box, &error);
    if (!box) {
        return push_error(L, &error);
    }
    df_lua_push_whole(L, (double)box->number);
    return 2;
}

static int engine_step(lua_State *L) {
    struct engine_box *box = check_engine(L);
    double max_wait = luaL_optnumber(L, 2, 0);
    int running = box->engine ? df_http_step(box->engine, max_wait > 0 ? max_wait : 0) : 0;
    lua_pushinteger(L, running);
    return 1;
}

static int engine_ended(lua_State *L) {
    struct engine_box *box = check_engine(L);
    unsigned long number = box->engine ? df_http_next_ended(box->engine) : 0;
    if (number) {
        df_lua_push_whole(L, (double)number);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

enum { DESCRIPTORS_MAX = 1024 };

static int engine_fds(lua_State *L) {
    struct df_http_descriptor list[DESCRIPTORS_MAX];
    struct engine_box *box = check_engine(L);
    size_t count = box->engine ? df_http_descriptors(box->engine, list, DESCRIPTORS_MAX) : 0;
    if (count > DESCRIPTORS_MAX) {
        count = DESCRIPTORS_MAX;
    }
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_createtable(L, 0, 3);
        lua_pushinteger(L, list[i].fd);
        lua_setfield(L, -2, "fd");
        lua_pushboolean(L, list[i].read);
        lua_setfield(L, -2, "read");
        lua_pushboolean(L, list[i].write);
        lua_setfield(L, -2, "write");
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

static int engine_timeout(lua_State *L) {
    struct engine_box *box = check_engine(L);
    double seconds = box->engine ? df_http_timeout(box->engine) : -1;
    if (seconds >= 0) {
        lua_pushnumber(L, seconds);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static int engine_close(lua_State *L) {
    struct engine_box *box = check_engine(L);
    struct df_http_engine *engine = box->engine;
    box->engine = NULL;
    if (engine) {
        df_http_engine_free(engine);
    }
    return 0;
}

static int engine_tostring(lua_State *L) {
    struct engine_box *box = check_engine(L);
    lua_pushfstring(L, "dataforest.curl.engine (%s)", box->engine ? "open" : "closed");
    return 1;
}

/* ---- transfers ---- */

static int transfer_result(lua_State *L) {
    struct transfer_box *box = check_transfer(L);
    if (!box->transfer || box->is_taken) {
        return push_closed(L, "the result was taken before");
    }
    if (!df_http_transfer_ended(box->transfer)) {
        lua_pushboolean(L, 0);
        return 1;
    }
    return push_outcome(L, box);
}

static int transfer_cancel(lua_State *L) {
    struct transfer_box *box = check_transfer(L);
    if (box->transfer && !box->is_taken) {
        df_http_cancel(box->transfer);
    }
    return 0;
}

static int transfer_close(lua_State *L) {
    struct transfer_box *box = check_transfer(L);
    if (!box->is_taken) {
        release(box);
    }
    return 0;
}

/* For the collector alone: nobody has it any more, even if its result is being pushed still. */
static int transfer_collect(lua_State *L) {
    release(check_transfer(L));
    return 0;
}

static int transfer_number(lua_State *L) {
    df_lua_push_whole(L, (double)check_transfer(L)->number);
    return 1;
}

static int transfer_tostring(lua_State *L) {
    struct transfer_box *box = check_transfer(L);
    bool pending = box->transfer && !df_http_transfer_ended(box->transfer);
    lua_pushfstring(L, "dataforest.curl.transfer (%s)", pending ? "in flight" : "ended");
    return 1;
}

/* ---- the module ---- */

/* The option `name` of the table at index 1, left on the stack. */
static bool has_option(lua_State *L, const char *name, int type) {
    lua_getfield(L, 1, name);
    if (!lua_isnil(L, -1) && lua_type(L, -1) != type) {
        luaL_error(L, "engine: option '%s': expected a %s, got a %s", name, lua_typename(L, type),
                   luaL_typename(L, -1));
    }
    return !lua_isnil(L, -1);
}

static void check_option_names(lua_State *L) {
    static const char *const known[] = {"ca_file", "proxy", "pool_size", "pool_idle_timeout"};
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        size_t i = 0;
        while (i < sizeof known / sizeof *known && strcmp(name, known[i]) != 0) {
            i++;
        }
        if (i == sizeof known / sizeof *known) {
            luaL_error(L, "engine: unknown option '%s'", name);
        }
    }
}

/* The string stays on the stack. What libcurl reads ends at a NUL, so that there may be none. */
static const char *option_string(lua_State *L, const char *name) {
    size_t count;
    if (!has_option(L, name, LUA_TSTRING)) {
        return NULL;
    }
    const char *value = lua_tolstring(L, -1, &count);
    if (strlen(value) != count || strpbrk(value, "\r\n")) {
        luaL_error(L, "engine: option '%s' holds CR, LF or NUL", name);
    }
    return value;
}

static double default_of(lua_State *L, const char *name) {
    lua_getfield(L, lua_upvalueindex(DEFAULTS), name);
    double value = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return value;
}

static double option_number(lua_State *L, const char *name) {
    return has_option(L, name, LUA_TNUMBER) ? lua_tonumber(L, -1) : default_of(L, name);
}

static void read_options(lua_State *L, struct df_http_options *options) {
    check_option_names(L);
    options->ca_file = option_string(L, "ca_file");
    double pool_size = option_number(L, "pool_size");
    if (!(pool_size >= 1 && pool_size <= 1000000)) {
        luaL_error(L, "engine: option 'pool_size': expected 1 to 1000000");
    }
    options->pool_size = (unsigned)pool_size;
    options->silence = default_of(L, "silence");
    options->pool_idle_time = option_number(L, "pool_idle_timeout");
    if (!(options->pool_idle_time > 0)) {
        luaL_error(L, "engine: option 'pool_idle_timeout': expected seconds above 0");
    }
}

/* Fills the companion table at the top: the functions of transport/route.lua, and the proxy. */
static void read_routes(lua_State *L, struct engine_box *box) {
    int companion = lua_gettop(L);
    lua_newtable(L);
    lua_rawseti(L, companion, ROUTES);
    lua_getfield(L, lua_upvalueindex(ROUTE_MODULE), "parts");
    lua_rawseti(L, companion, FIND_ROUTE);
    lua_getfield(L, 1, "proxy");
    if (!lua_isnil(L, -1)) {
        lua_getfield(L, lua_upvalueindex(ROUTE_MODULE), "proxy");
        lua_insert(L, -2);
        lua_call(L, 1, 2);
        if (lua_isnil(L, -2)) {
            luaL_error(L, "engine: option 'proxy' %s", lua_tostring(L, -1));
        }
        lua_pop(L, 1);
        lua_getfield(L, -1, "is_env");
        lua_pushvalue(L, -2);
        lua_call(L, 1, 1);
        box->is_proxy_env = lua_toboolean(L, -1);
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_rawseti(L, companion, PROXY);
    }
    lua_settop(L, companion);
}

static int curl_engine(lua_State *L) {
    struct df_http_options options = {0};
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    read_options(L, &options);
    struct engine_box *box = lua_newuserdata(L, sizeof *box);
    memset(box, 0, sizeof *box);
    lua_pushvalue(L, lua_upvalueindex(ENGINE_METATABLE));
    lua_setmetatable(L, -2);
    box->timeout = default_of(L, "timeout");
    box->connect_timeout = default_of(L, "connect_timeout");
    box->max_response_bytes = default_of(L, "max_response_bytes");
    lua_newtable(L);
    read_routes(L, box);
    df_lua_set_companion(L, -2);
    box->engine = df_http_engine_new(&options);
    if (!box->engine) {
        return luaL_error(L, "engine: not enough memory, or libcurl cannot be used");
    }
    return 1;
}

static const luaL_Reg engine_methods[] = {{"perform", engine_perform}, {"start", engine_start},
                                          {"step", engine_step},       {"ended", engine_ended},
                                          {"fds", engine_fds},         {"timeout", engine_timeout},
                                          {"close", engine_close},     {NULL, NULL}};

static const luaL_Reg engine_metamethods[] = {{"__gc", engine_close},
                                              {"__close", engine_close},
                                              {"__tostring", engine_tostring},
                                              {NULL, NULL}};

static const luaL_Reg transfer_methods[] = {{"result", transfer_result},
                                            {"cancel", transfer_cancel},
                                            {"number", transfer_number},
                                            {NULL, NULL}};

static const luaL_Reg transfer_metamethods[] = {{"__gc", transfer_collect},
                                                {"__close", transfer_close},
                                                {"__tostring", transfer_tostring},
                                                {NULL, NULL}};

static const luaL_Reg route_methods[] = {{NULL, NULL}};
static const luaL_Reg route_metamethods[] = {{"__gc", route_drop}, {NULL, NULL}};

static const luaL_Reg module_functions[] = {{"engine", curl_engine}, {NULL, NULL}};

/* Pushes the upvalues of every function: the metatables and the module from `first` on, and the
 * names of fields. */
static int push_upvalues(lua_State *L, int first) {
    DF_LUA_RESERVE(L, FIRST_FIELD + FIELD_COUNT, "upvalues");
    for (int i = 0; i < FIRST_FIELD - 1; i++) {
        lua_pushvalue(L, first + i);
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        lua_pushstring(L, field_names[i]);
    }
    return FIRST_FIELD - 1 + FIELD_COUNT;
}

/* Fills the metatable at `index`. */
static void fill_metatable(lua_State *L, int index, int first, const luaL_Reg *metamethods,
                           const luaL_Reg *methods, const char *name) {
    lua_pushvalue(L, index);
    df_lua_set_functions(L, metamethods, push_upvalues(L, first));
    lua_newtable(L);
    df_lua_set_functions(L, methods, push_upvalues(L, first));
    df_lua_hide_metatable(L, name);
    lua_pop(L, 1);
}

/* libcurl writes its versions into memory that all threads share. */
static pthread_once_t versions_once = PTHREAD_ONCE_INIT;
static const char *versions;

static void write_versions(void) {
    versions = curl_version();
}

DF_EXPORT int luaopen_dataforest_curl(lua_State *L);
DF_EXPORT int luaopen_dataforest_curl(lua_State *L) {
    int first = lua_gettop(L) + 1;
    for (int i = ENGINE_METATABLE; i <= ROUTE_METATABLE; i++) {
        lua_newtable(L);
    }
    for (int i = ROUTE_MODULE; i <= DEFAULTS; i++) {
        lua_getglobal(L, "require");
        lua_pushstring(L, i == ROUTE_MODULE ? "dataforest.transport.route"
                                            : "dataforest.request.defaults");
        lua_call(L, 1, 1);
    }
    fill_metatable(L, first, first, engine_metamethods, engine_methods, "dataforest.curl.engine");
    fill_metatable(L, first + 1, first, transfer_metamethods, transfer_methods,
                   "dataforest.curl.transfer");
    fill_metatable(L, first + 2, first, route_metamethods, route_methods, "dataforest.curl.route");
    lua_newtable(L);
    df_lua_set_functions(L, module_functions, push_upvalues(L, first));
    pthread_once(&versions_once, write_versions);
    lua_pushstring(L, versions);
    lua_setfield(L, -2, "libcurl");
    return 1;
}
