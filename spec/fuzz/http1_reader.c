/* The reader of responses: one verdict whatever the pieces, and everything within its limits.
 * Input: a byte of choices, three that seed the pieces, and the response. */

#include "http1/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BODY = 5000, PIECES = 3 };

static void demand_at(int holds, int line) {
    if (!holds) {
        fprintf(stderr, "http1_reader.c:%d does not hold\n", line);
        abort();
    }
}

#define demand(condition) demand_at((condition), __LINE__)

static unsigned random_state;

static unsigned next_random(void) {
    random_state = random_state * 1103515245 + 12345;
    return random_state >> 16;
}

/* A piece in memory of its own, so that a read beyond it is seen. */
static enum df_http1_result give(struct df_http1_reader *reader, const uint8_t *data, size_t length,
                                 bool straight) {
    size_t consumed, capacity;
    enum df_http1_result result = DF_HTTP1_MORE;
    char *copy = malloc(length), *at = copy, *space;
    demand(copy != NULL);
    memcpy(copy, data, length);
    while (straight && length && (space = df_http1_reader_space(reader, &capacity)) != NULL) {
        size_t part = length < capacity ? length : capacity;
        memcpy(space, at, part);
        result = df_http1_reader_filled(reader, part);
        at += part;
        length -= part;
    }
    if (length) {
        result = df_http1_reader_feed(reader, at, length, &consumed);
        demand(consumed <= length && (result != DF_HTTP1_MORE || consumed == length));
    }
    free(copy);
    return result;
}

static void check(const struct df_http1_reader *reader) {
    const char *start = reader->lines.data;
    const char *end = start ? start + reader->lines.length : NULL;
    demand(start || reader->header_count == 0);
    demand(reader->lines.length <= DF_HTTP1_MAX_HEAD && reader->body.length <= MAX_BODY);
    demand(reader->header_count <= DF_HTTP1_MAX_FIELDS);
    for (unsigned i = 0; start && i < reader->header_count; i++) {
        struct df_http1_header header = df_http1_reader_header(reader, i);
        demand(header.name.data >= start && header.name.length > 0);
        demand(header.value.data >= header.name.data + header.name.length);
        demand(header.value.data + header.value.length <= end);
        demand(!memchr(header.value.data, '\n', header.value.length));
    }
    if (df_http1_reader_done(reader)) {
        demand(reader->status >= 200 && reader->status <= 999);
    }
}

static void read_all(struct df_http1_reader *reader, const uint8_t *data, size_t size,
                     uint8_t choices, size_t piece) {
    enum df_http1_result result = DF_HTTP1_MORE;
    df_http1_reader_start(reader, (enum df_http1_method)((choices & 0x0f) % 3), MAX_BODY);
    for (size_t at = 0; at < size;) {
        size_t left = size - at;
        size_t length = piece ? 1 + next_random() % piece : left;
        length = length < left ? length : left;
        result = give(reader, data + at, length, choices & 0x40);
        check(reader);
        at += length;
    }
    if (result == DF_HTTP1_MORE) {
        result = df_http1_reader_end(reader, (enum df_http1_end)((choices >> 4) % 4));
    }
    demand(result != DF_HTTP1_MORE);
    check(reader);
}

static void compare(const struct df_http1_reader *a, const struct df_http1_reader *b) {
    struct df_text body = df_http1_reader_body(a), other = df_http1_reader_body(b);
    demand(df_http1_reader_done(a) == df_http1_reader_done(b));
    demand(a->status == b->status && a->surplus == b->surplus && a->reusable == b->reusable);
    demand(a->end_uncertain == b->end_uncertain && a->any_byte == b->any_byte);
    if (!df_http1_reader_done(a)) {
        demand(a->error.kind == b->error.kind && strcmp(a->error.detail, b->error.detail) == 0);
        return;
    }
    demand(body.length == other.length && memcmp(body.data, other.data, body.length) == 0);
    demand(a->header_count == b->header_count && a->lines.length == b->lines.length);
    demand(!a->lines.length || memcmp(a->lines.data, b->lines.data, a->lines.length) == 0);
    demand(memcmp(a->spans, b->spans, a->header_count * sizeof *a->spans) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct df_http1_reader whole, parts;
    char message[512];
    if (size < 4) {
        return 0;
    }
    memset(&whole, 0, sizeof whole); /* spans are compared as they lie */
    memset(&parts, 0, sizeof parts);
    df_http1_reader_init(&whole);
    df_http1_reader_init(&parts);
    random_state = (unsigned)data[1] << 16 | (unsigned)data[2] << 8 | data[3];
    read_all(&whole, data + 4, size - 4, data[0] & 0xbf, 0);
    for (int i = 0; i < PIECES; i++) {
        read_all(&parts, data + 4, size - 4, data[0], i == 0 ? 1 : 1 + next_random() % size);
        compare(&whole, &parts);
    }
    if (!df_http1_reader_done(&whole)) {
        df_http1_reader_describe(&whole, "peer:1", message, sizeof message);
        for (const char *at = message; *at; at++) {
            demand(*at >= ' ' && *at < 127);
        }
    }
    df_http1_reader_free(&whole);
    df_http1_reader_free(&parts);
    return 0;
}
