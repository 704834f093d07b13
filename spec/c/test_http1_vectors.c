/* Reads the responses of spec/vectors/http whole, byte by byte and in random pieces: there is one
 * verdict, whatever the pieces. */

#include "support.h"

#include "base/kinds.h"
#include "http1/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 1024, LINE = 8192, HEADERS = 4, SPLITS = 20 };

struct vector {
    char *bytes;
    size_t length;
    size_t max_body;
    char *headers[HEADERS];
    int header_count;
    enum df_http1_method method;
    enum df_http1_end end;
    char name[128];
    char verdict[LINE]; /* as it stands in the file */
};

static struct vector vectors[CASES];
static int vector_count;

/* ---- the files ---- */

static void append(struct vector *vector, const char *bytes, size_t length) {
    vector->bytes = realloc(vector->bytes, vector->length + length + 1);
    assert_non_null(vector->bytes);
    memcpy(vector->bytes + vector->length, bytes, length);
    vector->length += length;
}

/* Resolves escapes in place; returns the new length. */
static size_t unescape(char *text, size_t length) {
    size_t out = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\\') {
            c = text[++i];
            if (c == 'x') {
                char digits[3] = {text[i + 1], text[i + 2], '\0'};
                c = (char)strtol(digits, NULL, 16);
                i += 2;
            } else {
                c = (char)(c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c);
            }
        }
        text[out++] = c;
    }
    return out;
}

static void add_macro(struct vector *vector, char *text, size_t length) {
    static const char ok[] = "HTTP/1.1 200 OK\r\n";
    static const char chunked[] = "Transfer-Encoding: chunked\r\n\r\n";
    char *star;
    long times = strtol(text, &star, 10);
    if (*star == '*') {
        length = unescape(star + 1, length - (size_t)(star + 1 - text));
        while (times-- > 0) {
            append(vector, star + 1, length);
        }
        return;
    }
    append(vector, ok, strlen(ok));
    if (strncmp(text, "chunked", length) == 0) {
        append(vector, chunked, strlen(chunked));
    }
}

static void add_bytes(struct vector *vector, char *text) {
    for (char *macro; (macro = strstr(text, "$(")) != NULL;) {
        char *close = strchr(macro, ')');
        assert_non_null(close);
        append(vector, text, unescape(text, (size_t)(macro - text)));
        add_macro(vector, macro + 2, (size_t)(close - macro - 2));
        text = close + 1;
    }
    append(vector, text, unescape(text, strlen(text)));
}

static void read_option(struct vector *vector, const char *text) {
    if (strcmp(text, "method HEAD") == 0) {
        vector->method = DF_HTTP1_HEAD;
    } else if (strncmp(text, "max ", 4) == 0) {
        vector->max_body = strtoul(text + 4, NULL, 10);
    } else {
        assert_int_equal(strncmp(text, "end ", 4), 0);
        vector->end = text[4] == 'r'   ? DF_HTTP1_END_RESET
                      : text[4] == 'u' ? DF_HTTP1_END_UNKNOWN
                                       : DF_HTTP1_END_TLS_CUT;
    }
}

static void read_line(char *line) {
    struct vector *vector = &vectors[vector_count ? vector_count - 1 : 0];
    line[strcspn(line, "\n")] = '\0';
    char *text = strlen(line) > 1 ? line + 2 : line + 1;
    switch (*line) {
    case '[':
        assert_true(vector_count < CASES);
        vector = &vectors[vector_count++];
        snprintf(vector->name, sizeof vector->name, "%s", line);
        vector->max_body = 65536;
        append(vector, "", 0);
        break;
    case ':':
        read_option(vector, text);
        break;
    case '>':
        add_bytes(vector, text);
        break;
    case '=':
        snprintf(vector->verdict, sizeof vector->verdict, "%s", text);
        break;
    case 'h':
        assert_true(vector->header_count < HEADERS);
        text[unescape(text, strlen(text))] = '\0';
        vector->headers[vector->header_count++] = strdup(text);
        break;
    default:
        assert_true(*line == '#' || *line == '\0');
    }
}

static int read_files(void **state) {
    static const char *const names[] = {"policy", "curl"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[1024], line[LINE];
        snprintf(path, sizeof path, "%s/spec/vectors/http/%s.txt", DATAFOREST_SOURCE_DIR, names[i]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        while (fgets(line, sizeof line, file)) {
            read_line(line);
        }
        fclose(file);
    }
    return 0;
}

static int free_vectors(void **state) {
    (void)state;
    for (int i = 0; i < vector_count; i++) {
        free(vectors[i].bytes);
        for (int j = 0; j < vectors[i].header_count; j++) {
            free(vectors[i].headers[j]);
        }
    }
    return 0;
}

/* ---- outcomes ---- */

/* All that can be seen of a reader, as text of the caller's. */
static char *outcome_of(const struct df_http1_reader *reader, enum df_http1_result result) {
    size_t size = 1024 + 8 * (reader->body.length + reader->lines.length);
    char *text = calloc(1, size), *at = text;
    assert_non_null(text);
    at += sprintf(at, "%d %d %d %d %d %d", result, reader->status, reader->reusable,
                  reader->surplus, reader->end_uncertain, reader->any_byte);
    if (result == DF_HTTP1_ERROR) {
        sprintf(at, " %s %s", df_kind_name(reader->error.kind), reader->error.detail);
        return text;
    }
    struct df_text body = df_http1_reader_body(reader);
    for (size_t i = 0; i < body.length; i++) {
        at += sprintf(at, "%02x", (unsigned char)body.data[i]);
    }
    for (unsigned i = 0; i < reader->header_count; i++) {
        struct df_http1_header header = df_http1_reader_header(reader, i);
        at += sprintf(at, "\n%.*s=%.*s%s", (int)header.name.length, header.name.data,
                      (int)header.value.length, header.value.data, header.repeated ? "*" : "");
    }
    return text;
}

/* A piece, through df_http1_reader_space where the reader offers that and `straight` asks for it.
 * The copy ends where the piece ends, so that a sanitizer sees a read beyond it. */
static enum df_http1_result give(struct df_http1_reader *reader, const char *bytes, size_t length,
                                 bool straight) {
    enum df_http1_result result = DF_HTTP1_MORE;
    size_t capacity, consumed;
    char *copy = malloc(length ? length : 1), *at = copy, *space;
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    while (straight && length && (space = df_http1_reader_space(reader, &capacity)) != NULL) {
        size_t part = length < capacity ? length : capacity;
        memcpy(space, at, part);
        result = df_http1_reader_filled(reader, part);
        at += part;
        length -= part;
    }
    if (length) {
        result = df_http1_reader_feed(reader, at, length, &consumed);
        assert_true(consumed <= length);
        assert_true(result != DF_HTTP1_MORE || consumed == length);
    }
    free(copy);
    return result;
}

static unsigned random_state = 1;

static unsigned next_random(void) {
    random_state = random_state * 1103515245 + 12345;
    return random_state >> 16;
}

/* Reads a response in pieces of up to `piece` bytes; 0: all at once. */
static char *read_in_pieces(struct df_http1_reader *reader, const struct vector *vector,
                            size_t piece, bool is_random, bool straight) {
    size_t at = 0;
    enum df_http1_result result = DF_HTTP1_MORE;
    df_http1_reader_start(reader, vector->method, vector->max_body);
    while (at < vector->length) {
        size_t left = vector->length - at;
        size_t length = !piece ? left : is_random ? 1 + next_random() % piece : piece;
        length = length < left ? length : left;
        result = give(reader, vector->bytes + at, length, straight);
        at += length;
    }
    if (result == DF_HTTP1_MORE) {
        result = df_http1_reader_end(reader, vector->end);
    }
    assert_true(result != DF_HTTP1_MORE);
    return outcome_of(reader, result);
}

static void assert_same(const struct vector *vector, const char *whole, char *other) {
    if (strcmp(whole, other) != 0) {
        print_error("%s: the verdict depends on the pieces:\n%s\n%s\n", vector->name, whole, other);
    }
    assert_string_equal(whole, other);
    free(other);
}

static void gives_one_verdict_whatever_the_pieces(void **state) {
    (void)state;
    struct df_http1_reader reader;
    df_http1_reader_init(&reader);
    for (int i = 0; i < vector_count; i++) {
        const struct vector *vector = &vectors[i];
        char *whole = read_in_pieces(&reader, vector, 0, false, false);
        assert_same(vector, whole, read_in_pieces(&reader, vector, 0, false, true));
        assert_same(vector, whole, read_in_pieces(&reader, vector, 1, false, false));
        assert_same(vector, whole, read_in_pieces(&reader, vector, 1, false, true));
        for (int split = 0; split < SPLITS; split++) {
            size_t piece = 1 + next_random() % (vector->length + 1);
            assert_same(vector, whole,
                        read_in_pieces(&reader, vector, piece, split % 2 == 0, split % 4 < 2));
        }
        free(whole);
    }
    df_http1_reader_free(&reader);
}

/* Returns its length: a body may hold NUL. */
static size_t write_verdict(const struct df_http1_reader *reader, bool done, char *out,
                            size_t size) {
    if (!done) {
        return (size_t)snprintf(out, size, "%s ", df_kind_name(reader->error.kind));
    }
    struct df_text body = df_http1_reader_body(reader);
    size_t length =
        (size_t)snprintf(out, size, "%d %s%s \"", reader->status,
                         reader->reusable ? "keep" : "close", reader->surplus ? " surplus" : "");
    assert_true(length + body.length + 2 <= size);
    memcpy(out + length, body.data, body.length);
    strcpy(out + length + body.length, "\"");
    return length + body.length + 1;
}

static void check_headers(const struct vector *vector, const struct df_http1_reader *reader) {
    for (int i = 0; i < vector->header_count; i++) {
        const char *wanted = vector->headers[i];
        size_t name_length = (size_t)(strstr(wanted, ": ") - wanted);
        char joined[1024] = "";
        for (unsigned j = 0; j < reader->header_count; j++) {
            struct df_http1_header header = df_http1_reader_header(reader, j);
            if (header.name.length == name_length &&
                memcmp(header.name.data, wanted, name_length) == 0) {
                snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%.*s",
                         header.repeated ? ", " : "", (int)header.value.length, header.value.data);
            }
        }
        assert_string_equal(joined, wanted + name_length + 2);
    }
}

static void gives_the_verdicts_of_the_files(void **state) {
    (void)state;
    assert_true(vector_count > 600);
    for (int i = 0; i < vector_count; i++) {
        struct vector *vector = &vectors[i];
        struct df_http1_reader reader;
        char verdict[LINE];
        df_http1_reader_init(&reader);
        free(read_in_pieces(&reader, vector, 0, false, false));
        bool done = df_http1_reader_done(&reader);
        size_t length = write_verdict(&reader, done, verdict, sizeof verdict);
        if (done) {
            char wanted[LINE];
            snprintf(wanted, sizeof wanted, "%s", vector->verdict);
            size_t wanted_length = unescape(wanted, strlen(wanted));
            if (wanted_length != length || memcmp(wanted, verdict, length) != 0) {
                print_error("%s: %s, not %s\n", vector->name, verdict, vector->verdict);
                fail();
            }
            check_headers(vector, &reader);
        } else {
            char message[512];
            const char *words = strchr(vector->verdict, ' ');
            df_http1_reader_describe(&reader, "peer:1", message, sizeof message);
            if (strncmp(verdict, vector->verdict, strcspn(vector->verdict, " ")) != 0 ||
                (words && !strstr(message, words + 1))) {
                print_error("%s: %s, not %s\n", vector->name, message, vector->verdict);
                fail();
            }
        }
        df_http1_reader_free(&reader);
    }
}

/* A response that is cut anywhere is no whole response, unless nothing but the end tells its end.
 */
static void takes_no_part_for_the_whole(void **state) {
    (void)state;
    struct df_http1_reader reader;
    df_http1_reader_init(&reader);
    for (int i = 0; i < vector_count; i++) {
        const struct vector *vector = &vectors[i];
        if (vector->length > 2000) {
            continue;
        }
        for (size_t length = 0; length < vector->length; length++) {
            struct vector part = *vector;
            part.length = length;
            part.end = DF_HTTP1_END_CLEAN;
            char *outcome = read_in_pieces(&reader, &part, 0, false, false);
            bool done = df_http1_reader_done(&reader);
            free(outcome);
            if (done && reader.reusable) {
                break; /* the rest is surplus */
            }
            size_t consumed;
            df_http1_reader_start(&reader, vector->method, vector->max_body);
            enum df_http1_result before =
                df_http1_reader_feed(&reader, vector->bytes, length, &consumed);
            if (before == DF_HTTP1_MORE) { /* then a reset must be an error */
                assert_int_equal(df_http1_reader_end(&reader, DF_HTTP1_END_RESET), DF_HTTP1_ERROR);
                assert_int_equal(reader.error.kind, DF_KIND_NETWORK);
            }
        }
    }
    df_http1_reader_free(&reader);
}

/* Where memory runs out, at any allocation, the response is an error and nothing is lost. */
static void ends_well_where_memory_runs_out(void **state) {
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n";
    (void)state;
    char *body = malloc(70000);
    assert_non_null(body);
    memset(body, 'b', 70000);
    for (int straight = 0; straight < 2; straight++) {
        int failed = 1;
        for (long at = 1; failed && at < 20; at++) {
            struct df_http1_reader reader;
            support_fail_allocation(at);
            df_http1_reader_init(&reader);
            df_http1_reader_start(&reader, DF_HTTP1_OTHER, 100000);
            enum df_http1_result result = give(&reader, text, strlen(text), false);
            for (size_t i = 0; i < 70000 && result == DF_HTTP1_MORE; i += 7000) {
                result = give(&reader, body + i, 7000, straight);
            }
            failed = support_allocation_failed();
            if (!failed) {
                assert_int_equal(result, DF_HTTP1_DONE);
            } else if (result == DF_HTTP1_ERROR) {
                assert_int_equal(reader.error.kind, DF_KIND_LIMIT);
                assert_non_null(strstr(reader.error.detail, "memory"));
            }
            df_http1_reader_free(&reader);
            assert_int_equal(support_end_allocation(), 0);
        }
        assert_false(failed);
    }
    free(body);
}

/* A length is a promise: memory comes as bytes come. */
static void allocates_no_more_than_what_came_calls_for(void **state) {
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n1234567890";
    (void)state;
    struct df_http1_reader reader;
    size_t capacity;
    df_http1_reader_init(&reader);
    df_http1_reader_start(&reader, DF_HTTP1_OTHER, 8000000);
    assert_int_equal(give(&reader, text, strlen(text), false), DF_HTTP1_MORE);
    assert_non_null(df_http1_reader_space(&reader, &capacity));
    assert_true(reader.body.capacity <= 2 * 65536 + 16);
    df_http1_reader_shrink(&reader);
    assert_true(reader.body.capacity <= 65536);
    df_http1_reader_free(&reader);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_verdicts_of_the_files),
        cmocka_unit_test(gives_one_verdict_whatever_the_pieces),
        cmocka_unit_test(takes_no_part_for_the_whole),
        cmocka_unit_test(ends_well_where_memory_runs_out),
        cmocka_unit_test(allocates_no_more_than_what_came_calls_for),
    };
    return cmocka_run_group_tests(tests, read_files, free_vectors);
}
