/* The exercise with a finaliser that calls the library wherever Lua collects, which is nearly
 * everywhere that it allocates: see finaliser.lua. First it uses what the exercise uses, and all
 * must go as ever. Then it closes and changes that, too: whatever comes of it, memory is sound,
 * and nothing is left behind. */

#include "support.h"

#include <stdio.h>
#include <unistd.h>

enum { SECONDS_FOR_ONE = 60, ENOUGH = 1500, ENOUGH_HOSTILE = 5000, RUNS_AT_MOST = 200 };

static struct server server;
static char folder[64];

static long collections;
static bool inside;
static int finaliser = LUA_NOREF;

static int collected(lua_State *L) {
    embed_push_sentinel(L, collected);
    lua_pop(L, 1);
    if (inside || finaliser == LUA_NOREF) {
        return 0;
    }
    inside = true;
    collections++;
    long before = lua_source.count;
    lua_rawgeti(L, LUA_REGISTRYINDEX, finaliser);
    lua_pushinteger(L, collections);
    lua_pcall(L, 1, 0, 0);
    lua_settop(L, 0);
    lua_source.count = before; /* those of the exercise alone are counted */
    inside = false;
    return 0;
}

static void load_finaliser(lua_State *L, const char *hurt) {
    lua_pushstring(L, hurt); /* nil for none */
    lua_setglobal(L, "hostile");
    if (luaL_loadfile(L, DATAFOREST_SOURCE_DIR "/spec/embed/finaliser.lua") != 0 ||
        lua_pcall(L, 0, 1, 0) != 0) {
        fail_msg("%s", lua_tostring(L, -1));
    }
    finaliser = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void run(const char *part, bool hostile) {
    struct exercise exercise = {&server, folder, part, false, 0};
    alarm(SECONDS_FOR_ONE);
    collections = 0;
    lua_State *L = embed_state(&lua_source);
    assert_non_null(L);
    load_finaliser(L, hostile ? part : NULL);
    assert_true(exercise_load(L, &exercise));
    embed_push_sentinel(L, collected);
    lua_pop(L, 1);
    embed_collect_always(L);
    source_arm(&lua_source, 0, false);
    long enough = hostile ? ENOUGH_HOSTILE : ENOUGH;
    for (int i = 0; i < RUNS_AT_MOST && collections < enough; i++) {
        const char *problem = exercise_run(L, &exercise);
        if (problem && !hostile) {
            fail_msg("part %s: %s", part, problem);
        }
    }
    print_message("# part %s%s: %ld collections, %ld allocations\n", part,
                  hostile ? ", hostile" : "", collections, lua_source.count);
    finaliser = LUA_NOREF;
    lua_close(L);
    alarm(0);
    assert_true(collections >= enough);
    assert_int_equal(lua_source.live, 0);
    assert_int_equal(core_source.live, 0);
}

#define RUN(name, part, hostile)                                                                   \
    static void name(void **state) {                                                               \
        (void)state;                                                                               \
        run(part, hostile);                                                                        \
    }
RUN(core_in_use, "core", false)
RUN(curl_in_use, "curl", false)
RUN(client_in_use, "client", false)
RUN(core_closed, "core", true)
RUN(curl_closed, "curl", true)
RUN(client_closed, "client", true)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(core_in_use),   cmocka_unit_test(curl_in_use),
        cmocka_unit_test(client_in_use), cmocka_unit_test(core_closed),
        cmocka_unit_test(curl_closed),   cmocka_unit_test(client_closed),
    };
    make_folder(folder);
    server_start(&server, folder);
    embed_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(folder);
    server_stop(&server);
    return failed;
}
