/* Each allocation fails: the n-th of Lua's, of the core's and of libcurl's, for every n until the
 * exercise ends. Once, and from then on until someone is told. Each time every step of the exercise
 * must do what it should or report that memory ran out; the same Lua state must then go through all
 * of it; and nothing may be left behind.
 *
 * Of libcurl's, which are many, every 17th fails, unless DATAFOREST_ALLOCATIONS is "all".
 * DATAFOREST_STRIDE=N takes every N-th of all of them, since sanitizers make this slow. */

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* LuaJIT loses blocks of 16 or 32 bytes when memory runs out. They are its own: nothing of ours
 * takes memory from Lua's allocator. */
#ifdef LUAJIT_VERSION
enum { LOSES_ITS_OWN = 1 };
#else
enum { LOSES_ITS_OWN = 0 };
#endif

enum { SECONDS_FOR_ONE = 30, RUNS_AT_MOST = 100000, CURL_STRIDE = 17, CLIENT_RUNS = 50 };

static struct server server;
static char folder[64];
static long common_stride = 1;
static long curl_stride = CURL_STRIDE;

/* A state and what runs in it. */
struct subject {
    lua_State *L;
    struct exercise exercise;
    int runs;
};

static void open_subject(struct subject *subject, const struct source *source, const char *part) {
    const struct exercise exercise = {&server, folder, part, source == &curl_source, 0};
    subject->exercise = exercise;
    subject->runs = 0;
    subject->L = embed_state(&lua_source);
    assert_non_null(subject->L);
    assert_true(exercise_load(subject->L, &subject->exercise));
}

static void close_subject(struct subject *subject) {
    if (subject->L) {
        lua_close(subject->L);
        subject->L = NULL;
    }
}

/* The exercise, with allocation `n` failing, and again with none. Returns whether that one was
 * reached. */
static bool run(struct subject *subject, struct source *source, long n, bool for_good) {
    source_arm(source, n, for_good);
    const char *problem = exercise_run(subject->L, &subject->exercise);
    bool failed = source->failed;
    source_disarm(source);
    if (problem) {
        fail_msg("allocation %ld of %s: %s", n, source->name, problem);
    }
    subject->exercise.failures = 0;
    problem = exercise_run(subject->L, &subject->exercise);
    if (problem || subject->exercise.failures) {
        fail_msg("after allocation %ld of %s had failed: %s", n, source->name,
                 problem ? problem : "memory is still said to run out");
    }
    subject->runs++;
    return failed;
}

static void check_left(const struct source *source, long before, long n) {
    if (source->live != before) {
        fail_msg("%ld left of %s after allocation %ld failed", source->live - before, source->name,
                 n);
    }
}

/* What there was before a state was opened must be what there is once it is closed. */
struct holdings {
    long lua;
    long core;
    long curl;
    int descriptors;
};

static struct holdings take_stock(void) {
    return (struct holdings){lua_source.live, core_source.live, curl_source.live,
                             open_descriptors()};
}

/* Whether only libcurl holds more than before. Some of its paths, which depend on when the server's
 * bytes arrive, leave a block behind where memory runs out; what we forgot would be there each
 * time. */
static bool is_left_with_libcurl(struct holdings before, long n) {
    if (!LOSES_ITS_OWN) {
        check_left(&lua_source, before.lua, n);
    }
    check_left(&core_source, before.core, n);
    assert_int_equal(open_descriptors(), before.descriptors);
    return curl_source.live != before.curl;
}

/* A client takes long to load, so that several runs share a state. Where libcurl is left with
 * something, they are run again, and must leave nothing then. */
static long sweep_from(struct source *source, const char *part, bool for_good, long stride) {
    struct subject subject = {0};
    struct holdings before = take_stock();
    long runs = 0;
    long first = 0;  /* of those that share the state */
    long again = -1; /* the first of those that were run again */
    bool reached = true;
    for (long n = for_good ? 1 + stride / 2 : 1; reached; n += stride, runs++) {
        assert_true(runs < RUNS_AT_MOST);
        alarm(SECONDS_FOR_ONE); /* a call that never ends is a failure, too */
        if (!subject.L) {
            first = n;
            before = take_stock();
            open_subject(&subject, source, part);
        }
        reached = run(&subject, source, n, for_good);
        if (!reached || subject.runs == CLIENT_RUNS || strcmp(part, "client") != 0) {
            close_subject(&subject);
            if (is_left_with_libcurl(before, n)) {
                if (source != &curl_source || again == first) {
                    check_left(&curl_source, before.curl, n);
                }
                print_message("# %ld left of libcurl: once more\n", curl_source.live - before.curl);
                again = first;
                n = first - stride;
                reached = true;
            }
        }
        alarm(0);
    }
    return runs - 1;
}

static void sweep(struct source *source, const char *part) {
    struct subject subject;
    long failed = 0;
    long stride = common_stride * (source == &curl_source ? curl_stride : 1);
    open_subject(&subject, source, part); /* what libraries keep from their first use on */
    run(&subject, source, 0, false);
    close_subject(&subject);
    for (int for_good = 0; for_good <= 1; for_good++) {
        failed += sweep_from(source, part, for_good, stride);
    }
    assert_true(failed > 0);
    print_message("# part %s: %ld allocations of %s failed in turn\n", part, failed, source->name);
}

#define SWEEP(name, source, part)                                                                  \
    static void name(void **state) {                                                               \
        (void)state;                                                                               \
        sweep(&(source), part);                                                                    \
    }
SWEEP(core_in_core, core_source, "core")
SWEEP(core_in_curl, core_source, "curl")
SWEEP(core_in_tls, core_source, "tls")
SWEEP(libcurl_in_curl, curl_source, "curl")
SWEEP(libcurl_in_tls, curl_source, "tls")
SWEEP(libcurl_in_client, curl_source, "client")
SWEEP(lua_in_core, lua_source, "core")
SWEEP(lua_in_curl, lua_source, "curl")
SWEEP(lua_in_client, lua_source, "client")

static long number_from(const char *name, long otherwise) {
    const char *value = getenv(name);
    long number = value ? strtol(value, NULL, 10) : 0;
    return number > 0 ? number : otherwise;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(core_in_core),      cmocka_unit_test(core_in_curl),
        cmocka_unit_test(core_in_tls),       cmocka_unit_test(lua_in_core),
        cmocka_unit_test(lua_in_curl),       cmocka_unit_test(lua_in_client),
        cmocka_unit_test(libcurl_in_curl),   cmocka_unit_test(libcurl_in_tls),
        cmocka_unit_test(libcurl_in_client),
    };
    const char *all = getenv("DATAFOREST_ALLOCATIONS");
    curl_stride = all && strcmp(all, "all") == 0 ? 1 : CURL_STRIDE;
    common_stride = number_from("DATAFOREST_STRIDE", 1);
    make_folder(folder);
    server_start(&server, folder);
    embed_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(folder);
    server_stop(&server);
    return failed;
}
