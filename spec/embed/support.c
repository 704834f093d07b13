#define _GNU_SOURCE /* dladdr */

#include "support.h"

#include "base/alloc.h"

#include <curl/curl.h>
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__has_include)
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAS_BACKTRACE
#endif
#endif

int luaopen_dataforest_core(lua_State *L);
int luaopen_dataforest_curl(lua_State *L);

struct source lua_source = {.name = "Lua"};
struct source core_source = {.name = "the core"};
struct source curl_source = {.name = "libcurl"};

void source_arm(struct source *source, long fail_at, bool for_good) {
    source->count = 0;
    source->fail_at = fail_at;
    source->for_good = for_good;
    source->failed = source->failing = false;
}

void source_disarm(struct source *source) {
    source->fail_at = 0;
    source->failing = false;
}

/* Until 8.12, libcurl frees a name twice if memory runs out while it stores a TLS session: the
 * allocations that it makes when libssl hands it one are not for us to fail. */
#ifdef HAS_BACKTRACE
static bool is_broken_place(const struct source *source) {
    void *frames[32];
    Dl_info place;
    if (source != &curl_source || curl_version_info(CURLVERSION_NOW)->version_num >= 0x080c00) {
        return false;
    }
    int count = backtrace(frames, sizeof frames / sizeof *frames);
    bool in_libcurl = false;
    for (int i = 0; i < count && dladdr(frames[i], &place); i++) {
        if (in_libcurl && strstr(place.dli_fname, "libssl")) {
            return true;
        }
        in_libcurl = in_libcurl || strstr(place.dli_fname, "libcurl");
    }
    return false;
}
#else
static bool is_broken_place(const struct source *source) {
    (void)source;
    return false;
}
#endif

static bool must_fail(struct source *source) {
    source->count++;
    bool fails = source->count == source->fail_at || source->failing;
    if (source->count == source->fail_at) {
        source->failed = true;
        source->failing = source->for_good;
    }
    return fails && !is_broken_place(source);
}

/* Lua's. It counts on it that a block can always be made smaller. Each block moves, and what was in
 * its old place is spoilt, so that nobody gets away with a pointer into it. */
static void *lua_allocate(void *context, void *block, size_t old_size, size_t size) {
    struct source *source = context;
    size_t old = block ? old_size : 0;
    void *moved = NULL;
    if (size > old && must_fail(source)) {
        return NULL;
    }
    if (size > 0 && !(moved = malloc(size))) {
        return NULL;
    }
    if (block) {
        if (moved) {
            memcpy(moved, block, size < old ? size : old);
        }
        memset(block, 0xDD, old);
        free(block);
    }
    source->live += (long)size - (long)old;
    return moved;
}

/* The same functions for the core and for libcurl, each with its source. */
static void *allocate(struct source *source, size_t size) {
    void *block = must_fail(source) ? NULL : malloc(size);
    source->live += block != NULL;
    return block;
}

static void *reallocate(struct source *source, void *block, size_t size) {
    void *grown = must_fail(source) ? NULL : realloc(block, size);
    source->live += grown && !block;
    return grown;
}

static void release(struct source *source, void *block) {
    source->live -= block != NULL;
    free(block);
}

static void *core_malloc(size_t size) {
    return allocate(&core_source, size);
}
static void *core_realloc(void *block, size_t size) {
    return reallocate(&core_source, block, size);
}
static void core_free(void *block) {
    release(&core_source, block);
}

static void *curl_malloc(size_t size) {
    return allocate(&curl_source, size);
}
static void *curl_realloc(void *block, size_t size) {
    return reallocate(&curl_source, block, size);
}
static void curl_release(void *block) {
    release(&curl_source, block);
}
static void *curl_calloc(size_t count, size_t size) {
    void *block = allocate(&curl_source, count * size);
    return block ? memset(block, 0, count * size) : NULL;
}
static char *curl_strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = allocate(&curl_source, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

/* For as long as the libraries of others stay loaded, tools can tell whose a finding is, and see no
 * races in the loader, whose lock they do not know. */
void embed_keep_libraries(void) {
    static const char paths[] = "local find = package.searchpath or function() end\n"
                                "return find('cjson', package.cpath), find('lxp', package.cpath)";
    lua_State *L = luaL_newstate();
    if (!L) {
        return;
    }
    luaL_openlibs(L);
    if (luaL_loadstring(L, paths) == 0 && lua_pcall(L, 0, 2, 0) == 0) {
        for (int i = 1; i <= 2; i++) {
            if (lua_isstring(L, -i)) {
                dlopen(lua_tostring(L, -i), RTLD_NOW | RTLD_NODELETE);
            }
        }
    }
    lua_close(L);
}

void embed_init(void) {
    embed_keep_libraries();
    static const struct df_allocator allocator = {core_malloc, core_realloc, core_free};
    df_set_allocator(&allocator);
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, curl_release, curl_realloc,
                             curl_strdup, curl_calloc) != CURLE_OK) {
        abort();
    }
}

static int open_all(lua_State *L) {
    luaL_openlibs(L);
    lua_getglobal(L, "package");
    lua_pushliteral(L,
                    DATAFOREST_SOURCE_DIR "/lua/?.lua;" DATAFOREST_SOURCE_DIR "/lua/?/init.lua;");
    lua_getfield(L, -2, "path");
    lua_concat(L, 2);
    lua_setfield(L, -2, "path");
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, luaopen_dataforest_core);
    lua_setfield(L, -2, "dataforest.core");
    lua_pushcfunction(L, luaopen_dataforest_curl);
    lua_setfield(L, -2, "dataforest.curl");
    return 0;
}

void embed_open(lua_State *L) {
    lua_pushcfunction(L, open_all);
    if (lua_pcall(L, 0, 0, 0) != 0) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        abort();
    }
}

lua_State *embed_state(struct source *source) {
#if LUA_VERSION_NUM >= 505
    lua_State *L = lua_newstate(lua_allocate, source, 1);
#else
    lua_State *L = lua_newstate(lua_allocate, source);
#endif
    if (!L) {
        return NULL;
    }
    embed_open(L);
    return L;
}

void embed_collect_always(lua_State *L) {
#if LUA_VERSION_NUM >= 505
    lua_gc(L, LUA_GCINC);
    lua_gc(L, LUA_GCPARAM, LUA_GCPPAUSE, 0);
    lua_gc(L, LUA_GCPARAM, LUA_GCPSTEPMUL, 0); /* a step is a whole collection */
    lua_gc(L, LUA_GCPARAM, LUA_GCPSTEPSIZE, 1);
#elif LUA_VERSION_NUM == 504
    lua_gc(L, LUA_GCINC, 1, 1000, 100); /* a step of 2^100 is one */
#else
    lua_gc(L, LUA_GCSETPAUSE, 0);
    lua_gc(L, LUA_GCSETSTEPMUL, 1000000);
#endif
    lua_gc(L, LUA_GCCOLLECT, 0); /* the settings hold from the next one on */
}

void embed_push_sentinel(lua_State *L, lua_CFunction collected) {
    lua_newuserdata(L, 1);
    lua_newtable(L);
    lua_pushcfunction(L, collected);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
}

/* The exercise calls it when a step said that memory ran out. */
static int reported(lua_State *L) {
    struct exercise *exercise = lua_touserdata(L, lua_upvalueindex(1));
    lua_source.failing = core_source.failing = curl_source.failing = false;
    exercise->failures++;
    return 0;
}

bool exercise_load(lua_State *L, struct exercise *exercise) {
    lua_newtable(L);
    lua_pushlightuserdata(L, exercise);
    lua_pushcclosure(L, reported, 1);
    lua_setfield(L, -2, "reported");
    lua_pushstring(L, exercise->folder);
    lua_setfield(L, -2, "folder");
    lua_pushstring(L, exercise->part);
    lua_setfield(L, -2, "part");
    lua_pushboolean(L, exercise->lenient);
    lua_setfield(L, -2, "lenient");
    lua_pushinteger(L, exercise->server ? exercise->server->port : 0);
    lua_setfield(L, -2, "port");
    lua_pushstring(L, exercise->server ? exercise->server->ca_file : "");
    lua_setfield(L, -2, "ca_file");
    lua_pushinteger(L, exercise->server ? exercise->server->dead_port : 0);
    lua_setfield(L, -2, "dead_port");
    lua_setglobal(L, "host");
    if (luaL_loadfile(L, DATAFOREST_SOURCE_DIR "/spec/embed/exercise.lua") == 0 &&
        lua_pcall(L, 0, 1, 0) == 0) {
        return true;
    }
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    return false;
}

/* The function that the exercise's file returned is at the bottom of the stack. */
const char *exercise_run(lua_State *L, struct exercise *exercise) {
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    int status = lua_pcall(L, 0, 1, 0);
    if (status == LUA_ERRMEM) { /* between two steps */
        exercise->failures++;
        return NULL;
    }
    if (status == 0) {
        return lua_tostring(L, -1);
    }
    const char *message = lua_tostring(L, -1);
    return message ? message : "an error that is not a string";
}

int open_descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/dev/fd"); /* on Linux, too */
    while (folder && readdir(folder)) {
        count++;
    }
    if (folder) {
        closedir(folder);
    }
    return count;
}

void make_folder(char path[64]) {
    /* In memory where possible: each file that is saved waits for the disk. */
    strcpy(path, access("/dev/shm", W_OK) == 0 ? "/dev/shm/dataforest-embed.XXXXXX"
                                               : "/tmp/dataforest-embed.XXXXXX");
    if (!mkdtemp(path)) {
        perror(path);
        abort();
    }
}

void remove_folder(const char *path) {
    DIR *folder = opendir(path);
    const struct dirent *entry;
    char name[400];
    while (folder && (entry = readdir(folder))) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name);
    }
    if (folder) {
        closedir(folder);
    }
    rmdir(path);
}
