#include "lua/hooks.h"

#include "base/clock.h"

static int do_nothing(lua_State *L) {
    (void)L;
    return 0;
}

int df_lua_try_hooks(lua_State *L) {
    lua_pushcfunction(L, do_nothing);
    return lua_pcall(L, 0, 0, 0);
}

void df_lua_sleep(lua_State *L, double seconds) {
    while ((seconds = df_clock_sleep(seconds)) > 0) {
        if (df_lua_try_hooks(L) != 0) {
            lua_error(L);
        }
    }
}
