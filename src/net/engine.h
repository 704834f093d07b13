#ifndef DF_HTTP_ENGINE_H
#define DF_HTTP_ENGINE_H

#include "http1/reader.h"
#include "http1/writer.h"
#include "net/error.h"
#include "net/poller.h"
#include "net/route.h"

/* An HTTP client: libcurl makes connections, src/http1 frames what travels over them, and this
 * keeps the connections, the deadlines and the account of what was sent. Any number of transfers
 * run at once. Not for two threads at a time; another engine may run in each. After a fork the
 * child's engine starts anew, and leaves the parent's connections alone. */
struct df_http_engine;

/* One call: from df_http_start until df_http_release. */
struct df_http_transfer;

struct df_http_options {
    const char *ca_file;   /* PEM bundle to trust in place of the system's; NULL is the system's */
    unsigned pool_size;    /* idle connections to keep */
    double pool_idle_time; /* seconds that a connection may wait for its next request */
    double silence;        /* seconds after which a read goes out once more, over a new connection,
                            * if a kept one is silent and as much time is left for that */
};

/* What is asked for. Nothing in it is kept beyond df_http_start. */
struct df_http_request {
    struct df_route *route;
    struct df_text method;
    struct df_text target;                /* path and query, exactly as they are sent */
    const struct df_http1_field *headers; /* besides those that the writer sets */
    size_t header_count;
    struct df_text body; /* data is NULL where there is none */
    size_t max_response_bytes;
    double timeout;         /* seconds, for the whole */
    double connect_timeout; /* seconds, until the request can be sent */
    bool once;              /* the request must not reach the server twice */
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
 * happen, or until a signal comes. Returns how many still run. */
int df_http_step(struct df_http_engine *engine, double max_wait);

/* Drives all transfers until this one, begun on the same engine, has ended. False where a signal
 * came before: the caller may do what it wants, and call again. */
bool df_http_wait(struct df_http_engine *engine, struct df_http_transfer *transfer);

/* The number of a transfer that has ended since the last question, in the order of their ends; 0 if
 * there is none. Transfers that were released are not named. */
unsigned long df_http_next_ended(struct df_http_engine *engine);

/* Lists at most `capacity` descriptors that become ready when a step has something to do; returns
 * how many there are. */
size_t df_http_descriptors(struct df_http_engine *engine, struct df_http_descriptor *list,
                           size_t capacity);

/* Seconds until a step is wanted even if nothing happens; negative: none is. */
double df_http_timeout(struct df_http_engine *engine);

unsigned long df_http_transfer_number(const struct df_http_transfer *transfer);
bool df_http_transfer_ended(struct df_http_transfer *transfer);

/* Of a transfer that has ended: NULL if there is a response, else how it failed. */
const struct df_http_error *df_http_transfer_error(const struct df_http_transfer *transfer);
const struct df_http1_reader *df_http_transfer_response(const struct df_http_transfer *transfer);
bool df_http_transfer_reused(const struct df_http_transfer *transfer);

/* Ends a transfer that is in flight with kind `closed`. */
void df_http_cancel(struct df_http_transfer *transfer);

/* Gives a transfer back, cancelling it if it is in flight. */
void df_http_release(struct df_http_transfer *transfer);

#endif
