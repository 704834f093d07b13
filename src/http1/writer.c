#include "http1/writer.h"

#include "base/grammar.h"
#include "base/number.h"

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

enum { NAME_SHOWN = 64 };

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
    enum { CONSTANT = sizeof VERSION_AND_HOST NO_CODING LENGTH CLOSE + DF_DIGITS_SIZE + 8 };
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
    return request->body.data != NULL || df_text_equals(request->method, DF_TEXT("POST")) ||
           df_text_equals(request->method, DF_TEXT("PUT")) ||
           df_text_equals(request->method, DF_TEXT("PATCH"));
}

static char *put(char *out, struct df_text text) {
    memcpy(out, text.data, text.length);
    return out + text.length;
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
        char digits[DF_DIGITS_SIZE];
        out = put(out, df_number_digits(request->body.length, digits));
        out = put(out, DF_TEXT("\r\n"));
    }
    if (request->close) {
        out = put(out, DF_TEXT(CLOSE));
    }
    return put(out, DF_TEXT("\r\n"));
}

void df_http1_describe_written(enum df_http1_written result, const struct df_http1_request *request,
                               size_t index, char *out, size_t size) {
    static const char *const formats[] = {
        [DF_HTTP1_WRITTEN] = "the request is well-formed",
        [DF_HTTP1_BAD_METHOD] = "method is not an HTTP method",
        [DF_HTTP1_BAD_TARGET] = "the URL's path is empty, or holds a blank or a control character",
        [DF_HTTP1_BAD_AUTHORITY] =
            "the URL's host is empty, or holds a blank or a control character",
        [DF_HTTP1_BAD_NAME] =
            "headers: a name is empty, or holds a character that no header's name may have",
        [DF_HTTP1_BAD_VALUE] =
            "headers: the value of %.*s holds a control character (such as CR or LF)",
        [DF_HTTP1_RESERVED] = "headers: %.*s is set by dataforest alone: leave it out",
        [DF_HTTP1_TOO_LARGE] = "the request's headers are larger than 65536 bytes",
    };
    _Static_assert(DF_HTTP1_MAX_REQUEST_HEAD == 65536, "the message says so");
    struct df_text name = {"", 0};
    if (index < request->header_count) {
        name = request->headers[index].name;
    }
    int shown = (int)(name.length < NAME_SHOWN ? name.length : NAME_SHOWN);
    snprintf(out, size, formats[result], shown, name.data);
}
