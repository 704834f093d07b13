#ifndef DF_HTTP_REQUEST_H
#define DF_HTTP_REQUEST_H

#include "net/error.h"
#include "base/grammar.h"

struct df_http_field {
    struct df_text name;
    struct df_text value;
};

/* What is asked for. Nothing in it needs a NUL at its end, and nothing is kept beyond the call that
 * it is given to. */
struct df_http_request {
    struct df_text method;
    struct df_text url;                  /* https, or http to a loopback host */
    struct df_text connect_to;           /* "host:port" to dial in place of the URL's; or empty */
    struct df_text body;                 /* bytes is NULL where there is none */
    const struct df_http_field *headers; /* besides Host and those that describe the body */
    size_t header_count;
    size_t max_response_bytes;
    double timeout;         /* seconds, for the whole */
    double connect_timeout; /* seconds, until the request can be sent */
    bool once;              /* the request must not reach the server twice */
};

/* The parts of a URL, as they stand in it. */
struct df_http_url {
    struct df_text scheme;
    struct df_text authority; /* host[:port] */
    struct df_text host;      /* an IPv6 address keeps its brackets */
    struct df_text target;    /* path and query, exactly as they will be sent */
    unsigned port;
    bool tls;
};

/* These two check every part of a request, so that nothing in it can end a line or leave the
 * machine unencrypted. They return false with an error of kind `argument` that names the part.
 * The first checks method, URL and connect_to, the second all else. */
bool df_http_check_place(const struct df_http_request *request, struct df_http_url *url,
                         struct df_http_error *error);
bool df_http_check_rest(const struct df_http_request *request, struct df_http_error *error);

#endif
