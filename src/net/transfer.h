#ifndef DF_HTTP_TRANSFER_H
#define DF_HTTP_TRANSFER_H

/* Inside of the engine: what a transfer is, and its easy handle. */

#include "base/buffer.h"
#include "net/engine.h"

#include <curl/curl.h>

struct df_http_session;

enum df_http_state { DF_HTTP_IDLE, DF_HTTP_RUNNING, DF_HTTP_ENDED };

struct df_http_transfer {
    struct df_http_session *session; /* NULL once the session is gone */
    /* Neighbours in the session's idle or busy list, and among those that have ended unnoticed. */
    struct df_http_transfer *next;
    struct df_http_transfer *previous;
    struct df_http_transfer *next_ended;
    struct df_http_transfer *previous_ended;
    CURL *easy;
    unsigned long number;

    /* The request. libcurl points into these. */
    struct df_buffer place; /* method, URL, connect_to: options set only where they change */
    CURLU *url;
    struct df_buffer lines; /* header lines */
    struct curl_slist *nodes;
    size_t node_room;
    struct df_buffer connect_line;
    struct curl_slist connect_node;
    struct df_buffer body_sent;
    /* Limits as they are set; 0 is libcurl's word for none. */
    long timeout;         /* milliseconds */
    long connect_timeout; /* milliseconds */
    size_t max_response_bytes;

    /* The answer. */
    struct df_buffer body;
    struct df_http_head head;
    struct df_http_error error;
    int socket_error;  /* an errno: memory or descriptors ran out; 0: they did not */
    unsigned requests; /* how often libcurl has set out to send it */
    enum df_http_head_result head_result;
    enum df_buffer_result body_result;

    enum df_http_state state;
    bool in_ended;
    bool place_has_body;
    bool once;
    bool fresh; /* libcurl is told to take a new connection */
    bool tls;
    bool proxied;
    bool failed;
    bool reused;
    bool end_uncertain; /* what came may be a part of what was sent */
    char peer[304];     /* whom errors name: host:port */
    char curl_message[CURL_ERROR_SIZE];
};

/* A transfer with its easy handle, all options that never change set on it. */
struct df_http_transfer *df_http_transfer_new(const struct df_http_options *options);
void df_http_transfer_free(struct df_http_transfer *transfer);

/* Whether the call before had the same method, URL and connect_to. */
bool df_http_transfer_is_at(const struct df_http_transfer *transfer,
                            const struct df_http_request *request);

/* Copies the request and sets its options. `url` is NULL where the transfer is at the request's
 * place already. False with an error if the request is too large or memory runs out. */
bool df_http_transfer_prepare(struct df_http_transfer *transfer,
                              const struct df_http_request *request, const struct df_http_url *url,
                              struct df_http_error *error);

/* Gives back what a large call has left. libcurl must be done with the transfer. */
void df_http_transfer_rest(struct df_http_transfer *transfer);

#endif
