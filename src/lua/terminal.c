#include "lua/terminal.h"

#include "base/terminal.h"

#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_REPLY = 4096 };

/* ask(question [, echo]) -> reply, or nil and "no terminal" or "cancelled" */
static int ask(lua_State *L) {
    char reply[LONGEST_REPLY];
    size_t length = 0;
    const char *question = luaL_checkstring(L, 1);
    enum df_reply what =
        df_terminal_ask(question, lua_toboolean(L, 2), reply, sizeof reply, &length);
    if (what != DF_REPLY) {
        OPENSSL_cleanse(reply, sizeof reply);
        lua_pushnil(L);
        lua_pushstring(L, what == DF_REPLY_NO_TERMINAL ? "no terminal" : "cancelled");
        return 2;
    }
    lua_pushlstring(L, reply, length);
    OPENSSL_cleanse(reply, sizeof reply);
    return 1;
}

/* is_terminal(descriptor) -> boolean */
static int is_terminal(lua_State *L) {
    lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
    return 1;
}

/* columns() -> number, 0 where it is not known */
static int columns(lua_State *L) {
    lua_pushinteger(L, df_terminal_columns());
    return 1;
}

/* interrupt(): ends the process as Ctrl-C does */
static int interrupt(lua_State *L) {
    (void)L;
    df_terminal_interrupt();
    return 0;
}

static const luaL_Reg functions[] = {
    {"ask", ask}, {"is_terminal", is_terminal}, {"columns", columns}, {"interrupt", interrupt},
    {NULL, NULL},
};

void df_lua_push_terminal(lua_State *L) {
    lua_newtable(L);
    df_lua_set_functions(L, functions, 0);
}
