/* A libFuzzer target: the check of a request. The input is its parts, with a NUL between two. */

#include "http1/http_request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
    if (!holds) {
        abort();
    }
}

static struct df_text next_part(const char **at, const char *end) {
    const char *from = *at;
    const char *zero = from < end ? memchr(from, '\0', (size_t)(end - from)) : NULL;
    const char *to = zero ? zero : end;
    *at = zero ? zero + 1 : end;
    return (struct df_text){from, (size_t)(to - from)};
}

static bool is_inside(struct df_text inner, struct df_text outer) {
    return inner.data >= outer.data && inner.data + inner.length <= outer.data + outer.length;
}

static bool breaks_a_line(struct df_text text) {
    return memchr(text.data, '\r', text.length) || memchr(text.data, '\n', text.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *at = (const char *)data;
    const char *end = at + size;
    struct df_http_url url;
    struct df_http_error error = {.message = ""};
    struct df_http_field field;
    struct df_http_request request = {.timeout = 1, .connect_timeout = 1};
    if (size == 0) {
        return 0;
    }
    request.method = next_part(&at, end);
    request.url = next_part(&at, end);
    request.connect_to = next_part(&at, end);
    field.name = next_part(&at, end);
    field.value = next_part(&at, end);
    request.headers = &field;
    request.header_count = 1;
    if (!df_http_check_place(&request, &url, &error) || !df_http_check_rest(&request, &error)) {
        demand(error.kind == DF_KIND_ARGUMENT && !error.sent && error.message[0]);
        return 0;
    }
    demand(is_inside(url.scheme, request.url) && is_inside(url.authority, request.url));
    demand(is_inside(url.host, url.authority) && is_inside(url.target, request.url));
    demand(url.host.length > 0 && url.target.length > 0 && url.target.data[0] == '/');
    demand(url.port >= 1 && url.port <= 65535);
    demand(!breaks_a_line(request.method) && !breaks_a_line(request.url));
    demand(!breaks_a_line(request.connect_to) && !breaks_a_line(field.name));
    demand(!breaks_a_line(field.value));
    return 0;
}
