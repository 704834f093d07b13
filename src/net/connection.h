#ifndef DF_CONNECTION_H
#define DF_CONNECTION_H

#include "http1/reader.h"
#include "net/error.h"
#include "net/hub.h"
#include "net/route.h"

/* One connection. libcurl makes it (name, proxy, TLS, verification), and moves its bytes. */

struct df_http_transfer;

struct df_connection {
    enum df_owner owner;
    struct df_connection *next; /* in the pool */
    struct df_connection *previous;
    struct df_http_transfer *transfer; /* who uses it; NULL: idle, or nobody's yet */
    struct df_route *route;
    struct df_multi *multi;
    CURL *easy;
    int fd; /* -1 until it is open */
    double idle_since;
    int socket_error; /* an errno: memory or descriptors ran out */
    struct curl_slist connect_to;
    struct curl_slist resolve;
    char message[CURL_ERROR_SIZE];
};

enum df_io { DF_IO_OK, DF_IO_AGAIN, DF_IO_END, DF_IO_ERROR };

/* Begins to open a connection. NULL and an error if it cannot even begin. */
struct df_connection *df_connection_open(struct df_hub *hub, struct df_route *route,
                                         struct df_http_error *error);

/* libcurl is done: notes the descriptor, or explains the failure and returns false. */
bool df_connection_opened(struct df_connection *connection, CURLcode code,
                          struct df_http_error *error);

/* What libcurl was doing when time ran out: "no connection to ..." */
void df_connection_explain_timeout(const struct df_connection *connection, double seconds,
                                   const char *option, struct df_http_error *error);

/* Move bytes without waiting; `moved` is how many. */
enum df_io df_connection_send(struct df_connection *connection, const char *data, size_t length,
                              size_t *moved);
enum df_io df_connection_receive(struct df_connection *connection, char *data, size_t capacity,
                                 size_t *moved);

/* How the connection ended, after END or ERROR of a receive. */
enum df_http1_end df_connection_end(const struct df_connection *connection, enum df_io how);

/* What the system or libcurl said last; "" for nothing. */
const char *df_connection_reason(const struct df_connection *connection);

/* Whether an idle connection is alive and silent. libcurl must be asked: TLS may have read ahead
 * what the socket no longer shows. */
bool df_connection_is_quiet(struct df_connection *connection);

/* Says what is waited for; 0 is nothing. */
bool df_connection_want(struct df_connection *connection, int events);

void df_connection_close(struct df_connection *connection);

#endif
