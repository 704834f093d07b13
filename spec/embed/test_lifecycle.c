/* How clients, engines and states end: in number, in mid-call, twice, in a child process, and where
 * descriptors run out. Afterwards nothing may be left. */

#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 120, CHILDREN = 3 };

static struct server server;
static char folder[64];

/* What every test begins with: modules, addresses, and a client that is made by new_client(). */
static const char prelude[] =
    "dataforest = require 'dataforest'\n"
    "curl = require 'dataforest.curl'\n"
    "local port = ...\n"
    "origin = ('http://127.0.0.1:%d'):format(port)\n"
    "function new_client()\n"
    "  return dataforest.new { access_key = 'AK_TEST', secret_key = 'SK_TEST', base_url = origin,\n"
    "    retry = false, timeout = 20 }\n"
    "end\n"
    "function call(df)\n"
    "  local account = assert(df.accounts:get_detail 'axE7wU9ERm8fTc7e17vNvu')\n"
    "  assert(account.quotas[1].namespace == 'hdfs')\n"
    "end\n"
    "function request(path)\n"
    "  return { method = 'GET', url = origin .. path, timeout = 20, connect_timeout = 20 }\n"
    "end\n";

static void check_status(lua_State *L, int status) {
    if (status != 0) {
        fail_msg("%s", lua_tostring(L, -1));
    }
}

static lua_State *open_state(void) {
    alarm(SECONDS);
    lua_State *L = embed_state(&lua_source);
    assert_non_null(L);
    check_status(L, luaL_loadstring(L, prelude));
    lua_pushinteger(L, server.port);
    check_status(L, lua_pcall(L, 1, 0, 0));
    return L;
}

static void run(lua_State *L, const char *code) {
    check_status(L, luaL_loadstring(L, code));
    check_status(L, lua_pcall(L, 0, 0, 0));
}

static void collect(lua_State *L) {
    lua_gc(L, LUA_GCCOLLECT, 0);
    lua_gc(L, LUA_GCCOLLECT, 0);
}

/* What there is before a test must be what there is after it. */
struct holdings {
    long core;
    long curl;
    int descriptors;
};

static struct holdings take_stock(void) {
    return (struct holdings){core_source.live, curl_source.live, open_descriptors()};
}

static void check_holdings(struct holdings before) {
    struct holdings after = take_stock();
    assert_int_equal(after.core, before.core);
    assert_int_equal(after.curl, before.curl);
    assert_int_equal(after.descriptors, before.descriptors);
}

static void a_thousand_clients(void **state) {
    static const char half[] =
        "for i = 1, 500 do\n"
        "  local df = new_client()\n"
        "  call(df)\n"
        "  if i % 2 == 0 then df:close() end\n" /* or leave it to the collector */
        "  if i % 20 == 0 then collectgarbage() end\n"
        "end";
    (void)state;
    lua_State *L = open_state();
    run(L, "call(new_client())");
    collect(L);
    struct holdings before = take_stock();
    run(L, half);
    collect(L);
    check_holdings(before);
    long memory = lua_source.live;
    run(L, half);
    collect(L);
    check_holdings(before);
    assert_true(lua_source.live < memory + 16384);
    lua_close(L);
}

static void a_child_goes_on_with_its_parents_client(void **state) {
    (void)state;
    lua_State *L = open_state();
    run(L, "df = new_client(); call(df)");
    for (int i = 0; i < CHILDREN; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            int failed = luaL_loadstring(L, "call(df); call(df); df:close(); call(new_client())") ||
                         lua_pcall(L, 0, 0, 0);
            if (failed) {
                fprintf(stderr, "%s\n", lua_tostring(L, -1));
            }
            _exit(failed);
        }
        run(L, "call(df)"); /* at the same time, over the connection that the child has too */
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        run(L, "call(df)");
    }
    lua_close(L);
}

static void a_state_that_closes_in_mid_call(void **state) {
    (void)state;
    lua_State *L = open_state();
    run(L, "engine = curl.engine(); assert(engine:perform(request '/ok'))");
    lua_close(L);
    struct holdings before = take_stock();
    for (int i = 0; i < 4; i++) {
        L = open_state();
        run(L, "engine = curl.engine()\n"
               "transfers = {}\n"
               "for i = 1, 8 do\n"
               "  transfers[i] = assert(engine:start(request(i % 4 == 0 and '/ok' or '/never')))\n"
               "end\n"
               "engine:step(0.01)");
        lua_close(L);
        assert_int_equal(lua_source.live, 0);
        check_holdings(before);
    }
}

static void an_engine_that_is_collected_in_mid_call(void **state) {
    (void)state;
    lua_State *L = open_state();
    run(L, "curl.engine():perform(request '/ok')");
    collect(L);
    struct holdings before = take_stock();
    run(L, "for i = 1, 50 do\n"
           "  local engine = curl.engine()\n"
           "  for i = 1, 3 do assert(engine:start(request '/never')) end\n"
           "  engine:step(0)\n"
           "end");
    collect(L);
    check_holdings(before);
    /* The engine goes first; its transfers are still in someone's hands. */
    run(L, "local engine = curl.engine()\n"
           "orphan = assert(engine:start(request '/never'))\n"
           "engine:step(0)");
    collect(L);
    run(L, "local response, err = orphan:result()\n"
           "assert(response == nil and err.kind == 'closed', tostring(response))\n"
           "orphan = nil");
    collect(L);
    check_holdings(before);
    lua_close(L);
}

/* Memory runs out while a result is handed over: who asks again gets it, or is told that it is
 * gone, and does not wait for it for ever. */
static void a_result_that_memory_runs_out_for(void **state) {
    (void)state;
    lua_State *L = open_state();
    run(L, "engine = curl.engine(); assert(engine:perform(request '/ok'))\n"
           "function begin()\n"
           "  transfer = assert(engine:start(request '/ok'))\n"
           "  while engine:step(1) > 0 do end\n"
           "end\n"
           "function finish()\n"
           "  local response, err = transfer:result()\n"
           "  assert(response and response.status == 200 or err and err.kind == 'closed', "
           "tostring(response))\n"
           "end");
    bool reached = true;
    for (long n = 1; reached; n++) {
        run(L, "begin()");
        lua_getglobal(L, "transfer");
        lua_getfield(L, -1, "result");
        lua_insert(L, -2);
        source_arm(&lua_source, n, true);
        int status = lua_pcall(L, 1, 1, 0);
        reached = lua_source.failed;
        source_disarm(&lua_source);
        assert_true(status == (reached ? LUA_ERRMEM : 0));
        lua_settop(L, 0);
        run(L, "finish()");
    }
    lua_close(L);
    assert_int_equal(lua_source.live, 0);
}

/* A finaliser may do to a transfer what it likes while its result is handed over. */
static void a_finaliser_that_meddles(void **state) {
    (void)state;
    lua_State *L = open_state();
    run(L, "engine = curl.engine(); assert(engine:perform(request '/ok'))\n"
           "local function meddle()\n"
           "  if transfer then transfer:cancel(); transfer:result(); transfer:__gc() end\n"
           "end\n"
           "local function sentinel()\n"
           "  local new = rawget(_G, 'newproxy')\n"
           "  local function again() meddle(); sentinel() end\n"
           "  if new then getmetatable(new(true)).__gc = again\n"
           "  else setmetatable({}, { __gc = again }) end\n"
           "end\n"
           "local collector = dofile '" DATAFOREST_SOURCE_DIR "/spec/support/collector.lua'\n"
           "for i = 1, 20 do\n"
           "  transfer = assert(engine:start(request '/ok'))\n"
           "  while engine:step(1) > 0 do end\n"
           "  sentinel()\n"
           "  collector.set('pause', 0)\n"
           "  local response, err = transfer:result()\n"
           "  assert(response and response.status == 200 or err and err.kind == 'closed')\n"
           "  collector.set('pause', 200)\n"
           "end");
    lua_close(L);
    assert_int_equal(lua_source.live, 0);
}

/* A function that raises in the middle of a map leaves the calls of the others in flight. */
static void a_map_that_ends_in_mid_call(void **state) {
    (void)state;
    lua_State *L = open_state();
    run(L, "df = new_client(); call(df)");
    collect(L);
    for (int i = 0; i < 3; i++) {
        run(L, "pcall(df.map, df, { 1, 2, 3, 4, 5, 6 }, function(i)\n"
               "  if i == 3 then error('stop') end\n"
               "  return df.accounts:get_detail 'axE7wU9ERm8fTc7e17vNvu'\n"
               "end)\n"
               "call(df)");
    }
    run(L, "df:close()");
    collect(L);
    lua_close(L);
    assert_int_equal(lua_source.live, 0);
}

static void closing_twice_and_using_what_is_closed(void **state) {
    (void)state;
    lua_State *L = open_state();
    run(L, "local df = new_client(); call(df); df:close(); df:close()\n"
           "for _ = 1, 2 do\n"
           "  local account, err = df.accounts:get_detail 'axE7wU9ERm8fTc7e17vNvu'\n"
           "  assert(account == nil and err.kind == 'closed', tostring(err))\n"
           "end\n"
           "local unused = new_client(); unused:close(); unused:close()\n"
           "local account, err = unused.accounts:get_detail 'axE7wU9ERm8fTc7e17vNvu'\n"
           "assert(account == nil and err.kind == 'closed', tostring(err))");
    lua_close(L);
}

/* Neither the network nor the server is to blame, and the call was not sent. */
static void descriptors_that_run_out(void **state) {
    struct rlimit old;
    (void)state;
    lua_State *L = open_state();
    run(L, "engine = curl.engine()\n"
           "engine:perform { method = 'GET', url = 'http://127.0.0.1:1/', timeout = 5 }");
    lua_pushstring(L, strerror(EMFILE));
    lua_setglobal(L, "reason");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    struct rlimit none = {(rlim_t)dup(0), old.rlim_max}; /* the next free descriptor */
    close((int)none.rlim_cur);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int status = luaL_loadstring(L, "local response, err = engine:perform(request '/ok')\n"
                                    "assert(response == nil)\n"
                                    "assert(err.kind == 'limit' and not err.sent, err.kind)\n"
                                    "assert(err.message:find(reason, 1, true), err.message)") ||
                 lua_pcall(L, 0, 0, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    check_status(L, status);
    run(L, "assert(engine:perform(request '/ok'))");
    lua_close(L);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_clients),
        cmocka_unit_test(a_child_goes_on_with_its_parents_client),
        cmocka_unit_test(a_state_that_closes_in_mid_call),
        cmocka_unit_test(an_engine_that_is_collected_in_mid_call),
        cmocka_unit_test(a_result_that_memory_runs_out_for),
        cmocka_unit_test(a_finaliser_that_meddles),
        cmocka_unit_test(a_map_that_ends_in_mid_call),
        cmocka_unit_test(closing_twice_and_using_what_is_closed),
        cmocka_unit_test(descriptors_that_run_out),
    };
    make_folder(folder);
    server_start(&server, folder);
    embed_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(folder);
    server_stop(&server);
    return failed;
}
