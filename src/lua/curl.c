/* dataforest.curl: the HTTP engine for Lua. */

#include "base/clock.h"
#include "net/engine.h"
#include "lua/compat.h"

#include <curl/curl.h>
#include <lualib.h>
#include <pthread.h>
#include <string.h>

enum {
    ENGINE_METATABLE = lua_upvalueindex(1),
    TRANSFER_METATABLE = lua_upvalueindex(2),
    MAX_HEADERS = 64
};

/* All zero is a closed engine, and a transfer whose result was taken. */
struct engine_box {
    struct df_http_engine *engine;
};

struct transfer_box {
    struct df_http_transfer *transfer;
    unsigned long number;
};

static struct engine_box *check_engine(lua_State *L) {
    struct engine_box *box = df_lua_test_userdata(L, 1, ENGINE_METATABLE);
    if (!box) {
        luaL_argerror(L, 1, "an engine expected: call its methods with a colon");
    }
    return box;
}

static struct transfer_box *check_transfer(lua_State *L) {
    struct transfer_box *box = df_lua_test_userdata(L, 1, TRANSFER_METATABLE);
    if (!box) {
        luaL_argerror(L, 1, "a transfer expected: call its methods with a colon");
    }
    return box;
}

/* ---- results ---- */

static int push_error(lua_State *L, const struct df_http_error *error) {
    lua_pushnil(L);
    lua_createtable(L, 0, 3);
    lua_pushstring(L, df_kind_name(error->kind));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, error->message);
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, error->sent);
    lua_setfield(L, -2, "sent");
    return 2;
}

static int push_closed(lua_State *L, const char *message) {
    struct df_http_error error;
    df_http_error_set(&error, DF_KIND_CLOSED, false, "%s", message);
    return push_error(L, &error);
}

/* Pushes a table of name = value; values of a repeated name are joined with ", ". */
static void push_headers(lua_State *L, const struct df_http_head *head) {
    lua_createtable(L, 0, (int)head->field_count);
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct df_http_head_field *field = &head->fields[i];
        const char *bytes = head->bytes.data;
        lua_pushlstring(L, bytes + field->name, field->name_count);
        if (field->repeated) {
            lua_pushvalue(L, -1);
            lua_rawget(L, -3);
            lua_pushliteral(L, ", ");
            lua_pushlstring(L, bytes + field->value, field->value_count);
            lua_concat(L, 3);
        } else {
            lua_pushlstring(L, bytes + field->value, field->value_count);
        }
        lua_rawset(L, -3);
    }
}

static int push_response(lua_State *L, const struct df_http_transfer *transfer) {
    struct df_text body = df_http_transfer_body(transfer);
    const struct df_http_head *head = df_http_transfer_head(transfer);
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, head->status);
    lua_setfield(L, -2, "status");
    push_headers(L, head);
    lua_setfield(L, -2, "headers");
    lua_pushlstring(L, body.length ? body.data : "", body.length);
    lua_setfield(L, -2, "body");
    lua_pushboolean(L, df_http_transfer_reused(transfer));
    lua_setfield(L, -2, "reused");
    if (df_http_transfer_end_uncertain(transfer)) {
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

/* Pushes how a transfer ended and gives it back. Nobody else may have the box: a finaliser that
 * runs meanwhile would close it. If memory runs out, the collector finds the transfer in it. */
static int push_outcome(lua_State *L, struct transfer_box *box) {
    const struct df_http_error *error = df_http_transfer_error(box->transfer);
    int count = error ? push_error(L, error) : push_response(L, box->transfer);
    release(box);
    return count;
}

/* ---- requests ---- */

/* Reads the fields of the request table at index 2. Each stays on the stack, so that its bytes stay
 * where they are until libcurl's copy is made. A wrong type is an error of kind `argument`. */
struct request_reader {
    lua_State *L;
    struct df_http_error *error;
    bool failed;
};

static int read_field(struct request_reader *reader, const char *name, int type) {
    lua_State *L = reader->L;
    lua_pushstring(L, name);
    lua_rawget(L, 2);
    int found = lua_type(L, -1);
    if (found != LUA_TNIL && found != type && !reader->failed) {
        reader->failed = true;
        df_http_error_set(reader->error, DF_KIND_ARGUMENT, false, "%s: expected a %s, got a %s",
                          name, lua_typename(L, type), lua_typename(L, found));
    }
    return found == type;
}

static struct df_text read_text(struct request_reader *reader, const char *name) {
    struct df_text text = {NULL, 0};
    if (read_field(reader, name, LUA_TSTRING)) {
        text.data = lua_tolstring(reader->L, -1, &text.length);
    }
    return text;
}

static double read_number(struct request_reader *reader, const char *name, double otherwise) {
    return read_field(reader, name, LUA_TNUMBER) ? lua_tonumber(reader->L, -1) : otherwise;
}

/* Reads the table at the top; allocates nothing. */
static size_t read_headers(struct request_reader *reader, struct df_http_field *fields) {
    lua_State *L = reader->L;
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        const char *problem = NULL;
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
            problem = "headers: names and values must be strings";
        } else if (count == MAX_HEADERS) {
            problem = "headers: there are too many";
        }
        if (problem) {
            reader->failed = true;
            df_http_error_set(reader->error, DF_KIND_ARGUMENT, false, "%s", problem);
            lua_pop(L, 2);
            return 0;
        }
        fields[count].name.data = lua_tolstring(L, -2, &fields[count].name.length);
        fields[count].value.data = lua_tolstring(L, -1, &fields[count].value.length);
        count++;
    }
    return count;
}

static bool read_request(struct request_reader *reader, struct df_http_request *request,
                         struct df_http_field *fields) {
    memset(request, 0, sizeof *request);
    request->method = read_text(reader, "method");
    request->url = read_text(reader, "url");
    request->connect_to = read_text(reader, "connect_to");
    request->body = read_text(reader, "body");
    request->timeout = read_number(reader, "timeout", 30);
    request->connect_timeout = read_number(reader, "connect_timeout", 5);
    double ceiling = read_number(reader, "max_response_bytes", 8.0 * 1024 * 1024);
    request->once = read_field(reader, "once", LUA_TBOOLEAN) && lua_toboolean(reader->L, -1);
    request->headers = fields;
    if (read_field(reader, "headers", LUA_TTABLE)) {
        request->header_count = read_headers(reader, fields);
    }
    if (!reader->failed && !(ceiling >= 0 && ceiling <= 9007199254740992.0)) {
        reader->failed = true;
        df_http_error_set(reader->error, DF_KIND_ARGUMENT, false,
                          "max_response_bytes is not a number of bytes");
    }
    request->max_response_bytes = reader->failed ? 0 : (size_t)ceiling;
    return !reader->failed;
}

static struct transfer_box *push_box(lua_State *L) {
    struct transfer_box *box = lua_newuserdata(L, sizeof *box);
    memset(box, 0, sizeof *box);
    lua_pushvalue(L, TRANSFER_METATABLE);
    lua_setmetatable(L, -2);
    return box;
}

/* A box that one blocking call after another uses: it is kept with the engine. If it is in use, by
 * a call that a finaliser makes or by one that ran out of memory, another takes its place. */
static struct transfer_box *push_kept_box(lua_State *L) {
    df_lua_get_companion(L, 1);
    lua_rawgeti(L, -1, 1);
    struct transfer_box *box = lua_touserdata(L, -1);
    if (!box || box->transfer) {
        lua_pop(L, 1);
        box = push_box(L);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, 1);
    }
    lua_remove(L, -2);
    return box;
}

/* Begins the call that the table at index 2 describes, and leaves its box on the stack. */
static struct transfer_box *start(lua_State *L, struct engine_box *engine, bool is_kept,
                                  struct df_http_error *error) {
    struct df_http_field fields[MAX_HEADERS];
    struct df_http_request request;
    struct request_reader reader = {L, error, false};
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    struct transfer_box *box = is_kept ? push_kept_box(L) : push_box(L);
    bool is_read = read_request(&reader, &request, fields);
    if (!engine->engine) {
        df_http_error_set(error, DF_KIND_CLOSED, false, "the engine is closed");
    } else if (is_read) {
        box->transfer = df_http_start(engine->engine, &request, error);
    }
    lua_settop(L, 3);
    if (!box->transfer) {
        return NULL;
    }
    box->number = df_http_transfer_number(box->transfer);
    return box;
}

/* ---- engines ---- */

static int engine_perform(lua_State *L) {
    struct df_http_error error;
    struct engine_box *engine = check_engine(L);
    struct transfer_box *box = start(L, engine, true, &error);
    if (!box) {
        return push_error(L, &error);
    }
    df_http_wait(engine->engine, box->transfer);
    return push_outcome(L, box);
}

static int engine_start(lua_State *L) {
    struct df_http_error error;
    struct transfer_box *box = start(L, check_engine(L), false, &error);
    return box ? 1 : push_error(L, &error);
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

static int engine_fds(lua_State *L) {
    struct engine_box *box = check_engine(L);
    struct df_http_descriptor descriptor;
    bool any = box->engine && df_http_descriptor(box->engine, &descriptor);
    lua_newtable(L);
    if (any) {
        lua_createtable(L, 0, 3);
        lua_pushinteger(L, descriptor.fd);
        lua_setfield(L, -2, "fd");
        lua_pushboolean(L, descriptor.read);
        lua_setfield(L, -2, "read");
        lua_pushboolean(L, descriptor.write);
        lua_setfield(L, -2, "write");
        lua_rawseti(L, -2, 1);
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
    if (!box->transfer) {
        return push_closed(L, "the result was taken before");
    }
    if (!df_http_transfer_ended(box->transfer)) {
        lua_pushboolean(L, 0);
        return 1;
    }
    struct transfer_box *private = push_box(L);
    private->transfer = box->transfer;
    box->transfer = NULL;
    return push_outcome(L, private);
}

static int transfer_cancel(lua_State *L) {
    struct transfer_box *box = check_transfer(L);
    if (box->transfer) {
        df_http_cancel(box->transfer);
    }
    return 0;
}

static int transfer_close(lua_State *L) {
    struct transfer_box *box = check_transfer(L);
    release(box);
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
    static const char *const known[] = {"ca_file", "proxy", "max_connections", "http2"};
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

static void read_options(lua_State *L, struct df_http_options *options) {
    check_option_names(L);
    options->ca_file = option_string(L, "ca_file");
    options->proxy = option_string(L, "proxy");
    if (options->proxy && strcmp(options->proxy, "env") == 0) {
        options->proxy = NULL;
        options->proxy_from_env = true;
    }
    options->http2 = has_option(L, "http2", LUA_TBOOLEAN) && lua_toboolean(L, -1);
    if (has_option(L, "max_connections", LUA_TNUMBER)) {
        double value = lua_tonumber(L, -1);
        if (!(value >= 1 && value <= 1000000)) {
            luaL_error(L, "engine: option 'max_connections': expected 1 to 1000000");
        }
        options->max_connections = (unsigned)value;
    }
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
    box->engine = NULL;
    lua_pushvalue(L, ENGINE_METATABLE);
    lua_setmetatable(L, -2);
    lua_newtable(L);
    df_lua_set_companion(L, -2);
    box->engine = df_http_engine_new(&options);
    if (!box->engine) {
        return luaL_error(L, "engine: not enough memory, or libcurl cannot be used");
    }
    return 1;
}

static int curl_now(lua_State *L) {
    lua_pushnumber(L, df_clock_now());
    return 1;
}

static int curl_sleep(lua_State *L) {
    df_clock_sleep(luaL_checknumber(L, 1));
    return 0;
}

static const luaL_Reg engine_methods[] = {{"perform", engine_perform},
                                          {"start", engine_start},
                                          {"step", engine_step},
                                          {"ended", engine_ended},
                                          {"fds", engine_fds},
                                          {"timeout", engine_timeout},
                                          {"close", engine_close},
                                          {"__gc", engine_close},
                                          {"__close", engine_close},
                                          {"__tostring", engine_tostring},
                                          {NULL, NULL}};

static const luaL_Reg transfer_methods[] = {{"result", transfer_result},
                                            {"cancel", transfer_cancel},
                                            {"number", transfer_number},
                                            {"__gc", transfer_close},
                                            {"__close", transfer_close},
                                            {"__tostring", transfer_tostring},
                                            {NULL, NULL}};

static const luaL_Reg module_functions[] = {
    {"engine", curl_engine}, {"now", curl_now}, {"sleep", curl_sleep}, {NULL, NULL}};

/* Fills the metatable at `index`, which is its own __index. Its methods know both metatables. */
static void fill_metatable(lua_State *L, int index, int first, const luaL_Reg *methods,
                           const char *name) {
    lua_pushvalue(L, index);
    lua_pushvalue(L, first);
    lua_pushvalue(L, first + 1);
    df_lua_set_functions(L, methods, 2);
    lua_pushvalue(L, index);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

/* libcurl writes its versions into a place that all threads share. */
static pthread_once_t versions_once = PTHREAD_ONCE_INIT;
static const char *versions;

static void write_versions(void) {
    versions = curl_version();
}

DF_EXPORT int luaopen_dataforest_curl(lua_State *L);
DF_EXPORT int luaopen_dataforest_curl(lua_State *L) {
    lua_newtable(L);
    int engines = lua_gettop(L);
    lua_newtable(L);
    fill_metatable(L, engines, engines, engine_methods, "dataforest.curl.engine");
    fill_metatable(L, engines + 1, engines, transfer_methods, "dataforest.curl.transfer");
    lua_newtable(L);
    lua_pushvalue(L, engines);
    lua_pushvalue(L, engines + 1);
    df_lua_set_functions(L, module_functions, 2);
    pthread_once(&versions_once, write_versions);
    lua_pushstring(L, versions);
    lua_setfield(L, -2, "libcurl");
    return 1;
}
