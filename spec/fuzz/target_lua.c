/* A libFuzzer target in Lua: the file spec/fuzz/FUZZ_TARGET.lua returns a function of the input,
 * and an error that it raises is a finding. libFuzzer sees which lines of Lua follow one another,
 * as it sees the branches of C. */

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int luaopen_dataforest_core(lua_State *L);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COUNTERS = 1 << 16, INPUTS_BETWEEN_COLLECTIONS = 256 };

static lua_State *state;

#ifdef FUZZ_LINES
/* A section that libFuzzer looks into, besides its own counters. */
__attribute__((used, section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];

static void count_line(lua_State *L, lua_Debug *at) {
    static uint32_t before;
    lua_getinfo(L, "S", at);
    uint32_t here =
        (uint32_t)((uintptr_t)at->source >> 4) * 31U + (uint32_t)at->currentline * 2654435761U;
    uint8_t *counter = &counters[(here ^ before) % COUNTERS];
    *counter += *counter < UINT8_MAX;
    before = here >> 1;
}
#endif

static int traceback(lua_State *L) {
    luaL_traceback(L, L, lua_tostring(L, 1), 1);
    return 1;
}

static void stop(const char *message) {
    fprintf(stderr, "%s\n", message ? message : "an error that is not a string");
    abort();
}

static void start(void) {
    state = luaL_newstate();
    if (!state) {
        stop("no Lua state");
    }
    luaL_openlibs(state);
    lua_getglobal(state, "package");
    lua_pushliteral(state,
                    DATAFOREST_SOURCE_DIR "/lua/?.lua;" DATAFOREST_SOURCE_DIR
                                          "/lua/?/init.lua;" DATAFOREST_SOURCE_DIR "/?.lua;");
    lua_getfield(state, -2, "path");
    lua_concat(state, 2);
    lua_setfield(state, -2, "path");
    lua_pop(state, 1);
    luaL_requiref(state, "dataforest.core", luaopen_dataforest_core, 0);
    lua_settop(state, 0);
    lua_pushcfunction(state, traceback);
    if (luaL_dofile(state, DATAFOREST_SOURCE_DIR "/spec/fuzz/" FUZZ_TARGET ".lua") != LUA_OK) {
        stop(lua_tostring(state, -1));
    }
#ifdef FUZZ_LINES
    lua_sethook(state, count_line, LUA_MASKLINE, 0);
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int inputs;
    if (!state) {
        start();
    }
    lua_settop(state, 2); /* the message handler, and the target */
    lua_pushvalue(state, 2);
    lua_pushlstring(state, (const char *)data, size);
    if (lua_pcall(state, 1, 0, 1) != LUA_OK) {
        stop(lua_tostring(state, -1));
    }
    if (++inputs % INPUTS_BETWEEN_COLLECTIONS == 0) {
        lua_gc(state, LUA_GCCOLLECT);
    }
    return 0;
}
