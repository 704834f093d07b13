/* Each allocation fails once, the engine's own and libcurl's: every run ends in an answer or in a
 * clean error, and leaves nothing behind. */

#include "support.h"

#include "base/alloc.h"
#include "net/engine.h"
#include "loopback.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libcurl takes its allocator once, before anything else, and keeps it. */
static long curl_countdown;
static long curl_live;
static bool curl_failed;

static bool curl_must_fail(void) {
    if (curl_countdown > 0 && --curl_countdown == 0) {
        curl_failed = true;
        return true;
    }
    return false;
}

static void *curl_allocate(size_t size) {
    void *block = curl_must_fail() ? NULL : malloc(size);
    curl_live += block != NULL;
    return block;
}

static void curl_release(void *block) {
    curl_live -= block != NULL;
    free(block);
}

static void *curl_reallocate(void *block, size_t size) {
    void *grown = curl_must_fail() ? NULL : realloc(block, size);
    curl_live += grown != NULL && block == NULL;
    return grown;
}

static char *curl_copy(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = curl_allocate(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

static void *curl_allocate_many(size_t count, size_t size) {
    void *block = curl_must_fail() ? NULL : calloc(count, size);
    curl_live += block != NULL;
    return block;
}

static int port;

static int start_server(void **state) {
    (void)state;
    port = loopback_start();
    return port ? 0 : -1;
}

static int stop_server(void **state) {
    (void)state;
    loopback_stop();
    return 0;
}

/* Two calls, one of them a POST of a body, over one engine. Returns how many were answered. */
static int run_script(void) {
    int answered = 0;
    struct df_http_error error = {.message = "none"};
    const struct df_http_options options = {
        .ca_file = "/nowhere", .pool_size = 64, .pool_idle_time = 60, .silence = 5};
    const struct df_http1_field field = {{"X-Test", 6}, {"value", 5}};
    struct df_http_request request = {.method = {"GET", 3},
                                      .target = {"/number", 7},
                                      .headers = &field,
                                      .header_count = 1,
                                      .max_response_bytes = 100,
                                      .timeout = 5,
                                      .connect_timeout = 5};
    struct df_http_engine *engine = df_http_engine_new(&options);
    for (int turn = 0; engine && turn < 2; turn++) {
        struct df_route *route = loopback_route(port, turn > 0);
        if (!route) {
            continue;
        }
        request.route = route;
        struct df_http_transfer *transfer = df_http_start(engine, &request, &error);
        df_route_drop(route);
        if (!transfer) {
            assert_int_equal(error.kind, DF_KIND_LIMIT);
            continue;
        }
        while (!df_http_wait(engine, transfer)) {
        }
        const struct df_http_error *failure = df_http_transfer_error(transfer);
        if (!failure) {
            assert_int_equal(df_http_transfer_response(transfer)->status, 200);
            assert_true(df_http1_reader_body(df_http_transfer_response(transfer)).length > 0);
            answered++;
        } else if (failure->message[0] == '\0') {
            fail_msg("an error without a message");
        }
        df_http_release(transfer);
        request.method = (struct df_text){"POST", 4};
        request.body = (struct df_text){"", 0};
    }
    if (engine) {
        df_http_engine_free(engine);
    }
    return answered;
}

static void every_allocation_of_the_engine_fails_once(void **state) {
    (void)state;
    long at = 1;
    int answered;
    do {
        support_fail_allocation(at++);
        answered = run_script();
        assert_int_equal(support_end_allocation(), 0);
        assert_true(at < 1000);
    } while (support_allocation_failed());
    assert_int_equal(answered, 2);
    assert_true(at > 10);
}

static void every_allocation_of_libcurl_fails_once(void **state) {
    (void)state;
    long before = curl_live;
    long at = 1;
    int answered;
    do {
        curl_failed = false;
        curl_countdown = at++;
        answered = run_script();
        curl_countdown = 0;
        assert_int_equal(curl_live, before);
        assert_true(at < 5000);
    } while (curl_failed);
    assert_int_equal(answered, 2);
    assert_true(at > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_the_engine_fails_once),
        cmocka_unit_test(every_allocation_of_libcurl_fails_once),
    };
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_allocate, curl_release, curl_reallocate,
                             curl_copy, curl_allocate_many) != CURLE_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
