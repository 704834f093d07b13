/* The writer of requests: what it writes is the request that was meant, and no other.
 * Input: texts, each behind a byte that is its length: method, target, authority, then names and
 * values of headers. */

#include "http1/writer.h"

#include "base/grammar.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HEADERS = 8 };

static void demand_at(int holds, int line) {
    if (!holds) {
        fprintf(stderr, "http1_writer.c:%d does not hold\n", line);
        abort();
    }
}

#define demand(condition) demand_at((condition), __LINE__)

static struct df_text take(const uint8_t **data, size_t *size) {
    size_t length = *size ? **data : 0;
    const char *text = (const char *)*data + 1;
    if (*size) {
        ++*data;
        --*size;
    }
    length = length < *size ? length : *size;
    *data += length;
    *size -= length;
    return (struct df_text){length ? text : "", length};
}

/* Takes a line off the front, without its end. */
static struct df_text next_line(struct df_text *rest) {
    const char *end = memchr(rest->data, '\n', rest->length);
    demand(end != NULL && end > rest->data && end[-1] == '\r');
    struct df_text line = {rest->data, (size_t)(end - 1 - rest->data)};
    *rest = (struct df_text){end + 1, rest->length - (size_t)(end + 1 - rest->data)};
    demand(!df_has_control(line));
    return line;
}

static bool is_same(struct df_text a, struct df_text b) {
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

/* Takes a header line apart, "name: value". False where no name stands before a colon. */
static bool split_field(struct df_text line, struct df_text *name, struct df_text *value) {
    const char *colon = memchr(line.data, ':', line.length);
    if (!colon) {
        return false;
    }
    size_t length = (size_t)(colon - line.data);
    *name = (struct df_text){line.data, length};
    *value = df_trim((struct df_text){colon + 1, line.length - length - 1});
    return df_is_token(*name);
}

/* Reads the head back. */
static void check(struct df_text head, const struct df_http1_request *request) {
    struct df_text line = next_line(&head), name, value;
    size_t method = request->method.length, target = request->target.length;
    demand(line.length == method + target + strlen("  HTTP/1.1"));
    demand(memcmp(line.data, request->method.data, method) == 0);
    demand(memcmp(line.data + method + 1, request->target.data, target) == 0);
    demand(split_field(next_line(&head), &name, &value) && is_same(name, DF_TEXT("Host")));
    demand(is_same(value, request->authority));
    demand(is_same(next_line(&head), DF_TEXT("Accept-Encoding: identity")));
    for (size_t i = 0; i < request->header_count; i++) {
        demand(split_field(next_line(&head), &name, &value));
        demand(is_same(name, request->headers[i].name) && !df_http1_is_reserved(name));
        demand(is_same(value, df_trim(request->headers[i].value)));
    }
    line = next_line(&head);
    if (split_field(line, &name, &value) && is_same(name, DF_TEXT("Content-Length"))) {
        demand(strtoul(value.data, NULL, 10) == request->body.length);
        line = next_line(&head);
    } else {
        demand(!request->body.data);
    }
    if (request->close) {
        demand(is_same(line, DF_TEXT("Connection: close")));
        line = next_line(&head);
    }
    demand(line.length == 0 && head.length == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct df_http1_field headers[MAX_HEADERS];
    struct df_http1_request request = {.headers = headers};
    size_t index, counted;
    request.close = size % 2;
    request.method = take(&data, &size);
    request.target = take(&data, &size);
    request.authority = take(&data, &size);
    while (size && request.header_count < MAX_HEADERS) {
        headers[request.header_count].name = take(&data, &size);
        headers[request.header_count++].value = take(&data, &size);
    }
    if (size % 3) {
        request.body = (struct df_text){(const char *)data, size};
    }
    enum df_http1_written result = df_http1_check_request(&request, &counted, &index);
    if (result == DF_HTTP1_WRITTEN) {
        char *out = malloc(counted);
        demand(out != NULL);
        size_t length = (size_t)(df_http1_put_head(out, &request) - out);
        demand(length <= counted);
        check((struct df_text){out, length}, &request);
        free(out);
    } else {
        char message[512];
        df_http1_describe_written(result, &request, index, message, sizeof message);
        demand(strlen(message) > 0);
    }
    return 0;
}
