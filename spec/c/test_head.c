#include "support.h"

#include "http1/head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS "HTTP/1.1 200 OK\r\n"

/* Heads are copied to blocks of their very size, so that a sanitizer sees each read past the end.
 */
static char *copy_of(const char *text, size_t count) {
    char *copy = malloc(count ? count : 1);
    assert_non_null(copy);
    memcpy(copy, text, count);
    return copy;
}

static size_t end_of(const char *text, size_t count) {
    char *copy = copy_of(text, count);
    size_t end = df_head_end((struct df_text){copy, count});
    free(copy);
    return end;
}

/* Reads a whole head: its fields as "name=value;", or what is wrong with it. */
static const char *read_all(const char *text, size_t count) {
    static char out[512];
    char *copy = copy_of(text, count);
    struct df_head head;
    struct df_head_field field;
    enum df_head_line line;
    const char *problem = df_head_open(&head, (struct df_text){copy, count});
    size_t used = 0;
    out[0] = '\0';
    while (!problem && (line = df_head_next(&head, &field)) != DF_HEAD_NO_MORE) {
        if (line != DF_HEAD_FIELD) {
            problem = line == DF_HEAD_FOLDED ? "folded" : "malformed";
            break;
        }
        used +=
            (size_t)snprintf(out + used, sizeof out - used, "%.*s=%.*s;", (int)field.name.length,
                             field.name.data, (int)field.value.length, field.value.data);
        assert_true(used < sizeof out);
    }
    free(copy);
    return problem ? problem : out;
}

#define READ(text) read_all(text, sizeof(text) - 1)

static void finds_the_end(void **state) {
    (void)state;
    static const char head[] = STATUS "A: b\r\n\r\n";
    size_t whole = sizeof head - 1;
    for (size_t count = 0; count < whole; count++) {
        assert_int_equal(end_of(head, count), 0);
    }
    assert_int_equal(end_of(head, whole), whole);
    assert_int_equal(end_of(STATUS "\r\nbody\r\n\r\n", 27), 19);
    assert_int_equal(end_of("a\n\nb", 4), 3);
    assert_int_equal(end_of("a\n\r\nb", 5), 4);
    assert_int_equal(end_of("a\n\rb\n\r", 6), 0);
}

static void reads_fields(void **state) {
    (void)state;
    assert_string_equal(READ(STATUS "\r\n"), "");
    assert_string_equal(READ("HTTP/1.1 200\r\n\r\n"), "");
    assert_string_equal(READ(STATUS "A: b\r\nC-d:\t e f \t\r\nG:\r\nH: \t \r\n\r\n"),
                        "A=b;C-d=e f;G=;H=;");
    assert_string_equal(READ(STATUS "a: b:c\r\n\r\n"), "a=b:c;");
}

static void reads_the_status(void **state) {
    (void)state;
    struct df_head head;
    static const char text[] = "HTTP/1.0 503 \r\n\r\n";
    assert_null(df_head_open(&head, (struct df_text){text, sizeof text - 1}));
    assert_int_equal(head.status, 503);
    assert_int_equal(head.minor, 0);
}

static void refuses_what_is_malformed(void **state) {
    (void)state;
    static const char not_http[] = "the answer is not HTTP/1.1";
    static const char controls[] = "the answer's head holds control characters";
    static const char malformed[] = "the answer's head is malformed";
    assert_string_equal(READ(""), not_http);
    assert_string_equal(READ("HTTP/1.1 200"), not_http);
    assert_string_equal(READ("HTTP/1.2 200 OK\r\n\r\n"), not_http);
    assert_string_equal(READ("HTTP/1.1 099 OK\r\n\r\n"), not_http);
    assert_string_equal(READ("HTTP/1.1 20 OK\r\n\r\n"), not_http);
    assert_string_equal(READ("HTTP/1.1 2000 OK\r\n\r\n"), not_http);
    assert_string_equal(READ(STATUS "A: b\0\r\n\r\n"), controls);
    assert_string_equal(READ(STATUS "A: b\177\r\n\r\n"), controls);
    assert_string_equal(READ(STATUS "A: b\rC: d\r\n\r\n"), controls);
    assert_string_equal(READ(STATUS "A: b\nC: d\r\n\r\n"), controls);
    assert_string_equal(READ(STATUS "A: b\r\r\n\n\r\n\r\n"), controls);
    assert_string_equal(READ("HTTP/1.1 200\r"), controls);
    assert_string_equal(READ("HTTP/1.1 200 OK"), malformed);
    assert_string_equal(READ(STATUS), malformed);
    assert_string_equal(READ(STATUS "A: b\r\n"), malformed);
    assert_string_equal(READ(STATUS "A: b\r\n\r\nC: d\r\n\r\n"), "malformed");
    assert_string_equal(READ(STATUS "A : b\r\n\r\n"), "malformed");
    assert_string_equal(READ(STATUS ": b\r\n\r\n"), "malformed");
    assert_string_equal(READ(STATUS "A\r\n\r\n"), "malformed");
    assert_string_equal(READ(STATUS "A: b\r\n c\r\n\r\n"), "folded");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_end),
        cmocka_unit_test(reads_fields),
        cmocka_unit_test(reads_the_status),
        cmocka_unit_test(refuses_what_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
