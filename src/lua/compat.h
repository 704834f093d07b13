#ifndef DF_LUA_COMPAT_H
#define DF_LUA_COMPAT_H

#include "base/text.h"

#include <lauxlib.h>
#include <lua.h>

/* One spelling for what Lua 5.1, 5.2, 5.3, 5.4 and LuaJIT spell differently. The names are our own,
 * since some headers have some of the later names. */

#if defined(_WIN32)
#define DF_EXPORT __declspec(dllexport)
#else
#define DF_EXPORT __attribute__((visibility("default")))
#endif

#if LUA_VERSION_NUM >= 503
#define DF_LUA_HAS_INTEGERS 1
#else
#define DF_LUA_HAS_INTEGERS 0
#endif

#if LUA_VERSION_NUM >= 502
#define df_lua_length(L, index) ((size_t)lua_rawlen(L, index))
#else
#define df_lua_length(L, index) lua_objlen(L, index)
#endif

/* A table that lives as long as the userdata at `index`: set pops it, get pushes it. */
#if LUA_VERSION_NUM >= 502
#define df_lua_set_companion(L, index) lua_setuservalue(L, index)
#define df_lua_get_companion(L, index) lua_getuservalue(L, index)
#else
#define df_lua_set_companion(L, index) lua_setfenv(L, index)
#define df_lua_get_companion(L, index) lua_getfenv(L, index)
#endif

/* Room for so many values more. Where memory ran out, Lua calls it an overflow, too. */
#define DF_LUA_RESERVE(L, slots, what) luaL_checkstack(L, slots, what ", or not enough memory")

/* Whole numbers become integers where Lua has them. */
static inline void df_lua_push_whole(lua_State *L, double value) {
#if DF_LUA_HAS_INTEGERS
    lua_pushinteger(L, (lua_Integer)value);
#else
    lua_pushnumber(L, value);
#endif
}

/* Puts functions into the table at the top; each gets the `upvalues` values above it, popped. */
static inline void df_lua_set_functions(lua_State *L, const luaL_Reg *functions, int upvalues) {
    DF_LUA_RESERVE(L, upvalues + 1, "too many upvalues");
    for (; functions->name; functions++) {
        for (int i = 0; i < upvalues; i++) {
            lua_pushvalue(L, -upvalues);
        }
        lua_pushcclosure(L, functions->func, upvalues);
        lua_setfield(L, -(upvalues + 2), functions->name);
    }
    lua_pop(L, upvalues);
}

/* Gives the metatable below the top the table of methods at the top, and keeps it to itself: Lua
 * code can reach no __gc, which takes objects to be out of use. */
static inline void df_lua_hide_metatable(lua_State *L, const char *name) {
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
}

/* The userdata at `index` if its metatable is the one at `metatable` (an upvalue's index), without
 * the look-up by name that luaL_checkudata makes on each call. */
static inline void *df_lua_test_userdata(lua_State *L, int index, int metatable) {
    void *data = lua_touserdata(L, index);
    if (data && lua_getmetatable(L, index)) {
        int same = lua_rawequal(L, -1, metatable);
        lua_pop(L, 1);
        return same ? data : NULL;
    }
    return NULL;
}

/* The same of an object whose method is called. */
static inline void *df_lua_check_self(lua_State *L, int metatable, const char *expected) {
    void *data = df_lua_test_userdata(L, 1, metatable);
    if (!data) {
        luaL_argerror(L, 1, expected);
    }
    return data;
}

/* A string, and no number in its place. */
static inline struct df_text df_lua_check_text(lua_State *L, int argument) {
    struct df_text text;
    if (lua_type(L, argument) != LUA_TSTRING) {
        luaL_checktype(L, argument, LUA_TSTRING); /* raises */
    }
    text.data = lua_tolstring(L, argument, &text.length);
    return text;
}

/* Returns nil and a message. */
static inline int df_lua_refuse(lua_State *L, const char *message) {
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

#endif
