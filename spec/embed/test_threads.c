/* Many threads, each with a Lua state of its own, which load the modules at the same moment and
 * then make signers, shapes and engines side by side: what they share is the start of libcurl and
 * of libcrypto, and tables that nobody writes to. To be run under ThreadSanitizer. */

#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { THREADS = 6, STATES = 2, RUNS = 2, SECONDS = 250 };

static struct server server;
static char folders[THREADS][64];
static pthread_barrier_t together;

/* What a thread found out. */
struct outcome {
    pthread_t thread;
    const char *folder;
    char problem[256]; /* empty: none */
    int failures;
    long live;
};

static void go_through(struct outcome *outcome, struct source *source, const char *part) {
    struct exercise exercise = {&server, outcome->folder, part, false, 0};
    const char *problem = "no Lua state";
    lua_State *L = embed_state(source);
    if (L && !exercise_load(L, &exercise)) {
        problem = "the exercise does not load";
    } else if (L) {
        problem = NULL;
    }
    for (int i = 0; i < RUNS && !problem; i++) {
        problem = exercise_run(L, &exercise);
    }
    if (problem) {
        snprintf(outcome->problem, sizeof outcome->problem, "%s", problem);
    }
    outcome->failures += exercise.failures;
    if (L) {
        lua_close(L);
    }
}

static void *work(void *argument) {
    struct outcome *outcome = argument;
    struct source source = {.name = "Lua"};
    for (int i = 0; i < STATES; i++) {
        pthread_barrier_wait(&together);
        go_through(outcome, &source, i == 0 ? "all" : "core");
    }
    outcome->live = source.live;
    return NULL;
}

static void side_by_side(void **state) {
    struct outcome outcomes[THREADS] = {{0}};
    (void)state;
    alarm(SECONDS);
    assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        make_folder(folders[i]);
        outcomes[i].folder = folders[i];
        assert_int_equal(pthread_create(&outcomes[i].thread, NULL, work, &outcomes[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(outcomes[i].thread, NULL), 0);
        remove_folder(folders[i]);
    }
    pthread_barrier_destroy(&together);
    for (int i = 0; i < THREADS; i++) {
        assert_string_equal(outcomes[i].problem, "");
        assert_int_equal(outcomes[i].failures, 0);
        assert_int_equal(outcomes[i].live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(side_by_side),
    };
    char folder[64];
    embed_keep_libraries();
    make_folder(folder);
    server_start(&server, folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(folder);
    server_stop(&server);
    return failed;
}
