#include "lua/yield.h"

#include "lua/compat.h"

#include <lualib.h>

#if LUA_VERSION_NUM >= 503 || defined(LUA_JITLIBNAME)

int df_lua_is_yieldable(lua_State *L) {
    lua_pushboolean(L, lua_isyieldable(L));
    return 1;
}

#else

#include <stdbool.h>
#include <string.h>

#if LUA_VERSION_NUM >= 502
static bool is_pcall(lua_State *L, lua_Debug *frame) {
    lua_getinfo(L, "f", frame);
    bool is = lua_rawequal(L, -1, lua_upvalueindex(1)) || lua_rawequal(L, -1, lua_upvalueindex(2));
    lua_pop(L, 1);
    return is;
}
#else
static bool is_pcall(lua_State *L, lua_Debug *frame) {
    (void)L;
    (void)frame;
    return false;
}
#endif

/* In Lua 5.1 an iterator or a metamethod that is written in Lua is called through C, although no C
 * function stands between it and its caller. Such a call has no name. */
static bool is_called_through_c(lua_State *L, int level, const lua_Debug *frame) {
    lua_Debug caller;
    if (LUA_VERSION_NUM >= 502 || !lua_getstack(L, level + 1, &caller)) {
        return false;
    }
    lua_getinfo(L, "S", &caller);
    bool is_nameless = !*frame->namewhat || (frame->name && *frame->name == '(');
    return strcmp(caller.what, "tail") != 0 && is_nameless;
}

int df_lua_is_yieldable(lua_State *L) {
    lua_Debug frame;
    bool yieldable = !lua_pushthread(L);
    for (int level = 1; yieldable && lua_getstack(L, level, &frame); level++) {
        lua_getinfo(L, "Sn", &frame);
        if (*frame.what == 'C') {
            yieldable = is_pcall(L, &frame);
        } else if (*frame.what == 'L' && is_called_through_c(L, level, &frame)) {
            yieldable = false;
        }
    }
    lua_pushboolean(L, yieldable);
    return 1;
}

#endif

void df_lua_set_is_yieldable(lua_State *L) {
    lua_getglobal(L, "pcall");
    lua_getglobal(L, "xpcall");
    lua_pushcclosure(L, df_lua_is_yieldable, 2);
    lua_setfield(L, -2, "is_yieldable");
}
