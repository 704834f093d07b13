#include "http1/writer.h"

#include "base/grammar.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Framing, the connection, and what would change the response into one that nobody reads. */
/* clang-format off */
#define RESERVED(X) \
    X("accept-encoding") \
    X("connection") \
    X("content-length") \
    X("expect") \
    X("host") \
    X("http2-settings") \
    X("if-range") \
    X("keep-alive") \
    X("proxy-authenticate") \
    X("proxy-authorization") \
    X("proxy-connection") \
    X("range") \
    X("te") \
    X("trailer") \
    X("transfer-encoding") \
    X("upgrade")
/* clang-format on */

#define NAME(name) name,
const char *const df_http1_reserved[] = {RESERVED(NAME) NULL};

/* A bit for each of their lengths: most names need no look at the list. */
#define LENGTH_BIT(name) | (UINT32_C(1) << (sizeof(name) - 1))
static const uint32_t reserved_lengths = 0 RESERVED(LENGTH_BIT);

enum { NUMBER_SIZE = 24, NAME_SHOWN = 64 };

bool df_http1_is_reserved(struct df_text name) {
    if (name.length >= 32 || !(reserved_lengths >> name.length & 1)) {
        return false;
    }
    for (size_t i = 0; df_http1_reserved[i]; i++) {
        const char *reserved = df_http1_reserved[i];
        if ((name.data[0] | 0x20) == reserved[0] &&
            df_equals_lower(name, (struct df_text){reserved, strlen(reserved)})) {
            return true;
        }
    }
    return false;
}

static enum df_http1_written check_field(const struct df_http1_field *field) {
    return !df_is_token(field->name)           ? DF_HTTP1_BAD_NAME
           : df_has_control(field->value)      ? DF_HTTP1_BAD_VALUE
           : df_http1_is_reserved(field->name) ? DF_HTTP1_RESERVED
                                               : DF_HTTP1_WRITTEN;
}

/* False where the head becomes too large. */
static bool add_size(size_t *size, struct df_text text) {
    if (text.length > DF_HTTP1_MAX_REQUEST_HEAD - *size) {
        return false;
    }
    *size += text.length;
    return true;
}

#define VERSION_AND_HOST " HTTP/1.1\r\nHost: "
#define NO_CODING "\r\nAccept-Encoding: identity\r\n"
#define LENGTH "Content-Length: "
#define CLOSE "Connection: close\r\n"

enum df_http1_written df_http1_check_request(const struct df_http1_request *request, size_t *size,
                                             size_t *index) {
    enum { CONSTANT = sizeof VERSION_AND_HOST NO_CODING LENGTH CLOSE + NUMBER_SIZE + 8 };
    *index = 0;
    if (!df_is_token(request->method)) {
        return DF_HTTP1_BAD_METHOD;
    }
    if (!df_is_word(request->target)) {
        return DF_HTTP1_BAD_TARGET;
    }
    if (!df_is_word(request->authority)) {
        return DF_HTTP1_BAD_AUTHORITY;
    }
    *size = CONSTANT;
    bool fits = add_size(size, request->method) && add_size(size, request->target) &&
                add_size(size, request->authority);
    for (; *index < request->header_count; ++*index) {
        const struct df_http1_field *field = &request->headers[*index];
        enum df_http1_written result = check_field(field);
        if (result != DF_HTTP1_WRITTEN) {
            return result;
        }
        fits = fits && add_size(size, field->name) && add_size(size, field->value) &&
               add_size(size, DF_TEXT(": \r\n"));
    }
    return fits ? DF_HTTP1_WRITTEN : DF_HTTP1_TOO_LARGE;
}

static bool has_length(const struct df_http1_request *request) {
    struct df_text method = request->method;
    return request->body.data != NULL ||
           (method.length == 4 && memcmp(method.data, "POST", 4) == 0) ||
           (method.length == 3 && memcmp(method.data, "PUT", 3) == 0) ||
           (method.length == 5 && memcmp(method.data, "PATCH", 5) == 0);
}

static char *put(char *out, struct df_text text) {
    memcpy(out, text.data, text.length);
    return out + text.length;
}

static char *put_number(char *out, size_t number) {
    char digits[NUMBER_SIZE];
    char *first = digits + NUMBER_SIZE;
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(out, (struct df_text){first, (size_t)(digits + NUMBER_SIZE - first)});
}

char *df_http1_put_head(char *out, const struct df_http1_request *request) {
    out = put(out, request->method);
    *out++ = ' ';
    out = put(out, request->target);
    out = put(out, DF_TEXT(VERSION_AND_HOST));
    out = put(out, request->authority);
    out = put(out, DF_TEXT(NO_CODING));
    for (size_t i = 0; i < request->header_count; i++) {
        out = put(out, request->headers[i].name);
        out = put(out, DF_TEXT(": "));
        out = put(out, request->headers[i].value);
        out = put(out, DF_TEXT("\r\n"));
    }
    if (has_length(request)) {
        out = put(out, DF_TEXT(LENGTH));
        out = put_number(out, request->body.length);
        out = put(out, DF_TEXT("\r\n"));
    }
    if (request->close) {
        out = put(out, DF_TEXT(CLOSE));
    }
    return put(out, DF_TEXT("\r\n"));
}

enum df_http1_written df_http1_write_head(struct df_buffer *out,
                                          const struct df_http1_request *request, size_t *index) {
    size_t at_fault, size;
    enum df_http1_written result = df_http1_check_request(request, &size, &at_fault);
    if (index) {
        *index = at_fault;
    }
    if (result != DF_HTTP1_WRITTEN) {
        return result;
    }
    switch (df_buffer_reserve(out, size)) {
    case DF_BUFFER_OK:
        out->length = (size_t)(df_http1_put_head(out->data + out->length, request) - out->data);
        return DF_HTTP1_WRITTEN;
    case DF_BUFFER_FULL:
        return DF_HTTP1_TOO_LARGE;
    default:
        return DF_HTTP1_NO_MEMORY;
    }
}

void df_http1_describe_written(enum df_http1_written result, const struct df_http1_request *request,
                               size_t index, char *out, size_t size) {
    struct df_text name = {"", 0};
    if (index < request->header_count) {
        name = request->headers[index].name;
    }
    int shown = (int)(name.length < NAME_SHOWN ? name.length : NAME_SHOWN);
    switch (result) {
    case DF_HTTP1_WRITTEN:
        snprintf(out, size, "the request is well-formed");
        break;
    case DF_HTTP1_BAD_METHOD:
        snprintf(out, size, "method is not an HTTP method");
        break;
    case DF_HTTP1_BAD_TARGET:
        snprintf(out, size, "the URL's path is empty, or holds a blank or a control character");
        break;
    case DF_HTTP1_BAD_AUTHORITY:
        snprintf(out, size, "the URL's host is empty, or holds a blank or a control character");
        break;
    case DF_HTTP1_BAD_NAME:
        snprintf(out, size,
                 "headers: a name is empty, or holds a character that no header's name may have");
        break;
    case DF_HTTP1_BAD_VALUE:
        snprintf(out, size,
                 "headers: the value of %.*s holds a control character (such as CR or LF)", shown,
                 name.data);
        break;
    case DF_HTTP1_RESERVED:
        snprintf(out, size, "headers: %.*s is set by dataforest alone: leave it out", shown,
                 name.data);
        break;
    case DF_HTTP1_TOO_LARGE:
        snprintf(out, size, "the request's headers are larger than %d bytes",
                 DF_HTTP1_MAX_REQUEST_HEAD);
        break;
    case DF_HTTP1_NO_MEMORY:
        snprintf(out, size, "there is not enough memory for the request");
        break;
    }
}
