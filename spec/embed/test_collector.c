/* The exercise with Lua's collector at its busiest: a whole collection wherever Lua looks whether
 * one is due, which is nearly everywhere that it allocates. */

#include "support.h"

#include <stdio.h>
#include <unistd.h>

enum { SECONDS_FOR_ONE = 60 };

static struct server server;
static char folder[64];

static long collections;

/* Counts a collection, and leaves another sentinel for the next. */
static int collected(lua_State *L) {
    collections++;
    embed_push_sentinel(L, collected);
    return 0;
}

#if LUA_VERSION_NUM >= 504
static void by_generations(lua_State *L) {
#if LUA_VERSION_NUM >= 505
    lua_gc(L, LUA_GCGEN);
#else
    lua_gc(L, LUA_GCGEN, 1, 1);
#endif
    lua_gc(L, LUA_GCCOLLECT, 0);
}
#endif

static void run(const char *part, void (*set)(lua_State *L)) {
    struct exercise exercise = {&server, folder, part, false, 0};
    alarm(SECONDS_FOR_ONE);
    lua_State *L = embed_state(&lua_source);
    assert_non_null(L);
    assert_true(exercise_load(L, &exercise));
    embed_push_sentinel(L, collected);
    lua_pop(L, 1);
    set(L);
    collections = 0;
    for (int i = 0; i < 3; i++) {
        const char *problem = exercise_run(L, &exercise);
        if (problem) {
            fail_msg("part %s: %s", part, problem);
        }
    }
    print_message("# part %s: %ld collections\n", part, collections);
    lua_close(L);
    alarm(0);
    assert_int_equal(exercise.failures, 0);
    assert_true(collections > 0);
    assert_int_equal(lua_source.live, 0);
    assert_int_equal(core_source.live, 0);
}

static void in_core(void **state) {
    (void)state;
    run("core", embed_collect_always);
}

static void in_curl(void **state) {
    (void)state;
    run("curl", embed_collect_always);
    run("tls", embed_collect_always);
}

static void in_client(void **state) {
    (void)state;
    run("client", embed_collect_always);
}

#if LUA_VERSION_NUM >= 504
static void in_all_by_generations(void **state) {
    (void)state;
    run("all", by_generations);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_core),
        cmocka_unit_test(in_curl),
        cmocka_unit_test(in_client),
#if LUA_VERSION_NUM >= 504
        cmocka_unit_test(in_all_by_generations),
#endif
    };
    make_folder(folder);
    server_start(&server, folder);
    embed_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(folder);
    server_stop(&server);
    return failed;
}
