#ifndef DF_EMBED_SUPPORT_H
#define DF_EMBED_SUPPORT_H

/* For programs that embed Lua with both modules linked in, so that every allocator is in hand. */

/* cmocka wants these before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#if defined(__has_include) && __has_include(<luajit.h>)
#include <luajit.h>
#endif
#include <stdbool.h>
#include <sys/types.h>

/* One place that memory comes from, which can be told to fail. */
struct source {
    const char *name;
    long count;    /* allocations so far */
    long fail_at;  /* the one that fails, counted from 1; 0: none */
    bool for_good; /* and each after it, until the failure was reported */
    bool failed;   /* that allocation was reached */
    bool failing;  /* and those that follow fail too */
    long live;     /* blocks, or bytes of Lua's */
};

extern struct source lua_source;  /* Lua's own */
extern struct source core_source; /* src/base/alloc.h */
extern struct source curl_source; /* libcurl, by curl_global_init_mem */

/* Begins to count, and to fail. */
void source_arm(struct source *source, long fail_at, bool for_good);
void source_disarm(struct source *source);

/* Loads the libraries that Lua's modules bring along, for good. */
void embed_keep_libraries(void);

/* Puts the counting allocators under the core and libcurl, and keeps the libraries loaded. Once,
 * before anything else. */
void embed_init(void);

/* A server for tests on a loopback port, with and without TLS, in a process of its own. */
struct server {
    pid_t process;
    char ca_file[96]; /* whom to trust: inside the folder that server_start was given */
    int port;
    int dead_port; /* nothing listens there */
};
void server_start(struct server *server, const char *folder);
void server_stop(const struct server *server);

/* Opens the libraries of a state, and puts both modules into package.preload. */
void embed_open(lua_State *L);

/* A Lua state that takes its memory from a source, opened by embed_open. NULL if this Lua takes no
 * allocator of ours. */
lua_State *embed_state(struct source *source);

/* A whole collection wherever Lua looks whether one is due, which is nearly everywhere that it
 * allocates. */
void embed_collect_always(lua_State *L);

/* Pushes an object whose finaliser is this function: kept by nobody, it tells of a collection. */
void embed_push_sentinel(lua_State *L, lua_CFunction collected);

/* What spec/embed/exercise.lua is given. */
struct exercise {
    const struct server *server; /* NULL: leave out what needs the network */
    const char *folder;          /* where files may be written */
    const char *part;            /* "core", "curl", "tls", "client" or "all" */
    bool lenient;                /* see there */
    int failures;                /* errors for want of memory that the last run reported */
};

/* Loads the exercise into a state; false if that fails. */
bool exercise_load(lua_State *L, struct exercise *exercise);
/* Runs it. NULL if each step did what it should, or reported that memory ran out; else what was
 * wrong, on the state's stack. */
const char *exercise_run(lua_State *L, struct exercise *exercise);

/* Descriptors that the process has open. */
int open_descriptors(void);

/* A new folder; the caller removes it by remove_folder. */
void make_folder(char path[64]);
void remove_folder(const char *path);

#endif
