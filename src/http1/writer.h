#ifndef DF_HTTP1_WRITER_H
#define DF_HTTP1_WRITER_H

#include "base/text.h"

#include <stdbool.h>

/* Writes the head of an HTTP/1.1 request: request line, Host, Accept-Encoding: identity, the
 * caller's headers, Content-Length where there is a body or the method wants one, and Connection:
 * close where the connection is not to be kept. The body follows as it is: the caller sends it. */

enum { DF_HTTP1_MAX_REQUEST_HEAD = 64 * 1024 };

struct df_http1_field {
    struct df_text name;
    struct df_text value;
};

/* Nothing in it needs a NUL at its end. */
struct df_http1_request {
    struct df_text method;
    struct df_text target;    /* path and query, exactly as they are sent (and were signed) */
    struct df_text authority; /* for Host: host[:port] */
    const struct df_http1_field *headers;
    size_t header_count;
    struct df_text body; /* data is NULL where there is none; only its length is written */
    bool close;          /* the connection is not used again */
};

enum df_http1_written {
    DF_HTTP1_WRITTEN,
    DF_HTTP1_BAD_METHOD,
    DF_HTTP1_BAD_TARGET,
    DF_HTTP1_BAD_AUTHORITY,
    DF_HTTP1_BAD_NAME,  /* of a header: empty, or not a token */
    DF_HTTP1_BAD_VALUE, /* of a header: a control character other than a tab */
    DF_HTTP1_RESERVED,  /* a header that only the writer sets */
    DF_HTTP1_TOO_LARGE  /* the head would pass DF_HTTP1_MAX_REQUEST_HEAD */
};

/* The headers that a caller may not set, in lower case; the list ends with NULL. */
extern const char *const df_http1_reserved[];
bool df_http1_is_reserved(struct df_text name);

/* Checks a request and counts the bytes of its head. `index` is the header that is at fault. */
enum df_http1_written df_http1_check_request(const struct df_http1_request *request, size_t *size,
                                             size_t *index);
/* Writes the head of a request that was checked, and returns the end of what was written: at most
 * the bytes that were counted. */
char *df_http1_put_head(char *out, const struct df_http1_request *request);

/* What is wrong, for people: "headers: the value of %.*s ...". Writes one line with a NUL at its
 * end. */
void df_http1_describe_written(enum df_http1_written result, const struct df_http1_request *request,
                               size_t index, char *out, size_t size);

#endif
