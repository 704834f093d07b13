#ifndef DF_LUA_MESSAGES_H
#define DF_LUA_MESSAGES_H

#include "base/kinds.h"
#include "http1/reader.h"
#include "http1/writer.h"
#include "lua/compat.h"

/* What both transports' bindings make of requests and responses. */

enum { DF_LUA_MAX_HEADERS = 64 };

/* Reads the headers of the table at `index`. Names and values stay on the stack, so that they live
 * whatever becomes of the table. Allocates nothing but stack, and returns how many there are; -1
 * with the problem where there are too many, or something else is among them. */
int df_lua_read_headers(lua_State *L, int index, struct df_http1_field fields[DF_LUA_MAX_HEADERS],
                        const char **problem);

/* Pushes a table of name = value; values of a repeated name are joined with ", ". */
void df_lua_push_headers(lua_State *L, const struct df_http1_reader *reader);

/* Pushes the table that a transport returns for what went wrong. */
void df_lua_push_failure(lua_State *L, enum df_kind kind, const char *message, bool sent);

#endif
