/* A libFuzzer target: the head of an answer as libcurl hands it over, line by line. */

#include "http1/http_head.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
    if (!holds) {
        abort();
    }
}

static bool holds_any(const char *bytes, size_t count, const char *bad, size_t bad_count) {
    for (size_t i = 0; i < count; i++) {
        if (memchr(bad, bytes[i], bad_count)) {
            return true;
        }
    }
    return false;
}

static void check(const struct df_http_head *head) {
    demand(head->field_count <= DF_HTTP_HEAD_FIELDS);
    demand(head->received <= DF_HTTP_HEAD_CEILING && head->bytes.length <= head->received);
    demand(head->status == 0 || (head->status >= 100 && head->status <= 999));
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct df_http_head_field *field = &head->fields[i];
        const char *bytes = head->bytes.data;
        demand((size_t)field->name + field->name_count <= head->bytes.length);
        demand((size_t)field->value + field->value_count <= head->bytes.length);
        demand(field->name_count > 0);
        demand(!holds_any(bytes + field->name, field->name_count, "ABCXYZ: \t\r\n", 12));
        demand(!holds_any(bytes + field->value, field->value_count, "\r\n", 3)); /* and NUL */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct df_http_head head;
    const char *at = (const char *)data;
    const char *end = at + size;
    enum df_http_head_result result = DF_HTTP_HEAD_OK;
    df_http_head_init(&head);
    while (at < end && result == DF_HTTP_HEAD_OK) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        result = df_http_head_line(&head, at, (size_t)(next - at));
        if (result == DF_HTTP_HEAD_OK) {
            check(&head);
        }
        at = next;
    }
    df_http_head_reset(&head); /* it can be used again, and keeps its memory */
    demand(df_http_head_line(&head, "HTTP/1.1 200 OK\r\n", 17) == DF_HTTP_HEAD_OK);
    demand(head.status == 200 && head.field_count == 0);
    df_http_head_free(&head);
    return 0;
}
