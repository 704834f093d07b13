/* The secret key in the process's memory: this program knows it only in a masked form, hands it
 * over, and then looks through its own memory, all of it, for copies.
 *
 * What is looked for is any stretch of WINDOW bytes of the key, as it is or as HMAC pads it. While
 * a signer is open, libcrypto's context holds the key once, and nobody else does; after it was
 * closed, nobody does. Lua's own strings live in an arena that is not looked at: they cannot be
 * wiped. */

#define _GNU_SOURCE

#include "support.h"

#include "sign/sign.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MASK = 0xA5, WINDOW = 12, KEY_MAX = 100, CHUNK = 1 << 20, ARENA = 32 << 20, PAGE = 4096 };
enum { INNER_PAD = 0x36, OUTER_PAD = 0x5C };

static unsigned char masked[KEY_MAX];
static size_t key_count;

/* One mapping that is not looked at, between two pages that keep it apart from others. */
static struct hidden {
    char lent[PAGE];   /* the key as it is, for as long as somebody is given it */
    char chunk[CHUNK]; /* what is being looked at */
    char arena[ARENA]; /* Lua's memory */
} * hidden;
static size_t arena_used;

static void map_hidden(void) {
    char *at =
        mmap(NULL, sizeof *hidden + 2UL * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at + PAGE, sizeof *hidden, PROT_READ | PROT_WRITE) != 0) {
        abort();
    }
    hidden = (struct hidden *)(void *)(at + PAGE);
}

/* Which bytes follow which in the masked key: most of the memory can be passed over at once. */
static bool pairs[256][256];

/* A key that is in no program and in no file. */
static void choose_key(size_t count) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && read(fd, masked, count) == (ssize_t)count);
    close(fd);
    for (size_t i = 0; i < count; i++) {
        masked[i] = (unsigned char)alphabet[masked[i] % 64] ^ MASK;
    }
    key_count = count;
    memset(pairs, 0, sizeof pairs);
    for (size_t i = 0; i + 1 < count; i++) {
        pairs[masked[i]][masked[i + 1]] = true;
    }
}

static struct df_text lend_key(void) {
    for (size_t i = 0; i < key_count; i++) {
        hidden->lent[i] = (char)(masked[i] ^ MASK);
    }
    return (struct df_text){hidden->lent, key_count};
}

/* Whoever copied the key had it in registers: zeros go the same way after it. */
static void take_key_back(void) {
    static void *(*const volatile copy)(void *to, const void *from, size_t count) = memcpy;
    static char zeros[2][KEY_MAX];
    OPENSSL_cleanse(hidden->lent, key_count);
    copy(zeros[0], zeros[1], key_count);
}

/* Bytes that the key and the memory have in common, from some place of each. `mask` is the key's,
 * and that of HMAC's pad. */
static size_t common(const unsigned char *bytes, size_t count, size_t from, unsigned char mask) {
    size_t same = 0;
    while (same < count && from + same < key_count && (bytes[same] ^ mask) == masked[from + same]) {
        same++;
    }
    return same;
}

/* How many copies of the key, or of parts of it, there are. */
static int count_copies(const unsigned char *bytes, size_t count, unsigned char pad) {
    int copies = 0;
    unsigned char mask = pad ^ MASK;
    for (size_t at = 0; at + WINDOW <= count; at++) {
        if (!pairs[bytes[at] ^ mask][bytes[at + 1] ^ mask]) {
            continue;
        }
        for (size_t from = 0; from + WINDOW <= key_count; from++) {
            size_t same = common(bytes + at, count - at, from, mask);
            if (same >= WINDOW) {
                copies++;
                at += same;
                break;
            }
        }
    }
    return copies;
}

/* One mapping, in pieces. */
static int look_through(int memory, uintptr_t from, uintptr_t to) {
    static const unsigned char pads[] = {0, INNER_PAD, OUTER_PAD};
    int copies = 0;
    size_t wanted = 0;
    for (uintptr_t at = from; at < to; at += wanted) { /* not past the last address */
        wanted = to - at < CHUNK ? to - at : CHUNK;
        ssize_t count = pread(memory, hidden->chunk, wanted, (off_t)at);
        for (int i = 0; count > 0 && i < 3; i++) {
            copies += count_copies((unsigned char *)hidden->chunk, (size_t)count, pads[i]);
        }
    }
    return copies;
}

/* Copies of the key in all of the process's memory. */
static int copies_in_memory(void) {
    int copies = 0;
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    assert_non_null(maps);
    assert_true(memory >= 0);
    while (fgets(line, sizeof line, maps)) {
        char *rest = line;
        uintptr_t from = strtoull(line, &rest, 16);
        uintptr_t to = strtoull(rest + 1, &rest, 16);
        if (rest[1] == 'r' && from != (uintptr_t)hidden) {
            copies += look_through(memory, from, to);
        }
    }
    close(memory);
    fclose(maps);
    return copies;
}

/* ---- the core ---- */

static const struct df_text access_key = {"AK_TEST", 7};

static void sign_with(struct df_signer *signer) {
    static char target[3000];
    char signature[DF_SIGNATURE_SIZE];
    struct df_sign_request request = {{"POST", 4}, {"/api/v2/accounts", 16}, {"1700000000000", 13}};
    memset(target, 'x', sizeof target);
    assert_null(df_signer_sign(signer, &request, signature));
    request.target = (struct df_text){target, sizeof target};
    assert_null(df_signer_sign(signer, &request, signature));
}

static void only_libcrypto_holds_a_key(size_t count) {
    struct df_signer signer = {0};
    choose_key(count);
    lend_key();
    take_key_back();
    assert_int_equal(copies_in_memory(), 0);
    assert_null(df_signer_open(&signer, access_key, lend_key()));
    take_key_back();
    assert_int_equal(copies_in_memory(), 1); /* in the EVP_MAC_CTX, until it is freed */
    sign_with(&signer);
    assert_int_equal(copies_in_memory(), 1);
    df_signer_close(&signer);
    assert_int_equal(copies_in_memory(), 0);
}

static void a_short_key(void **state) {
    (void)state;
    only_libcrypto_holds_a_key(40);
}

/* One that is longer than a block of the hash, which HMAC hashes first. */
static void a_long_key(void **state) {
    (void)state;
    only_libcrypto_holds_a_key(KEY_MAX);
}

static void a_key_that_is_refused(void **state) {
    struct df_signer signer = {0};
    (void)state;
    choose_key(40);
    masked[39] = '\n' ^ MASK;
    assert_non_null(df_signer_open(&signer, access_key, lend_key()));
    take_key_back();
    assert_int_equal(copies_in_memory(), 0);
}

/* A search that finds nothing would find nothing wrong either. */
static void the_search_finds_copies(void **state) {
    static unsigned char place[4][KEY_MAX];
    (void)state;
    choose_key(40);
    lend_key();
    memcpy(place[0], hidden->lent, 40);
    memcpy(place[1] + 1, hidden->lent + 20, WINDOW);
    for (int i = 0; i < 40; i++) {
        place[2][i] = (unsigned char)hidden->lent[i] ^ INNER_PAD;
        place[3][i] = (unsigned char)hidden->lent[i] ^ OUTER_PAD;
    }
    take_key_back();
    assert_int_equal(copies_in_memory(), 4);
    OPENSSL_cleanse(place, sizeof place);
    assert_int_equal(copies_in_memory(), 0);
}

/* ---- the binding, and a client ---- */

/* Nothing is given back. */
static void *take_from_arena(void *context, void *block, size_t old_size, size_t size) {
    (void)context;
    if (size == 0 || (block && size <= old_size)) {
        return size == 0 ? NULL : block;
    }
    char *at = hidden->arena + arena_used;
    arena_used += (size + 15) / 16 * 16;
    if (arena_used > ARENA) {
        return NULL;
    }
    return block ? memcpy(at, block, old_size) : at;
}

static lua_State *state_with_key(void) {
    arena_used = 0;
#if LUA_VERSION_NUM >= 505
    lua_State *L = lua_newstate(take_from_arena, NULL, 1);
#else
    lua_State *L = lua_newstate(take_from_arena, NULL);
#endif
    assert_non_null(L);
    embed_open(L);
    struct df_text key = lend_key();
    lua_pushlstring(L, key.data, key.length);
    lua_setglobal(L, "key");
    take_key_back();
    return L;
}

static void run(lua_State *L, const char *code) {
    if (luaL_loadstring(L, code) != 0 || lua_pcall(L, 0, 0, 0) != 0) {
        fail_msg("%s", lua_tostring(L, -1));
    }
}

static void a_signer_in_lua(void **state) {
    (void)state;
    choose_key(40);
    lua_State *L = state_with_key();
    run(L, "core = require 'dataforest.core'; signer = assert(core.signer('AK_TEST', key))");
    run(L, "assert(signer:sign('POST', '/api/v2/accounts', 1700000000000))");
    assert_int_equal(copies_in_memory(), 1);
    run(L, "signer:close()");
    assert_int_equal(copies_in_memory(), 0);
    run(L, "signer = assert(core.signer('AK_TEST', key)); signer = nil");
    run(L, "collectgarbage(); collectgarbage()");
    assert_int_equal(copies_in_memory(), 0);
    run(L, "signer = assert(core.signer('AK_TEST', key))");
    lua_close(L);
    assert_int_equal(copies_in_memory(), 0);
}

static void a_client(void **state) {
    (void)state;
    choose_key(40);
    lua_State *L = state_with_key();
    run(L, "dataforest = require 'dataforest'\n"
           "df = dataforest.new { access_key = 'AK_TEST', secret_key = key, retry = false,\n"
           "  transport = function() return nil, { kind = 'network', message = 'none', sent = "
           "false } end }\n"
           "for _, format in ipairs { 'json', 'xml' } do\n"
           "  local value, err = df.accounts:get_detail('axE7wU9ERm8fTc7e17vNvu', { format = "
           "format })\n"
           "  assert(not value and err.kind == 'network', tostring(err))\n"
           "end");
    assert_int_equal(copies_in_memory(), 1);
    run(L, "df:close()");
    assert_int_equal(copies_in_memory(), 0);
    run(L, "assert(dataforest.sign { method = 'POST', target = '/x', timestamp = 1,\n"
           "  access_key = 'AK_TEST', secret_key = key })");
    assert_int_equal(copies_in_memory(), 0);
    lua_close(L);
}

/* A client whose keys come from a provider. `expires` is a Lua expression. */
static lua_State *state_with_provider(const char *expires) {
    char code[1024];
    lua_State *L = state_with_key();
    snprintf(code, sizeof code,
             "asked, status = 0, 200\n"
             "df = require('dataforest').new { retry = false, credentials = function()\n"
             "  asked = asked + 1\n"
             "  return { access_key = 'AK' .. asked, secret_key = key, expires = %s }\n"
             "end, transport = function() return { status = status, body = '{}' } end }\n"
             "function call() return df.accounts:get_list() end",
             expires);
    run(L, code);
    return L;
}

static void a_provider_that_is_asked_each_time(void **state) {
    (void)state;
    choose_key(40);
    lua_State *L = state_with_provider("nil");
    run(L, "call() call() assert(asked == 2)");
    assert_int_equal(copies_in_memory(), 0);
    run(L, "df:close()");
    assert_int_equal(copies_in_memory(), 0);
    lua_close(L);
}

static void a_provider_whose_keys_expire(void **state) {
    (void)state;
    choose_key(40);
    lua_State *L = state_with_provider("1"); /* long ago: others at each call */
    run(L, "call() call() call() assert(asked == 3)");
    assert_int_equal(copies_in_memory(), 1);
    run(L, "df:close()");
    assert_int_equal(copies_in_memory(), 0);
    lua_close(L);
}

static void a_provider_whose_keys_are_refused(void **state) {
    (void)state;
    choose_key(40);
    lua_State *L = state_with_provider("math.huge");
    run(L, "call() call() assert(asked == 1)");
    assert_int_equal(copies_in_memory(), 1);
    run(L, "status = 401; assert(not call()) assert(asked == 2)");
    assert_int_equal(copies_in_memory(), 1);
    run(L, "df:close()");
    assert_int_equal(copies_in_memory(), 0);
    lua_close(L);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_finds_copies),
        cmocka_unit_test(a_short_key),
        cmocka_unit_test(a_long_key),
        cmocka_unit_test(a_key_that_is_refused),
        cmocka_unit_test(a_signer_in_lua),
        cmocka_unit_test(a_client),
        cmocka_unit_test(a_provider_that_is_asked_each_time),
        cmocka_unit_test(a_provider_whose_keys_expire),
        cmocka_unit_test(a_provider_whose_keys_are_refused),
    };
    if (access("/proc/self/mem", R_OK) != 0) {
        puts("ok 1 # SKIP wiped keys: there is no /proc/self/mem\n1..1");
        return 0;
    }
    map_hidden();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
