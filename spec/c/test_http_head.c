#include "support.h"

#include "http1/http_head.h"

#include <stdlib.h>
#include <string.h>

/* Lines are copied to blocks of their very size, so that a sanitizer sees each read past the end.
 */
static enum df_http_head_result feed(struct df_http_head *head, const char *line, size_t count) {
    char *copy = malloc(count ? count : 1);
    assert_non_null(copy);
    memcpy(copy, line, count);
    enum df_http_head_result result = df_http_head_line(head, copy, count);
    free(copy);
    return result;
}

static enum df_http_head_result say(struct df_http_head *head, const char *line) {
    return feed(head, line, strlen(line));
}

static void assert_field(const struct df_http_head *head, unsigned index, const char *name,
                         const char *value) {
    assert_true(index < head->field_count);
    const struct df_http_head_field *field = &head->fields[index];
    assert_int_equal(field->name_count, strlen(name));
    assert_memory_equal(head->bytes.data + field->name, name, field->name_count);
    assert_int_equal(field->value_count, strlen(value));
    assert_memory_equal(head->bytes.data + field->value, value, field->value_count);
}

static void reads_status_and_fields(void **state) {
    (void)state;
    struct df_http_head head;
    df_http_head_init(&head);
    assert_int_equal(say(&head, "HTTP/1.1 404 Not Found\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "Content-TYPE:  text/plain \t\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "Empty:\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "Folded: a\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "\t b\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "content-type: x:y\r\n"), DF_HTTP_HEAD_OK);
    assert_false(head.complete);
    assert_int_equal(say(&head, "\r\n"), DF_HTTP_HEAD_OK);
    assert_true(head.complete);
    assert_int_equal(head.status, 404);
    assert_int_equal(head.field_count, 4);
    assert_field(&head, 0, "content-type", "text/plain");
    assert_field(&head, 1, "empty", "");
    assert_field(&head, 2, "folded", "a b");
    assert_field(&head, 3, "content-type", "x:y");
    assert_false(head.fields[0].repeated);
    assert_true(head.fields[3].repeated);
    df_http_head_free(&head);
}

static void knows_status_lines(void **state) {
    (void)state;
    static const struct {
        const char *line;
        int status; /* 0: malformed */
    } cases[] = {
        {"HTTP/1.1 200 OK\r\n", 200},
        {"HTTP/1.0 200\r\n", 200},
        {"HTTP/2 204 \r\n", 204},
        {"HTTP/1.1 999 x", 999},
        {"HTTP/1.1 099 x\r\n", 0},
        {"HTTP/1.1 2000 OK\r\n", 0},
        {"HTTP/1.1 20 OK\r\n", 0},
        {"HTTP/1.1 2x0 OK\r\n", 0},
        {"HTTP/1.1  200 OK\r\n", 0},
        {"HTTP/1.1\r\n", 0},
        {"HTTP/1.1 \r\n", 0},
        {"HTTP\r\n", 0},
        {"ICY 200 OK\r\n", 0},
        {"\r\n", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct df_http_head head;
        df_http_head_init(&head);
        assert_int_equal(say(&head, cases[i].line),
                         cases[i].status ? DF_HTTP_HEAD_OK : DF_HTTP_HEAD_MALFORMED);
        if (cases[i].status) {
            assert_int_equal(head.status, cases[i].status);
        }
        df_http_head_free(&head);
    }
}

static void refuses_malformed_fields(void **state) {
    (void)state;
    static const char *const lines[] = {
        "no colon\r\n",    ": no name\r\n", "a b: c\r\n",  "a\t: c\r\n",
        "\303\244: c\r\n", "(a): b\r\n",    "a: b\rc\r\n", " folded onto nothing\r\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct df_http_head head;
        df_http_head_init(&head);
        assert_int_equal(say(&head, "HTTP/1.1 200 OK\r\n"), DF_HTTP_HEAD_OK);
        assert_int_equal(say(&head, lines[i]), DF_HTTP_HEAD_MALFORMED);
        df_http_head_free(&head);
    }
    struct df_http_head head;
    df_http_head_init(&head);
    assert_int_equal(feed(&head, "HTTP/1.1 200 \0\r\n", 16), DF_HTTP_HEAD_MALFORMED);
    df_http_head_free(&head);
}

static void lets_an_informational_head_give_way(void **state) {
    (void)state;
    struct df_http_head head;
    df_http_head_init(&head);
    assert_int_equal(say(&head, "HTTP/1.1 103 Early Hints\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "Content-Length: 5\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "HTTP/1.1 200 OK\r\n"), DF_HTTP_HEAD_OK);
    assert_false(head.is_framed);
    assert_int_equal(say(&head, "A: b\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.field_count, 1);
    assert_field(&head, 0, "a", "b");
    df_http_head_free(&head);
}

static void leaves_trailers_out(void **state) {
    (void)state;
    struct df_http_head head;
    df_http_head_init(&head);
    assert_int_equal(say(&head, "HTTP/1.1 200 OK\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "Transfer-Encoding: chunked\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "Trailer: x\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(head.field_count, 1);
    assert_true(head.is_framed);
    df_http_head_free(&head);
}

static void has_a_ceiling_for_all_lines_together(void **state) {
    (void)state;
    static char line[DF_HTTP_HEAD_CEILING];
    struct df_http_head head;
    memset(line, 'x', sizeof line);
    line[0] = 'A';
    line[1] = ':';
    df_http_head_init(&head);
    assert_int_equal(say(&head, "HTTP/1.1 200 OK\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(feed(&head, line, sizeof line - 17), DF_HTTP_HEAD_OK);
    assert_int_equal(head.received, DF_HTTP_HEAD_CEILING);
    assert_int_equal(say(&head, "\n"), DF_HTTP_HEAD_TOO_LARGE);
    df_http_head_reset(&head);
    assert_int_equal(say(&head, "HTTP/1.1 200 OK\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(feed(&head, line, sizeof line - 16), DF_HTTP_HEAD_TOO_LARGE);
    df_http_head_free(&head);
}

static void counts_informational_heads_against_it(void **state) {
    (void)state;
    struct df_http_head head;
    int heads = 0;
    df_http_head_init(&head);
    while (say(&head, "HTTP/1.1 100 Continue\r\n") == DF_HTTP_HEAD_OK &&
           say(&head, "\r\n") == DF_HTTP_HEAD_OK) {
        heads++;
        assert_true(heads < DF_HTTP_HEAD_CEILING);
    }
    assert_int_equal(heads, DF_HTTP_HEAD_CEILING / 25);
    df_http_head_free(&head);
}

static void has_a_ceiling_for_fields(void **state) {
    (void)state;
    struct df_http_head head;
    df_http_head_init(&head);
    assert_int_equal(say(&head, "HTTP/1.1 200 OK\r\n"), DF_HTTP_HEAD_OK);
    for (int i = 0; i < DF_HTTP_HEAD_FIELDS; i++) {
        assert_int_equal(say(&head, "a: b\r\n"), DF_HTTP_HEAD_OK);
    }
    assert_int_equal(say(&head, "a: b\r\n"), DF_HTTP_HEAD_TOO_LARGE);
    df_http_head_free(&head);
}

static void survives_a_lack_of_memory(void **state) {
    (void)state;
    struct df_http_head head;
    support_fail_allocation(1);
    df_http_head_init(&head);
    assert_int_equal(say(&head, "HTTP/1.1 200 OK\r\n"), DF_HTTP_HEAD_OK);
    assert_int_equal(say(&head, "A: b\r\n"), DF_HTTP_HEAD_NO_MEMORY);
    df_http_head_free(&head);
    df_http_head_free(&head);
    assert_int_equal(support_end_allocation(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_status_and_fields),
        cmocka_unit_test(knows_status_lines),
        cmocka_unit_test(refuses_malformed_fields),
        cmocka_unit_test(lets_an_informational_head_give_way),
        cmocka_unit_test(leaves_trailers_out),
        cmocka_unit_test(has_a_ceiling_for_all_lines_together),
        cmocka_unit_test(counts_informational_heads_against_it),
        cmocka_unit_test(has_a_ceiling_for_fields),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
