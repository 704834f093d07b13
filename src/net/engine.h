#ifndef DF_HTTP_ENGINE_H
#define DF_HTTP_ENGINE_H

#include "net/error.h"
#include "http1/http_head.h"
#include "http1/http_request.h"

/* An HTTP client over one curl_multi: connections and TLS sessions are kept between calls, and any
 * number of transfers run at once. Not for two threads at a time; another engine may run in each.
 * After a fork the child's engine starts anew, and leaves the parent's connections alone. */
struct df_http_engine;

/* One call: from df_http_start until df_http_release. */
struct df_http_transfer;

struct df_http_options {
    const char *ca_file;      /* PEM bundle to trust; NULL is libcurl's own */
    const char *proxy;        /* URL; NULL is none */
    bool proxy_from_env;      /* http_proxy, https_proxy, no_proxy ... are heeded */
    bool http2;               /* offer HTTP/2, and share its connections */
    unsigned max_connections; /* idle connections to keep; more while more calls run; 0 is 64 */
};

/* Something to wait for, for a foreign event loop. */
struct df_http_descriptor {
    int fd;
    bool read;
    bool write;
};

/* Opens nothing yet. NULL if there is no memory or libcurl cannot be used. */
struct df_http_engine *df_http_engine_new(const struct df_http_options *options);

/* Ends what is in flight with kind `closed`, closes each connection, frees the engine. Transfers
 * live on until each is released. */
void df_http_engine_free(struct df_http_engine *engine);

/* Begins a call and returns at once. NULL and an error if it cannot even begin. */
struct df_http_transfer *df_http_start(struct df_http_engine *engine,
                                       const struct df_http_request *request,
                                       struct df_http_error *error);

/* Drives all transfers. Waits at most `max_wait` seconds (negative: without limit) for something to
 * happen. Returns how many still run. */
int df_http_step(struct df_http_engine *engine, double max_wait);

/* Drives all transfers until this one, begun on the same engine, has ended. */
void df_http_wait(struct df_http_engine *engine, struct df_http_transfer *transfer);

/* The number of a transfer that has ended since the last question, in the order of their ends; 0 if
 * there is none. Transfers that were released are not named. */
unsigned long df_http_next_ended(struct df_http_engine *engine);

/* The descriptor that is readable when a step has something to do; false while there is none. */
bool df_http_descriptor(struct df_http_engine *engine, struct df_http_descriptor *descriptor);

/* Seconds until a step is wanted even if nothing happens; negative: none is. */
double df_http_timeout(struct df_http_engine *engine);

unsigned long df_http_transfer_number(const struct df_http_transfer *transfer);
bool df_http_transfer_ended(struct df_http_transfer *transfer);

/* Of a transfer that has ended: NULL if it was answered, else how it failed. */
const struct df_http_error *df_http_transfer_error(const struct df_http_transfer *transfer);
const struct df_http_head *df_http_transfer_head(const struct df_http_transfer *transfer);
struct df_text df_http_transfer_body(const struct df_http_transfer *transfer);
bool df_http_transfer_reused(const struct df_http_transfer *transfer);

/* Whether the body may be a part of what was sent: only the end of a TLS connection told its end.
 */
bool df_http_transfer_end_uncertain(const struct df_http_transfer *transfer);

/* Ends a transfer that is in flight with kind `closed`. */
void df_http_cancel(struct df_http_transfer *transfer);

/* Gives a transfer back, cancelling it if it is in flight. */
void df_http_release(struct df_http_transfer *transfer);

#endif
